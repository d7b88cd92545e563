"""Weeks with carryover: Newton steps as quadratic programs, and one linear program as the proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse

from attribution.errors import CacError
from mmm.curves import ResponseCurves
from optimizer.program import Array
from optimizer.solvers.bank import Bank
from optimizer.solvers.inverse import spend_scale

__all__ = ["QuadraticSteps", "Response", "Schedules", "ascended", "linear_best"]

sparse: Any = scipy.sparse  # its stubs know neither block matrices nor csc_matrix operators

_NUDGE = 1e-4
_FLOOR = 1e-6
_TAME = 0.05
_STEPS = 40
_LOOKS = 200


@dataclass(frozen=True)
class _Bends:
    """Concave curves that lie below S-shaped ones and touch them at one schedule.

    A curve that turns concave at z is its tangent at z, continued to the left, plus a convex rest that is zero from z
    on. A line under the rest leaves a concave curve.

    Parameters
    ----------
    start
        Adstock from which each curve is concave, shape (channels, 1).
    base, slope
        Height and slope of the lines under the rests, shape (channels, weeks + lags - 1).
    """

    start: Array
    base: Array
    slope: Array


@dataclass(frozen=True)
class Response:
    """Expected customers of weekly spends, through carryover and weekly curves.

    Parameters
    ----------
    curves
        Weekly curves of adstocked spend.
    weights
        Lag weights per channel, each of shape (lags,) or (lags, draws).
    season
        Value of a week's response against a plain week's, shape (weeks + lags - 1,).
    carried
        Adstocked spend that the past carries into each week, by channel, shape (channels, weeks + lags - 1).
    bends
        Where given, concave curves stand for S-shaped ones.
    """

    curves: ResponseCurves
    weights: tuple[Array, ...]
    season: Array
    carried: Array
    bends: _Bends | None = None

    @property
    def weeks(self) -> int:
        """Weeks of the horizon, without the tail in which its spend still works."""
        return len(self.season) - self.lags + 1

    @property
    def lags(self) -> int:
        """Weeks over which spend works, its own included."""
        return max(len(weight) for weight in self.weights)

    @cached_property
    def is_shared(self) -> bool:
        """Whether all draws have the same carryover, so that curves can be averaged first."""
        return all(weight.ndim == 1 for weight in self.weights)

    @cached_property
    def _bank(self) -> Bank:
        return Bank(self.curves)

    @cached_property
    def _spreads(self) -> list[Array]:
        """Per channel, the matrix from weekly spend to adstocked spend: (weeks + lags - 1, weeks[, draws])."""
        matrices = []
        for weight in self.weights:
            matrix = np.zeros((len(self.season), self.weeks, *weight.shape[1:]))
            for week in range(self.weeks):
                matrix[week : week + len(weight), week] = weight
            matrices.append(matrix)
        return matrices

    @cached_property
    def mean_spreads(self) -> list[Array]:
        """The same with lag weights averaged over draws."""
        return [matrix if matrix.ndim == 2 else matrix.mean(axis=2) for matrix in self._spreads]

    @cached_property
    def _floor(self) -> Array:
        """Adstocked spend below which tangents stand for the curves, whose slopes at zero may be infinite."""
        return _FLOOR * self.scales

    @cached_property
    def scales(self) -> Array:
        """Adstocked weekly spend at which each curve is well under way, shape (channels, 1)."""
        return np.array([[spend_scale(curve)] for curve in self.curves.values()])

    @cached_property
    def past_customers(self) -> Array:
        """Expected customers per channel and week that past spend brings on its own."""
        return replace(self, bends=None)._values(np.zeros((len(self.curves), self.weeks)))

    def customers(self, spend: Array) -> Array:
        """Expected customers per channel and week, tail included, beyond what the past alone would bring."""
        return self._values(spend) - self.past_customers

    def tangent(self, spend: Array) -> tuple[float, Array]:
        """Height at ``spend`` and gradient, shape (channels, weeks), of a plane above the customers of all schedules.

        For concave curves. Below a millionth of its scale a curve is replaced by its tangent there.
        """
        if self.is_shared:
            adstock = self._adstock(spend)
            raised = np.maximum(adstock, self._floor)
            value, slope = self._means(raised)
            heights = (value + slope * (adstock - raised)) * self.season
            gradient = np.array([m.T @ s for m, s in zip(self._spreads, slope * self.season, strict=True)])
            return float(heights.sum() - self.past_customers.sum()), gradient
        height, rows = -float(self.past_customers.sum()), []
        for index, matrix in enumerate(self._spreads):
            adstock = self._draws(index, spend[index])
            raised = np.maximum(adstock, self._floor[index])
            value, slope = self._kernel(index, raised)
            height += float(self.season @ (value + slope * (adstock - raised)).mean(axis=1))
            pull = slope * self.season[:, None] / slope.shape[1]
            rows.append(matrix.T @ pull.sum(axis=1) if matrix.ndim == 2 else np.einsum("twd,td->w", matrix, pull))
        return height, np.array(rows)

    def curvature(self, spend: Array) -> Array:
        """Second derivative in each week's mean adstock, shape (channels, weeks + lags - 1), at most zero.

        Tamed near zero, where curves of infinite slope would hold every step back.
        """
        adstock = np.array([m @ x for m, x in zip(self.mean_spreads, spend, strict=True)]) + self.carried
        here = np.maximum(adstock, self._floor)
        if self.bends is not None:
            here = np.maximum(here, self.bends.start)
        slope, ahead = self._plain(here)[1], self._plain(here * (1 + _NUDGE))[1]
        bend = (ahead - slope) / (here * _NUDGE)
        if self.bends is not None:
            bend = np.where(adstock < self.bends.start, 0.0, bend)
        return np.asarray(np.clip(bend, -slope / (_TAME * self.scales), 0.0) * self.season)

    def touching(self, spend: Array) -> Response:
        """The response with concave curves in place of S-shaped ones: never above them, and equal at ``spend``.

        Maximising it, and touching anew where that leads, climbs by the concave-convex procedure (Yuille and
        Rangarajan, 2003). For carryover that all draws share.
        """
        start = self._turns
        adstock = self._adstock(spend)
        raised = np.maximum(start, self._floor)  # slopes at zero may be infinite
        at = self._plain(np.maximum(adstock, self._floor))
        top = self._plain(np.broadcast_to(raised, adstock.shape))
        is_left = adstock < start
        slope = np.where(is_left, at[1] - top[1], 0.0)
        rest = np.where(is_left, at[0] - top[0] - top[1] * (np.maximum(adstock, self._floor) - start), 0.0)
        return replace(self, bends=_Bends(start, rest - slope * adstock, slope))

    @cached_property
    def _turns(self) -> Array:
        """Adstock at which each expected curve is steepest, shape (channels, 1); 0 where it is concave throughout."""
        grid = self.scales * np.geomspace(1e-3, 30, _LOOKS)
        owner = np.repeat(np.arange(len(grid)), _LOOKS)
        slope = self._bank.mean_and_slope(owner, grid.ravel())[1].reshape(grid.shape)
        best = np.argmax(slope, axis=1)
        bends = np.array([float(np.max(curve.inflection)) > 0 for curve in self.curves.values()])
        return np.where(bends & (best > 0), grid[np.arange(len(grid)), best], 0.0)[:, None]

    def _means(self, adstock: Array) -> tuple[Array, Array]:
        bends = self.bends
        if bends is None:
            return self._plain(adstock)
        value, slope = self._plain(np.maximum(adstock, bends.start))
        left = np.minimum(adstock - bends.start, 0.0)
        tangent = np.where(left < 0, slope * left, 0.0)
        return value + tangent + bends.base + bends.slope * adstock, slope + bends.slope

    def _plain(self, adstock: Array) -> tuple[Array, Array]:
        owner = np.repeat(np.arange(len(adstock)), adstock.shape[1])
        value, slope = self._bank.mean_and_slope(owner, adstock.ravel())
        return value.reshape(adstock.shape), slope.reshape(adstock.shape)

    def _adstock(self, spend: Array) -> Array:
        return np.array([m @ x for m, x in zip(self._spreads, spend, strict=True)]) + self.carried

    def _values(self, spend: Array) -> Array:
        if self.is_shared:
            return self._means(self._adstock(spend))[0] * self.season
        values = [self._kernel(index, self._draws(index, spend[index]))[0] for index in range(len(spend))]
        return np.array([value.mean(axis=1) for value in values]) * self.season

    def _draws(self, index: int, spend: Array) -> Array:
        """Adstock of one channel by week and draw."""
        adstock = np.tensordot(self._spreads[index], spend, axes=([1], [0]))
        return np.asarray((adstock if adstock.ndim == 2 else adstock[:, None]) + self.carried[index][:, None])

    def _kernel(self, index: int, adstock: Array) -> tuple[Array, Array]:
        return list(self.curves.values())[index].at_draws(adstock)


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

    def excess(self, spend: Array) -> float:
        """By how much the worst row is exceeded, against the largest amounts at play."""
        rows, limits = self.inequalities
        variables = np.concatenate((spend.ravel(), spend.sum(axis=1)))
        return float((rows @ variables - limits).max(initial=0.0)) / self.unit


def linear_best(schedules: Schedules, gain: Array) -> tuple[Array, float] | None:
    """The schedule of largest linear gain, and a bound on the gain of all schedules; None where there is no schedule.

    The bound is the Lagrangian at the row prices that HiGHS returns, which holds for any prices of the right sign.
    """
    import highspy

    rows, limits = schedules.inequalities
    sums = schedules.equalities
    matrix = sparse.csc_matrix(sparse.vstack([rows, sums]))
    unit, worth = schedules.unit, max(float(np.abs(gain).max()), 1e-300)
    count = matrix.shape[1]
    cost = np.concatenate((gain.ravel(), np.zeros(len(schedules.weekly_most))))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, matrix.shape[0]
    model.col_cost_ = -cost / worth
    model.col_lower_, model.col_upper_ = np.zeros(count), schedules.most / unit
    model.row_lower_ = np.concatenate((np.full(len(limits), -np.inf), np.zeros(sums.shape[0])))
    model.row_upper_ = np.concatenate((limits / unit, np.zeros(sums.shape[0])))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    prices = -np.array(solution.row_dual) * worth
    prices[: len(limits)] = np.maximum(prices[: len(limits)], 0.0)
    bound = float(prices[: len(limits)] @ limits + np.maximum(cost - prices @ matrix, 0.0) @ schedules.most)
    spend = np.clip(np.array(solution.col_value)[: gain.size] * unit, 0.0, None)
    return spend.reshape(gain.shape), bound


def ascended(response: Response, schedules: Schedules, price: float, start: Array, gap: float) -> tuple[Array, float]:
    """The schedule that maximises price x customers - spend, or customers alone for an infinite price.

    Newton's method: each step maximises a quadratic model, separable in adstocked spend, over all schedules. A line
    search keeps every step uphill, so that S-shaped curves end in a local optimum.

    Returns
    -------
    The schedule, and a bound on the objective over all schedules where the curves are concave.
    """
    worth, cost = (1.0, 0.0) if np.isinf(price) else (price, 1.0)

    def reached(spend: Array) -> float:
        return float(worth * response.customers(spend).sum() - cost * spend.sum())

    spend, value, bound = start, reached(start), np.inf
    solver = QuadraticSteps(response, schedules)
    for _ in range(_STEPS):
        height, slope = response.tangent(spend)
        gain = worth * slope - cost
        target = solver.best(gain, worth * response.curvature(spend), spend)
        promised = float((gain * (target - spend)).sum())
        before = value
        moved, value = _uphill(reached, spend, target, value)
        if min(promised, value - before) <= gap * abs(value):  # near the top: ask for the proof
            height, slope = response.tangent(moved)
            gain = worth * slope - cost
            found = linear_best(schedules, gain)
            if found is None:
                return moved, -np.inf
            bound = min(bound, worth * height - cost * float(moved.sum()) + found[1] - float((gain * moved).sum()))
            if bound - value <= gap * max(abs(value), 1e-300) or value <= before + 1e-12 * abs(value):
                spend = moved
                break
        spend = moved
    return spend, max(bound, value)


def _uphill(reached: Callable[[Array], float], spend: Array, target: Array, value: float) -> tuple[Array, float]:
    step = 1.0
    for _ in range(12):
        option = spend + step * (target - spend)
        moved = float(reached(option))
        if moved > value:
            return option, moved
        step /= 2
    return spend, value


class QuadraticSteps:
    """Quadratic programs over the schedules, solved by Clarabel's interior-point method."""

    def __init__(self, response: Response, schedules: Schedules) -> None:
        self._spreads = response.mean_spreads
        self._schedules = schedules
        rows, limits = schedules.inequalities
        count = rows.shape[1]
        self._unit = schedules.unit
        bounded = np.flatnonzero(np.isfinite(schedules.most))
        upper = sparse.eye(count, format="csr")[bounded]
        self._matrix = sparse.csc_matrix(sparse.vstack([schedules.equalities, rows, -sparse.eye(count), upper]))
        zeros = np.zeros(schedules.equalities.shape[0])
        self._limits = np.concatenate((zeros, limits, np.zeros(count), schedules.most[bounded])) / self._unit
        self._equalities = len(zeros)

    def best(self, gain: Array, curvature: Array, spend: Array) -> Array:
        """Largest gain @ x + curvature / 2 (adstock of the change) ** 2 over the schedules."""
        import clarabel

        channels, weeks = gain.shape
        blocks = [m.T @ (h[:, None] * m) for m, h in zip(self._spreads, curvature, strict=True)]
        linear = np.array([g - block @ x for g, block, x in zip(gain, blocks, spend, strict=True)]).ravel()
        scale = max(float(np.abs(linear).max()), 1e-300)
        floor = -1e-9 * scale / self._unit
        quadratic = sparse.block_diag(
            [*(block + floor * np.eye(weeks) for block in blocks), sparse.csc_matrix((channels, channels))]
        )
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        cones = [clarabel.ZeroConeT(self._equalities), clarabel.NonnegativeConeT(len(self._limits) - self._equalities)]
        solver = clarabel.DefaultSolver(
            sparse.triu(-quadratic * self._unit / scale, format="csc"),
            np.concatenate((-linear / scale, np.zeros(channels))),
            self._matrix,
            self._limits,
            cones,
            settings,
        )
        solution = solver.solve()
        if str(solution.status) not in ("Solved", "AlmostSolved"):
            raise CacError(f"the weekly quadratic program ended {solution.status!s}. Remedy: loosen pacing or bounds.")
        found = np.array(solution.x)[: channels * weeks].reshape(channels, weeks) * self._unit
        return np.clip(found, 0.0, self._schedules.weekly_most[:, None])
