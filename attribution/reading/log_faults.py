"""What may be wrong with the rows of a log, column by column: conditions, and cheap signs that no row meets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import time as clock
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem
from attribution.reading.columns import Columns
from attribution.reading.dialects import is_local
from attribution.reading.formats import AMBIGUOUS, FRACTION, PLAIN, UNIX, Format
from attribution.reading.likely import date_remedy, number_remedy
from attribution.reading.log_columns import as_amount, as_name, has_fraction, is_blank, no_name, type_of
from attribution.reading.stand_ins import CUT_SHORT, NOBODY_AS_WRITTEN

if TYPE_CHECKING:
    import ibis

__all__ = ["Fault", "amount_faults", "common_faults", "mark_faults", "marks", "no_names", "nobody"]

_YEAR_1971 = 365 * 86_400 * 1_000_000
_MARK = "mark conversions with 1 or true, other touches with 0 or false."


@dataclass(frozen=True)
class Fault:
    """A condition on rows that makes them unusable, and a cheap sign without which no row meets it.

    Column statistics answer the sign (count, least and greatest value), so that a clean Parquet file is not read; where
    there is no sign, rows are counted with these statistics, in one pass. Where there is a ``witness``, the rows are at
    fault only if some row of the table meets it, or only if none does. What is ``proposed`` for the cells of the column
    and those at fault comes before the remedy.
    """

    name: str
    column: str
    condition: Any
    text: str
    remedy: str
    sign: Callable[[Mapping[str, Any]], bool] | None = None
    proposed: Callable[[list[Any], list[Any]], str] | None = None
    witness: Any = None
    witnessed: bool = True


def common_faults(table: ibis.Table, columns: Columns, format: Format) -> Iterator[Fault]:
    """Of users and times, which touchpoints and conversions both have."""
    drop = "leave the rows out with Cleaning(drop=({!r},))."
    remedy = "journeys need an identity; or " + drop.format("missing user")
    yield from no_names("missing user", table, columns.user, remedy)
    shape = "times as 2024-01-31 23:59:59, in UTC or with an offset"
    stated = None if format.date_format is None else f"every time must read as {format.date_format!r}."
    yield Fault(
        "missing time",
        columns.time,
        table["_moment"].isnull(),
        "is empty or no time",
        drop.format("missing time"),
        lambda seen: seen["moments"] < seen["rows"],
        lambda cells, wrong: (
            "delete rows that name the columns again."
            if {*map(str, wrong)} == {columns.time}
            else stated or date_remedy(cells, wrong, shape)
        ),
    )
    yield Fault(
        "missing time",
        columns.time,
        (table["_time"] <= 0).fill_null(False),
        "is a placeholder: it lies before 1970.",
        "give their times at the source, or " + drop.format("missing time"),
        lambda seen: (seen["earliest"] if seen["earliest"] is not None else 1) <= 0,
    )
    if format.date_format in UNIX and UNIX[format.date_format] > 1:
        finer = [name for name, per_second in UNIX.items() if per_second < UNIX[format.date_format]]
        yield Fault(
            "missing time",
            columns.time,
            (table["_time"] < _YEAR_1971).fill_null(False),
            f"lies in 1970, read as {format.date_format}.",
            f"where it counts coarser steps, say date_format: {' or '.join(finer)}, and give one unit throughout.",
            lambda seen: (seen["earliest"] if seen["earliest"] is not None else _YEAR_1971) < _YEAR_1971,
        )
    tomorrow = int((clock() + 86_400) * 1_000_000)
    yield Fault(
        "future time",
        columns.time,
        (table["_time"] > tomorrow).fill_null(False),
        "lies in the future.",
        "check the clock and the zone of the source, or " + drop.format("future time"),
        lambda seen: (seen["latest"] or 0) > tomorrow,
    )
    if "_zoned" in table.columns:
        yield Fault(
            "mixed offsets",
            columns.time,
            (~table["_zoned"] & table["_moment"].notnull()).fill_null(False),
            "has no offset from UTC, and other times have one.",
            "write all with an offset, or state the time_zone of those without.",
            lambda seen: 0 < seen["zoned"] < seen["moments"],
        )


def no_names(name: str, table: ibis.Table, column: str, remedy: str) -> Iterator[Fault]:
    """Cells that are empty or no faithful name."""
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
        yield Fault(name, column, text.isnull() | is_blank(text), "is empty.", remedy, sign)
        return
    yield Fault(name, column, table[column].isnull() | (text.isnull() & ~broken), "is empty.", remedy, sign)
    if table[column].type().is_binary():
        told, what = "holds bytes that are no plain text.", "export the column as text."
    else:
        told, what = (
            "is a number with decimals or too many digits, no name.",
            "export the column as text; digits may be lost already.",
        )
    yield Fault(f"no name in {column}", column, broken, told, what)


def nobody(table: ibis.Table, column: str) -> Iterator[Fault]:
    """Conversions of a word that stands for no user: all who have none would be one person."""
    if table[column].type().is_string() or table[column].type().is_uuid():
        text = as_name(table[column])
        yield Fault(
            "missing user",
            column,
            text.isin(NOBODY_AS_WRITTEN).fill_null(False),
            "stands for nobody known, such as 'null': all of them would be one person.",
            "give their users at the source, or leave the rows out with Cleaning(drop=('missing user',)).",
        )
        yield Fault(
            f"no name in {column}",
            column,
            text.strip().re_search(CUT_SHORT).fill_null(False),
            "is a long id cut short to a number such as 1.23457E+17: ids that begin alike would be one person.",
            "export the ids as text; a spreadsheet has lost their last digits.",
        )


def amount_faults(
    table: ibis.Table,
    column: str,
    format: Format,
    name: str,
    amount: Any = None,
    where: Any = None,
    refunds: bool = False,
) -> Iterator[Fault]:
    """What may be wrong with amounts, in the rows that count."""
    cells = as_name(table[column]) if table[column].type().is_binary() else table[column]
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
    yield Fault(f"bad {column}", column, counts(unknown), "is empty or not finite.", remedy)
    if not refunds:
        remedy = "for refunds name the column of order ids, columns={'order': ...}, and each reduces its order."
        yield Fault(f"negative {column}", column, counts((number < 0).fill_null(False)), "is negative.", remedy)
    if not kind.is_string():
        return
    yield Fault(
        f"bad {column}",
        column,
        counts(~empty & number.isnull()),
        "is not a number",
        "",
        proposed=lambda cells, wrong: number_remedy(cells, wrong, format) if amount is None else _MARK,
    )
    if not format.states_numbers:
        remedy = "say decimal: '.' if three decimals are meant, or thousands: '.' if thousands are."
        yield Fault(
            f"bad {column}",
            column,
            counts(cells.strip().re_search(AMBIGUOUS)).fill_null(False),
            "may mean thousands or decimals, as 70.906 does.",
            remedy,
            witness=counts(cells.strip().re_search(FRACTION)).fill_null(False),
            witnessed=False,
        )


def mark_faults(table: ibis.Table, column: str, name: str) -> Iterator[Fault]:
    """What may be wrong with marks of conversions, which are whole numbers: 0, 1 or how many there were."""
    number = marks(table[column])
    yield from amount_faults(table, column, PLAIN, name, number)
    yield Fault(
        f"bad {column}",
        column,
        has_fraction(number).fill_null(False),
        "is a fraction, as a rate or the credit of another model is.",
        _MARK,
    )


def marks(column: Any) -> Any:
    """How many conversions a row counts; true and false of a text are 1 and 0."""
    if not column.type().is_string():
        return as_amount(column, PLAIN)
    text = column.strip().lower()
    return (text == "true").ifelse(1.0, (text == "false").ifelse(0.0, as_amount(column, PLAIN)))
