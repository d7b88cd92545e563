"""The standardised problem: panel and model as the plain arrays that every sampler of the model reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.baseline import Design, design
from mmm.layout import Layout, layout
from mmm.lift import Observed, observe
from mmm.panel import Panel
from mmm.priors import Array
from mmm.specification import Model

__all__ = ["Problem", "standardise"]


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
    scale
        Prior standard deviation of the baseline's coefficients over sigma, shape (K,).
    projection
        B: the KPI's precision is (I - B Bᵀ) / sigma², shape (T, R).
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
    scale: Array
    projection: Array
    log_constant: float
    tests: Observed

    @property
    def lead(self) -> int:
        """Rows of media before the first period."""
        return int(self.media.shape[1] - len(self.kpi))


def standardise(panel: Panel, model: Model) -> Problem:
    """Bring a national panel and a model to the arrays of :class:`Problem`.

    The prior scale of the baseline is stated relative to sigma; the reference sigma is the residual of a regression
    of the KPI on baseline and media, so that the standard deviations of the baseline's terms hold at that noise.
    """
    places = layout(model, panel)
    columns = design(panel, model.trend, model.seasons)
    kpi_unit = float(panel.kpi[0].mean())
    kpi = panel.kpi[0] / kpi_unit
    units = panel.media[0].mean(axis=0)
    lead = places.longest - 1
    ahead = np.repeat((panel.before[0] / units)[:, None], lead, axis=1)
    media = np.hstack([ahead, (panel.media[0] / units).T])
    tests = _scaled(observe(model.lift_tests, panel), kpi_unit, units, ahead)
    scale = columns.sd / _reference_noise(kpi, np.column_stack([columns.matrix, panel.media[0] / units]))
    left, singular, _ = np.linalg.svd(columns.matrix * scale, full_matrices=False)
    projection = left * np.sqrt(singular**2 / (1 + singular**2))
    constant = -0.5 * len(kpi) * np.log(2 * np.pi) - 0.5 * float(np.log1p(singular**2).sum())
    constant += sum(prior.log_constant for prior in places.priors)
    constant -= float(np.log(tests.measured[:, 1]).sum()) + 0.5 * len(tests.measured) * np.log(2 * np.pi)
    return Problem(
        layout=places,
        design=columns,
        kpi_unit=kpi_unit,
        media_units=units,
        kpi=np.ascontiguousarray(kpi),
        media=np.ascontiguousarray(media),
        scale=scale,
        projection=np.ascontiguousarray(projection),
        log_constant=float(constant),
        tests=tests,
    )


def _reference_noise(kpi: Array, columns: Array) -> float:
    fitted = columns @ np.linalg.lstsq(columns, kpi, rcond=1e-8)[0]
    spare = max(len(kpi) - columns.shape[1], 1)
    return float(np.clip(np.sqrt(((kpi - fitted) ** 2).sum() / spare), 0.01, 0.5))


def _scaled(tests: Observed, kpi_unit: float, units: Array, ahead: Array) -> Observed:
    tested = tests.places[:, 0]
    media = np.hstack([ahead[tested], tests.otherwise / units[tested, None]])
    return Observed(tests.places, np.ascontiguousarray(tests.measured / kpi_unit), np.ascontiguousarray(media))
