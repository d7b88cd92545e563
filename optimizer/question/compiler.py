"""From an objective and constraints to a program: rows gathered, bounds tightened, contradictions named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import plain
from mmm.arrays import Array
from optimizer.question.limits import labels
from optimizer.question.objectives import Objective
from optimizer.question.program import Bound, Constraint, Program, Row
from optimizer.question.setting import Setting

__all__ = ["compiled"]


def compiled(objective: Objective, constraints: Sequence[Constraint], setting: Setting) -> Program:
    """The program of a plan.

    Raises
    ------
    BadInput
        Where an objective of one's own rewards spend, or counts customers against itself.
    InfeasiblePlan
        Where limits on one channel, or a row and the bounds, contradict each other.
    """
    goal = objective.goal(setting)
    if not goal.is_sound:
        text = "has a goal that rewards spend or counts customers against it, or is not finite."
        remedy = "give per_customer and per_spend from 0 upwards."
        raise BadInput(Problem(type(objective).__name__, text, remedy=remedy))
    rows = [row for constraint in constraints for row in constraint.rows(setting)]
    bounds = tuple(row for row in rows if isinstance(row, Bound))
    shared = tuple(row for row in rows if isinstance(row, Row))
    lower, upper = _bounds(bounds, setting)
    hole = np.zeros(len(lower))
    for constraint in constraints:
        for index, least in constraint.holes(setting).items():
            hole[index] = max(hole[index], least)
    hole[hole <= lower] = 0.0
    needed = (hole > 0) & (lower > 0)  # a channel that must be used must be used in earnest
    lower, hole = np.where(needed, hole, lower), np.where(needed, 0.0, hole)
    upper = np.where(hole > upper, lower, upper)
    _check_bounds(lower, upper, bounds, setting)
    for _ in range(2):
        upper = _tightened(lower, upper, shared)
    shut = hole > upper * (1 + 1e-12)  # the price of entry is more than the rows leave: the channel gets nothing
    upper, hole = np.where(shut, lower, upper), np.where(shut, 0.0, hole)
    lazy = tuple(constraint for constraint in constraints if type(constraint).cut is not Constraint.cut)
    lazy = tuple(constraint for constraint in lazy if constraint.cut(setting, np.full(len(lower), 1e300)) is not None)
    return Program(setting, goal, lower, upper, hole, shared, bounds, lazy)


def _bounds(bounds: tuple[Bound, ...], setting: Setting) -> tuple[Array, Array]:
    lower, upper = [0.0] * len(setting.channels), [np.inf] * len(setting.channels)
    for bound in bounds:
        if bound.sign > 0:
            upper[bound.channel] = min(upper[bound.channel], bound.room)
        else:
            lower[bound.channel] = max(lower[bound.channel], -bound.room)
    return np.array(lower), np.array(upper)


def _check_bounds(lower: Array, upper: Array, bounds: tuple[Bound, ...], setting: Setting) -> None:
    for index in np.flatnonzero(lower > upper * (1 + 1e-12)):
        names = labels([bound.limit for bound in bounds if bound.channel == index])
        text = f"{setting.channels[index]} cannot get at least {plain(lower[index])} and at most {plain(upper[index])}"
        raise InfeasiblePlan(f"{text}: {'; '.join(names)}. Remedy: relax one of them.")


def _tightened(lower: Array, upper: Array, rows: tuple[Row, ...]) -> Array:
    """Upper bounds no higher than rows on spend alone allow, the other channels at the ends that allow most."""
    for row in rows:
        if row.per_customer.any():
            continue
        weight = row.per_spend
        rising = np.flatnonzero(weight > 0)
        least = np.where(weight > 0, weight * lower, np.where(weight < 0, weight * np.where(weight < 0, upper, 0), 0.0))
        total = least.sum()
        if not np.isfinite(total) or not len(rising):
            continue
        room = (row.room - (total - least[rising])) / weight[rising]
        upper = upper.copy()
        upper[rising] = np.maximum(np.minimum(upper[rising], room), lower[rising])
    return upper
