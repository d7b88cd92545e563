"""What the columns of an unknown table look like: days, numbers with their signs, words, and how far rows lie apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput
from attribution.reading.cells import cells_of
from attribution.reading.csv_text import likely_encoding
from attribution.reading.encodings import Encoded
from attribution.reading.likely import day_patterns, days_of
from attribution.reading.stand_ins import is_total
from attribution.reading.workbook import sheet_names
from optimizer.planning.language.spoken import said

__all__ = ["TABLES", "Look", "as_written", "look_at", "note", "sheets_of", "stated", "why_unread"]

TABLES = (".csv", ".tsv", ".txt", ".gz", ".zip", ".xlsx", ".parquet", ".pq", ".json", ".jsonl", ".ndjson")
_TEXT = (".csv", ".tsv", ".txt", ".gz", ".zip")
_SEVERAL = 2
_PLAIN = ("%Y-%m-%d", "%Y-%m", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")  # need not be stated
_FEW_WORDS = 5  # rows to each word of a column that may tell events apart
_MOST_GAPS = 0.1  # of rows: more, and a table is not by week or day
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
_SIGNS: tuple[
    tuple[re.Pattern[str], re.Pattern[str], Mapping[str, str]], ...
] = (  # numbers, what leaves no doubt, signs
    (
        re.compile(r"-?\d{1,3}(\.\d{3})*(,\d+)?|-?\d+(,\d+)?"),
        re.compile(r",\d{1,2}$|,\d{4,}$|\.\d{3}[.,]"),
        {"decimal": ",", "thousands": "."},
    ),
    (
        re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?|-?\d+(\.\d+)?"),
        re.compile(r"\.\d|,\d{3},"),
        {"thousands": ","},
    ),
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
    whole, varied
        Of numbers, those without decimals; of words, those with nearly as many as there are rows, such as days.
    geos
        Words of the column of markets.
    """

    path: Path
    date: str
    geo: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    days: int
    written: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    whole: tuple[str, ...] = ()
    varied: tuple[str, ...] = ()
    geos: tuple[str, ...] = ()


def note(text: str) -> str:
    """A comment of a plan file in the language of the terminal."""
    return f"# {said(text)}"


def stated(written: Mapping[str, str], indent: str) -> Iterator[str]:
    """Signs, dates and encoding of a table as lines of a plan file."""
    for key, sign in written.items():
        told = f"  {note('by the look of it: do names with other letters than a to z read well?')}"
        yield f"{indent}{key}: {json.dumps(sign)}{told if key == 'encoding' else ''}"


def sheets_of(path: Path) -> list[Path]:
    """The file itself, or each sheet of a workbook of several."""
    if path.suffix.lower() != ".xlsx":
        return [path]
    try:
        sheets = sheet_names(path)
    except BadInput:  # told where it is read
        return [path]
    return [path] if len(sheets) < _SEVERAL else [path.with_name(f"{path.name}::{sheet}") for sheet in sheets]


def as_written(path: Path) -> tuple[Path | Encoded, dict[str, str]]:
    """A file with the encoding that it has by the look of it, and that as a key of the plan file where it needs one."""
    encoding = likely_encoding(path) if path.suffix.lower() in _TEXT else None
    return (path, {}) if encoding is None else (Encoded(str(path), encoding), {"encoding": encoding})


def why_unread(path: Path) -> str:
    """Why a table cannot be read; empty where it can."""
    try:
        cells_of(as_written(path)[0])
    except BadInput as error:
        return str(error).splitlines()[0]
    return ""


def look_at(path: Path, header: int = 1) -> Look | None:
    """What a table looks like; None where it cannot be read, or has no column of days and one of numbers."""
    source, encoded = as_written(path)
    try:
        frame = cells_of(source, header=header).frame
    except BadInput:
        return None
    cells = {str(name): frame[name].dropna().astype(str).str.strip() for name in frame.columns}
    cells = {name: column[column != ""] for name, column in cells.items() if (column != "").any()}
    days = {name: column[~column.map(is_total)] for name, column in cells.items()}  # told where it is read
    date = next((name for name, column in days.items() if day_patterns(column)), None)
    if date is None:
        return None
    others = {name: column for name, column in cells.items() if name != date}
    plain = [name for name, column in others.items() if column.str.fullmatch(_NUMBER).all()]
    signs: Mapping[str, str] = {}
    numbers = plain
    for pattern, sure, stated in _SIGNS:
        signed = [name for name, column in others.items() if column.str.fullmatch(pattern).all()]
        clear = any(others[name].str.contains(sure).any() for name in signed)
        if len(signed) > len(numbers) or (len(signed) == len(numbers) and clear and signed != plain):
            numbers, signs = signed, stated if clear else {}  # 12,345 alone may be either: a check asks
    words = [name for name in others if name not in numbers]
    if not numbers:
        return None
    several = frame[date].duplicated().any()
    geo = next((name for name in words if several and not frame.duplicated([date, name]).any()), "")
    step, written = _steps(days[date])
    needed = {**encoded, **({"date_format": written} if written else {}), **signs}
    words = [name for name in words if name != geo]
    whole = tuple(name for name in numbers if others[name].str.fullmatch(r"-?\d+").all())
    varied = tuple(name for name in words if others[name].nunique() * _FEW_WORDS > len(frame))
    geos = tuple(sorted(set(cells[geo]))) if geo else ()
    return Look(path, date, geo, tuple(numbers), tuple(words), step, needed, len(frame), whole, varied, geos)


def _steps(column: pd.Series) -> tuple[int, str]:
    """Days between rows, and the format where it has to be stated: of two orders of day and month the one in step."""
    formats = day_patterns(column)
    for one in formats:
        gaps = days_of(column.unique(), one).drop_duplicates().sort_values().diff().dropna().dt.days
        step = int(gaps.mode().iloc[0]) if len(gaps) else 0
        if step in {1, 7} and (gaps % step == 0).all() and (gaps != step).mean() <= _MOST_GAPS:
            return step, "" if one in _PLAIN else one
    return 0, "" if formats[0] in _PLAIN else formats[0]
