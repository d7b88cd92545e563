"""The standardised problem: panel and model as the plain arrays that every sampler of the model reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmm.arrays import Array
from mmm.data.observed_tests import Observed, observe
from mmm.data.panel import Panel
from mmm.kernel.density import FIELDS, entries
from mmm.model.baseline import Design
from mmm.model.level import level_constant, level_precision
from mmm.model.model import Model
from mmm.model.priors import Flat, Prior
from mmm.sampling.coefficients import coefficient_draws
from mmm.sampling.fused_density import FusedDensity, laid_out
from mmm.sampling.layout import Layout

__all__ = ["Explicit", "Problem", "marginal_columns", "reference_noise", "standardise"]

_HALF_LOG_2PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Explicit:
    """A baseline whose coefficients are sampled, whitened: coefficients = regression @ residual + spread @ whitened.

    The residual is KPI less media. So the whitened coefficients are close to independent standard normals whatever
    media are believed to bring, and the sampler sees the well-behaved shape that it has where the baseline is
    integrated out. Empty where it is.

    Parameters
    ----------
    sd
        Prior standard deviation of each coefficient, shape (K,).
    regression
        Shape (K, T).
    spread
        Lower triangular, shape (K, K).
    """

    sd: Array
    regression: Array
    spread: Array

    def coefficients(self, residual: Array, whitened: Array) -> Array:
        """Coefficients of residuals of shape (T, S) and whitened coefficients (S, K), shape (S, K)."""
        return np.asarray((self.regression @ residual).T + whitened @ self.spread.T)

    @property
    def log_constant(self) -> float:
        """Constants of the coefficients' prior, and the logarithm of the volume that whitening takes away."""
        prior = float(np.log(self.sd).sum()) + len(self.sd) * _HALF_LOG_2PI
        return float(np.log(np.diag(self.spread)).sum()) - prior


@dataclass(frozen=True, eq=False)
class Problem:
    """A national panel in units of mean KPI and mean media, with its model's layout and baseline.

    Parameters
    ----------
    layout
        Places of the parameters.
    design
        Columns of the baseline.
    kpi_unit
        Mean KPI per period.
    media_units
        Mean of each channel's driver, shape (C,).
    kpi
        Shape (T,).
    media
        Shape (C, P + T), with P periods of the driver before the panel ahead.
    frequency
        How often each person reached was reached, of channels measured so, shape (C, P + T).
    scale
        Prior standard deviation of the baseline's coefficients over sigma, shape (K,).
    columns
        B where the baseline is integrated out: the KPI's precision is (I - B Bᵀ) / sigma², shape (T, R). Else the
        baseline's own columns.
    explicit
        Coefficients of a baseline that is not integrated out.
    noise
        Code and constant of the likelihood, as the kernel reads them.
    log_constant
        Terms of the log density that no parameter moves.
    tests
        Lift tests in the same units; their alternative drivers have the shape (M, P + T).
    """

    layout: Layout
    design: Design
    kpi_unit: float
    media_units: Array
    kpi: Array
    media: Array
    frequency: Array
    scale: Array
    columns: Array
    explicit: Explicit
    noise: tuple[float, float]
    log_constant: float
    tests: Observed

    @property
    def priors(self) -> tuple[Prior, ...]:
        """The prior of each sampled coordinate."""
        return (*self.layout.priors, *(Flat() for _ in self.explicit.sd))

    @property
    def centre(self) -> Array:
        """Where chains start: the priors' centres, shape (n,)."""
        return np.array([prior.centre for prior in self.priors])

    @property
    def integrated(self) -> bool:
        """Whether the baseline is integrated out."""
        return not len(self.explicit.sd)

    def fused(self) -> FusedDensity:
        """The log density, laid out in memory for the kernel."""
        explicit, tests = self.explicit, self.tests
        tested = tests.places[:, 0]
        sizes = (*self.media.shape, *self.columns.T.shape, len(explicit.sd), len(tests.places))
        arrays = (
            np.vstack([self.media, tests.otherwise]),
            np.vstack([self.frequency, self.frequency[tested]]),
            self.kpi,
            self.columns.T,
            np.array([level_precision(self.priors)]),
            np.array(self.noise),
            explicit.sd,
            explicit.regression,
            explicit.spread,
            self.layout.families,
            self.layout.slots,
            tests.places,
            tests.weighed,
        )
        return laid_out(self, sizes, arrays, FIELDS, entries()[0])

    def natural(self, theta: Array) -> dict[str, Array]:
        """Natural values of draws of shape (..., n) by parameter name, the baseline aside."""
        return self.layout.natural(theta)

    def baseline_sd(self, values: dict[str, Array]) -> Array:
        """Prior standard deviation of the baseline's coefficients at natural values, shape (..., K) or (K,)."""
        return self.scale * values["sigma"][..., None] if self.integrated else self.design.sd

    def shared_prior(self, values: dict[str, Array], rng: np.random.Generator) -> Array:
        """Nothing is shared: zeros, shape (T, S)."""
        return np.zeros((len(self.kpi), len(values["sigma"])))

    def baseline(self, theta: Array, values: dict[str, Array], left: Array, rng: np.random.Generator) -> Array:
        """Draws of the baseline's coefficients.

        Parameters
        ----------
        theta
            Draws, shape (S, n).
        values
            Their natural values, of shapes (S, ...).
        left
            KPI less media, shape (1, T, S).
        rng
            Source of randomness.

        Returns
        -------
        Shape (S, K).
        """
        if self.integrated:
            return coefficient_draws(left[0], values["sigma"], self.design.matrix, self.scale, rng)
        return self.explicit.coefficients(left[0], theta[:, self.layout.size :])


