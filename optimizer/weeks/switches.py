"""Flights of S-shaped curves: a mixed-integer program that moves from piece to piece of each curve, as their bound.

Each curve is covered by runs r of concave hulls on neighbouring intervals. With segments z_k in [0, 1] of the runs, in
order, and a switch s_j in {0, 1} at each joint j of one run and the next,

    z_k >= s_j for every k of run j,    z_k <= s_j for every k of run j + 1,

a run is full before the next one begins: the incremental form of piecewise linear functions (Markowitz and Manne,
1957), which lies on the curve's runs and never on a mixture of two. Within a run slopes fall, so no further switches
are needed. The program is otherwise that of ``response_hulls``; its bound is what HiGHS's branch and cut proves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from mmm.arrays import Array
from optimizer.solvers.flat_curves import Index
from optimizer.solvers.highs import QUIET, loaded
from optimizer.solvers.hulls import Tables
from optimizer.weeks.response import Response
from optimizer.weeks.response_hulls import Relaxed, TotalsRow
from optimizer.weeks.schedules import Schedules

__all__ = ["FlightSwitches"]

sparse: Any = scipy.sparse

_BORDERS = np.array([0.25, 0.5, 0.75, 1.0])  # where pieces of a convex stretch end, as shares of it
_BEYOND = 1.35 ** np.arange(1, 12)  # where the concave stretch is sampled, against its start
_LEARNT = 4  # borders added per channel and program: more make each program slower than they make it tighter
_TOLERANCE = 1e-9
_MARGIN = 1e-6  # of all that any week may bring: a thousand times what the tolerances can hide


@dataclass(frozen=True)
class _Pieces:
    """One channel's curve as concave runs, one after the other.

    Parameters
    ----------
    start, width, gain
        Adstock at which each segment starts, its width and its customers, shape (segments,).
    run
        The run to which each segment belongs, rising from 0.
    """

    start: Array
    width: Array
    gain: Array
    run: Index

    @property
    def joints(self) -> int:
        """Places at which one run ends and the next begins."""
        return int(self.run[-1])

    @property
    def order(self) -> tuple[Any, Any]:
        """Rows that hold at most 0, over segments and switches: a run is full before the next one starts."""
        before, after = [], []
        for joint in range(self.joints):
            before += [(joint, k, -1.0) for k in np.flatnonzero(self.run == joint)]
            after += [(joint, k, 1.0) for k in np.flatnonzero(self.run == joint + 1)]
        entries = before + after
        rows = np.arange(len(entries))
        signs = np.array([sign for _, _, sign in entries])
        of_segments = (rows, [k for _, k, _ in entries])
        of_switches = (rows, [joint for joint, _, _ in entries])
        count = len(entries)
        return (
            sparse.csr_matrix((signs, of_segments), (count, len(self.run))),
            sparse.csr_matrix((-signs, of_switches), (count, self.joints)),
        )


class FlightSwitches:
    """The relaxation of a flight in which a week is on one piece of its curve, not on a mixture of two.

    Curves are covered by concave hulls on consecutive intervals, so only the width of the intervals is relaxed. HiGHS
    bounds the program by branch and cut with tolerances of 1e-9, and a margin well beyond what they can hide is added.

    Parameters
    ----------
    response, schedules
        Weekly curves, lag weights, season, what the past carries in; the schedules allowed.
    tables
        Samples of the curves, up to the adstock that each channel may reach.
    ends
        That adstock, shape (channels,).
    """

    def __init__(self, response: Response, schedules: Schedules, tables: Tables, ends: Array) -> None:
        self._response, self._schedules, self._tables, self._ends = response, schedules, tables, ends
        weekly = np.minimum(schedules.weekly_most, schedules.total_most)
        most = [m @ np.full(schedules.weeks, u) for m, u in zip(response.mean_spreads, weekly, strict=True)]
        self._reach = np.array(most) + response.carried
        self._turns = np.minimum(response.turns[:, 0], ends)
        self._borders = [
            turn * _BORDERS[turn * _BORDERS < end * (turn > 0)] for turn, end in zip(self._turns, ends, strict=True)
        ]

    def best(
        self, worth: float, cost: float, rows: tuple[TotalsRow, ...], start: Array, gap: float, seconds: float
    ) -> Relaxed | None:
        """The most of worth x customers - cost x spend, from a schedule that keeps the rows; None without a bound.

        Asked again, it is tighter: pieces end where the schedule before lay furthest above its curves.
        """
        import highspy

        response, schedules = self._response, self._schedules
        adstock = response.adstock(start)
        self._sampled(adstock)
        pieces = self._pieces()
        channels, weeks, terms = len(pieces), schedules.weeks, len(response.season)
        switches = sum(p.joints for p in pieces) * terms
        idle = float(response.idle_customers.sum())
        floor = float(self._floor @ np.full(channels, response.season.sum())) - idle
        paid = np.concatenate(
            (np.ones(channels * weeks), np.zeros(channels + terms * sum(len(p.run) for p in pieces) + switches))
        )
        won = np.concatenate(
            (
                np.zeros(channels * (weeks + 1)),
                *(np.outer(response.season, p.gain).ravel() for p in pieces),
                np.zeros(switches),
            )
        )
        unit = schedules.unit
        matrix, lower, limit = self._rows(pieces, rows, paid * unit, won, floor)
        # the largest coefficient becomes one, as tolerances of the solver are absolute
        objective = worth * won - cost * paid * unit
        size = max(float(np.abs(objective).max()), 1e-300)
        # segments that start beyond what a week's adstock can reach stay closed, and their switches with them
        open_ = [self._reach[c][:, None] > p.start for c, p in enumerate(pieces)]
        joint_open = [
            self._reach[c][:, None] > p.start[np.flatnonzero(np.diff(p.run)) + 1] for c, p in enumerate(pieces)
        ]
        reachable = np.concatenate([mask.ravel() for mask in (*open_, *joint_open)]).astype(float)
        most = np.concatenate((schedules.most / unit, reachable))
        columns = matrix.indptr, matrix.indices, matrix.data
        options = {**_OPTIONS, "time_limit": max(seconds, 0.1), "mip_rel_gap": gap}
        solver = loaded(-objective / size, columns, (lower, limit), most, options, whole=switches)
        guess = highspy.HighsSolution()
        guess.col_value = self._filled(pieces, start, adstock, unit).tolist()
        solver.setSolution(guess)
        solver.run()
        bound = -float(solver.getInfo().mip_dual_bound) * size
        if not np.isfinite(bound):
            return None
        margin = _MARGIN * (worth * float(won.sum()) + cost * float(schedules.total_most.sum()))
        values = np.array(solver.getSolution().col_value)
        spend = start
        if len(values) == len(objective):
            spend = np.clip(values[: channels * weeks] * unit, 0.0, None).reshape(channels, weeks)
            self._learnt(pieces, np.minimum(response.adstock(spend), self._ends[:, None]))
        return Relaxed(bound + worth * floor + margin, spend, float(spend.sum()), 0.0)

    def _sampled(self, adstock: Array) -> None:
        """Sample the concave stretches, and all curves where a schedule works."""
        owner, points = [], []
        for channel, (turn, end) in enumerate(zip(self._turns, self._ends, strict=True)):
            used = np.unique(adstock[channel].round(-int(np.floor(np.log10(end))) + 3))
            near = used[np.linspace(0, len(used) - 1, min(len(used), 8)).astype(int)]
            mine = np.concatenate((turn * _BEYOND, near))
            mine = mine[(mine > 0) & (mine < end)]
            owner.append(np.full(len(mine), channel))
            points.append(mine)
        self._tables.refine(np.concatenate(owner), np.concatenate(points))

    def _pieces(self) -> list[_Pieces]:
        """The curves' concave runs, one between each two borders."""
        everyone = np.arange(len(self._ends))
        pieces: list[list[Array]] = [[] for _ in everyone]
        starts = np.zeros(len(everyone))
        for step in range(max(len(borders) for borders in self._borders) + 1):
            stops = np.array([b[step] if step < len(b) else e for b, e in zip(self._borders, self._ends, strict=True)])
            stops = self._tables.sampled_at(everyone, stops)
            hulls = self._tables.hulls(starts, stops)
            if step == 0:
                self._floor = hulls.floor
            for channel in np.flatnonzero(stops > starts).tolist():
                hull = hulls.of(channel)
                run = np.full(len(hull.width), step)
                pieces[channel].append(np.array([hull.spend[:-1], hull.width, np.diff(hull.customers), run]))
            starts = stops
        joined = [np.concatenate(parts, axis=1) for parts in pieces]
        return [_Pieces(p[0], p[1], p[2], p[3].astype(np.intp)) for p in joined]

    def _learnt(self, pieces: list[_Pieces], adstock: Array) -> None:
        """New borders and samples where the pieces lie furthest above their curves."""
        true = self._response.plain(adstock)
        for channel, (p, reached) in enumerate(zip(pieces, adstock, strict=True)):
            corners = np.concatenate((p.start, [self._ends[channel]]))
            heights = self._floor[channel] + np.concatenate(([0.0], np.cumsum(p.gain)))
            excess = (np.interp(reached, corners, heights) - true[channel]) * self._response.season
            worst = np.argsort(-excess)[:_LEARNT]
            points = np.unique(reached[worst[excess[worst] > 1e-4 * excess.sum()]])
            points = points[(points > 0) & (points < self._ends[channel])]
            self._tables.refine(np.full(len(points), channel), points)
            known = np.concatenate((self._borders[channel], points[points < self._turns[channel]]))
            self._borders[channel] = _apart(np.sort(known), 1e-3 * self._turns[channel])

    def _rows(
        self, pieces: list[_Pieces], rows: tuple[TotalsRow, ...], paid: Array, won: Array, floor: float
    ) -> tuple[Any, Array, Array]:
        """All scaled rows over weekly spends and totals in units, segments and switches; with their limits."""
        response, schedules = self._response, self._schedules
        channels, terms, unit = len(pieces), len(response.season), schedules.unit
        limited, limits = schedules.inequalities
        sums = schedules.equalities
        alike = sparse.eye(terms)
        widths = sparse.block_diag([sparse.kron(alike, p.width[None, :] / unit) for p in pieces])
        orders = [p.order for p in pieces]
        segments = sparse.block_diag([sparse.kron(alike, order[0]) for order in orders])
        switches = sparse.block_diag([sparse.kron(alike, order[1]) for order in orders])
        spreads = sparse.block_diag([sparse.csr_matrix(m) for m in response.mean_spreads])
        spread = sparse.hstack([-spreads, sparse.csr_matrix((channels * terms, channels))])
        matrix = sparse.bmat(
            [[sparse.vstack([limited, sums]), None, None], [spread, widths, None], [None, segments, switches]]
        )
        limit = np.concatenate(
            (limits / unit, np.zeros(sums.shape[0]), response.carried.ravel() / unit, np.zeros(segments.shape[0]))
        )
        lower = np.full(len(limit), -np.inf)
        lower[len(limits) : len(limits) + sums.shape[0]] = 0.0
        if rows:
            extra = np.array([row.per_spend * paid - row.per_customer * won for row in rows])
            room = np.array([row.limit + row.per_customer * floor for row in rows])
            scale = np.abs(extra).max(axis=1)
            matrix = sparse.vstack([matrix, sparse.csr_matrix(extra / scale[:, None])])
            limit, lower = np.concatenate((limit, room / scale)), np.concatenate((lower, np.full(len(rows), -np.inf)))
        return sparse.csc_matrix(matrix), lower, limit

    def _filled(self, pieces: list[_Pieces], spend: Array, adstock: Array, unit: float) -> Array:
        """The variables of a schedule."""
        segments, switches = [], []
        for row, p in zip(adstock, pieces, strict=True):
            segments.append(np.clip((row[:, None] - p.start) / p.width, 0.0, 1.0).ravel())
            switches.append((row[:, None] >= p.start[np.flatnonzero(np.diff(p.run)) + 1]).astype(float).ravel())
        return np.concatenate((spend.ravel() / unit, spend.sum(axis=1) / unit, *segments, *switches))


def _apart(points: Array, distance: float) -> Array:
    """Ascending points without those that follow another too closely."""
    kept: list[float] = []
    for point in points.tolist():
        if not kept or point - kept[-1] > distance:
            kept.append(point)
    return np.array(kept)


_OPTIONS = {
    **QUIET,
    "random_seed": 0,
    "mip_heuristic_effort": 0.0,
    "mip_feasibility_tolerance": _TOLERANCE,
    "primal_feasibility_tolerance": _TOLERANCE,
    "dual_feasibility_tolerance": _TOLERANCE,
}
