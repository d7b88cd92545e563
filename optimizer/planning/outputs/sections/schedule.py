"""The plan by week: a calendar of spend, month totals, and what the weeks are worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.numbers import amount, count, gap
from optimizer import plots as plan
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.schedule import ScheduleResult
from optimizer.question.outcomes import is_money

__all__ = ["SCHEDULE", "against_equal_weeks", "month_frame", "week_frame"]

_GIVEN = ("spent", "committed", "blackout")


def _view(run: Run) -> dict[str, Any] | None:
    result = run.schedule
    if result is None:
        return None
    if result.problem:
        return {"schedule": {"problem": result.problem}}
    channels = order_of(run).of(str(channel) for channel in result.spend)
    return {
        "schedule": {
            "problem": "",
            "worth": against_equal_weeks(result, run.config.outcome),
            "proof": _proof(result),
            "channels": channels,
            "weeks": [_week(week, result, channels) for week in result.spend.index],
            "months": [_month(month, result, run, channels) for month in result.months.index],
            "totals": [amount(float(result.spend[channel].sum())) for channel in channels],
            "total": amount(float(result.spend.to_numpy().sum())),
        }
    }


def _proof(result: ScheduleResult) -> str:
    most = gap(result.gap).removeprefix("less than ")
    return f"On the plan's curves no calendar within these limits is better by more than {most}."


def _month(month: str, result: ScheduleResult, run: Run, channels: list[str]) -> dict[str, Any]:
    money, timetable = result.months.loc[month, channels].to_numpy(), run.inputs.timetable
    limits = None if timetable is None else timetable.calendar.months.get(month)
    sides = [] if limits is None else [("at least", limits.at_least), ("at most", limits.at_most)]
    return {
        "name": f"{pd.Timestamp(month):%b %Y}",
        "cells": [amount(float(each)) for each in money],
        "all": amount(float(money.sum())),
        "limit": ", ".join(f"{word} {amount(figure)}" for word, figure in sides if figure is not None),
    }


def _week(week: Any, result: ScheduleResult, channels: list[str]) -> dict[str, Any]:
    money, states = result.spend.loc[week], result.states.loc[week]
    cells = [{"spend": amount(float(money[channel])), "state": states[channel]} for channel in channels]
    return {"name": f"{week:%d %b %Y}", "cells": cells, "all": amount(float(money.sum()))}


def against_equal_weeks(result: ScheduleResult, outcome: str) -> str:
    """What the calendar brings against the same money in equal weeks, as a sentence."""
    gain = result.gain
    if gain.low <= 0 <= gain.high or abs(gain.point) < 0.5:
        if is_money(outcome):
            return f"It brings about as much {outcome} as the same money in equal weeks ({_signed(gain.point)})."
        return f"It brings about as many {outcome} as the same money in equal weeks ({_signed(gain.point)})."
    if gain.point > 0:
        return f"It brings {count(gain.point)} {outcome} more than the same money in equal weeks ({gain.range(count)})."
    text = f"Its limits on weeks cost {count(-gain.point)} {outcome} against the same money in equal weeks"
    return f"{text} ({count(-gain.high)} to {count(-gain.low)})."


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{count(abs(value))}"


def _figures(run: Run) -> Iterator[Figure]:
    result = run.schedule
    if result is None or result.problem:
        return
    channels = order_of(run).of(result.spend)
    axes = plan.schedule(
        result.spend[channels],
        paths.canvas(9.8, 1.4 + 0.45 * result.spend.shape[1]),
        before=result.before,
        given=result.states[channels].isin(_GIVEN),
        currency=run.config.currency,
    )
    yield Figure("schedule", "Spend by week and channel, with the weeks before the plan as they were spent.", axes)


def _tables(run: Run) -> Iterator[Table]:
    if run.schedule is not None and not run.schedule.problem:
        yield Table("schedule.csv", week_frame(run.schedule))
        yield Table("schedule_months.csv", month_frame(run.schedule))


def week_frame(result: ScheduleResult) -> pd.DataFrame:
    """One row per week and channel: spend in currency, and what holds it where it is."""
    dated = result.spend.set_axis([f"{week:%Y-%m-%d}" for week in result.spend.index])
    long = _long(dated, "week")
    return long.assign(limit=result.states.to_numpy().ravel())


def month_frame(result: ScheduleResult) -> pd.DataFrame:
    """One row per month and channel: spend in currency, each week's divided evenly between its days."""
    return _long(result.months, "month")


def _long(table: pd.DataFrame, period: str) -> pd.DataFrame:
    rows, columns = table.shape
    periods, channels = np.repeat(list(table.index), columns), np.tile(list(table.columns), rows)
    return pd.DataFrame({period: periods, "channel": channels, "spend": table.to_numpy().ravel()})


SCHEDULE = Section("schedule", "Week by week", _view, _figures, _tables)
