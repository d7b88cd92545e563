"""How far two beliefs on one figure overlap: their intervals, and their densities."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from attribution.estimates import Estimate
from mmm.arrays import Array

__all__ = ["density_overlap", "interval_overlap"]

_CELLS = 512


def interval_overlap(one: Estimate, other: Estimate) -> float:
    """What two 90 % intervals have in common, as a share of what either covers; NaN where an end is not finite."""
    ends = np.array([one.low, one.high, other.low, other.high])
    if not np.isfinite(ends).all():
        return np.nan
    covered = max(one.high, other.high) - min(one.low, other.low)
    if covered == 0:
        return 1.0
    return float(max(min(one.high, other.high) - max(one.low, other.low), 0.0) / covered)


def density_overlap(one: Array, other: Array) -> float:
    """Area under both of two smoothed densities, 1 where they are the same; of draws, each of shape (draws,).

    References
    ----------
    Schmid and Schmidt (2006), "Nonparametric Estimation of the Coefficient of Overlapping", Computational Statistics
    and Data Analysis 50(6).
    """
    low, high = min(one.min(), other.min()), max(one.max(), other.max())
    widths = _width(one), _width(other)
    if not high > low or not min(widths) > 0:
        return float(np.array_equal(np.unique(one), np.unique(other)))
    edges = np.linspace(low - 3 * max(widths), high + 3 * max(widths), _CELLS + 1)
    densities = [_smoothed(draws, edges, width) for draws, width in zip((one, other), widths, strict=True)]
    return float(np.minimum(*densities).sum())


def _width(draws: Array) -> float:
    """Silverman's width of the kernel."""
    lower, upper = np.quantile(draws, [0.25, 0.75])
    return float(0.9 * min(draws.std(), (upper - lower) / 1.34 or np.inf) * len(draws) ** -0.2)


def _smoothed(draws: Array, edges: Array, width: float) -> Array:
    counts = np.histogram(draws, edges)[0] / len(draws)
    return np.asarray(gaussian_filter1d(counts, width / (edges[1] - edges[0]), mode="constant"))
