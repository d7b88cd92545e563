"""From files, frames and databases to tables."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput, Problem, UnknownName
from attribution.reading.contracts import Table
from attribution.reading.dialects import engine_of

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

__all__ = [
    "Engine",
    "batches",
    "carried",
    "kept",
    "log_table",
    "memory_limit",
    "read_table",
    "spill_folder",
]

_RAGGED = "every line needs as many cells as the header; quote cells that hold the separator."


@dataclass(frozen=True)
class Engine:
    """Settings of the embedded DuckDB, and of the work that other engines do.

    Parameters
    ----------
    memory_limit
        Such as ``"512MB"``; past it DuckDB works from disk, and touches that would take more than a quarter of it on
        their way to paths wait in a file. None: DuckDB's own default, 80 % of the machine.
    threads
        None: all cores.
    spill
        Folder for what does not fit in memory; None: DuckDB's default.
    cache
        Whether an engine other than the embedded one makes the paths once and keeps them (a temporary table; on Spark
        a cached one), so that each model is one group-by. False where nothing may be kept: each model then reads the
        log again.
    """

    memory_limit: str | None = None
    threads: int | None = None
    spill: str | None = None
    cache: bool = True

    def open(self) -> BaseBackend:
        """A fresh connection with its own memory."""
        import ibis

        settings = {"memory_limit": self.memory_limit, "threads": self.threads, "temp_directory": self.spill}
        backend = ibis.duckdb.connect(**{key: value for key, value in settings.items() if value is not None})
        backend.raw_sql("SET TimeZone = 'UTC'; SET preserve_insertion_order = true; SET enable_progress_bar = false")
        return backend


@functools.cache
def _shared(engine: Engine) -> BaseBackend:
    return engine.open()


def log_table(source: object, engine: Engine | None = None, name: str = "log", beside: object = None) -> ibis.Table:
    """A log of any size as an Ibis table; nothing is read yet.

    Parameters
    ----------
    source
        pandas or polars frame, Arrow table, path of a CSV, Parquet or DuckDB file (``"file.duckdb::table"``), a
        glob of Parquet files, or any Ibis table, which keeps its own engine.
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
    backend = beside.get_backend() if isinstance(beside, ibis.Table) else _shared(engine or Engine())
    if isinstance(source, str | os.PathLike):
        if backend.name == "duckdb":
            return _file_table(os.fspath(source), backend)
        source = _file_table(os.fspath(source), _shared(engine or Engine())).to_pyarrow()
    if source is None:
        raise BadInput(Problem(name, "is None.", remedy="pass a frame, a path or an Ibis table."))
    if isinstance(source, pd.DataFrame):
        source = _arrow_ready(source, name)
    try:
        table = ibis.memtable(source)
    except (TypeError, ValueError, NotImplementedError, ibis.IbisError) as error:
        raise BadInput(
            Problem(name, f"a {type(source).__name__} is not a table.", remedy="pass a frame, a path or an Ibis table.")
        ) from error
    if not table.columns:
        raise BadInput(Problem(name, "has no columns.", remedy="pass a frame, a path or an Ibis table."))
    try:
        return carried(table, backend)
    except (ibis.IbisError, ValueError, TypeError) as error:
        raise BadInput(
            Problem(name, f"cannot be read: {error}", remedy="give each column one plain type: text, number or time.")
        ) from error


def carried(table: ibis.Table, backend: BaseBackend) -> ibis.Table:
    """A table in memory as one of an engine, for as long as the connection lives."""
    import ibis

    name = ibis.util.gen_name("source")
    if backend.name == "pyspark":  # has temporary views instead of temporary tables
        return backend.create_view(name, table)
    return backend.create_table(name, table, temp=True)


def kept(table: ibis.Table, engine: Engine | None) -> ibis.Table:
    """The expression, computed once and kept by its engine for as long as anything refers to it."""
    return table.cache() if (engine or Engine()).cache else table


