"""Workbooks: the rows of one sheet, numbers and times as the cells hold them."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attribution.errors import BadInput, Problem, nearest, quoted
from attribution.numbers import counted
from attribution.reading.held_back import HeldBack, held_back

__all__ = ["MOST_UNPACKED", "hidden_cells", "read_sheet", "sheet_names"]

MOST_UNPACKED = 400 << 20
"""Bytes that a workbook may unpack to."""

_DATED = re.compile(r"\d{4}-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2}")
_MAC = 1904
_DAYS = (33_000, 53_000)  # since 1904: the years 1994 to 2049
_OLD = b"\xd0\xcf\x11\xe0"


def read_sheet(file: Path, sheet: str = "", most: int = MOST_UNPACKED) -> list[list[Any]]:
    """Rows of a sheet without the empty ones below its last.

    Parameters
    ----------
    file
        An xlsx file.
    sheet
        Its name; may be empty where the workbook has one sheet.
    most
        Bytes that the file may unpack to.

    Raises
    ------
    BadInput
        Damaged, locked, too large, or without such a sheet; cells that are merged over rows, formulas whose results
        the file does not hold, or days as plain numbers counted from 1904.
    """
    rows, held, early = _read(file, sheet, most)
    problems = [*held.problems(file.name, rows)]
    if early and (column := _days_as_numbers(rows)):
        text = (
            f"counts days from 1904, and {column} holds plain numbers that may be days: they would be read 1,462 early."
        )
        remedy = "format days as dates, or switch the 1904 date system off in the settings of the workbook."
        problems.append(Problem(file.name, text, remedy=remedy))
    if problems:
        raise BadInput(problems)
    return rows


def hidden_cells(file: Path, sheet: str = "", most: int = MOST_UNPACKED) -> str:
    """What a sheet hides of the rows and columns that :func:`read_sheet` reads, as a sentence; empty where nothing."""
    rows, held, _ = _read(file, sheet, most)
    lines, columns = held.hidden(rows)
    told = [counted(lines, "row")] * (lines > 0) + [counted(columns, "column")] * (columns > 0)
    if not told:
        return ""
    return (
        f"{file.name}{'::' * bool(sheet)}{sheet}: {' and '.join(told)} hidden or filtered away in the workbook, and "
        "read like all others. Delete what should not count."
    )


def _read(file: Path, sheet: str, most: int) -> tuple[list[list[Any]], HeldBack, bool]:
    """Rows of a sheet, what it holds back, and whether its workbook counts days from 1904."""
    _check_archive(file, most)
    with _opened(file) as book:
        sheets = {each.title: each for each in book.worksheets}
        if not sheet and len(sheets) == 1:
            sheet = next(iter(sheets))
        if sheet not in sheets:
            raise BadInput(_no_sheet(file.name, sheet, list(sheets)))
        sheets[sheet].reset_dimensions()
        rows = [[_plain(cell) for cell in row] for row in sheets[sheet].iter_rows(values_only=True)]
        held, early = held_back(sheets[sheet]), book.epoch.year == _MAC
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    return rows, held, early


def _days_as_numbers(rows: list[list[Any]]) -> str:
    """The first column of plain numbers that may be days since 1904; empty where some cells are formatted as dates."""
    if any(isinstance(cell, dt.datetime) or _DATED.match(str(cell)) for row in rows for cell in row):
        return ""
    for place in range(max(map(len, rows), default=0)):
        cells = [row[place] for row in rows if place < len(row) and row[place] is not None]
        numbers = [cell for cell in cells if isinstance(cell, int | float)]
        if len(numbers) >= max(len(cells) - 1, 2) and all(_DAYS[0] <= number <= _DAYS[1] for number in numbers):
            return f"column {place + 1} ({cells[0]})" if isinstance(cells[0], str) else f"column {place + 1}"
    return ""


def sheet_names(file: Path, most: int = MOST_UNPACKED) -> list[str]:
    """Names of a workbook's sheets, in its order.

    Raises
    ------
    BadInput
        Damaged, locked or too large.
    """
    _check_archive(file, most)
    with _opened(file) as book:
        return [each.title for each in book.worksheets]


def _check_archive(file: Path, most: int) -> None:
    with file.open("rb") as handle:
        first = handle.read(4)
    if first == _OLD:
        text = "is locked with a password, or an old xls workbook."
        raise BadInput(Problem(file.name, text, remedy="save it as xlsx without a password."))
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        text = "is no workbook: cut short, damaged or of another format."
        raise BadInput(Problem(file.name, text, remedy="save it as xlsx again.")) from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise BadInput(Problem(file.name, "is locked with a password.", remedy="save it without one."))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > most:
        text = f"unpacks to {unpacked / 2**20:,.0f} MB, past the limit of {most / 2**20:,.0f} MB."
        raise BadInput(Problem(file.name, text, remedy="export the table as CSV or Parquet."))


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and drop-downs that openpyxl does not keep
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield book
            finally:
                book.close()
    except BadInput:
        raise
    except Exception as error:  # a damaged part makes openpyxl raise nearly anything
        text = "is no workbook: cut short, damaged or of another format."
        raise BadInput(Problem(file.name, text, remedy="save it as xlsx again.")) from error


def _no_sheet(name: str, sheet: str, sheets: list[str]) -> Problem:
    listed = ", ".join(sheets[:15]) or "none"
    if not sheet:
        remedy = f"name one as {name}::{(sheets or ['Sheet'])[0]}."
        return Problem(name, f"holds several sheets: {listed}.", remedy=remedy)
    close = nearest(sheet, sheets)
    hint = f"did you mean {quoted(close)}?" if close else f"its sheets: {listed}."
    return Problem(name, f"has no sheet {sheet!r}.", remedy=hint)


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell if cell.strip() else None
    return dt.datetime.combine(cell, dt.time()) if type(cell) is dt.date else cell
