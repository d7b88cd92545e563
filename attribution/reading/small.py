"""Small tables checked by their contract."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.reading.cells import cells_of
from attribution.reading.contracts import Table
from attribution.reading.formats import Format

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_table"]


def read_table(source: object, table: Table, format: Format | None = None) -> pd.DataFrame:
    """A small file or frame as a checked frame.

    Parameters
    ----------
    source
        CSV (comma, semicolon or tab; UTF-8, also ``.gz``), Parquet (file, folder or pattern), ``file.xlsx::sheet``,
        ``file.duckdb::table``, ``file.sqlite::table``, a query to a database, or a frame; see
        :func:`attribution.reading.cells.cells_of`.
    table
        What it must hold; messages name the file and, for a CSV file or sheet, its line.
    format
        How it writes numbers and dates; None: plain digits, a decimal point, ISO 8601.

    Returns
    -------
    pandas.DataFrame
        Typed as declared.

    Raises
    ------
    BadInput
        Every problem of the table.
    """
    cells = cells_of(source, table.name)
    named = cells.name if isinstance(source, str | os.PathLike) else table.name
    return replace(table, name=named, first_row=cells.first_row, format=format or table.format).check(cells.frame)
