"""The question that a plan section asks of a plan: the best on average, or in the worst cases."""

from __future__ import annotations

from attribution.numbers import amount
from mmm import ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.plan import Plan
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.uncertainty.risk import Pessimistic

__all__ = ["put", "sentences", "solved"]


def put(section: PlanSection, plan: Plan) -> Plan | Pessimistic:
    """The plan as it is to be solved."""
    return plan if section.risk is None else Pessimistic(plan, section.risk.worst, section.risk.weight)


def solved(section: PlanSection, plan: Plan, curves: ResponseCurves) -> Allocation:
    """The best allocation for the cases that the section asks for."""
    return put(section, plan).solve(curves, section.gap)


def sentences(section: PlanSection, plan: Plan, allocation: Allocation) -> tuple[str, ...]:
    """The allocation in sentences, the first its headline."""
    headline, *prices = allocation.explain()
    if plan.fees:
        due = {fee.name: fee.due(dict(allocation.spend)) for fee in plan.fees}
        named = ", ".join(f"{name} {amount(fee)}" for name, fee in due.items())
        note = f"Fees due beside the media, part of the blended CAC: {named}. Prices are with the fees in these steps."
        return (headline, f"{note} Where moves turn around is not worked out for a plan with fees.", *prices)
    if section.risk is None:
        return (headline, *prices)
    note = (
        f"The plan is made for {section.risk.cases}: bound, distance and prices are of that figure; customers and CAC "
        "beside them are expectations over all cases. Where moves turn around is not worked out for such a plan."
    )
    return (headline, note, *prices)
