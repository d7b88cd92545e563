"""The plan file's ``data.funnel``: how many reached each stage on the way to a customer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.planning.file.keys.base import Name
from optimizer.planning.file.keys.tables import Days, Numbers, Source

__all__ = ["FunnelTable"]


class FunnelTable(Numbers, Days):
    """The table of the funnel: counts by period, channel and stage; or the kinds of the conversions as its stages."""

    path: Source | None = None
    """The table, a row per period and channel."""
    of_conversions: Literal["week", "month"] | None = None
    """Instead of path: the kinds in `touchpoints.conversions` are the stages, counted by the week or month in which
    each person reached the first of them, all channels together. Who has not come yet is no loss: a period counts at a
    stage once 95 % of those who come to it have come at that age.
    """
    period: Name = "period"
    """Column of the first day of each period."""
    channel: Name | None = "channel"
    """Column of the channel, named as in `weekly`, `organic` for people who come unpaid; `null` where the table is of
    all together. A channel whose people pass no early stage has 0 there.
    """
    stages: Annotated[list[Name], Field(min_length=2)]
    """Columns of counts, or kinds of conversions, in the order in which people pass them: `[impressions, clicks,
    sign_ups, first_orders]`.
    """
    customers: Name | None = None
    """The stage at which somebody is a new customer, as the KPI counts; the last where left out. Stages after it win no
    new customers.
    """
    same_people: bool = False
    """A row counts the same people at all stages, those who entered in its period; otherwise each stage counts who
    reached it in the period, and rates mix people of several periods.
    """

    @model_validator(mode="after")
    def _one_place(self) -> FunnelTable:
        if (self.path is None) == (self.of_conversions is None):
            raise ValueError("give path (a table of counts), or of_conversions: week (or month), and not both")
        stray = self.model_fields_set - {"of_conversions", "stages", "customers"}
        if self.of_conversions is not None and stray:
            raise ValueError(f"{min(stray)} is of a table of counts; with of_conversions remove it")
        return self

    @model_validator(mode="after")
    def _stages_once(self) -> FunnelTable:
        if repeated := sorted({name for name in self.stages if self.stages.count(name) > 1}):
            raise ValueError(f"stage {repeated[0]!r} stands twice")
        if self.customers is not None and self.customers not in self.stages[1:]:
            raise ValueError(f"customers: {self.customers} is none of the stages after the first")
        return self

    @property
    def won(self) -> str:
        """The stage of new customers."""
        return self.customers or self.stages[-1]

    @property
    def before_customers(self) -> tuple[str, ...]:
        """Stages that lead to a new customer, the first of all left out and that of customers included."""
        return tuple(self.stages[1 : self.stages.index(self.won) + 1])
