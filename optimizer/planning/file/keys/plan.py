"""The plan file's ``plan`` and ``scenarios``: the question to the optimizer, and what if."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from optimizer.planning.file.amounts import Amount, Money, Percent, Shift
from optimizer.planning.file.keys.base import Name, Section
from optimizer.planning.file.keys.schedule import Schedule
from optimizer.scenarios import AsPlanned

__all__ = [
    "PLAN_ITSELF",
    "BudgetLimits",
    "GroupLimits",
    "HiddenDemandKeys",
    "Limits",
    "NextTests",
    "PlanSection",
    "Promise",
    "Scenario",
]

PLAN_ITSELF = "Plan"
"""What outputs call the plan among its what-ifs."""


class Limits(Section):
    """What one channel may spend over the horizon."""

    at_least: Shift | None = None
    at_most: Shift | None = None
    fixed: Shift | None = None
    zero_or_at_least: Money | None = None

    @model_validator(mode="after")
    def _one_story(self) -> Limits:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if not given:
            raise ValueError("say at_least, at_most, fixed or zero_or_at_least")
        if "fixed" in given and len(given) > 1:
            raise ValueError("fixed stands alone; remove the other limits")
        if {"zero_or_at_least", "at_least"} <= given:
            raise ValueError("zero_or_at_least and at_least exclude each other")
        return self


class BudgetLimits(Section):
    """What all channels together may spend over the horizon."""

    at_least: Shift | None = None
    at_most: Shift | None = None
    exactly: Shift | None = None

    @model_validator(mode="after")
    def _one_story(self) -> BudgetLimits:
        if self.exactly is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("exactly stands alone; remove at_least and at_most")
        return self


class GroupLimits(Section):
    """Channels that share a limit."""

    channels: Annotated[list[Name], Field(min_length=1)]
    at_least: Shift | None = None
    at_most: Shift | None = None

    @model_validator(mode="after")
    def _some_limit(self) -> GroupLimits:
        if self.at_least is None and self.at_most is None:
            raise ValueError("say at_least or at_most")
        return self


class Promise(Section):
    """New customers promised over the horizon, organic ones included; +0% means as many as today's spend brings."""

    at_least: Shift

    @field_validator("at_least")
    @classmethod
    def _positive(cls, at_least: Amount) -> Amount:
        if not at_least.relative and at_least.value <= 0:
            raise ValueError("promise more than 0 customers")
        return at_least


class NextTests(Section):
    """The lift test whose worth is asked for each channel before it is run."""

    weeks: Annotated[int, Field(ge=1, le=26)] = 4
    change: Percent = -1.0
    standard_error: Annotated[float, Field(gt=0)] | None = None

    @field_validator("change")
    @classmethod
    def _some_change(cls, change: float) -> float:
        if change == 0:
            raise ValueError("a test changes spend; write for example -100% or +50%")
        return change


class HiddenDemandKeys(Section):
    """How much of what channels are credited with may be demand that comes anyway."""

    strength: Annotated[float, Field(gt=0, le=1)] = 0.5
    channels: list[Name] = []
    in_all: Annotated[float, Field(gt=0, le=1)] = 1.0


class PlanSection(Section):
    """The question to the optimizer."""

    weeks: Annotated[int, Field(ge=1, le=104)] = 13
    minimize: Literal["blended_cac", "spend"] | None = None
    maximize: Literal["customers", "profit"] | None = None
    fixed_cost: Money = 0.0
    value_per_customer: Annotated[float, Field(gt=0)] | None = None
    now: dict[Name, Money] | None = None
    budget: BudgetLimits | None = None
    customers: Promise | None = None
    max_cac: Annotated[float, Field(gt=0)] | None = None
    every_channel: Limits | None = None
    channels: dict[Name, Limits] = {}
    groups: dict[Name, GroupLimits] = {}
    raise_riders: bool = False
    explore: bool = False
    tests: NextTests | None = None
    schedule: Schedule | None = None
    hidden_demand: HiddenDemandKeys | None = None
    gap: Annotated[float, Field(gt=0, le=0.1)] = 1e-3

    @model_validator(mode="after")
    def _one_objective(self) -> PlanSection:
        if (self.minimize is None) == (self.maximize is None):
            raise ValueError("say either minimize: blended_cac | spend, or maximize: customers | profit")
        if self.maximize == "profit" and self.value_per_customer is None:
            raise ValueError("maximize: profit needs value_per_customer")
        if self.tests is not None and self.tests.weeks > self.weeks:
            raise ValueError("tests.weeks exceeds weeks, the horizon over which a test is worth something")
        return self


class Scenario(Section):
    """One what-if: each key changes the plan above in one respect."""

    name: Name
    budget: Shift | None = None
    off: list[Name] = []
    cost: dict[Name, Percent] = {}
    customers: Promise | None = None
    fixed_cost: Shift | None = None
    value_per_customer: Shift | None = None

    @field_validator("name")
    @classmethod
    def _another_name_than_the_plan(cls, name: str) -> str:
        if name.strip().casefold() in {PLAN_ITSELF.casefold(), AsPlanned().name}:
            raise ValueError(f"{name!r} is what outputs call the plan itself; choose another name")
        return name

    @model_validator(mode="after")
    def _changes_something(self) -> Scenario:
        if not any(getattr(self, name) for name in type(self).model_fields if name != "name"):
            raise ValueError("changes nothing; give budget, off, cost, customers, fixed_cost or value_per_customer")
        return self
