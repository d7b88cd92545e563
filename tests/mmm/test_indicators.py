"""Columns of words: one 0/1 column for each word but one, alike in the weeks to come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from mmm import Panel, indicators
from mmm.data.indicators import words_of

WEEKS = pd.DataFrame(
    {
        "week": pd.date_range("2024-01-01", periods=6, freq="7D").strftime("%Y-%m-%d"),
        "customers": [5, 6, 7, 8, 9, 10],
        "tv": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
        "events": ["na", "event1", "na", "event2", "na", "event1"],
    }
)


def test_words_are_refused_as_numbers_and_the_remedy_works():
    with pytest.raises(BadInput, match=r"mmm.indicators\(frame, \['events'\]\)"):
        Panel.from_frame(WEEKS, "week", "customers", ["tv"], controls=["events"])
    frame, names = indicators(WEEKS, ["events"])
    panel = Panel.from_frame(frame, "week", "customers", ["tv"], controls=names)
    assert panel.control_names == ("events: event1", "events: event2")
    np.testing.assert_array_equal(panel.controls[0], [[0, 0], [1, 0], [0, 0], [0, 1], [0, 0], [1, 0]])
    amounts = WEEKS.assign(events=["1.200 EUR"] * 6)
    with pytest.raises(BadInput) as raised:
        Panel.from_frame(amounts, "week", "customers", ["tv"], controls=["events"])
    assert "indicators" not in str(raised.value)


@pytest.mark.parametrize("seed", range(3))
def test_indicators_and_the_word_left_out_sum_to_one(seed):
    words = pd.Series(np.random.default_rng(seed).choice(["a", "b", "", "c ", "d"], 40), dtype=object)
    frame, names = indicators(pd.DataFrame({"x": words}), ["x"])
    assert (frame[list(names)].sum(axis=1) == (words != "")).all()
    assert names == tuple(f"x: {word.strip()}" for word in sorted(set(words) - {""}))


def test_coming_weeks_have_the_same_words():
    words = words_of(WEEKS, ["events"])
    coming, names = indicators(pd.DataFrame({"events": ["event2", "na"]}), words)
    assert coming[list(names)].to_numpy().tolist() == [[0, 1], [0, 0]]
    with pytest.raises(BadInput, match="'event3', which never occurred before"):
        indicators(pd.DataFrame({"events": ["event3"]}), words)


@pytest.mark.parametrize(
    ("frame", "column", "said"),
    [
        (WEEKS, "evnts", "did you mean 'events'"),
        (WEEKS.assign(events="na"), "events", "holds 'na' alone"),
        (pd.DataFrame({"events": [f"e{number}" for number in range(30)]}), "events", "30 different words"),
    ],
)
def test_columns_that_are_no_events(frame, column, said):
    with pytest.raises(BadInput, match=said):
        indicators(frame, [column])


def test_rows_of_several_regions_are_told_what_to_do():
    regions = pd.concat([WEEKS.assign(region="north"), WEEKS.assign(region="south")])
    with pytest.raises(BadInput, match=r"differ by 'region'; a panel by regions takes it as geo='region'"):
        Panel.from_frame(regions, "week", "customers", ["tv"])
    assert Panel.from_frame(regions, "week", "customers", ["tv"], geo="region").geos == ("north", "south")
    with pytest.raises(BadInput) as raised:
        Panel.from_frame(pd.concat([WEEKS, WEEKS]), "week", "customers", ["tv"])
    assert "region" not in str(raised.value)
