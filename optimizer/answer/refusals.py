"""Why a plan has no answer: questions without a sensible optimum, and promises that cannot be kept together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import takewhile

import numpy as np

from attribution.errors import IllPosedPlan, InfeasiblePlan
from attribution.numbers import amount, cost, count, plain, typed_share
from mmm.arrays import Array
from optimizer.answer.conflicts import conflicts, enough_alone
from optimizer.question.compiler import any_cut, without
from optimizer.question.goal import Goal
from optimizer.question.limits import Limit, Side, Unit, labels
from optimizer.question.program import Bound, Program, Row
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.hulls import Tables

__all__ = ["Clash", "infeasible", "refuse_if_ill_posed"]

_PROMISE = (
    "Remedy: promise a volume with Customers(at_least=...), state the spend with Budget(exactly=...) or "
    "Budget(at_least=...), or ask another question: maximize=Customers() with MaxCAC(...), or maximize=Profit(...)."
)

_FEW = 6  # members of a conflict about money, of which each is told with its figure
_RATIO_STEPS = 8
_SECONDS = 0.1  # of the processor, where the fewest limits were not found in time
_ROUNDING = 1e-9  # of the figure: less is nothing

Solve = Callable[[Program], tuple[Array | None, float, float]]


class Clash(InfeasiblePlan):
    """Limits that contradict each other, any of which may give way.

    Parameters
    ----------
    told
        Which.
    ways
        Limit -> what the others allow in its place, of those that are enough alone.
    """

    def __init__(self, told: str, ways: Mapping[Limit | str, str]) -> None:
        self.told, self.ways = told, ways
        super().__init__(self.sparing(lambda _: False))

    def sparing(self, is_given: Callable[[Limit | str], bool]) -> str:
        """The message where some limits are no choice of who plans."""
        left = [text for limit, text in self.ways.items() if not is_given(limit)]
        remedy = f"Remedy: let one of these give way: {'; or '.join(left)}." if left else "No other limit alone helps."
        return f"not all promises can be kept: {self.told}. {remedy}"


def refuse_if_ill_posed(program: Program, flat: FlatCurves) -> None:
    """Refuse to minimise blended CAC where spending nothing is cheapest and nothing is promised.

    With fixed cost F and organic customers O, the blended CAC falls with the first spend only where the best channel
    wins customers below F / O each.

    Raises
    ------
    IllPosedPlan
    """
    goal, business = program.goal, program.goal.business
    idle = np.zeros(program.size)
    if goal.is_ratio and business.organic == 0 and not flat.mean(program.upper).any():
        raise IllPosedPlan(
            "no channel wins a customer at any allowed spend, so there is no CAC. Remedy: check the curves."
        )
    if not goal.is_ratio or program.lower.any() or any(row.residual(idle, idle) > 0 for row in program.rows):
        return
    tables = Tables(flat, program.lower, program.upper, program.hole)
    hulls = tables.hulls(program.lower, program.upper)
    spent = hulls.spend > 0
    rate = float((hulls.customers[spent] / hulls.spend[spent]).max(initial=0.0))
    if business.organic > 0 and business.fixed_cost * rate <= business.organic:
        free = float(business.cac(0.0, business.organic))
        why = f"no channel wins customers for less than {cost(1 / rate)}" if free and rate else "organic ones are free"
        raise IllPosedPlan(
            f"with {count(business.organic)} organic customers and a fixed cost of {amount(business.fixed_cost)}, "
            f"blended CAC is lowest at zero spend ({cost(free)}), since {why}. {_PROMISE}"
        )
    if business.organic == 0 == business.fixed_cost:
        _refuse_without_scale(program, flat, rate)


def _refuse_without_scale(program: Program, flat: FlatCurves, rate: float) -> None:
    first = flat.slope(np.zeros(program.size))
    if float(first.max()) >= rate * (1 - 1e-3):
        raise IllPosedPlan(
            "without fixed cost and organic customers, blended CAC is lowest for the very first unit of spend, so "
            f"the best plan shrinks to nothing. {_PROMISE}"
        )


def infeasible(program: Program, solve: Solve, can_be_kept: Callable[[Program], bool]) -> InfeasiblePlan:
    """The error that names the fewest limits that clash, and what each would have to be where it alone gives way.

    Parameters
    ----------
    program
        A program without an allowed allocation.
    solve
        Returns (spend or None, score, bound) of a program.
    can_be_kept
        Whether a program has an allowed allocation; raises TimeoutError where that takes too long to say.
    """
    found = conflicts(program, can_be_kept)
    if not found:
        return _at_length(program, solve)
    names = _names(program)
    sets = [[repr(names[limit]) for limit in conflict] for conflict in found]
    told = [f"{', '.join(one)} contradict each other" if len(one) > 1 else f"{one[0]} cannot hold" for one in sets]
    if len(found) > 1:
        return InfeasiblePlan(f"not all promises can be kept: {'; '.join(told)}. Remedy: relax at least one of each.")
    try:
        alone = enough_alone(program, found[0], can_be_kept)
    except TimeoutError:
        return InfeasiblePlan(f"not all promises can be kept: {told[0]}. Remedy: relax one of them.")
    if not alone:
        text = f"{told[0]}, and others do once one of them is relaxed"
        return InfeasiblePlan(f"not all promises can be kept: {text}. Remedy: relax at least two.")
    counting = {row.limit for row in program.rows if row.per_customer.any()}
    quick = len(alone) <= _FEW and counting.isdisjoint(found[0])  # linear programs in money
    ways = {limit: _figure(program, limit, quick, solve) for limit in alone}
    if len(found[0]) == 1:
        (enough,) = ways.values()
        text = told[0] if enough == sets[0][0] else enough
        return InfeasiblePlan(f"not all promises can be kept: {text}.")
    return Clash(told[0], ways)


def _figure(program: Program, limit: Limit | str, of_channels: bool, solve: Solve) -> str:
    """The limit, and what the others allow in its place; that of one channel's where ``of_channels``."""
    parts = [part for part in program.limits if part.limit == limit and (of_channels or isinstance(part, Row))]
    texts = (_without(program, part, solve) for part in parts)
    return next((text for text in texts if text), repr(_names(program)[limit]))


