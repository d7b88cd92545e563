"""The frontier walk: all hull segments by falling slope trace the most customers for every total spend.

Let V(S) be the most customers, under the hulls, at total spend S. Filling the hulls' segments by falling slope builds
V, which is concave and piecewise linear: the continuous knapsack (Dantzig, 1957). Where every channel counts alike,
only S and V matter:

- a row p S - q V(S) <= room with q >= 0 is convex in S, so all rows together keep an interval of S;
- a linear goal c V(S) - d S + e has its maximum over an interval at a corner of V or at an end;
- so has minus the blended CAC, -(F + S) / (O + V(S)), as on one segment it is a ratio of two linear functions, which
  is monotone.

One sort, one cumulative sum and one pass over the corners solve the relaxation exactly.
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from optimizer.question.program import Program
from optimizer.solvers.hulls import Envelopes
from optimizer.solvers.relaxation import Relaxed

__all__ = ["FrontierWalk"]

_ROUNDING = 1e-12  # of a cumulative sum over all segments: what rows may miss by, so that an exact budget is kept


class FrontierWalk:
    """Relaxation for programs in which totals decide: budgets, promises, CAC caps, but no groups.

    Every row keeps a stretch [a, b] of the concave frontier V(S), and each goal is best at one of its corners.

    Parameters
    ----------
    program
        An aggregate program.
    """

    def __init__(self, program: Program) -> None:
        self._goal = program.goal
        self._rows = [(float(row.per_spend[0]), float(row.per_customer[0]), row.room) for row in program.rows]

    def __call__(self, hulls: Envelopes, margin: Array) -> Relaxed | None:
        """The relaxed optimum, exact up to rounding; None where no stretch of the frontier keeps all rows."""
        start, floor, width, gained, owner = hulls.start, hulls.floor, hulls.width, hulls.gain, hulls.owner
        slope = gained / width
        order = np.argsort(-slope, kind="stable")
        spend = np.concatenate(([0.0], np.cumsum(width[order]))) + start.sum()
        won = np.concatenate(([0.0], np.cumsum(gained[order]))) + floor.sum()
        stretch = self._stretch(spend, won, margin)
        if stretch is None:
            return None
        first, last = stretch
        inside = (spend > first) & (spend < last)
        stops = np.concatenate(([first], spend[inside], [last]))
        score = self._goal.at_totals(
            stops, np.concatenate(([np.interp(first, spend, won)], won[inside], [np.interp(last, spend, won)]))
        )
        best = int(np.argmax(score))
        filled = int(np.clip(np.searchsorted(spend, stops[best]), 1, len(spend) - 1)) if len(order) else 0
        taken = np.zeros(len(order))
        if filled:
            taken[order[: filled - 1]] = width[order[: filled - 1]]
            taken[order[filled - 1]] = np.clip(stops[best] - spend[filled - 1], 0.0, width[order[filled - 1]])
        return Relaxed(
            float(score[best]),
            start + np.bincount(owner, taken, minlength=len(start)),
            floor + np.bincount(owner, taken * slope, minlength=len(start)),
        )

    def _stretch(self, spend: Array, won: Array, margin: Array) -> tuple[float, float] | None:
        first, last = float(spend[0]), float(spend[-1])
        for (per_spend, per_customer, limit), less in zip(self._rows, margin, strict=True):
            left = per_spend * spend - per_customer * won
            excess = left - (limit - less)
            tolerance = _ROUNDING * max(abs(limit), float(np.abs(left).max()))
            kept = np.flatnonzero(excess <= tolerance)
            if not len(kept):
                return None
            i, j = int(kept[0]), int(kept[-1])
            if i > 0:
                first = max(first, _crossing(spend, excess, i, i - 1))
            if j < len(spend) - 1:
                last = min(last, _crossing(spend, excess, j, j + 1))
        if first > last + _ROUNDING * max(abs(first), abs(last)):
            return None
        return first, max(first, last)


def _crossing(spend: Array, excess: Array, inside: int, outside: int) -> float:
    here = min(float(excess[inside]), 0.0)
    share = -here / (float(excess[outside]) - here)
    return float(spend[inside] + share * (spend[outside] - spend[inside]))
