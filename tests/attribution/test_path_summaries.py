"""Top paths, overlap and assists, held against plain counting; findings on intervals against their definitions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import attribution.paths.journeys as module
from attribution import (
    BadInput,
    Journeys,
    LastTouch,
    assists,
    channel_overlap,
    interval_checks,
    path_checks,
    top_paths,
)
from attribution.analysis.interval_checks import held, unmet_coalitions


@pytest.fixture(scope="module", params=["memory", "engine"])
def journeys(request, make_log) -> Journeys:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "engine":
            patch.setattr(module, "is_local", lambda table: False)
        return Journeys.from_touchpoints(*make_log(6, conversions=300))


def listed(journeys: Journeys) -> list[tuple[list[list[str]], float, float]]:
    """Each path as the channels of its moments, with its conversions and value."""
    found = []
    frame = journeys.to_frame().sort_values("step")
    for _, rows in frame.groupby(["user", "part", "expired"]):
        moments = [[journeys.channels[c] for c in same["channel"]] for _, same in rows.groupby("place")]
        found.append((moments, float(rows["conversions"].iloc[0]), float(rows["value"].iloc[0])))
    return found


def test_top_paths_are_those_that_counting_finds(journeys):
    won, lost = Counter(), Counter()
    for moments, conversions, _ in listed(journeys):
        text = " > ".join(" + ".join(moment) for moment in moments)
        won[text] += conversions
        lost[text] += conversions == 0
    expected = sorted(won, key=lambda text: (-won[text], text))[:15]
    table = top_paths(journeys, 15)
    assert table["path"].tolist() == expected
    assert table["conversions"].tolist() == [won[text] for text in expected]
    assert table["nulls"].tolist() == [lost[text] for text in expected]
    tied = Journeys.from_paths(pd.DataFrame({"path": ["b > a"], "conversions": [1]}))
    assert top_paths(tied)["path"].tolist() == ["b > a"]
    every = top_paths(journeys, 10_000)
    assert every["value"].sum() == pytest.approx(journeys.totals["value"])
    with pytest.raises(BadInput, match="1 or more"):
        top_paths(journeys, 0)


def test_touches_of_one_moment_are_written_together(monkeypatch):
    touched = pd.DataFrame({"user": list("uuvv"), "time": "2024-01-01", "channel": ["b", "a", "a", "b"]})
    bought = pd.DataFrame({"user": list("uv"), "time": "2024-01-02"})
    for local in (True, False):
        monkeypatch.setattr(module, "is_local", lambda table, local=local: local)
        table = top_paths(Journeys.from_touchpoints(touched, bought))
        assert table[["path", "touches", "conversions"]].to_numpy().tolist() == [["a + b", 2, 2.0]]


def test_overlap_and_assists_are_those_that_counting_finds(journeys):
    both = pd.DataFrame(0.0, list(journeys.channels), list(journeys.channels))
    alone, touched_value = Counter(), Counter()
    for moments, conversions, value in listed(journeys):
        here = {channel for moment in moments for channel in moment}
        for one in here:
            touched_value[one] += value
            alone[one] += conversions * (len(here) == 1)
            for other in here:
                both.loc[one, other] += conversions
    pd.testing.assert_frame_equal(channel_overlap(journeys), both, check_names=False)
    table = assists(journeys)
    last = LastTouch()(journeys).conversions
    for channel in journeys.channels:
        row = table.loc[channel]
        assert row["touched"] == both.loc[channel, channel]
        assert row["alone"] == alone[channel]
        assert row["touched_value"] == pytest.approx(touched_value[channel])
        assert row["assisted"] == pytest.approx(row["touched"] - last[channel])
    assert table["first"].sum() == pytest.approx(table["last"].sum())


def test_a_channel_that_never_closes_assists_without_end():
    table = assists(Journeys.from_paths(pd.DataFrame({"path": ["tv > search", "search"], "conversions": [3, 1]})))
    assert table.loc["tv", ["touched", "first", "last", "alone", "assisted"]].tolist() == [3, 3, 0, 0, 3]
    assert np.isinf(table.loc["tv", "assists_per_last"])


@pytest.mark.parametrize("seed", range(3))
def test_unmet_coalitions_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    channels = 5
    members = rng.integers(1, 1 << channels, size=4)
    unmet, orders = 0, 0
    for _ in range(3_000):  # a random order of arrival asks for each of its beginnings
        arrived = 0
        for channel in rng.permutation(channels):
            arrived |= 1 << int(channel)
            unmet += not any(member & ~arrived == 0 for member in members)
            orders += 1
    assert unmet_coalitions(members, channels) == pytest.approx(unmet / orders, abs=0.02)


def test_findings_name_what_intervals_cannot_hold():
    rows = [("a", 500, 500, 5_000.0), ("b", 400, 400, 4_000.0), ("a > b > c", 3, 9, 30.0)]
    table = pd.DataFrame(rows, columns=["path", "conversions", "nulls", "value"])
    found = {item.name: item for item in interval_checks(Journeys.from_paths(table, nulls="nulls", value="value"))}
    assert found["few_conversions"].channels == ("c",)
    assert found["few_conversions"].value == 3
    assert not found["unmet_coalitions"].passed  # c was met with a and b alone
    big = pd.DataFrame({"path": ["a", "b", "a > b"], "conversions": 100, "nulls": 900})
    assert all(item.passed for item in interval_checks(Journeys.from_paths(big, nulls="nulls")))
    one = pd.DataFrame({"path": ["a"] * 100, "conversions": 1, "value": [1.0] * 99 + [5_000.0]})
    found = {item.name: item for item in interval_checks(Journeys.from_paths(one, value="value"))}
    assert found["few_orders_make_the_value"].channels == ("a",)
    lost = pd.concat([one.assign(nulls=0), pd.DataFrame({"path": ["a"], "conversions": 0, "value": 0.0, "nulls": 9})])
    found = {item.name: item for item in interval_checks(Journeys.from_paths(lost, value="value", nulls="nulls"))}
    assert found["few_orders_make_the_value"].channels == ("a",)  # rows that won nobody say nothing of orders
    whole = pd.DataFrame({"path": ["a"], "conversions": [400], "value": [800.0]})
    found = {item.name: item for item in interval_checks(Journeys.from_paths(whole, value="value"))}
    assert found["few_orders_make_the_value"].value == 400
    assert found["few_conversions"].passed


def test_channels_that_hardly_convert_alone_are_named_for_the_shapley_value_of_the_rate():
    rows = [("a", 500, 500), ("b", 400, 400), ("a > c", 90, 9), ("c", 2, 40), ("b > d", 90, 90), ("d", 3, 40)]
    table = pd.DataFrame(rows, columns=["path", "conversions", "nulls"])
    found = {item.name: item for item in interval_checks(Journeys.from_paths(table, nulls="nulls"))}
    assert found["few_alone"].channels == ("c",)
    assert found["few_alone"].value == 2
    assert found["few_conversions"].passed


@pytest.mark.parametrize("large", [50.0, 5_000.0, 1e6])
def test_a_value_on_few_orders_says_how_often_intervals_of_so_few_held(large):
    rows = {"path": ["a"] * 100 + ["b"] * 900, "conversions": 1, "value": [1.0] * 99 + [large] + [1.0] * 900}
    found = {item.name: item for item in interval_checks(Journeys.from_paths(pd.DataFrame(rows), value="value"))}
    finding = found["few_orders_make_the_value"]
    equal = (99 + large) ** 2 / (99 + large**2)
    assert finding.channels == ("a",)
    assert f"a (as sure as by {round(equal)} equal ones: 90 % intervals hold in {held(equal)} of 100)" in finding.text
    assert 70 <= held(equal) < 90


@pytest.mark.parametrize(("sigma", "uneven"), [(0.1, False), (0.5, False), (2.0, True)])
def test_few_orders_of_about_one_size_are_no_large_ones(sigma, uneven):
    values = np.exp(np.random.default_rng(5).normal(0, sigma, 180))
    rows = pd.DataFrame({"path": "a", "conversions": 1, "value": values})
    found = {item.name: item for item in interval_checks(Journeys.from_paths(rows, value="value"))}
    assert found["few_orders_make_the_value"].passed != uneven


def test_findings_say_how_many_touches_share_a_moment():
    days = pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03"])
    touched = pd.DataFrame({"user": "u", "time": days, "channel": ["a", "b", "a", "b"]})
    bought = pd.DataFrame({"user": "u", "time": pd.to_datetime(["2024-01-04", "2024-01-05"])})
    found = {item.name: item for item in path_checks(Journeys.from_touchpoints(touched, bought))}
    assert (found["touches_of_one_moment"].value, found["touches_of_one_moment"].passed) == (0.5, False)
    assert (found["conversions_without_a_touch"].value, found["conversions_without_a_touch"].passed) == (0.5, False)
    hours = touched.assign(time=days + pd.to_timedelta([1, 2, 3, 4], unit="h"))
    found = path_checks(Journeys.from_touchpoints(hours, bought.head(1)))
    assert all(item.passed for item in found)
    assert found[0].text == "0 of 4 touches share their moment with another of their path."