def _at_length(program: Program, solve: Solve) -> InfeasiblePlan:
    """The error where there is no time to look for the fewest limits."""
    until = time.process_time() + _SECONDS
    sought = takewhile(lambda _: time.process_time() < until, program.rows)
    remedies = [text for row in sought if (text := _without(program, row, solve))]
    if remedies:
        return InfeasiblePlan(f"not all promises can be kept: {'; or '.join(remedies)}.")
    rows = ", ".join(labels(list(dict.fromkeys(row.limit for row in program.limits))))
    return InfeasiblePlan(f"several limits contradict each other: {rows}. Remedy: relax at least two of them.")


def _without(program: Program, part: Row | Bound, solve: Solve) -> str | None:
    """What is attainable for one row or bound once it is dropped; None where that alone does not help."""
    try:
        rest = without(program, part)
    except InfeasiblePlan:
        return None
    row = part if isinstance(part, Row) else _as_row(part, program)
    is_cac, name = row.per_customer.any() and row.per_spend.any(), _names(program)[row.limit]
    if isinstance(row.limit, Limit) and row.limit.unit is Unit.SHARE:
        return _share(rest, row, row.limit, name, solve)
    try:
        spend, _, bound = solve(rest.replaced(goal=_best_for(row, program)))
    except IllPosedPlan:  # nothing else limits spend: all that curves can bring is attainable, nearly
        if is_cac or not row.per_customer.any():
            return None
        ceilings = [float(np.mean(curve.ceiling)) for curve in program.setting.curves.values()]
        spend, bound = rest.lower, float(np.sum(ceilings))
    if spend is None:
        return None
    if is_cac and row.is_aggregate:
        return f"{name!r} cannot hold, since without it the blended CAC cannot go below {cost(-bound)}"
    if is_cac:
        return _group_cac(rest, row, name, solve)
    if row.per_customer.any():
        most = program.goal.business.customers(bound)
        return f"{name!r} cannot hold, since at most {plain(most)} customers are attainable without it"
    from_below = isinstance(row.limit, Limit) and row.limit.side is Side.AT_LEAST and row.limit.unit is Unit.OWN
    best = bound if from_below or not (row.per_spend > 0).any() else -bound
    word = "at most" if best == bound else "at least"
    best = 0.0 if abs(best) <= _ROUNDING * abs(row.room) else best + 0.0  # no minus zero
    return f"{name!r} cannot hold, since the other limits allow {word} {plain(best)} there"


