"""Spend that stands where it was booked: found where it is so, and nowhere in companies that spend freely."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.findings import Finding
from mmm.data.panel_checks import check_panel

NAMES = ("booked_at_once", "copied_forward", "single_gaps")
COMPANIES = [mmm.simulate.world(seed=seed, weeks=156, channels=5)[0] for seed in range(8)]


def told(table: pd.DataFrame, channels: list[str], date: str = "week") -> dict[str, Finding]:
    panel = mmm.Panel.from_frame(table, date, "new_customers", channels)
    return {each.name: each for each in check_panel(panel) if each.name in NAMES and not each.passed}


def weekly(start: str = "2023-01-02", weeks: int = 156, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "week": pd.date_range(start, periods=weeks, freq="7D"),
            "new_customers": rng.poisson(900, weeks),
            "search": rng.lognormal(9, 0.3, weeks).round(2),
            "tv": rng.lognormal(10, 0.3, weeks).round(2),
        }
    )


@pytest.mark.parametrize("company", range(len(COMPANIES)))
def test_companies_that_spend_freely_raise_none(company: int) -> None:
    data = COMPANIES[company]
    assert not told(data.weekly, list(data.channels))


@pytest.mark.parametrize(("often", "code", "weeks"), [("month", "M", 40), ("quarter", "Q", 156)])
@pytest.mark.parametrize("place", [0, 1, -1])
def test_what_is_booked_once_a_month_or_quarter_is_named(often: str, code: str, weeks: int, place: int) -> None:
    table = weekly(weeks=weeks)
    spans = table["week"].dt.to_period(code)
    chosen = table.groupby(spans)["week"].transform(lambda own: own.iloc[min(place, len(own) - 1)])
    sums = table.groupby(spans)["tv"].transform("sum")
    found = told(table.assign(tv=np.where(table["week"] == chosen, sums, 0.0)), ["search", "tv"])
    assert found["booked_at_once"].channels == ("tv",)
    assert f"tv once a {often}" in found["booked_at_once"].text


def test_flights_of_every_fourth_week_are_no_invoices() -> None:
    table = weekly()
    assert not told(table.assign(tv=np.where(np.arange(156) % 4 == 0, table["tv"], 0.0)), ["search", "tv"])
    assert not told(table.assign(tv=np.where(np.arange(156) % 13 < 4, table["tv"], 0.0)), ["search", "tv"])


def test_figures_copied_forward_are_named_with_their_weeks() -> None:
    table = weekly()
    table.loc[140:, "search"] = table["search"].iloc[139]
    finding = told(table, ["search", "tv"])["copied_forward"]
    assert finding.channels == ("search",)
    assert f"{table['week'].iloc[139]:%Y-%m-%d} to {table['week'].iloc[155]:%Y-%m-%d}" in finding.text


def test_a_budget_that_is_kept_for_weeks_at_a_time_is_not() -> None:
    table = weekly()
    steps = np.repeat(np.random.default_rng(1).lognormal(9, 0.3, 20), 8)[:156].round(2)
    assert not told(table.assign(search=steps), ["search", "tv"])
    assert not told(table.assign(search=(table["search"] / 5_000).round() * 5_000), ["search", "tv"])


@pytest.mark.parametrize("often", [2, 5, 12])
def test_weeks_that_lack_between_usual_ones_are_named(often: int) -> None:
    table = weekly()
    lacking = np.random.default_rng(often).choice(np.arange(2, 150, 4), often, replace=False)
    table.loc[lacking, "search"] = 0.0
    finding = told(table, ["search", "tv"])["single_gaps"]
    assert finding.channels == ("search",)
    assert f"search ({often} periods, the first {table['week'].iloc[lacking.min()]:%Y-%m-%d})" in finding.text


def test_pauses_and_flights_are_no_gaps() -> None:
    table, weeks = weekly(), np.arange(156)
    assert not told(table.assign(search=np.where((weeks > 50) & (weeks < 60), 0.0, table["search"])), ["search", "tv"])
    flights = np.where(weeks % 6 < 3, table["tv"], 0.0)
    assert not told(table.assign(tv=flights), ["search", "tv"])
    fades = np.where(np.isin(weeks, (40, 41, 90)), 0.0, table["search"])
    fades[[39, 42, 89, 91]] = 100.0
    assert not told(table.assign(search=fades), ["search", "tv"])


def test_days_are_looked_at_by_the_month_too() -> None:
    rng = np.random.default_rng(4)
    days = pd.date_range("2025-01-01", periods=400)
    daily = pd.DataFrame({"day": days, "new_customers": rng.poisson(90, 400), "tv": rng.lognormal(8, 0.4, 400)})
    invoices = np.where(days.day == 15, 30_000.0, 0.0)
    found = told(daily.assign(radio=invoices), ["tv", "radio"], "day")
    assert found["booked_at_once"].channels == ("radio",)
