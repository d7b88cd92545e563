"""The worst cases with fees in steps: a search for each range of steps, and the steps of the best spend."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from attribution.errors import BadInput, InfeasiblePlan, Problem
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.question.objectives import Objective
from optimizer.solvers.branch import Outcome
from optimizer.solvers.fee_steps import Ranges, best_steps
from optimizer.uncertainty.risk_search import RiskSearch, Unmet

__all__ = ["best_with_steps"]


def best_with_steps(
    plan: Plan,
    search: Callable[[Plan, float], RiskSearch],
    score: Callable[[Array], float],
    curves: ResponseCurves,
    gap: float,
    time_limit: float,
) -> tuple[float, RiskSearch]:
    """The bound over all steps of fees, and the search whose steps are those of the best spend.

    Parameters
    ----------
    plan
        With fees.
    search
        For the worst cases of a plan without fees, within some seconds.
    score
        Of a spend with the fees truly due in its worst draws; minus infinity where it breaks a promise.
    curves
        Response curves with draws.
    gap, time_limit
        As of the plan.

    Raises
    ------
    InfeasiblePlan
        Where no spend keeps the promises with its fees in the worst cases.
    """
    fees, goal = plan.fees, plan.program(curves).goal

    def steps(spend: Array) -> tuple[int, ...]:
        named = dict(zip(curves.channels, spend.tolist(), strict=True))
        return tuple(fee.step(named) for fee in fees)

    def within(ranges: Ranges) -> Plan:
        least = sum(fee.of_step(first) for fee, (first, _) in zip(fees, ranges, strict=True))
        limits = [fee.within(first, last) for fee, (first, last) in zip(fees, ranges, strict=True)]
        aim = _dearer(plan.objective, least)
        side: dict[str, Any] = {aim.wants: aim}
        return Plan(**side, subject_to=[*plan.subject_to, *limits], now=plan.now)

    def solve(ranges: Ranges, seconds: float) -> Outcome:
        try:
            found = search(within(ranges), seconds).run()
        except Unmet as error:
            return Outcome(None, -np.inf, error.bound, 1, False)
        return Outcome(found.spend, found.score, found.bound, 1, True)

    def margin(value: float, spend: Array) -> float:
        return gap * goal.size(value, float(spend.sum()))

    outcome = best_steps(fees, steps, solve, score, margin, time_limit)
    if outcome.spend is None:
        named = ", ".join(fee.name for fee in fees)
        text = f"no allocation was reached that keeps the promises in the worst cases with its fees ({named})."
        remedy = "promise fewer customers, relax limits on spend or cost, or lower the fees."
        raise InfeasiblePlan(f"{text} Remedy: {remedy}")
    return outcome.bound, search(within(tuple((step, step) for step in steps(outcome.spend))), time_limit)


def _dearer(objective: Objective, more: float) -> Objective:
    """The objective with more fixed cost."""
    known: Any = objective
    if not hasattr(known, "fixed_cost"):
        remedy = "use BlendedCAC, Customers or Profit, or state the fees in its own figure."
        raise BadInput(Problem(type(objective).__name__, "has no fixed cost that fees could join.", remedy=remedy))
    other = copy(known)  # its organic customers were checked where the plan was stated
    object.__setattr__(other, "fixed_cost", known.fixed_cost + more)
    return other  # type: ignore[no-any-return]
