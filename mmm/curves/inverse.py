"""Where an expected curve reaches half of its ceiling, and where its slope falls to a given value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmm.curves.base import ResponseCurve

__all__ = ["spend_at_slope", "spend_scale"]

_STEPS = 400


def spend_scale(curve: ResponseCurve) -> float:
    """A spend at which the curve is well under way: where half of its ceiling is reached, or one where it has none."""
    ceiling = float(np.mean(curve.ceiling))
    if not 0 < ceiling < np.inf:
        return 1.0
    _, past = _boundary(lambda log_spend: float(curve.mean(np.exp(log_spend))) < ceiling / 2, -150.0, 150.0, 60)
    return float(np.exp(past))


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
    return _boundary(lambda spend: float(curve.mean_marginal(spend)) >= slope, steep, flat, 100)[0]


def _boundary(holds: Callable[[float], bool], inside: float, outside: float, steps: int) -> tuple[float, float]:
    """The last point where something holds and the first where it does not, by halving the way between two such."""
    for _ in range(steps):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside, outside
