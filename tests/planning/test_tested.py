"""What lift tests have measured: an effect or nothing, the rate at which they ran, what hold-outs took from today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.findings import Finding
from mmm import LiftTest
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import NextTests, PlanSection
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.present_spend import observed_maximum
from optimizer.planning.inputs.tested import measured, spend_held_out, with_tested_rates
from optimizer.planning.stages.next_tests import upward_tests
from optimizer.planning.stages.question import doubted_channels
from optimizer.planning.stages.riders import Held, riders_of
from optimizer.planning.stages.tried import tried_channels

WEEKS = pd.date_range("2025-01-06", periods=60, freq="7D")


def lift(channel: str, first: int, weeks: int, change: float, gained: float, error: float, geo: str = "") -> LiftTest:
    end = WEEKS[first + weeks - 1] + pd.Timedelta(days=6)
    return LiftTest(channel, f"{WEEKS[first]:%Y-%m-%d}", f"{end:%Y-%m-%d}", change, gained, error, geo)


def table(seed: int = 0, geos: tuple[str, ...] = ()) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for geo in geos or ("",):
        part = pd.DataFrame({"week": WEEKS, "new_customers": rng.poisson(200, len(WEEKS))})
        part[["tv", "brand"]] = rng.uniform(500, 1500, (len(WEEKS), 2)).round()
        parts.append(part.assign(geo=geo) if geos else part)
    return pd.concat(parts, ignore_index=True)


def panel(frame: pd.DataFrame) -> mmm.Panel:
    geo = "geo" if "geo" in frame else None
    return mmm.Panel.from_frame(frame, "week", "new_customers", ["tv", "brand"], geo=geo)


# an effect, or nothing


@pytest.mark.parametrize("seed", range(8))
def test_a_channel_is_measured_where_the_interval_of_its_tests_together_lies_above_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tests, expected = [], set()
    for channel in ("a", "b", "c", "d"):
        change = rng.choice([-1, 1], 3) * rng.uniform(1e3, 1e5, 3)
        error = rng.uniform(5, 200, 3)
        gained = change * rng.uniform(-0.001, 0.003) + rng.normal(0, error)
        tests += [lift(channel, 5 * i, 4, *row) for i, row in enumerate(zip(change, gained, error, strict=True))]
        weights = (change / error) ** 2  # the mean of effects by unit of spend, and its standard error
        mean, spread = np.average(gained / change, weights=weights), weights.sum() ** -0.5
        expected |= {channel} if mean - 1.6448536 * spread > 0 else set()
    assert measured(tests) == expected
    assert measured(tests[::-1]) == expected
    dearer = [replace(test, spend_change=100 * test.spend_change) for test in tests]
    assert measured(dearer) == expected  # whatever the currency


def test_hold_outs_that_lose_customers_measure_and_those_that_gain_do_not() -> None:
    assert measured([lift("tv", 0, 4, -4000, -100, 20)]) == {"tv"}
    assert measured([lift("tv", 0, 4, -4000, 100, 20)]) == frozenset()
    assert measured([lift("tv", 0, 4, -4000, -100, 150)]) == frozenset()
    assert measured([lift("tv", first, 4, -4000, -100, 150) for first in range(0, 40, 5)]) == {"tv"}
    assert measured([replace(lift("tv", 0, 4, -4000, -100, 20), outside=2.0)]) == frozenset()


def test_a_test_that_sees_nothing_ends_no_hold_and_no_doubt() -> None:
    ride = [Finding("rides_on", False, 1.0, 0.0, "", ("brand",))]
    vague, sharp = lift("brand", 0, 4, -4000, -60, 150), lift("brand", 10, 4, -4000, -60, 10)
    found = riders_of(ride, ["tv", "brand"], [vague])
    assert found.tested == ()
    assert "the plan file says that it rides on others; its lift tests cannot say yet" in found.untested["brand"]
    assert riders_of(ride, ["tv", "brand"], [vague, sharp]).tested == ("brand",)
    assert riders_of([], ["tv", "brand"], [vague]).untested == {}
    section = PlanSection.model_validate({"maximize": "customers", "hidden_demand": {}})
    assert doubted_channels(section, ["tv", "brand"], [vague]) == ("tv", "brand")
    assert doubted_channels(section, ["tv", "brand"], [sharp]) == ("tv",)


# the rate at which tests ran


def test_ground_is_open_up_to_the_rate_of_a_test_that_saw_an_effect() -> None:
    frame = table()
    frame.loc[20:23, "tv"] = 4000.0
    weeks = panel(frame)
    spend = weeks.national_spend
    more = lift("tv", 20, 4, 12_000, 300, 50)
    seen = observed_maximum(spend, 13)
    assert seen["tv"] < 13 * 4000
    ground = with_tested_rates(seen, [more], weeks, spend, 13)
    assert ground.to_dict() == {"tv": 13 * 4000, "brand": seen["brand"]}
    for idle in (replace(more, standard_error=500), replace(more, outside=0.1)):
        assert with_tested_rates(seen, [idle], weeks, spend, 13).equals(seen)
    assert with_tested_rates(2 * seen + 1e5, [more], weeks, spend, 13).equals(2 * seen + 1e5)
    section = PlanSection.model_validate({"maximize": "customers"})
    (tv, brand) = tried_channels(section, spend.tail(13).sum(), ground)
    assert (tv.at_most, brand.at_most) == (13 * 4000, seen["brand"])


def test_by_market_the_rate_is_the_cell_s() -> None:
    frame = table(geos=("north", "south"))
    frame.loc[(frame["geo"] == "north") & frame["week"].isin(WEEKS[20:24]), "tv"] = 4000.0
    weeks = panel(frame)
    spend = pd.DataFrame(
        {f"tv @ {geo}": weeks.spend[place, :, 0] for place, geo in enumerate(weeks.geos)}, index=weeks.dates
    )
    test = replace(lift("tv", 20, 4, 12_000, 300, 50, geo="north"), channel="tv @ north")
    nothing = pd.Series(0.0, list(spend.columns))
    ground = with_tested_rates(nothing, [test], weeks, spend, 26)
    assert ground.to_dict() == {"tv @ north": 26 * 4000, "tv @ south": 0}


# what hold-outs took from today


def test_hold_outs_count_by_the_weeks_in_the_window_and_heavy_ups_do_not() -> None:
    weeks = panel(table())
    inside, across, before = (lift("tv", first, 4, -8000, -100, 20) for first in (50, 45, 30))
    assert spend_held_out([inside], weeks, 13)["tv"].sum() == pytest.approx(8000)
    assert spend_held_out([across], weeks, 13)["tv"].sum() == pytest.approx(8000 * 2 / 4)
    assert spend_held_out([before], weeks, 13)["tv"].sum() == 0
    assert spend_held_out([inside, across], weeks, 13).sum().to_dict() == {"tv": 12_000, "brand": 0}
    assert not spend_held_out([lift("tv", 50, 4, 2000, 50, 20), replace(inside, outside=0.5)], weeks, 13).any(axis=None)


def test_a_hold_out_of_some_markets_is_theirs() -> None:
    weeks = panel(table(geos=("north", "south", "west")))
    taken = spend_held_out([lift("tv", 50, 4, -6000, -100, 20, geo="north;west")], weeks, 13)["tv"]
    assert taken["south"] == 0
    assert taken.sum() == pytest.approx(6000)
    totals = pd.Series(weeks.spend[:, :, 0].sum(axis=1), list(weeks.geos))
    assert taken["north"] / taken["west"] == pytest.approx(totals["north"] / totals["west"])


def test_present_spend_of_a_run_is_as_without_the_hold_out(tmp_path: Path) -> None:
    frame = table()
    usual = frame[["tv", "brand"]].tail(13).sum()
    dark = frame.copy()
    dark.loc[50:53, "tv"] = 0.0
    taken = float((frame["tv"] - dark["tv"]).sum())
    dark.to_csv(tmp_path / "weekly.csv", index=False)
    pd.DataFrame([vars(lift("tv", 50, 4, -taken, -100, 20))]).drop(columns=["geo", "outside"]).to_csv(
        tmp_path / "lift_tests.csv", index=False
    )
    path = tmp_path / "plan.yaml"
    path.write_text(
        "name: Q\ndata:\n  weekly: {path: weekly.csv, date: week, kpi: new_customers, spend: [tv, brand]}\n"
        "  lift_tests: {path: lift_tests.csv}\nplan:\n  weeks: 13\n  maximize: customers\n  budget: {exactly: +0%}\n",
        encoding="utf-8",
    )
    inputs = read_inputs(*read_config(path))
    assert inputs.now is not None
    assert inputs.now.to_dict() == pytest.approx(usual.to_dict())
    assert any("What hold-outs took in them is put back: tv " in said for said in inputs.assumptions)


# which channels are tested upwards


def test_channels_that_stop_at_tried_ground_are_tested_with_more() -> None:
    now = pd.Series({"tv": 100.0, "brand": 50.0, "free": 80.0, "far": 40.0})
    tried = tuple(Held(name, most, "") for name, most in {"tv": 120, "brand": 50, "free": 90, "far": 70}.items())
    result: Any = SimpleNamespace(
        now=SimpleNamespace(spend=now),
        allocation=SimpleNamespace(spend=pd.Series({"tv": 120.0, "brand": 50.0, "free": 60.0, "far": 70.0})),
        held=(Held("brand", 50.0, ""),),
        tried=tried,
    )
    assert upward_tests(NextTests(), result) == {"tv": 0.5}  # far would be tested below what was tried
    assert upward_tests(NextTests.model_validate({"heavy_up": "+100%"}), result) == {"tv": 1.0, "far": 1.0}
    assert upward_tests(NextTests(heavy_up=None), result) == {}
