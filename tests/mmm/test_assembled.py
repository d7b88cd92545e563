"""A weekly table of exports: no money is lost, none is counted twice, and what is left out is named."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attribution
import mmm
from attribution.errors import BadInput, UnknownName
from attribution.reading.patterns import pattern_of
from mmm.data.days_to_weeks import WeekDays, spread

FIRST = pd.Timestamp("2024-01-01")  # a Monday
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def export(days: pd.DatetimeIndex, spend: Any = 10.0, name: str = "a.csv", **columns: Any) -> attribution.Export:
    frame = pd.DataFrame({"day": days, "spend": spend}).assign(**columns)
    frame["day"] = frame["day"].astype(str)
    kind = attribution.table_of_spend("day", "spend", **{role: role for role in columns})
    return replace(attribution.read_export(frame, kind), name=name)


def source(*exports: attribution.Export, channels: Mapping[str, str] | None = None, **options: Any) -> mmm.SpendSource:
    return mmm.SpendSource(exports, channels or {"*": "tv"}, **options)


def outcome(days: pd.DatetimeIndex) -> mmm.Outcome:
    return mmm.counted_table([export(days, 5.0, "kpi.csv")], mmm.WeekDays())


def days(weeks: int, start: pd.Timestamp = FIRST) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=7 * weeks)


def finding(assembled: mmm.Assembled, name: str) -> attribution.Finding:
    return next(each for each in assembled.findings if each.name == name)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 80),
            st.integers(0, 40),
            st.decimals(0, 10**6, places=4),
            st.sampled_from(["x | Brand", "brand", "y"]),
        ),
        min_size=1,
        max_size=25,
    ),
    st.sampled_from(NAMES),
    st.booleans(),
)
@settings(max_examples=12)
def test_every_cent_is_in_the_table_or_named_as_left_out(
    rows: list[tuple[int, int, Any, str]], starts: str, keeps: bool
) -> None:
    wide = days(20, FIRST - pd.Timedelta(days=3))
    frame = pd.DataFrame(rows, columns=["first", "length", "spend", "campaign"])
    read = export(wide, 0.0, campaign="y")
    own = pd.DataFrame(
        {
            "date": FIRST + pd.to_timedelta(frame["first"], unit="D"),
            "until": FIRST + pd.to_timedelta(frame["first"] + frame["length"], unit="D"),
            "campaign": frame["campaign"],
            "spend": frame["spend"].astype(float),
        }
    )
    joined = pd.concat([read.frame, own], ignore_index=True).fillna({"account": ""})
    cells = pd.DataFrame({"row": np.arange(len(joined)).astype(str)})
    whole = replace(read, frame=joined, cells=cells, lines=np.arange(len(joined)))
    spend = source(whole, channels={"*| brand": "brand", "*": "rest"}, spreads=True)
    kpi = outcome(pd.date_range(wide[0], joined["until"].max()))
    assembled = mmm.assemble([spend], kpi, edges=mmm.Edges(starts, keeps))
    table, parts = assembled.weekly, assembled.reconciliation
    exported = sum(round(float(row[2]) * 1e6) for row in rows)
    assert round(parts["exported"].sum() * 1e6) == exported
    assert sum(round(value * 1e6) for value in table[["brand", "rest"]].to_numpy().ravel()) == round(
        parts["weekly"].sum() * 1e6
    )
    left = round((parts["before"].sum() + parts["after"].sum()) * 1e6)
    assert round(parts["weekly"].sum() * 1e6) + left == exported
    assert finding(assembled, "spend_reconciled").passed
    brand = sum(round(float(row[2]) * 1e6) for row in rows if row[3] == "x | Brand")
    assert round(parts.loc[parts["channel"] == "brand", "exported"].sum() * 1e6) == brand


@given(st.integers(-(10**12), 10**12), st.integers(1, 400))
def test_parts_sum_to_the_whole_and_differ_by_one_at_most(amount: int, length: int) -> None:
    _, place, parts = spread(np.array([amount]), np.array([length]))
    assert parts.sum() == amount
    assert np.ptp(parts) <= 1
    assert place.tolist() == list(range(length))


@given(st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)), st.integers(0, 60), st.sampled_from(NAMES))
def test_weeks_begin_on_their_day(first: dt.date, length: int, starts: str) -> None:
    span = pd.date_range(first, periods=length + 1)
    weeks = WeekDays(starts)
    begins = weeks.of(span)
    assert set(begins.day_name().str.lower()) == {starts}
    assert ((span - begins).days < 7).all()
    whole = [day for day in span if day.day_name().lower() == starts and day + pd.Timedelta(days=6) <= span[-1]]
    assert list(weeks.whole(span[0], span[-1])) == whole
    assert set(weeks.touched(span[0], span[-1])) == set(begins)


@given(st.text("ab*|[]?.\\ ", max_size=8), st.text("aAbB|[]?.\\ ", max_size=8))
def test_only_the_star_is_a_sign_in_patterns(pattern: str, campaign: str) -> None:
    def fits(pattern: str, text: str) -> bool:  # by definition, a sign at a time
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(fits(pattern[1:], text[at:]) for at in range(len(text) + 1))
        return bool(text) and pattern[0] == text[0] and fits(pattern[1:], text[1:])

    named = pattern_of(campaign, {pattern: "one"})
    assert (named is not None) == fits(pattern.casefold(), campaign.casefold())


def test_files_by_month_are_one_file() -> None:
    span = days(20)
    spend = np.random.default_rng(0).uniform(0, 9, len(span)).round(2)
    whole = mmm.assemble([source(export(span, spend))], outcome(span))
    parts = [export(span[at : at + 30], spend[at : at + 30], f"{at}.csv") for at in range(0, len(span), 30)]
    for order in (parts, parts[::-1]):
        joined = mmm.assemble([source(*order)], outcome(span))
        pd.testing.assert_frame_equal(joined.weekly, whole.weekly)


def test_sources_come_in_any_order() -> None:
    one, two = source(export(days(5), 3.0)), source(export(days(5), 4.0, "b.csv"), channels={"*": "radio"})
    first, second = (mmm.assemble(sources, outcome(days(5))).weekly for sources in ([one, two], [two, one]))
    pd.testing.assert_frame_equal(first, second[first.columns])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"campaign": "A"}, {"campaign": "A"}),
        ({"campaign": "A"}, {"campaign": "a"}),
        ({}, {}),
        ({"campaign": "A", "account": "1"}, {"campaign": "A"}),
        ({"campaign": "A", "account": "1"}, {"campaign": "A", "account": "1"}),
    ],
)
def test_days_that_two_files_hold_are_refused(first: dict[str, str], second: dict[str, str]) -> None:
    one, two = export(days(5), **first), export(days(5), 11.0, "b.csv", **second)
    with pytest.raises(BadInput, match=r"a\.csv and b\.csv: hold .* for the same 35 days, 2024-01-01 first"):
        mmm.assemble([source(one, two)], outcome(days(5)))
    with pytest.raises(BadInput, match="same 35 days"):
        mmm.assemble([source(one), source(two)], outcome(days(5)))
    both = mmm.assemble([source(one, two, repeats=True)], outcome(days(5)))
    assert both.weekly["tv"].sum() == 35 * 21


def test_two_accounts_and_two_campaigns_share_days() -> None:
    for role in ("account", "campaign"):
        columns = [{"campaign": "A", role: value} for value in ("1", "2")]
        exports = [export(days(5), name=f"{at}.csv", **each) for at, each in enumerate(columns)]
        assert mmm.assemble([source(*exports)], outcome(days(5))).weekly["tv"].sum() == 700


def test_a_file_pasted_twice_is_refused() -> None:
    twice = export(days(5).append(days(5)))
    with pytest.raises(BadInput, match="35 rows with spend repeat an earlier one"):
        mmm.assemble([source(twice)], outcome(days(5)))
    assert mmm.assemble([source(twice, repeats=True)], outcome(days(5))).weekly["tv"].sum() == 700


def test_money_of_months_crosses_weeks_only_where_asked() -> None:
    months = pd.DataFrame({"month": ["2024-01", "2024-02", "2024-03"], "net": [310.0, 290.0, 310.0]})
    kind = attribution.table_of_spend("month", "net")
    read = attribution.read_export(months, kind, covers="month")
    with pytest.raises(BadInput, match="spread"):
        mmm.assemble([source(read)], outcome(days(12)))
    assembled = mmm.assemble([source(read, spreads=True)], outcome(days(12)))
    assert assembled.weekly["tv"].tolist() == [70.0] * 12
    weekly = attribution.read_export(
        pd.DataFrame({"week": days(3)[::7].astype(str), "net": 7.0}),
        attribution.table_of_spend("week", "net"),
        covers="week",
    )
    assert mmm.assemble([source(weekly)], outcome(days(3))).weekly["tv"].tolist() == [7.0] * 3
    with pytest.raises(BadInput, match="several weeks"):
        mmm.assemble([source(weekly)], outcome(days(3)), edges=mmm.Edges("sunday"))


def test_campaigns_without_a_channel_are_named_with_their_money() -> None:
    read = export(days(2), campaign=["A"] * 7 + ["New thing"] * 7)
    with pytest.raises(BadInput, match=r"'New thing' \(70\)"):
        mmm.assemble([source(read, channels={"A*": "a"})], outcome(days(2)))
    with pytest.raises(BadInput, match=r"unknown name .platfrm. in the columns of a\.csv"):
        mmm.assemble([source(read, by="platfrm")], outcome(days(2)))


def test_partial_weeks_are_left_out_and_named_or_kept() -> None:
    span = pd.date_range(FIRST + pd.Timedelta(days=2), periods=30)  # Wednesday to Thursday
    left = mmm.assemble([source(export(span))], outcome(span))
    assert len(left.weekly) == 3
    assert left.reconciliation.loc[0, ["before", "weekly", "after"]].tolist() == [50, 210, 40]
    kept = mmm.assemble([source(export(span))], outcome(span), edges=mmm.Edges(keeps_partial=True))
    assert kept.weekly["tv"].tolist() == [50, 70, 70, 70, 40]
    assert "are not whole" in kept.notes[-1]


def test_a_source_that_ends_early_ends_the_table_unless_it_rests() -> None:
    long, short = export(days(30)), export(days(20), name="b.csv")
    both = [source(long), source(short, channels={"*": "radio"})]
    cut = mmm.assemble(both, outcome(days(30)))
    assert len(cut.weekly) == 20
    assert not finding(cut, "exports_cover_the_same_days").passed
    assert "b.csv by 70 days" in finding(cut, "exports_cover_the_same_days").text
    rested = mmm.assemble([both[0], replace(both[1], rests_outside=True)], outcome(days(30)))
    assert rested.weekly["radio"].tolist() == [70.0] * 20 + [0.0] * 10
    assert finding(rested, "exports_cover_the_same_days").passed
    with pytest.raises(BadInput, match="no whole week in common"):
        mmm.assemble([source(export(days(3, FIRST + pd.Timedelta(weeks=50))))], outcome(days(3)))


def test_a_gap_in_a_file_is_named() -> None:
    span = days(10)
    holed = span[(span < span[20]) | (span >= span[31])]
    assembled = mmm.assemble([source(export(holed))], outcome(span))
    gaps = finding(assembled, "export_gaps")
    assert (gaps.passed, gaps.value, gaps.channels) == (False, 11.0, ("tv",))
    assert "11 days in a row from 2024-01-21" in gaps.text
    assert assembled.coverage.loc[0, ["days", "with_rows", "longest_gap"]].tolist() == [70, 59, 11]
    assert finding(mmm.assemble([source(export(span[span.day_of_week < 5]))], outcome(span)), "export_gaps").passed


def test_credits_are_netted_within_their_week_and_refused_beyond() -> None:
    spend = np.full(14, 10.0)
    spend[3] = -30.0
    assert mmm.assemble([source(export(days(2), spend))], outcome(days(2))).weekly["tv"].tolist() == [30, 70]
    spend[3] = -90.0
    with pytest.raises(BadInput, match="less than no spend in 1 week, 2024-01-01 first"):
        mmm.assemble([source(export(days(2), spend))], outcome(days(2)))


def test_volumes_are_there_where_every_row_has_them() -> None:
    with_, without = export(days(3), impressions=4, clicks=2), export(days(3), name="b.csv", campaign="B")
    alone = mmm.assemble([source(with_)], outcome(days(3))).weekly
    assert alone[["tv_impressions", "tv_clicks"]].to_numpy().tolist() == [[28, 14]] * 3
    assert "tv_impressions" not in mmm.assemble([source(with_, without)], outcome(days(3))).weekly


def test_a_stated_rate_converts_to_the_millionth() -> None:
    read = export(days(2), 12.34, currency="USD")
    assembled = mmm.assemble([source(read, rates={"USD": 0.923_456})], outcome(days(2)))
    assert assembled.weekly["tv"].tolist() == [round(12.34 * 0.923_456, 6) * 7] * 2
    assert any("at the stated rate of 0.923456" in note for note in assembled.notes)
    with pytest.raises(BadInput, match="not EUR"):
        mmm.assemble([source(read)], outcome(days(2)))


def control(frame: pd.DataFrame, **how: Any) -> mmm.ControlTable:
    return mmm.ControlTable("controls.csv", frame, how)


def test_levels_are_averaged_counts_are_summed() -> None:
    span = days(4)
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"date": span, "until": span, "price": random.random(28), "promo": random.integers(0, 2, 28)})
    frame["stock"] = random.random(28)
    table = mmm.assemble(
        [source(export(span))], outcome(span), [control(frame, price="mean", promo="sum", stock="last")]
    ).weekly
    by_hand = frame.to_numpy()[:, 2:].reshape(4, 7, 3).astype(float)
    assert table["price"].to_numpy() == pytest.approx(by_hand[:, :, 0].mean(axis=1))
    assert table["promo"].to_numpy() == pytest.approx(by_hand[:, :, 1].sum(axis=1))
    assert table["stock"].to_numpy() == pytest.approx(by_hand[:, -1, 2])
    month = pd.DataFrame({"date": [FIRST], "until": [FIRST + pd.Timedelta(days=30)], "price": [2.0], "promo": [31.0]})
    few = days(4)
    table = mmm.assemble([source(export(few))], outcome(few), [control(month, price="mean", promo="sum")]).weekly
    assert table["price"].tolist() == [2.0] * 4
    assert table["promo"].to_numpy() == pytest.approx([7.0] * 4)
    for broken, said in ((frame.drop(index=9), "lacks 1 day"), (pd.concat([frame, frame[:1]]), "1 day twice")):
        with pytest.raises(BadInput, match=said):
            mmm.assemble([source(export(span))], outcome(span), [control(broken, price="mean")])


def orders(dates: list[Any], people: list[str], name: str = "o.csv") -> attribution.Orders:
    ids = [f"{name}{at}" for at in range(len(dates))]
    frame = pd.DataFrame(
        {"date": [str(pd.Timestamp(day).date()) for day in dates], "order_id": ids, "customer_id": people}
    )
    return replace(attribution.read_orders(frame, "orders"), name=name)


@given(st.lists(st.tuples(st.integers(0, 69), st.sampled_from("abcdefghijk")), min_size=1, max_size=60))
@settings(max_examples=12)
def test_people_are_counted_once_on_their_first_day(bought: list[tuple[int, str]]) -> None:
    span = days(10)
    counted = mmm.new_customers_by_day([orders([span[day] for day, _ in bought], [who for _, who in bought])])
    firsts = {who: min(day for day, other in bought if other == who) for _, who in bought}
    per_day = counted.daily["kpi"] / 1e6
    assert per_day.sum() == len(firsts)
    assert {day: count for day, count in per_day.items() if count} == (
        pd.Series([span[day] for day in firsts.values()]).value_counts().to_dict()
    )
    assert counted.daily["returning"].sum() / 1e6 == len(bought) - len(firsts)
    every = mmm.orders_by_day([orders([span[day] for day, _ in bought], [who for _, who in bought])])
    assert every.daily["kpi"].sum() / 1e6 == len(bought)


def test_orders_of_nobody_need_a_word() -> None:
    given = [orders([FIRST, FIRST, FIRST], ["a", "", "a"])]
    with pytest.raises(BadInput, match="without_person"):
        mmm.new_customers_by_day(given)
    assert [mmm.new_customers_by_day(given, keeps).daily["kpi"].sum() / 1e6 for keeps in (True, False)] == [2, 1]
    with pytest.raises(BadInput, match="names no person"):
        mmm.new_customers_by_day([orders([FIRST], [""])])


def test_an_order_in_two_files_counts_once() -> None:
    one = orders([FIRST, FIRST], ["a", "b"])
    assert mmm.orders_by_day([one, one]).daily["kpi"].sum() / 1e6 == 2


def test_returning_customers_stand_apart_and_a_file_that_begins_late_is_named() -> None:
    span = days(60)
    people = [str(at % 150) for at in range(len(span))]
    counted = mmm.new_customers_by_day([orders(list(span), people)])
    assert not counted.findings[0].passed
    assembled = mmm.assemble([source(export(span))], counted)
    table = assembled.weekly
    assert (table["new_customers"] + table["returning_orders"]).tolist() == [7.0] * 60
    always_new = mmm.new_customers_by_day([orders(list(span), [str(at) for at in range(len(span))])])
    assert always_new.findings[0].passed


@pytest.mark.parametrize(
    ("kpi", "said"),
    [
        (export(days(3).delete(4)), "lacks days"),
        (export(days(3), np.r_[-1.0, np.ones(20)]), "fewer than none"),
        (
            attribution.read_export(
                pd.DataFrame({"m": ["2024-01", "2024-02"], "n": [1, 2]}),
                attribution.table_of_spend("m", "n"),
                covers="month",
            ),
            "two weeks or more",
        ),
    ],
)
def test_a_count_that_cannot_be_weekly_is_refused(kpi: attribution.Export, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        mmm.counted_table([kpi], mmm.WeekDays())


def test_a_weekly_count_goes_with_weeks_that_begin_alike() -> None:
    frame = pd.DataFrame({"w": days(4)[::7].astype(str), "n": [1, 2, 3, 4]})
    kpi = attribution.read_export(frame, attribution.table_of_spend("w", "n"), covers="week")
    counted = mmm.counted_table([kpi], mmm.WeekDays())
    assert mmm.assemble([source(export(days(4)))], counted).weekly["new_customers"].tolist() == [1, 2, 3, 4]
    with pytest.raises(BadInput, match="week_starts be monday"):
        mmm.counted_table([kpi], mmm.WeekDays("sunday"))


@pytest.mark.parametrize("channel", ["new_customers", "week"])
def test_a_channel_may_not_be_called_like_another_column(channel: str) -> None:
    with pytest.raises(BadInput, match="of another column"):
        mmm.assemble([source(export(days(2)), channels={"*": channel})], outcome(days(2)))


def test_stated_first_and_last_days_hold() -> None:
    edges = mmm.Edges(begins=FIRST + pd.Timedelta(days=1), ends=FIRST + pd.Timedelta(days=40))
    table = mmm.assemble([source(export(days(10)))], outcome(days(10)), edges=edges).weekly
    assert (table["week"].min(), table["week"].max()) == (FIRST + pd.Timedelta(days=7), FIRST + pd.Timedelta(days=28))
    with pytest.raises(UnknownName, match=re.escape("Did you mean 'monday'?")):
        mmm.assemble([source(export(days(2)))], outcome(days(2)), edges=mmm.Edges("mnday"))


def test_the_problems_of_all_sources_come_at_once() -> None:
    wrong = [
        source(export(days(2), currency="USD")),
        source(export(days(2), name="b.csv", campaign="B"), channels={"A": "a"}),
    ]
    with pytest.raises(BadInput) as refused:
        mmm.assemble(wrong, outcome(days(2)))
    assert len(refused.value.problems) == 2
