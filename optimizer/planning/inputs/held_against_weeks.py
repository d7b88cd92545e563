"""Cohorts and funnel held against the weekly table: customers that it lacks, and months after its end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.economics import Cohorts, Funnel
from attribution.errors import Problem
from attribution.numbers import amount
from mmm import Panel
from optimizer.planning.file.keys.economics import CohortTable, OrdersTable
from optimizer.planning.file.keys.funnel import FunnelTable

__all__ = ["cohorts_against_weeks", "funnel_against_weeks"]

_MORE = 1.25  # times the customers of the weekly table: lags and other days make some
_MANY = 2.0  # times, for cohorts, whose company may count customers more widely than the KPI does
_PERIODS = 4


def funnel_against_weeks(counts: Funnel, section: FunnelTable, name: str, panel: Panel) -> Iterator[Problem]:
    """A funnel of other times than the weekly table, or one that counts far more customers than the KPI does."""
    won = counts.frame.groupby("period")[section.won].sum()
    kpi = pd.Series(panel.kpi.sum(axis=0), panel.dates)
    starts = pd.DatetimeIndex(won.index)
    ends = starts + pd.Timedelta(days=counts.days)
    within = (starts >= panel.dates[0]) & (ends <= panel.dates[-1] + pd.Timedelta(days=panel.days))
    if ends[-1] <= panel.dates[0] or starts[0] > panel.dates[-1] + pd.Timedelta(days=panel.days - 1):
        text = f"{starts[0]:%Y-%m-%d} to {starts[-1]:%Y-%m-%d} has no day in common with the weekly table "
        text += f"({panel.dates[0]:%Y-%m-%d} to {panel.dates[-1]:%Y-%m-%d})."
        yield Problem(name, text, section.period, remedy="correct the year, or give the funnel of its weeks.")
    if within.sum() < _PERIODS:
        return
    first, last = starts[within][0], ends[within][-1] - pd.Timedelta(days=1)
    counted = float(won[within].sum())
    came = float(kpi[(kpi.index >= first) & (kpi.index <= last)].sum())
    if counted > _MORE * came:
        text = f"holds {amount(counted)} {section.won} from {first:%Y-%m-%d} to {last:%Y-%m-%d}, and all "
        text += f"{panel.kpi_name} of these days are {amount(came)}."
        remedy = f"name with data.funnel.customers the stage that counts {panel.kpi_name}, or correct its counts."
        yield Problem(name, text, section.won, remedy=remedy)


def cohorts_against_weeks(cohorts: Cohorts, section: CohortTable | OrdersTable, panel: Panel) -> Iterator[Problem]:
    """Cohorts of which all were acquired after the weekly table ends, or more than it has customers."""
    month, active, remedy = _words(section)
    first = pd.Timestamp(cohorts.frame["month"].min())
    last = panel.dates[-1] + pd.Timedelta(days=panel.days - 1)
    if first > last:
        text = f"begins with customers acquired in {first:%Y-%m}, after the weekly table has ended ({last:%Y-%m-%d})."
        yield Problem(section.path.name, text, month, remedy="correct the year, or give older customers.")
        return
    rows = cohorts.frame[cohorts.frame["age"] == 0]
    months = pd.PeriodIndex(rows["month"], freq="M")
    weeks = pd.Series(panel.kpi.sum(axis=0), panel.dates)
    by_month = weeks.groupby(pd.DatetimeIndex(weeks.index).to_period("M")).sum()
    inner = by_month.index[1:-1]
    held = months.isin(inner)
    acquired = float(rows["active"].to_numpy()[np.asarray(held)].sum())
    came = float(by_month[inner.intersection(months.unique())].sum())
    if cohorts.months == 1 and acquired > _MANY * came > 0:
        text = f"holds {amount(acquired)} customers acquired in months that the weekly table covers, and all "
        text += f"{panel.kpi_name} of these months are {amount(came)}."
        yield Problem(section.path.name, text, active, remedy=remedy)


def _words(section: CohortTable | OrdersTable) -> tuple[str, str, str]:
    """Columns of the month and of customers, and what to do where these are too many."""
    if isinstance(section, OrdersTable):
        return section.date, section.customer, "name the column that is the same for all orders of a customer."
    remedy = "give the customers won in each month, each once, not orders or all who were active."
    return section.month, section.active, remedy
