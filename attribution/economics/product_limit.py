"""Who comes by which lag, where some may still come (Kaplan and Meier, 1958)."""

from __future__ import annotations

import numpy as np

from attribution.arrays import Array

__all__ = ["at_risk_and_gone", "came_by"]


def at_risk_and_gone(days: Array, ages: Array) -> tuple[Array, Array, Array]:
    """Lags at which somebody comes, how many could still come just before each, and how many do.

    Parameters
    ----------
    days
        Lag of each person who came, NaN of who did not.
    ages
        How long each could be seen.
    """
    here = np.isfinite(days)
    lags, gone = np.unique(days[here], return_counts=True)
    ends = np.sort(np.where(here, days, ages))
    return lags, (len(ends) - np.searchsorted(ends, lags)).astype(float), gone.astype(float)


def came_by(days: Array, ages: Array) -> tuple[Array, Array]:
    """Lags at which somebody comes, and the share of all who have come by each.

    Examples
    --------
    >>> lags, share = came_by(np.array([1.0, 2.0, np.nan, np.nan]), np.array([9.0, 9.0, 1.5, 9.0]))
    >>> share.tolist()
    [0.25, 0.625]
    """
    lags, at_risk, gone = at_risk_and_gone(days, ages)
    return lags, np.asarray(1 - np.cumprod(1 - gone / at_risk))
