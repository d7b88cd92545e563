"""Any export as rows of cells, as they stand in the file: preamble, header and totals included."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import Address, address_of
from attribution.reading.any_frame import as_frame
from attribution.reading.cells import cells_of
from attribution.reading.csv_text import read_text
from attribution.reading.strict import text_of
from attribution.reading.workbook import read_sheet

__all__ = ["Lines", "as_text", "lines_of"]

_PROBED, _WIDEST = 200, 10_000


@dataclass(frozen=True)
class Lines:
    """The rows of a file that hold anything.

    Parameters
    ----------
    name
        What messages call the file.
    rows
        Each a list of cells: text, or what a typed file holds; ``""`` where empty.
    numbers
        Number that messages give to each row.
    """

    name: str
    rows: list[list[Any]]
    numbers: list[int]


def lines_of(source: object) -> Lines:
    """The rows of a CSV file, an xlsx sheet (``file.xlsx::Sheet``), a table of any other form, or a frame.

    Parameters
    ----------
    source
        CSV with comma, semicolon or tab, in UTF-8 or UTF-16, packed with gzip or not; Parquet, DuckDB, SQLite, xlsx.

    Raises
    ------
    BadInput
        Missing, empty or unreadable file, or a workbook of several sheets of which none is named.
    """
    if not isinstance(source, str | os.PathLike):
        return _of_table(as_frame(source), "table")
    address = address_of(source)
    if address.form == "text":
        return _of_text(address)
    if address.form == "workbook":
        return _kept(address.name, read_sheet(Path(address.path), address.part))
    return _of_table(source, address.name)


def _of_text(address: Address) -> Lines:
    text = read_text(Path(address.path), address.encoding)
    probed = [line[:_WIDEST] for line in text[:200_000].splitlines()[:_PROBED]]
    sign = max(",;\t", key=lambda sign: _alike(probed, sign))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    rows, numbers, number = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                numbers.append(number)
            number = reader.line_num + 1
    except csv.Error as error:
        remedy = "the file was cut short, or a quotation mark is missing; export it again."
        raise BadInput(
            Problem(address.name, f"cannot be read: {error}.", row=f"row {number}", remedy=remedy)
        ) from error
    return Lines(address.name, rows, numbers)


def _alike(lines: list[str], sign: str) -> tuple[int, int]:
    """How many lines have the width that most have with a separator, and that width."""
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=sign) if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _of_table(source: object, name: str) -> Lines:
    cells = cells_of(source, name)
    header: list[Any] = [str(column) for column in cells.frame.columns]
    lines = _kept(cells.name, [header, *(list(row) for row in cells.frame.itertuples(index=False, name=None))])
    return Lines(lines.name, lines.rows, [number + cells.first_row - 2 for number in lines.numbers])


def _kept(name: str, rows: list[list[Any]]) -> Lines:
    plain = [[_cell(value) for value in row] for row in rows]
    places = [place for place, row in enumerate(plain) if any(cell != "" for cell in row)]
    width = max((len(plain[place]) for place in places), default=0)
    return Lines(name, [[*plain[p], *[""] * (width - len(plain[p]))] for p in places], [p + 1 for p in places])


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    nothing = value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)
    return "" if nothing else value


def as_text(cell: Any) -> str:
    """A cell as text, ``""`` where it is empty; ids without the point that a spreadsheet gives them."""
    return text_of(cell) or ""
