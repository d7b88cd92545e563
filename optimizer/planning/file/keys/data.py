"""The plan file's ``data``: the input tables and their columns."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, field_validator, model_validator

from attribution.reading.exports.ga4 import GA4_EVENTS
from attribution.reading.queries import Query
from mmm.data.market_names import MARKET
from optimizer.planning.file.keys.base import CurrencyCode, Name, Section
from optimizer.planning.file.keys.by_value import VALUED_TWICE, ByValueKeys
from optimizer.planning.file.keys.economics import CohortTable, CostTable, OrdersTable
from optimizer.planning.file.keys.exports import ControlExport, OutcomeExport, SpendExport, WeekDay
from optimizer.planning.file.keys.funnel import FunnelTable
from optimizer.planning.file.keys.identity import Identity
from optimizer.planning.file.keys.tables import AS_IT_IS, Days, Numbers, Source, Times, source

__all__ = [
    "ASSEMBLED",
    "Coming",
    "Conversions",
    "Data",
    "Events",
    "Grouping",
    "Identity",
    "LiftTests",
    "Paths",
    "PlatformReports",
    "Reach",
    "Touchpoints",
    "Weekly",
]

ASSEMBLED = "weekly.csv"
"""What the weekly table is called that exports are assembled to, in the output folder and in messages."""


class Reach(Section):
    """Columns of a channel measured by how many people it reached, and how often."""

    reach: Name
    """Column of people reached."""
    frequency: Name
    """Column of contacts per person."""


class Weekly(Numbers, Days):
    """The weekly table of spend and outcome."""

    path: Source
    """The table by week or by day."""
    date: Name = "week"
    """Column of the first day of each period."""
    kpi: Name = "new_customers"
    """Column of all new customers, organic ones included."""
    geo: Name | None = None
    """Column of the market, where the table holds several, a row for each and every period: the mix model is fitted by
    market, and the plan is of each channel in each market, see [several markets](how-to/several-markets.md).
    """
    population: Name | None = None
    """Column of the market's people, by which media are scaled; its mean KPI where left out."""
    spend: dict[Name, Name] | Annotated[list[Name], Field(min_length=1)]
    """Columns of spend, named as their channels; or channel: column."""
    currency_of: dict[Name, CurrencyCode] = {}
    """Channel: currency of its column of spend where that is another than the plan file's `currency`; `currencies` of
    the file states the rate.
    """
    driven_by: dict[Name, Name | Reach] = {}
    """Channel with spend: column of what it delivered (impressions, clicks), or the columns of people reached and
    contacts per person; its effect then follows that, and spend pays for it.
    """
    before: dict[Name, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}
    """Channel, organic ones included: what drives it (spend, or what it delivered) in each period before the table
    begins, from which carryover enters the first weeks; 0 for one that began with the table. The mean of its first 13
    weeks where left out.
    """
    organic: dict[Name, Name | Reach] | list[Name] = []
    """Channels without spend, such as a newsletter: columns, or channel: column or reach; they have a contribution,
    and no part in the plan. `upcoming` must hold their columns too.
    """
    controls: list[Name] | dict[Name, Literal["number", "indicator"]] = []
    """Columns of what else moves demand; `upcoming` must hold them. Or column: `number` or `indicator`, which makes a
    0/1 column of each word of the column but one, such as `{price: number, event: indicator}`; the one left out is the
    empty cell, or the commonest word.
    """
    treatments: dict[Name, float | Literal["minimum", "maximum", "mean"]] | list[Name] = []
    """Levers such as price or promotion with a contribution of their own: columns (told against their minimum), or
    column: the value that contributes nothing. `upcoming` must hold them.
    """

    @property
    def numbers(self) -> list[str]:
        """Controls that are numbers."""
        return [name for name in self.controls if name not in self.words]

    @property
    def words(self) -> list[str]:
        """Controls that are words."""
        given = self.controls
        return [name for name, kind in given.items() if kind == "indicator"] if isinstance(given, dict) else []

    @property
    def delivered(self) -> dict[str, str | Reach]:
        """Organic channel to what drives it."""
        return dict(self.organic) if isinstance(self.organic, dict) else {name: name for name in self.organic}

    @property
    def baselines(self) -> dict[str, float | Literal["minimum", "maximum", "mean"]]:
        """Treatment to the value that contributes nothing."""
        given = self.treatments
        return dict(given) if isinstance(given, dict) else dict.fromkeys(given, "minimum")

    @property
    def channels(self) -> dict[str, str]:
        """Channel to spend column, in the file's order."""
        return dict(self.spend) if isinstance(self.spend, dict) else {name: name for name in self.spend}

    @field_validator("spend")
    @classmethod
    def _some_spend(cls, spend: dict[str, str] | list[str]) -> dict[str, str] | list[str]:
        columns = list(spend.values()) if isinstance(spend, dict) else spend
        if not columns:
            raise ValueError("name at least one spend column")
        repeated = sorted({column for column in columns if columns.count(column) > 1})
        if repeated:
            raise ValueError(f"column {repeated[0]!r} is given to more than one channel")
        return spend

    @model_validator(mode="after")
    def _population_of_markets(self) -> Weekly:
        if self.population is not None and self.geo is None:
            raise ValueError("population scales media between markets; name their column with geo, or remove it")
        return self

    @model_validator(mode="after")
    def _paid_or_not(self) -> Weekly:
        for name in self.currency_of:
            if name not in self.channels:
                raise ValueError(f"currency_of names {name!r}, which has no column of spend")
        for name in self.driven_by:
            if name not in self.channels:
                raise ValueError(f"driven_by names {name!r}, which has no column of spend; without spend it is organic")
        for name in self.delivered:
            if name in self.channels:
                raise ValueError(f"{name!r} is organic and has spend as well; write its impressions into driven_by")
        for name in self.before:
            if name not in {**self.channels, **self.delivered}:
                raise ValueError(f"before names {name!r}, which is no channel of this table")
        return self


