"""Orders are not customers: lines, refunds and second purchases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Cleaning, Journeys, LastTouch, Linear, PathRules

ORDER = {"order": "order", "value": "value"}


def touches(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user", "time", "channel"])
    return frame.assign(time=pd.to_datetime(frame["time"]))


TOUCHES = touches(
    ("u", "2024-01-01", "tv"), ("u", "2024-01-05", "mail"), ("v", "2024-01-01", "search"), ("w", "2024-01-02", "tv")
)


def lines(*rows: tuple[str, str, float, object]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user", "time", "value", "order"])
    return frame.assign(time=pd.to_datetime(frame["time"]))


LINES = lines(
    ("u", "2024-01-03", 10.0, "A"),
    ("u", "2024-01-03", 20.0, "A"),
    ("u", "2024-01-04", 5.0, "A"),
    ("v", "2024-01-02", 40.0, "B"),
    ("v", "2024-01-20", -15.0, "B"),
    ("w", "2024-01-03", 30.0, "C"),
    ("w", "2024-01-09", -30.0, "C"),
    ("w", "2024-01-09", -3.0, "from last year"),
)


def test_lines_are_one_conversion_and_refunds_reduce_their_order():
    journeys = Journeys.from_touchpoints(TOUCHES, LINES, columns=ORDER)
    credit = LastTouch()(journeys)
    assert credit.conversions.to_dict() == {"mail": 0, "search": 1, "tv": 1}
    assert credit.value.to_dict() == {"mail": 0, "search": 25, "tv": 35}
    assert journeys.exclusions == {
        "conversions: refunds of orders that are not in the table": 1,
        "conversions: orders refunded in whole": 1,
    }


@pytest.mark.parametrize("seed", range(2))
def test_any_orders_are_those_summed_by_hand(seed):
    rng = np.random.default_rng(seed)
    users = [f"u{number}" for number in range(60)]
    touched = pd.DataFrame(
        {
            "user": rng.choice(users, 300),
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(300), unit="h"),
            "channel": rng.choice(["tv", "search", "mail"], 300),
        }
    )
    owner = rng.choice(users, 80)
    order = rng.integers(80, size=300)
    paid = pd.DataFrame(
        {
            "user": owner[order],
            "time": pd.Timestamp("2024-01-03") + pd.to_timedelta(rng.permutation(300), unit="h"),
            "value": rng.integers(1, 50, 300).astype(float),
            "order": order,
        }
    )
    refunded = paid.sample(frac=0.3, random_state=seed)
    table = pd.concat([paid, refunded.assign(value=-refunded["value"], time=refunded["time"] + pd.Timedelta("9D"))])
    net = table.groupby("order")["value"].sum()
    by_hand = paid.groupby("order").agg(user=("user", "first"), time=("time", "min")).assign(value=net)
    by_hand = by_hand[net > 0].reset_index()
    ours = Linear()(Journeys.from_touchpoints(touched, table.sample(frac=1, random_state=1), columns=ORDER))
    theirs = Linear()(Journeys.from_touchpoints(touched, by_hand.drop(columns="order")))
    pd.testing.assert_series_equal(ours.conversions, theirs.conversions)
    pd.testing.assert_series_equal(ours.value, theirs.value)


@pytest.mark.parametrize(
    ("table", "columns", "said"),
    [
        (LINES, {"value": "value"}, "is negative. Remedy: for refunds name the column of order ids"),
        (LINES, {"order": "ordr"}, "did you mean 'order'"),
        (lines(("u", "2024-01-03", 1.0, "A"), ("v", "2024-01-03", 1.0, "A")), ORDER, "gives order A to several users"),
        (lines(("u", "2024-01-03", 1.0, None), ("v", "2024-01-03", 1.0, "A")), ORDER, "is empty in 1 row"),
        (lines(("u", "2024-01-03", 1.0, "A"), ("u", "2024-01-09", -1.0, "A")), ORDER, "no order that was not refunded"),
        (pd.concat([LINES, LINES]), ORDER, "8 exact repeats"),
        (LINES.assign(value=float("nan")), ORDER, "is empty or not finite"),
    ],
)
def test_orders_that_cannot_be_used(table, columns, said):
    with pytest.raises(BadInput) as raised:
        Journeys.from_touchpoints(TOUCHES, table, columns=columns)
    assert said in str(raised.value)


def test_lines_that_repeat_may_be_real():
    twice = pd.concat([LINES.iloc[:1]] * 2)
    journeys = Journeys.from_touchpoints(TOUCHES, twice, columns=ORDER, cleaning=Cleaning(keep_duplicates=True))
    assert journeys.totals["conversions"] == 1
    assert journeys.totals["value"] == 20


def several(finding_of: Journeys) -> tuple[bool, float]:
    (finding,) = (one for one in finding_of.findings if one.name == "several_conversions")
    return finding.passed, float(finding.value or 0.0)


def test_two_customers_with_four_orders_are_two_customers():
    log = touches(*((user, f"2024-01-{day:02d}", "tv") for user in "ab" for day in (1, 5, 9)))
    ends = lines(*((user, f"2024-01-{day:02d}", 10.0, day) for user in "ab" for day in (2, 6)))
    every = Journeys.from_touchpoints(log, ends)
    first = Journeys.from_touchpoints(log, ends, rules=PathRules(first_only=True))
    assert LastTouch()(every).cac({"tv": 200.0})["tv"] == 50
    assert LastTouch()(first).cac({"tv": 200.0})["tv"] == 100
    assert several(every) == (False, 0.5)
    assert several(first) == (True, 0.0)
    assert first.totals == every.totals | {
        "touches": 2, "paths": 2, "conversions": 2, "nulls": 0, "value": 20, "untouched": 0,
    }  # fmt: skip


def test_first_conversions_are_those_of_a_table_that_holds_no_others(make_log):
    touched, bought = make_log(0, conversions=300)
    first = bought.sort_values("time", kind="stable").drop_duplicates("user")
    won = touched["user"].map(first.set_index("user")["time"])
    before = touched[won.isna() | (touched["time"] <= won)]
    ours = Journeys.from_touchpoints(touched, bought, rules=PathRules(first_only=True))
    theirs = Journeys.from_touchpoints(before, first)
    assert ours.totals == theirs.totals
    pd.testing.assert_series_equal(Linear()(ours).conversions, Linear()(theirs).conversions)
    assert several(ours)[0]
    assert not several(Journeys.from_touchpoints(touched, bought))[0]
