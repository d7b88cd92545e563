"""The stage of weeks: the plan's money per channel as a calendar, and what that brings beyond equal weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import InfeasiblePlan
from attribution.estimates import Estimate
from attribution.findings import Finding
from mmm import Panel, Posterior, ResponseCurves
from mmm.arrays import Array
from mmm.checks.pool import Pool
from optimizer.planning.inputs.timetable import Timetable
from optimizer.weeks.calendar import WeekLimits, month_parts
from optimizer.weeks.flight import Flight
from optimizer.weeks.flight_plan import FlightPlan
from optimizer.weeks.scheduled import even_weeks, scheduled

__all__ = ["ScheduleResult", "make_schedule"]

_DRAWS, _JUDGED = 100, 1000  # of the search, which sees their mean, and of what its schedule is worth
_GAP, _SECONDS = 2e-3, 2.0
_FORGOTTEN = 1e-5  # share of a channel's effect that may come later than the lags counted
_BEFORE = 6  # weeks shown before the plan
_SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class ScheduleResult:
    """The plan by week, or why there is none.

    Parameters
    ----------
    spend
        Currency, weeks x channels; weeks by their first day.
    before
        The last weeks before it, as they were spent.
    states
        What holds a cell where it is: ``spent``, ``committed``, ``blackout``, ``at its most``, ``smallest booking`` or
        nothing; weeks x channels.
    months
        Currency, months x channels, each week's spend divided evenly between its days.
    gain
        Customers that the schedule brings beyond the same money in equal weeks, over draws of curves and carryover.
    gap
        Distance from what no schedule beats.
    problem
        Why there is no schedule; the tables are empty then.
    """

    spend: pd.DataFrame
    before: pd.DataFrame
    states: pd.DataFrame
    months: pd.DataFrame
    gain: Estimate
    gap: float
    problem: str = ""

    @property
    def finding(self) -> Finding:
        """Whether the plan's money fits into the weeks."""
        if self.problem:
            return Finding("schedule_possible", False, None, None, f"The plan has no calendar: {self.problem}")
        return Finding("schedule_possible", True, None, None, "The plan's money fits into its weeks and months.")


def make_schedule(
    timetable: Timetable,
    posterior: Posterior | Pool,
    curves: ResponseCurves,
    planned: pd.Series,
    borrowed: Mapping[str, str | None],
) -> ScheduleResult:
    """The calendar of a plan.

    Parameters
    ----------
    timetable
        Weeks and what each may spend.
    posterior
        Whose carryover and past spend count: of a fit, or of the readings that a plan rests on.
    curves
        Of the plan, over all its weeks; their draws belong with those of the carryover.
    planned
        What the plan spends over the horizon, currency by channel.
    borrowed
        New channel -> the channel whose carryover it is assumed to have; None where it has none.
    """
    weekly = curves.over(1 / len(timetable.weeks))
    lags = {name: _by_week(weights, posterior.panel.per_week) for name, weights in posterior.carryover().items()}
    at_once = np.ones((1, curves.n_draws))
    lags |= {new: at_once if like is None else lags[like] for new, like in borrowed.items()}
    history = _history(posterior.panel, timetable).assign(**dict.fromkeys(borrowed, 0.0))
    calendar = timetable.calendar
    usual = {
        str(channel): max(
            float(total) / len(timetable.weeks), calendar.last_amount(str(channel), history[channel]) or 0.0
        )
        for channel, total in planned.items()
    }
    flight = Flight(
        weekly.take(_some(curves.n_draws, _DRAWS)),
        timetable.weeks,
        {channel: weights.mean(axis=1) for channel, weights in lags.items()},
        history={channel: history[channel].to_numpy() for channel in curves.channels},
        calendar=replace(calendar, usual=usual),
    )
    none = pd.DataFrame()
    try:
        flight_plan = scheduled(flight, planned, _GAP, _SECONDS)
    except InfeasiblePlan as error:
        text = str(error).replace("weekly.", "plan.schedule.weekly.").replace("months.2", "plan.schedule.months.2")
        return ScheduleResult(none, none, none, none, Estimate.exact(np.nan), np.nan, text)
    rows = _some(curves.n_draws, _JUDGED)
    drawn = {channel: weights[:, rows] for channel, weights in lags.items()}
    parts = month_parts(timetable.weeks)
    return ScheduleResult(
        spend=flight_plan.spend,
        before=history.tail(_BEFORE),
        states=_states(flight, flight_plan.spend),
        months=pd.DataFrame({month: part @ flight_plan.spend for month, part in parts.items()}).T,
        gain=Estimate.of(_gain(flight, weekly.take(rows), drawn, flight_plan)),
        gap=flight_plan.gap,
    )


