"""Weeks with carryover: Newton steps as quadratic programs, and one linear program as the proof.

Maximise F(x) = worth V(x) - cost S(x) over the polyhedron of schedules. A Newton step maximises the quadratic model

    grad F(x) (y - x) + 1/2 sum_t k_t (a_t(y) - a_t(x)) ** 2,

whose curvature k <= 0 is diagonal in adstock a, over all schedules y: sequential quadratic programming without a trust
region, kept uphill by halving steps. For concave curves the tangent plane at x lies above F, and its maximum over the
polyhedron, one linear program, is the bound: the gap of Frank and Wolfe (1956).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmm.arrays import Array
from optimizer.weeks.response import Response
from optimizer.weeks.schedules import QuadraticSteps, Schedules, linear_best

__all__ = ["ascended"]

_STEPS = 40


def ascended(response: Response, schedules: Schedules, price: float, start: Array, gap: float) -> tuple[Array, float]:
    """The schedule that maximises price x customers - spend, or customers alone for an infinite price.

    Newton's method: each step maximises a quadratic model, separable in adstocked spend, over all schedules. A line
    search keeps every step uphill, so that S-shaped curves end in a local optimum.

    Returns
    -------
    The schedule, and a bound on the objective over all schedules where the curves are concave.
    """
    # an infinite price stands for customers at any cost: the end of the frontier
    worth, cost = (1.0, 0.0) if np.isinf(price) else (price, 1.0)

    def reached(spend: Array) -> float:
        return float(worth * response.customers(spend).sum() - cost * spend.sum())

    spend, value, bound = start, reached(start), np.inf
    solver = QuadraticSteps(response.mean_spreads, schedules)
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
            steepest = linear_best(schedules, gain)
            if steepest is None:
                return moved, -np.inf
            bound = min(bound, worth * height - cost * float(moved.sum()) + steepest[1] - float((gain * moved).sum()))
            if bound - value <= gap * max(abs(value), 1e-300) or value <= before + 1e-12 * abs(value):
                spend = moved
                break
        spend = moved
    return spend, max(bound, value)


def _uphill(reached: Callable[[Array], float], spend: Array, target: Array, value: float) -> tuple[Array, float]:
    step = 1.0
    for _ in range(12):  # a step of 2 ** -12 that does not rise is at the top, up to rounding
        option = spend + step * (target - spend)
        moved = float(reached(option))
        if moved > value:
            return option, moved
        step /= 2
    return spend, value
