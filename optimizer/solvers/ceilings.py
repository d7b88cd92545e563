"""Finite spend ceilings for channels without one, that no best plan exceeds.

Every plan at least as good as a known one, and every plan under a CAC ceiling, spends S <= C V + room on customers V
worth at most C each. No channel gets more than S, so V <= sum_c f_c(S), and S stays below the last T at which

    g(T) = T - C sum_c f_c(T) - room

turns positive for good. Beyond the last inflection every f_c is concave, so g(T) > 0 and g'(T) > 0 there are enough;
T is doubled until both hold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attribution.errors import IllPosedPlan
from attribution.numbers import cost
from mmm.arrays import Array
from mmm.curves.inverse import spend_for, spend_scale
from optimizer.question.compiler import capped
from optimizer.question.program import Program, Row
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["with_ceilings"]

_DOUBLINGS = 90  # from any currency to any other: a curve that pays beyond 2 ** 90 times its scale does not saturate
_TRIES = 10


def with_ceilings(program: Program, flat: FlatCurves, feasible: Callable[[Program], Array | None]) -> Program:
    """The program with every upper bound finite and the same best plan.

    C is the ceiling of a MaxCAC row, the value of a customer in units of spend, or the CAC of any feasible plan; the
    least spend for a promise is below the spend of any plan that keeps it.

    Parameters
    ----------
    program
        A program, bounds possibly infinite.
    flat
        Its curves.
    feasible
        Finds some allocation that keeps the rows of a finite program, or None.

    Raises
    ------
    IllPosedPlan
        Where nothing limits the spend of the best plan.
    """
    if np.isfinite(program.upper).all():
        return program
    goal = program.goal
    caps = [
        (float(row.per_customer[0] / row.per_spend[0]), float(row.room / row.per_spend[0]))
        for row in program.rows
        if row.is_aggregate and row.per_customer[0] > 0 < row.per_spend[0]
    ]
    if caps:
        return capped(program, min(_spend_limit(program, flat, *cap) for cap in caps))
    if not goal.is_ratio and not goal.per_spend.any():
        raise IllPosedPlan(
            "maximising customers without a limit spends without end. Remedy: add Budget(at_most=...), "
            "MaxCAC(...), or an upper limit on every channel."
        )
    if not goal.is_ratio and goal.per_customer.any() and not goal.per_spend[np.isinf(program.upper)].all():
        raise IllPosedPlan(
            "spend on a channel that costs the objective nothing has no end. Remedy: add Budget(at_most=...), or "
            "an upper limit on every channel."
        )
    allowed, total = _some_plan(program, feasible)
    if allowed is None:
        return capped(program, total)
    customers = flat.mean(allowed)
    if goal.is_ratio:
        cac = -goal.score(allowed, customers)
        limit = _spend_limit(program, flat, cac, goal.business.allowance(cac))
        return capped(program, max(limit, float(allowed.sum())))
    if not goal.per_customer.any():
        return capped(program, float(allowed.sum()))
    cost = float(goal.per_spend[np.isinf(program.upper)].min())
    room = float(goal.per_spend @ allowed - goal.per_customer @ customers) / cost
    return capped(program, _spend_limit(program, flat, float(goal.per_customer.max()) / cost, room))


def _some_plan(program: Program, feasible: Callable[[Program], Array | None]) -> tuple[Array | None, float]:
    """A plan: the least spend if it keeps the rows, else one reached by doubling a cap; and the last cap tried."""
    curves = program.setting.curves
    total = sum(spend_scale(curve) for curve in curves.values()) + float(program.lower.sum())
    total += sum(abs(row.room) / float(np.abs(row.per_spend).max()) for row in program.rows if row.per_spend.any())
    total += max((_enough(program, row) for row in program.rows if row.per_customer.any()), default=0.0)
    if program.rows or program.lazy or program.goal.is_ratio or not program.goal.per_customer.any():
        for _ in range(_TRIES):
            total *= 4
            allowed = feasible(capped(program, total))
            if allowed is not None:
                return allowed, total
        return None, total
    return program.lower, total


def _enough(program: Program, row: Row) -> float:
    """Spend with which a curve without a ceiling keeps a promise of customers alone; 0 where none is or can."""
    endless = [
        spend_for(curve, -row.room / share)
        for curve, share in zip(program.setting.curves.values(), row.per_customer.tolist(), strict=True)
        if share > 0 and row.room < 0 and not row.per_spend.any() and np.isinf(np.mean(curve.ceiling))
    ]
    return min(endless, default=0.0)


def _spend_limit(program: Program, flat: FlatCurves, cac: float, room: float) -> float:
    """Total spend beyond which customers cost more than ``cac`` each and ``room`` in all, however it is split."""
    curves = program.setting.curves
    everyone = np.arange(len(curves))
    bends = max(float(np.max(atom.curve.inflection)) for curve in curves.values() for atom in curve.atoms())
    ends = float(program.upper[np.isfinite(program.upper)].max(initial=0.0))  # limited channels may spend beyond T
    total = max(sum(spend_scale(curve) for curve in curves.values()), bends, float(program.lower.sum()), ends)
    for _ in range(_DOUBLINGS):
        customers, slope = flat.mean_and_slope(everyone, np.full(len(everyone), total))
        if cac * customers.sum() + room < total and cac * slope.sum() < 1:
            return total
        total *= 2
    raise IllPosedPlan(
        f"customers stay cheaper than {cost(cac)} each however much is spent, as a curve does not saturate. Remedy: "
        "add Budget(at_most=...) or an upper limit on every channel."
    )
