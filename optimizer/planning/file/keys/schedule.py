"""The plan file's ``plan.schedule``: how the plan's money is divided between weeks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from optimizer.planning.file.amounts import Money, Percent
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
    at_least_if_used: Money | None = None
    blackout: list[Week] = []
    committed: dict[Week, Money] = {}

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
    at_most: Money | None = None

    @model_validator(mode="after")
    def _one_story(self) -> ByMonth:
        if self.at_least is None and self.at_most is None:
            raise ValueError("say at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least exceeds at_most")
        return self


class Schedule(Section):
    """The calendar of the plan, week by week."""

    starts: Week | None = None
    free_from: Week | None = None
    spent: Spent | None = None
    weekly: dict[Name, ByWeek] = {}
    pacing: Annotated[Percent, Field(gt=0)] | None = None
    months: dict[Month, ByMonth] = {}

    @model_validator(mode="after")
    def _one_story(self) -> Schedule:
        if (self.free_from is None) != (self.spent is None):
            raise ValueError("free_from and spent belong together: the first week still open, and spend before it")
        return self
