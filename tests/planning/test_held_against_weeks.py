"""Cohorts and funnel against the weekly table: what it cannot hold is refused, what lags make is not."""

from __future__ import annotations

import pandas as pd
import pytest

from attribution.economics import read_cohorts, read_funnel
from mmm import Panel
from optimizer.planning.file.keys.economics import CohortTable
from optimizer.planning.file.keys.funnel import FunnelTable
from optimizer.planning.inputs.held_against_weeks import cohorts_against_weeks, funnel_against_weeks

WEEKS = pd.date_range("2025-01-06", periods=40, freq="7D")


def panel() -> Panel:
    spend = [1000.0 + 10 * i for i in range(40)]
    return Panel.from_frame(pd.DataFrame({"week": WEEKS, "won": 100.0, "tv": spend}), "week", "won", ["tv"])


def of_funnel(orders: float, weeks: pd.DatetimeIndex = WEEKS) -> list[str]:
    frame = pd.DataFrame({"period": weeks, "channel": "tv", "clicks": 9000, "orders": orders})
    section = FunnelTable.model_validate({"path": "funnel.csv", "stages": ["clicks", "orders"]})
    return [
        str(one)
        for one in funnel_against_weeks(read_funnel(frame, ["clicks", "orders"]), section, "funnel.csv", panel())
    ]


@pytest.mark.parametrize("orders", [60.0, 100.0, 115.0])
def test_a_funnel_of_about_the_customers_or_fewer_passes(orders: float) -> None:
    assert not of_funnel(orders)


@pytest.mark.parametrize("orders", [150.0, 800.0])
def test_a_stage_of_customers_that_holds_more_than_there_were_is_refused(orders: float) -> None:
    (said,) = of_funnel(orders)
    assert f"holds {40 * orders:,.0f} orders from 2025-01-06 to 2025-10-12, and all won of these days are 4,000" in said
    assert "data.funnel.customers" in said


def test_periods_that_the_table_does_not_hold_say_nothing() -> None:
    assert not of_funnel(800.0, WEEKS + pd.Timedelta(days=7 * 38))


def of_cohorts(first: str, acquired: float, months: int = 4) -> list[str]:
    rows = [
        (start, "tv", age, acquired * 0.9**age)
        for place, start in enumerate(pd.date_range(first, periods=months, freq="MS"))
        for age in range(months - place)
    ]
    frame = pd.DataFrame(rows, columns=["month", "channel", "age", "active"])
    section = CohortTable.model_validate({"path": "cohorts.csv"})
    return [str(one) for one in cohorts_against_weeks(read_cohorts(frame), section, panel())]


@pytest.mark.parametrize("first", ["2023-01-01", "2025-02-01", "2025-08-01"])
def test_cohorts_of_the_customers_that_came_pass(first: str) -> None:
    assert not of_cohorts(first, 420.0)


@pytest.mark.parametrize("acquired", [1000.0, 4200.0])
def test_cohorts_of_more_than_came_are_refused(acquired: float) -> None:
    (said,) = of_cohorts("2025-02-01", acquired)
    assert "and all won of these months are" in said


@pytest.mark.parametrize("first", ["2025-11-01", "2028-02-01"])
def test_cohorts_acquired_after_the_weeks_are_refused(first: str) -> None:
    (said,) = of_cohorts(first, 420.0)
    assert "after the weekly table has ended (2025-10-12)" in said