def _arrow_ready(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame with object columns settled, since a mixed column has no type in any engine."""
    twice = [str(column) for column in frame.columns[frame.columns.duplicated()]]
    problems = [
        Problem(name, "stands twice in the header.", column, remedy="rename or delete one.") for column in twice
    ]
    if problems:
        raise BadInput(problems)
    frame = frame.reset_index(drop=True)
    for column in [name for name, kind in frame.dtypes.items() if pd.api.types.is_object_dtype(kind)]:
        kinds = {type(value).__name__ for value in frame[column].dropna()}
        if not kinds:  # no engine has a type for it; the checks say what is missing
            frame[column] = frame[column].astype("string")
        if len(kinds) > 1 and not kinds <= {"int", "float", "bool"}:
            remedy = "give the column one type; times in several zones: pd.to_datetime(column, utc=True)."
            problems.append(Problem(name, f"mixes {' and '.join(sorted(kinds))}.", str(column), remedy=remedy))
        elif kinds & {"Timestamp", "datetime"} and len(_offsets(frame[column])) > 1:
            remedy = "convert to one zone first: pd.to_datetime(column, utc=True)."
            problems.append(Problem(name, "mixes time zones.", str(column), remedy=remedy))
        elif kinds and kinds <= {"Timestamp", "datetime"}:
            frame[column] = pd.to_datetime(frame[column])
    if problems:
        raise BadInput(problems)
    for column in frame.select_dtypes(["datetime64", "datetimetz"]).columns:
        frame[column] = frame[column].dt.as_unit("us")  # engines know no nanoseconds
    return frame


def _offsets(times: pd.Series) -> set[object]:
    return {time.utcoffset() for time in times.dropna()}


def _file_table(path: str, backend: BaseBackend) -> ibis.Table:
    import ibis

    file, _, inner = path.partition("::")
    suffix = Path(file).suffix.lower()
    is_glob = any(sign in file for sign in "*?[")
    if not is_glob and not Path(file).exists():
        raise BadInput(Problem(file, "does not exist.", remedy=f"check the path; looked in {Path.cwd()}."))
    is_folder = not is_glob and Path(file).is_dir()
    if is_folder and not any(Path(file).rglob("*.parquet")):
        raise BadInput(Problem(file, "is a folder without Parquet files.", remedy="name the file in it."))
    if not is_glob and not is_folder and Path(file).stat().st_size == 0:
        raise BadInput(Problem(file, "is an empty file.", remedy="export the table again."))
    with _naming(file):
        if suffix in {".duckdb", ".ddb", ".db"} and not is_folder:
            return _duckdb_table(file, inner, backend)
        if suffix in {".parquet", ".pq"} or is_folder:
            pattern = f"{file}/**/*.parquet" if is_folder else file
            return backend.read_parquet(pattern, table_name=ibis.util.gen_name("source"))
        if suffix in {".csv", ".tsv", ".txt", ".gz"}:
            # a stated separator makes a cut-off last line an error of its own, not a file of one column
            told = {} if suffix == ".gz" or is_glob else {"delim": _separator(Path(file))}
            return backend.read_csv(
                file, table_name=ibis.util.gen_name("source"), nullstr="", header=True, sample_size=-1, **told
            )
    raise BadInput(Problem(file, f"ends in {suffix or 'nothing'}.", remedy="CSV, Parquet and DuckDB files are read."))


def _duckdb_table(file: str, inner: str, backend: BaseBackend) -> ibis.Table:
    alias = f"db_{hashlib.sha256(str(Path(file).resolve()).encode()).hexdigest()[:16]}"
    quoted = file.replace("'", "''")
    backend.con.execute(f"ATTACH IF NOT EXISTS '{quoted}' AS {alias} (READ_ONLY)")
    listed = "SELECT table_name FROM information_schema.tables WHERE table_catalog = ?"
    tables = sorted(str(row[0]) for row in backend.con.execute(listed, [alias]).fetchall())
    if not inner and len(tables) == 1:
        inner = tables[0]
    if inner not in tables:
        raise UnknownName(inner or "(none)", tables, where=f"{file}; name the table as {file}::table")
    return backend.table(inner, database=(alias, "main"))


@contextmanager
def _naming(file: str) -> Iterator[None]:
    """Turn an engine's complaint about a file into one that names the file and the remedy."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        remedy = "the file is damaged, cut short or of another format; export it again."
        if "utf-8" in str(error).lower() or "encoding" in str(error).lower():
            remedy = "save the file as UTF-8."
        raise BadInput(Problem(file, f"cannot be read: {first}", remedy=remedy)) from error


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


def read_table(path: str | os.PathLike[str], table: Table, date_format: str | None = None) -> pd.DataFrame:
    """A small file as a checked frame.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab; UTF-8 with or without BOM), Parquet, xlsx, or ``file.duckdb::table``.
    table
        What the file must hold; messages name the file and, for a CSV file, its line.
    date_format
        ``strptime`` pattern of text dates.

    Returns
    -------
    pandas.DataFrame
        Typed as declared.

    Raises
    ------
    BadInput
        Every problem of the table.
    """
    name = os.fspath(path)
    frame = _read_small(name)
    first_row = 1 if Path(name.partition("::")[0]).suffix.lower() in {".parquet", ".pq", ".duckdb", ".ddb"} else 2
    return replace(
        table, name=Path(name).name, first_row=first_row, date_format=date_format or table.date_format
    ).check(frame)


def _read_small(name: str) -> pd.DataFrame:
    file = Path(name.partition("::")[0])
    suffix = file.suffix.lower()
    if suffix not in {".csv", ".tsv", ".txt", ".xlsx"}:
        return pd.DataFrame(log_table(name).execute())
    if file.is_dir():
        raise BadInput(Problem(name, "is a folder.", remedy="name the file in it."))
    if not file.is_file():
        raise BadInput(Problem(name, "does not exist.", remedy=f"check the path; looked in {Path.cwd()}."))
    if file.stat().st_size == 0:
        raise BadInput(Problem(name, "is an empty file.", remedy="export the table again."))
    try:
        if suffix == ".xlsx":
            return pd.read_excel(file)
        frame = pd.read_csv(
            file,
            sep=_separator(file),
            encoding="utf-8-sig",
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    except UnicodeDecodeError as error:
        text = f"is not UTF-8 (byte {error.start})."
        raise BadInput(Problem(name, text, remedy="save it as 'CSV UTF-8'.")) from error
    except (pd.errors.ParserError, ValueError, OSError, KeyError) as error:
        raise BadInput(Problem(name, f"cannot be read: {str(error).strip()}", remedy=_RAGGED)) from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas takes surplus cells for an index
        raise BadInput(Problem(name, "has lines with more cells than the header.", remedy=_RAGGED))
    return frame


def _separator(file: Path) -> str:
    with file.open("rb") as handle:
        header = handle.readline().decode("utf-8-sig", errors="replace")
    return max(",;\t", key=header.count)
