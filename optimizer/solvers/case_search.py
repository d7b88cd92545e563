"""Branch and bound for the spend whose worst improvement on today, over all cases, is largest.

As :mod:`optimizer.solvers.branch`, with one set of hulls a case, all sampled at the same points, and without Newton's
method: the optimum lies where cases meet, which is no stationary point of any of them.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm.arrays import Array
from optimizer.solvers.branch import Outcome
from optimizer.solvers.case_relaxation import CaseProgram, Landed, Segments
from optimizer.solvers.cases import Case
from optimizer.solvers.flat_curves import Index
from optimizer.solvers.hulls import Tables
from optimizer.solvers.polish import polished

__all__ = ["best_of_worst"]

_TINY = float(np.finfo(float).tiny)
_ROUNDS = 40  # of sampling in one box
_SPARE = 1e-3  # weight of a case that has no price where the relaxation lands, yet may be the worst under the curves
_KEEP = 1e-10
_MORE = 1.05  # times the customers that are lacking are asked for: one repair is mostly enough


def best_of_worst(cases: Sequence[Case], gap: float, time_limit: float = 30.0, known: Iterable[Array] = ()) -> Outcome:
    """The spend whose worst improvement over all cases is largest, and a bound on all others.

    Parameters
    ----------
    cases
        The same channels, limits on spend and kind of goal; bounds finite.
    gap
        At which to stop, relative to the largest size of the cases.
    time_limit
        Seconds after which to stop anyway.
    known
        Spends worth a try, such as today's.

    Returns
    -------
    Score and bound are improvements on today's score; the spend is None where nothing keeps the rows of all cases.
    """
    return _Search(cases, gap, time_limit).run(known)


@dataclass(order=True)
class _Node:
    key: tuple[float, int]
    lower: Array = field(compare=False)
    upper: Array = field(compare=False)
    landed: Landed = field(compare=False)
    excess: Array = field(compare=False)


class _Search:
    def __init__(self, cases: Sequence[Case], gap: float, time_limit: float) -> None:
        self.cases, self.deadline = cases, time.monotonic() + time_limit
        programs = [case.program for case in cases]
        self.program = programs[0].replaced(
            lower=np.max([program.lower for program in programs], axis=0),
            upper=np.min([program.upper for program in programs], axis=0),
            rows=tuple(row for row in programs[0].rows if not row.per_customer.any()),
        )
        self.tables = [Tables(case.flat, self.program.lower, self.program.upper, self.program.hole) for case in cases]
        for channel, low, high in self.program.inner:
            self._refine(np.array([channel, channel]), np.array([low, high]))
        self.relax = CaseProgram(cases)
        self.slack = gap * max(case.size for case in cases)
        self.best: Array | None = None
        self.score = self.closed = -np.inf
        self.nodes = 0
        self.no_margin = [np.zeros(len(program.rows)) for program in programs]

    def run(self, known: Iterable[Array]) -> Outcome:
        if (self.program.lower > self.program.upper).any():
            return Outcome(None, -np.inf, -np.inf, 0, True)
        for spend in known:
            self._take(self.program.inside(spend))
        heap: list[_Node] = []
        self._push(heap, self.program.lower, self.program.upper)
        finished = True
        while heap:
            if time.monotonic() > self.deadline:
                finished = False
                break
            node = heapq.heappop(heap)
            if node.landed.score <= self.score + self.slack:
                self.closed = max(self.closed, node.landed.score)
                continue
            for lower, upper in self._halves(node):
                self._push(heap, lower, upper)
        left = max((node.landed.score for node in heap), default=-np.inf)
        return Outcome(self.best, self.score, max(self.score, self.closed, left), self.nodes, finished)

    def _push(self, heap: list[_Node], lower: Array, upper: Array) -> None:
        node = self._explored(lower, upper)
        if node is None:
            return
        if node.landed.score <= self.score + self.slack or not (node.excess > 0).any():
            self.closed = max(self.closed, node.landed.score)
        else:
            heapq.heappush(heap, node)

    def _explored(self, lower: Array, upper: Array) -> _Node | None:
        self.nodes += 1
        last = np.inf
        for _ in range(_ROUNDS):
            landed = self._landed(lower, upper, self.no_margin)
            if landed is None:
                return None
            node = _Node((-landed.score, self.nodes), lower, upper, landed, self._excess(landed))
            if landed.score <= self.score + self.slack:
                break
            self._offer(landed, lower, upper)
            stalled = last - landed.score <= 0.02 * (landed.score - self.score)
            last = landed.score
            if landed.score <= self.score + self.slack or stalled or not self._refine(*self._wanted(node)):
                break
        return node

    def _landed(self, lower: Array, upper: Array, margin: Sequence[Array]) -> Landed | None:
        return self.relax(Segments.of([table.hulls(lower, upper) for table in self.tables]), margin)

    def _refine(self, owner: Index, points: Array) -> bool:
        new = [table.refine(owner, points) for table in self.tables]  # all of them, at the same points
        return any(new)

    def _excess(self, landed: Landed) -> Array:
        """What each channel's hulls add to the score where the relaxation lands, at the cases' prices."""
        below = self.program.below_gaps(landed.spend, _KEEP)
        curves = np.array([case.flat.mean(below) for case in self.cases])
        above = landed.customers - curves
        above = np.where(above > 1e-13 * np.abs(landed.customers), above, 0.0)
        excess = ((landed.price + _SPARE * float(landed.price.max())) * above).sum(axis=0)
        return np.asarray(np.where(below < landed.spend, np.maximum(excess, _TINY), excess))

    def _wanted(self, node: _Node) -> tuple[Index, Array]:
        """Points to sample: where the relaxation lies and the hulls have corners."""
        spend, matters = node.landed.spend, np.flatnonzero(node.excess > 1e-3 * node.excess.max())
        near = [spend, *(side for table in self.tables for side in table.hulls(node.lower, node.upper).around(spend))]
        near.append(self.tables[0].ahead(spend, 0.1))  # for an upright start, known at the spend itself
        return np.tile(matters, len(near)), np.concatenate([points[matters] for points in near])

    def _offer(self, landed: Landed, lower: Array, upper: Array) -> None:
        """Take the spend if it keeps the rows of all cases; where it lacks customers, ask for a little more of them."""
        margin: Sequence[Array] = self.no_margin
        for _ in range(5):
            lacking = self._take(self.program.inside(landed.spend))
            if not any(each.any() for each in lacking):
                return
            margin = [before + each * _MORE for before, each in zip(margin, lacking, strict=True)]
            further = self._landed(lower, upper, margin)
            if further is None:
                return
            landed = further

    def _take(self, spend: Array) -> list[Array]:
        """Remember the spend if it is the best so far; how far each case's rows are exceeded."""
        spend = polished(self.program, self.cases[0].flat, spend)
        customers = [case.flat.mean(spend) for case in self.cases]
        lacking = [case.lacking(spend, won) for case, won in zip(self.cases, customers, strict=True)]
        if any(each.any() for each in lacking):
            return lacking
        if any(part.cut(self.program.setting, spend) is not None for part in self.program.lazy):
            return lacking
        score = min(case.improvement(spend, won) for case, won in zip(self.cases, customers, strict=True))
        if score > self.score:
            self.best, self.score = spend, score
        return lacking

    def _halves(self, node: _Node) -> list[tuple[Array, Array]]:
        c = int(np.argmax(node.excess))
        least, most, at = float(node.lower[c]), float(node.upper[c]), float(node.landed.spend[c])
        gaps = [(low, high) for channel, low, high in self._gaps() if channel == c]
        ends = next(((low, high) for low, high in gaps if low >= least and high <= most), None)
        if ends is None:
            hulls = self.tables[0].hulls(node.lower, node.upper)
            a, b = (float(side[c]) for side in hulls.around(node.landed.spend))
            cut = self._sampled(c, float(np.clip(at, a + 0.2 * (b - a), b - 0.2 * (b - a))))
            ends = (cut, cut)
        below, above = node.upper.copy(), node.lower.copy()
        below[c], above[c] = ends
        return [(node.lower, below), (above, node.upper)]

    def _gaps(self) -> Iterable[tuple[int, float, float]]:
        program = self.program
        for channel in np.flatnonzero(program.hole > program.lower).tolist():
            yield channel, float(program.lower[channel]), float(program.hole[channel])
        for channel, low, high in program.inner:
            yield channel, self._sampled(channel, low), self._sampled(channel, high)

    def _sampled(self, channel: int, point: float) -> float:
        """A point of all tables, or the nearest one where it is rounding apart."""
        nearest = [table.sampled_at(np.array([channel]), np.array([point])) for table in self.tables]
        return float(nearest[0][0])
