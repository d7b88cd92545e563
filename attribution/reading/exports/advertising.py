"""Rows of an advertising platform's export become spend by day and campaign."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.exports.amounts import MICROS, Marks, amounts_of, currency_sign
from attribution.reading.exports.closing import closing_lines
from attribution.reading.exports.days import days_of
from attribution.reading.exports.export import Export
from attribution.reading.exports.header import Header, header_of, plain, require
from attribution.reading.exports.lines import Lines, as_text
from attribution.reading.exports.subtotals import subtotals
from attribution.reading.stand_ins import totals_among

__all__ = ["Advertising", "Reading"]

_DATES = ("date", "from", "week", "month")
_NEEDS = (_DATES, ("spend", "micros"))


@dataclass(frozen=True)
class Reading:
    """What the reader of a file states beside its kind.

    Parameters
    ----------
    marks
        Signs of its numbers.
    date_format
        ``strptime`` pattern of its dates.
    covers
        ``"week"`` or ``"month"`` where each row holds so much from its date on; None: a day, or what the file says.
    """

    marks: Marks = field(default_factory=Marks)
    date_format: str | None = None
    covers: str | None = None


@dataclass(frozen=True)
class Advertising:
    """How a platform writes its spend.

    Parameters
    ----------
    name, title
        In plan files, and in sentences.
    columns
        Role -> plain names of its column, the preferred one first. Roles: ``date``, else ``from`` and ``until`` (first
        and last day of a row, which beside a ``date`` may be those of the whole report), ``week``, ``month``,
        ``account``, ``campaign``, ``spend``, ``micros`` (spend in millionths), ``impressions``, ``clicks``,
        ``currency``.
    marks
        Plain names of which a file has one, beside date and spend, if it comes from this platform.
    totals
        What a cell of a totals or closing line begins with; such a line has no date.
    blank
        Plain names of columns of which all that a file has are empty in its line of totals.
    empty
        What the platform writes for no value.
    american
        Whether it writes month/day/year.
    notes
        What to know of every export of the kind.
    """

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    marks: tuple[str, ...]
    totals: str = r"(?!)"
    blank: tuple[str, ...] = ()
    empty: tuple[str, ...] = ("", "--", "-")
    american: bool = False
    notes: tuple[str, ...] = field(default=())

    def fits(self, file: Lines) -> bool:
        """Whether a file has the columns by which this kind is known."""
        header = header_of(file, self.columns, _NEEDS)
        return header is not None and bool({plain(name) for name in header.names} & set(self.marks))

    def read(self, file: Lines, reading: Reading) -> Export:
        """The long table of a file.

        Raises
        ------
        BadInput
            Columns that are missing, cells that cannot be read, lines of another width.
        """
        header = require(file, self.title, self.columns, _NEEDS)
        rows, lines, totals = self._data(file, header)
        notes = [f"{file.name}: {text}" for text in self.notes]
        passed_over = [
            (header.row, "lines above the header, which are no data"),
            (len(totals), "lines marked as totals or as the end, left out"),
        ]
        notes += [f"{file.name}: {what}: {amount(count)}." for count, what in passed_over if count]
        table = _Table(file.name, header, rows, lines)
        problems: list[Problem | str] = []
        frame = pd.DataFrame(index=range(len(rows)))
        try:
            frame = _dated(self, table, reading)
        except BadInput as error:
            problems += error.problems
        frame["account"] = table.text("account")
        frame["campaign"] = table.text("campaign")
        blanks = self._numbers(table, reading.marks, frame, problems)
        if blanks:
            notes.append(f"{file.name}: empty cells of spend, which the platform means as 0: {amount(blanks)}.")
        frame["currency"] = _currency(table)
        _require_no_totals(table, frame)
        others = {plain(name): table.column(place) for place, name in enumerate(header.names) if name}
        texts = pd.DataFrame({name: [as_text(cell) for cell in column] for name, column in others.items()})
        _require_no_subtotals(table, frame, texts)
        doubts = _unlike(table, totals, reading.marks, float(frame["spend"].sum()))
        return Export(self.name, file.name, frame, texts, np.array(lines), tuple(notes), doubts)

    def _data(self, file: Lines, header: Header) -> tuple[list[list[Any]], list[int], list[list[Any]]]:
        """Rows below the header, their lines, and the platform's own totals apart."""
        rows, lines, totals, odd = [], [], [], []
        width = len(header.names)
        is_total = self._totals(header)
        body, numbers = file.rows[header.row + 1 :], file.numbers[header.row + 1 :]
        end = len(body) - closing_lines(body, width)
        totals += body[end:]
        for row, line in zip(body[:end], numbers[:end], strict=True):
            if is_total(row):
                totals.append(row)
            elif len(row) < width or any(cell != "" for cell in row[width:]):
                odd.append(line)
            else:
                rows.append(row)
                lines.append(line)
        if odd:
            text = f"has {amount(len(odd))} lines of another width than the header, first row {odd[0]}."
            raise BadInput(Problem(file.name, text, remedy="export it again; quote cells that hold the separator."))
        if not rows:
            raise BadInput(Problem(file.name, "has no rows of data.", remedy="export it again."))
        return rows, lines, totals

    def _totals(self, header: Header) -> Callable[[list[Any]], bool]:
        """Tells whether a line is one of the platform's own sums, or closes the file."""
        mark = re.compile(self.totals, re.IGNORECASE)
        dates = [header.places[role] for role in _DATES if role in header.places]
        blank = [at for at, name in enumerate(header.names) if plain(name) in self.blank]

        def marked(cell: Any) -> bool:
            return isinstance(cell, str) and mark.match(cell) is not None

        def is_total(row: list[Any]) -> bool:
            dated = any(at < len(row) and row[at] not in ("", *self.empty) and not marked(row[at]) for at in dates)
            if not dated and any(marked(cell) for cell in row):
                return True
            return bool(blank) and all(at < len(row) and row[at] == "" for at in blank)

        return is_total

    def _numbers(self, table: _Table, marks: Marks, frame: pd.DataFrame, problems: list[Problem | str]) -> int:
        """Spend and volumes into the frame; gives the number of empty cells. Raises these problems and others."""
        blanks = 0
        exact = Marks(decimal=marks.decimal or ".", thousands=marks.thousands)
        money = table.money
        for role, column in ((money, "spend"), ("impressions", "impressions"), ("clicks", "clicks")):
            if role not in table.header.places:
                frame[column] = np.nan
                continue
            where = (table.name, table.header.name(role))
            try:
                values, blank = amounts_of(
                    table.of(role), table.lines, exact if role == "micros" else marks, where, self.empty
                )
            except BadInput as error:
                problems += error.problems
                continue
            blanks += blank if role == money else 0
            frame[column] = np.rint(values / MICROS) / MICROS if role == "micros" else values / MICROS
        if problems:
            raise BadInput(problems)
        return blanks


