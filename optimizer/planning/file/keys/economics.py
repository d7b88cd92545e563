"""The plan file's ``economics``, and the tables it rests on: what a customer is worth, and what acquiring one costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from optimizer.planning.file.amounts import Cost, Money
from optimizer.planning.file.keys.base import Name, Section
from optimizer.planning.file.keys.tables import Days, Numbers, Source

__all__ = ["CohortTable", "CostTable", "EconomicsKeys"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class CohortTable(Numbers, Days):
    """The table of cohorts: customers by month of acquisition, channel and age."""

    path: Source
    """The table, a row per month of acquisition, channel and age; or a triangle, a row per month and channel and a
    column of active customers for each age (`0`, `1`, `2`, or `m0`, `age_1`), empty where an age is not reached yet.
    """
    month: Name = "month"
    """Column of the month of acquisition, by any day of it."""
    channel: Name = "channel"
    """Column of the channel, named as in `weekly`; `organic` for customers who come unpaid. A channel that the table
    does not hold has the value of the others, with all their spread.
    """
    age: Name = "age"
    """Column of whole periods since acquisition, from 0."""
    active: Name = "active"
    """Column of customers of the cohort who are still customers at that age."""
    margin: Name = "margin"
    """Column of contribution margin of the cohort at that age; may be missing where `economics.margin` states it."""
    currency: Name = "currency"
    """Column of the currency, if there is one: it must hold the plan file's."""
    period: Literal["month", "quarter", "year"] = "month"
    """From one age to the next."""
    negative_margins: bool = False
    """Margins below 0 are meant."""

    @property
    def columns(self) -> dict[str, str]:
        """Declared name to the file's."""
        return {name: getattr(self, name) for name in ("month", "channel", "age", "active", "margin", "currency")}

    @property
    def months(self) -> int:
        """Months of a period."""
        return _MONTHS[self.period]


class CostTable(Numbers, Days):
    """The table of what acquisition costs beside media: salaries, tools, agencies."""

    path: Source
    """The table, a row per month and kind of cost."""
    month: Name = "month"
    """Column of the month, by any day of it."""
    kind: Name = "kind"
    """Column of the kind of cost."""
    cost: Name = "cost"
    """Column of the cost in that month."""


class EconomicsKeys(Section):
    """How margin over time becomes what a customer is worth; read where `data.cohorts` is given."""

    horizon: Annotated[int, Field(ge=1, le=240)] = 36
    """Months from acquisition that count."""
    discount_rate: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)] = 0.1
    """Per year: 0.1 for 10 %; margin of month m counts (1 + rate)^(-m / 12)."""
    margin: Cost | dict[Name, Money] | None = None
    """Contribution margin per active customer and period, or channel: margin; where the cohort table has none."""
    guardrail: Annotated[float, Field(gt=0, le=100)] = 3.0
    """Least lifetime value over CAC that a channel should have; below it a finding says so."""
