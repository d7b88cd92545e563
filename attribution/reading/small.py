"""Small tables checked by their contract."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from attribution.reading.cells import cells_of
from attribution.reading.contracts import Table
from attribution.reading.encodings import in_encoding
from attribution.reading.engine import Engine
from attribution.reading.formats import Format

__all__ = ["read_table"]


def read_table(
    source: object, table: Table, format: Format | None = None, engine: Engine | None = None
) -> pd.DataFrame:
    """A small file or frame as a checked frame.

    Parameters
    ----------
    source
        CSV (comma, semicolon or tab; UTF-8, also ``.gz`` and ``.zip``), Parquet (file, folder or pattern),
        ``file.xlsx::sheet``, ``file.duckdb::table``, ``file.sqlite::table``, a query to a database, or a frame; see
        :func:`attribution.reading.cells.cells_of`.
    table
        What it must hold; messages name the file and, for a CSV file or sheet, its line.
    format
        How it writes numbers and dates; None: plain digits, a decimal point, ISO 8601.
    engine
        Settings of DuckDB, which reads Parquet and database files.

    Returns
    -------
    pandas.DataFrame
        Typed as declared.

    Raises
    ------
    BadInput
        Every problem of the table.
    """
    written = format or table.format
    cells = cells_of(in_encoding(source, written.encoding, table.name), table.name, engine=engine)
    named = table.name if isinstance(source, pd.DataFrame) else cells.name
    return replace(table, name=named, first_row=cells.first_row, format=written).check(cells.frame)