@dataclass(frozen=True)
class _Table:
    """The rows of data of a file, by role."""

    name: str
    header: Header
    rows: list[list[Any]]
    lines: list[int]

    @property
    def money(self) -> str:
        """Role of the column of money."""
        return "spend" if "spend" in self.header.places else "micros"

    def column(self, place: int) -> list[Any]:
        return [row[place] for row in self.rows]

    def of(self, role: str) -> list[Any]:
        return self.column(self.header.places[role])

    def text(self, role: str) -> list[str]:
        return [as_text(cell) for cell in self.of(role)] if role in self.header.places else [""] * len(self.rows)


def _require_no_totals(table: _Table, frame: pd.DataFrame) -> None:
    """Refuse a campaign that is called a total and holds what all others do."""
    if "campaign" not in table.header.places:
        return
    for name in totals_among(frame["campaign"], frame["spend"]):
        line = table.lines[int((frame["campaign"] == name).to_numpy().argmax())]
        text = f"holds {name!r} with as much spend as all other rows: rows of totals."
        remedy = "delete them; or rename the campaign if it is one."
        raise BadInput(Problem(table.name, text, table.header.name("campaign"), f"row {line}", remedy))


def _require_no_subtotals(table: _Table, frame: pd.DataFrame, texts: pd.DataFrame) -> None:
    """Refuse rows that are the sum of those that divide them further."""
    read = {plain(table.header.name(role)) for role in table.header.places if role not in ("account", "campaign")}
    columns = {name: texts[name].tolist() for name in texts.columns if name not in read}
    if (found := subtotals(columns, frame["spend"], frame["date"])) is not None:
        column, place = found
        name = next(each for each in table.header.names if plain(each) == column)
        text = "is empty, or says that it is a total, in rows that hold as much spend as all others, day by day."
        remedy = "delete the rows of sums, or export without this column."
        raise BadInput(Problem(table.name, text, name, f"row {table.lines[place]}", remedy))


