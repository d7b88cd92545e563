"""The plan file's ``data.spend``, ``data.outcome`` and ``data.controls``: exports that become the weekly table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from attribution.reading.exports.registry import ADVERTISING, ORDERS
from optimizer.planning.file.keys.base import CurrencyCode, Name, Section
from optimizer.planning.file.keys.by_value import ByValueKeys
from optimizer.planning.file.keys.tables import DatePattern, Days, Encoding, Numbers, TimeZone

__all__ = ["ControlExport", "OutcomeExport", "Rate", "SpendExport", "WeekDay"]

if TYPE_CHECKING:
    SpendKind = str
    OutcomeKind = str
else:
    SpendKind = Literal[(*ADVERTISING, "table")]
    OutcomeKind = Literal[(*ORDERS, "table", "ga4_exploration")]

COUNTED_TABLES = ("table", "ga4_exploration")
Rate = dict[CurrencyCode, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
Decimal = Literal[".", ","]
Thousands = Literal[".", ",", " ", "'"]
WeekDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class OfMarkets(Section):
    """Of which market the rows of an export are."""

    geo: Name | None = None
    """Column of the market; the plan is then of each channel in each market. All exports of spend and the outcome name
    theirs, or none.
    """
    market: Name | None = None
    """The market of all its rows, in place of `geo`."""
    markets: Annotated[dict[Name, Name], Field(min_length=1)] | None = None
    r"""Pattern: market, in order, where `geo` writes markets otherwise than other files; as `channels`."""

    @property
    def names_markets(self) -> bool:
        """Whether its rows are of markets."""
        return self.geo is not None or self.market is not None

    @model_validator(mode="after")
    def _one_market(self) -> Self:
        if self.geo is not None and self.market is not None:
            raise ValueError("say either geo, the column of the market, or market, for all of the file")
        if self.markets is not None and self.geo is None:
            raise ValueError("markets renames what the column of geo says; name it")
        return self


class SpendExport(OfMarkets):
    """One export of spend, or several alike, and the channels that it holds.

    Two files may not hold the same days of a campaign, nor a file the same row twice.
    """

    path: Path
    """CSV, xlsx (`file.xlsx::Sheet`), Parquet or a table of a database; or a pattern such as `meta/*.csv`."""
    kind: SpendKind | None = None
    """Who wrote it; `table` for any other table. Known by the names of its columns where left out, and `table` where
    `amount` stands.
    """
    channel: Name | None = None
    """The channel of all its spend; or `channels`."""
    channels: Annotated[dict[Name, Name], Field(min_length=1)] | None = None
    r"""Pattern: channel, in order; the first that a campaign meets counts. `*` stands for anything and every other
    sign, `\|` too, for itself; case does not matter.
    """
    by: Name = "campaign"
    """What `channels` looks at: the campaign, or another column, such as `platform`."""
    date: Name | None = None
    """Column of the day, for kind `table`."""
    amount: Name | None = None
    """Column of the money, for kind `table`."""
    campaign: Name | None = None
    """Column of the campaign, for kind `table`."""
    impressions: Name | None = None
    """Column of impressions, for kind `table`."""
    clicks: Name | None = None
    """Column of clicks, for kind `table`."""
    currency: CurrencyCode | None = None
    """Currency of a file that names none; the plan's where left out."""
    currencies: Rate = {}
    """Currency: what one unit is worth in the plan's, `{USD: 0.92}`, for these files; else as at the head of the plan
    file.
    """
    spread: Literal["week", "month", "range"] | None = None
    """What a row covers from its date on, or `range` for the first and last day that the export itself states; its
    money falls evenly on those days. Without it a row that crosses weeks is an error.
    """
    outside: Literal["no_spend"] | None = None
    """`no_spend`: before its first and after its last day nothing was spent. Without it the table holds only weeks that
    lie between the two.
    """
    driven_by: Literal["impressions", "clicks"] | None = None
    """Volume that the effect of its channels follows, in place of spend."""
    keep_duplicates: bool = False
    """Rows alike in every column, and days that another file holds as well, are real."""
    date_format: DatePattern | None = None
    """`strptime` pattern of dates that are not the platform's own, or a word as of `weekly`."""
    decimal: Decimal | None = None
    """Sign before fractions, where it is not the point."""
    thousands: Thousands | None = None
    """Sign between groups of three digits, where it is not the comma (the point, where `decimal` is a comma)."""
    encoding: Encoding | None = None
    """Encoding of a CSV file, as of `weekly`."""

    @property
    def patterns(self) -> dict[str, str]:
        """Pattern -> channel."""
        return dict(self.channels) if self.channels is not None else {"*": str(self.channel)}

    @property
    def is_table(self) -> bool:
        """Whether the file's own columns are named here."""
        return self.kind == "table" or (self.kind is None and self.amount is not None)

    @model_validator(mode="after")
    def _one_story(self) -> SpendExport:
        if (self.channel is None) == (self.channels is None):
            raise ValueError("say either channel, for all of the file, or channels: {pattern: channel}")
        if self.is_table and (self.date is None or self.amount is None):
            raise ValueError("a table needs its columns of date and amount")
        named = [
            key for key in ("date", "amount", "campaign", "impressions", "clicks") if getattr(self, key) is not None
        ]
        if named and not self.is_table:
            raise ValueError(f"{named[0]} names a column of kind: table; {self.kind or 'a platform'} has its own")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self


