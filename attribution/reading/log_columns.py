"""Columns of a log as names, moments and amounts: strict, and counted by the engine where the log lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem
from attribution.reading.blanks import BLANKS
from attribution.reading.dialects import (
    by_pattern,
    engine_of,
    in_zone,
    is_local,
    moment_of,
    reads_text_times,
)
from attribution.reading.formats import AMBIGUOUS, EXCEL, FRACTION, ISO_TIME, UNIX, Format

if TYPE_CHECKING:
    import ibis

__all__ = [
    "as_amount",
    "as_moment",
    "as_name",
    "has_fraction",
    "has_offset",
    "is_blank",
    "is_iso",
    "no_name",
    "reads",
    "type_of",
    "typed",
    "without_blanks",
]

_EXACT = 2**53
_SERIAL = r"^[0-9]+([.][0-9]+)?$"
_UNIX = 25_569  # 1970-01-01 as spreadsheets count days
_YEAR_9999 = 253_402_300_799  # seconds since 1970


def type_of(column: Any) -> str:
    """What a column holds, for messages."""
    kind = column.type()
    if kind.is_null() or kind.is_unknown():
        return "nothing, or values of no plain type"
    return str(kind)


def as_name(column: Any) -> Any:
    """Ids, channels and kinds as text, alike in every form: a whole number has no point."""
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_floating():
        column = (column.isnan() | column.isinf()).ifelse(None, column)
    if kind.is_floating() or kind.is_decimal():
        return column.try_cast("int64").cast("string")
    if kind.is_json():  # whose texts stand in quotes
        return column.str.coalesce(column.cast("string"))
    return column.cast("string")


def no_name(column: Any) -> Any | None:
    """Which rows of a column of fractions hold no faithful name; None for columns of other types."""
    kind = column.type()
    if kind.is_binary():
        return column.cast("string").contains(r"\x").fill_null(False)  # as engines write bytes that are no plain text
    if not (kind.is_floating() or kind.is_decimal()):
        return None
    number = column.cast("float64")
    return column.notnull() & (has_fraction(number) | (~number.isnan() & (number.abs() >= _EXACT)))


def has_fraction(number: Any) -> Any:
    """Whether a float is no whole number; not where it is not finite, or too large to hold a fraction."""
    held = (~number.isnan() & (number.abs() < _EXACT)).ifelse(number, 0.0)  # engines floor no others
    return held != held.floor()


def is_blank(text: Any) -> Any:
    """Whether nothing but white space is there; each sign is listed, since engines differ in what they take for one."""
    return text.re_search(f"^[{BLANKS}]*$")


def without_blanks(text: Any) -> Any:
    """A text without blanks around it, and without signs that nobody sees."""
    return text.re_replace(f"^[{BLANKS}]+|[{BLANKS}]+$", "")


def is_iso(column: Any) -> Any:
    """Whether a text is a date, or a date and time, by ISO 8601."""
    return column.strip().re_search(ISO_TIME)


def has_offset(column: Any) -> Any:
    """Whether a text that is a time has an offset from UTC."""
    return column.strip().substr(10).re_search("[Zz+-]|UTC")


def as_moment(table: ibis.Table, column: str, format: Format, name: str) -> Any:
    """Times in UTC, null where they are empty or not of the stated form.

    Raises
    ------
    BadInput
        The column's type holds no times, or the engine cannot read them.
    """
    time = table[column]
    time = as_name(time) if time.type().is_binary() else time
    kind = time.type()
    if kind.is_timestamp() and kind.timezone is not None:
        return time
    if kind.is_timestamp() or kind.is_date():
        return _of_zone(time, format, table)
    if kind.is_numeric() and format.date_format == EXCEL:
        return _of_zone(_serial(time.cast("float64"), table), format, table)
    if kind.is_numeric() and format.date_format in UNIX:
        return _since_1970(time, UNIX[format.date_format], table)
    if kind.is_numeric() and format.pattern is not None:  # days as numbers, such as 20240131
        time = as_name(time)
        kind = time.type()
    if not kind.is_string():
        remedy = f"convert it to timestamps, or say what it counts, date_format: {', '.join(UNIX)} or {EXCEL}."
        raise BadInput(Problem(name, f"holds {type_of(time)}, not times.", column, remedy=remedy))
    if not reads_text_times(table) or (format.date_format is not None and not is_local(table)):
        text = f"holds text, and {engine_of(table)} stops at the first text that is no time."
        raise BadInput(Problem(name, text, column, remedy="cast it to a timestamp in a view or by mutate."))
    text = time.strip()
    if format.date_format == EXCEL:
        days = text.re_search(_SERIAL).ifelse(text.try_cast("float64"), None)
        return _of_zone(_serial(days, table), format, table)
    if format.date_format in UNIX:
        count = text.re_search(_SERIAL).ifelse(text.try_cast("float64"), None)  # exact to the microsecond until 2255
        return _since_1970(count, UNIX[format.date_format], table)
    if format.pattern is not None:
        zoned = "%z" in format.pattern
        read = by_pattern(text + format.tail if format.tail else text, format.pattern, zoned)
        return read if zoned else _of_zone(read, format, table)
    written = text.replace("UTC", "Z").replace("z", "Z").re_replace(r" ([Z+-])", r"\1")
    told = written.try_cast("timestamp('UTC')").cast("timestamp")
    naive = _of_zone(text.try_cast("timestamp"), format, table)
    return is_iso(time).ifelse(has_offset(time).ifelse(told, naive), None)


def _of_zone(time: Any, format: Format, table: ibis.Table) -> Any:
    return time if format.time_zone in (None, "UTC") else in_zone(time, str(format.time_zone), table)


def _serial(days: Any, table: ibis.Table) -> Any:
    days = days.between(1, 110_000).ifelse(days, None)
    micros = ((days - _UNIX) * 86_400).round().cast("int64") * 1_000_000
    return moment_of(micros, table).cast("timestamp")


def _since_1970(count: Any, per_second: int, table: ibis.Table) -> Any:
    furthest = _YEAR_9999 * per_second
    count = count.between(-furthest, furthest).ifelse(count, None)
    micros = (count * (1_000_000 // per_second)).round().cast("int64")
    return moment_of(micros, table).cast("timestamp")


def reads(column: Any, format: Format) -> Any:
    """Whether a text is a number by the stated signs."""
    return column.strip().re_search(format.number)


def as_amount(column: Any, format: Format) -> Any:
    """The numbers of a column; true counts 1, and what is no number is null."""
    column = as_name(column) if column.type().is_binary() else column
    kind = column.type()
    if kind.is_boolean():
        return column.cast("int32").cast("float64")
    if not kind.is_string():
        return column.cast("float64")
    text = column.strip()
    bare = text.re_replace(format.groups, "") if format.groups else text
    number = (bare.replace(",", ".") if format.point == "," else bare).try_cast("float64")
    return reads(column, format).ifelse(number, None)


def typed(table: ibis.Table, time: str, amounts: tuple[str, ...], format: Format, name: str) -> ibis.Table:
    """A log of texts with its times and amounts as such, for engines that give up at a text that is neither.

    Raises
    ------
    BadInput
        Amounts may mean thousands or decimals.
    """
    texts = [column for column in amounts if column in table.columns and table[column].type().is_string()]
    for column in [] if format.states_numbers else texts:
        cells = table[column].strip()
        counts = {"doubtful": cells.re_search(AMBIGUOUS).sum(), "clear": cells.re_search(FRACTION).sum()}
        seen = table.aggregate(**counts).execute().fillna(0).iloc[0]
        if seen["doubtful"] and not seen["clear"]:
            remedy = "say decimal: '.' if three decimals are meant, or thousands: '.' if thousands are."
            raise BadInput(Problem(name, "may mean thousands or decimals, as 70.906 does.", column, remedy=remedy))
    moment = as_moment(table, time, format, name).cast("timestamp('UTC')")
    numbers = {column: as_amount(table[column], format) for column in amounts if column in table.columns}
    return table.mutate(**{time: moment}, **numbers)