def standardise(panel: Panel, model: Model, places: Layout, columns: Design) -> Problem:
    """Bring a national panel and a model to the arrays of :class:`Problem`.

    Parameters
    ----------
    panel, model
        A usable panel and a model about it.
    places, columns
        Its layout, and the columns of its baseline.

    Notes
    -----
    The prior scale of the baseline is stated relative to sigma; the reference sigma is the residual of a regression
    of the KPI on baseline and media, so that the standard deviations of the baseline's terms hold at that noise.
    """
    kpi_unit = float(panel.kpi[0].mean())
    kpi = panel.kpi[0] / kpi_unit
    units = panel.media[0].mean(axis=0)
    lead = places.longest - 1
    ahead = np.repeat((panel.before[0] / units)[:, None], lead, axis=1)
    media = np.hstack([ahead, (panel.media[0] / units).T])
    tests = _scaled(observe(model.lift_tests, panel), kpi_unit, units, ahead)
    reference = reference_noise(kpi, np.column_stack([columns.matrix, panel.media[0] / units]))
    scale = columns.sd / reference
    constant = tests.log_constant
    if model.likelihood.integrates:
        baseline, determinant = marginal_columns(columns.matrix, scale)
        explicit = Explicit(np.zeros(0), np.zeros((0, len(kpi))), np.zeros((0, 0)))
        constant += determinant - len(kpi) * _HALF_LOG_2PI
    else:
        baseline, explicit = columns.matrix, _whitened(columns, reference)
        constant += explicit.log_constant
    problem = Problem(
        layout=places,
        design=columns,
        kpi_unit=kpi_unit,
        media_units=units,
        kpi=np.ascontiguousarray(kpi),
        media=np.ascontiguousarray(media),
        frequency=np.ascontiguousarray(panel.frequency_with_lead(lead)[0].T),
        scale=scale,
        columns=np.ascontiguousarray(baseline),
        explicit=explicit,
        noise=(float(model.likelihood.code), model.likelihood.constant(kpi_unit)),
        log_constant=constant,
        tests=tests,
    )
    constant += sum(prior.log_constant for prior in problem.priors) + level_constant(problem.priors)
    return replace(problem, log_constant=constant)


def _whitened(columns: Design, noise: float) -> Explicit:
    """Regression and spread of the coefficients where the noise is normal with this standard deviation."""
    precision = columns.matrix.T @ columns.matrix / noise**2 + np.diag(columns.sd**-2.0)
    covariance = np.linalg.inv(precision)
    regression = covariance @ columns.matrix.T / noise**2
    return Explicit(columns.sd, np.ascontiguousarray(regression), np.linalg.cholesky(covariance))


def marginal_columns(matrix: Array, scale: Array) -> tuple[Array, float]:
    """B of an integrated baseline, shape (T, R), and half the log determinant of its precision I - B Bᵀ.

    With the design Z of shape (T, K), prior scale V over sigma and the decomposition Z V = U s Wᵀ, integrating the
    coefficients out leaves the covariance sigma² (I + U s² Uᵀ), whose inverse is (I - B Bᵀ) / sigma² with
    B = U sqrt(s² / (1 + s²)).
    """
    left, singular, _ = np.linalg.svd(matrix * scale, full_matrices=False)
    return left * np.sqrt(singular**2 / (1 + singular**2)), -0.5 * float(np.log1p(singular**2).sum())


def reference_noise(kpi: Array, columns: Array) -> float:
    """Residual standard deviation of a regression of the KPI on these columns, kept between 0.01 and 0.5."""
    fitted = columns @ np.linalg.lstsq(columns, kpi, rcond=1e-8)[0]
    spare = max(len(kpi) - columns.shape[1], 1)
    return float(np.clip(np.sqrt(((kpi - fitted) ** 2).sum() / spare), 0.01, 0.5))


def _scaled(tests: Observed, kpi_unit: float, units: Array, ahead: Array) -> Observed:
    tested = tests.places[:, 0]
    media = np.hstack([ahead[tested], tests.otherwise / units[tested, None]])
    measured = np.ascontiguousarray(tests.measured / kpi_unit)
    return replace(tests, measured=measured, otherwise=np.ascontiguousarray(media))