def _some(draws: int, wanted: int) -> npt.NDArray[np.intp]:
    return np.arange(0, draws, max(draws // wanted, 1))


def _by_week(weights: Array, per_week: int) -> Array:
    """Lag weights by week of spend spread over a week's periods, shape (lags, draws), as far as they matter."""
    size = -(-(len(weights) + per_week - 1) // per_week)
    weekly = np.zeros((size, weights.shape[1]))
    for place in range(per_week):
        for lag, weight in enumerate(weights):
            weekly[(place + lag) // per_week] += weight / per_week
    reached = np.cumsum(weekly.mean(axis=1))
    last = int(np.searchsorted(reached, reached[-1] * (1 - _FORGOTTEN)))
    weekly[last] += weekly[last + 1 :].sum(axis=0)
    return weekly[: last + 1]


def _history(panel: Panel, timetable: Timetable) -> pd.DataFrame:
    """Weekly spend up to the first week of the schedule; present spend in weeks that the table does not reach."""
    spend = panel.national_spend
    whole = len(spend) // panel.per_week * panel.per_week
    weeks = spend.tail(whole).to_numpy().reshape(-1, panel.per_week, spend.shape[1]).sum(axis=1)
    present = np.tile(panel.recent_spend().to_numpy() * panel.per_week, (timetable.between, 1))
    dates = pd.date_range(
        end=timetable.weeks[0] - pd.Timedelta(days=7), periods=len(weeks) + timetable.between, freq="7D"
    )
    return pd.DataFrame(np.vstack((weeks, present)), index=dates, columns=list(panel.channels))


def _states(flight: Flight, spend: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame("", index=spend.index, columns=spend.columns)
    calendar = flight.calendar
    for channel in spend:
        own, weeks = calendar.weekly.get(str(channel), WeekLimits()), spend[channel]
        near = _SLACK * max(float(weeks.max()), 1.0)
        for limit, state in ((own.at_most, "at its most"), (own.at_least_if_used, "smallest booking")):
            if limit is not None:
                table.loc[(weeks - limit).abs() <= near, channel] = state
        table.loc[[week for week, money in own.committed.items() if money > 0], channel] = "committed"
        table.loc[list(own.blackout), channel] = "blackout"
    if calendar.spent is not None:
        table.loc[calendar.spent.index] = "spent"
    return table


def _gain(flight: Flight, curves: ResponseCurves, lags: Mapping[str, Array], flight_plan: FlightPlan) -> Array:
    """Draws of the customers beyond those of equal weeks, each by its own carryover, shape (draws,)."""
    even = even_weeks(flight, flight_plan.spend.sum())
    total = np.zeros(max(curves.n_draws, 1))
    for channel, curve in curves.items():
        weights = lags[channel]
        known = np.asarray(flight.history[channel], dtype=float)
        past = np.concatenate((np.zeros(len(weights)), known))[len(known) + 1 :]
        after = np.full(len(weights) - 1, float(flight_plan.future[channel]))
        for table, sign in ((flight_plan.spend, 1.0), (even, -1.0)):
            line = np.concatenate((past, table[channel], after))
            windows = np.lib.stride_tricks.sliding_window_view(line, len(weights))[:, ::-1]
            total += sign * curve.at_draws(windows @ weights)[0].sum(axis=0)
    return total
