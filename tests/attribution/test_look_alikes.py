"""Names that a reader takes for one: told with what differs, refused where a choice hangs on it, folded where asked."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution import BadInput, Cleaning, ConversionEvents, Journeys, LastTouch, PathRules
from attribution.reading.look_alikes import as_seen, look_alikes
from mmm import Panel

PAIRS = [
    ("search", "se\u0430rch", "Cyrillic"),
    ("TV", "\u0422V", "Cyrillic"),
    ("tv", "\u03a4v", "Greek"),
    ("COCO", "\u0421\u041e\u0421\u041e", "Cyrillic"),
    ("paid_social", "paid-social", "paid-social"),
    ("paid_social", "Paid Social", "Paid Social"),
    ("e-mail", "e mail", "e mail"),
]
TIMES = pd.Timestamp("2024-03-01") + pd.to_timedelta(range(40), unit="h")
USERS = [f"u{number}" for number in range(40)]


def log(*names: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    channels = [names[number % len(names)] for number in range(40)]
    touches = pd.DataFrame({"user": USERS, "time": TIMES, "channel": channels})
    return touches, pd.DataFrame({"user": USERS, "time": TIMES + pd.Timedelta(hours=1)})


def alike(journeys: Journeys) -> str:
    return next(each.text for each in journeys.findings if each.name == "alike_names" and not each.passed)


@pytest.mark.parametrize(("name", "other", "said"), PAIRS)
def test_names_that_look_alike_are_told(name: str, other: str, said: str) -> None:
    assert said in alike(Journeys.from_paths(pd.DataFrame({"path": [name, other], "conversions": [2, 1]})))


@pytest.mark.parametrize("pairs", [PAIRS[:2], PAIRS[2:5], PAIRS[5:]])
def test_names_of_a_log_that_look_alike_are_told_and_folded_where_asked(pairs: list[tuple[str, str, str]]) -> None:
    touches, ends = log(*(text for name, other, _ in pairs for text in (name, name, other)))
    told = alike(Journeys.from_touchpoints(touches, ends))
    assert all(said in told for _, _, said in pairs)
    folded = Journeys.from_touchpoints(touches, ends, cleaning=Cleaning(fold_names=True))
    assert sorted(folded.channels) == sorted(name for name, _, _ in pairs)
    assert LastTouch()(folded).conversions.sum() == 40


@pytest.mark.parametrize(("name", "other", "said"), PAIRS)
def test_where_a_choice_hangs_on_it_they_are_refused(name: str, other: str, said: str) -> None:
    touches, ends = log("tv")
    kinds = ends.assign(kind=[name, other] * 20)
    with pytest.raises(BadInput, match="beside the kind"):
        Journeys.from_touchpoints(touches, kinds, rules=PathRules(kinds=(name,)))
    events = pd.concat([touches.assign(event="view"), ends.assign(channel="tv", event=[name, other] * 20)])
    with pytest.raises(BadInput, match="beside the event"):
        Journeys.from_touchpoints(events, ConversionEvents("event", (name,)))
    weeks = pd.date_range("2024-01-01", periods=30, freq="7D")
    markets = [pd.DataFrame({"week": weeks, "geo": geo, "kpi": 5.0, "tv": 1.0}) for geo in (name, other)]
    with pytest.raises(BadInput, match=f"one market in several ways.*{said}"):
        Panel.from_frame(pd.concat(markets), date="week", kpi="kpi", spend=["tv"], geo="geo")


@pytest.mark.parametrize(
    "names",
    [("\u0440\u0430\u0434\u0438\u043e", "pagno"), ("tv", "tv2"), ("email", "e-mail"), ("\u03b4\u03b1", "da"), ("a_b", "ab")],
)  # fmt: skip
def test_names_that_do_not_look_alike_are_two(names: tuple[str, str]) -> None:
    assert look_alikes(names) == []


@given(st.lists(st.text("aA\u0430\u0410\u03bd\u039dvN_- x\u200b", min_size=1, max_size=3), max_size=8))
def test_groups_join_whatever_meets_in_any_order(names: list[str]) -> None:
    groups = {frozenset(group) for group in look_alikes(names)}
    assert groups == {frozenset(group) for group in look_alikes(names[::-1])}
    assert sum(map(len, groups)) == len(set().union(*groups))
    for one, other in itertools.combinations(set(names), 2):
        if as_seen(one) == as_seen(other) or one.casefold() == other.casefold():
            assert any({one, other} <= group for group in groups)
