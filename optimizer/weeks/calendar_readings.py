"""The second reading of a calendar: what a schedule breaks of it, week by week and day by day, with no help of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.answer.spent import KEPT
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.weeks.calendar import Calendar

__all__ = ["missed_in_calendar"]

_ROUNDING = 16 * float(np.finfo(float).eps)

Broken = tuple[Limit, float]


def missed_in_calendar(
    calendar: Calendar, spend: pd.DataFrame, history: Mapping[str, npt.ArrayLike]
) -> Iterator[Broken]:
    """Limits of weeks and months that a schedule does not keep, and by how much.

    Parameters
    ----------
    calendar
        As it was stated.
    spend
        The schedule, weeks x channels.
    history
        Past weekly spend per channel, latest last.
    """
    for channel in (str(name) for name in spend):
        weeks = [(week, float(amount)) for week, amount in spend[channel].items()]
        yield from _weekly(calendar, channel, weeks)
        yield from _paced(calendar, channel, weeks, history.get(channel, []))
    yield from _monthly(calendar, spend)


def _weekly(calendar: Calendar, channel: str, weeks: list[tuple[Any, float]]) -> Iterator[Broken]:
    own = calendar.weekly.get(channel)
    known = {} if calendar.spent is None else calendar.spent[channel].to_dict()
    for week, amount in weeks:
        if week in known:
            if abs(amount - known[week]) > KEPT * known[week]:
                yield _limit(channel, week, Side.EXACTLY, known[week]), abs(amount - known[week])
            continue
        if own is None:
            continue
        if week in own.blackout and amount > 0:
            yield _limit(channel, week, Side.AT_MOST, 0.0), amount
        if own.at_most is not None and amount > own.at_most * (1 + KEPT):
            yield _limit(channel, week, Side.AT_MOST, own.at_most), amount - own.at_most
        booked = own.committed.get(week, 0.0)
        if amount < booked * (1 - KEPT):
            yield _limit(channel, week, Side.AT_LEAST, booked), booked - amount
        if week in own.committed and calendar.pacing is not None and channel in calendar.usual:
            most = max(booked, calendar.usual[channel])
            if amount > most * (1 + KEPT):
                yield _limit(channel, week, Side.AT_MOST, most), amount - most
        least = own.at_least_if_used
        if least is not None and 0 < amount < least * (1 - KEPT) and not amount <= booked:
            yield _limit(channel, week, Side.ZERO_OR_AT_LEAST, least), min(amount, least - amount)


def _paced(calendar: Calendar, channel: str, weeks: list[tuple[Any, float]], past: npt.ArrayLike) -> Iterator[Broken]:
    if calendar.pacing is None or channel not in calendar.usual:
        return
    own, allowed = calendar.weekly.get(channel), calendar.pacing * calendar.usual[channel]
    spent = [float(amount) for amount in np.asarray(past, dtype=float) if amount > 0]
    before = spent[-1] if spent else None
    known = [] if calendar.spent is None else list(calendar.spent.index)
    for week, amount in weeks:
        if week in known:
            before = amount if amount > 0 else before
            continue
        if own is not None and (week in own.blackout or week in own.committed):
            continue
        if own is not None and own.at_least_if_used is not None and amount == 0:
            continue
        if before is not None and abs(amount - before) > allowed * (1 + KEPT) + _ROUNDING * max(amount, before):
            subject = Subject(f"change of {channel} into {_day(week)}", "channel", (channel,))
            yield Limit(subject, Side.AT_MOST, allowed, Unit.CURRENCY), abs(amount - before) - allowed
        before = amount


def _monthly(calendar: Calendar, spend: pd.DataFrame) -> Iterator[Broken]:
    for month, limits in calendar.months.items():
        inside = []
        for week, amounts in spend.iterrows():
            days = [pd.Timestamp(str(week)) + pd.Timedelta(days=day) for day in range(7)]
            inside += [fsum(amounts) / 7 for day in days if f"{day:%Y-%m}" == month]
        total, subject = fsum(inside), Subject(month, "month")
        if limits.at_most is not None and total > limits.at_most * (1 + KEPT):
            yield Limit(subject, Side.AT_MOST, limits.at_most, Unit.CURRENCY), total - limits.at_most
        if limits.at_least is not None and total < limits.at_least * (1 - KEPT):
            yield Limit(subject, Side.AT_LEAST, limits.at_least, Unit.CURRENCY), limits.at_least - total


def _limit(channel: str, week: Any, side: Side, figure: float) -> Limit:
    return Limit(Subject(f"{channel} in {_day(week)}", "channel", (channel,)), side, float(figure), Unit.CURRENCY)


def _day(week: Any) -> str:
    return f"{week:%Y-%m-%d}" if isinstance(week, pd.Timestamp) else f"week {week}"
