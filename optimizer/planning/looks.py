"""What the columns of an unknown table look like: days, numbers with their signs, words, and how far rows lie apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput
from attribution.reading.cells import cells_of
from attribution.reading.workbook import sheet_names
from optimizer.planning.language.spoken import said

__all__ = ["TABLES", "Look", "look_at", "note", "sheets_of"]

TABLES = (".csv", ".tsv", ".txt", ".gz", ".zip", ".xlsx", ".parquet", ".pq", ".json", ".jsonl", ".ndjson")
_SEVERAL = 2
_FORMATS = ("%Y-%m-%d", "%Y-%m", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
_PLAIN = 2  # formats that need not be stated
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
_SIGNS: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = (
    (re.compile(r"-?\d{1,3}(\.\d{3})*(,\d+)?|-?\d+(,\d+)?"), {"decimal": ",", "thousands": "."}),
    (re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?|-?\d+(\.\d+)?"), {"thousands": ","}),
)


@dataclass(frozen=True)
class Look:
    """A table and what its columns look like.

    Parameters
    ----------
    path
        The file, with its sheet.
    date
        Column of days.
    geo
        Column of words of which each has one row for a day; empty where a day has one row.
    numbers, words
        The other columns.
    days
        Days between rows: 7, 1, or 0 where they differ.
    written
        Signs and dates that have to be stated, as keys of the plan file.
    rows
        How many.
    """

    path: Path
    date: str
    geo: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    days: int
    written: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0


def note(text: str) -> str:
    """A comment of a plan file in the language of the terminal."""
    return f"# {said(text)}"


def sheets_of(path: Path) -> list[Path]:
    """The file itself, or each sheet of a workbook of several."""
    if path.suffix.lower() != ".xlsx":
        return [path]
    try:
        sheets = sheet_names(path)
    except BadInput:  # told where it is read
        return [path]
    return [path] if len(sheets) < _SEVERAL else [path.with_name(f"{path.name}::{sheet}") for sheet in sheets]


def look_at(path: Path) -> Look | None:
    """What a table looks like; None where it cannot be read, or has no column of days and one of numbers."""
    try:
        frame = cells_of(path).frame
    except BadInput:
        return None
    cells = {str(name): frame[name].dropna().astype(str).str.strip() for name in frame.columns}
    cells = {name: column[column != ""] for name, column in cells.items() if (column != "").any()}
    date = next((name for name, column in cells.items() if _dates(column)), None)
    if date is None:
        return None
    others = {name: column for name, column in cells.items() if name != date}
    plain = [name for name, column in others.items() if column.str.fullmatch(_NUMBER).all()]
    signs: Mapping[str, str] = {}
    numbers = plain
    for pattern, stated in _SIGNS:
        signed = [name for name, column in others.items() if column.str.fullmatch(pattern).all()]
        if len(signed) > len(numbers):
            numbers, signs = signed, stated
    words = [name for name in others if name not in numbers]
    if not numbers:
        return None
    several = frame[date].duplicated().any()
    geo = next((name for name in words if several and not frame.duplicated([date, name]).any()), "")
    days, written = _steps(cells[date])
    stated = {**({"date_format": written} if written else {}), **signs}
    words = [name for name in words if name != geo]
    return Look(path, date, geo, tuple(numbers), tuple(words), days, stated, len(frame))


def _dates(column: pd.Series) -> list[tuple[str, pd.Series]]:
    """Formats in which every cell is a day, and the days."""
    texts = column.str.removesuffix(" 00:00:00")
    read = ((one, pd.to_datetime(texts, format=one, errors="coerce")) for one in _FORMATS)
    return [(one, days) for one, days in read if days.notna().all()]


def _steps(column: pd.Series) -> tuple[int, str]:
    """Days between rows, and the format where it has to be stated: of two orders of day and month the one in step."""
    formats = _dates(column)
    for one, days in formats:
        gaps = set(pd.Series(days.unique()).sort_values().diff().dropna().dt.days)
        if len(gaps) == 1 and gaps <= {1, 7}:
            return int(gaps.pop()), one if one in _FORMATS[_PLAIN:] else ""
    first = formats[0][0]
    return 0, first if first in _FORMATS[_PLAIN:] else ""