class Events(Section):
    """Conversions that stand in the touchpoint log itself."""

    column: Name = "event"
    """Column of the event."""
    values: Annotated[list[Name], Field(min_length=1)]
    """Events that are conversions; the other rows are touches."""


class Conversions(Numbers, Times):
    """The conversions that go with a touchpoint log: a table of their own, or events or marks of the log."""

    path: Source | None = None
    """The table of conversions."""
    events: Events | None = None
    """Instead of path: which rows of the log are conversions."""
    flag: Name | None = None
    """Instead of path: column of the log that marks touches that converted, with 0 or 1."""
    user: Name = "user"
    """Column of the user; events have that of the log."""
    time: Name = "time"
    """Column of the time, with a zone; events have that of the log."""
    value: Name | None = None
    """Column of what the conversion is worth."""
    currency: Name = "currency"
    """Column of the currency of the value, if there is one: it must hold the plan file's."""
    kind: Name | None = None
    """Column of the kind of conversion."""
    kinds: Annotated[list[Name], Field(min_length=1)] | None = None
    """Kinds that count; all where left out."""
    order: Name | None = None
    """Column of the order id: lines of one order are one conversion, at the time of the first, and lines of negative
    value are refunds of it. Orders refunded in whole are left out.
    """
    first_only: bool = False
    """Only a person's first conversion counts, and touches after it are left out: spend per conversion is then spend
    per new customer, if the table reaches back to everybody's first.
    """
    agrees_within: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    """Share of the KPI by which the log's conversions may differ from it, over the weeks that both hold, before a
    finding says so; half to 1.1 times the KPI where left out.
    """
    stages: Annotated[list[Name], Field(min_length=2)] | None = None
    """Kinds in the order in which persons or accounts pass them, such as `[lead, opportunity, won]`: the report shows
    how many reach each, what they are worth, and the days between. For a table of conversions.
    """
    channel: Name | None = None
    """Column of the channel by which a person or account came, such as the source of a lead; the first that its rows
    name counts. With stages, these are shown by channel too, each with lags of its own where it has enough.
    """
    ends: list[Name] | None = None
    """Kinds that end a path, all where left out, `[]` for none. The others look back on their own and leave their
    touches to later ones: a purchase after a sign-up sees what came before the sign-up.
    """

    @model_validator(mode="after")
    def _kinds_of_a_kind(self) -> Conversions:
        if self.kinds is not None and self.kind is None:
            raise ValueError("kinds needs kind: the column that holds them")
        if self.ends and self.kind is None:
            raise ValueError("ends needs kind: the column that holds them; [] for no kind needs none")
        if self.stages is not None and (self.kind is None or self.path is None):
            raise ValueError("stages needs path and kind: the table of conversions, and the column that holds them")
        if self.channel is not None and self.stages is None:
            raise ValueError("channel is by which stages are shown; give stages too, or remove it")
        if self.stages is not None and len(set(self.stages)) < len(self.stages):
            raise ValueError("stages names one of them twice")
        return self

    @model_validator(mode="after")
    def _of_one_place(self) -> Conversions:
        places = {"path": self.path, "events": self.events, "flag": self.flag}
        if sum(place is not None for place in places.values()) != 1:
            text = (
                "path (a table of conversions), events (rows of the log) or flag (a column of the log that marks them)"
            )
            raise ValueError(f"give one of {text}")
        stray = {
            "path": (),
            "events": ("user", "time", "encoding"),
            "flag": ("user", "time", "kind", "order", "ends", "encoding"),
        }
        place = next(name for name, given in places.items() if given is not None)
        for name in stray[place]:
            if name in self.model_fields_set:
                raise ValueError(f"{name} is of a table of conversions, and {place} takes them from the log; remove it")
        return self


