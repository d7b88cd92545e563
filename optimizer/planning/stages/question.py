"""The question that a plan section asks : the best plan on average, in the worst cases, or against hidden demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from attribution.numbers import amount, counted, percent
from mmm import LiftTest, ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.plan import Plan
from optimizer.planning.file.keys.plan import HiddenDemandKeys, PlanSection
from optimizer.planning.inputs.tested import measured
from optimizer.question.objectives import Customers
from optimizer.uncertainty.hidden_demand import HiddenDemand
from optimizer.uncertainty.risk import Pessimistic
from optimizer.uncertainty.robust import Robust

__all__ = [
    "against_hidden_demand",
    "because_of_payback",
    "cases",
    "doubt_in_words",
    "doubted_channels",
    "put",
    "sentences",
    "solved",
]


def put(section: PlanSection, plan: Plan, doubted: Collection[str]) -> Plan | Pessimistic | Robust:
    """The plan as it is to be solved; ``doubted`` are the channels whose credit may be hidden demand."""
    if section.risk is not None:
        return Pessimistic(plan, section.risk.worst, section.risk.weight)
    if section.robust and section.doubt is not None:
        return Robust(against_hidden_demand(section.doubt, plan, doubted))
    return plan


def solved(section: PlanSection, plan: Plan, curves: ResponseCurves, doubted: Collection[str]) -> Allocation:
    """The best allocation for the cases that the section asks for."""
    return put(section, plan, [channel for channel in doubted if channel in curves]).solve(curves, section.gap)


def against_hidden_demand(keys: HiddenDemandKeys, plan: Plan, doubted: Collection[str]) -> HiddenDemand:
    """The plan where the credit of some channels may be demand that comes anyway."""
    return HiddenDemand(plan, dict.fromkeys(doubted, keys.strength), in_all=keys.in_all)


def doubted_channels(section: PlanSection, channels: Iterable[str], tests: Iterable[LiftTest]) -> tuple[str, ...]:
    """Channels whose credit may be hidden demand: those of the file, or those that no lift test has measured."""
    seen, named = measured(tests), section.doubt.channels if section.doubt is not None else []
    return tuple(channel for channel in channels if (channel in named if named else channel not in seen))


def doubt_in_words(keys: HiddenDemandKeys) -> str:
    """How far credit is doubted."""
    whose = ", ".join(keys.channels) or "channels that no test has measured"
    most = f" (and {percent(keys.in_all)} of their customers in all)" if keys.in_all < 1 else ""
    return f"up to {percent(keys.strength)} of the effect of {whose}{most} is demand that comes anyway"


def cases(section: PlanSection | None) -> str:
    """The cases that a plan is made for, as they follow a figure; empty where it is the average of all."""
    if section is None:
        return ""
    if section.risk is not None:
        return f"in {section.risk.cases}"
    if section.robust and section.doubt is not None:
        return f"at worst where {doubt_in_words(section.doubt)}"
    return ""


def because_of_payback(section: PlanSection) -> str:
    """Where caps on the CAC of channels come from that the plan file does not write; empty without ``payback``."""
    if section.payback is None:
        return ""
    span = counted(section.payback, "month")
    return f"The CAC of each channel is capped at what its customers earn within {span} (payback in the plan file)."


def sentences(section: PlanSection, plan: Plan, allocation: Allocation, outcome: str) -> tuple[str, ...]:
    """The allocation in sentences, the first its headline; what limits cost is counted in the file's ``outcome``."""
    counts_people = isinstance(plan.objective, Customers)
    notes = [text] if (text := because_of_payback(section)) else []
    headline, *prices = (replace(allocation, unit=outcome) if counts_people else allocation).explain()
    if plan.fees:
        due = {fee.name: fee.due(dict(allocation.spend)) for fee in plan.fees}
        named = ", ".join(f"{name} {amount(fee)}" for name, fee in due.items())
        text = "part of the blended CAC and of profit"
        notes.append(f"Fees due beside the media, {text}: {named}. Prices are with the fees in these steps.")
    made_for = cases(section)
    if made_for:
        beside = "expectations over all cases" if section.risk else "as the mix model credits the channels"
        notes.append(
            f"The plan is made for its figure {made_for}: bound, distance and prices are of that figure; customers and "
            f"CAC beside them are {beside}."
        )
    return (headline, *notes, *prices)
