"""Files with a damaged part, blanks of every kind, and columns that are nearly named: refused by name, wherever read."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from attribution import (
    BadInput,
    ChannelRule,
    ChannelRules,
    Cleaning,
    ConversionEvents,
    IdentityMap,
    Journeys,
    PathRules,
    read_table,
)
from attribution.reading.contracts import Column, Table

TOUCHES = pd.DataFrame(
    {
        "user": ["u1", "u2", "u1", "u2"], "time": pd.date_range("2024-01-01", periods=4), "channel": ["tv", "mail", "tv", "tv"],
        "event": ["view", "view", "sale", "sale"], "source": ["a", "b", "a", "b"],
    }
)  # fmt: skip
ENDS = pd.DataFrame({"user": ["u1", "u2"], "time": pd.date_range("2024-01-04", periods=2), "value": [1.5, 2.0]})
ENDS = ENDS.assign(order=["o1", "o2"])
PEOPLE = pd.DataFrame({"user": ["u1", "u2"], "person": ["p", "q"]})


def damaged(frame: pd.DataFrame, column: str, folder: Path) -> Path:
    """A Parquet file whose pages of one column hold nothing but 0xff; its footer is whole."""
    path = folder / "damaged.parquet"
    frame.to_parquet(path)
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(list(frame.columns).index(column))
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(data)
    return path


READINGS = {
    "value": lambda at: Journeys.from_touchpoints(TOUCHES, damaged(ENDS, "value", at)),
    "order": lambda at: Journeys.from_touchpoints(TOUCHES, damaged(ENDS, "order", at), columns={"order": "order"}),
    "event": lambda at: Journeys.from_touchpoints(damaged(TOUCHES, "event", at), ConversionEvents("event", ("sale",))),
    "repeats": lambda at: Journeys.from_touchpoints(
        damaged(TOUCHES.assign(conversion=1), "source", at), cleaning=Cleaning(drop=("duplicates",))
    ),
    "spelling": lambda at: Journeys.from_touchpoints(
        damaged(TOUCHES, "channel", at), ENDS, cleaning=Cleaning(fold_names=True)
    ),
    "rules": lambda at: Journeys.from_touchpoints(
        damaged(TOUCHES, "source", at),
        ENDS,
        rules=PathRules(channels=ChannelRules([ChannelRule("x", {"source": "*"})])),
    ),
    "identity": lambda at: Journeys.from_touchpoints(
        TOUCHES, ENDS, rules=PathRules(identity=IdentityMap(damaged(PEOPLE, "person", at)))
    ),
    "small": lambda at: read_table(damaged(ENDS, "value", at), Table("ends", (Column("value"),))),
}


@pytest.mark.parametrize("reading", READINGS)
def test_a_damaged_column_is_refused_wherever_it_is_first_read(tmp_path: Path, reading: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be read: .*Remedy: the file is damaged"):
        READINGS[reading](tmp_path)


@pytest.mark.parametrize(("old", "new"), [(b"channel", b"chann\xc1l"), (b"data", b"d\xc1ta"), (b"mail", b"m\xc1il")])
def test_sqlite_files_that_are_not_utf_8_are_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "log.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        TOUCHES.astype(str).to_sql("data", connection, index=False)
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(BadInput, match=r"log\.sqlite"):
        Journeys.from_touchpoints(path, ENDS)


@pytest.mark.parametrize("column", ["user", "channel"])
def test_blanks_of_every_kind_are_no_names(tmp_path: Path, column: str) -> None:
    blanks = ["\u00a0", "\u3000 ", " ", "\x0b", "\u2028\t"]
    for some in (blanks, blanks[:2], blanks[2:3]):  # the engine's least and greatest text say whether to look
        rows = pd.concat([TOUCHES.head(1).assign(**{column: blank}) for blank in some])
        table = pd.concat([rows, TOUCHES])
        table.to_csv(tmp_path / "log.csv", index=False)
        for source in (table, tmp_path / "log.csv") if some is blanks else (table,):
            with pytest.raises(BadInput, match=f"'{column}', data row.*: is empty") as caught:
                Journeys.from_touchpoints(source, ENDS)
            (problem,) = caught.value.problems
            assert problem.row.startswith("data row 1" if len(some) == 1 else "data rows 1, 2")


@pytest.mark.parametrize(("name", "usual"), [("Value", "value"), (" kind", "kind"), ("CONVERSION", "conversion")])
def test_a_column_like_a_usual_one_is_told_and_not_left_out(name: str, usual: str) -> None:
    ends = ENDS.drop(columns="value").assign(**{name: 1})
    with pytest.raises(BadInput, match=re.escape(f"columns={{{usual!r}: {name!r}}}")):
        Journeys.from_touchpoints(TOUCHES, ends)
    assert Journeys.from_touchpoints(TOUCHES, ends, columns={usual: name}).totals["conversions"] == 2


def test_a_line_past_what_an_engine_reads_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"user,time,channel\na,2026-01-05 10:00:00,tv\nb,2026-01-05 11:00:00,{'x' * 5_000_000}\n")
    with pytest.raises(BadInput) as caught:
        Journeys.from_touchpoints(str(path), TOUCHES[["user", "time"]])
    assert len(str(caught.value)) < 500
    assert "has a line of more than 2 MB" in str(caught.value)
