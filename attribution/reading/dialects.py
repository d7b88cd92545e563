"""What engines say each in their own way; with :mod:`attribution.reading.sources` the only place that names one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem
from attribution.reading.engine import shared

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

__all__ = [
    "FILE_SCHEMES",
    "bucket_of",
    "by_pattern",
    "carried",
    "composed",
    "engine_of",
    "epoch_micros",
    "in_doubles",
    "in_zone",
    "is_local",
    "moment_of",
    "naming",
    "reads_text_times",
    "user_key",
]

_MICROS = {"duckdb": "epoch_us", "pyspark": "unix_micros", "databricks": "unix_micros", "bigquery": "unix_micros"}
_MOMENTS = {
    "duckdb": ("make_timestamptz", True),
    "pyspark": ("timestamp_micros", True),
    "databricks": ("timestamp_micros", True),
    "bigquery": ("timestamp_micros", True),
    "trino": ("from_unixtime", False),
}
FILE_SCHEMES = {"duckdb": "file.duckdb::table", "sqlite": "file.sqlite::table", "file": "the path alone"}
"""Kinds of address that name a file, and how the file is named instead."""
_ZONES = {"duckdb": ("timezone", True), "postgres": ("timezone", True), "pyspark": ("to_utc_timestamp", False)}
_STRICT_CASTS = ("postgres", "snowflake", "redshift", "risingwave", "materialize")


def engine_of(table: ibis.Table) -> str:
    """Ibis's name of the engine; empty for a table of no engine, as when only SQL is wanted."""
    import ibis

    try:
        return str(table.get_backend().name)
    except ibis.IbisError:
        return ""


def is_local(table: ibis.Table) -> bool:
    """Whether the table lives in DuckDB, whose sorted rows can be read one batch at a time without a network."""
    return engine_of(table) == "duckdb"


def reads_text_times(table: ibis.Table) -> bool:
    """Whether the engine can tell a text that is no time from one that is, instead of giving up."""
    return engine_of(table) not in _STRICT_CASTS


def epoch_micros(time: Any, table: ibis.Table) -> Any:
    """Microseconds since 1970 in UTC; times without a zone count as UTC."""
    import ibis

    engine = engine_of(table)
    if engine not in _MICROS:
        stamp = time if time.type().is_timestamp() else time.cast("timestamp")
        whole = stamp.truncate("s").epoch_seconds().cast("int64")
        return whole * 1_000_000 + stamp.microsecond().cast("int64")
    stamp = time if engine == "duckdb" else time.cast("timestamp('UTC')")

    @ibis.udf.scalar.builtin(signature=((stamp.type(),), "int64"), name=_MICROS[engine])
    def micros(stamp):  # type: ignore[no-untyped-def]
        ...

    return micros(stamp)


def moment_of(micros: Any, table: ibis.Table) -> Any:
    """The time in UTC that lies so many microseconds after 1970, in the engine of a table."""
    import ibis

    engine = engine_of(table)
    if engine == "snowflake":

        @ibis.udf.scalar.builtin(name="to_timestamp_ntz", signature=(("int64", "int64"), "timestamp('UTC')"))
        def scaled(count, digits):  # type: ignore[no-untyped-def]
            ...

        return scaled(micros, 6)
    name, whole = _MOMENTS.get(engine, ("to_timestamp", False))
    count = micros if whole else micros / ibis.literal(1e6)

    @ibis.udf.scalar.builtin(name=name, signature=((count.type(),), "timestamp('UTC')"))
    def moment(count):  # type: ignore[no-untyped-def]
        ...

    return moment(count)


def in_zone(time: Any, zone: str, table: ibis.Table) -> Any:
    """The moment at which a clock of a zone shows a time without one, in UTC.

    Raises
    ------
    BadInput
        The engine has no such function that we know.
    """
    import ibis

    engine = engine_of(table)
    if engine not in _ZONES:
        remedy = "convert the times to UTC in a view."
        raise BadInput(Problem(engine, "is not asked to read times of a zone.", remedy=remedy))
    name, zone_first = _ZONES[engine]
    if zone_first:

        @ibis.udf.scalar.builtin(name=name, signature=(("string", "timestamp"), "timestamp('UTC')"))
        def read(zone, time):  # type: ignore[no-untyped-def]
            ...

        return read(ibis.literal(zone), time.cast("timestamp")).cast("timestamp")

    @ibis.udf.scalar.builtin(name=name, signature=(("timestamp", "string"), "timestamp"))
    def read_by(time, zone):  # type: ignore[no-untyped-def]
        ...

    return read_by(time.cast("timestamp"), ibis.literal(zone))


def by_pattern(text: Any, pattern: str, zoned: bool) -> Any:
    """A text as the time that a pattern of strptime reads, null where it does not; in DuckDB."""
    import ibis

    kind = "timestamp('UTC')" if zoned else "timestamp"

    @ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), kind))
    def read(text, pattern):  # type: ignore[no-untyped-def]
        ...

    moment = read(text, ibis.literal(pattern)).cast("timestamp")
    if "%G" not in pattern:
        return moment
    return text.contains(moment.iso_year().cast("string")).ifelse(moment, None)  # week 53 of a year that has 52


def composed(text: Any) -> Any:
    """A text with its accents in one sign with their letters, as Unicode's NFC has them; as it is but in DuckDB."""
    import ibis

    if engine_of(text) != "duckdb":
        return text

    @ibis.udf.scalar.builtin(signature=(("string",), "string"), name="nfc_normalize")
    def compose(text):  # type: ignore[no-untyped-def]
        ...

    return compose(text)


