"""The weekly schedules allowed, and the best of them for linear and for quadratic gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse

from attribution.errors import CacError
from mmm.arrays import Array
from optimizer.solvers.highs import largest_gain
from optimizer.weeks.cells import Cells

__all__ = ["QuadraticSteps", "Schedules", "linear_best", "nearest"]

sparse: Any = scipy.sparse  # its stubs know neither block matrices nor csc_matrix operators

_NEAR = 1e-7  # a Newton step need not be better than the model it maximises


@dataclass(frozen=True)
class Schedules:
    """The schedules allowed: 0 <= spend <= most per week, rows on channel totals, pacing, and limits of single weeks.

    Parameters
    ----------
    weeks
        Number of weeks.
    weekly_most
        Most per channel and week, shape (channels,).
    total_most
        Most per channel in all, shape (channels,).
    total_rows, total_limits
        Rows on the channels' totals: total_rows @ totals <= total_limits.
    pace
        Largest change between weeks as a share of a channel's average week, shape (channels,); infinite for none.
    cells
        Limits of single weeks; None for none.
    """

    weeks: int
    weekly_most: Array
    total_most: Array
    total_rows: Array
    total_limits: Array
    pace: Array
    cells: Cells | None = None

    @cached_property
    def most(self) -> Array:
        """Upper ends of all variables: weekly spends channel by channel, then channel totals."""
        return np.concatenate((np.repeat(self.weekly_most, self.weeks), self.total_most))

    @cached_property
    def unit(self) -> float:
        """A typical weekly amount, in which solvers count."""
        return max(float(self.total_most.max()) / self.weeks, 1e-300)

    @cached_property
    def inequalities(self) -> tuple[Any, Array]:
        """Rows and limits over all variables."""
        rows, limits = self._shared_rows
        if self.cells is None:
            return rows, limits
        # boxes of cells as rows: few of them say more than zero and the channel's most
        cells, each = self.cells, sparse.eye(self.cells.least.size, format="csr")
        low, high = np.flatnonzero(cells.least > 0), np.flatnonzero(cells.most < self.weekly_most[:, None])
        own = sparse.vstack([cells.rows, -each[low], each[high]])
        own = sparse.hstack([own, sparse.csr_matrix((own.shape[0], len(self.weekly_most)))])
        ends = np.concatenate((limits, cells.limits, -cells.least.ravel()[low], cells.most.ravel()[high]))
        return sparse.csc_matrix(sparse.vstack([rows, own])), ends

    @cached_property
    def cell_rows(self) -> tuple[Any, Array]:
        """Rows and limits over single weeks alone: totals written as sums of their weeks, boxes left out."""
        rows, limits = self._shared_rows
        size = len(self.weekly_most) * self.weeks
        sums = sparse.kron(sparse.eye(len(self.weekly_most)), np.ones((1, self.weeks)))
        own, ends = (sparse.csr_matrix((0, size)), np.zeros(0))
        if self.cells is not None:
            own, ends = self.cells.rows, self.cells.limits
        return sparse.csr_matrix(sparse.vstack([rows[:, :size] + rows[:, size:] @ sums, own])), np.r_[limits, ends]

    @cached_property
    def _shared_rows(self) -> tuple[Any, Array]:
        """Rows on totals, and pacing against the average week."""
        channels, weeks = len(self.weekly_most), self.weeks
        blocks = [sparse.hstack([sparse.csr_matrix((len(self.total_rows), channels * weeks)), self.total_rows])]
        limits = [self.total_limits]
        paced = np.flatnonzero(np.isfinite(self.pace))
        if len(paced) and weeks > 1:
            step = sparse.diags([-np.ones(weeks - 1), np.ones(weeks - 1)], [0, 1], shape=(weeks - 1, weeks))
            pick = sparse.csr_matrix((np.ones(len(paced)), (np.arange(len(paced)), paced)), (len(paced), channels))
            moves = sparse.kron(pick, step)
            allowed = sparse.kron(pick.multiply(self.pace / weeks), np.ones((weeks - 1, 1)))
            blocks += [sparse.hstack([moves, -allowed]), sparse.hstack([-moves, -allowed])]
            limits += [np.zeros(2 * len(paced) * (weeks - 1))]
        return sparse.csc_matrix(sparse.vstack(blocks)), np.concatenate(limits)

    @cached_property
    def equalities(self) -> Any:
        """Totals are the sums of their weeks."""
        channels = len(self.weekly_most)
        sums = sparse.kron(sparse.eye(channels), np.ones((1, self.weeks)))
        return sparse.csc_matrix(sparse.hstack([sums, -sparse.eye(channels)]))


def linear_best(schedules: Schedules, gain: Array) -> tuple[Array, float] | None:
    """The schedule of largest linear gain, and a bound on the gain of all schedules; None where there is no schedule.

    The bound is the Lagrangian at the row prices that HiGHS returns, which holds for any prices of the right sign.
    """
    rows, limits = schedules.inequalities
    sums = schedules.equalities
    matrix = sparse.csc_matrix(sparse.vstack([rows, sums]))
    unit, free = schedules.unit, np.zeros(sums.shape[0])
    cost = np.concatenate((gain.ravel(), np.zeros(len(schedules.weekly_most))))
    ends = np.concatenate((np.full(len(limits), -np.inf), free)), np.concatenate((limits / unit, free))
    solved = largest_gain(cost, (matrix.indptr, matrix.indices, matrix.data), ends, schedules.most / unit)
    if solved is None:
        return None
    values, prices = solved
    prices[: len(limits)] = np.maximum(prices[: len(limits)], 0.0)
    bound = float(prices[: len(limits)] @ limits + np.maximum(cost - prices @ matrix, 0.0) @ schedules.most)
    spend = np.clip(values[: gain.size] * unit, 0.0, None)
    return spend.reshape(gain.shape), bound


def nearest(schedules: Schedules, spend: Array) -> Array:
    """The schedule allowed that is nearest to a spend of shape (channels, weeks), by least squares."""
    steps = QuadraticSteps([np.eye(schedules.weeks)] * len(spend), schedules)
    return steps.best(np.zeros_like(spend), -np.ones_like(spend), spend)


class QuadraticSteps:
    """Quadratic programs over the schedules, solved by Clarabel's interior-point method.

    Parameters
    ----------
    spreads
        Per channel, the matrix from weekly spend to adstocked spend, shape (weeks + lags - 1, weeks).
    schedules
        The schedules allowed.
    """

    def __init__(self, spreads: Sequence[Array], schedules: Schedules) -> None:
        self.schedules = schedules
        self._spreads = np.stack(spreads)
        touch = np.abs(self._spreads)
        # weeks of a channel that meet in some week's adstock; of symmetric blocks solvers take the upper halves
        meet = np.triu((touch.transpose(0, 2, 1) @ touch > 0) | np.eye(schedules.weeks, dtype=bool))
        self._meet = tuple(meet.transpose(0, 2, 1).nonzero())
        self._solver: Any = None

    @cached_property
    def _constraints(self) -> tuple[Any, Array, int]:
        """Matrix and limits of all constraints, and how many of them are equalities."""
        schedules = self.schedules
        rows, limits = schedules.inequalities
        count = rows.shape[1]
        weekly = schedules.weekly_most < schedules.total_most * (1 - 1e-12)  # else the totals' limits say it
        bounded = np.flatnonzero(np.repeat(weekly, schedules.weeks))
        upper = sparse.eye(count, format="csr")[bounded]
        matrix = sparse.csc_matrix(sparse.vstack([schedules.equalities, rows, -sparse.eye(count), upper]))
        zeros = np.zeros(schedules.equalities.shape[0])
        ends = np.concatenate((zeros, limits, np.zeros(count), schedules.most[bounded]))
        return matrix, ends / schedules.unit, len(zeros)

    def best(self, gain: Array, curvature: Array, spend: Array) -> Array:
        """Largest gain @ x + curvature / 2 (adstock of the change) ** 2 over the schedules."""
        channels, weeks = gain.shape
        unit, spreads = self.schedules.unit, self._spreads
        bends = spreads.transpose(0, 2, 1) @ (curvature[:, :, None] * spreads)
        linear = gain - (bends @ spend[:, :, None])[:, :, 0]
        scale = max(float(np.abs(linear).max()), 1e-300)
        quadratic = -bends * (unit / scale)
        quadratic[:, range(weeks), range(weeks)] += 1e-9
        channel, column, row = self._meet
        solution = self._solved(quadratic[channel, row, column], np.r_[-linear.ravel() / scale, np.zeros(channels)])
        if str(solution.status) not in ("Solved", "AlmostSolved"):
            raise CacError(f"the weekly quadratic program ended {solution.status!s}. Remedy: loosen pacing or bounds.")
        schedule = np.array(solution.x)[: channels * weeks].reshape(channels, weeks) * unit
        return np.clip(schedule, 0.0, self.schedules.weekly_most[:, None])

    def _solved(self, quadratic: Array, linear: Array) -> Any:
        """Solve for entries of the quadratic part and for a linear one; what only the constraints say is kept."""
        import clarabel

        if self._solver is not None:
            self._solver.update(P=quadratic, q=linear)
            return self._solver.solve()
        matrix, limits, equalities = self._constraints
        channel, column, row = self._meet
        first = channel * self.schedules.weeks
        square = sparse.csc_matrix((quadratic, (first + row, first + column)), (len(linear), len(linear)))
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.presolve_enable = False  # which would forbid updates
        settings.tol_gap_abs = settings.tol_gap_rel = _NEAR
        cones = [clarabel.ZeroConeT(equalities), clarabel.NonnegativeConeT(len(limits) - equalities)]
        self._solver = clarabel.DefaultSolver(square, linear, matrix, limits, cones, settings)
        return self._solver.solve()
