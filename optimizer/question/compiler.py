"""From an objective and constraints to a program: rows gathered, bounds tightened, contradictions named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import plain
from mmm.arrays import Array
from optimizer.question.limits import labels
from optimizer.question.objectives import Objective
from optimizer.question.program import Bound, Constraint, Gap, Program, Row
from optimizer.question.setting import Setting

__all__ = ["capped", "compiled", "without"]

_SAME = 1e-12


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
    _check_unlimited(constraints, bounds, setting)
    gaps = tuple(gap for constraint in constraints for gap in constraint.gaps(setting))
    idle = np.full(len(setting.channels), 1e300)
    lazy = tuple(part for part in constraints if type(part).cut is not Constraint.cut)
    lazy = tuple(part for part in lazy if part.cut(setting, idle) is not None)
    none = np.zeros(len(setting.channels))
    stated = Program(
        setting, goal, none, none, none, tuple(row for row in rows if isinstance(row, Row)), bounds, gaps, lazy=lazy
    )
    return _boxed(stated)


def _check_unlimited(constraints: Sequence[Constraint], bounds: tuple[Bound, ...], setting: Setting) -> None:
    """Refuse a share of no spend where nothing else limits the channel, instead of holding it at nothing unasked."""
    limited = {bound.channel for bound in bounds if bound.sign > 0}
    open_ones = [place for part in constraints for place in part.unlimited(setting) if place not in limited]
    if open_ones:
        text = "has no current spend, so that a share of it is no amount, and nothing else limits the channel."
        remedy = "add Channel(...).at_most(amount), or Channel(...).zero() to leave it out."
        raise BadInput([Problem("Change", text, setting.channels[place], remedy=remedy) for place in open_ones])


def without(program: Program, limit: Row) -> Program:
    """The program had one of its rows never been stated: what the row had tightened is made again without it."""
    return _boxed(program.replaced(rows=tuple(row for row in program.rows if row is not limit)))


def capped(program: Program, most: Array | float) -> Program:
    """The program with no channel above an amount, entry prices and other gaps kept."""
    return _outside_gaps(program.replaced(upper=np.maximum(np.minimum(program.upper, most), program.lower)))


def _boxed(stated: Program) -> Program:
    """The program's bounds made from its limits as stated; the one place that does so.

    Upper bounds are no higher than rows on spend allow. No bound ends inside a gap, so that nothing which comes
    later can mistake what is left of a gap for spend that is allowed.

    Raises
    ------
    InfeasiblePlan
        Where limits on one channel contradict each other.
    """
    lower, upper = _bounds(stated.bounds, stated.setting)
    _check_bounds(lower, upper, stated)
    program = _outside_gaps(stated.replaced(lower=lower, upper=upper))
    _check_bounds(program.lower, program.upper, stated)
    for _ in range(2):
        program = _outside_gaps(program.replaced(upper=_tightened(program.lower, program.upper, stated.rows)))
    return program


def _outside_gaps(program: Program) -> Program:
    """Bounds moved to the ends of the gaps in which they lie; the first gap of a channel is its hole, others inner."""
    lower, upper, hole = program.lower.copy(), program.upper.copy(), np.zeros(program.size)
    inner: list[tuple[int, float, float]] = []
    for channel, low, high in _united(program.gaps):
        if low < lower[channel] < high:
            lower[channel] = high
        if low < upper[channel] < high * (1 - _SAME) and lower[channel] < high:
            upper[channel] = low
        if high <= lower[channel] or low >= upper[channel]:
            continue
        upper[channel] = max(upper[channel], high)  # rounding apart
        if low <= lower[channel]:
            hole[channel] = high
        else:
            inner.append((channel, low, high))
    return program.replaced(lower=lower, upper=upper, hole=hole, inner=tuple(inner))


def _united(gaps: tuple[Gap, ...]) -> list[tuple[int, float, float]]:
    """Channel and ends of gaps, those that overlap as one."""
    united: list[tuple[int, float, float]] = []
    for channel, low, high in sorted((gap.channel, *gap.ends) for gap in gaps if gap.ends[0] < gap.ends[1]):
        if united and united[-1][0] == channel and low < united[-1][2]:
            united[-1] = (channel, united[-1][1], max(high, united[-1][2]))
        else:
            united.append((channel, low, high))
    return united


def _bounds(bounds: tuple[Bound, ...], setting: Setting) -> tuple[Array, Array]:
    lower, upper = [0.0] * len(setting.channels), [np.inf] * len(setting.channels)
    for bound in bounds:
        if bound.sign > 0:
            upper[bound.channel] = min(upper[bound.channel], bound.room)
        else:
            lower[bound.channel] = max(lower[bound.channel], -bound.room)
    return np.array(lower), np.array(upper)


def _check_bounds(lower: Array, upper: Array, stated: Program) -> None:
    for index in np.flatnonzero(lower > upper * (1 + _SAME)):
        limits = [bound.limit for bound in stated.bounds if bound.channel == index]
        limits += [gap.above.limit for gap in stated.gaps if gap.channel == index]
        names = labels(list(dict.fromkeys(limits)))
        channel = stated.setting.channels[index]
        text = f"{channel} cannot get at least {plain(lower[index])} and at most {plain(upper[index])}"
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
