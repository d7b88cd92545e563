"""Rows of a shop's, a CRM's or an analytics tool's export become orders: lines joined, refunds netted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount, counted
from attribution.shown import shown

__all__ = ["Orders", "orders_of_lines"]

_NAMES = ("person", "market")


@shown
@dataclass(frozen=True)
class Orders:
    """Orders of one or several files.

    Parameters
    ----------
    kind
        Such as ``"shopify_orders"``.
    name
        The file, as messages call it.
    frame
        One row per order that counts: ``date`` (the day), ``order``, ``person`` (``""`` where nobody is named),
        ``value`` (NaN where the file has none) and ``market`` (``""`` where no column of it is named).
    rows
        Rows that the file holds.
    span
        First and last day of all its rows, orders that do not count included.
    notes
        What was passed over, a sentence each.
    currencies
        Of the rows; empty where the file names none.
    offsets
        From UTC, in hours, that its times write; NaN for times without one. Empty where they are days, or where
        ``days_in`` says whose days count.
    """

    kind: str
    name: str
    frame: pd.DataFrame
    rows: int
    span: tuple[pd.Timestamp, pd.Timestamp]
    notes: tuple[str, ...] = ()
    currencies: tuple[str, ...] = field(default=())
    offsets: tuple[float, ...] = field(default=())


def orders_of_lines(lines: pd.DataFrame, kind: str, name: str, notes: tuple[str, ...] = ()) -> Orders:
    """One row per order, refunds netted against their order.

    Parameters
    ----------
    lines
        ``date``, ``order`` (``""``: an order of its own), ``person``, ``market``, ``value`` (negative: a refund; NaN:
        unknown), ``void`` (cancelled, or not won) and ``row`` (its number in the file).
    kind, name
        Of the file.
    notes
        What was understood so far.

    Raises
    ------
    BadInput
        A refund without an order, or an order of two people.
    """
    refund = (lines["value"] < 0).to_numpy()
    loose = refund & (lines["order"] == "").to_numpy()
    if loose.any():
        text = f"is negative in {counted(loose.sum(), 'row')} without an order."
        row = f"row {lines['row'].to_numpy()[loose.argmax()]}"
        remedy = "name the column of order ids (order), so that refunds are taken off their order."
        raise BadInput(Problem(name, text, "value", row, remedy))
    keys = lines["order"].where(lines["order"] != "", "\0" + lines["row"].astype(str))
    _one_person(lines, keys, name)
    groups = lines.assign(
        key=keys,
        bought=lines["date"].where(~refund),
        gross=lines["value"].clip(lower=0),
        **{name: lines[name].where(lines[name] != "") for name in _NAMES},
    ).groupby("key", sort=False)
    orders = groups.agg(
        date=("bought", "min"),
        order=("order", "first"),
        void=("void", "max"),
        **{name: (name, "first") for name in _NAMES},
    )
    orders["value"], gross = groups["value"].sum(min_count=1), groups["gross"].sum()
    rows = int(lines["row"].nunique())
    orphans = orders["date"].isna()
    void = orders["void"].astype(bool) & ~orphans
    returned = ~orphans & ~void & (orders["value"] <= 0) & (gross > 0)
    said = [
        (rows - len(orders), "rows that are further lines or refunds of an order"),
        (void.sum(), "orders that are cancelled, void or not won, and do not count"),
        (returned.sum(), "orders refunded in whole, which do not count"),
        (orphans.sum(), "refunds of orders that the file does not hold, which change no count"),
    ]
    kept = orders.loc[~(orphans | void | returned), ["date", "order", *_NAMES, "value"]]
    if kept.empty:
        raise BadInput(Problem(name, "holds no order that counts.", remedy="export orders that are paid for, or won."))
    return Orders(
        kind,
        name,
        kept.fillna(dict.fromkeys(_NAMES, "")).sort_values("date", kind="stable", ignore_index=True),
        rows,
        (lines["date"].min(), lines["date"].max()),
        (*notes, *(f"{name}: {text}: {amount(count)}." for count, text in said if count)),
    )


def _one_person(lines: pd.DataFrame, keys: pd.Series, name: str) -> None:
    named = lines["person"] != ""
    people = lines[named].groupby(keys[named])["person"].nunique()
    if len(shared := people[people > 1]):
        text = f"holds {counted(len(shared), 'order')} of several people, such as order {str(shared.index[0])[:40]!r}."
        raise BadInput(
            Problem(name, text, "order", remedy="name the columns of order and person that belong together.")
        )
