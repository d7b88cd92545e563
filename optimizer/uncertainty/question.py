"""What may be asked of curves: a plan for the average, for the worst cases, or against hidden demand."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from mmm.arrays import Array
from optimizer.plan import Plan
from optimizer.question.program import Constraint
from optimizer.uncertainty.risk import Pessimistic
from optimizer.uncertainty.robust import Robust

__all__ = ["Question", "limited", "over", "plan_of", "with_organic"]

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
    """The plan with other organic customers, in its objective and its promises."""

    def stated(part: Any) -> Any:
        named = is_dataclass(part) and any(field.name == "organic" for field in fields(part))
        return replace(part, organic=organic) if named else part

    return plan.replaced(objective=stated(plan.objective), subject_to=[stated(part) for part in plan.subject_to])
