"""Newton's method on the optimality conditions: from near the optimum to the optimum in a few steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from optimizer.question.program import Program
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["settled"]

Mask = npt.NDArray[np.bool_]

_STEPS = 6
_NUDGE = 1e-5
_CLOSE = 1e-6


def settled(program: Program, flat: FlatCurves, spend: Array, lower: Array, upper: Array) -> Array:
    """The stationary point near an allocation, channels at the ends of the box or on convex stretches held.

    Rows that bind stay binding. The result is a suggestion: it is offered as a plan and sampled by the hulls, both of
    which check it.

    Parameters
    ----------
    program
        The program.
    flat
        Its curves.
    spend
        Where to start, shape (channels,).
    lower, upper
        The box to stay in.
    """
    everyone = np.arange(program.size)
    twice = np.concatenate((everyone, everyone))
    margin = 1e-9 * (upper - lower)
    least, most = lower + margin, upper - margin
    for _ in range(_STEPS):
        value, slope = flat.mean_and_slope(twice, np.concatenate((spend, spend * (1 + _NUDGE))))
        customers, ahead = value[: program.size], slope[program.size :]
        slope = slope[: program.size]
        inside = (spend > least) & (spend < most)
        curvature = np.where(inside, ahead - np.where(inside, slope, 0.0), 0.0) / np.where(inside, spend * _NUDGE, 1.0)
        free = inside & (curvature < 0)
        if not free.any():
            return spend
        step = _step(program, spend, customers, slope, np.where(free, curvature, -1.0), free)
        moved = np.minimum(np.maximum(spend + step, np.maximum(lower, spend / 3)), np.minimum(upper, 3 * spend))
        spend, change = np.where(free, moved, spend), np.abs(moved - spend)[free]
        if (change <= _CLOSE * spend[free]).all():  # what is left is of the order of its square
            break
    return spend


def _step(program: Program, spend: Array, customers: Array, slope: Array, curvature: Array, free: Mask) -> Array:
    goal = program.goal
    worth, cost = goal.per_customer, goal.per_spend
    if goal.is_ratio:  # the linear goal that has the same optimum at this blended CAC
        worth = worth * max(-goal.score(spend, customers), 0.0)
    safe = np.where(free, slope, 0.0)
    gradient = np.where(free, worth * safe - cost, 0.0)
    per_spend, per_customer, _ = program.row_matrices
    residual, share = program.residuals(spend, customers)
    active = np.flatnonzero(share > -1e-9)
    while True:
        matrix = np.where(free, per_spend[active] - per_customer[active] * safe, 0.0)
        if len(active):
            worth = worth + np.maximum(_prices(matrix, gradient), 0.0) @ per_customer[active]
        give = np.where(free & (worth > 0), 1 / np.maximum(-worth * curvature, 1e-300), 0.0)
        if not len(active):
            return np.asarray(give * gradient)
        weighted = matrix * give
        multipliers = _solved(weighted @ matrix.T, weighted @ gradient + residual[active])
        wrong = int(np.argmin(multipliers))
        if multipliers[wrong] >= 0 or residual[active[wrong]] > 0:
            return np.asarray(give * (gradient - multipliers @ matrix))
        active = np.delete(active, wrong)


def _prices(matrix: Array, gradient: Array) -> Array:
    return _solved(matrix @ matrix.T, matrix @ gradient)


def _solved(square: Array, right: Array) -> Array:
    """The solution of a small symmetric system, of least norm where it has many."""
    if len(right) == 1:
        return right / square[0] if square[0, 0] > 0 else np.zeros(1)
    scale = 1 / np.sqrt(np.maximum(np.diag(square), 1e-300))
    return np.asarray(scale * np.linalg.lstsq(square * np.outer(scale, scale), scale * right, rcond=1e-12)[0])