def _as_row(bound: Bound, program: Program) -> Row:
    members = np.zeros(program.size)
    members[bound.channel] = bound.sign
    return Row(bound.limit, members, 0.0 * members, bound.room)


def _names(program: Program) -> dict[Limit | str, str]:
    """A label for each of the program's limits, all different."""
    parts: list[Row | Bound] = [*program.limits, *(gap.above for gap in program.gaps)]
    parts += [cut for part in program.lazy if (cut := any_cut(part, program.setting))]
    limits = list(dict.fromkeys(part.limit for part in parts))
    return dict(zip(limits, labels(limits), strict=True))


def _group_cac(rest: Program, row: Row, name: str, solve: Solve) -> str:
    """The lowest CAC of a group's channels: Dinkelbach's (1967) iteration, and a bound just below where it ends."""
    goal = rest.goal
    members = np.where(row.per_customer > 0, 1.0, 0.0)

    def best(cac: float) -> tuple[Array | None, float, float]:
        return solve(rest.replaced(goal=Goal(cac * members, members, 0.0, goal.business, False, 1.0)))

    cac = float(row.per_customer.max() / row.per_spend.max())
    for _ in range(_RATIO_STEPS):
        spend, score, _ = best(cac)
        outlay = 0.0 if spend is None else float(members @ spend)
        if outlay <= 0:
            break
        reached = cac * outlay / max(score + outlay, 1e-12 * outlay)
        if abs(reached - cac) <= 1e-5 * cac:
            break
        cac = reached
    for slack in (1e-4, 1e-3, 1e-2, 0.1):
        if best(cac * (1 - slack))[2] < 0:
            return f"{name!r} cannot hold, since the other limits allow no CAC below {cost(cac * (1 - slack))} there"
    return f"{name!r} cannot hold"


def _share(rest: Program, row: Row, limit: Limit, name: str, solve: Solve) -> str | None:
    """The share of spend that comes nearest to the limit: Dinkelbach's iteration on a ratio of two sums of spend."""
    is_most = limit.side is Side.AT_MOST
    sign, share = (1.0 if is_most else -1.0), limit.figure
    members = sign * row.per_spend + limit.figure
    none = np.zeros_like(members)
    for _ in range(_RATIO_STEPS):
        spend, _, _ = solve(
            rest.replaced(goal=Goal(none, sign * (members - share), 0.0, rest.goal.business, False, 1.0))
        )
        if spend is None or not spend.sum() > 0:
            return None
        reached = float(members @ spend / spend.sum())
        if abs(reached - share) <= 1e-9:
            break
        share = reached
    word = "at least" if is_most else "at most"
    return f"{name!r} cannot hold, since the other limits allow {word} {typed_share(share)} there"


def _best_for(row: Row, program: Program) -> Goal:
    """The goal of keeping the row by as much as possible."""
    goal = program.goal
    if row.is_aggregate and row.per_customer.any() and row.per_spend.any():
        return Goal.ratio(program.setting)
    constant = row.room if row.per_customer.any() and row.per_spend.any() else 0.0
    return Goal(row.per_customer, row.per_spend, constant, goal.business, False, 1.0)
