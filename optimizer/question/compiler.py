"""From an objective and constraints to a program: rows gathered, bounds tightened, contradictions named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import plain
from mmm.arrays import Array
from optimizer.question.limits import Limit, irreducible, labels
from optimizer.question.objectives import Objective
from optimizer.question.program import Bound, Constraint, Gap, Program, Row
from optimizer.question.setting import Setting

__all__ = ["any_cut", "capped", "compiled", "without"]

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
    lazy = tuple(part for part in constraints if type(part).cut is not Constraint.cut)
    lazy = tuple(part for part in lazy if any_cut(part, setting) is not None)
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


def without(program: Program, *dropped: Row | Bound | Limit | str) -> Program:
    """The program had some of its rows, bounds or whole limits never been stated.

    What they had tightened is made again without them.
    """
    parts = {id(part) for part in dropped if isinstance(part, Row | Bound)}
    limits = {part for part in dropped if isinstance(part, Limit | str)}

    def stays(part: Row | Bound) -> bool:
        return id(part) not in parts and part.limit not in limits

    return _boxed(
        program.replaced(
            rows=tuple(row for row in program.rows if stays(row)),
            bounds=tuple(bound for bound in program.bounds if stays(bound)),
            gaps=tuple(gap for gap in program.gaps if stays(gap.above)),
            lazy=tuple(part for part in program.lazy if (cut := any_cut(part, program.setting)) and stays(cut)),
        )
    )


def any_cut(part: Constraint, setting: Setting) -> Row | None:
    """A row of a constraint that gives rows on demand; None where it has nothing to cut."""
    return part.cut(setting, np.full(len(setting.channels), 1e300))


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
    program = _outside_gaps(stated.replaced(lower=lower, upper=upper))
    _check_bounds(program)
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


def _bounds(bounds: Sequence[Bound], setting: Setting) -> tuple[Array, Array]:
    lower, upper = [0.0] * len(setting.channels), [np.inf] * len(setting.channels)
    for bound in bounds:
        if bound.sign > 0:
            upper[bound.channel] = min(upper[bound.channel], bound.room)
        else:
            lower[bound.channel] = max(lower[bound.channel], -bound.room)
    return np.array(lower), np.array(upper)


def _check_bounds(program: Program) -> None:
    """Refuse channels whose own limits contradict each other, each with the fewest limits that do."""
    clashes = [_clash(program, index) for index in np.flatnonzero(_contradict(program)).tolist()]
    if clashes:
        raise InfeasiblePlan(f"{' '.join(clashes)} Remedy: relax one of them.")


def _contradict(program: Program) -> npt.NDArray[np.bool_]:
    return program.lower > program.upper * (1 + _SAME)


def _clash(program: Program, index: int) -> str:
    bounds = [bound for bound in program.bounds if bound.channel == index]
    gaps = [gap for gap in program.gaps if gap.channel == index]

    def clash(limits: set[Limit | str]) -> bool:
        lower, upper = _bounds([bound for bound in bounds if bound.limit in limits], program.setting)
        some = tuple(gap for gap in gaps if gap.above.limit in limits)
        return bool(_contradict(_outside_gaps(program.replaced(lower=lower, upper=upper, gaps=some)))[index])

    limits = dict.fromkeys([*(bound.limit for bound in bounds), *(gap.above.limit for gap in gaps)])
    names = "; ".join(labels(irreducible(list(limits), clash)))
    ends = f"at least {plain(program.lower[index])} and at most {plain(program.upper[index])}"
    return f"{program.setting.channels[index]} cannot get {ends}: {names}."


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
