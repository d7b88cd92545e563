"""Small tables of any form as they stand: cells of text, or of the types that the form itself has.

Nothing is read into a cell here: a CSV file gives texts, a workbook what its cells hold, Parquet, DuckDB and frames
their own types. :class:`Cells` has them as texts alone too, for whoever reads exports of a layout of their own.
"""

from __future__ import annotations

import datetime as dt
import numbers
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import Address, address_of
from attribution.reading.csv_text import RAGGED, read_lines
from attribution.reading.headers import checked_header
from attribution.reading.lite import read_lite
from attribution.reading.sources import log_table
from attribution.reading.workbook import read_sheet

__all__ = ["Cells", "cells_of", "read_rows", "text_of"]


@dataclass(frozen=True, eq=False)
class Cells:
    """A small table as it stands.

    Parameters
    ----------
    name
        What messages call it: its file without the folder.
    frame
        Columns by the names of the header; cells of text forms are texts, None where empty.
    first_row
        Number that messages give to the first data row: its line in a file with a header, else 1.
    """

    name: str
    frame: pd.DataFrame
    first_row: int

    def as_text(self) -> pd.DataFrame:
        """Every cell as text, None where it is empty; see :func:`text_of`."""
        frame = self.frame
        return pd.DataFrame(
            {name: pd.Series([text_of(cell) for cell in frame[name]], dtype=object) for name in frame.columns},
            columns=frame.columns,
        )


def cells_of(source: object, name: str = "table", header: int = 1) -> Cells:
    """The cells of a small table.

    Parameters
    ----------
    source
        Path or address of a file, folder or pattern (see :func:`attribution.reading.addresses.address_of`), or a pandas
        or polars frame, Arrow or Ibis table.
    name
        What messages call a source that is no file.
    header
        Line of the header in a CSV file or sheet, from 1; what stands above is left out.

    Raises
    ------
    BadInput
        The source cannot be read, names a column twice, or has lines of differing length.
    """
    if isinstance(source, pd.DataFrame):
        named = str(source.attrs.get("name", name))
        return Cells(named, source.set_axis(checked_header(list(source.columns), named), axis=1), 1)
    if not isinstance(source, str | os.PathLike) or "://" in os.fspath(source):
        return Cells(name, pd.DataFrame(log_table(source, None, name).execute()), 1)
    address = address_of(source)
    if address.form == "lite":
        frame = read_lite(Path(address.path), address.part)
        return Cells(address.name, frame.set_axis(checked_header(list(frame.columns), address.name), axis=1), 1)
    if address.form in ("text", "workbook"):
        return _with_header(_rows(address, header), address, header)
    return Cells(address.name, pd.DataFrame(log_table(source).execute()), 1)


def read_rows(source: str | os.PathLike[str], header: int = 1) -> list[list[Any]]:
    """All rows of a CSV file or sheet, header and ragged ones included; None for an empty cell.

    The separator of a CSV file is that of its line ``header``.

    Raises
    ------
    BadInput
        The file cannot be read, or is neither.
    """
    address = address_of(source)
    if address.form not in ("text", "workbook"):
        raise BadInput(Problem(address.name, "has no lines.", remedy="pass a CSV file or a workbook."))
    return _rows(address, header)


def _rows(address: Address, header: int) -> list[list[Any]]:
    if any(sign in address.path for sign in "*?["):
        raise BadInput(Problem(address.path, "is a pattern of several files.", remedy="join them into one file."))
    file = Path(address.path)
    sheet = address.form == "workbook"
    rows: list[list[Any]] = [*(read_sheet(file, address.part) if sheet else read_lines(file, header))]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    return rows


def _with_header(rows: list[list[Any]], address: Address, header: int) -> Cells:
    head, body = [*rows[header - 1 : header]], rows[header:]
    if not head:
        raise BadInput(Problem(address.name, "has no header.", remedy=f"line {header} must name the columns."))
    if address.form == "workbook":  # a sheet is as wide as its widest row
        width = max(max((place + 1 for place, cell in enumerate(row) if cell is not None), default=0) for row in rows)
        head = [[*head[0], *[None] * width][:width]]
        body = [[*row, *[None] * width][:width] for row in body]
    names = checked_header(head[0], address.name, f"line {header}")
    ragged = [place for place, row in enumerate(body) if row and len(row) != len(names)]
    if ragged:
        raise BadInput(_ragged(address.name, body, ragged, len(names), header))
    body = [row or [None] * len(names) for row in body]
    return Cells(address.name, pd.DataFrame(body, columns=names, dtype=object), header + 1)


def _ragged(name: str, body: list[list[Any]], ragged: list[int], width: int, header: int) -> Problem:
    first = ragged[0]
    text = f"has {len(body[first])} cells where the header has {width}."
    more = f" and {len(ragged) - 1} more" if len(ragged) > 1 else ""
    cut = ragged == [len(body) - 1] and len(body[first]) < width
    remedy = "the file may be cut short; export it again." if cut else RAGGED
    return Problem(name, text, row=f"row {first + header + 1}{more}", remedy=remedy)


def text_of(cell: Any) -> str | None:
    """A cell as text: whole numbers without a point, times by ISO 8601, None where it is empty.

    Examples
    --------
    >>> [text_of(cell) for cell in (1001.0, 10.5, True, None, "tv", dt.date(2026, 1, 5))]
    ['1001', '10.5', 'true', None, 'tv', '2026-01-05']
    """
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
        return None
    if isinstance(cell, bool) or type(cell).__name__ == "bool":
        return str(bool(cell)).lower()
    if isinstance(cell, dt.datetime):
        at = cell.isoformat(" ")
        return at.removesuffix(" 00:00:00")
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, numbers.Integral):
        return str(int(cell))
    if isinstance(cell, numbers.Real):
        number = float(cell)
        return str(int(number)) if abs(number) < 2**53 and number.is_integer() else repr(number)
    return str(cell)
