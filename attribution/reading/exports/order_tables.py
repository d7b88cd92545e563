"""Tables of orders: how a shop or a CRM names what the count of customers needs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.exports.amounts import MICROS, Marks, amounts_of, currency_sign
from attribution.reading.exports.days import Days, days_of, offsets_of
from attribution.reading.exports.header import Header, header_of, plain, require
from attribution.reading.exports.lines import Lines, as_text
from attribution.reading.exports.orders import Orders, orders_of_lines
from attribution.reading.formats import zone_of
from attribution.reading.stand_ins import NOBODY, is_total
from attribution.shown import shown

__all__ = ["OrderReading", "OrderTable", "one_person"]

_NO_VALUE = ("", "-", "--")
_STAGE = re.compile(r"(.+?) \(([^()]+)\)")
_SHOWN = 8


@shown
@dataclass(frozen=True)
class OrderReading:
    """What the reader of a file states beside its kind.

    Parameters
    ----------
    columns
        Role, ``date``, ``order``, ``person``, ``value`` or ``market`` -> its column in this file, in place of
        the kind's own.
    marks
        Signs of its numbers.
    date_format
        ``strptime`` pattern of its times.
    days_in
        Zone whose days count; None takes days as the file writes them.
    counted
        Stages of a deal, statuses of orders, or events, that count; empty for those of the kind.
    encoding
        Of a CSV file that is neither UTF-8 nor UTF-16 with its mark.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    date_format: str | None = None
    days_in: str | None = None
    counted: tuple[str, ...] = ()
    encoding: str | None = None


@dataclass(frozen=True)
class OrderTable:
    """How a shop or a CRM writes its orders.

    Parameters
    ----------
    name, title
        In plan files, and in sentences.
    columns
        Role -> plain names of its column, the preferred one first. Roles: ``date``, ``order``, ``person``, ``value``,
        ``refunded`` (money given back), ``cancelled`` (a date where the order was), ``status``, ``pipeline``,
        ``currency``.
    marks
        Plain names of which a file has one if it comes from there.
    counted
        Statuses that count, with or without a pipeline in brackets behind them; empty for all but ``void``.
    void
        Statuses that do not count.
    doubtful
        Pattern of statuses that may not count: where there are any, whoever reads the file has to say which do.
    needs
        Roles without which nothing can be counted.
    """

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    marks: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    void: tuple[str, ...] = ()
    doubtful: str = r"(?!)"
    needs: tuple[str, ...] = ("date",)

    def fits(self, file: Lines) -> bool:
        """Whether a file has the columns by which this kind is known."""
        header = header_of(file, self.columns, [(role,) for role in self.needs])
        return header is not None and bool({plain(name) for name in header.names} & set(self.marks))

    def read(self, file: Lines, reading: OrderReading) -> Orders:
        """The orders of a file.

        Raises
        ------
        BadInput
            Columns that are missing, cells that cannot be read.
        """
        kind = self._with(reading)
        needs = [(role,) for role in {**dict.fromkeys(kind.needs), **dict.fromkeys(reading.columns)}]
        header = require(file, kind.title, kind.columns, needs)
        rows, lines = file.rows[header.row + 1 :], file.numbers[header.row + 1 :]
        odd = [line for row, line in zip(rows, lines, strict=True) if len(row) != len(header.names)]
        if odd:
            text = f"has {amount(len(odd))} lines of another width than the header, first row {odd[0]}."
            raise BadInput(Problem(file.name, text, remedy="export it again; quote cells that hold the separator."))
        whole = _Part(file.name, header, rows, lines)
        void = kind._void(whole)
        kind._require_settled(whole, void)
        part = whole.without([cell == "" and gone for cell, gone in zip(whole.of("date"), void, strict=True)])
        if not part.rows:
            raise BadInput(Problem(file.name, "has no rows of data.", remedy="export it again."))
        undated = len(whole.rows) - len(part.rows)
        notes = (f"{file.name}: rows without a date that do not count anyway: {amount(undated)}.",) if undated else ()
        orders = orders_of_lines(kind._lines(part, reading), kind.name, file.name, (*notes, *kind._pipelines(whole)))
        offsets = () if reading.days_in or reading.date_format else offsets_of(part.of("date"))
        return replace(orders, currencies=_currencies(part), offsets=offsets)

    def _with(self, reading: OrderReading) -> OrderTable:
        named = {role: (plain(column),) for role, column in reading.columns.items()}
        return replace(self, columns={**self.columns, **named}, counted=reading.counted or self.counted)

    def _lines(self, part: _Part, reading: OrderReading) -> pd.DataFrame:
        frame = pd.DataFrame(
            {
                "order": ["" if cell.casefold() in NOBODY else cell for cell in part.text("order")],
                "person": [one_person(cell) for cell in part.text("person")],
                "market": part.text("market"),
                "void": self._void(part),
                "row": part.lines,
            }
        )
        later = (
            [cell == "" for cell in part.of("date")] & frame["order"].ne("").to_numpy() & frame["order"].duplicated()
        )
        kept = np.flatnonzero(~later)
        days = self._days(part, kept, reading)
        frame["date"] = pd.Series(days.astype("datetime64[s]"), index=kept)
        frame["date"] = frame["date"].fillna(frame["order"].map(frame.loc[kept].groupby("order")["date"].min()))
        frame["void"] = frame["void"].where(~later, False)
        frame["value"] = part.money("value", reading.marks)
        back = part.money("refunded", reading.marks)
        refunds = frame[back > 0].assign(value=-back[back > 0])
        return pd.concat([frame, refunds], ignore_index=True)

    def _void(self, part: _Part) -> list[bool]:
        """Rows of orders that are cancelled, void or not won."""
        counted, void = ({each.casefold() for each in names} for names in (self.counted, self.void))
        statuses = part.text("status")
        not_counted = {
            status: (bool(counted) and not counted & {status.casefold(), _stage(status)[0].casefold()})
            or status.casefold() in void
            for status in set(statuses)
        }
        return [
            not_counted[status] or gone != "" for status, gone in zip(statuses, part.text("cancelled"), strict=True)
        ]

    def _require_settled(self, part: _Part, void: list[bool]) -> None:
        """Refuse statuses of which it is open whether they count, and orders of which a part counts.

        Raises
        ------
        BadInput
            Where there are any.
        """
        if "status" not in part.header.places:
            return
        statuses, column = part.text("status"), part.header.name("status")
        present = [status for status, _ in Counter(filter(None, statuses)).most_common(_SHOWN)]
        listed = ", ".join(repr(status[:40]) for status in present)
        if self.counted and all(void):
            text = f"holds none that counts, such as {self.counted[0]!r}. It holds {listed}."
            raise BadInput(Problem(part.name, text, column, remedy="say which count with counted: [...]."))
        lost = [status for status in present if re.search(self.doubtful, status, re.IGNORECASE)]
        if lost and not self.counted:
            text = f"holds {', '.join(repr(status[:40]) for status in lost)}; nothing says whether those count."
            kept = ", ".join(status[:40] for status in present if status not in lost) or "..."
            raise BadInput(Problem(part.name, text, column, remedy=f"say which count with counted: [{kept}]."))
        known: dict[str, bool] = {}
        for order, status, gone, line in zip(part.text("order"), statuses, void, part.lines, strict=True):
            if order and status and known.setdefault(order, gone) != gone:
                text = (
                    f"holds order {order[:40]!r} several times, once as one that counts and once as one that does not."
                )
                remedy = "keep its last row, or the rows that count."
                raise BadInput(Problem(part.name, text, column, f"row {line}", remedy))

    def _pipelines(self, part: _Part) -> tuple[str, ...]:
        """A note where what counts is of several pipelines, of which one may hold renewals."""
        named = part.text("pipeline")
        won = zip(part.text("status"), named, self._void(part), strict=True)
        several = sorted({_stage(status)[1] or pipeline for status, pipeline, void in won if not void} - {""})
        if len(several) < 2:
            return ()
        return (f"{part.name}: what counts is of several pipelines, {', '.join(several[:_SHOWN])}.",)

    def _days(self, part: _Part, kept: Any, reading: OrderReading) -> Days:
        cells, lines = part.of("date"), [part.lines[place] for place in kept]
        where = (part.name, part.header.name("date"))
        zone = None if reading.days_in is None else zone_of(reading.days_in)
        return days_of([cells[place] for place in kept], lines, where, reading.date_format, zone=zone)


