"""Inference by the draw of the schedule: what the same outcome says under every schedule that might have been drawn.

The outcome is y = y(0) + effect x exposure, whatever y(0) is: season, trend, autocorrelation, breaks. Under a supposed
effect, y less effect times exposure would have been the same under every schedule, so the drawn one is one of N equally
likely, and its statistic ranks among theirs as chance has it (Fisher, 1935; Bojinov, Simchi-Levi and Zhao, 2023). The
statistic is the generalised least-squares t of the exposure beside what else is known to move the outcome, with
errors of first order; a wrong order or a wrong nuisance costs precision and not validity.

All supposed effects at once: the statistics are linear in the effect, and by Cauchy and Schwarz no schedule's slope
exceeds that of the drawn one. So each other schedule is at least as extreme on one interval of effects, whose ends are
two ratios, and the confidence interval follows from sorting them.

References
----------
Bojinov, Simchi-Levi, Zhao (2023), "Design and analysis of switchback experiments", Management Science 69(7).
Newey, West (1987), "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
matrix", Econometrica 55(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from mmm.arrays import Array

__all__ = ["Contrast", "Measured", "hac_error", "retention_of", "whitened", "with_mean"]

_CLOSE = 1e-9


@dataclass(frozen=True)
class Measured:
    """An effect per period under full exposure, with its interval by the draw of the schedule.

    Parameters
    ----------
    effect
        Generalised least squares.
    low, high
        Ends of the interval; infinite where the schedules are too few for its level.
    p_value
        Share of schedules at least as extreme, were there no effect.
    """

    effect: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Contrast:
    """Every schedule's exposure, whitened and freed of the nuisance.

    Parameters
    ----------
    directions
        Unit vectors, shape (N, T).
    sizes
        Their lengths before, the root of the information on the effect, shape (N,).
    retention
        Of the errors: their correlation from period to period.
    """

    directions: Array
    sizes: Array
    retention: float

    @classmethod
    def of(cls, exposures: Array, nuisance: Array, retention: float) -> Self:
        """From exposures of shape (N, T) and columns of nuisance of shape (T, K)."""
        white = whitened(exposures.T, retention)
        left, spread, _ = np.linalg.svd(whitened(nuisance, retention), full_matrices=False)
        basis = left[:, spread > 1e-9 * spread.max()]
        free = white - basis @ (basis.T @ white)
        sizes = np.linalg.norm(free, axis=0)
        return cls((free / np.maximum(sizes, 1e-300)).T, sizes, retention)

    @classmethod
    def between(cls, exposures: Array, nuisance: Array, retention: float) -> Self:
        """The same with the mean exposure over all schedules among the nuisance.

        What is special about the weeks of the test, whatever their schedule, then says nothing of the effect: a level
        that jumps when a test begins would be taken for it otherwise.
        """
        return cls.of(exposures, with_mean(nuisance, exposures), retention)

    def scores(self, series: Array) -> Array:
        """Statistic of each schedule, shape (N,) for a series of shape (T,), (N, P) for (T, P)."""
        return np.asarray(self.directions @ whitened(series, self.retention))

    def measured(self, drawn: int, series: Array, level: float = 0.95) -> Measured:
        """The effect under the drawn schedule, by its row."""
        scores = self.scores(series)
        slopes = self.directions @ self.directions[drawn] * self.sizes[drawn]
        own, slope = scores[drawn], slopes[drawn]
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.array([(own - scores) / (slope - slopes), (own + scores) / (slope + slopes)])
        same = np.minimum(slope - slopes, slope + slopes) <= _CLOSE * slope  # itself, or its mirror
        low = np.where(same, -np.inf, ends.min(axis=0))
        high = np.where(same, np.inf, ends.max(axis=0))
        place = int((1 - level) * len(scores) + _CLOSE)
        extreme = np.abs(scores) >= abs(own) * (1 - _CLOSE)
        return Measured(
            float(own / slope), float(np.sort(low)[place]), float(np.sort(high)[::-1][place]), float(extreme.mean())
        )


def with_mean(nuisance: Array, exposures: Array) -> Array:
    """Columns of nuisance, shape (T, K), and the mean of exposures of shape (N, T)."""
    return np.column_stack([nuisance, exposures.mean(axis=0)])


def whitened(series: Array, retention: float) -> Array:
    """A series, or several as columns, freed of first-order autocorrelation (Prais and Winsten, 1954)."""
    later = series[1:] - retention * series[:-1]
    return np.concatenate([np.sqrt(1 - retention**2) * series[:1], later])


def retention_of(series: Array, columns: int = 1) -> float:
    """First-order autocorrelation of residuals, corrected for what fitting that many columns took away."""
    centred = series - series.mean()
    total = float(centred @ centred)
    if len(series) < 8 or total <= 0:
        return 0.0
    raw = float(centred[1:] @ centred[:-1]) / total
    return float(np.clip(raw + (columns + 3 * raw) / len(series), -0.5, 0.95))


def hac_error(direction: Array, size: float, residuals: Array, columns: int) -> float:
    """Newey and West's standard error of the effect.

    Parameters
    ----------
    direction, size
        Of the drawn schedule in a :class:`Contrast`.
    residuals
        Whitened, of the regression with the exposure, shape (T,).
    columns
        Coefficients of that regression.
    """
    parts = direction * residuals
    lags = int(4 * (len(parts) / 100) ** (2 / 9))
    total = float(parts @ parts)
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(parts[lag:] @ parts[:-lag])
    spare = len(parts) / max(len(parts) - columns, 1)
    return float(np.sqrt(max(total, 0.0) * spare)) / size
