"""Expected customers of weekly spends: carryover, season and weekly curves, with their tangents and curvature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.scales import spend_scales

__all__ = ["Response"]

_NUDGE = 1e-4
_FLOOR = 1e-6
_TAME = 0.05
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
    past
        Adstocked spend that the past carries into each week, by channel, shape (channels, weeks + lags - 1).
    future
        Weekly spend per channel after the horizon, shape (channels,).
    bends
        Where given, concave curves stand for S-shaped ones.
    """

    curves: ResponseCurves
    weights: tuple[Array, ...]
    season: Array
    past: Array
    future: Array
    bends: _Bends | None = None

    @property
    def weeks(self) -> int:
        """Weeks of the horizon, without the tail in which its spend still works."""
        return len(self.season) - self.lags + 1

    @cached_property
    def lags(self) -> int:
        """Weeks over which spend works, its own included."""
        return max(len(weight) for weight in self.weights)

    @cached_property
    def is_concave(self) -> bool:
        """Whether every curve is concave in every draw."""
        return all(float(np.max(curve.inflection)) == 0 for curve in self.curves.values())

    @cached_property
    def is_shared(self) -> bool:
        """Whether all draws have the same carryover, so that curves can be averaged first."""
        return all(weight.ndim == 1 for weight in self.weights)

    @cached_property
    def _bank(self) -> FlatCurves:
        return FlatCurves(self.curves)

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
        return spend_scales(self.curves)[:, None]

    @cached_property
    def carried(self) -> Array:
        """Adstock of each week without spend in the horizon: the past's, and that of spend after the horizon."""
        after = np.zeros_like(self.past)
        for row, weight, spent in zip(after, self.weights, self.future, strict=True):
            mean = weight if weight.ndim == 1 else weight.mean(axis=1)
            reached = np.cumsum(mean)[: len(row) - self.weeks]
            row[self.weeks :] = spent * (reached[-1] if len(reached) else 0.0)
            row[self.weeks : self.weeks + len(reached)] = spent * reached
        return self.past + after

    @cached_property
    def idle_customers(self) -> Array:
        """Expected customers per channel and week of spend before and after the horizon, with none in it."""
        return replace(self, bends=None)._values(np.zeros((len(self.curves), self.weeks)))

    @property
    def carried_in(self) -> float:
        """Expected customers that past spend still brings."""
        fresh = replace(self, bends=None, past=np.zeros_like(self.past))
        return float(self.idle_customers.sum() - fresh.idle_customers.sum())

    def customers(self, spend: Array) -> Array:
        """Expected customers per channel and week, tail included, beyond those of spend outside the horizon."""
        return self._values(spend) - self.idle_customers

    def tangent(self, spend: Array) -> tuple[float, Array]:
        """Height at ``spend`` and gradient, shape (channels, weeks), of a plane above the customers of all schedules.

        For concave curves. Below a millionth of its scale a curve is replaced by its tangent there.
        """
        if self.is_shared:
            adstock = self.adstock(spend)
            raised = np.maximum(adstock, self._floor)
            value, slope = self._means(raised)
            heights = (value + slope * (adstock - raised)) * self.season
            gradient = np.array([m.T @ s for m, s in zip(self._spreads, slope * self.season, strict=True)])
            return float(heights.sum() - self.idle_customers.sum()), gradient
        height, rows = -float(self.idle_customers.sum()), []
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
        adstock = self.adstock(spend)
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

        Maximising it, and touching again where that leads, climbs by the concave-convex procedure (Yuille and
        Rangarajan, 2003). For carryover that all draws share.
        """
        start = self.turns
        adstock = self.adstock(spend)
        raised = np.maximum(start, self._floor)  # slopes at zero may be infinite
        at = self._plain(np.maximum(adstock, self._floor))
        top = self._plain(np.broadcast_to(raised, adstock.shape))
        is_left = adstock < start
        slope = np.where(is_left, at[1] - top[1], 0.0)
        rest = np.where(is_left, at[0] - top[0] - top[1] * (np.maximum(adstock, self._floor) - start), 0.0)
        return replace(self, bends=_Bends(start, rest - slope * adstock, slope))

    @cached_property
    def turns(self) -> Array:
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
        tangent = np.multiply(slope, left, out=np.zeros_like(left), where=left < 0)  # slopes at zero may be infinite
        return value + tangent + bends.base + bends.slope * adstock, slope + bends.slope

    def plain(self, adstock: Array) -> Array:
        """Expected customers at adstocked spends of shape (channels, terms), season put aside."""
        return self._plain(adstock)[0]

    def _plain(self, adstock: Array) -> tuple[Array, Array]:
        owner = np.repeat(np.arange(len(adstock)), adstock.shape[1])
        value, slope = self._bank.mean_and_slope(owner, adstock.ravel())
        return value.reshape(adstock.shape), slope.reshape(adstock.shape)

    def adstock(self, spend: Array) -> Array:
        """Mean adstocked spend, past included, shape (channels, weeks + lags - 1)."""
        return np.array([m @ x for m, x in zip(self.mean_spreads, spend, strict=True)]) + self.carried

    def _values(self, spend: Array) -> Array:
        if self.is_shared:
            return self._means(self.adstock(spend))[0] * self.season
        values = [self._kernel(index, self._draws(index, spend[index]))[0] for index in range(len(spend))]
        return np.array([value.mean(axis=1) for value in values]) * self.season

    def _draws(self, index: int, spend: Array) -> Array:
        """Adstock of one channel by week and draw."""
        adstock = np.tensordot(self._spreads[index], spend, axes=([1], [0]))
        return np.asarray((adstock if adstock.ndim == 2 else adstock[:, None]) + self.carried[index][:, None])

    def _kernel(self, index: int, adstock: Array) -> tuple[Array, Array]:
        return list(self.curves.values())[index].at_draws(adstock)
