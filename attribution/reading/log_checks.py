"""Checks of the raw log: reads touchpoints and conversions and names every row that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import time as clock
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.errors import BadInput, Problem, nearest
from attribution.numbers import amount
from attribution.reading.columns import Cleaning, Columns, ConversionEvents
from attribution.reading.dialects import engine_of, epoch_micros, is_local, reads_text_times
from attribution.reading.exclusions import without_repeats
from attribution.reading.named import require_values

if TYPE_CHECKING:
    import ibis

__all__ = ["Log", "admit_conversions", "admit_touchpoints", "split_events"]

_SHOWN = 3


@dataclass(frozen=True)
class Log:
    """Checked events.

    Parameters
    ----------
    events
        Ibis table with ``user``, ``time`` (microseconds since 1970, UTC) and what the kind of log adds.
    exclusions
        Reason -> number of rows left out by explicit choice.
    earliest, latest
        First and last time.
    rows
        Number of events.
    name
        What messages call the log.
    """

    events: ibis.Table
    exclusions: dict[str, int]
    earliest: int
    latest: int
    rows: int
    name: str

    def single(self, cleaning: Cleaning, exclusions: dict[str, int]) -> Log:
        """The log without rows that repeat another in every column, or an error that counts them.

        Raises
        ------
        BadInput
            There are repeats, and cleaning neither drops nor keeps them.
        """
        events = without_repeats(self.events, cleaning, exclusions, self.name)
        return self if events is self.events else replace(self, events=events)


@dataclass(frozen=True)
class _Fault:
    """A condition on rows that makes them unusable, and a cheap sign without which no row meets it.

    Column statistics answer the sign (count, least and greatest value), so that a clean Parquet file is not read.
    """

    name: str
    column: str
    condition: Any
    text: str
    remedy: str
    sign: Callable[[Mapping[str, Any]], bool]


def admit_touchpoints(table: ibis.Table, columns: Columns, cleaning: Cleaning, name: str = "touchpoints") -> Log:
    """Touchpoints with user, time, channel and, where they stand, interaction, conversion and value.

    Raises
    ------
    BadInput
        Every fault of the log at once.
    """
    _require(table, [columns.user, columns.time, columns.channel], name)
    table = _with_time(table, columns.time, name)
    import ibis

    drop = "name the channel at the source, or leave the rows out with Cleaning(drop=('missing channel',))."
    faults = [*_common_faults(table, columns), _blank("missing channel", table, columns.channel, drop)]
    marks = columns.conversion in table.columns
    if marks:
        faults += _amount_faults(table, columns.conversion, name)
    faults += _amount_faults(table, columns.value, name) if columns.value in table.columns else []
    table, exclusions, span = _judge(table, faults, cleaning, name)
    extras: dict[str, Any] = {}
    if columns.interaction in table.columns:
        extras["interaction"] = table[columns.interaction].cast("string")
    if marks:
        extras["conversions"] = _amount(table[columns.conversion])
        known = columns.value in table.columns
        extras["value"] = _amount(table[columns.value]) if known else ibis.literal(0.0)
    kept = {column: table[column] for column in table.columns if column not in _used(columns)}
    events = table.select(
        user=table[columns.user].cast("string"),
        time=table["_time"],
        channel=table[columns.channel].cast("string"),
        **extras,
        **{f"extra_{column}": value for column, value in kept.items() if not column.startswith("_")},
    )
    return Log(events, exclusions, *span, name)


def admit_conversions(table: ibis.Table, columns: Columns, cleaning: Cleaning, name: str = "conversions") -> Log:
    """Conversions with user, time, number, value (0 where the table has none) and kind.

    Raises
    ------
    BadInput
        Every fault of the log at once.
    """
    import ibis

    _require(table, [columns.user, columns.time], name)
    table = _with_time(table, columns.time, name)
    valued, counted = columns.value in table.columns, columns.conversion in table.columns
    faults = list(_common_faults(table, columns))
    faults += _amount_faults(table, columns.value, name, refunds=columns.order is not None) if valued else []
    faults += _amount_faults(table, columns.conversion, name) if counted else []
    table, exclusions, span = _judge(table, faults, cleaning, name)
    kind = columns.kind in table.columns
    kept = {column: table[column] for column in table.columns if column not in _used(columns)}
    events = table.select(
        user=table[columns.user].cast("string"),
        time=table["_time"],
        conversions=_amount(table[columns.conversion]) if counted else ibis.literal(1.0),
        value=_amount(table[columns.value]) if valued else ibis.literal(0.0),
        kind=table[columns.kind].cast("string") if kind else ibis.null("string"),
        **{f"extra_{column}": value for column, value in kept.items() if not column.startswith("_")},
    )
    return Log(events, exclusions, *span, name)


def split_events(table: ibis.Table, rule: ConversionEvents, name: str) -> tuple[ibis.Table, ibis.Table]:
    """Touchpoint rows and conversion rows of one event log.

    Raises
    ------
    BadInput
        The column is missing, or an event does not occur.
    """
    _require(table, [rule.column], name)
    event = table[rule.column].cast("string")
    require_values(rule.values, table, rule.column, name, "event")
    chosen = table.filter(event.isin(list(rule.values)))
    return table.filter(~event.isin(list(rule.values)) | event.isnull()), chosen


def _used(columns: Columns) -> set[str]:
    return {columns.user, columns.time, columns.channel, columns.conversion, columns.value, columns.kind} | {
        columns.interaction
    }


def _require(table: ibis.Table, required: list[str], name: str) -> None:
    problems = []
    for column in required:
        if column not in table.columns:
            free = [other for other in table.columns if other not in required]
            close = nearest(column, free)
            present = f"its columns: {', '.join(table.columns[:15])}."
            remedy = (f"did you mean {close!r}? " if close else "") + f"Say columns={{declared name: name}}; {present}"
            problems.append(Problem(name, "is missing.", column, remedy=remedy))
    if problems:
        raise BadInput(problems)


def _with_time(table: ibis.Table, column: str, name: str) -> ibis.Table:
    """The table with ``_moment`` and, in microseconds, ``_time``; a text time is read as ISO 8601 and nothing else."""
    kind = table[column].type()
    if kind.is_timestamp() or kind.is_date():
        return table.mutate(_moment=table[column], _time=epoch_micros(table[column], table))
    if kind.is_string() and not reads_text_times(table):
        text = f"holds text, and {engine_of(table)} stops at the first text that is no time."
        raise BadInput(Problem(name, text, column, remedy="cast it to a timestamp in a view or by mutate."))
    if kind.is_string():
        stamp = _moment(table[column])
        return table.mutate(_moment=stamp, _time=epoch_micros(stamp, table))
    remedy = "convert it to timestamps; for Unix seconds: pd.to_datetime(column, unit='s', utc=True)."
    raise BadInput(Problem(name, f"holds {kind}, not times.", column, remedy=remedy))


def _moment(text: Any) -> Any:
    """Text as a time in UTC; an offset is obeyed, and its absence means UTC."""
    told = text.strip().re_search(r"(Z|z|[+-]\d{2}(:?\d{2})?)$") & text.contains(":")
    return told.ifelse(text.try_cast("timestamp('UTC')").cast("timestamp"), text.try_cast("timestamp"))


def _common_faults(table: ibis.Table, columns: Columns) -> Iterator[_Fault]:
    drop = "leave the rows out with Cleaning(drop=({!r},))."
    yield _blank("missing user", table, columns.user, "journeys need an identity; or " + drop.format("missing user"))
    time = table[columns.time]
    readable = _moment(time) if time.type().is_string() else time
    yield _Fault(
        "missing time",
        columns.time,
        readable.isnull(),
        "is empty or no time.",
        "write times as 2024-01-31 23:59:59, in UTC or with an offset; or " + drop.format("missing time"),
        lambda seen: time.type().is_string() or seen[f"count of {columns.time}"] < seen["rows"],
    )
    tomorrow = int((clock() + 86_400) * 1_000_000)
    yield _Fault(
        "future time",
        columns.time,
        (table["_time"] > tomorrow).fill_null(False),
        "lies in the future.",
        "check the clock and the zone of the source, or " + drop.format("future time"),
        lambda seen: (seen["latest"] or 0) > tomorrow,
    )


def _blank(name: str, table: ibis.Table, column: str, remedy: str) -> _Fault:
    text = table[column].cast("string")

    def sign(seen: Mapping[str, Any]) -> bool:
        empty = seen[f"count of {column}"] < seen["rows"]
        if not table[column].type().is_string():
            return bool(empty)
        return empty or not is_local(table) or str(seen[f"least of {column}"]) < "!"  # bytes sort blanks first

    return _Fault(name, column, text.isnull() | _is_blank(text), "is empty.", remedy, sign)


def _is_blank(text: Any) -> Any:
    """Whether nothing but white space is there; Spark's own trim takes the letter v for some."""
    for space in " \t\n\r":
        text = text.replace(space, "")
    return text == ""