class Grouping(Section):
    """One rule that makes a channel of source, medium, campaign or any other column."""

    channel: Name
    """The channel that touches of this rule belong to."""
    where: Annotated[dict[Name, str | Annotated[list[str], Field(min_length=1)]], Field(min_length=1)]
    r"""Column: pattern, or a list of patterns of which one has to fit. `*` is anything, `\|` parts alternatives, a
    backslash before either makes it the sign itself, and no other sign is special; all columns have to fit.
    """


class Coming(Numbers, Days):
    """The table of the coming weeks' controls, where it is written otherwise than the weekly table."""

    path: Source
    """The table."""


def _last_year_or_source(value: Any) -> Any:
    return value if value == "last_year" else source(value)


def _kind(given: Any) -> str:
    return (
        "dict[]" if isinstance(given, Coming) or (isinstance(given, dict) and "url" not in given) else "function-path"
    )


# the tags read as pydantic's own steps, which messages leave out of a key's place
Upcoming = Annotated[
    Annotated[Path | Query | Literal["last_year"], PlainValidator(_last_year_or_source), AS_IT_IS, Tag("function-path")]
    | Annotated[Coming, Tag("dict[]")],
    Discriminator(_kind),
]

Fault = Literal["missing user", "missing time", "missing channel", "future time", "duplicates", "bots"]


