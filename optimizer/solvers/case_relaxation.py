"""The best of the worst improvement over hulls: a linear program that meets worst cases one by one.

With z the filling of hull segments as in :mod:`optimizer.solvers.linear`, maximise t subject to

    t <= constant_k + gain_k z   for every case k, a set of curves with multipliers of them,

and each promise of customers once a case. Cases that the solution fails are added until there is none: multipliers
come from a polyhedron, whose corners are finite in number (Kelley's cutting planes, 1960). Any prices of the rows bound
t by the Lagrangian, so that neither the solver's tolerance nor a case left out enters the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.arrays import Array
from optimizer.question.program import Row
from optimizer.solvers.cases import Case
from optimizer.solvers.flat_curves import Index
from optimizer.solvers.hulls import Envelopes
from optimizer.solvers.linear import lagrangian, maximised

__all__ = ["CaseProgram", "Landed", "Segments"]

_ROUNDING = 1e-13
_MET = 1e-9  # of the improvement's range: a case failed by less is met
_ROUNDS = 200
_STEPS = 30
_CLOSE = 1e-9  # of today's blended CAC


@dataclass(frozen=True)
class Segments:
    """Segments of all cases' hulls between the same amounts of spend.

    Parameters
    ----------
    owner, width
        Channel and currency of each, shape (segments,).
    gain
        Customers in each, shape (cases, segments).
    start, floor
        Least spend of each channel, and each case's customers there, of shape (channels,) and (cases, channels).
    """

    owner: Index
    width: Array
    gain: Array
    start: Array
    floor: Array

    @classmethod
    def of(cls, hulls: Sequence[Envelopes]) -> Segments:
        """Segments that end wherever any case's hull has a corner."""
        first = hulls[0]
        if len(hulls) == 1:
            return cls(first.owner, first.width, first.gain[None], first.start, first.floor[None])
        owner, width, gain = [], [], []
        for channel in range(len(first.start)):
            own = [hull.of(channel) for hull in hulls]
            corners = np.unique(np.concatenate([hull.spend for hull in own]))
            heights = np.array([np.interp(corners, hull.spend, hull.customers) for hull in own])
            owner.append(np.full(len(corners) - 1, channel))
            width.append(np.diff(corners))
            gain.append(np.diff(heights, axis=1))
        floor = np.array([hull.floor for hull in hulls])
        return cls(np.concatenate(owner), np.concatenate(width), np.concatenate(gain, axis=1), first.start, floor)

    def by_channel(self, filled: Array) -> Array:
        """Sums of a figure of the segments over each channel, shape (channels,)."""
        return np.asarray(np.bincount(self.owner, filled, minlength=len(self.start)), dtype=float)


@dataclass(frozen=True)
class Landed:
    """The best spend under hulls.

    Parameters
    ----------
    score
        Improvement on today in the worst case that no spend exceeds.
    spend, customers
        The spend, and each case's hull heights there, of shape (channels,) and (cases, channels).
    price
        What a customer more of each case and channel would be worth, shape (cases, channels).
    """

    score: float
    spend: Array
    customers: Array
    price: Array


@dataclass(frozen=True)
class _Aim:
    """A figure linear in customers and spend: worth @ customers - cost @ spend + constant, a case each."""

    worth: Array
    cost: Array
    constant: float


