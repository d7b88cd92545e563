"""Flights of S-shaped curves: a linear program over hulls of the weekly response to adstocked spend, as their bound.

Spend x_w becomes adstock a_t = sum_w L_tw x_w + carried_t, and adstock becomes customers season_t f(a_t). With the
hull of f in segments k of a given width and slope, and z_tk the part of segment k used in week t,

    maximise  worth sum season_t slope_k z_tk - cost sum x_w
    subject to  sum_k z_tk = a_t,  0 <= z_tk <= width_k,  0 <= x_w <= most,  rows on totals, pacing,

is a linear program that bounds every schedule. The figure returned is its Lagrangian dual at the solver's prices: any
prices of the right signs give a bound, since the box 0 <= z <= width is bounded. What is left open is the mixture:
a chord over the convex stretch lets a week be half idle and half busy, which ``switches`` forbids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from attribution.economics.cac import Business
from mmm.arrays import Array
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.highs import largest_gain
from optimizer.solvers.hulls import Hull, Tables
from optimizer.weeks.response import Response
from optimizer.weeks.schedules import Schedules

__all__ = ["FlightHulls", "Relaxed", "TotalsRow"]

sparse: Any = scipy.sparse

_ROUNDS = 4  # of sampling; the rest of the excess are chords, which sampling does not lower
_SHARP = 2e-4  # excess of hulls over curves, against all customers, that sampling still removes
_RATIO_STEPS = 12


@dataclass(frozen=True)
class TotalsRow:
    """per_spend x spend - per_customer x customers <= limit, over all channels and weeks."""

    per_spend: float
    per_customer: float
    limit: float


@dataclass(frozen=True)
class Relaxed:
    """The relaxed optimum.

    Parameters
    ----------
    score
        What worth x customers - cost x spend of no schedule exceeds.
    spend
        The relaxation's schedule, shape (channels, weeks).
    total, customers
        Its spend, and the hulls' customers there, both over all channels and weeks.
    """

    score: float
    spend: Array
    total: float
    customers: float


class FlightHulls:
    """The relaxation of a flight: hulls instead of curves, as if money could mix idle and busy weeks.

    For carryover that all draws share. The bound is the Lagrangian at the prices that HiGHS returns, clipped to their
    signs, so no tolerance enters it.

    Parameters
    ----------
    response
        Weekly curves, lag weights, season and what the past carries in.
    schedules
        The schedules allowed.
    """

    def __init__(self, response: Response, schedules: Schedules) -> None:
        self._response, self._schedules = response, schedules
        channels = len(response.curves)
        reach = [
            (m @ np.full(schedules.weeks, u)).max()
            for m, u in zip(response.mean_spreads, np.minimum(schedules.weekly_most, schedules.total_most), strict=True)
        ]
        self.ends = np.maximum(np.array(reach) + response.carried.max(axis=1), 1e-300)
        self.tables = Tables(FlatCurves(response.curves), np.zeros(channels), self.ends, np.zeros(channels))

    def best(self, worth: float, cost: float, rows: tuple[TotalsRow, ...] = ()) -> Relaxed | None:
        """The most of worth x customers - cost x spend; None where hulls cannot keep the rows.

        Hulls are sampled again where the schedule lands until sampling no longer lowers the bound.
        """
        last: Relaxed | None = None
        for _ in range(_ROUNDS):
            relaxed = self._solved(worth, cost, rows)
            if relaxed is None:
                return None
            if last is None or relaxed.score <= last.score:
                last = relaxed
            if not self._sharpened(relaxed):
                break
        return last

    def least_ratio(self, business: Business, rows: tuple[TotalsRow, ...] = ()) -> tuple[float, Array] | None:
        """A blended CAC that no schedule undercuts, and the relaxation's schedule: Dinkelbach's (1967) iteration."""
        relaxed = self._solved(1.0, 0.0, rows)
        if relaxed is None:
            return None
        ratio, spend = np.inf, relaxed.spend
        for step in range(_RATIO_STEPS):
            is_sharp = step >= _ROUNDS or not self._sharpened(relaxed)
            reached = business.outlay(relaxed.total) / max(business.customers(relaxed.customers), 1e-300)
            spend = relaxed.spend
            if is_sharp and reached >= ratio * (1 - 1e-7):
                break
            ratio = reached
            relaxed = self._solved(ratio, 1.0, rows)
            if relaxed is None:
                return None
        # the sequence ends within tolerances: step down until the dual bound proves that no schedule is cheaper
        for slack in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1):
            floor = ratio * (1 - slack)
            proof = self._solved(floor, 1.0, rows)
            if proof is not None and proof.score + business.allowance(floor) <= 0:
                return floor, spend
        return 0.0, spend

    def _hulls(self) -> list[Hull]:
        envelopes = self.tables.hulls(np.zeros(len(self.ends)), self.ends)
        return [envelopes.of(channel) for channel in range(len(self.ends))]

    def _sharpened(self, relaxed: Relaxed) -> bool:
        """Sample where hulls exceed curves and are not chords over a convex stretch; False where none is left."""
        response, wanted = self._response, []
        adstock = (
            np.array([m @ x for m, x in zip(response.mean_spreads, relaxed.spend, strict=True)]) + response.carried
        )
        for channel, hull in enumerate(self._hulls()):
            places = np.unique(np.clip(np.searchsorted(hull.spend, adstock[channel]), 1, len(hull.spend) - 1))
            for k in places.tolist():
                inside = adstock[channel][(adstock[channel] >= hull.spend[k - 1]) & (adstock[channel] <= hull.spend[k])]
                near = {float(hull.spend[k - 1]), float(hull.spend[k]), *(float(x) for x in inside[:3])}
                wanted += [(channel, x) for x in near if 0 < x < self.ends[channel]]
        before = [(hull.spend, hull.customers) for hull in self._hulls()]
        owner, points = (
            (np.array(column) for column in zip(*wanted, strict=True)) if wanted else (np.zeros(0), np.zeros(0))
        )
        if not self.tables.refine(owner.astype(np.intp), points):
            return False
        lowered = 0.0
        for channel, ((spend, customers), hull) in enumerate(zip(before, self._hulls(), strict=True)):
            here = np.clip(adstock[channel], 0.0, self.ends[channel])
            fall = np.interp(here, spend, customers) - np.interp(here, hull.spend, hull.customers)
            lowered += float(response.season @ fall)
        return lowered > _SHARP * max(relaxed.customers, 1e-300)

    def _solved(self, worth: float, cost: float, rows: tuple[TotalsRow, ...]) -> Relaxed | None:
        response, schedules = self._response, self._schedules
        channels, weeks, terms = len(response.curves), schedules.weeks, len(response.season)
        hulls = self._hulls()
        idle = float(response.past_customers.sum())
        floor = float(sum(hull.customers[0] for hull in hulls) * response.season.sum()) - idle
        paid = np.concatenate(
            (np.ones(channels * weeks), np.zeros(channels + terms * sum(len(h.width) for h in hulls)))
        )
        won = np.concatenate(
            (np.zeros(channels * (weeks + 1)), *(np.outer(response.season, hull.slope).ravel() for hull in hulls))
        )
        matrix, room, is_equal = self._rows(hulls, rows, paid, won, floor)
        upper = np.concatenate((schedules.most, *(np.tile(hull.width, terms) for hull in hulls)))
        objective = worth * won - cost * paid
        unit = schedules.unit
        scale = np.maximum(abs(matrix).max(axis=1).toarray().ravel(), 1e-300)
        scaled = sparse.csc_matrix(sparse.diags(1 / scale) @ matrix)
        limit = room / scale / unit
        ends = np.where(is_equal, limit, -np.inf), limit
        solved = largest_gain(objective, (scaled.indptr, scaled.indices, scaled.data), ends, upper / unit)
        if solved is None:
            return None
        values, prices = solved[0], solved[1] / scale
        prices = np.where(is_equal, prices, np.maximum(prices, 0.0))
        score = float(prices @ room + np.maximum(objective - prices @ matrix, 0.0) @ upper) + worth * floor
        filled = np.clip(values * unit, 0.0, upper)
        spend = filled[: channels * weeks].reshape(channels, weeks)
        return Relaxed(score, spend, float(spend.sum()), float(won @ filled) + floor)

    def _rows(
        self, hulls: list[Hull], rows: tuple[TotalsRow, ...], paid: Array, won: Array, floor: float
    ) -> tuple[Any, Array, Any]:
        """All rows over weekly spends, channel totals and hull segments; their limits; which are equalities."""
        response, schedules = self._response, self._schedules
        channels, terms = len(hulls), len(response.season)
        limited, limits = schedules.inequalities
        sums = schedules.equalities
        pieces = [sparse.kron(sparse.eye(terms), np.ones((1, len(hull.width)))) for hull in hulls]
        spreads = [-sparse.block_diag(response.mean_spreads), sparse.csr_matrix((channels * terms, channels))]
        own = [[sparse.vstack([limited, sums]), None], [sparse.hstack(spreads), sparse.block_diag(pieces)]]
        blocks = [sparse.bmat(own)]
        if rows:
            blocks.append(sparse.csr_matrix([row.per_spend * paid - row.per_customer * won for row in rows]))
        room = [limits, np.zeros(sums.shape[0]), response.carried.ravel()]
        room.append(np.array([row.limit + row.per_customer * floor for row in rows]))
        matrix, limit = sparse.csc_matrix(sparse.vstack(blocks)), np.concatenate(room)
        is_equal = np.zeros(len(limit), dtype=bool)
        is_equal[len(limits) : len(limits) + sums.shape[0]] = True
        return matrix, limit, is_equal
