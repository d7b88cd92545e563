"""The stage of the forecast: what the plan is expected to bring, week by week, at spend that stands for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.numbers import counted
from mmm import Organic, Posterior
from mmm.arrays import Array
from mmm.checks.pool import Pool
from mmm.curves import ResponseCurves
from mmm.curves.joined import joined
from mmm.posterior.outlook import prices
from optimizer.cycle.forecast import Borrowed, Course, Forecast, forecast, readings_of
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.markets import Markets
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.new_channels import with_new_channels
from optimizer.planning.stages.schedule import ScheduleResult

__all__ = ["ForecastResult", "borrowed_of", "make_forecast"]

EVEN = "The plan's spend in even weeks."
BY_SCHEDULE = "The spend of the plan's schedule."


@dataclass(frozen=True, eq=False)
class ForecastResult:
    """The plan's forecast, and what it rests on.

    Parameters
    ----------
    forecast
        By period.
    course
        What is spent and delivered.
    readings
        The posteriors whose draws it is made of.
    assumptions
        How the weeks' spend, controls and new channels were set.
    """

    forecast: Forecast
    course: Course
    readings: tuple[Posterior, ...]
    assumptions: tuple[str, ...]


def make_forecast(
    section: PlanSection,
    inputs: Inputs,
    draws: Posterior | Pool,
    organic: Organic,
    planned: pd.Series,
    schedule: ScheduleResult | None,
    seed: int,
) -> ForecastResult:
    """The forecast of a plan.

    Parameters
    ----------
    section, inputs
        The plan file's plan, and its tables.
    draws
        What the plan rests on.
    organic
        Their organic customers of the weeks after the table.
    planned, schedule
        Spend over the horizon by channel or cell, and its calendar where it has one.
    seed
        Of the run.
    """
    readings, panel = readings_of(draws), draws.panel
    weekly, said = _weekly(section, inputs, planned, schedule)
    names = [name for name in weekly if name in section.without_history]
    new = np.repeat(weekly[names].to_numpy(dtype=float), panel.per_week, axis=0) / panel.per_week
    spend = _by_geo(weekly.drop(columns=names), inputs.markets, panel.geos, panel.channels, panel.per_week)
    course = Course(spend, spend / prices(panel)[:, None], None, inputs.upcoming, new)
    borrowed = borrowed_of(section, readings, seed)
    notes = [said, organic.assumption]
    notes += [f"{name} is taken to carry over as {new.like} does." for name, new in section.new_channels.items()]
    if section.referral is not None:
        notes.append(f"{section.referral.name} is taken to bring its customers in the weeks of their rewards.")
    return ForecastResult(forecast(readings, organic, course, borrowed), course, readings, tuple(notes))


def borrowed_of(section: PlanSection, readings: tuple[Posterior, ...], seed: int) -> tuple[Borrowed, ...]:
    """The plan's new channels with the draws of their assumed curves."""
    if not section.without_history:
        return ()
    periods = section.weeks * readings[0].panel.per_week
    parts = [reading.curves(weeks=periods) for reading in readings]
    curves = ResponseCurves({name: joined([part[name] for part in parts]) for name in readings[0].channels})
    per_period = with_new_channels(section, curves, seed).over(1 / periods)
    lags = [reading.carryover() for reading in readings]
    parts_of = {name: _padded([own[new.like] for own in lags]) for name, new in section.new_channels.items()}
    if section.referral is not None:
        parts_of[section.referral.name] = np.ones((1, curves.n_draws))
    return tuple(Borrowed(name, per_period[name], weights) for name, weights in parts_of.items())


def _padded(parts: list[Array]) -> Array:
    longest = max(len(part) for part in parts)
    return np.hstack([np.pad(part, ((0, longest - len(part)), (0, 0))) for part in parts])


def _weekly(
    section: PlanSection, inputs: Inputs, total: pd.Series, schedule: ScheduleResult | None
) -> tuple[pd.DataFrame, str]:
    """Spend by week of the forecast and channel or cell, and how it was come by."""
    weeks = section.weeks
    even = pd.DataFrame(np.tile(total.to_numpy(dtype=float) / weeks, (weeks, 1)), columns=list(total.index))
    if schedule is None or schedule.problem or inputs.timetable is None:
        return even, EVEN
    spend, between = schedule.spend[list(total.index)], inputs.timetable.between
    if not between:
        return spend.reset_index(drop=True), BY_SCHEDULE
    today = 0 * total if inputs.now is None else inputs.now.reindex(total.index, fill_value=0.0)
    now = today.to_numpy(dtype=float) / weeks
    rows = np.vstack([np.tile(now, (min(between, weeks), 1)), spend.to_numpy()[: max(weeks - between, 0)]])
    text = (
        f"The schedule begins {counted(between, 'week')} after the weekly table ends. The forecast is of the "
        f"{counted(weeks, 'week')} after the table: today's spend until the schedule begins, then the schedule's."
    )
    return pd.DataFrame(rows, columns=list(total.index)), text


def _by_geo(
    weekly: pd.DataFrame, markets: Markets | None, geos: tuple[str, ...], channels: tuple[str, ...], per_week: int
) -> Array:
    """Spend by geo, period and channel, that of a week divided evenly between its periods."""
    spend = np.zeros((len(geos), len(weekly), len(channels)))
    for cell in weekly:
        channel, market = (str(cell), geos[0]) if markets is None else markets.cells[str(cell)]
        spend[geos.index(market) if len(geos) > 1 else 0, :, channels.index(channel)] = weekly[cell]
    return np.repeat(spend, per_week, axis=1) / per_week
