"""Where an expected curve reaches half of its ceiling, and where its slope falls to a given value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmm.curves.base import ResponseCurve

__all__ = ["spend_at_slope", "spend_scale"]

_STEPS = 400
_LOGS = (-150.0, 150.0)  # of any spend in any currency


def spend_scale(curve: ResponseCurve) -> float:
    """A spend at which the curve is well under way: where half of its ceiling is reached, or one where it has none."""
    ceiling = float(np.mean(curve.ceiling))
    if not 0 < ceiling < np.inf:
        return 1.0

    def beyond(log_spend: float) -> float:
        return float(curve.mean(np.exp(log_spend))) / ceiling - 0.5

    low, high = _LOGS
    if beyond(low) >= 0 or beyond(high) <= 0:
        return float(np.exp(low if beyond(low) >= 0 else high))
    return float(np.exp(_root(beyond, low, high)))


def spend_at_slope(curve: ResponseCurve, slope: float) -> tuple[float, float]:
    """First and last spend at which the expected curve gains at least ``slope`` customers per unit of currency.

    Returns
    -------
    (0, last) for curves steep enough from the start; (0, 0) where the curve is nowhere that steep.
    """
    scale = spend_scale(curve)
    grid = np.concatenate(([0.0], scale * np.geomspace(1e-9, 1e9, _STEPS)))
    steep = curve.mean_marginal(grid) >= slope
    if not steep.any():
        return 0.0, 0.0
    first, last = int(np.argmax(steep)), len(grid) - 1 - int(np.argmax(steep[::-1]))
    start = 0.0 if first == 0 else _crossing(curve, slope, grid[first], grid[first - 1])
    end = float(grid[-1]) if last == len(grid) - 1 else _crossing(curve, slope, grid[last], grid[last + 1])
    return start, end


def _crossing(curve: ResponseCurve, slope: float, steep: float, flat: float) -> float:
    """The spend between a steep and a flat place at which the slope is as asked; slopes at zero may be infinite."""
    return _root(lambda spend: min(float(curve.mean_marginal(spend)) / slope - 1, 1.0), steep, flat)


def _root(function: Callable[[float], float], one: float, other: float) -> float:
    """Where a function crosses zero, to the last digits: Brent's (1973) method."""
    from scipy.optimize import brentq  # doubles the time to import the package, and few plans ask

    return float(brentq(function, one, other, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=500))
