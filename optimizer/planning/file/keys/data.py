"""The plan file's ``data``: the input tables and their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from optimizer.planning.file.keys.base import Name, Section

__all__ = ["Conversions", "Data", "Grouping", "Identity", "LiftTests", "Paths", "Reach", "Touchpoints", "Weekly"]


class Reach(Section):
    """Columns of a channel measured by how many people it reached, and how often."""

    reach: Name
    frequency: Name


class Weekly(Section):
    """The weekly table of spend and outcome."""

    path: Path
    date: Name = "week"
    kpi: Name = "new_customers"
    spend: dict[Name, Name] | Annotated[list[Name], Field(min_length=1)]
    driven_by: dict[Name, Name | Reach] = {}
    organic: dict[Name, Name | Reach] | list[Name] = []
    controls: list[Name] = []
    treatments: dict[Name, float | Literal["minimum", "maximum", "mean"]] | list[Name] = []
    date_format: str | None = None

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


class Conversions(Section):
    """The table of conversions that goes with a touchpoint log."""

    path: Path
    user: Name = "user"
    time: Name = "time"
    value: Name | None = None
    kind: Name | None = None
    kinds: Annotated[list[Name], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _kinds_of_a_kind(self) -> Conversions:
        if self.kinds is not None and self.kind is None:
            raise ValueError("kinds needs kind: the column that holds them")
        return self


class Grouping(Section):
    """One rule that makes a channel of source, medium, campaign or any other column."""

    channel: Name
    where: Annotated[dict[Name, str], Field(min_length=1)]


class Identity(Section):
    """The table that says which user ids are one person."""

    path: Path
    user: Name = "user"
    person: Name = "person"


Fault = Literal["missing user", "missing time", "missing channel", "future time", "duplicates", "bots"]


class Touchpoints(Section):
    """The log of touchpoints."""

    path: Path
    user: Name = "user"
    time: Name = "time"
    channel: Name = "channel"
    interaction: Name | None = None
    conversions: Conversions
    grouping: list[Grouping] = []
    otherwise: Name | None = None
    identity: Identity | None = None
    segments: list[Name] = []
    leave_out: list[Fault] = []
    longest_path: Annotated[int, Field(ge=2)] = 5000
    keep_duplicates: bool = False

    @model_validator(mode="after")
    def _otherwise_of_rules(self) -> Touchpoints:
        if self.otherwise is not None and not self.grouping:
            raise ValueError("otherwise names the channel of touches that no rule of grouping fits; give grouping")
        return self


class LiftTests(Section):
    """The table of experiments."""

    path: Path
    date_format: str | None = None


class Paths(Section):
    """Conversion paths that were aggregated elsewhere."""

    path: Path
    column: Name = "path"
    conversions: Name = "conversions"
    value: Name | None = None
    nulls: Name | None = None
    separator: Annotated[str, Field(min_length=1)] = ">"


class Data(Section):
    """The input tables; each group of them is optional."""

    weekly: Weekly | None = None
    upcoming: Path | Literal["last_year"] | None = None
    lift_tests: LiftTests | None = None
    touchpoints: Touchpoints | None = None
    paths: Paths | None = None

    @model_validator(mode="after")
    def _something(self) -> Data:
        if self.weekly is None and self.touchpoints is None and self.paths is None:
            raise ValueError("give weekly (for a plan), touchpoints or paths (for attribution), or both")
        if self.touchpoints is not None and self.paths is not None:
            raise ValueError("give either touchpoints or paths, not both")
        if self.lift_tests is not None and self.weekly is None:
            raise ValueError("lift_tests measure what the mix model estimates; give weekly too, or remove them")
        return self
