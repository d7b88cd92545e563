"""Checks of the raw log: reads touchpoints and conversions and names every row that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.reading.columns import Cleaning, Columns, ConversionEvents
from attribution.reading.dialects import epoch_micros, is_local, naming
from attribution.reading.exclusions import without_repeats
from attribution.reading.formats import PLAIN, Format
from attribution.reading.headers import DEEPEST, missing_columns
from attribution.reading.log_columns import as_amount, as_moment, as_name, has_offset
from attribution.reading.log_faults import amount_faults, common_faults, mark_faults, marks, no_names, nobody
from attribution.reading.log_verdict import ROW, judged
from attribution.reading.look_alikes import as_seen
from attribution.reading.named import require_values, values_of

if TYPE_CHECKING:
    import ibis

__all__ = ["Log", "admit_conversions", "admit_touchpoints", "split_events"]


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
    zoned
        Whether its times say their offset from UTC; None where that is stated, or where it holds whole days.
    findings
        What reading its orders showed.
    """

    events: ibis.Table
    exclusions: dict[str, int]
    earliest: int
    latest: int
    rows: int
    name: str
    zoned: bool | None = None
    findings: tuple[Finding, ...] = ()

    def single(self, cleaning: Cleaning, exclusions: dict[str, int]) -> Log:
        """The log without rows that repeat another in every column, or an error that counts them.

        Raises
        ------
        BadInput
            There are repeats, and cleaning neither drops nor keeps them.
        """
        events = without_repeats(self.events, cleaning, exclusions, self.name)
        return self if events is self.events else replace(self, events=events)


def admit_touchpoints(
    table: ibis.Table, columns: Columns, cleaning: Cleaning, name: str = "touchpoints", format: Format = PLAIN
) -> Log:
    """Touchpoints with user, time, channel and, where they stand, interaction, conversion and value.

    A value is read where a row is marked as a conversion, and nowhere else.

    Raises
    ------
    BadInput
        Every fault of the log at once.
    """
    _require(table, [columns.user, columns.time, columns.channel], name)
    table = _with_time(table, columns.time, format, name)
    import ibis

    drop = "name the channel at the source, or leave the rows out with Cleaning(drop=('missing channel',))."
    faults = [*common_faults(table, columns, format), *no_names("missing channel", table, columns.channel, drop)]
    marked, valued = columns.conversion in table.columns, columns.value in table.columns
    if marked:
        mark = marks(table[columns.conversion])
        faults += mark_faults(table, columns.conversion, name)
        if valued:
            faults += amount_faults(table, columns.value, format, name, where=(mark > 0).fill_null(False))
    kind_of_time = table[columns.time].type()
    table, exclusions, seen = judged(table, faults, cleaning, name)
    extras: dict[str, Any] = {}
    if columns.interaction in table.columns:
        extras["interaction"] = as_name(table[columns.interaction])
    if marked:
        extras["conversions"] = mark = marks(table[columns.conversion])
        worth = _money(table[columns.value], format) if valued else ibis.literal(0.0)
        extras["value"] = (mark > 0).ifelse(worth, 0.0)
    used = _used(columns) - {columns.kind}  # a kind of conversion; a touch may have one of its own
    kept = {column: table[column] for column in table.columns if column not in used}
    events = table.select(
        user=as_name(table[columns.user]),
        time=table["_time"],
        channel=as_name(table[columns.channel]),
        **extras,
        **{f"extra_{column}": value for column, value in kept.items() if not column.startswith("_")},
    )
    return Log(events, exclusions, *_span(seen), name, _zoned(kind_of_time, format, seen))


