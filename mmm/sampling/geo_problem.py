"""The standardised problem of a panel with several geos.

All geos have one layout of common coordinates; each adds its departures in those that vary, and its own noise (the
kernel's ``geo`` has the equations). What all share in a period lives in the directions that no column of every geo's
baseline can express: no data could separate a common level, trend or season from the baseline's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput
from attribution.errors import Problem as Complaint
from mmm.arrays import Array
from mmm.data.observed_tests import Observed, observe
from mmm.data.panel import Panel
from mmm.kernel.geo import GEO_FIELDS, geo_entry
from mmm.model.baseline import Design
from mmm.model.level import level_constant, level_precision
from mmm.model.model import Model
from mmm.model.priors import Flat, Normal, Prior
from mmm.sampling.coefficients import coefficient_draws
from mmm.sampling.fused_density import FusedDensity, laid_out
from mmm.sampling.layout import Layout
from mmm.sampling.national_problem import marginal_columns, reference_noise

_UNUSED = Normal(0.0, 1.0)  # of the noise's spread, since every geo has a noise of its own, and of nothing shared

__all__ = ["GeoProblem", "standardise_geos"]


@dataclass(frozen=True, eq=False)
class GeoProblem:
    """A panel of several geos in units of each geo's mean KPI, media per unit of its size.

    Parameters
    ----------
    layout
        Places of the common parameters.
    varying
        Coordinates of the layout that vary between geos, shape (H,).
    spreads
        Priors of their spreads.
    common
        Prior of the standard deviation of what all geos share in a period.
    basis
        Orthonormal series of which it consists: all that no column of every geo's baseline can express, shape (Q, T);
        Q = 0 where geos share nothing.
    trust
        Precision of each geo's own noise for reference, shape (G,).
    designs
        Columns of each geo's baseline.
    kpi_units
        Mean KPI of each geo, shape (G,).
    media_units
        Driver of each geo and channel that counts as one, shape (G, C).
    kpi, media, frequency, columns, weights
        As :func:`mmm.kernel.geo.geo_log_density` takes them.
    scale
        Prior standard deviation of each geo's coefficients over its sigma, shape (G, K).
    tests
        Lift tests, gains in units of all geos' mean KPI together; alternative drivers of shape (S, P + T).
    log_constant
        Terms of the log density that no parameter moves.
    """

    layout: Layout
    varying: npt.NDArray[np.int64]
    spreads: tuple[Prior, ...]
    common: Prior
    basis: Array
    trust: Array
    designs: tuple[Design, ...]
    kpi_units: Array
    media_units: Array
    kpi: Array
    media: Array
    frequency: Array
    columns: Array
    weights: Array
    scale: Array
    tests: Observed
    log_constant: float

    @property
    def priors(self) -> tuple[Prior, ...]:
        """The prior of each sampled coordinate."""
        noise = self.layout.sigma
        row = [noise if place == self.layout.size - 1 else Normal(0.0, 1.0) for place in self.varying]
        shared = (self.common, *(Flat() for _ in self.basis)) if len(self.basis) else ()
        return (*self.layout.priors, *self.spreads, *(row * len(self.kpi)), *shared)

    @property
    def centre(self) -> Array:
        """Where chains start, shape (n,)."""
        return np.array([prior.centre for prior in self.priors])

    def fused(self) -> FusedDensity:
        """The log density, laid out in memory for the kernel."""
        tests = self.tests
        lengths = (self.kpi.shape[1], self.columns.shape[1], len(self.varying))
        sizes = (*self.media.shape, *lengths, len(tests.places), len(tests.series), len(self.basis))
        tested, geos = tests.places[tests.series[:, 0], 0], tests.series[:, 1]
        arrays = (
            self.media,
            self.frequency,
            self.kpi,
            self.columns,
            self.weights,
            self.layout.families,
            self.layout.slots,
            self.varying,
            tests.otherwise,
            self.frequency[geos, tested],
            tests.places,
            tests.series,
            tests.weighed,
            self.basis,
            self.trust,
            np.array([level_precision(self.priors)]),
        )
        return laid_out(self, sizes, arrays, GEO_FIELDS, geo_entry())

    def local(self, theta: Array) -> dict[str, Array]:
        """Natural values of each geo's parameters.

        Parameters
        ----------
        theta
            Draws, shape (..., n).

        Returns
        -------
        Parameter name -> shape (..., G, C); ``"sigma"`` -> shape (..., G).
        """
        size, count, geos = self.layout.size, len(self.varying), len(self.kpi)
        common = np.repeat(theta[..., None, :size], geos, axis=-2)
        spread = np.exp(theta[..., size : size + count])
        normals = theta[..., size + count : size + count * (geos + 1)].reshape(*theta.shape[:-1], geos, count)
        moved = common[..., self.varying] + spread[..., None, :] * normals
        common[..., self.varying] = np.where(self.varying == size - 1, normals, moved)
        return self.layout.natural(common)

    def natural(self, theta: Array) -> dict[str, Array]:
        """Natural values of what all geos have in common and of each geo's own, the baseline aside.

        Parameters
        ----------
        theta
            Draws, shape (..., n).

        Returns
        -------
        As :class:`mmm.posterior.posterior.Posterior` names them; ``"sigma"`` is the noise of all geos together.
        """
        values = self.layout.natural(theta[..., : self.layout.size])
        local = self.local(theta)
        values["common"] = self._spread(theta)
        own = ((self.weights * local["sigma"]) ** 2).sum(axis=-1)
        values["sigma"] = np.sqrt(own + values["common"] ** 2)
        return {**values, **{f"geo_{name}": table for name, table in local.items()}}

    def _spread(self, theta: Array) -> Array:
        """Standard deviation of what all geos share in a period, shape (...)."""
        if not len(self.basis):
            return np.zeros(theta.shape[:-1])
        return np.asarray(self.common.natural(theta[..., -len(self.basis) - 1]))

    def baseline_sd(self, values: dict[str, Array]) -> Array:
        """Prior standard deviation of every geo's coefficients at natural values, shape (..., G, K)."""
        return np.asarray(self.scale * values["geo_sigma"][..., None])

    def baseline(self, theta: Array, values: dict[str, Array], left: Array, rng: np.random.Generator) -> Array:
        """Draws of every geo's coefficients, shape (S, G, K).

        Arguments as of a national panel's; ``left`` has the shape (G, T, S).
        """
        rest = left - self.shared(theta, left)
        drawn = [
            coefficient_draws(residual, values["geo_sigma"][:, geo], terms.matrix, self.scale[geo], rng)
            for geo, (residual, terms) in enumerate(zip(rest, self.designs, strict=True))
        ]
        return np.stack(drawn, axis=1)

    def shared_prior(self, values: dict[str, Array], rng: np.random.Generator) -> Array:
        """Draws from the prior of what all geos share by period, given natural values of shapes (S, ...): (T, S)."""
        loads = values["common"] * rng.standard_normal((len(self.basis), len(values["common"])))
        return np.asarray(self.basis.T @ loads)

    def shared(self, theta: Array, left: Array) -> Array:
        """What all geos share, given what media leave of the KPI.

        Parameters
        ----------
        theta
            Draws, shape (S, n).
        left
            KPI less media, shape (G, T, S).

        Returns
        -------
        By period, shape (T, S); zeros where there is nothing.
        """
        if not len(self.basis):
            return np.zeros(left.shape[1:])
        whole = self._spread(theta) ** -2.0 + self.trust.sum()
        mean = self.basis @ np.tensordot(self.trust, left, axes=1) / whole
        whitened = theta[:, -len(self.basis) :]
        return np.asarray(self.basis.T @ (mean + whitened.T / np.sqrt(whole)))


