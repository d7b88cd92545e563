"""Where an expected curve reaches half of its ceiling, and where its slope falls to a given value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmm.arrays import Array
from mmm.curves.base import ResponseCurve
from mmm.curves.tabulated import Tabulated

__all__ = ["spend_at_slope", "spend_for", "spend_scale"]

_STEPS = 400
_BENDS = 33
_INWARD = 1e-13
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


def spend_for(curve: ResponseCurve, customers: float) -> float:
    """Spend at which the expected curve reaches some customers; the largest of any currency where it does not."""
    low, high = _LOGS
    if float(curve.mean(np.exp(high))) <= customers:
        return float(np.exp(high))
    if float(curve.mean(np.exp(low))) >= customers:
        return float(np.exp(low))
    return float(np.exp(_root(lambda log: float(curve.mean(np.exp(log))) / customers - 1, low, high)))


def spend_at_slope(curve: ResponseCurve, slope: float) -> tuple[tuple[float, float], ...]:
    """Stretches of spend on which the expected curve gains at least ``slope`` customers per unit of currency.

    A sum of S-shaped curves may be steep, flat and steep again, so there may be several.

    Parameters
    ----------
    curve
        A curve of any shape, in any currency.
    slope
        Customers per unit of currency, positive.

    Returns
    -------
    First and last spend of each stretch, rising; none where the curve is nowhere that steep. The last spend is infinite
    where a curve without a ceiling stays that steep.
    """
    return _stretches(_Itself(curve), slope)


@dataclass(frozen=True, eq=False)
class _Itself:
    """A curve as a key: the same object and no other, for curves hold arrays and are never changed."""

    curve: ResponseCurve

    def __hash__(self) -> int:
        return id(self.curve)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.curve is other.curve


@lru_cache(maxsize=256)  # a plan reads its caps again with every program made of it, over thousands of draws
def _stretches(itself: _Itself, slope: float) -> tuple[tuple[float, float], ...]:
    curve = itself.curve
    grid = _grid(curve)
    steep = curve.mean_marginal(grid) >= slope
    edges = np.flatnonzero(np.diff(np.concatenate(([False], steep, [False])).astype(int)))
    stretches = []
    for first, beyond in edges.reshape(-1, 2):
        last = beyond - 1
        start = 0.0 if first == 0 else _crossing(curve, slope, grid[first], grid[first - 1])
        if beyond < len(grid):
            end = _crossing(curve, slope, grid[last], grid[beyond])
        else:
            end = float(grid[-1]) if np.isfinite(np.mean(curve.ceiling)) else np.inf
        stretches.append((start, end))
    return tuple(stretches)


def _grid(curve: ResponseCurve) -> Array:
    """Spend at which a curve is looked at: every size, and every place at which one of its terms bends."""
    points = [np.zeros(1)]
    for atom in curve.atoms():
        if isinstance(atom.curve, Tabulated):
            rows = atom.curve.spend
            points += [rows, (rows[1:] + rows[:-1]) / 2, rows[-1:] * 2]
        elif np.isfinite(np.mean(atom.curve.ceiling)):
            scale, bends = spend_scale(atom.curve), np.ravel(atom.curve.inflection)
            points += [scale * np.geomspace(1e-9, 1e9, _STEPS), np.quantile(bends, np.linspace(0, 1, _BENDS))]
        else:
            points.append(np.exp(np.linspace(*_LOGS, _STEPS)))
    return np.unique(np.concatenate(points))


def _crossing(curve: ResponseCurve, slope: float, steep: float, flat: float) -> float:
    """The spend between a steep and a flat place at which the slope is as asked; slopes at zero may be infinite."""
    at = _root(lambda spend: min(float(curve.mean_marginal(spend)) / slope - 1, 1.0), steep, flat)
    return at + (steep - at) * _INWARD  # a table's slope jumps: end on the steep side


def _root(function: Callable[[float], float], one: float, other: float) -> float:
    """Where a function crosses zero, to the last digits: Brent's (1973) method."""
    from scipy.optimize import brentq  # doubles the time to import the package, and few plans ask

    # where a slope jumps at zero itself, 500 halvings come as near to it as matters and have no end of their own
    root, _ = brentq(
        function, one, other, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=500, full_output=True, disp=False
    )
    return float(root)
