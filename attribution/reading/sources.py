"""From files, frames and databases to tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput, Problem
from attribution.reading.any_frame import with_index
from attribution.reading.dialects import carried, engine_of, naming
from attribution.reading.engine import Engine, shared
from attribution.reading.file_tables import file_table
from attribution.reading.frames import arrow_ready
from attribution.reading.headers import checked_header
from attribution.reading.queries import Query

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

__all__ = [
    "batches",
    "called",
    "kept",
    "log_table",
    "memory_limit",
    "only_row",
    "spill_folder",
]


def log_table(source: object, engine: Engine | None = None, name: str = "log", beside: object = None) -> ibis.Table:
    """A log of any size as an Ibis table; nothing is read yet.

    Parameters
    ----------
    source
        pandas or polars frame, Arrow table, path of a CSV, Parquet, xlsx, DuckDB or SQLite file
        (``"file.xlsx::sheet"``, ``"file.duckdb::table"``), a folder or pattern of Parquet files, a :class:`Query` or
        ``"url::select ..."``, or any Ibis table, which keeps its own engine.
    engine
        Settings of DuckDB for everything but an Ibis table.
    name
        What messages call an unnamed source.
    beside
        Where this is an Ibis table, the source is brought to its engine, so that the two can be joined.

    Raises
    ------
    BadInput
        Missing, empty, truncated or unreadable file; unknown kind of source.
    """
    import ibis

    if isinstance(source, ibis.Table):
        if isinstance(beside, ibis.Table) and beside.get_backend() is not source.get_backend():
            pair = f"{engine_of(source)} and {engine_of(beside)}"
            remedy = "make both from one connection, or pass the smaller one as a frame: table.to_pandas()."
            raise BadInput(Problem(name, f"and the table beside it come from two connections ({pair}).", remedy=remedy))
        return source
    if isinstance(source, Query):
        return log_table(source.table(), engine, name, beside)
    if isinstance(source, str) and "://" in source.partition("::")[0]:
        return log_table(Query.of(source), engine, name, beside)
    settings = engine or Engine()
    backend = beside.get_backend() if isinstance(beside, ibis.Table) else shared(settings)
    if isinstance(source, str | os.PathLike):
        if backend.name == "duckdb":
            return file_table(source, backend, settings.views)
        source = file_table(source, shared(settings), settings.views).to_pyarrow()
    return _of_frame(source, backend, name)


def called(source: str | os.PathLike[str]) -> str:
    """What messages call a file or query: without its folder, user and password."""
    text = os.fspath(source)
    address, parted, part = text.partition("::")
    return Query.of(text).name if "://" in address else Path(address).name + parted + part


def _of_frame(source: object, backend: BaseBackend, name: str) -> ibis.Table:
    import ibis

    remedy = "pass a frame, a path or an Ibis table."
    if source is None:
        raise BadInput(Problem(name, "is None.", remedy=remedy))
    if hasattr(source, "read"):
        raise BadInput(Problem(name, "is an open file.", remedy="pass its path, or the frame that was read from it."))
    if isinstance(source, list | tuple) and any(isinstance(each, str | os.PathLike) for each in source):
        raise BadInput(
            Problem(name, "is a list of paths.", remedy="pass a pattern such as 'log/*.parquet', or a folder.")
        )
    if isinstance(source, pd.DataFrame):
        if source.shape[1] == 0:
            raise BadInput(Problem(name, "has no columns.", remedy=remedy))
        source = arrow_ready(with_index(source), name)
    elif isinstance(names := getattr(source, "column_names", None), list):  # Arrow keeps a name that stands twice
        checked_header(names, name)
    try:
        table = ibis.memtable(source)
    except (TypeError, ValueError, NotImplementedError, ibis.IbisError) as error:
        raise BadInput(Problem(name, f"a {type(source).__name__} is not a table.", remedy=remedy)) from error
    if not table.columns:
        raise BadInput(Problem(name, "has no columns.", remedy=remedy))
    void = [column for column, kind in table.schema().items() if kind.is_null()]
    table = table.mutate(**{column: table[column].cast("string") for column in void})  # no engine keeps a type of none
    try:
        with naming(name):
            return carried(table, backend)
    except (ibis.IbisError, ValueError, TypeError, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        remedy = "give each column one plain type: text, number or time."
        raise BadInput(Problem(name, f"cannot be read: {str(error)[:200]}", remedy=remedy)) from error


def kept(table: ibis.Table, engine: Engine | None) -> ibis.Table:
    """The expression, computed once and kept by its engine for as long as anything refers to it."""
    return table.cache() if (engine or Engine()).cache else table


def memory_limit(table: ibis.Table) -> float:
    """Bytes that the table's DuckDB may use."""
    number, unit = str(_setting(table, "memory_limit")).split()
    return float(number) * 1024.0 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit)


def spill_folder(table: ibis.Table) -> str | None:
    """Where the table's DuckDB puts what does not fit in memory, if that folder stands; else None, the system's."""
    folder = str(_setting(table, "temp_directory"))
    return folder if Path(folder).is_dir() else None


def _setting(table: ibis.Table, name: str) -> object:
    return table.get_backend().con.execute("SELECT current_setting(?)", [name]).fetchall()[0][0]


def only_row(table: ibis.Table) -> dict[str, Any]:
    """The one row of an aggregate, by the names of its columns."""
    backend = table.get_backend()
    if backend.name != "duckdb":
        return dict(table.execute().iloc[0])
    backend._run_pre_execute_hooks(table)
    (row,) = backend.con.execute(backend.compile(table)).fetchall()  # by way of no frame, which costs as much again
    return dict(zip(table.columns, row, strict=True))


def batches(table: ibis.Table, rows: int = 250_000) -> Iterator[tuple[NDArray[Any], ...]]:
    """The rows of a DuckDB expression in order, as arrays, a batch at a time."""
    backend = table.get_backend()
    backend._run_pre_execute_hooks(table)
    backend.con.sql("SET preserve_insertion_order = false")  # the order asked for costs less without the old one
    try:
        relation = backend.con.sql(backend.compile(table))
        read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        for batch in read(rows):
            yield tuple(column.to_numpy(zero_copy_only=False) for column in batch.columns)
    finally:
        backend.con.sql("SET preserve_insertion_order = true")
