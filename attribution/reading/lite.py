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
    """A table or view of an SQLite file, where a view reads nothing but that file.

    Cells are what SQLite keeps in them: whole numbers, floats, text, bytes or None.

    Parameters
    ----------
    file
        The file; opened for reading only.
    table
        Its name; may be empty where the file has one table, or no table and one view.

    Raises
    ------
    BadInput
        Damaged, or without such a table.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            asked = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            kinds = {str(name): kind for name, kind in connection.execute(f"{asked} ORDER BY name")}
            tables = [name for name, kind in kinds.items() if kind == "table"] or list(kinds)
            if not table and len(tables) == 1:
                table = tables[0]
            if table not in kinds:
                table = table.removeprefix("main.")
            if table not in kinds:
                raise no_such_table(table, [*kinds] if table else tables, file.name)
            quoted = table.replace('"', '""')
            cursor = connection.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - the name is one of the file's
            names = [str(column[0]) for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter for names of columns
        text, remedy = f"cannot be read: {error}.", "check that it is an SQLite file."
        if "locked" in str(error):
            text, remedy = "is in use by another program.", "close it there, or copy the file."
        raise BadInput(Problem(file.name, text, remedy=remedy)) from error
