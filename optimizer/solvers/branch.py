"""Branch and bound on the channel furthest above its curve, over hulls that are refined where the plan lands.

Maximise the goal over boxes l <= x <= u of spends. In each box the hulls f^ >= f stand for the curves; the relaxed
problem is concave, solved exactly, and its score bounds the box from above. Three things then close the gap:

1. samples where the relaxation lands pull f^ down to f on concave stretches, without branching;
2. what the relaxation and Newton's method suggest is scored under the true curves, which raises the best score;
3. where f^ stays a chord over a convex stretch, the channel of largest f^ - f is split there, and each half has a
   hull of its own.

This is the branch and bound of Falk and Soland (1969) for separable problems, best box first. The bound returned is
the largest of the best score, the scores of boxes closed within the gap, and the scores of open boxes, so it holds
whenever the search is stopped.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mmm.arrays import Array
from optimizer.question.program import Program
from optimizer.solvers.flat_curves import FlatCurves, Index
from optimizer.solvers.frontier_walk import FrontierWalk
from optimizer.solvers.hulls import Tables
from optimizer.solvers.linear import SegmentProgram
from optimizer.solvers.newton import settled
from optimizer.solvers.polish import polished
from optimizer.solvers.relaxation import Relaxation, Relaxed

__all__ = ["MANY", "Outcome", "branch_and_bound"]

MANY = 1_000
"""Channels beyond which settling costs most of a second each time; prices are then those of a plan within the gap."""

_NEAR = 1e-6
_TINY = float(np.finfo(float).tiny)
_ROUNDS = 25  # of sampling in one box; on concave curves two or three are enough
_SETTLED = 1e-9  # relative gap around the best allocation, past which it is as good as the best there
_AROUND, _START = 2.0, 1e-3  # that neighbourhood: so many times either way, and a share of the range at its start
_NUDGE = 1e-5  # two slopes so far apart say whether a curve is convex
_SETTLES = 5  # such neighbourhoods at most, each around the best of the last
_KEEP = 1e-10  # relative violation at which a row still counts as kept: a tenth of what the check of answers allows


@dataclass(frozen=True)
class Outcome:
    """What the search ends with.

    Parameters
    ----------
    spend
        The best allocation, shape (channels,); None where there is none.
    score, bound
        Its score, and the score that no allocation exceeds.
    nodes
        Intervals examined.
    finished
        False where the time limit ended the search.
    settled
        Whether the allocation is as good as the best near it, so that slopes there give the prices of limits.
    """

    spend: Array | None
    score: float
    bound: float
    nodes: int
    finished: bool
    settled: bool = True


@dataclass(order=True)
class _Node:
    """A box of spends with its relaxed optimum."""

    key: tuple[float, int]
    lower: Array = field(compare=False)
    upper: Array = field(compare=False)
    relaxed: Relaxed = field(compare=False)
    excess: Array = field(compare=False)


def branch_and_bound(program: Program, flat: FlatCurves, gap: float, time_limit: float = 30.0) -> Outcome:
    """The best allocation and a bound on all others.

    Parameters
    ----------
    program
        A program with finite bounds.
    flat
        Its curves.
    gap
        Relative gap at which to stop.
    time_limit
        Seconds after which to stop anyway.

    Returns
    -------
    An outcome whose spend is None where no allocation keeps the rows.
    """
    return _Search(program, flat, gap, time_limit).run()


class _Search:
    def __init__(self, program: Program, flat: FlatCurves, gap: float, time_limit: float) -> None:
        self.program, self.flat, self.gap = program, flat, gap
        self.tables = Tables(flat, program.lower, program.upper, program.hole)
        for channel, low, high in program.inner:
            self.tables.refine(np.array([channel, channel]), np.array([low, high]))
        self.relax: Relaxation = FrontierWalk(program) if program.is_aggregate else SegmentProgram(program)
        self.deadline = time.monotonic() + time_limit
        self.best: Array | None = None
        self.score = -np.inf
        self.closed = -np.inf  # highest score that boxes closed without branching may still hold
        self.nodes = 0
        self.no_margin = np.zeros(len(program.rows))

    def run(self) -> Outcome:
        heap: list[_Node] = []
        self._push(heap, self.program.lower, self.program.upper)
        finished = True
        while heap:
            if time.monotonic() > self.deadline:
                finished = False
                break
            node = heapq.heappop(heap)
            if node.relaxed.score <= self._enough():
                self.closed = max(self.closed, node.relaxed.score)
                continue
            for lower, upper in self._halves(node):
                self._push(heap, lower, upper)
        open_score = max((node.relaxed.score for node in heap), default=-np.inf)
        few, proved = self.program.size <= MANY, max(self.closed, open_score)
        open_still = self.best is not None and proved > self._enough(_SETTLED)
        if self.best is not None and few and open_still:
            for _ in range(_SETTLES):
                enough = self._enough(_SETTLED)
                self._settle(self.best)
                if self.score <= enough:
                    break
        bound = max(self.score, self.closed, open_score)
        return Outcome(self.best, self.score, bound, self.nodes, finished, few or not open_still)

    def _settle(self, spend: Array) -> None:
        """From an allocation within the gap to the best one near it: limits' prices are read off its slopes.

        Its neighbourhood is a box of its own, in which the gap is as good as closed.
        """
        program = self.program
        everyone = np.arange(program.size)
        calm = settled(self._with_cuts(), self.flat, spend, program.lower, program.upper)
        slope, ahead = (self.flat.mean_and_slope(everyone, at)[1] for at in (spend, spend * (1 + _NUDGE)))
        held = (spend > program.lower) & (spend < program.upper) & (ahead > slope)  # convex: Newton's method holds it
        if not held.any() and (np.abs(calm - spend) <= _NEAR * spend).all():
            return
        reach = _START * (program.upper - program.lower)
        least = np.where((program.hole > program.lower) & (spend >= program.hole), program.hole, program.lower)
        lower = np.where(spend - least > reach, np.maximum(least, spend / _AROUND), least)
        upper = np.where(spend < program.hole, spend, np.minimum(program.upper, np.maximum(spend * _AROUND, reach)))
        for channel, low, high in program.inner:
            side = spend[channel] >= high
            lower[channel] = max(lower[channel], high) if side else lower[channel]
            upper[channel] = upper[channel] if side else min(upper[channel], low)
        stated, nodes = self.gap, self.nodes
        self.gap = _SETTLED
        self._explored(self.tables.sampled_at(everyone, lower), self.tables.sampled_at(everyone, upper))
        self.gap, self.nodes = stated, nodes

    def _enough(self, gap: float | None = None) -> float:
        """The score up to which boxes need no further look."""
        if self.best is None:
            return -np.inf
        return self.score + (self.gap if gap is None else gap) * self.program.goal.size(
            self.score, float(self.best.sum())
        )

    def _push(self, heap: list[_Node], lower: Array, upper: Array) -> None:
        node = self._explored(lower, upper)
        if node is None:
            return
        if node.relaxed.score <= self._enough() or not (node.excess > 0).any():
            self.closed = max(self.closed, node.relaxed.score)
        else:
            heapq.heappush(heap, node)

    def _explored(self, lower: Array, upper: Array) -> _Node | None:
        self.nodes += 1
        last = np.inf
        for _ in range(_ROUNDS):
            relaxed = self._relaxed(lower, upper)
            if relaxed is None:
                return None
            excess = self._excess(relaxed)
            node = _Node((-relaxed.score, self.nodes), lower, upper, relaxed, excess)
            if relaxed.score <= self._enough():
                return node
            calm = settled(self._with_cuts(), self.flat, relaxed.spend, lower, upper)
            self._offer(calm, lower, upper)
            if relaxed.score > self._enough():  # Newton's method may have left for a worse place
                self._offer(relaxed.spend, lower, upper)
            if relaxed.score <= self._enough():
                return node
            # sampling that no longer takes a fiftieth off what is open meets chords, which only a split lowers
            stalled = last - relaxed.score <= 0.02 * (relaxed.score - self.score)
            last = relaxed.score
            if stalled or not self.tables.refine(*self._wanted(node, calm)):
                break
        self._offer_corners(node)
        return node

    def _relaxed(self, lower: Array, upper: Array, margin: Array | None = None) -> Relaxed | None:
        return self.relax(self.tables.hulls(lower, upper), self.no_margin if margin is None else margin)

    def _excess(self, relaxed: Relaxed) -> Array:
        """Customers by which each channel's hull exceeds its curve where the relaxation lands."""
        below = self.program.below_gaps(relaxed.spend, _KEEP)
        excess = relaxed.customers - self.flat.mean(below)
        # below that it is rounding, and a split there would change nothing
        excess = np.where(excess > 1e-13 * np.abs(relaxed.customers), excess, 0.0)
        return np.where(below < relaxed.spend, np.maximum(excess, _TINY), excess)  # a gap is split even on a plateau

    def _wanted(self, node: _Node, calm: Array) -> tuple[Index, Array]:
        """Points to sample: where Newton's method points, else where the relaxation lies and its hull has corners."""
        spend, excess = node.relaxed.spend, node.excess
        matters = excess > 1e-3 * excess.max()
        moved = matters & (calm != spend) & ~self.tables.knows(calm)
        stays = matters & ~moved
        upright = stays & self.tables.knows(spend)  # an upright start: the hull exceeds the curve at the end itself
        corners = self.tables.hulls(node.lower, node.upper).around(spend)
        near = [
            (moved, calm),
            *((stays, points) for points in (spend, *corners)),
            (upright, self.tables.ahead(spend, 0.1)),
        ]
        return (
            np.concatenate([np.flatnonzero(chosen) for chosen, _ in near]),
            np.concatenate([points[chosen] for chosen, points in near]),
        )

    def _with_cuts(self) -> Program:
        cuts = self.relax.cuts if isinstance(self.relax, SegmentProgram) else []
        return self.program.replaced(rows=(*self.program.rows, *cuts)) if cuts else self.program

    def _offer(self, spend: Array, lower: Array, upper: Array) -> None:
        """Take the allocation if it keeps the rows; where it only lacks customers, ask for a little more of them."""
        margin = self.no_margin
        for _ in range(5):
            spend = self.program.inside(spend)
            customers = self.flat.mean(spend)
            lacking = self._violations(spend, customers)
            if self._is_nearly_kept(spend, customers, lacking):
                spend = polished(self._with_cuts(), self.flat, spend)
                customers = self.flat.mean(spend)
                lacking = self._violations(spend, customers)
            if not lacking.any():
                if any(part.cut(self.program.setting, spend) is not None for part in self.program.lazy):
                    return
                score = self.program.goal.score(spend, customers)
                if score > self.score:
                    self.best, self.score = spend, score
                return
            margin = margin + lacking * 1.0001
            relaxed = self._relaxed(lower, upper, margin)
            if relaxed is None:
                return
            spend = relaxed.spend

    def _is_nearly_kept(self, spend: Array, customers: Array, lacking: Array) -> bool:
        """Whether rows are missed, but by a solver's tolerance only."""
        cuts = [cut for part in self.program.lazy if (cut := part.cut(self.program.setting, spend)) is not None]
        if not lacking.any() and not cuts:
            return False
        far = (self.program.residuals(spend, customers)[1] > _NEAR).any()
        return not far and all(cut.violation(spend, customers) <= _NEAR for cut in cuts)

    def _violations(self, spend: Array, customers: Array) -> Array:
        excess, share = self.program.residuals(spend, customers)
        return np.where(share <= _KEEP, 0.0, excess)

    def _offer_corners(self, node: _Node) -> None:
        """Try the corners of the long chords on which channels lie, all to the left and all to the right."""
        off = np.flatnonzero(node.excess > 0.05 * node.excess.max())
        if not node.excess.any():
            return
        corners = self.tables.hulls(node.lower, node.upper).around(node.relaxed.spend)
        for side in corners:
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[off] = upper[off] = self.tables.sampled_at(off, side[off])
            relaxed = self._relaxed(lower, upper)
            if relaxed is not None:
                self._offer(relaxed.spend, lower, upper)

    def _halves(self, node: _Node) -> list[tuple[Array, Array]]:
        c = int(np.argmax(node.excess))
        least, most = float(node.lower[c]), float(node.upper[c])
        ends = next(((low, high) for low, high in self._gaps_of(c) if low >= least and high <= most), None)
        if ends is None:
            a, b = (float(side[c]) for side in self.tables.hulls(node.lower, node.upper).around(node.relaxed.spend))
            # not too near an end of the chord: a thin half would keep nearly the whole excess in the other
            cut = float(np.clip(float(node.relaxed.spend[c]), a + 0.2 * (b - a), b - 0.2 * (b - a)))
            cut = float(self.tables.sampled_at(np.array([c]), np.array([cut]))[0])
            ends = (cut, cut)
        below, above = node.upper.copy(), node.lower.copy()
        below[c], above[c] = ends
        return [(node.lower, below), (above, node.upper)]

    def _gaps_of(self, channel: int) -> Iterator[tuple[float, float]]:
        program = self.program
        if program.hole[channel] > program.lower[channel]:
            yield float(program.lower[channel]), float(program.hole[channel])
        for owner, *ends in program.inner:
            if owner == channel:
                low, high = self.tables.sampled_at(np.array([owner, owner]), np.array(ends))
                yield float(low), float(high)
