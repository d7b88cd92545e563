"""Files of any form as tables of the embedded engine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import Address, address_of, files_of, no_such_table
from attribution.reading.csv_text import layout_of
from attribution.reading.dialects import carried, naming
from attribution.reading.frames import arrow_ready
from attribution.reading.headers import checked_header
from attribution.reading.json_lines import json_table
from attribution.reading.lite import read_lite
from attribution.reading.sheets import cells_of_rows

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

__all__ = ["file_table"]


def file_table(source: str | os.PathLike[str], backend: BaseBackend, views: bool) -> ibis.Table:
    """A file, folder or pattern as a table of an embedded engine; text stays text.

    Parameters
    ----------
    source
        Its address.
    backend
        The engine's connection.
    views
        Whether views of a database file may be read.

    Raises
    ------
    BadInput
        It cannot be read, has no such part, or names a column twice.
    """
    import ibis

    address = address_of(source)
    if address.form == "workbook":
        return _in_memory(cells_of_rows(address).frame, address.name, backend)
    if address.form == "lite":
        return _in_memory(read_lite(Path(address.path), address.part), address.name, backend)
    with naming(address.name):
        if address.form == "database":
            return _database_table(address, backend, views)
        if address.form == "parquet":
            _check_parquet_header(address, backend)
            return backend.read_parquet(address.files, table_name=ibis.util.gen_name("source"))
        if address.form == "json":
            return json_table(address, backend)
        return _text_table(address, backend)


def _in_memory(frame: pd.DataFrame, name: str, backend: BaseBackend) -> ibis.Table:
    import ibis

    return carried(ibis.memtable(arrow_ready(frame, name)), backend)


def _text_table(address: Address, backend: BaseBackend) -> ibis.Table:
    """Delimited text with every cell as text: what it means is read strictly, and not guessed from the first rows."""
    import ibis

    layout = layout_of(address.path, address.encoding)
    zipped = any(file.suffix.lower() == ".zip" for file in files_of(address.path))
    if zipped or layout.encoding not in ("utf-8", "utf-16"):
        return _in_memory(cells_of_rows(address).frame, address.name, backend)
    lines = backend.read_csv(
        address.path,
        table_name=ibis.util.gen_name("source"),
        auto_detect=False,
        columns=dict.fromkeys(layout.names, "VARCHAR"),
        encoding=layout.encoding,
        delim=layout.separator,
        quote='"',
        escape='"',
        header=True,
        nullstr="",
    )
    return lines.cache()  # parsed once, and not again for each question


def _check_parquet_header(address: Address, backend: BaseBackend) -> None:
    """Engines rename a column that stands twice, so that the file's own names are looked at."""
    file = files_of(address.path)[0]
    nodes = backend.con.execute("SELECT name, num_children FROM parquet_schema(?)", [str(file)]).fetchall()
    names, inner = [], 0
    for name, children in nodes[1:]:
        if inner == 0:
            names.append(name)
        inner += int(children or 0) - (inner > 0)
    checked_header(names, address.name)


def _database_table(address: Address, backend: BaseBackend, views: bool) -> ibis.Table:
    alias = f"db_{hashlib.sha256(str(Path(address.path).resolve()).encode()).hexdigest()[:16]}"
    quoted = address.path.replace("'", "''")
    backend.con.execute(f"ATTACH IF NOT EXISTS '{quoted}' AS {alias} (READ_ONLY)")
    listed = "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_catalog = ?"
    rows = sorted(tuple(map(str, row)) for row in backend.con.execute(listed, [alias]).fetchall())
    usable = [(schema, name) for schema, name, kind in rows if views or kind == "BASE TABLE"]
    part = address.part
    if not part and len(usable) == 1:
        part = ".".join(usable[0])
    meant = [(schema, name) for schema, name in usable if part in (name, f"{schema}.{name}")]
    if not meant and any(part in (name, f"{schema}.{name}") for schema, name, _ in rows):
        text = f"{part!r} is a view, which may read any file of this machine."
        remedy = "write it down as a table, or allow views of the file: Engine(views=True)."
        raise BadInput(Problem(address.name, text, remedy=remedy))
    if len(meant) > 1:
        listed = ", ".join(f"{schema}.{name}" for schema, name in meant)
        raise BadInput(Problem(address.name, f"{part!r} stands in several schemas.", remedy=f"name one of {listed}."))
    if not meant:
        known = [name if schema == "main" else f"{schema}.{name}" for schema, name in usable]
        raise no_such_table(part, known, Path(address.path).name)
    schema, name = meant[0]
    return backend.table(name, database=(alias, schema))
