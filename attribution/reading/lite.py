"""SQLite files, by Python's own sqlite3: no engine's extension is needed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import no_such_table

__all__ = ["read_lite"]


def read_lite(file: Path, table: str = "") -> pd.DataFrame:
    """A table of an SQLite file; cells are what SQLite keeps in them: whole numbers, floats, text, bytes or None.

    Parameters
    ----------
    file
        The file; opened for reading only.
    table
        Its name; may be empty where the file has one table.

    Raises
    ------
    BadInput
        Damaged, or without such a table.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            tables = [str(row[0]) for row in connection.execute(listed)]
            if not table and len(tables) == 1:
                table = tables[0]
            if table not in tables:
                raise no_such_table(table, tables, file.name)
            quoted = table.replace('"', '""')
            cursor = connection.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - the name is one of the file's
            names = [str(column[0]) for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter for names of columns
        raise BadInput(
            Problem(file.name, f"cannot be read: {error}.", remedy="check that it is an SQLite file.")
        ) from error
