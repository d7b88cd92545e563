"""What may be asked of curves: a plan for the average, for the worst cases, or against hidden demand."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import fields, is_dataclass, replace
from typing import Any

from mmm.arrays import Array
from optimizer.plan import Plan
from optimizer.question.groups import AverageCAC, MarginalCAC
from optimizer.question.program import Constraint
from optimizer.uncertainty.risk import Pessimistic
from optimizer.uncertainty.robust import Robust

__all__ = ["Question", "limited", "over", "plan_of", "with_organic", "without_cap"]

Question = Plan | Pessimistic | Robust


def plan_of(question: Question) -> Plan:
    """Objective, promises and limits of a question."""
    if isinstance(question, Plan):
        return question
    return question.plan if isinstance(question, Pessimistic) else question.demand.plan


def over(question: Question, plan: Plan) -> Question:
    """The same question of another plan."""
    if isinstance(question, Plan):
        return plan
    if isinstance(question, Pessimistic):
        return replace(question, plan=plan)
    return Robust(replace(question.demand, plan=plan))


def limited(question: Question, *limits: Constraint) -> Question:
    """The question with further limits."""
    plan = plan_of(question)
    return over(question, plan.replaced(subject_to=[*plan.subject_to, *limits]))


def with_organic(plan: Plan, organic: Array | float) -> Plan:
    """The plan with other organic customers, fewer than none allowed, in its objective and its promises."""

    def stated(part: Any) -> Any:
        if not (is_dataclass(part) and any(field.name == "organic" for field in fields(part))):
            return part
        other = copy(part)  # what a plan states is checked, and this is no forecast but today's customers moved over
        object.__setattr__(other, "organic", organic)
        return other

    return plan.replaced(objective=stated(plan.objective), subject_to=[stated(part) for part in plan.subject_to])


def without_cap(question: Question, channel: str) -> Question:
    """The question without ceilings on the average or marginal CAC of a channel, which its effect alone would break.

    A ceiling on the average of several channels goes, one on the last customer of each stays for the others.
    """
    plan = plan_of(question)
    kept = [part for limit in plan.subject_to for part in _without(limit, channel)]
    return question if kept == list(plan.subject_to) else over(question, plan.replaced(subject_to=kept))


def _without(limit: Constraint, channel: str) -> Iterator[Constraint]:
    capped = isinstance(limit, AverageCAC | MarginalCAC) and channel in limit.members
    if not capped:
        yield limit
    elif isinstance(limit, MarginalCAC) and (others := tuple(one for one in limit.members if one != channel)):
        yield replace(limit, subject=replace(limit.subject, members=others))
