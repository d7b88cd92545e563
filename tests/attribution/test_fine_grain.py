"""Conversions dated by day beside timed touches, names in other signs, and rules that are one text or none."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, ChannelRule, ChannelRules, Journeys, PathRules

RNG = np.random.default_rng(4)
TIMES = pd.Timestamp("2024-03-01") + pd.to_timedelta(RNG.integers(0, 60 * 86_400, 60), unit="s")
TOUCHES = pd.DataFrame({"user": [f"u{at}" for at in range(60)], "time": TIMES, "channel": "tv"})
ENDS = TOUCHES[["user"]].assign(time=TIMES + pd.Timedelta(minutes=90))


def told(journeys: Journeys, name: str) -> str:
    return next((each.text for each in journeys.findings if each.name == name and not each.passed), "")


@pytest.mark.parametrize(
    ("days", "coarse"),
    [
        (ENDS["time"].dt.normalize() + pd.Timedelta(days=1), True),
        ((ENDS["time"].dt.normalize() + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d"), True),
        ((ENDS["time"].dt.normalize() + pd.Timedelta(days=1)).dt.tz_localize("Europe/Berlin"), True),  # clocks change
        (ENDS["time"], False),
        (ENDS["time"].dt.ceil("h"), False),
    ],
)
def test_days_of_conversions_beside_times_of_touches_are_told(days: pd.Series, coarse: bool) -> None:
    touches = TOUCHES.assign(time=TOUCHES["time"].dt.tz_localize("UTC"))
    assert bool(told(Journeys.from_touchpoints(touches, ENDS.assign(time=days)), "times_of_one_grain")) is coarse


@pytest.mark.parametrize("unit", ["D", "h"])
def test_logs_of_one_grain_raise_nothing(unit: str) -> None:
    touches = TOUCHES.assign(time=TOUCHES["time"].dt.floor(unit))
    assert not told(
        Journeys.from_touchpoints(touches, ENDS.assign(time=ENDS["time"].dt.ceil(unit))), "times_of_one_grain"
    )
    few = Journeys.from_touchpoints(TOUCHES[:9], ENDS[:9].assign(time=ENDS["time"][:9].dt.ceil("D")))
    assert not told(few, "times_of_one_grain")


@pytest.mark.parametrize(
    "pair",
    [
        (unicodedata.normalize("NFC", "Générique"), unicodedata.normalize("NFD", "Générique")),
        ("e-mail", "e\u2011mail"),
        ("l'ads", "l\u2019ads"),
        ("tv", "ｔｖ"),
    ],
)
def test_the_same_sign_in_two_ways_is_told(pair: tuple[str, str]) -> None:
    touches = TOUCHES.assign(channel=[pair[at % 2] for at in range(60)])
    assert "channels" in told(Journeys.from_touchpoints(touches, ENDS), "alike_names")
    apart = TOUCHES.assign(channel=[("paid_social", "paidsocial")[at % 2] for at in range(60)])
    assert not told(Journeys.from_touchpoints(apart, ENDS), "alike_names")


@pytest.mark.parametrize("name", ["last_resort", "exclude", "kinds", "ends", "segments"])
def test_one_text_is_not_several_letters(name: str) -> None:
    with pytest.raises(BadInput, match=rf"{name}='tv' is one text .* write \('tv',\)"):
        PathRules(**{name: "tv"})


@pytest.mark.parametrize("where", [{}, {"source": 5}, {"source": [["a"]]}, {"source": None}, {"source": ["a", 3]}])
def test_rules_without_a_pattern_are_refused(where: Mapping[str, object]) -> None:
    with pytest.raises(BadInput, match="the rule for 'search'"):
        ChannelRule("search", where)  # type: ignore[arg-type]


def test_rules_without_a_channel_or_without_any_rule_are_refused() -> None:
    for channel in ("", " ", None):
        with pytest.raises(BadInput, match="for its channel; write its name"):
            ChannelRule(channel, {"source": "a"})  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="there is no channel rule"):
        ChannelRules([])