def standardise_geos(panel: Panel, model: Model, places: Layout, designs: tuple[Design, ...]) -> GeoProblem:
    """Bring a panel of several geos and a model to the arrays of :class:`GeoProblem`.

    Media enter per unit of a geo's size (its population where the panel has one, else its KPI), so that one
    half-saturation serves large and small geos.

    Parameters
    ----------
    panel, model
        A usable panel and a model about it.
    places, designs
        Its layout, and the columns of each geo's baseline.

    Raises
    ------
    BadInput
        Where the model asks for another likelihood than the normal, or a lift test does not fit the panel.
    """
    _check(model)
    kpi_units = panel.kpi.mean(axis=1)
    media_units = panel.media_units
    lead = places.longest - 1
    ahead = np.repeat((panel.before / media_units)[:, :, None], lead, axis=2)
    media = np.concatenate([ahead, (panel.media / media_units[:, None]).transpose(0, 2, 1)], axis=2)
    frequency = panel.frequency_with_lead(lead).transpose(0, 2, 1)
    kpi = panel.kpi / kpi_units[:, None]
    shares = model.pooling.common is not None
    noise = _own_noise(
        kpi, [np.column_stack([d.matrix, m[:, lead:].T]) for d, m in zip(designs, media, strict=True)], shares
    )
    scale = np.stack([terms.sd / one for terms, one in zip(designs, noise, strict=True)])
    blocks = [marginal_columns(terms.matrix, one) for terms, one in zip(designs, scale, strict=True)]
    varying, spreads = _varying(places, model)
    tests = _scaled(observe(model.lift_tests, panel), kpi_units, media_units, ahead)
    problem = GeoProblem(
        layout=places,
        varying=varying,
        spreads=spreads,
        common=Prior.known(model.pooling.common or _UNUSED),
        basis=_unexpressed(designs) if shares else np.zeros((0, kpi.shape[1])),
        trust=noise**-2.0,
        designs=designs,
        kpi_units=kpi_units,
        media_units=media_units,
        kpi=np.ascontiguousarray(kpi),
        media=np.ascontiguousarray(media),
        frequency=np.ascontiguousarray(frequency),
        columns=np.ascontiguousarray(np.stack([columns.T for columns, _ in blocks])),
        weights=kpi_units / kpi_units.sum(),
        scale=scale,
        tests=tests,
        log_constant=0.0,
    )
    observed = kpi.size + len(problem.basis)
    constant = sum(one for _, one in blocks) - 0.5 * observed * float(np.log(2 * np.pi))
    constant += tests.log_constant
    constant += sum(prior.log_constant for prior in problem.priors) + level_constant(problem.priors)
    return replace(problem, log_constant=float(constant))


