"""The plan file's ``plan.schedule``: how the plan's money is divided between weeks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from optimizer.planning.file.amounts import Money, Swing
from optimizer.planning.file.keys.base import Month, Name, Section

__all__ = ["ByMonth", "ByWeek", "Schedule"]

Week = dt.date


def _kind(given: Any) -> str:
    return "dict[]" if isinstance(given, dict) else "function-path"


# the tags read as pydantic's own steps, which messages leave out of a key's place
Spent = Annotated[
    Annotated[Path, Tag("function-path")] | Annotated[dict[Name, dict[Week, Money]], Tag("dict[]")],
    Discriminator(_kind),
]


class ByWeek(Section):
    """What a channel may spend in single weeks, which are named by their first day."""

    at_most: Money | None = None
    """Most of a week."""
    at_least_if_used: Money | None = None
    """The smallest booking: nothing in a week, or at least so much."""
    blackout: list[Week] = []
    """Weeks without spend."""
    committed: dict[Week, Money] = {}
    """Week: what is booked already, the least of that week."""

    @model_validator(mode="after")
    def _one_story(self) -> ByWeek:
        if not self.model_fields_set:
            raise ValueError("say at_most, at_least_if_used, blackout or committed")
        most = float("inf") if self.at_most is None else self.at_most
        if (self.at_least_if_used or 0.0) > most:
            raise ValueError("at_least_if_used exceeds at_most")
        for week, money in self.committed.items():
            if week in self.blackout and money > 0:
                raise ValueError(f"{week} is committed and in blackout; keep one of them")
            if money > most:
                raise ValueError(f"more is committed in {week} than at_most")
        return self


class ByMonth(Section):
    """What all channels together may spend in a month; a week's spend falls evenly on its days."""

    at_least: Money | None = None
    """Least of all channels together."""
    at_most: Money | None = None
    """Most of all channels together."""

    @model_validator(mode="after")
    def _one_story(self) -> ByMonth:
        if self.at_least is None and self.at_most is None:
            raise ValueError("say at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least exceeds at_most")
        return self


class Schedule(Section):
    """The calendar of the plan, week by week, whose weeks are named by their first day.

    Pacing passes over weeks that are given: in blackout, committed, spent, or without a booking of a channel with
    `at_least_if_used`. The next week counts against the last free one, and a committed week of a paced channel takes no
    more than is committed, or than the channel's usual week where that is more. What is spent or committed is a floor
    of the plan, which does not know the other limits of weeks: where its money does not fit into them the run goes on
    without a calendar, and says which limit to change, and to which figure.
    """

    starts: Week | None = None
    """First day of the first week, that after the table's last where left out; weeks from the table's end until then go
    on at present spend.
    """
    free_from: Week | None = None
    """First week that can still be decided, in a quarter that has begun; what was spent before stands in `spent`."""
    spent: Spent | None = None
    """Spend of the weeks before `free_from`: path of a table with the columns of spend of `data.weekly`, or channel:
    week: amount.
    """
    weekly: dict[Name, ByWeek] = {}
    """Channel: limits of its weeks."""
    pacing: Annotated[Swing, Field(gt=0)] | None = None
    """Most that a channel changes from one week to the next, as a share of its average week in the plan, or of its last
    week of spend where that is more; the first week counts against the last one that spent.
    """
    months: dict[Month, ByMonth] = {}
    """Month (`2026-12`): limits of all channels together; a week's spend falls evenly on its seven days, and only the
    plan's days count.
    """

    @model_validator(mode="after")
    def _one_story(self) -> Schedule:
        if (self.free_from is None) != (self.spent is None):
            raise ValueError("free_from and spent belong together: the first week still open, and spend before it")
        return self