class CaseProgram:
    """Relaxation of a plan over several cases.

    Parameters
    ----------
    cases
        Sets of curves with the question on them; their programs have rows of the same number.
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = cases
        self._objective = [(place, np.ones(case.program.size)) for place, case in enumerate(cases)]
        self._promises = [
            (place, number, np.ones(case.program.size))
            for place, case in enumerate(cases)
            for number, row in enumerate(case.program.rows)
            if place == 0 or row.per_customer.any() or not _is_known(row, cases[0])
        ]
        self.cuts: list[Row] = []
        self._rate = 0.0

    def __call__(self, segments: Segments, margin: Sequence[Array]) -> Landed | None:
        """The relaxed optimum with every case's rows lowered by its margins; None where nothing keeps the rows."""
        if self._cases[0].program.goal.is_ratio:
            return self._ratio(segments, margin)
        aims = []
        for case in self._cases:
            goal = case.program.goal
            today = float(goal.per_customer @ case.credited - goal.per_spend @ case.now)
            aims.append(_Aim(goal.per_customer, goal.per_spend, -today))
        return self._best(aims, segments, margin)

    def _ratio(self, segments: Segments, margin: Sequence[Array]) -> Landed | None:
        """Dinkelbach's (1967) sequence for the fall of the blended CAC, all cases at once (Crouzeix et al., 1985)."""
        size = abs(self._cases[0].today)
        landed: Landed | None = None
        for _ in range(_STEPS):
            landed = self._best(self._at(self._rate), segments, margin)
            if landed is None:
                return None
            reached = min(
                case.improvement(landed.spend, won) for case, won in zip(self._cases, landed.customers, strict=True)
            )
            if not np.isfinite(reached) or abs(reached - self._rate) <= _CLOSE * size:
                break
            self._rate = float(reached)
        assert landed is not None  # noqa: S101
        # what is asked of a rate falls by the customers of its case for each unit that the rate rises
        fewest = min(
            case.program.goal.business.customers(np.minimum(case.credited, floor).sum())
            for case, floor in zip(self._cases, segments.floor, strict=True)
        )
        short, near = max(landed.score, 0.0), _CLOSE * size
        beyond = 0.0 if short == 0 else short / fewest if short < near * fewest else np.inf
        return replace(landed, score=self._rate + (beyond if beyond < np.inf else self._slack(segments, margin)))

    def _slack(self, segments: Segments, margin: Sequence[Array]) -> float:
        """What is to be added to the rate until the dual bound proves that no spend reaches it."""
        size = abs(self._cases[0].today)
        for slack in (size * 10.0**power for power in range(-9, 1)):
            proved = self._best(self._at(self._rate + slack), segments, margin)
            if proved is None or proved.score <= 0:
                return slack
        return np.inf

    def _at(self, rate: float) -> list[_Aim]:
        """What is from 0 upwards where the blended CAC falls by a rate, a case each."""
        aims = []
        for case in self._cases:
            cac, business = -case.today - rate, case.program.goal.business
            ones = np.ones(case.program.size)
            aims.append(_Aim(cac * ones, ones, cac * float(business.customers(0.0)) - business.fixed_cost))
        return aims

    def _best(self, aims: Sequence[_Aim], segments: Segments, margin: Sequence[Array]) -> Landed | None:
        for _ in range(_ROUNDS):
            landed = self._solved(aims, segments, margin)
            if landed is None or not self._grown(aims, landed):
                break
        return landed

    def _solved(self, aims: Sequence[_Aim], segments: Segments, margin: Sequence[Array]) -> Landed | None:
        constants, gains = zip(*(self._line(aims[k], k, m, segments) for k, m in self._objective), strict=True)
        constant, gain = np.array(constants), np.array(gains)
        low = float((constant + np.minimum(gain, 0.0).sum(axis=1)).min())
        # room above the most that any case gives: at its own end t would have a price, and the cases none
        span = 2 * max(float((constant + np.maximum(gain, 0.0).sum(axis=1)).max()) - low, 1e-300)
        limits, rooms = self._rows(segments, margin)
        matrix = np.zeros((len(gain) + len(limits), len(segments.width) + 1))
        matrix[: len(gain), :-1], matrix[: len(gain), -1] = -gain, span
        matrix[len(gain) :, :-1] = limits
        room = np.concatenate((constant - low, rooms))
        aim = np.zeros(len(segments.width) + 1)
        aim[-1] = span
        answer = maximised(aim, matrix, room)
        if answer is None:
            return None
        filled, prices = answer[0][:-1], answer[1]
        spend = segments.start + segments.by_channel(filled * segments.width)
        customers = np.array(
            [low_ + segments.by_channel(filled * own) for low_, own in zip(segments.floor, segments.gain, strict=True)]
        )
        score = low + lagrangian(aim, matrix, room, prices) + _ROUNDING * span
        return Landed(score, spend, customers, self._prices(aims, prices, customers.shape))

    def _line(self, aim: _Aim, place: int, multipliers: Array, segments: Segments) -> tuple[float, Array]:
        """An aim over the segments under multipliers: its constant and its gain of each."""
        credited, owner = self._cases[place].credited, segments.owner
        won = credited + multipliers * (segments.floor[place] - credited)
        base = float(aim.worth @ won - aim.cost @ segments.start) + aim.constant
        gain = (aim.worth * multipliers)[owner] * segments.gain[place] - aim.cost[owner] * segments.width
        return base, gain

    def _rows(self, segments: Segments, margin: Sequence[Array]) -> tuple[Array, Array]:
        limits, rooms = [], []
        for place, number, multipliers in self._promises:
            row = self._cases[place].program.rows[number]
            less, gain = self._line(_Aim(row.per_customer, row.per_spend, 0.0), place, multipliers, segments)
            size = abs(row.room) + np.abs(row.per_spend) @ segments.start + row.per_customer @ segments.floor[place]
            limits.append(-gain)
            rooms.append(row.room + less - margin[place][number] + _ROUNDING * size)
        for cut in self.cuts:
            limits.append(cut.per_spend[segments.owner] * segments.width)
            rooms.append(cut.room - cut.per_spend @ segments.start + _ROUNDING * abs(cut.room))
        return np.array(limits).reshape(len(limits), len(segments.width)), np.array(rooms)

    def _prices(self, aims: Sequence[_Aim], prices: Array, shape: tuple[int, ...]) -> Array:
        """What a customer more of each case and channel is worth at the rows' prices."""
        price, rest = np.zeros(shape), prices[len(self._objective) :]
        for (place, multipliers), share in zip(self._objective, prices, strict=False):
            price[place] += share * aims[place].worth * multipliers
        for (place, number, multipliers), share in zip(self._promises, rest, strict=False):
            price[place] += share * self._cases[place].program.rows[number].per_customer * multipliers
        return price

    def _grown(self, aims: Sequence[_Aim], landed: Landed) -> bool:
        """Add the cases that the spend fails under the hulls, and the rows of lazy constraints that it breaks."""
        before = len(self._objective) + len(self._promises) + len(self.cuts)
        for place, (case, aim) in enumerate(zip(self._cases, aims, strict=True)):
            change = landed.customers[place] - case.credited
            worst = case.biases.worst(aim.worth * change)
            known = [m for k, m in self._objective if k == place]
            least = min(float((aim.worth * m) @ change) for m in known)
            if float((aim.worth * worst) @ change) < least - _MET * float(np.abs(aim.worth * change).sum()):
                self._objective.append((place, worst))
            for number, row in enumerate(case.program.rows):
                if not row.per_customer.any() or not case.biases.share.any():
                    continue
                worst = case.biases.worst(row.per_customer * change)
                known = [m for k, n, m in self._promises if (k, n) == (place, number)]
                least = min(float((row.per_customer * m) @ change) for m in known)
                if float((row.per_customer * worst) @ change) < least - _MET * float(row.per_customer @ np.abs(change)):
                    self._promises.append((place, number, worst))
        program = self._cases[0].program
        cuts = [part.cut(program.setting, landed.spend) for part in program.lazy]
        seen = {cut.per_spend.tobytes() for cut in self.cuts}
        self.cuts += [cut for cut in cuts if cut is not None and cut.per_spend.tobytes() not in seen]
        return len(self._objective) + len(self._promises) + len(self.cuts) > before


def _is_known(row: Row, case: Case) -> bool:
    """Whether a limit on spend alone is among a case's own."""
    return any(
        other.room == row.room and not other.per_customer.any() and np.array_equal(other.per_spend, row.per_spend)
        for other in case.program.rows
    )
