"""Tables of money that look sound and are not: what each is told, in place of a figure that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from attribution.economics import (
    SalesLags,
    Terms,
    customer_segments,
    customer_values,
    funnel_rates,
    lifetime_value,
    payback,
    read_cohorts,
    read_customer_orders,
    read_funnel,
    value_findings,
)
from attribution.economics.margin_checks import odd_margins
from attribution.errors import BadInput

STAGES = ["clicks", "leads", "orders"]


def cohorts(margin: float = 5.0, stays: float = 0.8, months: int = 6) -> pd.DataFrame:
    rows = []
    for channel in ("tv", "search"):
        for month in range(months):
            for age in range(months - month):
                active = round(1000 * stays**age)
                rows.append((f"2026-{month + 1:02d}-01", channel, age, active, active * margin))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active", "margin"])


def funnel(periods: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = pd.date_range("2026-01-05", periods=periods, freq="7D")
    rows = [(day, channel, *rng.poisson([1000, 100, 20])) for channel in ("tv", "search") for day in days]
    return pd.DataFrame(rows, columns=["period", "channel", *STAGES])


def test_margins_that_are_all_nothing_are_refused() -> None:
    with pytest.raises(BadInput, match="is 0 in all rows, so nobody is worth anything"):
        customer_values(read_cohorts(cohorts(margin=0.0)))


def test_a_channel_that_earns_nothing_is_worth_about_nothing_and_its_curves_are_not_compared() -> None:
    table = cohorts()
    table.loc[table["channel"] == "tv", "margin"] = 0.0
    values = customer_values(read_cohorts(table), Terms(horizon=36))
    assert abs(values.value("tv").mean()) < 1e-3 * values.value("search").mean()
    told = {finding.name: finding for finding in value_findings(values)}
    assert "tv" not in told["retention_curves_agree"].channels


@pytest.mark.parametrize("change", ["sums so far", "of one customer", "of one customer, in one channel twice as much"])
def test_margins_that_do_not_fall_as_customers_leave_are_told(change: str) -> None:
    table = cohorts()
    if change == "sums so far":
        table["margin"] = table.groupby(["channel", "month"])["margin"].cumsum()
    else:
        table["margin"] /= table["active"] * (1 + (table["channel"] == "tv") * ("twice" in change))
    found = odd_margins(read_cohorts(table))
    assert not found.passed
    assert ("sums so far do" if change == "sums so far" else "amounts a head do") in found.text


@pytest.mark.parametrize("later", [0.7, 1.0, 1.4])
def test_margins_of_cohorts_that_earn_less_or_more_with_age_are_none_of_these(later: float) -> None:
    table = cohorts(stays=0.7, months=9)
    table["margin"] *= later ** (table["age"] / 8)
    found = odd_margins(read_cohorts(table))
    assert found.passed


def test_nothing_is_said_of_margins_where_hardly_anybody_leaves() -> None:
    assert odd_margins(read_cohorts(cohorts(stays=0.99))).passed


@pytest.mark.parametrize("horizon", [0, 2.5, 10**7, float("nan"), float("inf")])
def test_a_horizon_is_a_number_of_months_that_can_be_counted(horizon: float) -> None:
    with pytest.raises(BadInput, match="a whole number of months from 1 to 1200"):
        Terms(horizon=horizon)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_discount_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(BadInput, match="discount rate"):
        Terms(discount_rate=rate)
    if rate != float("inf"):
        with pytest.raises(BadInput, match="discount_rate"):
            lifetime_value([1.0, 1.0], rate)


@pytest.mark.parametrize(("cac", "flow"), [(float("nan"), [[1.0, 1.0]]), (1.0, [[1.0, float("nan")]])])
def test_a_payback_of_what_is_no_number_is_not_never(cac: float, flow: list[list[float]]) -> None:
    with pytest.raises(BadInput, match="no number"):
        payback(cac, flow)


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({0: 0.5, 1: 0.7}, "1.2 together"),
        ({0: 1.5, 1: -0.5}, "none of which is below 0"),
        ({0: float("nan"), 1: 1.0}, "nan together"),
        ({0.5: 0.5, 1: 0.5}, "lags are 0.5, 1"),
        ({-1: 0.5, 0: 0.5}, "lags are -1, 0"),
        ({10**6: 1.0}, "lags are 1e"),
    ],
)
def test_a_sales_cycle_that_is_none_is_refused(shares: dict[int, float], told: str) -> None:
    for made in (SalesLags.by_week, SalesLags.by_month):
        with pytest.raises(BadInput, match=told):
            made(shares)


def orders(value: pd.Series) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.date_range("2026-01-01", periods=200)
    people = rng.integers(0, 80, len(value)).astype(str)
    return pd.DataFrame({"date": days[rng.integers(0, 200, len(value))], "person": people, "value": value})


@pytest.mark.parametrize("refund", [-20.0, -8.0])
def test_a_segment_that_is_worth_less_than_nobody_is_refused(refund: float) -> None:
    table = orders(pd.Series(np.full(400, 20.0)))
    bad = pd.DataFrame({"date": table["date"].min(), "person": [f"bad {n}" for n in range(400)], "value": refund})
    table["value"] = -4 * refund
    with pytest.raises(BadInput, match="worth less than nothing"):
        customer_segments(pd.concat([table, bad]))


def test_orders_that_are_worth_something_only_after_the_window_are_refused() -> None:
    table = orders(pd.Series(np.ones(300)))
    first = table.groupby("person")["date"].transform("min")
    table["value"] = table["value"].where((table["date"] - first).dt.days >= 90, 0.0)
    with pytest.raises(BadInput, match="worth nothing within 90 days"):
        customer_segments(table)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_nobody_reached_is_named(stage: str) -> None:
    with pytest.raises(BadInput, match="nobody reached this stage") as told:
        read_funnel(funnel().assign(**{stage: 0}), STAGES)
    assert f"'{stage}'" in str(told.value)


def test_a_step_that_nobody_of_one_channel_came_to_has_no_rate() -> None:
    table = funnel()
    table.loc[table["channel"] == "tv", ["leads", "orders"]] = 0
    rates = funnel_rates(read_funnel(table, STAGES))
    assert rates["rate"].notna().all()
    assert [tuple(row) for row in rates[["channel", "before"]].to_numpy()] == [
        ("tv", "clicks"), ("search", "clicks"), ("search", "leads"), ("all", "clicks"), ("all", "leads"),
    ]  # fmt: skip


def test_counts_that_are_sums_so_far_are_refused_and_growth_is_not() -> None:
    table = funnel()
    table[STAGES] = table.groupby("channel")[STAGES].cumsum()
    with pytest.raises(BadInput, match="sums so far"):
        read_funnel(table, STAGES)
    grown = funnel()
    grown[STAGES] = (grown[STAGES].mul(1.15 ** grown.groupby("channel").cumcount(), axis=0)).round()
    assert read_funnel(grown, STAGES).periods == 12


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: pd.concat([rows, rows.groupby("period", as_index=False)[STAGES].sum().assign(channel="sum")]),
         "sum has as many as all others together in each period"),
        (lambda rows: rows.assign(clicks=rows["clicks"].where(rows["period"] < rows["period"].iloc[6], 100 * rows["clicks"])),
         "times as many leads of its clicks"),
        (lambda rows: rows.assign(leads=rows["leads"].where(rows["channel"] != "tv", 0)), "orders and no leads at all"),
    ],
)  # fmt: skip
def test_totals_other_units_and_stages_without_anybody_are_refused(change: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_funnel(change(funnel()), STAGES)


@pytest.mark.parametrize("rate", [0.0, 30.0, -0.1])
def test_a_margin_rate_is_a_share(rate: float) -> None:
    table = pd.DataFrame({"customer": ["a"], "date": ["2026-03-01"], "channel": ["tv"], "value": [5.0]})
    with pytest.raises(BadInput, match="share of value that is margin"):
        read_customer_orders(table, margin_rate=rate)


def test_margin_above_value_is_refused() -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"customer": range(40), "date": "2026-03-01", "channel": "tv", "value": rng.gamma(2, 10, 40)})
    table["customer"] = table["customer"].astype(str)
    names = {"value": "value", "margin": "margin"}
    with pytest.raises(BadInput, match="more than the"):
        read_customer_orders(table.assign(margin=table["value"] * 1.5), names)
    assert len(read_customer_orders(table.assign(margin=table["value"] * 0.9), names).frame) == 40
