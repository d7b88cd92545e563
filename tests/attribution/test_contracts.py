"""Contracts report every fault at once with table, column, row and remedy, and repair nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.errors import BadInput, UnknownChannel, UnknownName, nearest
from attribution.reading.contracts import Column, Table
from attribution.reading.formats import Format

TABLE = Table(
    "spend.csv",
    (
        Column("week", "date"),
        Column("tv", minimum=0.0),
        Column("share", maximum=1.0, required=False),
        Column("geo", "text"),
    ),
    key=("week", "geo"),
)
GOOD = pd.DataFrame({"week": ["2026-01-05", "2026-01-12"], "tv": ["1.5", "2"], "geo": ["DE", "DE"]})


def faults(frame: pd.DataFrame, table: Table = TABLE) -> list[str]:
    with pytest.raises(BadInput) as caught:
        table.check(frame)
    return [str(problem) for problem in caught.value.problems]


def test_good_rows_come_back_typed_and_the_frame_is_left_alone() -> None:
    before = GOOD.copy()
    typed = TABLE.check(GOOD)
    assert typed["week"].tolist() == [pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-12")]
    assert typed["tv"].tolist() == [1.5, 2.0]
    pd.testing.assert_frame_equal(GOOD, before)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("tv", ["1.5", ""], "column 'tv', row 3: is empty."),
        ("tv", ["1.5", None], "row 3: is empty."),
        ("tv", ["-1", "2"], "row 2: is negative."),
        ("tv", ["1,500", "2"], "row 2: is not a number: '1,500'. Remedy: say decimal: ',' or thousands: ','"),
        ("tv", ["€5", "2"], "remove currency signs"),
        ("tv", ["inf", "2"], "row 2: is infinite."),
        ("tv", ["x", "-2"], "row 3: is negative."),
        ("week", ["05/01/2026", "2026-01-12"], "row 2: is not a date: '05/01/2026'. Remedy: write dates as 2024-01-31"),
        ("week", ["20260105", "2026-01-12"], "row 2: is not a date"),
        ("week", ["2026-13-01", "2026-01-12"], "row 2: is not a date"),
        ("week", ["2026-01-05", "2026-01-05"], "rows 2, 3: the same week and geo stands in several rows"),
        ("share", ["0.5", "1.2"], "row 3: is above 1."),
    ],
)  # fmt: skip
def test_each_fault_is_named(column: str, values: list[object], said: str) -> None:
    assert any(
        said in text and text.startswith("spend.csv, column") for text in faults(GOOD.assign(**{column: values}))
    )


def test_every_fault_is_told_at_once() -> None:
    bad = pd.DataFrame({"week": ["x", "2026-01-12"], "tvs": [1, 2], "geo": ["DE", None]})
    told = "\n".join(faults(bad))
    assert "'tv': is missing. Remedy: did you mean 'tvs'?" in told
    assert "'week', row 2: is not a date" in told
    assert "'geo', row 3: is empty" in told


def test_ambiguous_dates_need_a_stated_pattern() -> None:
    table = Table("t", (Column("day", "date"),), format=Format(date_format="%d/%m/%Y"))
    assert table.check(pd.DataFrame({"day": ["01/02/2026"]}))["day"][0] == pd.Timestamp("2026-02-01")
    assert "every date must read as '%d/%m/%Y'" in faults(pd.DataFrame({"day": ["2026-02-01"]}), table)[0]


def test_a_header_alone_and_a_column_twice() -> None:
    assert "has no rows" in faults(GOOD.iloc[:0])[0]
    assert any("stands twice" in text for text in faults(pd.concat([GOOD, GOOD[["tv"]]], axis=1)))


def test_many_bad_rows_are_counted_not_listed() -> None:
    bad = pd.DataFrame({"week": pd.date_range("2026-01-05", periods=50, freq="7D"), "tv": -1.0, "geo": "DE"})
    assert "rows 2, 3, 4 and 47 more: is negative" in faults(bad)[0]


@given(st.lists(st.floats(min_value=0, max_value=1e12), min_size=1, max_size=20))
def test_numbers_survive_a_trip_through_text(values: list[float]) -> None:
    table = Table("t", (Column("x", minimum=0.0),))
    typed = table.check(pd.DataFrame({"x": [repr(value) for value in values]}))
    assert np.array_equal(typed["x"].to_numpy(), np.array(values))


def test_unknown_names_offer_the_nearest() -> None:
    assert nearest("serch", ["tv", "search"]) == "search"
    assert nearest("zzz", ["tv"]) is None
    error = UnknownChannel("Searhc", ["tv", "search"], where="the plan")
    assert str(error) == "unknown channel 'Searhc' in the plan. Did you mean 'search'?"
    assert isinstance(error, KeyError)
    assert "Known: a, b" in str(UnknownName("zzz", ["a", "b"]))


def test_rows_that_hold_nothing_or_the_header_are_told_once_beside_other_faults() -> None:
    nothing, header = pd.DataFrame([[None, "", None]]), pd.DataFrame([["week", " tv ", "geo"]])
    parts = [GOOD, nothing.set_axis([*GOOD], axis=1), header.set_axis([*GOOD], axis=1)]
    frame = pd.concat([*parts, GOOD.assign(week=["2026-01-19", "2026-01-26"], tv=["x", "2"])], ignore_index=True)
    told = faults(frame)
    assert [one.partition(" Remedy")[0] for one in told] == [
        "spend.csv, row 4: holds nothing.",
        "spend.csv, row 5: names the columns again.",
        "spend.csv, column 'tv', row 6: is not a number: 'x'.",
    ]
    assert len(TABLE.check(frame.drop([2, 3]).assign(tv=1.0))) == 4


def test_a_name_that_looks_the_same_is_spelt_out() -> None:
    frame = GOOD.rename(columns={"geo": "re\u0301gion"})
    told = faults(frame, Table("spend.csv", (Column("week", "date"), Column("tv"), Column("r\xe9gion", "text"))))
    assert told == [r"spend.csv, column 'région': is missing. Remedy: did you mean 're\u0301gion'?"]