def admit_conversions(
    table: ibis.Table, columns: Columns, cleaning: Cleaning, name: str = "conversions", format: Format = PLAIN
) -> Log:
    """Conversions with user, time, number, value (0 where the table has none) and kind.

    Raises
    ------
    BadInput
        Every fault of the log at once.
    """
    import ibis

    _require(table, [columns.user, columns.time], name)
    table = _with_time(table, columns.time, format, name)
    valued, counted = columns.value in table.columns, columns.conversion in table.columns
    faults = list(common_faults(table, columns, format))
    if valued:
        faults += amount_faults(table, columns.value, format, name, refunds=columns.order is not None)
    if counted:
        faults += mark_faults(table, columns.conversion, name)
    faults += nobody(table, columns.user)
    kind_of_time = table[columns.time].type()
    table, exclusions, seen = judged(table, faults, cleaning, name)
    kind = columns.kind in table.columns
    kept = {column: table[column] for column in table.columns if column not in _used(columns)}
    events = table.select(
        user=as_name(table[columns.user]),
        time=table["_time"],
        conversions=marks(table[columns.conversion]) if counted else ibis.literal(1.0),
        value=_money(table[columns.value], format) if valued else ibis.literal(0.0),
        kind=as_name(table[columns.kind]) if kind else ibis.null("string"),
        **{f"extra_{column}": value for column, value in kept.items() if not column.startswith("_")},
    )
    return Log(events, exclusions, *_span(seen), name, _zoned(kind_of_time, format, seen))


def split_events(
    table: ibis.Table, rule: ConversionEvents, name: str, fold_names: bool = False
) -> tuple[ibis.Table, ibis.Table]:
    """Touchpoint rows and conversion rows of one event log.

    Raises
    ------
    BadInput
        The column is missing, or an event does not occur, or is written in several ways that are not to be folded.
    """
    _require(table, [rule.column], name)
    event, values = as_name(table[rule.column]), list(rule.values)
    if fold_names:
        with naming(name):
            meant = set(map(as_seen, values))
            values += [other for other in values_of(table, rule.column) if as_seen(other) in meant]
    require_values(dict.fromkeys(values), table, rule.column, name, "event")
    return table.filter(~event.isin(values) | event.isnull()), table.filter(event.isin(values))


def _used(columns: Columns) -> set[str]:
    return {columns.user, columns.time, columns.channel, columns.conversion, columns.value, columns.kind} | {
        columns.interaction
    }


def _require(table: ibis.Table, required: list[str], name: str) -> None:
    known = [column for column in table.columns if column != ROW]
    if all(column in known for column in required):
        _require_plain(table, required, name)
        return
    rows = table.limit(DEEPEST).execute().itertuples(index=False, name=None) if is_local(table) else ()
    problems = missing_columns(required, known, rows, name)
    say = f"Say columns={{declared name: name}}; its columns: {', '.join(known[:15])}."
    named = [problem.column is not None for problem in problems]
    raise BadInput(
        [
            replace(each, remedy=f"{each.remedy.partition('its columns')[0]} {say}".strip()) if own else each
            for each, own in zip(problems, named, strict=True)
        ]
    )


def _require_plain(table: ibis.Table, required: list[str], name: str) -> None:
    """Refuse columns of lists and structures, whose text is no name."""
    kinds = {column: table[column].type() for column in required}
    remedy = "give a column of plain texts or numbers, one row for each."
    problems = [
        Problem(name, f"holds {kind}, not names.", column, remedy=remedy)
        for column, kind in kinds.items()
        if kind.is_nested()
    ]
    if problems:
        raise BadInput(problems)


def _with_time(table: ibis.Table, column: str, format: Format, name: str) -> ibis.Table:
    """The table with ``_moment`` and, in microseconds, ``_time``."""
    moment = as_moment(table, column, format, name)
    known = {"_moment": moment, "_time": epoch_micros(moment, table)}
    if table[column].type().is_string() and format.date_format is None and format.time_zone is None:
        known["_zoned"] = has_offset(table[column])
    return table.mutate(**known)


def _money(column: Any, format: Format) -> Any:
    number = as_amount(column, format)
    return number if format.unit == 1 else number * format.unit


def _span(seen: Mapping[str, Any]) -> tuple[int, int, int]:
    return int(seen["earliest"]), int(seen["latest"]), int(seen["rows"])


def _zoned(kind: Any, format: Format, seen: Mapping[str, Any]) -> bool | None:
    """Whether times of a column of some type say their offset."""
    if "zoned" in seen:
        return bool(seen["zoned"])
    if not kind.is_timestamp() or (kind.timezone is None and format.time_zone is not None):
        return None
    return kind.timezone is not None
