"""Tables changed in a cell, a byte, their header, their order or their form: the numbers of plain Python, or a refusal."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import door_oracle as oracle
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from door_fuzz import NUMBERS, SIGNS, TIMES_OF_DAY, changed, changed_bytes, examples, refusal
from door_tables import ENDS, SMALL, TOUCHES, AtFaultError, Rows, read, read_log, said, said_of_log
from hypothesis import given
from hypothesis import strategies as st

CHANCES = st.integers(0, 2**32).map(random.Random)
KINDS = st.sampled_from([*SMALL])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("door")


def text_of(rows: Rows, separator: str = ",") -> str:
    handle = io.StringIO(newline="")
    writer = csv.writer(handle, delimiter=separator)
    writer.writerows([[*rows[0]], *([*row.values()] for row in rows)])
    return handle.getvalue()


def text(rows: Rows, folder: Path, separator: str, encoding: str = "utf-8") -> object:
    path = folder / "table.csv"
    path.write_bytes(text_of(rows, separator).encode(encoding))
    return path


def packed(rows: Rows, folder: Path) -> object:
    (folder / "table.csv.gz").write_bytes(gzip.compress(text_of(rows).encode()))
    return folder / "table.csv.gz"


def frame_of(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows)


def parquet(rows: Rows, folder: Path) -> object:
    frame_of(rows).to_parquet(folder / "table.parquet")
    return folder / "table.parquet"


def workbook(rows: Rows, folder: Path) -> object:
    frame_of(rows).to_excel(folder / "table.xlsx", index=False)
    return folder / "table.xlsx"


def json_lines(rows: Rows, folder: Path) -> object:
    (folder / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder / "table.jsonl"


def json_list(rows: Rows, folder: Path) -> object:
    (folder / "table.json.gz").write_bytes(gzip.compress(json.dumps(rows, indent=1, ensure_ascii=False).encode()))
    return folder / "table.json.gz"


def lite(rows: Rows, folder: Path) -> object:
    with closing(sqlite3.connect(folder / "table.sqlite")) as connection:
        frame_of(rows).to_sql("data", connection, index=False, if_exists="replace")
    return folder / "table.sqlite"


FORMS: dict[str, Callable[[Rows, Path], object]] = {
    "comma": lambda rows, folder: text(rows, folder, ","),
    "semicolon": lambda rows, folder: text(rows, folder, ";"),
    "tab": lambda rows, folder: text(rows, folder, "\t"),
    "marked": lambda rows, folder: text(rows, folder, ",", "utf-8-sig"),
    "utf-16": lambda rows, folder: text(rows, folder, "\t", "utf-16"),
    "gz": packed,
    "parquet": parquet,
    "xlsx": workbook,
    "json lines": json_lines,
    "json list": json_list,
    "sqlite": lite,
    "pandas": lambda rows, folder: frame_of(rows),
    "objects": lambda rows, folder: frame_of(rows).astype(object),
    "polars": lambda rows, folder: pl.DataFrame(rows),
    "arrow": lambda rows, folder: pa.Table.from_pylist(rows),
}
WRITABLE = [sign for sign in SIGNS if sign not in "\r\x0b\x1c\x00"]
"""Signs that every form can hold."""


def with_changed_cells(rows: Rows, chance: random.Random) -> Rows:
    """The rows in some order with one or two cells changed, or with rows twice."""
    rows = [dict(row) for row in rows]
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        row, column = chance.choice(rows), chance.choice([*rows[0]])
        start = chance.choice([row[column], row[column], chance.choice(NUMBERS), chance.choice(TIMES_OF_DAY)])
        row[column] = changed(start, chance, WRITABLE)
    if chance.random() < 0.3:
        chance.shuffle(rows)
    if chance.random() < 0.1:
        rows.append(dict(chance.choice(rows)))
    if chance.random() < 0.2:
        rows = [dict(sorted(row.items(), key=lambda pair: pair[0][::-1])) | {"note": "x"} for row in rows]
    return rows


def assert_said(read: Callable[[], object], said: Callable[[], object], loose: bool) -> None:
    """What is read is what the table says, and a table at fault is refused; one with odd blanks may be."""
    found, error = refusal(read)
    try:
        expected = said()
    except (AtFaultError, KeyError):
        assert error is not None, found
        return
    assert error is None or loose, error
    if error is None:
        assert found == pytest.approx(expected, rel=1e-12)


def odd(rows: Rows) -> bool:
    """Whether some cell has blanks at its ends that forms and engines differ in, or quotes that they part."""
    return any(cell.strip() != cell.strip(" \t\n\r\x0b\x0c") for row in rows for cell in row.values())


@examples(60)
@given(KINDS, st.sampled_from([*FORMS]), CHANCES)
def test_a_changed_cell_means_what_it_says_in_every_form(
    folder: Path, kind: str, form: str, chance: random.Random
) -> None:
    rows = with_changed_cells(SMALL[kind], chance)
    source = FORMS[form](rows, folder)
    whole = kind == "paths" and not any(">" in row["path"] for row in rows)  # then another sign may be meant
    assert_said(lambda: read(kind, source), lambda: said(kind, rows), loose=whole)


@examples(125)
@given(KINDS, st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-16", "gz"]), CHANCES)
def test_a_changed_byte_means_what_it_says(
    folder: Path, kind: str, separator: str, form: str, chance: random.Random
) -> None:
    whole = text_of(SMALL[kind], separator).encode("utf-16" if form == "utf-16" else "utf-8")
    data = changed_bytes(whole, chance)
    path = folder / ("bytes.csv.gz" if form == "gz" else "bytes.csv")
    path.write_bytes(gzip.compress(data) if form == "gz" else data)
    found, error = refusal(lambda: read(kind, path))
    if error is None:
        assert found == pytest.approx(said(kind, rows_of(data)), rel=1e-12)


def rows_of(data: bytes) -> Rows:
    """The rows of delimited text whose header says by what it is parted."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    header = text.split("\n", 1)[0]
    return oracle.rows_of(text, max(",;\t", key="".join(header.split('"')[::2]).count))


@pytest.mark.long
@examples(25)
@given(st.sampled_from([*FORMS]), st.booleans(), CHANCES)
def test_a_changed_cell_of_a_log_means_what_it_says_in_every_form(
    folder: Path, form: str, first: bool, chance: random.Random
) -> None:
    touches, ends = (
        (with_changed_cells(TOUCHES, chance), ENDS) if first else (TOUCHES, with_changed_cells(ENDS, chance))
    )
    source = FORMS[form](touches if first else ends, folder)
    pair = (source, frame_of(ends)) if first else (frame_of(touches), source)
    assert_said(lambda: read_log(*pair), lambda: said_of_log(touches, ends), loose=odd(touches) or odd(ends))


@examples(10)
@given(st.booleans(), st.booleans(), CHANCES)
def test_a_changed_byte_of_a_log_means_what_it_says(folder: Path, first: bool, gz: bool, chance: random.Random) -> None:
    data = changed_bytes(text_of(TOUCHES if first else ENDS).encode(), chance)
    path = folder / ("log.csv.gz" if gz else "log.csv")
    path.write_bytes(gzip.compress(data) if gz else data)
    pair = (path, frame_of(ENDS)) if first else (frame_of(TOUCHES), path)
    found, error = refusal(lambda: read_log(*pair))
    if error is None:
        rows = rows_of(data)
        assert found == pytest.approx(said_of_log(rows, ENDS) if first else said_of_log(TOUCHES, rows))
