"""The weeks of the plan's schedule: when it starts, which weeks are spent already, and what each may spend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.small import read_table
from attribution.reading.tables import wide
from mmm import Panel
from optimizer.planning.file.column_roles import in_plan_currency
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.schedule import ByWeek, Schedule
from optimizer.question.groups import SpendLimits
from optimizer.question.limits import Subject
from optimizer.weeks.calendar import Calendar, MonthLimits, WeekLimits, month_parts

__all__ = ["Timetable", "booked_already", "timetable_of"]

_WEEK = pd.Timedelta(days=7)
_AT = ("plan", "schedule")


@dataclass(frozen=True, eq=False)
class Timetable:
    """The weeks of a schedule.

    Parameters
    ----------
    weeks
        First day of each.
    between
        Weeks from the table's end to the first of them.
    calendar
        What each may spend; pacing without the usual weeks of the plan, which are not known yet.
    """

    weeks: pd.DatetimeIndex
    between: int
    calendar: Calendar

    @property
    def given(self) -> int:
        """Weeks that are spent already."""
        return 0 if self.calendar.spent is None else len(self.calendar.spent)


def timetable_of(
    config: Config, document: Document, panel: Panel, note: Callable[[Path, int, str], None]
) -> Timetable | None:
    """The timetable of a plan file; None where it asks for no schedule.

    Parameters
    ----------
    config, document
        The plan file.
    panel
        The weekly table, whose end the schedule follows.
    note
        Told of the table of spend so far, its rows and what it covers.

    Raises
    ------
    BadInput
        Names every week and month that the plan does not have, by file and line, and weeks without their spend.
    """
    section, weekly = None if config.plan is None else config.plan.schedule, config.data.weekly
    if section is None or weekly is None or config.plan is None:
        return None
    first = panel.dates[-1] + pd.Timedelta(days=panel.days)
    starts = first if section.starts is None else pd.Timestamp(section.starts)
    if starts < first or (starts - first) % _WEEK:
        near = first + max(round((starts - first) / _WEEK), 0) * _WEEK
        text = f"no week that follows the weekly table begins then; the nearest one begins on {near:%Y-%m-%d}."
        raise BadInput([document.error((*_AT, "starts"), text)])
    weeks = pd.date_range(starts, periods=config.plan.weeks, freq=_WEEK)
    problems: list[Problem | str] = [*_misplaced(section, document, weeks)]
    spent = None
    if not problems:
        try:
            spent = _spent(section, document, config, weeks, panel, note)
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(problems)
    limits = {channel: _week_limits(own) for channel, own in section.weekly.items()}
    months = {month: MonthLimits(own.at_least, own.at_most) for month, own in section.months.items()}
    return Timetable(weeks, (starts - first) // _WEEK, Calendar(limits, months, section.pacing, spent=spent))


def booked_already(timetable: Timetable | None, channels: tuple[str, ...]) -> Iterator[SpendLimits]:
    """What weeks that are spent or committed make the plan spend at the least, by channel."""
    if timetable is None:
        return
    for channel in channels:
        least, _ = timetable.calendar.bounds(timetable.weeks, channel)
        if least.any():
            subject = Subject(f"{channel} spent or committed", "channel", (channel,))
            yield SpendLimits(subject, at_least=float(least.sum()))


def _week_limits(own: ByWeek) -> WeekLimits:
    committed = {pd.Timestamp(week): money for week, money in own.committed.items()}
    return WeekLimits(own.at_most, own.at_least_if_used, tuple(map(pd.Timestamp, own.blackout)), committed)


def _misplaced(section: Schedule, document: Document, weeks: pd.DatetimeIndex) -> Iterator[str]:
    """Weeks and months that are none of the plan's."""
    named: list[tuple[tuple[str | int, ...], dt.date]] = []
    for channel, own in section.weekly.items():
        at: tuple[str | int, ...] = (*_AT, "weekly", channel)
        named += [((*at, "blackout", place), week) for place, week in enumerate(own.blackout)]
        named += [((*at, "committed"), week) for week in own.committed]
    named += [((*_AT, "free_from"), section.free_from)] if section.free_from is not None else []
    horizon = f"the plan's weeks begin from {weeks[0]:%Y-%m-%d} to {weeks[-1]:%Y-%m-%d}"
    for at, week in named:
        if pd.Timestamp(week) not in weeks:
            near = min(weeks, key=lambda each: abs(each - pd.Timestamp(week)))
            yield document.error(at, f"no week begins on {week}; {horizon}, and the nearest one on {near:%Y-%m-%d}.")
        elif section.free_from is not None and week < section.free_from:
            yield document.error(at, f"{week} is before free_from; what was spent then stands in spent.")
    if section.free_from is not None and pd.Timestamp(section.free_from) == weeks[0]:
        yield document.error((*_AT, "free_from"), "is the plan's first week, so that nothing is spent; leave it out.")
    for month in section.months:
        if month not in month_parts(weeks):
            yield document.error((*_AT, "months", month), f"no day of the plan lies in {month}; {horizon}.")


def _spent(
    section: Schedule,
    document: Document,
    config: Config,
    weeks: pd.DatetimeIndex,
    panel: Panel,
    note: Callable[[Path, int, str], None],
) -> pd.DataFrame | None:
    """Spend of the weeks before ``free_from``, weeks x channels; None where all are open."""
    weekly = config.data.weekly
    if section.free_from is None or section.spent is None or weekly is None:
        return None
    past = weeks[weeks < pd.Timestamp(section.free_from)]
    if isinstance(section.spent, dict):
        amounts = {channel: {pd.Timestamp(w): m for w, m in own.items()} for channel, own in section.spent.items()}
        frame = pd.DataFrame(amounts, index=past, columns=list(weekly.channels), dtype=float)
        lacking = [f"{name} in {week:%Y-%m-%d}" for name in frame for week in past[frame[name].isna().to_numpy()]]
        strange = sorted({week for own in amounts.values() for week in own} - set(past))
        text = f"lacks {', '.join(lacking)}; write 0 for no spend."
        problems = [document.error((*_AT, "spent"), text)] if lacking else []
        problems += [
            document.error((*_AT, "spent"), f"{week:%Y-%m-%d} is no week of the plan before free_from.")
            for week in strange
        ]
        if problems:
            raise BadInput(problems)
        return frame
    columns = {column: channel for channel, column in weekly.channels.items()}
    table = wide(section.spent.name, weekly.date, list(columns), nonnegative=list(columns), money=list(columns))
    frame = read_table(document.folder / section.spent, table, weekly.format).set_index(weekly.date)
    frame = in_plan_currency(frame, weekly, config.rates)
    days = pd.date_range(past[0], periods=len(past) * panel.per_week, freq=pd.Timedelta(days=panel.days))
    missing = days.difference(pd.DatetimeIndex(frame.index))
    if len(missing):
        what = "week" if panel.days == 7 else "day"
        text = f"lacks {len(missing)} of the {len(days)} {what}s before free_from, first {missing[0]:%Y-%m-%d}."
        raise BadInput(Problem(section.spent.name, text, weekly.date, remedy="give each, with 0 for no spend."))
    note(section.spent, len(frame), f"{past[0]:%Y-%m-%d} to {past[-1] + _WEEK - pd.Timedelta(days=1):%Y-%m-%d}")
    by_week = frame.loc[days, list(columns)].rename(columns=columns).groupby(np.arange(len(days)) // panel.per_week)
    return by_week.sum().set_axis(past)
