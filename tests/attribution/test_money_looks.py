"""Cohorts and orders that look sound and count another thing; each beside relatives that are as they look."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.economics import odd_cohorts, odd_margins, read_cohorts, read_customer_orders
from attribution.economics.odd_orders import odd_orders
from attribution.errors import BadInput

MONTHS = {"month": 1, "quarter": 3}


def cohorts(step: int = 1, starts: int = 24, every: int = 1, oldest: int | None = None) -> pd.DataFrame:
    """Cohorts that begin each ``every`` months and are seen by ages of ``step`` months until 24 months have passed."""
    rows = []
    for channel, size in (("tv", 900), ("search", 400)):
        for start in range(0, starts, every):
            ages = (24 - 1 - start) // step + 1
            month = pd.Timestamp("2024-01-01") + pd.DateOffset(months=start)
            for age in range(min(ages, oldest or ages)):
                active = round((size + 7 * start) * 0.9**age)
                rows.append((month, channel, age, active, 20.0 * active))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active", "margin"])


@pytest.mark.parametrize(
    ("frame", "stated", "true"),
    [
        (cohorts(3), 1, "quarter"),
        (cohorts(3, every=3), 1, "quarter"),
        (cohorts(3, oldest=5), 1, "quarter"),  # a table that ends at an age
        (cohorts(1), 3, "month"),
        (cohorts(1, oldest=13), 12, "month"),
        (cohorts(1, every=3), 3, "month"),
    ],
)
def test_ages_of_another_period_are_refused(frame: pd.DataFrame, stated: int, true: str) -> None:
    with pytest.raises(BadInput, match=rf"counts {true}s by the look of it.*months={MONTHS[true]}[,.]"):
        read_cohorts(frame, months=stated)


@pytest.mark.parametrize("oldest", [None, 2, 3, 12])
@pytest.mark.parametrize(("step", "every"), [(1, 1), (3, 1), (3, 3), (1, 3), (12, 1), (12, 12)])
def test_ages_of_the_stated_period_are_read(step: int, every: int, oldest: int | None) -> None:
    assert read_cohorts(cohorts(step, every=every, oldest=oldest), months=step).months == step


@pytest.mark.parametrize("seed", range(5))
def test_cohorts_that_die_out_and_end_there_are_read(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = cohorts()
    ends = {key: int(rng.integers(1, 24)) for key in frame.groupby(["channel", "month"]).groups}
    last = np.array([ends[key] for key in zip(frame["channel"], frame["month"], strict=True)])
    dying = frame.assign(active=np.where(frame["age"] >= last, 0, frame["active"]))[frame["age"] <= last]
    assert read_cohorts(dying).months == 1


@pytest.mark.parametrize("base", [100, 1000, 1])
def test_cohorts_that_all_begin_alike_are_told(base: int) -> None:
    frame = cohorts()
    begin = frame.groupby(["channel", "month"])["active"].transform("first")
    indexed = frame.assign(active=(base * frame["active"] / begin).round())
    assert "as figures of an index do" in odd_cohorts(read_cohorts(indexed)).text
    assert odd_cohorts(read_cohorts(frame)).passed
    assert odd_cohorts(read_cohorts(indexed[indexed["month"] < "2024-03-01"])).passed  # four of them may be chance


@pytest.mark.parametrize("times", [100.0, 0.01, 1000.0])
def test_margins_of_cohorts_and_orders_that_change_their_unit_are_told(times: float) -> None:
    frame = cohorts()
    seen = frame["month"].dt.to_period("M").map(lambda month: month.ordinal) + frame["age"]
    late = seen >= pd.Period("2025-03", "M").ordinal
    finding = odd_margins(read_cohorts(frame.assign(margin=frame["margin"] * np.where(late, times, 1.0))))
    assert "of another size altogether from 2025-03 on" in finding.text
    assert (
        "another size"
        not in odd_margins(read_cohorts(frame.assign(margin=frame["margin"] * 1.03 ** frame["age"]))).text
    )
    bought = orders(0).drop(columns="value")
    late = bought["date"] >= "2025-09-01"
    told = odd_orders(read_customer_orders(bought.assign(margin=bought["margin"] * np.where(late, times, 1.0))))
    assert "from 2025-09 on margins are" in told.text


def orders(seed: int, people: int = 300) -> pd.DataFrame:
    """Two years of orders, refunds of one in twenty among them."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), rng.integers(1, 9, people))
    first = rng.integers(0, 500, people)[who]
    later = first + rng.integers(0, 200, len(who)) * (np.r_[True, who[1:] != who[:-1]] == 0)
    date = pd.Timestamp("2025-01-01") + pd.to_timedelta(later, unit="D")
    margin = rng.gamma(4, 8, len(who)).round(2)
    rows = pd.DataFrame(
        {"customer": who.astype(str), "date": date, "channel": "tv", "margin": margin, "value": 2 * margin}
    )
    back = rows.sample(frac=0.05, random_state=seed)
    back = back.assign(date=back["date"] + pd.Timedelta(days=6), margin=-back["margin"], value=-back["value"])
    return pd.concat([rows, back], ignore_index=True)


