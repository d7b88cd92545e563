"""Intervals of sums that a few large terms decide, such as the value of orders."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.estimates import INTERVAL

__all__ = ["skewed_intervals"]

_EVEN = 1e-6  # skewness below which a sum is as good as even


def skewed_intervals(draws: pd.DataFrame, estimate: pd.Series) -> pd.DataFrame:
    """The 5 % and 95 % bounds of sums of skewed terms, from their replicates.

    Quantiles of the replicates are too low where the estimate lacks the large orders that others of its kind have. The
    deviation in standard errors is made even by its skewness, as Hall's transformation does, and its quantile is that
    of Student's t with as many degrees of freedom as equal orders would vary as much, less one, over the square of how
    much more skewed the sum is than that of so many equal orders: a few orders that decide the skewness say little of
    those that are not there. The division is ours, by how often intervals hold in
    ``tests/benchmarks/attribution_intervals.py``.

    Parameters
    ----------
    draws
        Replicates x channels, of sums that are not negative.
    estimate
        By channel.

    Returns
    -------
    One row per channel, the names of the bounds in columns.

    Source: P. Hall (1992), On the removal of skewness by transformation, Journal of the Royal Statistical Society B 54.
    """
    from scipy.special import stdtrit  # dear to load, and reading a plan file needs none of it

    values, middle = draws.to_numpy(dtype=float), estimate.to_numpy(dtype=float)
    error = values.std(axis=0, ddof=1)
    varies = error > 0
    scale = np.where(varies, error, 1.0)
    skewness = (((values - values.mean(axis=0)) / scale) ** 3).mean(axis=0)
    equal = (middle / scale) ** 2
    heavier = np.maximum(skewness * np.sqrt(equal), 1.0)  # 1 where orders are equal, exp(sigma²) where log-normal
    freedom = np.maximum((equal - 1.0) / heavier**2, 1.0)
    bounds = {
        name: np.where(
            varies,
            np.maximum(
                middle - _even(np.asarray(stdtrit(freedom, 1.0 - share), dtype=np.float64), skewness) * error, 0.0
            ),
            middle,
        )
        for name, share in INTERVAL.items()
    }
    return pd.DataFrame(bounds, index=estimate.index)


def _even(deviation: Array, skewness: Array) -> Array:
    """The deviation of a skewed sum at which its evened one has a given value: the inverse of Hall's cubic."""
    safe = np.where(np.abs(skewness) < _EVEN, 1.0, skewness)
    turned = 3.0 / safe * (np.cbrt(1.0 + safe * (deviation - safe / 6.0)) - 1.0)
    return np.asarray(np.where(np.abs(skewness) < _EVEN, deviation, turned))
