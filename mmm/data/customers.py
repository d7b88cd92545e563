"""From orders to the KPI of every day: people are counted, not orders, where they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.economics import customer_segments
from attribution.errors import BadInput, Problem, UnknownName, quoted
from attribution.findings import Finding
from attribution.numbers import amount, counted, percent
from attribution.reading.blanks import folded
from attribution.reading.exports.export import Export
from attribution.reading.exports.header import plain
from attribution.reading.exports.orders import Orders
from attribution.shown import shown
from mmm.data.days_to_weeks import WeekDays, millionths
from mmm.data.market_names import MARKET, MarketNames
from mmm.data.order_files import joined_orders, name_of, one_currency, one_zone

__all__ = ["ByValue", "Outcome", "counted_table", "new_customers_by_day", "orders_by_day"]

_SETTLED = 0.25
_EARLY_DAYS = 91
_ALIKE = 0.005


@shown
@dataclass(frozen=True)
class ByValue:
    """New customers weighed by the value of their segment.

    Parameters
    ----------
    window, quantiles
        As :func:`attribution.economics.customer_segments` takes them.
    """

    window: int = 90
    quantiles: int = 3


@shown
@dataclass(frozen=True)
class Outcome:
    """The KPI by day.

    Parameters
    ----------
    name
        What messages call its files.
    daily
        By day, in millionths: ``kpi``, and ``returning`` where people are known, whole days between ``span`` only.
    span
        First and last day that the files cover; a day between them without a row had no customer.
    notes
        What was passed over and taken for granted.
    findings
        What speaks for and against the count.
    markets
        Market -> its part of ``daily``; empty where there is one market.
    """

    name: str
    daily: pd.DataFrame
    span: tuple[pd.Timestamp, pd.Timestamp]
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    markets: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def orders_by_day(orders: Sequence[Orders], markets: MarketNames | None = None) -> Outcome:
    """Every order counts, whoever gave it; an order that two files hold counts once."""
    frame, notes = joined_orders(orders)
    people = frame["person"].ne("") & frame["person"].duplicated()
    if people.any():
        notes.append(
            f"{name_of(orders)}: {amount(people.sum())} of {amount(len(frame))} orders are of people who ordered "
            "before; they count as customers, for first_only is not asked."
        )

    def daily(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"kpi": _per_day(rows["date"])})

    return Outcome(
        name_of(orders),
        daily(frame),
        _span(orders),
        tuple(notes),
        (one_zone(orders),),
        _by_market(frame, markets, name_of(orders), daily),
    )


def new_customers_by_day(
    orders: Sequence[Orders],
    keeps_nameless: bool | None = None,
    markets: MarketNames | None = None,
    by_value: ByValue | None = None,
) -> Outcome:
    """The first order of every person counts; later ones stand apart, as ``returning``.

    Parameters
    ----------
    orders
        Of one shop.
    keeps_nameless
        Whether each order of nobody known counts as a new customer, or none does; None makes such orders an error.
    markets
        Of which market an order is; a person's first order counts in its own. None: one market.
    by_value
        How customers of more value count for more, so that the KPI is customers of average value; None for one each.

    Raises
    ------
    BadInput
        Orders without a person, or none with one.
    """
    frame, notes = joined_orders(orders)
    nameless = (frame["person"] == "").to_numpy()
    if nameless.all():
        remedy = "name the column of the customer with person, or count orders without first_only."
        raise BadInput(Problem(name_of(orders), "names no person in any order.", "person", remedy=remedy))
    if nameless.any() and keeps_nameless is None:
        text = f"is empty in {counted(nameless.sum(), 'order')} ({percent(nameless.mean())})."
        remedy = (
            "say without_person: new (each counts as a new customer) or leave_out; or name another column with person."
        )
        raise BadInput(Problem(name_of(orders), text, "person", remedy=remedy))
    if nameless.any():
        what = "each count as a new customer" if keeps_nameless else "are left out"
        notes.append(f"{name_of(orders)}: {amount(nameless.sum())} orders of nobody known {what}, as asked.")
        if not keeps_nameless:
            frame, nameless = frame[~nameless].reset_index(drop=True), nameless[~nameless]
    returning = frame["person"].duplicated().to_numpy() & ~nameless
    frame = frame.assign(returning=returning)
    if by_value is not None:
        one_currency(orders)
        named = frame["person"] != ""
        segments = customer_segments(frame[named], by_value.window, by_value.quantiles, _span(orders)[1])
        frame = frame.assign(weight=frame["person"].map(segments.people["weight"]).fillna(1.0).to_numpy(dtype=float))
        notes.append(f"{name_of(orders)}: {segments.said}")

    def daily(rows: pd.DataFrame) -> pd.DataFrame:
        first, later = rows[~rows["returning"]], rows["date"][rows["returning"]]
        weights = None if by_value is None else first["weight"].to_numpy()
        counts = {"kpi": _per_day(first["date"], weights), "returning": _per_day(later)}
        return pd.DataFrame(counts).fillna(0).astype(np.int64)

    finding = (
        *_settled(frame["date"], returning, _span(orders), name_of(orders)),
        _one_spelling(frame["person"], name_of(orders)),
        one_zone(orders),
    )
    parts = _by_market(frame, markets, name_of(orders), daily)
    return Outcome(name_of(orders), daily(frame), _span(orders), tuple(notes), finding, parts)


def counted_table(exports: Sequence[Export], weeks: WeekDays, markets: MarketNames | None = None) -> Outcome:
    """A table that counts customers already, by day or by week.

    Parameters
    ----------
    exports
        Whose ``spend`` is the count.
    weeks
        A row has to lie within one of them.
    markets
        Of which market a row is; None: one market.

    Raises
    ------
    BadInput
        A day twice or missing between the first and the last, a negative count, or a row that crosses weeks.
    """
    name = exports[0].name
    rows = pd.concat([export.frame for export in exports], ignore_index=True)
    parts = {}
    if markets is not None:
        cells = [cell for export in exports for cell in _cells(export, markets)]
        of_row = np.array(markets.of(cells, name), dtype=object)
        parts = {str(market): _counted(part, name, weeks)[0] for market, part in rows.groupby(of_row)}
    daily, span = _counted(rows, name, weeks)
    return Outcome(name, daily, span, tuple(note for export in exports for note in export.notes), (), parts)


def _cells(export: Export, markets: MarketNames) -> list[str]:
    if markets.column is None:
        return [""] * len(export.frame)
    if plain(markets.column) not in export.cells.columns:
        raise UnknownName(markets.column, export.cells.columns, where=f"the columns of {export.name}")
    return [str(cell) for cell in export.cells[plain(markets.column)]]


def _counted(frame: pd.DataFrame, name: str, weeks: WeekDays) -> tuple[pd.DataFrame, tuple[pd.Timestamp, pd.Timestamp]]:
    frame = pd.DataFrame(frame.groupby(["date", "until"])["spend"].sum()).reset_index()
    problems = []
    if (frame["spend"] < 0).any():
        problems.append(
            Problem(name, "counts fewer than none.", "kpi", remedy="take refunds off the day of the order.")
        )
    following = frame["date"].to_numpy()[1:] - frame["until"].to_numpy()[:-1]
    gaps = np.flatnonzero(following != np.timedelta64(1, "D"))
    if len(gaps):
        after = frame["until"].iloc[int(gaps[0])]
        text = f"lacks days, or holds some twice: the row after {after:%Y-%m-%d} does not follow it."
        problems.append(Problem(name, text, "date", remedy="export every day once, days without customers as 0."))
    crossing = np.asarray(weeks.of(frame["date"]) != weeks.of(frame["until"]))
    if crossing.any():
        row = frame.iloc[int(crossing.argmax())]
        text = f"counts {row['date']:%Y-%m-%d} to {row['until']:%Y-%m-%d} in one row, days of two weeks or more."
        remedy = f"export by day, or let week_starts be {row['date']:%A}.".lower()
        problems.append(Problem(name, text, "date", remedy=remedy + " Dividing rows would make their weeks up."))
    if problems:
        raise BadInput(problems)
    daily = pd.DataFrame({"kpi": millionths(frame["spend"])}, index=pd.DatetimeIndex(frame["until"]))
    return daily, (pd.Timestamp(frame["date"].min()), pd.Timestamp(frame["until"].max()))


def _by_market(
    frame: pd.DataFrame, markets: MarketNames | None, name: str, daily: Callable[[pd.DataFrame], pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    if markets is None:
        return {}
    of_row = markets.of([str(cell) for cell in frame[MARKET]], name)
    return {str(market): daily(rows) for market, rows in frame.groupby(np.array(of_row, dtype=object))}


def _span(orders: Sequence[Orders]) -> tuple[pd.Timestamp, pd.Timestamp]:
    return min(part.span[0] for part in orders), max(part.span[1] for part in orders)


def _per_day(days: pd.Series, weights: np.ndarray | None = None) -> pd.Series:
    """Millionths by day, of one each or of so many each."""
    if weights is None:
        return days.value_counts().sort_index() * 1_000_000
    total = pd.Series(weights, days.index).groupby(days).sum()
    return pd.Series(millionths(total), total.index)


def _one_spelling(people: pd.Series, name: str) -> Finding:
    """Whether each person is written in one way: in two, they are two new customers."""
    written = pd.Series(people[people != ""].unique(), dtype=object)
    alike = written.map(lambda person: folded(person).removesuffix(".0"))
    spare = int(alike.duplicated().sum())
    share = spare / max(len(written), 1)
    text = f"{name}: every person is written in one way."
    if spare:
        pair = written[alike == alike[alike.duplicated()].iloc[0]].iloc[:2]
        text = (
            f"{name}: {amount(spare)} of {amount(len(written))} people differ from another by case, blanks or a point "
            f"alone, such as {' and '.join(quoted(person[:40]) for person in pair)}, and count as new customers of "
            "their own. Write each in one way at the source."
        )
    return Finding("alike_people", share <= _ALIKE, share, _ALIKE, text)


def _settled(
    days: pd.Series, returning: np.ndarray, span: tuple[pd.Timestamp, pd.Timestamp], name: str
) -> tuple[Finding, ...]:
    """Whether people who bought before the file begins look like new ones: the share of first orders falls then."""
    if (span[1] - span[0]).days < 2 * _EARLY_DAYS:
        return ()
    early = (days <= span[0] + pd.Timedelta(days=_EARLY_DAYS)).to_numpy()
    late = (days > span[1] - pd.Timedelta(days=_EARLY_DAYS)).to_numpy()
    if not early.any() or not late.any():
        return ()
    first, last = 1 - returning[early].mean(), 1 - returning[late].mean()
    text = (
        f"{name}: of the orders of its first 13 weeks {percent(first)} are first orders, of the last {percent(last)}."
    )
    passed = bool(first - last <= _SETTLED)
    if not passed:
        text += (
            " Whoever bought before the file begins looks new in it: export orders of earlier years as well, or let "
            "the table begin later."
        )
    return (Finding("first_orders_settle", passed, float(first - last), _SETTLED, text),)