def user_key(user: Any) -> Any:
    """64 bits that stand for a user in DuckDB; two of 10 million users share them once in 400,000 logs."""
    import ibis

    @ibis.udf.scalar.builtin(signature=(("string",), "uint64"), name="hash")
    def key(text):  # type: ignore[no-untyped-def]
        ...

    return key(user)


def bucket_of(user: Any, buckets: int, table: ibis.Table) -> Any:
    """A number from 0 to ``buckets - 1`` that depends on the user alone.

    Each engine has a hash of its own, so that the same user falls into another bucket elsewhere: intervals repeat with
    the seed within an engine and agree between engines as two drawings of buckets do. Sums over all buckets, and so
    every estimate, are the same everywhere.
    """
    import ibis

    text = user.cast("string")
    if engine_of(table) != "trino":
        return ((text.hash() % buckets) + buckets) % buckets

    @ibis.udf.scalar.builtin(name="crc32", signature=(("binary",), "int64"))
    def crc32(octets):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="to_utf8", signature=(("string",), "binary"))
    def to_utf8(letters):  # type: ignore[no-untyped-def]
        ...

    return crc32(to_utf8(text)) % buckets


def in_doubles(table: ibis.Table) -> ibis.Table:
    """The expression with fractions in double precision.

    Spark, Postgres and Snowflake read ``1.0`` as a decimal number of one place, and Snowflake divides whole numbers as
    decimals too; quotients of decimals are rounded to a few places.
    """
    import ibis.expr.operations as ops

    def widened(node: Any, replaced: Mapping[str, Any] | None) -> Any:
        node = node.__recreate__(replaced) if replaced else node
        if isinstance(node, ops.Literal) and node.dtype.is_floating() and node.value is not None:
            return ops.Cast(node, to="float64")
        if isinstance(node, ops.Divide) and node.left.dtype.is_integer() and node.right.dtype.is_integer():
            return ops.Divide(ops.Cast(node.left, to="float64"), node.right)
        return node

    return table.op().replace(widened).to_expr()


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Turn an engine's complaint about a source into one that names the file and the remedy."""
    import duckdb

    try:
        yield
    except (duckdb.InternalException, duckdb.FatalException) as error:
        shared.cache_clear()  # an engine that broke down answers nothing any more; the next read opens another
        text = "DuckDB broke down over it, by a fault of its own."
        raise BadInput(
            Problem(name, text, remedy="write the table in another form, such as CSV, and try again.")
        ) from error
    except duckdb.Error as error:
        raise BadInput(_complaint(str(error), name)) from error


_COMPLAINTS = (  # what an engine says, what is wrong, what to do
    (
        r"out of memory",
        "does not fit in the memory it may use.",
        "raise memory_limit, or give spill a folder with room.",
    ),
    (r"maximum line size", "has a line of more than 2 MB.", "shorten its longest cell, or leave that column out."),
    (
        r"not utf-8 encoded",
        "is not UTF-8.",
        "save the file as UTF-8 ('CSV UTF-8' in a spreadsheet), or say encoding: cp1252 if it is that.",
    ),
    (
        r"unterminated quote|quoted value",
        "has a quote that does not close.",
        "the file was cut short, or a quote within a cell is not doubled; export it again.",
    ),
    (r"has duplicate key", "has an object that holds a key twice.", "keep one of them."),
    (
        r"malformed json|json transform error|more than one object",
        "is no newline JSON.",
        "write one object per line in UTF-8 without a mark; export a file that was cut short again.",
    ),
    (r"GZIP|gzip", "is cut short or no gzip file.", "export it again."),
    (r"encrypted", "is encrypted.", "write it down without encryption."),
    (r"lock on file", "is in use by another program.", "close it there, or copy the file."),
    (r"state machine", "mixes line ends or quotes.", "save it again as CSV from one program."),
)


def _complaint(said: str, name: str) -> Problem:
    """What an engine says of a source, without the folders it lies in, in one line."""
    first = re.sub(r"[^\s'\"]*/(?=[^\s'\"/]+)", "", said.splitlines()[0])[:200]
    text, remedy = f"cannot be read: {first}", "the file is damaged, cut short or of another format; export it again."
    for pattern, *told in _COMPLAINTS:
        if re.search(pattern, said, re.IGNORECASE):
            text, remedy = told
            break
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", said):
        text = f"has {counts[2]} cells where the header has {counts[1]}."
        if counts[1] == "1":
            text += " If the first line is a title, delete the lines above the header."
        remedy = (
            "every line needs as many cells as the header; quote cells that hold the separator, or export it again."
        )
    line, file = re.search(r"CSV Error on Line: (\d+)", said), re.search(r"^\s+file = (.+)$", said, re.MULTILINE)
    place = Path(file[1]).name if file else name
    return Problem(place, text, row=f"line {line[1]}" if line else None, remedy=remedy)


def carried(table: ibis.Table, backend: BaseBackend) -> ibis.Table:
    """A table in memory as one of an engine, for as long as the connection lives."""
    import ibis

    name = ibis.util.gen_name("source")
    if backend.name == "pyspark":  # has temporary views instead of temporary tables
        return backend.create_view(name, table)
    return backend.create_table(name, table, temp=True)
