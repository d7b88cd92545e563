"""Messages of a bounded length, whatever stands in a cell."""

from __future__ import annotations

import pandas as pd
import pytest

from attribution import BadInput, ChannelRule, ChannelRules, Finding, Journeys, PathRules, UnknownName
from attribution.errors import Problem, bounded, nearest
from attribution.reading.contracts import Column, Table

BIG = "x" * 3_000_000
LOG = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-01"]), "channel": ["a"]})
ENDS = LOG.assign(time=pd.Timestamp("2024-01-02"))

CALLS = {
    "no number": lambda: Table("t", (Column("a"),)).check(pd.DataFrame({"a": [BIG]})),
    "no date": lambda: Table("t", (Column("a", "date"),)).check(pd.DataFrame({"a": [BIG]})),
    "name in the header": lambda: Table("t", (Column("a"),)).check(pd.DataFrame({BIG: [1]})),
    "name that is asked for": lambda: Table("t", (Column(BIG),)).check(pd.DataFrame({"a": [1]})),
    "kind": lambda: Journeys.from_touchpoints(LOG, ENDS.assign(kind=BIG), rules=PathRules(kinds=("x",))),
    "channel rule": lambda: Journeys.from_touchpoints(
        LOG.assign(channel=BIG), ENDS, rules=PathRules(channels=ChannelRules([ChannelRule("x", {"channel": "a"})]))
    ),
    "separator": lambda: Journeys.from_paths(pd.DataFrame({"path": [BIG, BIG + ">"], "conversions": [1, 1]})),
    "unknown name": lambda: (_ for _ in ()).throw(UnknownName(BIG, [BIG, "b"])),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_huge_cell_makes_no_huge_message(case):
    with pytest.raises(BadInput) as raised:
        CALLS[case]()
    assert len(str(raised.value)) < 2_000


def test_thousands_of_problems_are_counted_and_kept():
    error = BadInput([Problem("t", "is wrong.", row=f"row {row}") for row in range(5_000)])
    assert len(error.problems) == 5_000
    assert str(error).endswith("and 4,950 problems more.")
    assert len(str(error)) < 5_000


@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 5_000])
def test_both_ends_of_a_text_stay(length):
    text = "".join(chr(97 + place % 26) for place in range(length))
    short = bounded(text, most=100)
    assert short == text if length <= 100 else (short[:50], short[-50:]) == (text[:50], text[-50:])
    assert len(Finding("f", True, None, None, text * 10).text) <= 4_100


def test_the_nearest_name_is_sought_among_many_and_long_ones():
    names = [f"channel {number}" for number in range(20_000)]
    assert nearest(" CHANNEL 19999", names) == "channel 19999"
    assert nearest(BIG, names) is None
    assert nearest("searhc", [BIG, "search"]) == "search"
