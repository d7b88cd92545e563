"""Controls by week: levels such as a price are averaged or read at the week's end, counts are summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.shown import shown
from mmm.data.days_to_weeks import WeekDays
from mmm.data.market_names import MARKET

__all__ = ["Aggregate", "ControlTable", "controls_by_week"]

Aggregate = Literal["mean", "sum", "last"]


@shown
@dataclass(frozen=True)
class ControlTable:
    """A table of what else moves demand.

    Parameters
    ----------
    name
        What messages call it.
    frame
        ``date`` and ``until``, the days that a row holds for, and a column for each control.
    aggregates
        Control -> ``"mean"`` or ``"last"`` for a level, which holds on each day of its row; ``"sum"`` for a count,
        which falls evenly on them.
    markets
        Whether a column ``market`` says of which market a row is; otherwise all have the same controls.
    """

    name: str
    frame: pd.DataFrame
    aggregates: Mapping[str, Aggregate]
    markets: bool = False

    def of(self, market: str) -> ControlTable:
        """The controls of one market."""
        if not self.markets:
            return self
        part = self.frame[(self.frame[MARKET] == market).to_numpy()]
        if part.empty:
            remedy = "add its rows, or leave the column of markets away where all have the same."
            raise BadInput(Problem(self.name, f"has no row of the market {market}.", MARKET, remedy=remedy))
        return replace(self, name=f"{self.name} ({market})", frame=part, markets=False)

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last day."""
        return self.frame["date"].min(), self.frame["until"].max()


def controls_by_week(table: ControlTable, weeks: WeekDays, wanted: pd.DatetimeIndex, whole: bool) -> pd.DataFrame:
    """The controls of some weeks.

    Parameters
    ----------
    table
        Days or longer rows.
    weeks
        How days fall into weeks.
    wanted
        First days of the weeks.
    whole
        Whether all seven days of each have to be there.

    Raises
    ------
    BadInput
        Days that are missing or stand twice.
    """
    frame = table.frame.reset_index(drop=True)
    length = (frame["until"] - frame["date"]).dt.days + 1
    daily = frame.loc[frame.index.repeat(length)]
    place = daily.groupby(level=0).cumcount()
    days = pd.DatetimeIndex(daily["date"] + pd.to_timedelta(place, unit="D"))
    daily = daily[list(table.aggregates)].set_axis(days)
    for name, how in table.aggregates.items():
        if how == "sum":
            daily[name] = daily[name].to_numpy() / length.loc[frame.index.repeat(length)].to_numpy()
    needed = pd.date_range(wanted[0], wanted[-1] + pd.Timedelta(days=6))
    missing = needed.difference(days) if whole else needed[:0]
    twice = days[days.duplicated()]
    problems = []
    if len(missing):
        text = f"lacks {counted(len(missing), 'day')} of the table, {missing[0]:%Y-%m-%d} first."
        problems.append(Problem(table.name, text, "date", remedy="add them, or say covers where a row holds longer."))
    if len(twice):
        text = f"holds {counted(len(twice), 'day')} twice, {twice[0]:%Y-%m-%d} first."
        problems.append(Problem(table.name, text, "date", remedy="keep one row for each day."))
    if problems:
        raise BadInput(problems)
    grouped = daily.sort_index().groupby(weeks.of(days.sort_values()))
    return grouped.agg(dict(table.aggregates)).reindex(wanted)
