"""The plan file's ``economics``, and the tables it rests on: what a customer is worth, and what acquiring one costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from attribution.economics.sales_lags import SalesLags
from attribution.errors import BadInput
from attribution.reading.formats import Format
from optimizer.planning.file.amounts import Cost, Money
from optimizer.planning.file.keys.base import Month, Name, Section
from optimizer.planning.file.keys.by_value import VALUED_TWICE, ByValueKeys
from optimizer.planning.file.keys.identity import Identity
from optimizer.planning.file.keys.tables import Days, Numbers, Source, TimeZone

__all__ = ["CohortTable", "CostTable", "EconomicsKeys", "OrdersTable", "SalesCycleKeys"]

_MOST_A_YEAR = 5.0
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


class OrdersTable(Numbers, Days):
    """The table of orders, in place of cohorts: who ordered when, and what was earned."""

    path: Source
    """The table, a row per order, line of an order, or refund."""
    customer: Name = "customer"
    """Column of the customer, the same for all orders of one."""
    date: Name = "date"
    """Column of the day or moment of the order."""
    channel: Name | None = "channel"
    """Column of the channel by which the customer came, read of the first order; `organic` for who came unpaid. Where
    the table has none, or `null`, all customers are valued together, and a finding says so.
    """
    channels: dict[Name, Name] = {}
    """Name in that column: channel of `weekly`, or `organic`; names that are left out stay as they are."""
    margin: Name | None = None
    """Column of contribution margin; or `value` and `margin_rate`."""
    value: Name | None = None
    """Column of money; a row below 0 is a refund, which takes from the margin and makes nobody a customer. Beside
    `margin` it says no more than that.
    """
    margin_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of `value` that is contribution margin: 0.4 for 40 %."""
    currency: Name = "currency"
    """Column of the currency, if there is one: it must hold the plan file's."""
    silence: Annotated[int, Field(ge=1, le=60)] = 3
    """Months without an order after which a customer is lost. The last so many months of the table are left out, for
    nobody knows yet who is silent for good; a finding says how many customers pause for longer.
    """
    new_since: Month | None = None
    """Month since when a first order in the table is that of a new customer, `2025-01`: who ordered before it was one
    already, and is left out. The first month of the table where left out.
    """
    identity: Identity | None = None
    """Which ids are one customer; the map of `touchpoints` where left out, for ids that it holds."""
    days_in: TimeZone | None = None
    """Zone whose days count, such as `Europe/Berlin`; the days as the table writes them where left out."""
    by_value: ByValueKeys | None = None
    """New customers of `weekly` count by the mean value of the segments of those who first ordered in that period, so
    that the KPI is customers of average value and a plan buys value, see [funnel and
    referral](concepts/funnel-and-referral.md); `{}` for the defaults. Needs `channel: null`: what customers of a
    channel are worth is in their count then.
    """

    @property
    def format(self) -> Format:
        """All that is stated, the zone of its days too."""
        return replace(super().format, time_zone=self.days_in)

    @model_validator(mode="after")
    def _one_margin(self) -> OrdersTable:
        if (self.margin is None) == (self.margin_rate is None):
            raise ValueError("give margin (a column), or value and margin_rate, of which it is made; not both")
        if self.margin_rate is not None and self.value is None:
            raise ValueError("margin_rate is a share of value; name that column")
        if self.by_value is not None and self.channel is not None:
            raise ValueError(f"by_value {VALUED_TWICE}; write channel: null, or remove by_value")
        return self

    @property
    def columns(self) -> dict[str, str | None]:
        """Declared name to the table's, None where it has none; a channel that is not named may be missing."""
        named = {role: getattr(self, role) for role in ("customer", "date", "margin", "value", "currency")}
        return {**named, **({"channel": self.channel} if "channel" in self.model_fields_set else {})}


class CostTable(Numbers, Days):
    """The table of what acquisition costs beside media: salaries, tools, agencies."""

    path: Source
    """The table, a row per month and kind of cost; or per time and kind, see `until`."""
    month: Name = "month"
    """Column of the month, by any day of it."""
    kind: Name = "kind"
    """Column of the kind of cost."""
    cost: Name = "cost"
    """Column of the cost in that month."""
    until: Name | None = None
    """Column of the last day, where a row is of a time that begins on the day in `month`, such as a salary from one
    raise to the next: its cost is divided evenly between its days. A row is of its month where left out.
    """
    currency: Name = "currency"
    """Column of the currency, if there is one: it must hold the plan file's."""


_Lags = dict[Annotated[int, Field(ge=0, le=104)], Annotated[float, Field(ge=0, le=1)]]


class SalesCycleKeys(Section):
    """How long customers take from the spend to the conversion, as sales knows it; one of the two keys."""

    months: _Lags | None = None
    """Calendar months after the spend: share of the customers who come then, `{0: 0.35, 1: 0.4, 2: 0.25}`."""
    weeks: _Lags | None = None
    """The same by weeks."""

    @model_validator(mode="before")
    @classmethod
    def _unit(cls, given: Any) -> Any:
        if isinstance(given, dict) and any(isinstance(key, int) for key in given):
            raise ValueError("say of what the lags are: {months: {0: 0.35, 1: 0.4, 2: 0.25}}, or weeks")
        return given

    @model_validator(mode="after")
    def _one_table(self) -> SalesCycleKeys:
        if (self.months is None) == (self.weeks is None):
            raise ValueError("give months or weeks: lag, and the share of customers who come so long after the spend")
        try:
            _ = self.lags
        except BadInput as error:
            raise ValueError(str(error).removesuffix(".")) from None
        return self

    @property
    def lags(self) -> SalesLags:
        """The cycle by weeks."""
        return SalesLags.by_month(self.months) if self.months is not None else SalesLags.by_week(self.weeks or {})


def _a_rate(rate: float) -> float:
    if rate > _MOST_A_YEAR:
        raise ValueError(f"{rate:g} is {100 * rate:,.0f} % a year; write {rate / 100:g} for {rate:g} %")
    return rate


class EconomicsKeys(Section):
    """How margin over time becomes what a customer is worth, where `data.cohorts` or `data.orders` is given; and how
    long customers take to decide.
    """

    horizon: Annotated[int, Field(ge=1, le=240)] = 36
    """Months from acquisition that count; of cohorts by quarter or year a whole number of these."""
    discount_rate: Annotated[float, AfterValidator(_a_rate), Field(ge=0, allow_inf_nan=False)] = 0.1
    """Per year: 0.1 for 10 %; margin of month m counts (1 + rate)^(-m / 12)."""
    margin: Cost | dict[Name, Money] | None = None
    """Contribution margin per active customer and period, or channel: margin; where the cohort table has none."""
    guardrail: Annotated[float, Field(gt=0, le=100)] = 3.0
    """Least lifetime value over CAC that a channel should have; below it a finding says so."""
    sales_cycle: SalesCycleKeys | None = None
    """How long customers take to decide, for CAC matched to the cycle without a log; with one, a finding compares."""
