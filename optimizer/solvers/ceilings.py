"""Finite spend ceilings for channels without one, that no best plan exceeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attribution.errors import IllPosedPlan
from mmm.arrays import Array
from mmm.curves.inverse import spend_scale
from optimizer.question.program import Program
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["with_ceilings"]

_DOUBLINGS = 90
_TRIES = 10


def with_ceilings(program: Program, flat: FlatCurves, feasible: Callable[[Program], Array | None]) -> Program:
    """The program with every upper bound finite and the same best plan.

    A plan of blended CAC at most C spends no more than the last total S at which C (organic + customers) reaches
    fixed cost + S, were all channels given S each. The cap C comes from a MaxCAC row, from the value of a customer,
    or from any feasible plan; the least spend for a promise is below the spend of any plan that keeps it.

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
        row.per_customer[0] / row.per_spend[0]
        for row in program.rows
        if row.is_aggregate and row.per_customer[0] > 0 < row.per_spend[0]
    ]
    if caps:
        return _capped(program, _spend_limit(program, flat, min(caps), 0.0))
    if not goal.is_ratio and not goal.per_spend.any():
        raise IllPosedPlan(
            "maximising customers without a limit spends without end. Remedy: add Budget(at_most=...), "
            "MaxCAC(...), or an upper limit on every channel."
        )
    if not goal.is_ratio and goal.per_customer.any():
        cost = float(
            goal.per_spend[np.isinf(program.upper)].min()
        )  # all in units of currency: what a customer is worth, what is spent anyway
        if cost == 0:
            raise IllPosedPlan(
                "spend on a channel that costs the objective nothing has no end. Remedy: add Budget(at_most=...), or "
                "an upper limit on every channel."
            )
        slack = float(goal.per_spend @ program.lower) / cost
        return _capped(program, _spend_limit(program, flat, float(goal.per_customer.max()) / cost, slack))
    found, total = _some_plan(program, feasible)
    if found is None:
        return _capped(program, total)
    customers = flat.mean(found)
    if not goal.is_ratio:
        return _capped(program, float(found.sum()))
    return _capped(program, max(_spend_limit(program, flat, -goal.score(found, customers), 0.0), float(found.sum())))


def _capped(program: Program, total: float) -> Program:
    return program.replaced(upper=np.maximum(np.minimum(program.upper, total), np.maximum(program.lower, program.hole)))


def _some_plan(program: Program, feasible: Callable[[Program], Array | None]) -> tuple[Array | None, float]:
    """A plan found by doubling a cap on every channel, and the last cap tried."""
    curves = program.setting.curves
    total = sum(spend_scale(curve) for curve in curves.values()) + float(program.lower.sum())
    for _ in range(_TRIES):
        total *= 4
        found = feasible(_capped(program, total))
        if found is not None:
            return found, total
    return None, total


def _spend_limit(program: Program, flat: FlatCurves, cac: float, slack: float) -> float:
    """Total spend beyond which customers cost more than ``cac`` each in all, however it is split."""
    goal, curves = program.goal, program.setting.curves
    everyone = np.arange(len(curves))
    bends = max(float(np.max(atom.curve.inflection)) for curve in curves.values() for atom in curve.atoms())
    total = max(sum(spend_scale(curve) for curve in curves.values()), bends, float(program.lower.sum()))
    for _ in range(_DOUBLINGS):
        customers, slope = flat.mean_and_slope(everyone, np.full(len(everyone), total))
        worth = cac * goal.business.customers(customers.sum()) + slack
        if worth < goal.business.outlay(total) and cac * slope.sum() < 1:
            return total
        total *= 2
    raise IllPosedPlan(
        f"customers stay cheaper than {cac:,.2f} each however much is spent, as a curve does not saturate. Remedy: add "
        "Budget(at_most=...) or an upper limit on every channel."
    )
