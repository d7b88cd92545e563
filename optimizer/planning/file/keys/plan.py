"""The plan file's ``plan`` and ``scenarios``: the question to the optimizer, and what if."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from attribution.numbers import percent
from optimizer.planning.file.amounts import Amount, Money, Percent, Shift
from optimizer.planning.file.keys.base import Name, Section
from optimizer.planning.file.keys.limits import BudgetLimits, ChangeLimits, GroupLimits, Limits, Weighted
from optimizer.scenarios import AsPlanned

__all__ = ["PLAN_ITSELF", "GivenTable", "NextTests", "PlanSection", "Promise", "Question", "Risk", "Scenario"]

PLAN_ITSELF = "Plan"
"""What outputs call the plan among its what-ifs."""


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


class GivenTable(Section):
    """A table of somebody's plan: a row per channel, and what it gets."""

    path: Path
    channel: Name = "channel"
    spend: Name = "spend"


class Risk(Section):
    """The cases that a plan is made for: the mean of the worst, in place of the mean of all."""

    worst: Annotated[float, Field(gt=0, le=1)]
    weight: Annotated[float, Field(gt=0, le=1)] = 1.0

    @property
    def cases(self) -> str:
        """The cases in words."""
        worst = f"the mean of the worst {percent(self.worst)} of cases"
        return worst if self.weight == 1 else f"{percent(self.weight)} {worst} and the rest the mean of all"


Worth = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Question(Section):
    """What is asked of a plan beside its aim: the business, promises and limits; a scenario may ask otherwise."""

    fixed_cost: Money = 0.0
    value_per_customer: Worth | dict[Name, Money] | None = None
    value_per_organic: Money | None = None
    budget: BudgetLimits | None = None
    incremental: Shift | None = None
    customers: Promise | None = None
    max_cac: Annotated[float, Field(gt=0)] | None = None
    every_channel: Limits | None = None
    channels: dict[Name, Limits] = {}
    groups: dict[Name, GroupLimits] = {}
    change: ChangeLimits | None = None
    custom: dict[Name, Weighted] = {}
    risk: Risk | None = None
    raise_riders: bool = False
    explore: bool = False

    @field_validator("incremental")
    @classmethod
    def _some_money(cls, incremental: Amount | None) -> Amount | None:
        if incremental is not None and incremental.value <= 0:
            raise ValueError("is the money that is added to today's spend; write an amount above 0, or +10%")
        return incremental

    @property
    def one_value(self) -> float | None:
        """Value of a customer where it is one for all; None where it differs by channel or is not stated."""
        return None if isinstance(self.value_per_customer, dict) else self.value_per_customer

    def worth_of(self, channel: str) -> float | None:
        """Value of a customer whom a channel wins; None where the file states none."""
        stated = self.value_per_customer
        return stated.get(channel) if isinstance(stated, dict) else stated


class PlanSection(Question):
    """The question to the optimizer."""

    minimize: Literal["blended_cac", "spend"] | None = None
    maximize: Literal["customers", "profit"] | None = None
    weeks: Annotated[int, Field(ge=1, le=104)] = 13
    now: dict[Name, Money] | None = None
    given: Path | dict[Name, Path | GivenTable] | None = None
    tests: NextTests | None = None
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

    @property
    def given_tables(self) -> dict[str, GivenTable]:
        """Name -> table of each plan that is to be scored; a path alone is named after its file."""
        stated = self.given or {}
        named = stated if isinstance(stated, dict) else {stated.stem: stated}
        return {name: each if isinstance(each, GivenTable) else GivenTable(path=each) for name, each in named.items()}

    def with_keys_of(self, other: Question) -> PlanSection:
        """The section with the keys that another states in place of its own."""
        return self.model_copy(update={key: getattr(other, key) for key in other.model_fields_set})


class Scenario(Section):
    """One what-if: each key changes the plan above in one respect."""

    name: Name
    budget: Shift | None = None
    off: list[Name] = []
    cost: dict[Name, Percent] = {}
    customers: Promise | None = None
    fixed_cost: Shift | None = None
    value_per_customer: Shift | None = None
    instead: Question | None = None

    @field_validator("name")
    @classmethod
    def _another_name_than_the_plan(cls, name: str) -> str:
        if name.strip().casefold() in {PLAN_ITSELF.casefold(), AsPlanned().name}:
            raise ValueError(f"{name!r} is what outputs call the plan itself; choose another name")
        return name

    @model_validator(mode="after")
    def _changes_something(self) -> Scenario:
        if not any(getattr(self, name) for name in type(self).model_fields if name != "name"):
            keys = ", ".join(key for key in type(self).model_fields if key not in {"name", "instead"})
            raise ValueError(f"changes nothing; give {keys}, or instead with keys of the plan")
        return self

    def section(self, section: PlanSection) -> PlanSection:
        """The plan's section with the keys that the scenario states in place of its own."""
        return section if self.instead is None else section.with_keys_of(self.instead)
