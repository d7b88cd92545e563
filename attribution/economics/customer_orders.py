"""Orders of customers as a company exports them: who ordered when, by which channel they came, what was earned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.arrays import Flags, Ints
from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.cells import Cells, cells_of
from attribution.reading.contracts import Column, Table
from attribution.reading.encodings import in_encoding
from attribution.reading.engine import Engine
from attribution.reading.exports.days import days_of
from attribution.reading.exports.order_tables import one_person
from attribution.reading.formats import PLAIN, Format, zone_of
from attribution.reading.strict import Read, read_names
from attribution.shown import shown

__all__ = ["TOGETHER", "CustomerOrders", "read_customer_orders"]

TOGETHER = "all"
"""The channel of all customers where the orders name none."""

_ROLES = ("customer", "date", "channel", "margin", "value", "currency")
_SHOWN = 3
_APART, _FEW = 3, 0.01  # months without any order, and share of orders, past which those beyond are slips of the year


@shown
@dataclass(frozen=True, eq=False)
class CustomerOrders:
    """Checked orders of customers.

    Parameters
    ----------
    frame
        A row per order or refund, by date: ``customer``, ``date``, ``month`` (counted from the year 0), ``channel``
        (:data:`TOGETHER` throughout where the table has none), ``margin`` (currency) and ``refund``, whether the row is
        one: it takes from the margin, and makes nobody a customer.
    name
        What messages call the table.
    currency
        What the table says its amounts are in; None where it says nothing.
    """

    frame: pd.DataFrame
    name: str = "orders"
    currency: str | None = None

    @property
    def has_channels(self) -> bool:
        """Whether the table says by which channel customers came."""
        return not self.frame["channel"].eq(TOGETHER).all()

    @property
    def bought(self) -> pd.DataFrame:
        """The orders, refunds left out."""
        return self.frame[~self.frame["refund"]]

    def by_day(self) -> pd.DataFrame:
        """``date``, ``person`` and ``value`` (margin) of all that a customer ordered in a day, refunds taken off the
        order before them.
        """
        own = self.frame.sort_values(["date", "refund"], kind="stable")
        day = own["date"].where(~own["refund"]).groupby(own["customer"]).ffill()
        rows = pd.DataFrame({"date": day, "person": own["customer"], "value": own["margin"]}).dropna(subset="date")
        return pd.DataFrame(rows.groupby(["date", "person"])["value"].sum()).reset_index()

    def people(self) -> pd.DataFrame:
        """By customer: ``first`` and ``last`` month with an order, and the ``channel`` of the first."""
        grouped = self.bought.groupby("customer", sort=False)
        return grouped.agg(first=("month", "first"), last=("month", "last"), channel=("channel", "first"))

    def since(self, month: pd.Timestamp | None) -> CustomerOrders:
        """Without the customers who ordered before a month, and so were customers already."""
        if month is None:
            return self
        first = self.frame["customer"].map(self.people()["first"])
        kept = self.frame[first >= months_of(pd.DatetimeIndex([month]))[0]]
        if kept.empty:
            text = f"holds no customer whose first order is of {month:%Y-%m} or later."
            raise BadInput(Problem(self.name, text, "date", remedy="give an earlier month, or newer orders."))
        return replace(self, frame=kept)


def read_customer_orders(
    source: object,
    columns: Mapping[str, str | None] | None = None,
    *,
    margin_rate: float | None = None,
    people: Mapping[str, str] | None = None,
    channels: Mapping[str, str] | None = None,
    format: Format | None = None,
    engine: Engine | None = None,
) -> CustomerOrders:
    """Orders of customers as they are, checked.

    Parameters
    ----------
    source
        File or frame, a row per order, line of one or refund.
    columns
        Declared name (``customer``, ``date``, ``channel``, ``margin``, ``value``, ``currency``) -> name in the table,
        None where it has none. ``channel`` may be missing unless it is named, and is read of each customer's first
        order. ``value`` below 0 is a refund.
    margin_rate
        Share of ``value`` that is contribution margin, where the table has no margin.
    people
        User -> person, where several ids are one customer; who is missing is a person of its own.
    channels
        Name of a channel in the table -> its name elsewhere.
    format, engine
        As for :func:`attribution.read_table`; a time zone is that whose days count.

    Raises
    ------
    BadInput
        Every problem: rows without a customer, first orders without a channel, several currencies, cells that cannot be
        read.
    """
    if margin_rate is not None and not 0 < margin_rate <= 1:
        raise BadInput(f"margin_rate is {margin_rate:g}; give the share of value that is margin, such as 0.3 for 30 %.")
    written = format or PLAIN
    cells = cells_of(in_encoding(source, written.encoding, "orders"), "orders", engine=engine)
    names = {role: name for role in _ROLES if (name := (columns or {}).get(role, role)) is not None}
    money = "value" if margin_rate is not None else "margin"
    asked = {"customer", money, *({"channel"} & set(columns or {}))}
    frame = _checked(cells, names, asked, written)
    if people is not None:
        frame["customer"] = frame["customer"].map(dict(people)).fillna(frame["customer"])
    frame["margin"] = frame[money] * (1.0 if margin_rate is None else margin_rate)
    if margin_rate is None and "value" in frame and (problem := _above_value(frame, cells.name, names["margin"])):
        raise BadInput(problem)
    frame["refund"] = frame["value"] < 0 if "value" in frame else False
    frame["month"] = months_of(pd.DatetimeIndex(frame["date"]))
    frame["channel"] = frame["channel"].replace(dict(channels or {})) if "channel" in frame else TOGETHER
    frame = frame.sort_values("date", kind="stable", ignore_index=True)
    if problems := [*_far_off(frame, cells.name, names["date"]), *_first_orders(frame, cells.name, names)]:
        raise BadInput(problems)
    currency = str(frame["currency"].iloc[0]) if "currency" in frame else None
    return CustomerOrders(frame[["customer", "date", "month", "channel", "margin", "refund"]], cells.name, currency)


def months_of(days: pd.DatetimeIndex) -> Ints:
    """Months, counted from the year 0."""
    return np.asarray(days.year * 12 + days.month - 1, dtype=np.int64)


def _checked(cells: Cells, names: Mapping[str, str], asked: set[str], format: Format) -> pd.DataFrame:
    """The columns that there are by their role, typed, and ``row``."""
    own, problems = cells.frame, list[Problem | str]()
    rows = np.arange(len(own)) + cells.first_row
    kept = pd.DataFrame({"row": rows}, own.index)
    try:
        typed = _declared(names, asked, cells, format).check(own)
        kept = kept.assign(**{role: typed[names[role]] for role in ("margin", "value") if names.get(role) in typed})
    except BadInput as error:
        problems += error.problems
    for role in ("customer", "channel", "currency"):
        if (name := names.get(role)) in own:
            kept[role], faulty, read = _names(own[name])
            if faulty.any():
                problems.append(Problem(cells.name, read.text, name, _shown(rows[faulty]), read.remedy))
    if names["date"] in own:
        try:
            kept["date"] = _days(own[names["date"]], rows, (cells.name, names["date"]), format)
        except BadInput as error:
            problems += error.problems
    if "customer" in kept and (empty := kept["customer"].eq("").to_numpy()).any():
        text = f"names nobody in {amount(int(empty.sum()))} of {amount(len(empty))} rows."
        remedy = "leave such orders out at the source, or give each buyer an id; nothing is left out silently."
        problems.append(Problem(cells.name, text, names["customer"], _shown(rows[empty]), remedy))
    if "currency" in kept:
        kept["currency"] = kept["currency"].str.strip().str.upper()
        problems += _of_currencies(kept, cells.name, names["currency"])
    if problems:
        raise BadInput(problems)
    return kept


def _of_currencies(kept: pd.DataFrame, name: str, column: str) -> Iterator[Problem]:
    codes = kept["currency"].unique()
    if len(empty := kept.loc[kept["currency"].eq(""), "row"]):
        yield Problem(name, "is empty.", column, _shown(empty.to_numpy()), "fill the cells at the source.")
    elif len(codes) > 1:
        text = f"mixes currencies: {', '.join(codes[:_SHOWN])}{' and more' if len(codes) > _SHOWN else ''}."
        yield Problem(name, text, column, remedy="convert all amounts into one currency at the source.")


def _declared(names: Mapping[str, str], asked: set[str], cells: Cells, format: Format) -> Table:
    """Columns of money, and of the others those that are missing: names are read once each, and moments as well."""
    columns = []
    for role, name in names.items():
        if role in ("margin", "value"):
            columns.append(Column(name, money=True, required=role in asked))
        elif name not in cells.frame and role in (*asked, "date", "currency"):
            columns.append(Column(name, "text", required=role != "currency"))
    return Table(cells.name, tuple(columns), first_row=cells.first_row, format=format)


def _names(column: pd.Series) -> tuple[pd.Series, Flags, Read]:
    """Names, "" for nobody; which cells are none; and what is wrong with those. A table repeats few of them."""
    code, cells = pd.factorize(column, use_na_sentinel=True)
    each = read_names(pd.Series(np.asarray(cells, dtype=object)))
    texts = np.array([*(one_person(text if isinstance(text, str) else "") for text in each.cells), ""], dtype=object)
    faulty = np.array([*each.faulty, False])
    return pd.Series(texts[code], column.index), faulty[code], each


def _days(cells: pd.Series, rows: Ints, where: tuple[str, str], format: Format) -> pd.Series:
    """Days of dates and of moments, those of the stated zone."""
    zone = None if format.time_zone is None else zone_of(format.time_zone)
    if pd.api.types.is_datetime64_any_dtype(cells) and cells.notna().all() and (cells.dt.tz is None or zone):
        local = cells if zone is None or cells.dt.tz is None else cells.dt.tz_convert(zone)
        return pd.Series(pd.DatetimeIndex(local).tz_localize(None).normalize(), cells.index)
    plain = ["" if cell is None or cell is pd.NaT else cell for cell in cells]
    days = days_of(plain, rows.tolist(), where, format.date_format, zone=zone)
    return pd.Series(days.astype("datetime64[s]"), cells.index)


def _far_off(frame: pd.DataFrame, name: str, column: str) -> Iterator[Problem]:
    """Few orders that lie apart from all others by months without any: one such date would make all others lost."""
    month = frame["month"].to_numpy()
    held = np.unique(month)
    for place in np.flatnonzero(np.diff(held) > _APART):
        for far in (month > held[place], month <= held[place]):
            if 0 < far.sum() <= _FEW * len(month):
                days = frame.loc[far, "date"]
                text = f"lies {held[place + 1] - held[place]} months apart from all others in {amount(int(far.sum()))} "
                text += f"of {amount(len(month))} rows, such as {days.iloc[0]:%Y-%m-%d}."
                remedy = "correct the year, or leave such orders out at the source."
                yield Problem(name, text, column, _shown(frame.loc[far, "row"].to_numpy()), remedy)


def _above_value(frame: pd.DataFrame, name: str, column: str) -> Problem | None:
    """Orders that bring more margin than they are worth."""
    margin, value = float(frame["margin"].sum()), float(frame["value"].sum())
    if not margin > value > 0:
        return None
    text = f"is {amount(margin)} together, more than the {amount(value)} that the orders are worth."
    return Problem(
        name, text, column, remedy="give the contribution margin, a part of the value, in the same currency."
    )


def _first_orders(frame: pd.DataFrame, name: str, names: Mapping[str, str]) -> Iterator[Problem]:
    first = frame[~frame["refund"]].drop_duplicates("customer")
    if first.empty:
        yield Problem(name, "holds refunds alone.", names.get("value"), remedy="export the orders as well.")
    if len(empty := first[first["channel"] == ""]):
        text = f"is empty for the first order of {amount(len(empty))} of {amount(len(first))} customers."
        remedy = (
            "write the channel by which they came, organic for who came unpaid; or value all together: channel: null."
        )
        yield Problem(name, text, names["channel"], _shown(empty["row"].to_numpy()), remedy)


def _shown(rows: Ints) -> str:
    more = f" and {amount(len(rows) - _SHOWN)} more" if len(rows) > _SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows[:_SHOWN]))}{more}"