@pytest.mark.parametrize("seed", range(4))
def test_usual_orders_raise_nothing(seed: int) -> None:
    finding = odd_orders(read_customer_orders(orders(seed)))
    assert finding.passed, finding.text


def test_orders_that_are_none_are_told() -> None:
    known = orders(1)
    before = known.head(120).assign(date=pd.Timestamp("2024-11-20"), margin=-20.0, value=-40.0)
    strangers = known.head(120).assign(customer="nobody", margin=-20.0, value=-40.0)
    huge = known.head(1).assign(margin=-90_000.0, value=-180_000.0)
    mixed = known.assign(customer=np.where(known.index % 2, known["customer"] + "X", known["customer"] + "x"))
    summed = known.assign(margin=known["margin"].abs(), value=2 * known["margin"].abs()).sort_values("date")
    summed["margin"] = summed.groupby("customer")["margin"].cumsum()
    guests = known.assign(customer=known["customer"].where(known.index % 5 > 0, "guest"))
    for frame, said in (
        (mixed, "differ from another by case or blanks alone"),
        (summed.drop(columns="value"), "of the steps from a customer's order to the next, as sums so far do"),
        (guests, "'guest' has "),
    ):
        assert said in odd_orders(read_customer_orders(frame)).text
    for more, said in (
        (known, "rows are the same as another one"),
        (known[known["date"].dt.year == 2026], "as where exports overlap"),
        (before, "120 refunds"),
        (strangers, "their customer had not ordered yet"),
        (huge, "more than was bought for 1 customer"),
    ):
        finding = odd_orders(read_customer_orders(pd.concat([known, more], ignore_index=True)))
        assert not finding.passed
        assert said in finding.text


def test_a_price_that_rises_once_is_no_sum_so_far() -> None:
    dates = pd.date_range("2025-01-15", periods=12, freq="MS")
    rows = [(f"c{i}", date, "tv", 9.0 if date.month < 7 else 11.0) for i in range(60) for date in dates]
    assert odd_orders(
        read_customer_orders(pd.DataFrame(rows, columns=["customer", "date", "channel", "margin"]))
    ).passed


def test_a_trial_and_an_order_after_it_are_no_sum_so_far() -> None:
    rows = [(f"c{i}", f"2025-{1 + i % 6 + later:02d}-15", "tv", 9.0 + 4 * later) for i in range(60) for later in (0, 1)]
    assert odd_orders(
        read_customer_orders(pd.DataFrame(rows, columns=["customer", "date", "channel", "margin"]))
    ).passed


def test_margins_that_hold_the_cost_of_acquisition_are_told() -> None:
    frame = cohorts()
    costly = frame.assign(margin=frame["margin"].where(frame["age"] > 0, -60.0 * frame["active"]))
    finding = odd_margins(read_cohorts(costly, negative_margins=True))
    assert not finding.passed
    assert "as where the cost of acquisition is in them" in finding.text


def test_a_total_among_its_parts_is_refused() -> None:
    fair = cohorts().query("channel == 'tv'").assign(channel="fair", active=lambda rows: rows["active"] // 3)
    frame = pd.concat([cohorts(), fair])
    total = frame.groupby(["month", "age"], as_index=False)[["active", "margin"]].sum().assign(channel="Sum")
    with pytest.raises(BadInput, match="Sum has as many customers as all others together"):
        read_cohorts(pd.concat([frame, total]))
    assert read_cohorts(frame).channels == ("tv", "search", "fair")


def test_currencies_of_orders() -> None:
    known = orders(2)
    assert read_customer_orders(known).currency is None
    assert read_customer_orders(known.assign(currency=" eur")).currency == "EUR"
    assert read_customer_orders(known.assign(paid_in="usd"), {"currency": "paid_in"}).currency == "USD"
    mixed = np.where(known.index % 2, "EUR", "USD")
    for frame, said in (
        (known.assign(currency=mixed), "mixes currencies: USD, EUR"),
        (known.assign(currency=np.where(known.index % 2, "EUR", "")), "is empty"),
        (known.assign(Currency="EUR"), "is like 'currency', and would not be read"),
    ):
        with pytest.raises(BadInput, match=said):
            read_customer_orders(frame)
