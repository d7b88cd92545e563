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
from optimizer.weeks.schedules import QuadraticSteps, linear_best

__all__ = ["ascended", "climbed"]

_STEPS = 40


def ascended(response: Response, steps: QuadraticSteps, price: float, start: Array, gap: float) -> tuple[Array, float]:
    """The schedule that maximises price x customers - spend, or customers alone for an infinite price.

    Newton's method: each step maximises a quadratic model, separable in adstocked spend, over all schedules. A line
    search keeps every step uphill, so that S-shaped curves end in a local optimum.

    Returns
    -------
    The schedule, and a bound on the objective over all schedules where the curves are concave.
    """
    hill = _Hill(response, steps, price)
    spend, value, bound = start, hill.height(start), np.inf
    for _ in range(_STEPS):
        before = value
        spend, value, is_near = hill.step(spend, value, gap)
        if is_near:  # ask for the proof
            ceiling = hill.ceiling(spend)
            if ceiling is None:
                return spend, -np.inf
            bound = min(bound, ceiling)
            if bound - value <= gap * max(abs(value), 1e-300) or value <= before + 1e-12 * abs(value):
                break
    return spend, max(bound, value)


def climbed(response: Response, steps: QuadraticSteps, price: float, start: Array, gap: float) -> tuple[Array, float]:
    """The same up to where a step gains little, for schedules that need no proof: the bound is infinite."""
    hill = _Hill(response, steps, price)
    spend, value = start, hill.height(start)
    for _ in range(_STEPS):
        spend, value, is_near = hill.step(spend, value, gap)
        if is_near:
            break
    return spend, np.inf


class _Hill:
    """The objective of schedules at a price, with the steps that climb it."""

    def __init__(self, response: Response, steps: QuadraticSteps, price: float) -> None:
        self.response, self.steps = response, steps
        # an infinite price stands for customers at any cost: the end of the frontier
        self.worth, self.cost = (1.0, 0.0) if np.isinf(price) else (price, 1.0)

    def height(self, spend: Array) -> float:
        """The objective of a schedule."""
        return float(self.worth * self.response.customers(spend).sum() - self.cost * spend.sum())

    def step(self, spend: Array, value: float, gap: float) -> tuple[Array, float, bool]:
        """The schedule after a step, its height, and whether the step promised or gained next to nothing."""
        gain = self.worth * self.response.tangent(spend)[1] - self.cost
        target = self.steps.best(gain, self.worth * self.response.curvature(spend), spend)
        promised = float((gain * (target - spend)).sum())
        moved, height = _uphill(self.height, spend, target, value)
        return moved, height, min(promised, height - value) <= gap * abs(height)

    def ceiling(self, spend: Array) -> float | None:
        """The most of the tangent plane at a schedule over all schedules; None where there is none."""
        height, slope = self.response.tangent(spend)
        gain = self.worth * slope - self.cost
        steepest = linear_best(self.steps.schedules, gain)
        if steepest is None:
            return None
        return self.worth * height - self.cost * float(spend.sum()) + steepest[1] - float((gain * spend).sum())


def _uphill(reached: Callable[[Array], float], spend: Array, target: Array, value: float) -> tuple[Array, float]:
    step = 1.0
    for _ in range(12):  # a step of 2 ** -12 that does not rise is at the top, up to rounding
        option = spend + step * (target - spend)
        moved = float(reached(option))
        if moved > value:
            return option, moved
        step /= 2
    return spend, value
