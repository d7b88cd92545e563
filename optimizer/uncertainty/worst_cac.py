"""A cap on a channel's CAC in its own worst draws: the spends that keep it, which hang on that channel alone.

With T(x) the mean of the worst draws of the channel's customers at spend x, the cap c asks x <= c T(x). Curves rise, so
on a stretch [a, b] with c T(b) < a no spend keeps it; stretches that this does not settle are halved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attribution.errors import BadInput, Problem
from mmm.curves import ResponseCurve, ResponseCurves
from mmm.curves.inverse import spend_scale
from optimizer.question.groups import AverageCAC
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import Bound, Constraint, Gap, Row
from optimizer.question.setting import Setting
from optimizer.uncertainty.tail import tail_mean

__all__ = ["WorstCAC", "in_worst_draws"]

_RATIO = 1.05  # of the ends of a stretch
_NOTHING = 1e-9  # of a curve's scale: less is no spend
_SAME = 1e-12  # of the spend: where an end is known
_DOUBLINGS = 200
_NUDGE = 1e-5  # share by which a cap is raised to see what that allows

Stretches = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class WorstCAC(Constraint):
    """A channel's CAC at most so much in the mean of its worst draws.

    Parameters
    ----------
    subject
        The channel.
    at_most
        The cap, currency per customer.
    stretches, raised
        Spends that keep it, and those that keep a cap a hundred-thousandth higher; the first may begin at nothing.
    """

    subject: Subject
    at_most: float
    stretches: Stretches
    raised: Stretches

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """The upper bound: the largest spend that keeps the cap."""
        end = self.stretches[-1][1] if self.stretches else 0.0
        return [self._bound(setting, 1.0, end)] if end < np.inf else []

    def gaps(self, setting: Setting) -> list[Gap]:
        """Between the stretches that keep it."""
        ends = [0.0, *(end for _, end in self.stretches)]
        pairs = zip(ends, (start for start, _ in self.stretches), strict=False)
        return [
            Gap(self._bound(setting, 1.0, low), self._bound(setting, -1.0, high)) for low, high in pairs if high > low
        ]

    def _bound(self, setting: Setting, sign: float, amount: float) -> Bound:
        limit = Limit(self.subject.about("CAC"), Side.AT_MOST, self.at_most, Unit.COST_PER_CUSTOMER)
        ends = [one[1 if sign > 0 else 0] for one in self.raised]
        moved = min(ends, key=lambda end: abs(end - amount), default=amount)
        relief = sign * (moved - amount) / (self.at_most * _NUDGE) if amount > 0 and np.isfinite(moved) else 0.0
        return Bound(limit, setting.places[self.subject.members[0]], sign, sign * amount, relief)


def in_worst_draws(part: Constraint, curves: ResponseCurves, tail: float, weight: float) -> Constraint:
    """A cap on the CAC of one channel as it reads in that channel's worst draws; any other constraint as it is."""
    if not isinstance(part, AverageCAC) or len(set(part.members)) != 1:
        return part
    curve, cap = curves[part.members[0]], float(part.at_most or 0.0)

    def stretches(most: float) -> Stretches:
        return _stretches(lambda spend: most * tail_mean(np.atleast_1d(curve(spend)), tail, weight), curve)

    return WorstCAC(part.subject, cap, stretches(cap), stretches(cap * (1 + _NUDGE)))


def _stretches(worth: Callable[[float], float], curve: ResponseCurve) -> Stretches:
    """Where spend is at most ``worth`` of it."""
    scale = spend_scale(curve)
    start = _NOTHING * scale
    cheap = worth(start) >= start
    found = [[0.0, start]] if cheap else []
    low = start
    for high in _ends(worth, curve, start, scale):
        inside = worth(high) >= high
        if inside and not cheap:
            found.append([_crossing(worth, high, low), high])
        elif cheap and not inside:
            found[-1][1] = _crossing(worth, low, high)
        elif cheap:
            found[-1][1] = high
        elif worth(high) >= low:  # neither end keeps the cap, and one between may
            found += _inner(worth, low, high)
        low, cheap = high, inside
    if cheap:
        found[-1][1] = np.inf
    return tuple((a, b) for a, b in found)


def _ends(worth: Callable[[float], float], curve: ResponseCurve, start: float, scale: float) -> list[float]:
    """Spends from the smallest to one beyond which the cap is never kept, or always."""
    bend = max(float(np.max(atom.curve.inflection)) for atom in curve.atoms())
    ends, spend = [], start
    beyond = max(scale, bend)
    for _ in range(_DOUBLINGS):
        while spend < beyond:
            spend *= _RATIO
            ends.append(spend)
        # concave from here on, and dearer than the cap on the last stretch: dearer for good
        if worth(spend) < spend and worth(spend) - worth(spend / 2) < spend / 2 and spend / 2 >= bend:
            return ends
        beyond *= 2
        if beyond > scale * 1e12:
            break
    if worth(spend) >= spend:
        return ends
    raise BadInput(Problem("CAC", "of a channel cannot be capped in its worst draws.", remedy="limit its spend."))


def _inner(worth: Callable[[float], float], low: float, high: float) -> list[list[float]]:
    """A stretch that keeps the cap between two spends that do not, by halving what may hold one."""
    middle = (low + high) / 2
    if high - low <= _SAME * high or worth(high) < low:
        return []
    if worth(middle) >= middle:
        return [[_crossing(worth, middle, low), _crossing(worth, middle, high)]]
    return _inner(worth, low, middle) + _inner(worth, middle, high)


def _crossing(worth: Callable[[float], float], kept: float, broken: float) -> float:
    """The spend nearest to ``broken`` that keeps the cap, from one that does."""
    while abs(broken - kept) > _SAME * max(kept, broken):
        middle = (kept + broken) / 2
        if middle in (kept, broken):
            break
        if worth(middle) >= middle:
            kept = middle
        else:
            broken = middle
    return kept
