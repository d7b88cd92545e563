"""Lift tests as they are entered: twice, over shared days, with the wrong sign, from outside the panel, by geo."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mmm
from attribution.errors import BadInput
from mmm.data.lift_checks import check_tests
from mmm.data.observed_tests import observe
from mmm.data.outside_tests import rows_of, stand_in
from mmm.sampling.prepared import prepare

WEEKS = 80
DATES = pd.date_range("2024-01-01", periods=WEEKS, freq="7D")
RNG = np.random.default_rng(5)
SPEND = {"tv": RNG.uniform(50, 150, WEEKS), "search": RNG.uniform(20, 60, WEEKS)}
KPI = 800 + 0.8 * SPEND["tv"] + 1.5 * SPEND["search"] + RNG.normal(0, 8, WEEKS)
BASE = mmm.LiftTest("tv", "2024-06-03", "2024-06-30", 200.0, 150.0, 20.0)


def national() -> mmm.Panel:
    frame = pd.DataFrame({"week": DATES, "customers": KPI, **SPEND})
    return mmm.Panel.from_frame(frame, "week", "customers", list(SPEND))


def by_geo() -> mmm.Panel:
    parts = [
        pd.DataFrame(
            {"week": DATES, "region": name, "customers": size * KPI, **{c: size * s for c, s in SPEND.items()}}
        )
        for name, size in (("north", 1.0), ("south", 0.6), ("west", 0.4))
    ]
    frame = pd.concat(parts)
    frame["customers"] += np.random.default_rng(6).normal(0, 5, len(frame))
    return mmm.Panel.from_frame(frame, "week", "customers", list(SPEND), geo="region")


def said(tests, panel):
    return {finding.name: finding for finding in check_tests(tests, panel)}


# entered twice


@pytest.mark.parametrize(
    "again",
    [{}, {"standard_error": 5.0}, {"start": "2024-06-03 00:00"}],
    ids=["as it is", "other error", "date with time"],
)
def test_a_test_entered_twice_is_refused(again):
    with pytest.raises(BadInput, match=r"lift_tests, test 3: is test 1 entered again.*Remedy: keep one") as caught:
        observe((BASE, replace(BASE, channel="search", spend_change=50), replace(BASE, **again)), national())
    assert len(caught.value.problems) == 1


def test_every_repeat_is_listed_whatever_the_order_of_its_geos():
    north = replace(BASE, geo="north; south")
    with pytest.raises(BadInput) as caught:
        observe((north, replace(north, geo="south;north"), north), by_geo())
    assert [problem.row for problem in caught.value.problems] == ["test 2", "test 3"]


@pytest.mark.parametrize(
    "other", [{"customers_gained": 151.0}, {"spend_change": 190.0}, {"start": "2024-06-10"}, {"end": "2024-07-07"}]
)
def test_nearly_the_same_test_is_spoken_of(other):
    found = said((BASE, replace(BASE, **other)), national())["lift_overlaps"]
    assert not found.passed
    assert found.channels == ("tv",)
    assert "1 and 2 of tv" in found.text


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ({"start": "2024-07-01", "end": "2024-07-28"}, False),
        ({"channel": "search"}, False),
        ({"geo": "south"}, False),
        ({"geo": "north;west"}, True),
        ({"geo": ""}, True),
        ({"geo": "north", "outside": 0.5}, False),
    ],
)
def test_days_are_shared_by_channel_and_geo(other, shared):
    north = replace(BASE, geo="north")
    assert said((north, replace(north, **other)), by_geo())["lift_overlaps"].passed is not shared


# signs


@pytest.mark.parametrize(
    ("change", "gain", "fits"), [(200, -5, False), (-200, 5, False), (-200, -5, True), (200, 0, True)]
)
def test_customers_lost_by_more_spend_are_spoken_of(change, gain, fits):
    found = said((replace(BASE, spend_change=change, customers_gained=gain),), national())["lift_signs"]
    assert found.passed is fits
    assert found.channels == (() if fits else ("tv",))


def test_a_negative_result_is_read_as_near_zero():
    everything = float(SPEND["tv"][22:26].sum())
    lost = replace(BASE, spend_change=everything, customers_gained=-10.0, standard_error=15.0)
    model = mmm.Model(lift_tests=(lost,), lift_trust=mmm.LiftTrust(limit=None))
    with_it, without = (mmm.preview(national(), m).contributions()["tv"] for m in (model, mmm.Model()))
    assert 0 < with_it.to_numpy().mean() < 0.8 * without.to_numpy().mean()


# from outside


@given(st.floats(-300, 300), st.floats(1, 50), st.floats(0, 1))
def test_error_from_outside_is_that_of_a_factor_unknown(gain, error, outside):
    rng = np.random.default_rng(1)
    test = replace(BASE, customers_gained=gain, standard_error=error, outside=outside)
    drawn = rng.normal(gain, error, 200_000) * (1 + outside * rng.standard_normal(200_000))
    assert test.error == pytest.approx(drawn.std(), rel=0.03)


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ({"start": "2021-03-01", "end": "2021-03-28"}, (0, 4)),
        ({"start": "2027-03-01", "end": "2027-03-14"}, (78, 80)),
        ({"start": "2025-07-07", "end": "2025-08-03"}, (76, 80)),
        ({"geo": "another country"}, (22, 26)),
    ],
)
def test_a_test_from_outside_is_refused_unless_it_says_so_and_then_stands_nearby(given, rows):
    panel, test = national(), replace(BASE, **given)
    with pytest.raises(BadInput, match=r"outside the panel|has no geos"):
        observe((test,), panel)
    here = stand_in(replace(test, outside=0.5), panel)
    assert rows_of(here, panel) == rows
    assert here.customers_gained / here.spend_change == pytest.approx(test.customers_gained / test.spend_change)
    seen = observe((replace(test, outside=0.5),), panel)
    assert seen.places[0].tolist() == [0, *rows]
    assert seen.measured[0, 1] > test.standard_error
    found = said((replace(test, outside=0.5),), panel)["lift_outside"]
    assert found.passed
    assert here.start in found.text


@given(st.floats(1.0, 1e6), st.booleans())
def test_a_larger_market_is_scaled_down_to_what_this_one_spends(change, less):
    sign = -1.0 if less else 1.0
    test = replace(BASE, spend_change=sign * change, customers_gained=sign * 0.7 * change, outside=0.4)
    here = stand_in(test, national())
    spent = SPEND["tv"][22:26].sum()
    assert abs(here.spend_change) == pytest.approx(min(change, spent))
    ratio = here.spend_change / test.spend_change
    assert here.customers_gained == pytest.approx(ratio * test.customers_gained)
    assert here.standard_error == pytest.approx(ratio * test.error)


def test_a_test_of_the_panel_s_own_market_is_left_as_it_is():
    assert stand_in(BASE, national()) is BASE


def test_a_test_from_outside_moves_the_fit_less():
    panel = national()
    own = replace(BASE, spend_change=300.0, customers_gained=120.0, standard_error=6.0)
    brought = [
        mmm.preview(panel, mmm.Model(lift_tests=tests)).contributions()["tv"].to_numpy()
        for tests in ((), (replace(own, outside=1.0),), (own,))
    ]
    assert brought[2].std() < 0.5 * brought[1].std()
    moved = [abs(np.median(drawn) - np.median(brought[0])) for drawn in brought]
    assert moved[1] < 0.5 * moved[2]


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"outside": -0.1}, "outside"),
        ({"outside": float("nan")}, "outside"),
        ({"customers_gained": float("nan")}, "customers_gained"),
        ({"spend_change": float("inf")}, "spend_change"),
        ({"standard_error": float("inf")}, "standard_error"),
    ],
)
def test_figures_that_are_none_are_refused(wrong, column):
    with pytest.raises(BadInput, match=f"column '{column}', test 1"):
        observe((replace(BASE, **wrong),), national())


def test_a_table_may_say_which_tests_are_from_outside():
    frame = pd.DataFrame([vars(BASE), vars(replace(BASE, channel="search"))]).drop(columns="geo")
    frame["outside"] = [None, 0.5]
    assert [test.outside for test in mmm.lift_tests_from_frame(frame)] == [0.0, 0.5]
    with pytest.raises(BadInput, match="column 'outside', row 3: is negative"):
        mmm.lift_tests_from_frame(frame.assign(outside=[0.0, -0.5]))


# by geo


@pytest.mark.parametrize("geo", ["", "south", "north; west"])
def test_a_wild_test_in_a_panel_by_geo_is_named(geo):
    size = {"": 2.0, "south": 0.6, "north; west": 1.4}[geo]
    spent = size * SPEND["search"][22:26].sum()
    true = mmm.LiftTest("search", BASE.start, BASE.end, spent, 1.5 * spent, 0.15 * spent, geo)
    panel = by_geo()
    for factor, fits in ((1.0, True), (10.0, False)):
        tests = (replace(true, customers_gained=factor * true.customers_gained),)
        prepared = prepare(panel, mmm.Model(lift_tests=tests))
        found = {finding.name: finding for finding in prepared.findings}["test_conflicts"]
        assert found.passed is fits
        assert found.channels == (() if fits else ("search",))


@pytest.mark.parametrize(
    ("gain", "error", "named"),
    [
        (400, 60, False),
        (400, 21, False),
        (12.5, 1.1, True),
        (0.12, 0.02, True),
        (400, 0.15, True),
        (-90, 4, True),
        (0, 5, False),
    ],
)
def test_tests_surer_than_counting_allows_are_named(gain, error, named):
    data, _ = mmm.simulate.world(seed=1, weeks=60, channels=3)
    weeks = data.weekly["week"].dt.strftime("%Y-%m-%d")
    end = (data.weekly["week"].iloc[23] + pd.Timedelta("6D")).strftime("%Y-%m-%d")
    test = mmm.LiftTest("tv", weeks[20], end, np.copysign(900.0, gain), gain, error)
    for kpi, there in ((data.weekly["new_customers"], named), (data.weekly["new_customers"] * 0.37, False)):
        panel = mmm.Panel.from_frame(
            data.weekly.assign(new_customers=kpi), "week", "new_customers", list(data.channels)
        )
        (finding,) = (each for each in check_tests((test,), panel) if each.name == "lift_errors")
        assert finding.passed != there
        assert finding.channels == (("tv",) if there else ())
