"""Any export as rows of cells, as they stand in the file: preamble, header and totals included."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.sources import log_table

__all__ = ["Cells", "cells_of", "text_of"]

_PROBED = 200


@dataclass(frozen=True)
class Cells:
    """The cells of a file.

    Parameters
    ----------
    name
        What messages call the file.
    rows
        Each a list of cells: text, or what a typed file holds; ``""`` where empty.
    lines
        Number that messages give to each row.
    """

    name: str
    rows: list[list[Any]]
    lines: list[int]


def cells_of(source: str | os.PathLike[str] | pd.DataFrame, name: str | None = None) -> Cells:
    """The rows of a CSV file, an xlsx sheet (``file.xlsx::Sheet``), a Parquet or DuckDB table, or a frame.

    Parameters
    ----------
    source
        CSV with comma, semicolon or tab, in UTF-8 or UTF-16, packed with gzip or not.
    name
        What messages call it; the file's name by default.

    Raises
    ------
    BadInput
        Missing, empty or unreadable file, or a workbook of several sheets of which none is named.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, name or str(source.attrs.get("name", "table")))
    path, _, inner = os.fspath(source).partition("::")
    file = Path(path)
    called = name or Path(os.fspath(source)).name
    if not file.is_file():
        raise BadInput(Problem(called, "does not exist.", remedy="check the path."))
    if file.stat().st_size == 0:
        raise BadInput(Problem(called, "is an empty file.", remedy="export it again."))
    if file.name.endswith((".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")):
        if inner:
            raise BadInput(Problem(called, "has no parts.", remedy=f"write {file.name} without ::{inner}."))
        return _of_text(_decoded(file, called), called)
    if file.suffix == ".xlsx":
        return _of_workbook(file, inner, called)
    return _of_frame(pd.DataFrame(log_table(os.fspath(source)).execute()), called)


def _decoded(file: Path, name: str) -> str:
    try:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        text = f"is neither UTF-8 nor UTF-16 (byte {error.start})."
        raise BadInput(Problem(name, text, remedy="save it as 'CSV UTF-8'.")) from error
    except (EOFError, OSError) as error:
        raise BadInput(Problem(name, "cannot be unpacked.", remedy="export it again.")) from error


def _of_text(text: str, name: str) -> Cells:
    probed = text[:200_000].splitlines()[:_PROBED]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=lambda sign: _alike(probed, sign)))
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "a cell's quotation mark may be missing; export it again."
        raise BadInput(Problem(name, f"cannot be read: {error}.", row=f"row {line}", remedy=remedy)) from error
    return Cells(name, rows, lines)


def _alike(lines: list[str], sign: str) -> tuple[int, int]:
    """How many lines have the width that most have with a separator, and that width."""
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=sign) if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _of_workbook(file: Path, sheet: str, name: str) -> Cells:
    try:
        with pd.ExcelFile(file) as book:
            sheets = [str(each) for each in book.sheet_names]
            if sheet not in sheets and (sheet or len(sheets) > 1):
                text = f"has no sheet {sheet!r}." if sheet else "has several sheets."
                remedy = f"name one of its sheets: {', '.join(f'{file.name}::{each}' for each in sheets[:8])}."
                raise BadInput(Problem(name, text, remedy=remedy))
            frame = book.parse(sheet or sheets[0], header=None, dtype=object)
    except BadInput:
        raise
    except Exception as error:  # a workbook that is damaged or locked fails in many ways inside its library
        raise BadInput(Problem(name, "cannot be read as xlsx.", remedy="save it again, without a password.")) from error
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    kept = [place for place, row in enumerate(rows) if any(cell != "" for cell in row)]
    return Cells(name, [rows[place] for place in kept], [place + 1 for place in kept])


def _of_frame(frame: pd.DataFrame, name: str) -> Cells:
    header: list[Any] = [str(column) for column in frame.columns]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return Cells(name, [header, *rows], list(range(len(rows) + 1)))


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    return "" if pd.api.types.is_scalar(value) and pd.isna(value) else value


def text_of(cell: Any) -> str:
    """A cell as text; a whole number, such as an id, without the point that a spreadsheet gives it."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
