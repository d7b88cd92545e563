"""Thousands of odd cells, in a file and in a frame: each says what it says in plain Python, or it is at fault."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterable
from pathlib import Path

import door_oracle as oracle
import numpy as np
import pandas as pd
import pytest
from door_fuzz import NUMBERS, TIMES, TIMES_OF_DAY, changed

from attribution import Format
from attribution.reading.cells import cells_of
from attribution.reading.dialects import epoch_micros
from attribution.reading.log_columns import as_amount, as_moment, as_name, is_blank
from attribution.reading.sources import log_table
from attribution.reading.strict import read_days, read_numbers

CELLS = 2_000
POINT = Format(decimal=".")


@pytest.fixture(scope="module", params=range(TIMES))
def cells(request: pytest.FixtureRequest) -> pd.DataFrame:
    chance = random.Random(request.param)  # noqa: S311 - cases, no secrets
    pick = [(chance.choice(NUMBERS), chance.choice(TIMES_OF_DAY)) for _ in range(CELLS)]
    frame = pd.DataFrame([(changed(number, chance), changed(time, chance)) for number, time in pick])
    return frame.set_axis(["number", "time"], axis=1).assign(place=range(CELLS))


@pytest.fixture(scope="module")
def file(cells: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cells") / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        writer.writerows([cells.columns, *cells.to_numpy().tolist()])
    return path


def odd_blanks(text: str) -> bool:
    """Whether signs stand at the ends that Python takes for blanks and an engine does not: those may be refused."""
    return text.strip() != text.strip(" \t\n\r\x0b\x0c")


def assert_alike(what: str, texts: list[str], read: list[object], said: list[object]) -> None:
    rows = zip(texts, read, said, strict=True)
    differ = [row for row in rows if row[1] != row[2] and not (row[1] is None and odd_blanks(row[0]))]
    assert not differ, (what, differ[:5])


def plain(values: Iterable[float | None]) -> list[object]:
    return [None if value is None or not math.isfinite(value) else value for value in values]


def test_a_file_s_cells_are_those_of_the_csv_module(cells: pd.DataFrame, file: Path) -> None:
    read = cells_of(file).frame
    for column in ("number", "time"):
        assert [cell or "" for cell in read[column]] == cells[column].tolist()


@pytest.mark.parametrize("form", ["file", "frame"])
def test_a_log_reads_each_cell_as_plain_python_does(cells: pd.DataFrame, file: Path, form: str) -> None:
    numbers, times = cells["number"].tolist(), cells["time"].tolist()
    table = log_table(str(file) if form == "file" else cells, name="cells")
    read = table.select(
        place=table.place.cast("int64"),
        number=as_amount(table.number, POINT),
        time=epoch_micros(as_moment(table, "time", POINT, "cells"), table),
        name=as_name(table.number),
        blank=is_blank(table.number),
    )
    read = read.order_by("place").to_pyarrow().to_pydict()
    assert_alike("numbers", numbers, plain(read["number"]), [oracle.number(text) for text in numbers])
    moments = [oracle.moment(text) for text in times]
    said = [None if moment is None else oracle.micros(moment) for moment in moments]
    before = np.array([text.strip().startswith("0000") for text in times])  # engines know a year 0, before 1970 too
    shown = [None if early else value for early, value in zip(before, plain(read["time"]), strict=True)]
    assert_alike("times", times, shown, said)
    assert [name or "" for name in read["name"]] == numbers
    assert [blank is not False for blank in read["blank"]] == [oracle.void(text) for text in numbers]


def test_a_small_table_reads_each_cell_as_plain_python_does(cells: pd.DataFrame) -> None:
    numbers, times = cells["number"].tolist(), cells["time"].tolist()
    read = read_numbers(cells["number"], POINT)
    assert_alike("numbers", numbers, plain(read.cells), [oracle.number(text) for text in numbers])
    blank = cells["number"].map(oracle.void)
    assert (read.cells.isna() == (read.faulty | blank)).all()
    plain_days = cells["time"][[not oracle.has_offset(text) for text in times]]
    days = read_days(plain_days, POINT)
    said = [oracle.moment(text) for text in plain_days]
    assert_alike(
        "days", plain_days.tolist(), [None if pd.isna(day) else day.to_pydatetime() for day in days.cells], said
    )


@pytest.mark.parametrize(
    "column", ["70.906,1.250", "70.906,1.5", "1e3,12.000", "0.125,70.906", "12.000,7.", "-1.000,3"]
)
def test_doubtful_columns_are_those_that_nothing_settles(column: str) -> None:
    texts = column.split(",")
    assert read_numbers(pd.Series(texts, dtype=object), Format()).faulty.tolist() == oracle.doubtful(texts)