def _dated(kind: Advertising, table: _Table, reading: Reading) -> pd.DataFrame:
    """First and last day of every row."""
    role = next(role for role in _DATES if role in table.header.places)

    def days(role: str) -> NDArray[np.datetime64]:
        where = (table.name, table.header.name(role))
        return days_of(table.of(role), table.lines, where, reading.date_format, kind.american)

    first = days(role)
    covers = reading.covers or role
    if covers == "month":
        months = first.astype("datetime64[M]")
        first, last = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]") - 1
    elif covers == "week":
        last = first + 6
    else:
        last = days("until") if role == "from" and "until" in table.header.places else first
    if (backwards := last < first).any():
        line = table.lines[int(backwards.argmax())]
        raise BadInput(Problem(table.name, "ends before it begins.", row=f"row {line}", remedy="export it again."))
    return pd.DataFrame({"date": first.astype("datetime64[s]"), "until": last.astype("datetime64[s]")})


def _unlike(table: _Table, totals: list[list[Any]], marks: Marks, spent: float) -> tuple[str, ...]:
    """A sentence where the file's own totals are there and none of them is the sum of its rows."""
    at = table.header.places[table.money]
    cells = [row[at] for row in totals if at < len(row) and row[at] not in ("", "--", "-")]
    try:
        said = amounts_of(cells, [0] * len(cells), marks, (table.name, ""))[0] / MICROS
    except BadInput:
        return ()
    said = said / MICROS if table.money == "micros" else said
    if not len(said) or np.any(np.abs(said - spent) <= max(1.0, 1e-3 * abs(spent))):
        return ()
    return (
        f"{table.name}: its own total says {amount(said.max())}, its rows sum to {amount(spent)}: rows are missing.",
    )


def _currency(table: _Table) -> Sequence[str | None] | str | None:
    """Currency of every row: that of its column, of the header, or of the sign beside the numbers."""
    match = re.search(r"\(([A-Z]{3})\)$", table.header.name(table.money))
    if "currency" in table.header.places:
        named = [str(cell).upper() or None for cell in table.of("currency")]
        if match and (other := next((at for at, code in enumerate(named) if code not in (None, match[1])), -1)) >= 0:
            text = f"names {named[other]}, and the money stands under {table.header.name(table.money)!r}."
            remedy = "export one of the two; the currency of an account may differ from that of a report."
            row = f"row {table.lines[other]}"
            raise BadInput(Problem(table.name, text, table.header.name("currency"), row, remedy))
        return [code or (match[1] if match else None) for code in named]
    if match:
        return match[1]
    return _one_sign(dict.fromkeys(table.of(table.money)), (table.name, table.header.name(table.money)))


def _one_sign(cells: Iterable[Any], where: tuple[str, str]) -> str | None:
    """The currency beside the amounts of a column; they have one and the same, or none at all."""
    amounts = [cell for cell in cells if re.search("[1-9]", str(cell))]
    signs = {cell: currency_sign([cell]) for cell in amounts}
    named = set().union(*signs.values())
    if len(named) > 1 or (named and not all(signs.values())):
        odd = next(cell for cell in amounts if signs[cell] != signs[amounts[0]])
        text = (
            f"names different currencies, or one beside some amounts only: {str(amounts[0])[:30]!r}, {str(odd)[:30]!r}."
        )
        remedy = "name a column of currencies, or write amounts without them."
        raise BadInput(Problem(where[0], text, where[1], remedy=remedy))
    return next(iter(named - {""}), None)
