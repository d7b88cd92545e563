"""The plan file's ``data``: the input tables and their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from optimizer.planning.file.keys.base import Name, Section

__all__ = [
    "Conversions",
    "Data",
    "Events",
    "Grouping",
    "Identity",
    "LiftTests",
    "Paths",
    "Reach",
    "Touchpoints",
    "Weekly",
]


class Reach(Section):
    """Columns of a channel measured by how many people it reached, and how often."""

    reach: Name
    """Column of people reached."""
    frequency: Name
    """Column of contacts per person."""


class Weekly(Section):
    """The weekly table of spend and outcome."""

    path: Path
    """The table by week or by day."""
    date: Name = "week"
    """Column of the first day of each period."""
    kpi: Name = "new_customers"
    """Column of all new customers, organic ones included."""
    spend: dict[Name, Name] | Annotated[list[Name], Field(min_length=1)]
    """Columns of spend, named as their channels; or channel: column."""
    driven_by: dict[Name, Name | Reach] = {}
    """Channel with spend: column of what it delivered (impressions, clicks), or the columns of people reached and
    contacts per person; its effect then follows that, and spend pays for it.
    """
    organic: dict[Name, Name | Reach] | list[Name] = []
    """Channels without spend, such as a newsletter: columns, or channel: column or reach; they have a contribution,
    and no part in the plan. `upcoming` must hold their columns too.
    """
    controls: list[Name] = []
    """Columns of what else moves demand; `upcoming` must hold them."""
    treatments: dict[Name, float | Literal["minimum", "maximum", "mean"]] | list[Name] = []
    """Levers such as price or promotion with a contribution of their own: columns (told against their minimum), or
    column: the value that contributes nothing. `upcoming` must hold them.
    """
    date_format: str | None = None
    """`strptime` pattern of dates that are not written as 2026-01-05."""

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
    def _paid_or_not(self) -> Weekly:
        for name in self.driven_by:
            if name not in self.channels:
                raise ValueError(f"driven_by names {name!r}, which has no column of spend; without spend it is organic")
        for name in self.delivered:
            if name in self.channels:
                raise ValueError(f"{name!r} is organic and has spend as well; write its impressions into driven_by")
        return self


class Events(Section):
    """Conversions that stand in the touchpoint log itself."""

    column: Name = "event"
    """Column of the event."""
    values: Annotated[list[Name], Field(min_length=1)]
    """Events that are conversions; the other rows are touches."""


class Conversions(Section):
    """The conversions that go with a touchpoint log: a table of their own, or events of the log."""

    path: Path | None = None
    """The table of conversions."""
    events: Events | None = None
    """Instead of path: which rows of the log are conversions."""
    user: Name = "user"
    """Column of the user; events have that of the log."""
    time: Name = "time"
    """Column of the time, with a zone; events have that of the log."""
    value: Name | None = None
    """Column of what the conversion is worth."""
    kind: Name | None = None
    """Column of the kind of conversion."""
    kinds: Annotated[list[Name], Field(min_length=1)] | None = None
    """Kinds that count; all where left out."""
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
        return self

    @model_validator(mode="after")
    def _of_one_place(self) -> Conversions:
        if (self.path is None) == (self.events is None):
            raise ValueError("give either path (a table of conversions) or events (rows of the log)")
        given = [name for name in ("user", "time") if name in self.model_fields_set]
        if self.events is not None and given:
            raise ValueError(f"{given[0]} of events is that of the log; remove it here")
        return self


class Grouping(Section):
    """One rule that makes a channel of source, medium, campaign or any other column."""

    channel: Name
    """The channel that touches of this rule belong to."""
    where: Annotated[dict[Name, str], Field(min_length=1)]
    r"""Column: pattern; `*` anything, `\|` alternatives; all of them have to fit."""


class Identity(Section):
    """The table that says which user ids are one person."""

    path: Path
    """Table of user ids that are one person."""
    user: Name = "user"
    """Column of the user id."""
    person: Name = "person"
    """Column of the person."""


Fault = Literal["missing user", "missing time", "missing channel", "future time", "duplicates", "bots"]


class Touchpoints(Section):
    """The log of touchpoints."""

    path: Path
    """The log, one row per touch."""
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
    """The table of conversions that goes with the log."""
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

    @model_validator(mode="after")
    def _otherwise_of_rules(self) -> Touchpoints:
        if self.otherwise is not None and not self.grouping:
            raise ValueError("otherwise names the channel of touches that no rule of grouping fits; give grouping")
        return self


class LiftTests(Section):
    """The table of experiments."""

    path: Path
    """The table of experiments, see [tables](tables.md)."""
    date_format: str | None = None
    """As of `weekly`."""


class Paths(Section):
    """Conversion paths that were aggregated elsewhere."""

    path: Path
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


class Data(Section):
    """The input tables; each group of them is optional."""

    weekly: Weekly | None = None
    """Spend and new customers by week or by day."""
    upcoming: Path | Literal["last_year"] | None = None
    """Table of the coming weeks' controls, or last year's again."""
    lift_tests: LiftTests | None = None
    """Experiments that the mix model learns from."""
    touchpoints: Touchpoints | None = None
    """A log of touches with its conversions."""
    paths: Paths | None = None
    """Instead of touchpoints: paths that were aggregated elsewhere."""

    @model_validator(mode="after")
    def _something(self) -> Data:
        if self.weekly is None and self.touchpoints is None and self.paths is None:
            raise ValueError("give weekly (for a plan), touchpoints or paths (for attribution), or both")
        if self.touchpoints is not None and self.paths is not None:
            raise ValueError("give either touchpoints or paths, not both")
        if self.lift_tests is not None and self.weekly is None:
            raise ValueError("lift_tests measure what the mix model estimates; give weekly too, or remove them")
        return self