class Touchpoints(Times):
    """The log of touchpoints."""

    path: Source
    """The log, one row per touch."""
    kind: Literal["ga4_events"] | None = None
    """`ga4_events`: events of Google Analytics 4 as its export writes them, of which each session is a touch with
    `source`, `medium`, `campaign`, `group` and, as `channel`, `source / medium`;
    see [from export to plan](how-to/from-export-to-plan.md).
    """
    user: Name = "user"
    """Column of the user."""
    time: Name = "time"
    """Column of the time, with a zone."""
    channel: Name = "channel"
    """Column of the channel, named as in `weekly`; not read where `grouping` stands."""
    interaction: Name | None = None
    """Column of click or view, for `attribution.lookback_of`, `weight_of` and `rank_of`."""
    sequence: Name | None = None
    """Column that orders the touches of one moment; without it they share credit."""
    conversions: Conversions
    """The table of conversions that goes with the log; `purchase` events where `kind: ga4_events` stands alone."""
    grouping: list[Grouping] = []
    """Rules in order that make a channel of other columns; the first that fits counts."""
    otherwise: Name | None = None
    """Channel of touches that no rule fits; without it they are an error."""
    identity: Identity | None = None
    """Which user ids are one person."""
    segments: list[Name] = []
    """Columns by which credit is also shown, into `attribution_segments.csv`."""
    leave_out: list[Fault] = []
    """Faulty rows to leave out and count."""
    longest_path: Annotated[int, Field(ge=2)] = 5000
    """Touches past which a path is a bot's."""
    keep_duplicates: bool = False
    """Exact repeats are real touches and conversions, as where times are whole days."""
    most_channels: Annotated[int, Field(ge=1)] | None = None
    """Channels past which the column is taken for another one; 200 where left out, or a tenth of the rows where that is
    less, and 20 at least.
    """
    fold_names: bool = False
    """Channels, interactions, kinds and segments that look alike (by case, blanks, `_` and `-`, or letters of another
    script) are one, under their most frequent spelling; ids that differ by case, blanks or accents too, in lower case.
    """

    @model_validator(mode="before")
    @classmethod
    def _purchases_of_ga4(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("kind") != GA4_EVENTS:
            return given
        won = given.get("conversions") or {"events": {"values": ["purchase"]}}
        if isinstance(won, dict) and won.get("ends") and "events" in won:
            won = {"kind": "kind", **won}  # the event, as the log is made of the export
        return {**given, "conversions": won}

    @model_validator(mode="after")
    def _columns_of_ga4(self) -> Touchpoints:
        if self.kind is None:
            return self
        won, own = self.conversions, {"user", "time", "date_format", "time_zone", "encoding"} & self.model_fields_set
        own |= {"interaction", "sequence"} & {name for name in ("interaction", "sequence") if getattr(self, name)}
        if own:
            raise ValueError(f"{min(own)} is known where kind: {self.kind} stands; remove it")
        if won.flag is not None:
            raise ValueError(f"flag goes with a log of touches; with kind: {self.kind} name events: {{values: [...]}}")
        stated = {"value", "order", "kind"} & won.model_fields_set - ({"kind"} if won.kind == "kind" else set())
        if won.path is None and stated:
            named = min(stated)
            raise ValueError(f"{named} of its events is known where kind: {self.kind} stands; remove it")
        if won.events is not None and won.events.column not in ("event", "event_name"):
            raise ValueError("events are told by event_name where kind: ga4_events stands; remove column")
        return self

    @model_validator(mode="after")
    def _otherwise_of_rules(self) -> Touchpoints:
        if self.otherwise is not None and not self.grouping:
            raise ValueError("otherwise names the channel of touches that no rule of grouping fits; give grouping")
        return self


class LiftTests(Numbers, Days):
    """The table of experiments."""

    path: Source
    """The table of experiments, see [tables](tables.md)."""


class PlatformReports(Numbers, Days):
    """Conversions as platforms report them, by channel; see [three opinions](concepts/three-opinions.md)."""

    path: Source
    """The table: a row per period and channel."""
    date: Name = "date"
    """Column of the first day that a row covers."""
    period: Literal["day", "week", "month"] = "week"
    """What a row covers: the day, the seven days from it, or its calendar month."""
    channel: Name = "channel"
    """Column of the channel, named as in `weekly`."""
    conversions: Name = "conversions"
    """Column of what the platform claims, in the KPI of `weekly`."""
    currency: Name = "currency"
    """Column of the currency, if there is one: where the KPI is money (`outcome: EUR of revenue`) it must hold the plan
    file's; of numbers of conversions it says nothing.
    """
    are_counts: bool = False
    """The figures are numbers of conversions, though they look like rates or shares, as the fractions that data-driven
    attribution gives to a small channel.
    """


class Paths(Numbers):
    """Conversion paths that were aggregated elsewhere."""

    path: Source
    """The table of paths."""
    column: Name = "path"
    """Column of the path."""
    conversions: Name = "conversions"
    """Column of how often it converted."""
    value: Name | None = None
    """Column of value."""
    nulls: Name | None = None
    """Column of how often it did not convert."""
    separator: Annotated[str, Field(min_length=1)] = ">"
    """Between the touches of a path."""
    fold_names: bool = False
    """Channels that look alike are one, under the most frequent spelling."""


class Data(Section):
    """The input tables; each group of them is optional."""

    weekly: Weekly | None = None
    """Spend and new customers by week or by day; or `spend` and `outcome`, of which it is assembled."""
    spend: list[SpendExport] = []
    """Exports of spend, in place of `weekly`."""
    outcome: OutcomeExport | None = None
    """The export that new customers are counted from; goes with `spend`."""
    controls: list[ControlExport] = []
    """Tables of what else moves demand; goes with `spend`."""
    week_starts: WeekDay = "monday"
    """First day of the weeks that `spend` and `outcome` are summed to."""
    partial_weeks: Literal["leave_out", "keep"] = "leave_out"
    """What becomes of the first and last week where the files do not hold all of their days."""
    begins: dt.date | None = None
    """First day of `spend` and `outcome` to look at; all where left out."""
    ends: dt.date | None = None
    """Last day of them."""
    upcoming: Upcoming | None = None
    """Table of the coming weeks' controls, written as `weekly` is unless keys below say otherwise, or last year's
    again.
    """
    lift_tests: LiftTests | None = None
    """Experiments that the mix model learns from."""
    platform_reports: PlatformReports | None = None
    """Conversions that platforms claim, to stand beside other opinions; no plan rests on them."""
    cohorts: CohortTable | None = None
    """Customers by month of acquisition, channel and age: how long they stay, and what they earn."""
    orders: OrdersTable | None = None
    """Orders of customers, in place of `cohorts`, which are made of them."""
    funnel: FunnelTable | None = None
    """Counts of each stage on the way to a customer, by period and channel, see [funnel and
    referral](concepts/funnel-and-referral.md).
    """
    costs: CostTable | None = None
    """Costs of acquisition beside media, by month, for the fully loaded CAC; they change no plan, whose own are
    `plan.fixed_cost`.
    """
    touchpoints: Touchpoints | None = None
    """A log of touches with its conversions."""
    paths: Paths | None = None
    """Instead of touchpoints: paths that were aggregated elsewhere."""

    @property
    def earning(self) -> CohortTable | OrdersTable | None:
        """The table that says what customers are worth."""
        return self.cohorts or self.orders

    @property
    def by_value(self) -> ByValueKeys | None:
        """How new customers count by what they are worth; None where each counts as one."""
        tables = (self.outcome, self.orders)
        return next((each.by_value for each in tables if each is not None and each.by_value is not None), None)

    @property
    def assembled(self) -> bool:
        """Whether the weekly table is assembled of exports."""
        return bool(self.spend)

    @model_validator(mode="after")
    def _weekly_or_its_parts(self) -> Data:
        if bool(self.spend) != (self.outcome is not None):
            raise ValueError("spend and outcome go together: exports of spend, and what new customers are counted from")
        given = self.model_fields_set & {"controls", "week_starts", "partial_weeks", "begins", "ends"}
        if given and not self.spend:
            raise ValueError(f"{min(given)} goes with spend and outcome, of which the weekly table is assembled")
        if self.begins is not None and self.ends is not None and self.ends < self.begins:
            raise ValueError("ends is before begins")
        if not self.spend:
            return self
        if self.weekly is not None:
            raise ValueError("give either weekly, or spend and outcome, of which it is assembled")
        if (table := next((each for each in self.controls if each.geo), None)) and not self.spend[0].names_markets:
            raise ValueError(f"{table.path} names a column of markets (geo), and spend names none")
        return self.model_copy(update={"weekly": _assembled(self.spend, self.controls)})

    @model_validator(mode="after")
    def _something(self) -> Data:
        if self.weekly is None and self.touchpoints is None and self.paths is None:
            raise ValueError(
                "give weekly, or spend and outcome (for a plan), touchpoints or paths (for attribution), or both"
            )
        if self.funnel is not None and self.funnel.of_conversions is not None:
            won = None if self.touchpoints is None else self.touchpoints.conversions
            if won is None or won.path is None or won.kind is None:
                raise ValueError("funnel.of_conversions needs touchpoints.conversions with path and kind, its stages")
        if self.cohorts is not None and self.orders is not None:
            raise ValueError("give either cohorts, or orders, of which they are made; not both")
        if self.orders is not None and self.orders.by_value is not None:
            if self.weekly is None or self.outcome is not None:
                place = "data.weekly, which is missing" if self.weekly is None else "a table; data.outcome has its own"
                raise ValueError(f"orders.by_value weighs the new customers of {place}")
            if self.weekly.geo is not None:
                raise ValueError("orders.by_value weighs customers of one market, and weekly names several with geo")
        elif self.by_value is not None and self.earning is not None and self.earning.channel is not None:
            remedy = "leave cohorts out" if self.orders is None else "write orders.channel: null"
            raise ValueError(f"outcome.by_value {VALUED_TWICE}; {remedy}, or by_value")
        if self.touchpoints is not None and self.paths is not None:
            raise ValueError("give either touchpoints or paths, not both")
        if self.lift_tests is not None and self.weekly is None:
            raise ValueError("lift_tests measure what the mix model estimates; give weekly too, or remove them")
        if self.platform_reports is not None and self.weekly is None:
            raise ValueError("platform_reports are held against all customers; give weekly too, or remove them")
        return self


def _assembled(spend: list[SpendExport], controls: list[ControlExport]) -> Weekly:
    """The columns of the weekly table that exports are assembled to."""
    channels = [channel for export in spend for channel in export.patterns.values()]
    driven = {
        channel: f"{channel}_{export.driven_by}"
        for export in spend
        if export.driven_by is not None
        for channel in export.patterns.values()
    }
    names = [name for table in controls for name in table.aggregates]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"control {repeated[0]!r} stands in two tables of controls")
    treatments = {name: baseline for table in controls for name, baseline in table.treatments.items()}
    return Weekly(
        path=Path(ASSEMBLED),
        spend={channel: channel for channel in dict.fromkeys(channels)},
        driven_by=dict(driven),
        geo=MARKET if any(export.names_markets for export in spend) else None,
        controls=[name for name in names if name not in treatments],
        treatments=treatments,
    )