def _check(model: Model) -> None:
    if not model.likelihood.integrates:
        remedy = "sum the geos, or use it."
        raise BadInput(Complaint("model", "several geos need the normal likelihood.", remedy=remedy))


def _own_noise(kpi: Array, columns: list[Array], shares: bool) -> Array:
    """Residual standard deviation of each geo's KPI, less what all share where they do, shape (G,)."""
    if not shares:
        return np.array([reference_noise(row, terms) for row, terms in zip(kpi, columns, strict=True)])
    left = np.stack(
        [row - terms @ np.linalg.lstsq(terms, row, rcond=1e-8)[0] for row, terms in zip(kpi, columns, strict=True)]
    )
    own = left - left.mean(axis=0)
    spare = max(kpi.shape[1] - columns[0].shape[1], 1) * (len(kpi) - 1) / len(kpi)
    return np.asarray(np.clip(np.sqrt((own**2).sum(axis=1) / spare), 0.01, 0.5))


def _unexpressed(designs: tuple[Design, ...]) -> Array:
    """Orthonormal rows across all columns that the baselines of all geos have alike, shape (Q, T)."""
    first = designs[0].matrix
    alike = np.all([np.isclose(terms.matrix, first).all(axis=0) for terms in designs], axis=0)
    left, singular, _ = np.linalg.svd(first[:, alike])
    rank = int((singular > 1e-9 * singular.max(initial=0.0)).sum())
    return np.ascontiguousarray(left[:, rank:].T)


def _scaled(tests: Observed, kpi_units: Array, media_units: Array, ahead: Array) -> Observed:
    """Lift tests in the units of :class:`GeoProblem`; ``ahead`` holds the drivers before the panel, (G, C, P)."""
    geos, channels = tests.series[:, 1], tests.places[tests.series[:, 0], 0]
    media = np.hstack([ahead[geos, channels], tests.otherwise / media_units[geos, channels, None]])
    return replace(tests, measured=tests.measured / kpi_units.sum(), otherwise=media)


def _varying(places: Layout, model: Model) -> tuple[npt.NDArray[np.int64], tuple[Prior, ...]]:
    wanted = dict(model.pooling.spreads)
    coordinates: list[int] = []
    spreads: list[Prior] = []
    for block in places.blocks:
        if block.name in wanted:
            coordinates += range(block.start, block.start + len(block.priors))
            spreads += [Prior.known(wanted[block.name])] * len(block.priors)
    coordinates.append(places.size - 1)
    return np.array(coordinates, dtype=np.int64), (*spreads, _UNUSED)
