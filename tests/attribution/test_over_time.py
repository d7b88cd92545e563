"""What changes midway in a log: the unit of values, the name of a channel; and nothing told of logs that keep both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attribution.paths.journeys as module
from attribution import Journeys, PathRules
from attribution.paths import over_time
from attribution.simulate import journeys, sample_effects

CHANGED = pd.Timestamp("2024-04-10")


def log(seed: int = 0, days: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, days * 86_400, 4_000), unit="s")
    users = [f"u{number}" for number in rng.integers(0, 2_500, 4_000)]
    touches = pd.DataFrame({"user": users, "time": times, "channel": rng.choice(["tv", "search", "social"], 4_000)})
    ends = touches[["user", "time"]].sample(800, random_state=seed)
    ends = ends.assign(time=ends["time"] + pd.Timedelta(hours=1), value=rng.lognormal(4, 1, 800).round(2))
    return touches, ends.assign(kind=rng.choice(["trial", "sale"], 800, p=[0.8, 0.2]))


def told(made: Journeys) -> dict[str, str]:
    names = {"values_of_one_unit", "renamed_channels_of_log"}
    return {each.name: each.text for each in made.findings if each.name in names and not each.passed}


@pytest.mark.parametrize(
    ("times", "kinds", "days"), [(100.0, ["trial", "sale"], 60), (0.01, ["sale"], 200), (1_000.0, ["sale"], 60)]
)
def test_values_in_another_unit_from_some_day_on_are_told(times, kinds, days) -> None:
    touches, ends = log(days=days)
    later = (ends["time"] >= ends["time"].min() + pd.Timedelta(days=days // 2)) & ends["kind"].isin(kinds)
    ends["value"] = ends["value"].where(~later, ends["value"] * times)
    text = told(Journeys.from_touchpoints(touches, ends))["values_of_one_unit"]
    assert all(f"'{kind}' from 2024-" in text for kind in kinds)
    without = Journeys.from_touchpoints(touches, ends.drop(columns="kind"))
    assert ("values_of_one_unit" in told(without)) is (len(kinds) == 2)


def test_another_mixture_of_kinds_is_no_other_unit() -> None:
    touches, ends = log()
    worth = ends["kind"].map({"trial": 1.0, "sale": 200.0})
    early, sale = ends["time"] < CHANGED, ends["kind"] == "sale"
    ends = ends.assign(value=worth * ends["value"])[(early & ~sale) | (~early & sale)]
    assert not told(Journeys.from_touchpoints(touches, ends))
    assert told(Journeys.from_touchpoints(touches, ends.drop(columns="kind")))


@pytest.mark.parametrize(("days", "every"), [(60, 500_000), (200, 500_000), (200, 1_500)])
def test_a_channel_of_a_log_under_two_names_is_told(days: int, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_time, "_ENOUGH", every)
    touches, ends = log(days=days)
    late = touches["time"] >= pd.Timestamp("2024-01-01") + pd.Timedelta(days=days // 2)
    touches["channel"] = touches["channel"].where(~late | (touches["channel"] != "search"), "Google Ads")
    finding = next(
        each for each in Journeys.from_touchpoints(touches, ends).findings if each.name == "renamed_channels_of_log"
    )
    assert finding.channels == ("search", "Google Ads")
    assert not finding.passed


def test_an_engine_tells_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_local", lambda table: False)
    touches, ends = log()
    moved = touches["channel"].where((touches["time"] < CHANGED) | (touches["channel"] != "tv"), "television")
    ends["value"] = ends["value"].where(ends["time"] < CHANGED, ends["value"] / 100)
    here = Journeys.from_touchpoints(touches.assign(channel=moved), ends)
    assert set(told(here)) == {"values_of_one_unit", "renamed_channels_of_log"}


@pytest.mark.parametrize("seed", range(2))
def test_logs_that_keep_both_raise_nothing(seed: int) -> None:
    data, _ = journeys(sample_effects(), seed=seed)
    assert not told(Journeys.from_touchpoints(data.touchpoints, data.conversions))
    assert not told(Journeys.from_touchpoints(*log(seed), rules=PathRules(kinds=("sale",))))


def test_a_pause_and_a_new_channel_are_no_new_name() -> None:
    touches, ends = log()
    paused = (touches["channel"] == "search") & (touches["time"] >= CHANGED)
    launched = (touches["channel"] == "social") & (touches["time"] < CHANGED + pd.Timedelta(days=30))
    assert not told(Journeys.from_touchpoints(touches[~paused & ~launched], ends))