def _amount_faults(table: ibis.Table, column: str, name: str, refunds: bool = False) -> Iterator[_Fault]:
    kind = table[column].type()
    if not (kind.is_numeric() or kind.is_boolean()):
        remedy = "plain digits and a decimal point only."
        raise BadInput(Problem(name, f"holds {kind}, not numbers.", column, remedy=remedy))
    amount = _amount(table[column])
    unknown = amount.isnull() | amount.isnan() | amount.isinf()
    remedy = "write 0 where there is none."
    yield _Fault(f"bad {column}", column, unknown, "is empty or not finite.", remedy, lambda seen: True)
    if not refunds:
        remedy = "for refunds name the column of order ids, columns={'order': ...}, and each reduces its order."
        yield _Fault(
            f"negative {column}", column, (amount < 0).fill_null(False), "is negative.", remedy, lambda _: True
        )


def _amount(column: Any) -> Any:
    """The numbers of a column; true counts 1."""
    return (column.cast("int32") if column.type().is_boolean() else column).cast("float64")


def _survey(table: ibis.Table, faults: list[_Fault]) -> Mapping[str, Any]:
    """Rows, span of time, and count and least value of each column in question."""
    sums = {"rows": table.count(), "earliest": table["_moment"].min(), "latest": table["_moment"].max()}
    for column in {fault.column for fault in faults}:
        sums[f"count of {column}"] = table[column].count()
        if table[column].type().is_string():
            sums[f"least of {column}"] = table[column].min()
    seen = dict(table.aggregate(**sums).execute().iloc[0])
    return seen | {name: _micros(seen[name]) for name in ("earliest", "latest")}


