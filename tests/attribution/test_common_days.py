"""CAC whose two sides cover the same days."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from attribution import (
    BadInput,
    ByConversionDate,
    ByTouchDate,
    Journeys,
    LastTouch,
    Linear,
    Markov,
    PathRules,
    by_day,
    cac_by_channel,
    cac_by_period,
    common_days,
    with_periods,
)


@cache
def steady(first: str, last: str, customers: int = 10) -> Journeys:
    """So many customers a day, each after a touch of that day, from one day to another."""
    days = pd.date_range(first, last).repeat(customers)
    user = np.arange(len(days)).astype(str)
    touched = pd.DataFrame({"user": user, "time": days + pd.Timedelta(hours=9), "channel": "search"})
    bought = pd.DataFrame({"user": user, "time": days + pd.Timedelta(hours=10)})
    return Journeys.from_touchpoints(touched, bought)


def weekly(first: str, weeks: int, amount: float = 7_000.0) -> pd.DataFrame:
    dates = pd.date_range(first, periods=weeks, freq="7D")
    return pd.DataFrame({"date": dates, "channel": "search", "spend": amount})


@pytest.mark.parametrize("dating", [ByConversionDate(), ByTouchDate()])
@pytest.mark.parametrize(("first", "last"), [("2024-01-10", "2024-03-26"), ("2024-01-01", "2024-03-31")])
def test_ten_customers_and_a_thousand_a_day_cost_a_hundred_each(dating, first, last):
    journeys = steady(first, last)  # from a Wednesday to a Tuesday, and whole weeks
    spend = by_day(weekly("2023-12-18", 20))
    total = cac_by_channel(journeys, LastTouch(), spend, dating)
    assert total.loc["search", "cac"] == pytest.approx(100)
    assert total.loc["search", "5%"] - 1e-9 <= 100 <= total.loc["search", "95%"] + 1e-9
    assert common_days(journeys, spend) == (pd.Timestamp(first), pd.Timestamp(last))
    tables = {}
    for period in "DWMQY":
        table = cac_by_period(journeys, LastTouch(), spend, period, dating, replicates=2)
        tables[period] = table
        covered = table[table["coverage"] > 0]
        np.testing.assert_allclose(covered["cac"], 100)  # the parts of cut periods too, and they are marked
        assert table[table["coverage"] == 0]["cac"].isna().all()
        days = pd.date_range("2023-12-18", periods=140)
        assert table.index.get_level_values(0).tolist() == days.to_period(period).unique().astype(str).tolist()
    assert tables["M"].loc["2024-03", "coverage"].item() == pytest.approx(pd.Timestamp(last).day / 31)


def test_a_period_that_converts_nothing_is_infinitely_dear():
    days = pd.date_range("2024-01-01", "2024-03-31")
    touched = pd.DataFrame({"user": [f"u{day}" for day in range(len(days))], "time": days, "channel": "search"})
    bought = pd.DataFrame({"user": ["u0", "u90"], "time": pd.to_datetime(["2024-01-01 12:00", "2024-03-31 12:00"])})
    spend = pd.DataFrame({"date": ["2024-01-01", "2024-02-01", "2024-03-01"], "channel": "search", "spend": 9.0})
    table = cac_by_period(Journeys.from_touchpoints(touched, bought), Linear(), by_day(spend, "M"), replicates=20)
    assert table["cac"].to_dict() == pytest.approx(
        {("2024-01", "search"): 9, ("2024-02", "search"): np.inf, ("2024-03", "search"): 9}
    )
    assert np.isinf(table.loc[("2024-02", "search"), ["5%", "95%"]].to_numpy(dtype=float)).all()
    assert table["coverage"].tolist() == [1, 1, 1]
    with pytest.raises(BadInput, match="no day in common"):
        common_days(Journeys.from_touchpoints(touched, bought), by_day(spend, "M"), lag=500)


def test_conversions_that_stop_early_cut_the_spend_and_rare_ones_do_not():
    spend = by_day(weekly("2024-01-01", 13))
    touched = pd.DataFrame({"user": np.arange(91).astype(str), "time": pd.date_range("2024-01-01", periods=91)})
    touched["channel"] = "search"

    def last(moments: pd.DatetimeIndex) -> str:
        bought = pd.DataFrame({"user": touched["user"].iloc[: len(moments)], "time": moments})
        return str(common_days(Journeys.from_touchpoints(touched, bought), spend)[1].date())

    daily = pd.date_range("2024-01-01", "2024-02-29")
    assert last(daily) == "2024-02-29"  # every day, then none for a month: the table ended
    assert last(daily[::20]) == "2024-03-31"  # one in 20 days, then none for 30: may well be chance


def test_days_are_those_of_the_advertiser():
    touched = pd.DataFrame({"user": list("uv"), "time": ["2024-02-01T04:00Z", "2024-01-31T20:00Z"], "channel": "tv"})
    bought = pd.DataFrame({"user": list("uv"), "time": ["2024-02-01T04:30Z", "2024-02-01T05:30Z"]})
    local = Journeys.from_touchpoints(touched, bought, rules=PathRules(days_in="America/New_York"))
    for journeys, months in (
        (local, ["2024-01", "2024-02"]),
        (Journeys.from_touchpoints(touched, bought), ["2024-02"]),
    ):
        dated = with_periods(journeys, "M")
        seen = {dated.categories["period"][code] for code in dated.won.labels["period"]}
        assert sorted(seen) == months
    spend = pd.DataFrame({"date": ["2024-01-31", "2024-02-01"], "channel": "tv", "spend": [30.0, 50.0]})
    table = cac_by_period(local, LastTouch(), spend, "D", replicates=2)
    assert table["cac"].to_dict() == {("2024-01-31", "tv"): 30, ("2024-02-01", "tv"): 50}


@pytest.mark.parametrize("length", ["2W", "W-MON", "w", "month", "H", ""])
def test_other_periods_are_refused_with_the_list(length):
    journeys = steady("2024-01-01", "2024-01-20")
    spend = by_day(weekly("2024-01-01", 3))
    for ask in (lambda: cac_by_period(journeys, Linear(), spend, length), lambda: with_periods(journeys, length)):
        with pytest.raises(BadInput, match=r"'D' \(day\), 'W' \(week that ends on Sunday\), 'M'"):
            ask()
    with pytest.raises(BadInput, match="is no period"):
        by_day(weekly("2024-01-01", 3), length)


def test_spend_that_does_not_show_its_days_is_refused():
    journeys = steady("2024-01-01", "2024-01-31")
    for table in (weekly("2024-01-01", 4), weekly("2024-01-01", 1)):
        with pytest.raises(BadInput, match=r"by_day\(spend, 'W'\)"):
            cac_by_channel(journeys, Linear(), table)


@pytest.mark.parametrize(("length", "days"), [("W", 28), ("M", 121), ("Q", 366), ("Y", 1461)])
def test_spreading_keeps_the_sum_and_falls_on_the_days(length, days):
    step = {"W": "7D", "M": "MS", "Q": "QS", "Y": "YS"}[length]
    table = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=4, freq=step), "channel": "tv"})
    table["spend"] = [10.0, 20.0, 0.0, 40.0]
    spread = by_day(table, length)
    assert spread["spend"].sum() == pytest.approx(70)
    assert len(spread) == days
    assert spread["date"].is_unique


def test_models_that_take_credit_away_make_no_negative_cost():
    journeys = steady("2024-01-01", "2024-02-29")
    table = cac_by_period(journeys, Markov(), by_day(weekly("2024-01-01", 9)), replicates=10)
    assert (table["cac"].dropna() > 0).all()
