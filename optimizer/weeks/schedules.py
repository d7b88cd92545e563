"""The weekly schedules allowed, and the best of them for linear and for quadratic gains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse

from attribution.errors import CacError
from mmm.arrays import Array
from optimizer.solvers.highs import largest_gain

__all__ = ["QuadraticSteps", "Schedules", "linear_best"]

sparse: Any = scipy.sparse  # its stubs know neither block matrices nor csc_matrix operators

_NEAR = 1e-7  # a Newton step need not be better than the model it maximises


@dataclass(frozen=True)
class Schedules:
    """The schedules allowed: 0 <= spend <= most per week, and rows on channel totals, and pacing.

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
    """

    weeks: int
    weekly_most: Array
    total_most: Array
    total_rows: Array
    total_limits: Array
    pace: Array

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


class QuadraticSteps:
    """Quadratic programs over the schedules, solved by Clarabel's interior-point method.

    Parameters
    ----------
    spreads
        Per channel, the matrix from weekly spend to adstocked spend, shape (weeks + lags - 1, weeks).
    schedules
        The schedules allowed.
    """

    def __init__(self, spreads: list[Array], schedules: Schedules) -> None:
        self._spread = sparse.block_diag([sparse.csr_matrix(m) for m in spreads], format="csr")
        self._schedules = schedules
        rows, limits = schedules.inequalities
        count = rows.shape[1]
        self._unit = schedules.unit
        weekly = schedules.weekly_most < schedules.total_most * (1 - 1e-12)  # else the totals' limits say it
        bounded = np.flatnonzero(np.repeat(weekly, schedules.weeks))
        upper = sparse.eye(count, format="csr")[bounded]
        self._matrix = sparse.csc_matrix(sparse.vstack([schedules.equalities, rows, -sparse.eye(count), upper]))
        zeros = np.zeros(schedules.equalities.shape[0])
        self._limits = np.concatenate((zeros, limits, np.zeros(count), schedules.most[bounded])) / self._unit
        self._equalities = len(zeros)

    def best(self, gain: Array, curvature: Array, spend: Array) -> Array:
        """Largest gain @ x + curvature / 2 (adstock of the change) ** 2 over the schedules."""
        import clarabel

        channels, weeks = gain.shape
        bends = self._spread.T @ sparse.diags(curvature.ravel()) @ self._spread
        linear = gain.ravel() - bends @ spend.ravel()
        scale = max(float(np.abs(linear).max()), 1e-300)
        floor = 1e-9 * scale / self._unit
        quadratic = sparse.block_diag(
            [floor * sparse.eye(channels * weeks) - bends, sparse.csc_matrix((channels, channels))]
        )
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = _NEAR
        cones = [clarabel.ZeroConeT(self._equalities), clarabel.NonnegativeConeT(len(self._limits) - self._equalities)]
        solver = clarabel.DefaultSolver(
            sparse.triu(quadratic * self._unit / scale, format="csc"),
            np.concatenate((-linear / scale, np.zeros(channels))),
            self._matrix,
            self._limits,
            cones,
            settings,
        )
        solution = solver.solve()
        if str(solution.status) not in ("Solved", "AlmostSolved"):
            raise CacError(f"the weekly quadratic program ended {solution.status!s}. Remedy: loosen pacing or bounds.")
        schedule = np.array(solution.x)[: channels * weeks].reshape(channels, weeks) * self._unit
        return np.clip(schedule, 0.0, self._schedules.weekly_most[:, None])