def _micros(moment: Any) -> int | None:
    """Microseconds since 1970 of a time as an engine returns it."""
    if pd.isna(moment):
        return None
    stamp = pd.Timestamp(moment)
    naive = stamp if stamp.tz is None else stamp.tz_convert(None)
    return int((naive - pd.Timestamp(0)) // pd.Timedelta(microseconds=1))


def _judge(
    table: ibis.Table, faults: list[_Fault], cleaning: Cleaning, name: str
) -> tuple[ibis.Table, dict[str, int], tuple[int, int, int]]:
    """Raise on faults, or leave out and count those the analyst chose to leave out."""
    seen = _survey(table, faults)
    if not seen["rows"]:
        raise BadInput(Problem(name, "has no rows.", remedy="export the table again; a header alone is not enough."))
    suspects = [fault for fault in faults if fault.sign(seen)]
    problems, exclusions, keep = [], {}, []
    if suspects:
        counts = table.aggregate(
            **{f"fault_{i}": table.count(where=fault.condition) for i, fault in enumerate(suspects)}
        ).execute()
    for i, fault in enumerate(suspects):
        faulty = int(counts[f"fault_{i}"].iloc[0])
        if faulty and fault.name in cleaning.drop:
            exclusions[f"{name}: {fault.name}"] = faulty
            keep.append(~fault.condition)
        elif faulty:
            rows = _rows(table, fault.condition, faulty)
            problems.append(Problem(name, fault.text, fault.column, rows, fault.remedy))
    if problems:
        raise BadInput(problems)
    if keep:
        table = table.filter(keep)
        seen = _survey(table, faults)
        if not seen["rows"]:
            raise BadInput(Problem(name, "has no rows left after cleaning.", remedy="correct the rows at the source."))
    return table, exclusions, (int(seen["earliest"]), int(seen["latest"]), int(seen["rows"]))


def _rows(table: ibis.Table, condition: Any, faulty: int) -> str:
    """The first faulty rows, counted from 1 without a header; their number where rows have no order."""
    import ibis

    if not is_local(table):
        return f"{amount(faulty)} row{'s' if faulty > 1 else ''}"
    numbered = table.select(row=ibis.row_number() + 1, bad=condition)
    first = numbered.filter("bad").order_by("row").limit(_SHOWN).execute()["row"]
    more = f" and {faulty - _SHOWN} more" if faulty > _SHOWN else ""
    return f"data row{'s' if faulty > 1 else ''} {', '.join(str(row) for row in first)}{more}"
