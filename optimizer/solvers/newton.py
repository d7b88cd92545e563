"""Newton's method on the optimality conditions: from near the optimum to the optimum in a few steps.

Maximise w f(x) - c x subject to the binding rows a x - b f(x) = room, channel by channel f. With prices m of the rows,
W = w + m b, slopes s = f'(x) and curvatures k = f''(x) < 0, the step d solves the system of sequential quadratic
programming (Nocedal and Wright, Numerical Optimization, chapter 18):

    -W k d + J' m = w s - c,     J d = -residual,     J = a - b s.

The matrix -W k is diagonal, so only the small system (J D J') m = J D (w s - c) + residual, D = 1 / (-W k), is left.
For the blended CAC, w is the present CAC and c is one: the linear goal with the same optimum (Dinkelbach, 1967).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from optimizer.question.program import Program
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["settled"]

Mask = npt.NDArray[np.bool_]

_STEPS = 6  # convergence is quadratic: what six steps do not reach is left to the hulls
_NUDGE = 1e-5  # curvature comes from two slopes this far apart: a kernel gives value and slope only
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
    goal = program.goal
    if not (goal.is_ratio or goal.per_customer.any() or goal.per_spend.any()):
        return spend  # any allowed spend is as good
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
        # no further than threefold either way: beyond that the quadratic model says nothing about a saturating curve
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
        # a row whose price is negative would rather not bind: let it go, unless it is broken, and solve again
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
    # rows in currency and rows in customers differ by orders of magnitude: solve with ones on the diagonal
    scale = 1 / np.sqrt(np.maximum(np.diag(square), 1e-300))
    return np.asarray(scale * np.linalg.lstsq(square * np.outer(scale, scale), scale * right, rcond=1e-12)[0])