class OutcomeExport(OfMarkets):
    """The export that the KPI is counted from: orders, deals, events, or a table that counts already."""

    path: Path
    """The file, or a pattern of several."""
    kind: OutcomeKind
    """Who wrote it: `orders` for any table of one row per order or line, `table` for one that counts by day or week."""
    date: Name | None = None
    """Column of the time; the kind's own where left out (`date`, `order_date`, `created_at`, `day` or `time` in
    `orders`).
    """
    order: Name | None = None
    """Column of the order's id: lines of one order count once, and refunds are taken off it; the kind's own where left
    out (`order_id`, `order` or `order_number` in `orders`).
    """
    person: Name | None = None
    """Column of the customer; the kind's own where left out (`customer_id`, `person`, `email` or `user` in `orders`).
    """
    value: Name | None = None
    """Column of money, negative for a refund; the kind's own where left out (`value`, `amount` or `total` in
    `orders`).
    """
    kpi: Name | None = None
    """Column of the count, for kinds `table` and `ga4_exploration`."""
    first_only: bool = False
    """Only the first order of each person counts; later ones stand apart in the weekly table."""
    without_person: Literal["new", "leave_out"] | None = None
    """Orders of nobody known, with `first_only`: each counts as a new customer, or none does. Without it they are an
    error.
    """
    by_value: ByValueKeys | None = None
    """With `first_only`: a new customer counts by the mean value of the segment, so that the KPI is customers of
    average value and a plan buys value, see [funnel and referral](concepts/funnel-and-referral.md); `{}` for the
    defaults.
    """
    counted: list[Name] = []
    """Stages of a deal, statuses of orders, or events, that count; `Closed won`, with or without its pipeline in
    brackets, and `purchase` where left out. Orders that may have come to nothing, such as cancelled ones, need it.
    """
    days_in: TimeZone | None = None
    """Zone whose days count, such as `Europe/Berlin`; the days as the file writes them where left out."""
    date_format: DatePattern | None = None
    """As of `spend`."""
    decimal: Decimal | None = None
    """As of `spend`."""
    thousands: Thousands | None = None
    """As of `spend`."""
    encoding: Encoding | None = None
    """As of `spend`."""

    @model_validator(mode="after")
    def _one_story(self) -> OutcomeExport:
        counts = self.kind in COUNTED_TABLES
        if counts != (self.kpi is not None):
            raise ValueError("kpi names the column of the count, and goes with kind: table or ga4_exploration")
        if counts and (self.first_only or self.person is not None or self.order is not None or self.value is not None):
            raise ValueError(f"kind: {self.kind} counts already; order, person, value and first_only go with orders")
        if self.without_person is not None and not self.first_only:
            raise ValueError("without_person goes with first_only")
        if self.by_value is not None and not self.first_only:
            raise ValueError("by_value weighs new customers; it goes with first_only")
        return self


class ControlExport(Numbers, Days):
    """A table of what else moves demand, by day or longer, which becomes controls by week."""

    path: Path
    """The table."""
    date: Name = "date"
    """Column of the day."""
    columns: dict[Name, Literal["mean", "sum", "last"]] | Annotated[list[Name], Field(min_length=1)]
    """Columns; or column: how its days become a week, in place of `aggregate`."""
    aggregate: Literal["mean", "sum", "last"] = "mean"
    """`mean` of the week's days or the `last` of them for a level such as a price, `sum` for a count."""
    covers: Literal["week", "month"] | None = None
    """What a row holds for from its date on; a day where left out."""
    geo: Name | None = None
    """Column of the market, named as the exports name it; without it all markets have the same."""
    treatments: dict[Name, float | Literal["minimum", "maximum", "mean"]] = {}
    """Those of its columns that are levers with a contribution of their own, as of `weekly`."""

    @property
    def aggregates(self) -> dict[str, Literal["mean", "sum", "last"]]:
        """Column -> how its days become a week."""
        return dict(self.columns) if isinstance(self.columns, dict) else dict.fromkeys(self.columns, self.aggregate)

    @model_validator(mode="after")
    def _of_its_columns(self) -> ControlExport:
        for name in self.treatments:
            if name not in self.aggregates:
                raise ValueError(f"treatments names {name!r}, which is not among columns")
        return self
