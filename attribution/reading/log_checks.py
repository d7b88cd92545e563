"""Checks of the raw log: reads touchpoints and conversions and names every row that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import time as clock
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.columns import Cleaning, Columns, ConversionEvents
from attribution.reading.dialects import epoch_micros, is_local, naming
from attribution.reading.exclusions import without_repeats
from attribution.reading.formats import AMBIGUOUS, FRACTION, PLAIN, Format
from attribution.reading.headers import DEEPEST, missing_columns
from attribution.reading.likely import date_remedy, number_remedy
from attribution.reading.log_columns import as_amount, as_moment, as_name, has_offset, is_blank, no_name, type_of
from attribution.reading.look_alikes import as_seen
from attribution.reading.named import require_values, values_of
from attribution.reading.stand_ins import NOBODY_AS_WRITTEN
from attribution.reading.strict import shown

if TYPE_CHECKING:
    import ibis

__all__ = ["Log", "admit_conversions", "admit_touchpoints", "split_events"]

_SHOWN, _COMPARED = 3, 1_000
_MARK = "mark conversions with 1 or true, other touches with 0 or false."
ROW = "_row"
"""Column of rows' numbers, where they have to be told after rows have been chosen or joined."""


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
    """

    events: ibis.Table
    exclusions: dict[str, int]
    earliest: int
    latest: int
    rows: int
    name: str
    zoned: bool | None = None

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

    Column statistics answer the sign (count, least and greatest value), so that a clean Parquet file is not read. Where
    there is a ``witness``, the rows are at fault only if some row of the table meets it, or only if none does. What is
    ``proposed`` for the cells of the column and those at fault comes before the remedy.
    """

    name: str
    column: str
    condition: Any
    text: str
    remedy: str
    sign: Callable[[Mapping[str, Any]], bool] = lambda seen: True
    proposed: Callable[[list[Any], list[Any]], str] | None = None
    witness: Any = None
    witnessed: bool = True


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
    faults = [*_common_faults(table, columns, format), *_no_names("missing channel", table, columns.channel, drop)]
    marks, valued = columns.conversion in table.columns, columns.value in table.columns
    if marks:
        mark = _marks(table[columns.conversion])
        faults += _amount_faults(table, columns.conversion, PLAIN, name, mark)
        if valued:
            faults += _amount_faults(table, columns.value, format, name, where=(mark > 0).fill_null(False))
    kind_of_time = table[columns.time].type()
    table, exclusions, seen = _judge(table, faults, cleaning, name)
    extras: dict[str, Any] = {}
    if columns.interaction in table.columns:
        extras["interaction"] = as_name(table[columns.interaction])
    if marks:
        extras["conversions"] = mark = _marks(table[columns.conversion])
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
    faults = list(_common_faults(table, columns, format))
    if valued:
        faults += _amount_faults(table, columns.value, format, name, refunds=columns.order is not None)
    if counted:
        faults += _amount_faults(table, columns.conversion, PLAIN, name, _marks(table[columns.conversion]))
    faults += _nobody(table, columns.user)
    kind_of_time = table[columns.time].type()
    table, exclusions, seen = _judge(table, faults, cleaning, name)
    kind = columns.kind in table.columns
    kept = {column: table[column] for column in table.columns if column not in _used(columns)}
    events = table.select(
        user=as_name(table[columns.user]),
        time=table["_time"],
        conversions=_marks(table[columns.conversion]) if counted else ibis.literal(1.0),
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


def _common_faults(table: ibis.Table, columns: Columns, format: Format) -> Iterator[_Fault]:
    drop = "leave the rows out with Cleaning(drop=({!r},))."
    remedy = "journeys need an identity; or " + drop.format("missing user")
    yield from _no_names("missing user", table, columns.user, remedy)
    shape = "times as 2024-01-31 23:59:59, in UTC or with an offset"
    stated = None if format.date_format is None else f"every time must read as {format.date_format!r}."
    yield _Fault(
        "missing time",
        columns.time,
        table["_moment"].isnull(),
        "is empty or no time",
        drop.format("missing time"),
        lambda seen: seen["moments"] < seen["rows"],
        lambda cells, wrong: stated or date_remedy(cells, wrong, shape),
    )
    yield _Fault(
        "missing time",
        columns.time,
        (table["_time"] <= 0).fill_null(False),
        "is a placeholder: it lies before 1970.",
        "give their times at the source, or " + drop.format("missing time"),
        lambda seen: (seen["earliest"] if seen["earliest"] is not None else 1) <= 0,
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
    if "_zoned" in table.columns:
        yield _Fault(
            "mixed offsets",
            columns.time,
            (~table["_zoned"] & table["_moment"].notnull()).fill_null(False),
            "has no offset from UTC, and other times have one.",
            "write all with an offset, or state the time_zone of those without.",
            lambda seen: 0 < seen["zoned"] < seen["moments"],
        )


def _no_names(name: str, table: ibis.Table, column: str, remedy: str) -> Iterator[_Fault]:
    text = as_name(table[column])

    def sign(seen: Mapping[str, Any]) -> bool:
        empty = seen[f"count of {column}"] < seen["rows"]
        if not table[column].type().is_string():
            return bool(empty) or table[column].type().is_floating()  # whose empty cells may be NaN
        if empty or not is_local(table):
            return True
        least, greatest = (str(seen[f"{which} of {column}"]) for which in ("least", "greatest"))
        return least < "!" or greatest >= "\x85"  # blanks sort before all signs, or after those of ASCII

    broken = no_name(table[column])
    if broken is None:
        yield _Fault(name, column, text.isnull() | is_blank(text), "is empty.", remedy, sign)
        return
    yield _Fault(name, column, table[column].isnull() | (text.isnull() & ~broken), "is empty.", remedy, sign)
    if table[column].type().is_binary():
        told, what = "holds bytes that are no plain text.", "export the column as text."
    else:
        told, what = (
            "is a number with decimals or too many digits, no name.",
            "export the column as text; digits may be lost already.",
        )
    yield _Fault(f"no name in {column}", column, broken, told, what)


def _nobody(table: ibis.Table, column: str) -> Iterator[_Fault]:
    """Conversions of a word that stands for no user: all who have none would be one person."""
    if table[column].type().is_string():
        yield _Fault(
            "missing user",
            column,
            table[column].isin(NOBODY_AS_WRITTEN).fill_null(False),
            "stands for nobody known, such as 'null': all of them would be one person.",
            "give their users at the source, or leave the rows out with Cleaning(drop=('missing user',)).",
        )


def _amount_faults(
    table: ibis.Table,
    column: str,
    format: Format,
    name: str,
    amount: Any = None,
    where: Any = None,
    refunds: bool = False,
) -> Iterator[_Fault]:
    """What may be wrong with amounts, in the rows that count."""
    cells = table[column]
    kind = cells.type()
    if not (kind.is_numeric() or kind.is_boolean() or kind.is_string()):
        remedy = "plain digits and a decimal point only."
        raise BadInput(Problem(name, f"holds {type_of(cells)}, not numbers.", column, remedy=remedy))
    if kind.is_boolean() and amount is None:
        raise BadInput(Problem(name, "holds true and false, not numbers.", column, remedy="write the amounts."))
    number = as_amount(cells, format) if amount is None else amount

    def counts(condition: Any) -> Any:
        return condition if where is None else condition & where

    empty = cells.isnull() | is_blank(cells) if kind.is_string() else cells.isnull()
    unknown = (empty | number.isnan() | number.isinf()).fill_null(False)
    remedy = "write 0 where there is none."
    yield _Fault(f"bad {column}", column, counts(unknown), "is empty or not finite.", remedy)
    if not refunds:
        remedy = "for refunds name the column of order ids, columns={'order': ...}, and each reduces its order."
        yield _Fault(f"negative {column}", column, counts((number < 0).fill_null(False)), "is negative.", remedy)
    if not kind.is_string():
        return
    yield _Fault(
        f"bad {column}",
        column,
        counts(~empty & number.isnull()),
        "is not a number",
        "",
        proposed=lambda cells, wrong: number_remedy(cells, wrong, format) if amount is None else _MARK,
    )
    if not format.states_numbers:
        remedy = "say decimal: '.' if three decimals are meant, or thousands: '.' if thousands are."
        yield _Fault(
            f"bad {column}",
            column,
            counts(cells.strip().re_search(AMBIGUOUS)).fill_null(False),
            "may mean thousands or decimals, as 70.906 does.",
            remedy,
            witness=counts(cells.strip().re_search(FRACTION)).fill_null(False),
            witnessed=False,
        )


def _marks(column: Any) -> Any:
    """How many conversions a row counts; true and false of a text are 1 and 0."""
    if not column.type().is_string():
        return as_amount(column, PLAIN)
    text = column.strip().lower()
    return (text == "true").ifelse(1.0, (text == "false").ifelse(0.0, as_amount(column, PLAIN)))


def _money(column: Any, format: Format) -> Any:
    number = as_amount(column, format)
    return number if format.unit == 1 else number * format.unit


def _survey(table: ibis.Table, faults: list[_Fault], name: str) -> Mapping[str, Any]:
    """Rows, span of time, and count and least value of each column in question."""
    moment = table["_moment"]
    sums = {"rows": table.count(), "moments": moment.count()}
    sums |= {"earliest": epoch_micros(moment.min(), table), "latest": epoch_micros(moment.max(), table)}
    if "_zoned" in table.columns:
        sums["zoned"] = table.count(where=table["_zoned"] & moment.notnull())
    for column in {fault.column for fault in faults}:
        sums[f"count of {column}"] = table[column].count()
        if table[column].type().is_string():
            sums |= {f"least of {column}": table[column].min(), f"greatest of {column}": table[column].max()}
    with naming(name):
        seen = dict(table.aggregate(**sums).execute().iloc[0])
    return seen | {name: None if pd.isna(seen[name]) else int(seen[name]) for name in ("earliest", "latest")}


def _judge(
    table: ibis.Table, faults: list[_Fault], cleaning: Cleaning, name: str
) -> tuple[ibis.Table, dict[str, int], Mapping[str, Any]]:
    """Raise on faults, or leave out and count those the analyst chose to leave out; and what was seen of the rest."""
    seen = _survey(table, faults, name)
    if not seen["rows"]:
        raise BadInput(Problem(name, "has no rows.", remedy="export the table again; a header alone is not enough."))
    suspects = [fault for fault in faults if fault.sign(seen)]
    problems, keep = [], []
    exclusions: dict[str, int] = {}
    if suspects:
        sums = {f"fault_{i}": table.count(where=fault.condition) for i, fault in enumerate(suspects)}
        sums |= {
            f"witness_{i}": table.count(where=fault.witness)
            for i, fault in enumerate(suspects)
            if fault.witness is not None
        }
        with naming(name):
            counts = table.aggregate(**sums).execute().iloc[0]
    for i, fault in enumerate(suspects):
        faulty = int(counts[f"fault_{i}"])
        if fault.witness is not None and bool(counts[f"witness_{i}"]) != fault.witnessed:
            continue
        if faulty and fault.name in cleaning.drop:
            reason = f"{name}: {fault.name}"
            exclusions[reason] = exclusions.get(reason, 0) + faulty
            keep.append(~fault.condition)
        elif faulty:
            problems.append(_problem(table, fault, faulty, name))
    if problems:
        raise BadInput(problems)
    if keep:
        table = table.filter(keep)
        seen = _survey(table, faults, name)
        if not seen["rows"]:
            raise BadInput(Problem(name, "has no rows left after cleaning.", remedy="correct the rows at the source."))
    return table, exclusions, seen


def _span(seen: Mapping[str, Any]) -> tuple[int, int, int]:
    return int(seen["earliest"]), int(seen["latest"]), int(seen["rows"])


def _zoned(kind: Any, format: Format, seen: Mapping[str, Any]) -> bool | None:
    """Whether times of a column of some type say their offset."""
    if "zoned" in seen:
        return bool(seen["zoned"])
    if not kind.is_timestamp() or (kind.timezone is None and format.time_zone is not None):
        return None
    return kind.timezone is not None


def _problem(table: ibis.Table, fault: _Fault, faulty: int, name: str) -> Problem:
    """The fault with the first rows, counted from 1 without a header; with their number where rows have no order."""
    import ibis

    many = "s" if faulty > 1 else ""
    if not is_local(table):
        remedy = f"{fault.proposed([], [])} {fault.remedy}" if fault.proposed else fault.remedy
        return Problem(name, _ended(fault.text), fault.column, f"{amount(faulty)} row{many}", remedy.strip())
    cells = table[fault.column]
    numbered = table.select(
        row=table[ROW] if ROW in table.columns else ibis.row_number() + 1, bad=fault.condition, cell=cells
    )
    first = numbered.filter("bad").order_by("row").limit(_COMPARED).execute()
    wrong = first["cell"].dropna()
    more = f" and {amount(faulty - _SHOWN)} more" if faulty > _SHOWN else ""
    rows = f"data row{many} {', '.join(str(row) for row in first['row'][:_SHOWN])}{more}"
    if fault.proposed is None:
        return Problem(name, fault.text, fault.column, rows, fault.remedy)
    there = cells.notnull() & ~is_blank(cells) if cells.type().is_string() else cells.notnull()
    sample = table.filter(there).select(cell=cells).limit(_COMPARED).execute()["cell"]
    said = f": {shown(wrong)}" if len(wrong) else ""
    remedy = f"{fault.proposed([*sample], [*wrong])} {fault.remedy[:1].upper()}{fault.remedy[1:]}"
    return Problem(name, _ended(fault.text + said), fault.column, rows, remedy.strip())


def _ended(text: str) -> str:
    return text.removesuffix(".") + "."
