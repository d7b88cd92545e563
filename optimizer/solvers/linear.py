"""The relaxation as a linear program over hull segments, for groups, shares and other rows, with a dual proof.

Each hull is cut into segments k of a given width and gain; z_k in [0, 1] says how far a segment is filled. Then

    maximise g z + constant  subject to  A z <= room,   g = worth gain - cost width,   A = a width - b gain.

Slopes fall along a hull, so an optimum fills segments in order without being told to. For any prices y >= 0,

    y room + sum_k max(g_k - (y A)_k, 0)

is above every score (the Lagrangian dual): that, at the solver's prices, is the bound.

The blended CAC is read linearly: C is at or below the least CAC exactly if the most of C V - S over all allocations
is at most F - C O. Dinkelbach's (1967) sequence finds C by solving for C, taking the CAC reached as the next C, and
so on; the figure returned is a C for which the inequality was checked with the dual bound.
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from optimizer.question.program import Program, Row
from optimizer.solvers.highs import QUIET, largest_gain
from optimizer.solvers.hulls import Envelopes
from optimizer.solvers.relaxation import Relaxed

__all__ = ["SegmentProgram", "lagrangian", "maximised"]

_ROUNDING = 1e-13
_NOBODY = 1e-200  # customers
_DEARER = 1e3
_STEPS = 30  # Dinkelbach's sequence converges superlinearly; thirty is never reached
_CUTS = 60  # rows added for one relaxation, for limits such as the total change that stand for 2 ** channels rows


class SegmentProgram:
    """Relaxation for programs with rows of any kind.

    The primal comes from HiGHS. The bound does not: the row prices that HiGHS returns are clipped to their signs and
    put into the Lagrangian, which any non-negative prices turn into a valid bound, so no tolerance enters the proof.
    The blended CAC is Dinkelbach's (1967) sequence of linear goals.

    Parameters
    ----------
    program
        Any program.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.cuts: list[Row] = []
        self._cac: float | None = None

    def __call__(self, hulls: Envelopes, margin: Array) -> Relaxed | None:
        """The relaxed optimum with its bound; None where nothing keeps the rows."""
        solve = self._ratio if self._program.goal.is_ratio else self._linear
        for _ in range(_CUTS):
            relaxed = solve(hulls, margin)
            if relaxed is None or not self._cut(relaxed.spend):
                break
        return relaxed  # with cuts missing it is still a relaxation

    def _cut(self, spend: Array) -> bool:
        cuts = [constraint.cut(self._program.setting, spend) for constraint in self._program.lazy]
        known = {cut.per_spend.tobytes() for cut in self.cuts}
        new = [cut for cut in cuts if cut is not None and cut.per_spend.tobytes() not in known]
        self.cuts += new
        return bool(new)

    def _rows(self, segments: Envelopes, margin: Array) -> tuple[Array, Array]:
        rows = (*self._program.rows, *self.cuts)
        if not rows:
            return np.zeros((0, len(segments.width))), np.zeros(0)
        per_spend = np.array([row.per_spend for row in rows])
        per_customer = np.array([row.per_customer for row in rows])
        room = np.array([row.room for row in rows], dtype=float)
        size = np.abs(room) + np.abs(per_spend) @ segments.start + per_customer @ segments.floor
        room[: len(margin)] -= margin
        room += _ROUNDING * size  # of the sums below: channels that cannot move must not break a row by rounding
        matrix = per_spend[:, segments.owner] * segments.width - per_customer[:, segments.owner] * segments.gain
        return matrix, room - per_spend @ segments.start + per_customer @ segments.floor

    def _linear(self, segments: Envelopes, margin: Array) -> Relaxed | None:
        goal = self._program.goal
        matrix, room = self._rows(segments, margin)
        gain = goal.per_customer[segments.owner] * segments.gain - goal.per_spend[segments.owner] * segments.width
        solved = maximised(gain, matrix, room)
        if solved is None:
            return None
        filled, prices = solved
        base = float(goal.per_customer @ segments.floor - goal.per_spend @ segments.start) + goal.constant
        return _relaxed(base + lagrangian(gain, matrix, room, prices), segments, filled)

    def _ratio(self, segments: Envelopes, margin: Array) -> Relaxed | None:
        goal = self._program.goal
        matrix, room = self._rows(segments, margin)
        outlay, won = goal.business.outlay(segments.start.sum()), goal.business.customers(segments.floor.sum())
        if won + segments.gain.sum() <= _NOBODY:
            return None  # nobody comes for any spend in the box, so there is no CAC
        cac = self._cac or float((outlay + segments.width.sum()) / (won + segments.gain.sum()))
        best: Array | None = None
        for _ in range(_STEPS):
            solved = maximised(cac * segments.gain - segments.width, matrix, room)
            if solved is None:
                return None
            filled, prices = solved
            brought = won + filled @ segments.gain
            if brought <= _NOBODY:  # nothing pays at this CAC: it is too low, or the last one was the lowest
                if best is not None:
                    filled = best
                    break
                cac *= _DEARER
                continue
            best, reached = filled, (outlay + filled @ segments.width) / brought
            if abs(reached - cac) <= 1e-11 * cac:
                break
            cac = float(reached)
        if best is None:
            return None  # rows allow no spend that brings anybody
        self._cac = cac
        # prices are exact to some digits only: step down from the CAC until the dual bound proves the figure
        bound = cac
        for slack in (1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0):
            bound = cac * (1 - slack)
            best = bound * won - outlay + lagrangian(bound * segments.gain - segments.width, matrix, room, prices)
            if best <= 0:
                break
        return _relaxed(-bound, segments, filled)


def _relaxed(score: float, segments: Envelopes, filled: Array) -> Relaxed:
    owner, size = segments.owner, len(segments.start)
    return Relaxed(
        score,
        segments.start + np.bincount(owner, filled * segments.width, minlength=size),
        segments.floor + np.bincount(owner, filled * segments.gain, minlength=size),
    )


def lagrangian(gain: Array, matrix: Array, room: Array, prices: Array) -> float:
    """The most that gain - prices @ (matrix @ z - room) reaches over 0 <= z <= 1: above the program's optimum."""
    return float(prices @ room + np.maximum(gain - prices @ matrix, 0.0).sum())


def maximised(gain: Array, matrix: Array, room: Array) -> tuple[Array, Array] | None:
    """Best z in [0, 1] with matrix @ z <= room, and the rows' prices; None where there is none."""
    if not len(room) or not len(gain):
        return ((gain > 0).astype(float), np.zeros(len(room))) if (room >= 0).all() else None
    scale = np.abs(matrix).max(axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    count, rows = len(gain), len(room)
    entries = (matrix / scale[:, None]).T.ravel()
    columns = np.arange(0, rows * count + 1, rows), np.tile(np.arange(rows), count), entries
    solved = largest_gain(gain, columns, (np.full(rows, -np.inf), room / scale), np.ones(count), _OPTIONS)
    if solved is None:
        return None
    values, prices = solved
    return np.clip(values, 0.0, 1.0), np.maximum(prices, 0.0) / scale


_OPTIONS = {
    **QUIET,
    "presolve": "off",
    "solver": "simplex",
    "primal_feasibility_tolerance": 1e-10,
    "dual_feasibility_tolerance": 1e-10,
}
