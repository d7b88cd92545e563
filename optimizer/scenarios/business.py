"""What-ifs of the business: another budget, another promise against today, another fixed cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from attribution.errors import BadInput, Problem
from attribution.numbers import plain, typed_percent
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.question.constraints import Budget, Constraint
from optimizer.scenarios.what_ifs import Scenario, check_share

__all__ = ["BudgetOf", "FixedCost", "PromiseChange"]


@dataclass(frozen=True)
class BudgetOf(Scenario):
    """Another budget in currency: it takes the place of the most, or of the exact amount, that may be spent.

    A least amount to be spent stays; a plan without a budget gets one.
    """

    amount: float

    @property
    def name(self) -> str:
        """The budget."""
        return f"budget of {plain(self.amount)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the budget."""
        parts = list(self._moved(plan.subject_to))
        if not any(isinstance(part, Budget) for part in parts):
            parts.append(Budget(at_most=self.amount))
        return plan.replaced(subject_to=parts), curves

    def _moved(self, parts: tuple[Constraint, ...]) -> Iterator[Constraint]:
        for part in parts:
            if not isinstance(part, Budget):
                yield part
            elif part.exactly is not None:
                yield Budget(exactly=self.amount)
            else:
                yield Budget(at_most=self.amount, at_least=part.at_least)


@dataclass(frozen=True)
class PromiseChange(Scenario):
    """A promise of customers against what today's spend would bring: 0.02 for 2 % more, -0.05 for 5 % fewer."""

    by: float

    def __post_init__(self) -> None:
        check_share("PromiseChange", self.by)

    @property
    def name(self) -> str:
        """The promise."""
        return f"customers {typed_percent(self.by)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the promise in place of its own.

        Raises
        ------
        BadInput
            Where the plan does not state today's spend.
        """
        if plan.now is None:
            text = "is relative to today's customers, and the plan does not state today's spend."
            raise BadInput(Problem(self.name, text, remedy="give Plan(now={channel: current spend})."))
        today = plan.evaluate(curves, plan.now).expected_customers
        return plan.with_promise(today * (1 + self.by)), curves


@dataclass(frozen=True)
class FixedCost(Scenario):
    """Another fixed cost over the horizon, in currency."""

    amount: float

    @property
    def name(self) -> str:
        """The cost."""
        return f"fixed cost of {plain(self.amount)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the cost in its objective.

        Raises
        ------
        BadInput
            Where the objective knows no fixed cost, or the amount is negative.
        """
        objective: Any = plan.objective
        if not hasattr(objective, "fixed_cost"):
            text = "the plan's objective knows no fixed cost."
            raise BadInput(Problem(self.name, text, remedy="use BlendedCAC, Customers, Spend or Profit."))
        return plan.replaced(objective=replace(objective, fixed_cost=self.amount)), curves
