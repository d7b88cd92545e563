"""What is named is looked for: columns, kinds, interactions, events, and lengths of time with their unit."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Cleaning, Columns, ConversionEvents, IdentityMap, Journeys, PathRules, TimeDecay
from attribution.paths.path_rules import DAY, micros

TOUCHES = pd.DataFrame(
    {
        "user": ["u", "u", "v"],
        "time": pd.to_datetime(["2024-01-01 10:00", "2024-01-02 11:00", "2024-01-03 12:00"]),
        "channel": ["search", "tv", "search"],
        "how": ["click", "view", "click"],
        "event": ["visit", "visit", "visit"],
    }
)
ENDS = pd.DataFrame(
    {
        "user": ["u", "v"],
        "time": pd.to_datetime(["2024-01-02 12:00", "2024-01-04 09:00"]),
        "revenue": [10.0, 20.0],
        "goal": ["signup", "order"],
    }
)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"value": "revenu"}, "conversions, column 'revenu': is missing; it is named as value. Remedy: did you mean 'revenue'"),
        ({"value": "value"}, "column 'value': is missing"),
        (Columns(value="value"), "column 'value': is missing"),
        ({"kind": "gaol"}, "did you mean 'goal'"),
        ({"interaction": "hwo"}, "touchpoints, column 'hwo': is missing; it is named as interaction. Remedy: did you mean 'how'"),
        ({"conversion": "count"}, "column 'count': is missing"),
        ({"value": "how"}, "conversions, column 'how': is missing"),  # stands in the other table alone
    ],
)  # fmt: skip
def test_a_column_that_is_named_has_to_be_there(columns, said):
    with pytest.raises(BadInput) as raised:
        Journeys.from_touchpoints(TOUCHES, ENDS, columns=columns)
    assert said in str(raised.value)


def test_all_missing_columns_come_at_once_and_usual_names_may_be_absent():
    with pytest.raises(BadInput) as raised:
        Journeys.from_touchpoints(TOUCHES, ENDS, columns={"value": "x", "kind": "y", "interaction": "z"})
    assert len(raised.value.problems) == 3
    assert Journeys.from_touchpoints(TOUCHES, ENDS).totals["value"] == 0
    assert Journeys.from_touchpoints(TOUCHES, ENDS, columns={"value": "revenue"}).totals["value"] == 30


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (PathRules(kinds=("Signup",)), "conversions, column 'kind': has no kind of conversion 'Signup'. Remedy: did you mean 'signup'"),
        (PathRules(kinds=("signup", "lead")), "has no kind of conversion 'lead'. Remedy: there is order, signup"),
        (PathRules(lookback_of={"viw": "1D"}), "has no interaction 'viw'. Remedy: did you mean 'view'"),
        (PathRules(lookback_of={"click": "1D", "View": "2D"}), "did you mean 'view'"),
        (PathRules(identity=IdentityMap(pd.DataFrame({"user": ["u"], "preson": ["p"]}))), "did you mean 'preson'"),
    ],
)  # fmt: skip
def test_what_rules_name_has_to_occur(rules, said):
    with pytest.raises(BadInput) as raised:
        Journeys.from_touchpoints(TOUCHES, ENDS, columns={"kind": "goal", "interaction": "how"}, rules=rules)
    assert said in str(raised.value)


def test_windows_by_interaction_and_kinds_need_their_columns():
    with pytest.raises(BadInput, match="needs the column of interactions"):
        Journeys.from_touchpoints(TOUCHES, ENDS, rules=PathRules(lookback_of={"view": "1D"}))
    with pytest.raises(BadInput, match="has no kind of conversion 'signup'"):
        Journeys.from_touchpoints(TOUCHES, ENDS, rules=PathRules(kinds=("signup",)))


def test_every_event_that_is_called_a_conversion_has_to_occur():
    log = pd.concat([TOUCHES, ENDS.assign(event="order", channel="x")], ignore_index=True)
    with pytest.raises(BadInput, match=r"has no event 'ordr'. Remedy: did you mean 'order'"):
        Journeys.from_touchpoints(log, ConversionEvents("event", ("order", "ordr")))


@pytest.mark.parametrize("length", [30, 7.0, "30", " 7 ", "1e3", True, None, np.timedelta64(3)])
def test_a_number_is_no_length_of_time(length):
    for use in (
        lambda: Journeys.from_touchpoints(TOUCHES, ENDS, lookback=length),
        lambda: TimeDecay(length),
        lambda: PathRules(idle_gap=length, lookback_of={"view": length}),
    ):
        with pytest.raises(BadInput, match=r"write '30D'"):
            use()


@pytest.mark.parametrize("length", ["2D", "48h", "2880min", dt.timedelta(days=2), pd.Timedelta("2D")])
def test_a_length_with_its_unit_is_one(length):
    assert micros(length, "lookback") == 2 * DAY


def log_of(channels: int, rows: int) -> pd.DataFrame:
    names = [f"campaign {row % channels}" for row in range(rows)]
    return pd.DataFrame({"user": "u", "time": pd.date_range("2024-01-01", periods=rows, freq="h"), "channel": names})


@pytest.mark.parametrize(("channels", "rows"), [(201, 3_000), (21, 200), (150, 1_000)])
def test_many_channels_ask_for_the_right_column_before_the_work(channels, rows):
    log, ends = log_of(channels, rows), ENDS.assign(time=pd.Timestamp("2024-03-01"))
    with pytest.raises(BadInput, match=f"holds {channels} different channels in .* is this the right column") as raised:
        Journeys.from_touchpoints(log, ends, lookback="900D")
    assert f"Cleaning(most_channels={channels})" in str(raised.value)
    kept = Journeys.from_touchpoints(log, ends, lookback="900D", cleaning=Cleaning(most_channels=channels))
    assert len(kept.channels) == channels


@pytest.mark.parametrize(("channels", "rows"), [(200, 2_000), (20, 21), (3, 3)])
def test_as_many_channels_as_a_log_may_have(channels, rows):
    ends = ENDS.assign(time=pd.Timestamp("2024-06-01"))
    assert len(Journeys.from_touchpoints(log_of(channels, rows), ends, lookback="900D").channels) == channels