@dataclass(frozen=True)
class _Part:
    """The rows of data of a file, by role."""

    name: str
    header: Header
    rows: list[list[Any]]
    lines: list[int]

    def without(self, dropped: list[bool]) -> _Part:
        """The rows that are not dropped."""
        kept = [place for place, gone in enumerate(dropped) if not gone]
        return replace(self, rows=[self.rows[place] for place in kept], lines=[self.lines[place] for place in kept])

    def of(self, role: str) -> list[Any]:
        return [row[self.header.places[role]] for row in self.rows]

    def text(self, role: str) -> list[str]:
        return [as_text(cell) for cell in self.of(role)] if role in self.header.places else [""] * len(self.rows)

    def money(self, role: str, marks: Marks) -> pd.Series:
        """A column of money, NaN where it is empty or not there."""
        if role not in self.header.places:
            return pd.Series(np.nan, index=range(len(self.rows)))
        cells = self.of(role)
        values, _ = amounts_of(cells, self.lines, marks, (self.name, self.header.name(role)), _NO_VALUE)
        return pd.Series(np.where([cell in _NO_VALUE for cell in cells], np.nan, values / MICROS))


def _stage(status: str) -> tuple[str, str]:
    """A stage and the pipeline in brackets behind it, ``""`` where there is none."""
    match = _STAGE.fullmatch(status)
    return (match[1], match[2]) if match else (status, "")


def one_person(cell: str) -> str:
    """A person's id, "" for nobody known; addresses of mail are the same whatever their case."""
    if cell.casefold() in NOBODY or is_total(cell):
        return ""
    return cell.casefold() if "@" in cell else cell


def _currencies(part: _Part) -> tuple[str, ...]:
    if "currency" in part.header.places:
        return tuple(sorted({str(cell).upper() for cell in part.of("currency")} - {""}))
    if "value" not in part.header.places:
        return ()
    match = re.search(r"\(([A-Z]{3})\)$", part.header.name("value"))
    return (match[1],) if match else tuple(sorted(currency_sign(part.of("value")) - {""}))
