"""Rows of delimited text and of sheets, and the table below their header."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.addresses import Address, address_of, is_pattern
from attribution.reading.csv_text import RAGGED, read_lines
from attribution.reading.headers import checked_header
from attribution.reading.strict import text_of
from attribution.reading.workbook import read_sheet

__all__ = ["Cells", "cells_of_rows", "read_rows"]


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
        """Every cell as text, None where it is empty; see :func:`attribution.reading.strict.text_of`."""
        frame = self.frame
        return pd.DataFrame(
            {name: pd.Series([text_of(cell) for cell in frame[name]], dtype=object) for name in frame.columns},
            columns=frame.columns,
        )


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
    if is_pattern(address.path):
        raise BadInput(Problem(address.path, "is a pattern of several files.", remedy="join them into one file."))
    file = Path(address.path)
    sheet = address.form == "workbook"
    rows: list[list[Any]] = [*(read_sheet(file, address.part) if sheet else read_lines(file, header, address.encoding))]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    return rows


def cells_of_rows(address: Address, header: int = 1) -> Cells:
    """The table below the header of a CSV file or sheet.

    Raises
    ------
    BadInput
        The file cannot be read, names a column twice, or has lines of differing length.
    """
    rows = _rows(address, header)
    head, body = [*rows[header - 1 : header]], rows[header:]
    if not head:
        raise BadInput(Problem(address.name, "has no header.", remedy=f"line {header} must name the columns."))
    if address.form == "workbook":  # a sheet is as wide as its widest row
        width = max(max((place + 1 for place, cell in enumerate(row) if cell is not None), default=0) for row in rows)
        titles = [cell for cell in head[0] if cell is not None]
        if len(titles) == 1 and any(sum(cell is not None for cell in row) > 1 for row in body):
            raise BadInput(_title(address.name, str(titles[0]), header))
        head = [[*head[0], *[None] * width][:width]]
        body = [[*row, *[None] * width][:width] for row in body]
    names = checked_header(head[0], address.name, f"line {header}")
    ragged = [place for place, row in enumerate(body) if row and len(row) != len(names)]
    if ragged:
        raise BadInput(_ragged(address.name, body, ragged, names, header))
    body = [row or [None] * len(names) for row in body]
    return Cells(address.name, pd.DataFrame(body, columns=names, dtype=object), header + 1)


def _title(name: str, title: str, header: int) -> Problem:
    text = f"holds {title[:60]!r} and not the names of the columns."
    return Problem(name, text, row=f"line {header}", remedy="delete the lines above the header.")


def _ragged(name: str, body: list[list[Any]], ragged: list[int], head: list[str], header: int) -> Problem:
    first, width = ragged[0], len(head)
    text = f"has {counted(len(body[first]), 'cell')} where the header has {width}."
    more = f" and {len(ragged) - 1} more" if len(ragged) > 1 else ""
    cut = ragged == [len(body) - 1] and len(body[first]) < width
    remedy = "the file may be cut short; export it again." if cut else RAGGED
    if width == 1 or head[0].startswith("sep="):
        return _title(name, head[0], header)
    return Problem(name, text, row=f"row {first + header + 1}{more}", remedy=remedy)
