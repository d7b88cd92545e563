"""Files of any form as tables of the embedded engine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import VIEWS, Address, address_of, files_of, no_such_table
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
    files = files_of(address.path)
    first = _columns_of(files[0], backend)
    checked_header([name for name, _ in first], address.name)
    for file in files[1:]:
        other = _columns_of(file, backend)
        if problem := _unlike(file.name, dict(other), files[0].name, dict(first)):
            raise BadInput(problem)


def _columns_of(file: Path, backend: BaseBackend) -> list[tuple[str, str]]:
    """Names of a Parquet file's columns and what kind of cells they hold; of those within others nothing is said."""
    asked = "SELECT name, num_children, type, converted_type, logical_type::VARCHAR FROM parquet_schema(?)"
    columns, inner = [], 0
    for name, children, *types in backend.con.execute(asked, [str(file)]).fetchall()[1:]:
        if inner == 0:
            columns.append((name, "records" if children else _kind(*types)))
        inner += int(children or 0) - (inner > 0)
    return columns


def _kind(physical: str, converted: str | None, logical: str | None) -> str:
    said = f"{converted} {logical}"
    if "Timestamp" in said or "TIMESTAMP" in said or physical == "INT96":
        bare = "isAdjustedToUTC=0" in said or physical == "INT96"
        return "moments without a zone" if bare else "moments with a zone"
    if "DATE" in said or "Date" in said:
        return "days"
    if "DECIMAL" in said or "Decimal" in said or physical in ("INT32", "INT64", "FLOAT", "DOUBLE"):
        return "numbers"
    return "true and false" if physical == "BOOLEAN" else "text"


def _unlike(name: str, columns: dict[str, str], first: str, known: dict[str, str]) -> Problem | None:
    """What a file of a pattern has otherwise than the first, which an engine would cast or leave out unsaid."""
    apart = sorted(set(columns) ^ set(known))
    if apart:
        who, other = (name, first) if apart[0] in columns else (first, name)
        text = f"has a column {apart[0][:60]!r}, and {other} has none."
        return Problem(who, text, remedy="name files of one layout.")
    for column, kind in columns.items():
        if kind != known[column]:
            text = f"holds {kind}, and in {first} {known[column]}."
            return Problem(name, text, column, remedy="write the column alike in all files.")
    return None


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
        raise BadInput(Problem(address.name, text, remedy=VIEWS))
    if len(meant) > 1:
        listed = ", ".join(f"{schema}.{name}" for schema, name in meant)
        raise BadInput(Problem(address.name, f"{part!r} stands in several schemas.", remedy=f"name one of {listed}."))
    if not meant:
        known = [name if schema == "main" else f"{schema}.{name}" for schema, name in usable]
        raise no_such_table(part, known, Path(address.path).name, [name for _, name, kind in rows if kind == "VIEW"])
    schema, name = meant[0]
    return backend.table(name, database=(alias, schema))
