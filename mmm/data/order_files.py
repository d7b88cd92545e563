"""Orders of several files as one: an order that two of them hold counts once, and two shops are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, require
from attribution.findings import Finding
from attribution.numbers import amount, counted
from attribution.reading.exports.orders import Orders

__all__ = ["joined_orders", "name_of", "one_currency", "one_zone"]

_FEWEST, _SHARE = 5, 0.5
_ROW = ["date", "person", "value", "market"]


def name_of(orders: Sequence[Orders]) -> str:
    """What messages call the files."""
    return orders[0].name if len(orders) == 1 else f"{orders[0].name} and {len(orders) - 1} more"


def joined_orders(orders: Sequence[Orders]) -> tuple[pd.DataFrame, list[str]]:
    """Orders of all files, the earliest first, each order once.

    Raises
    ------
    BadInput
        Two files use one number for orders of different people or days, or hold the same rows without numbers.
    """
    require(orders, (list, tuple), "orders", "give those of one file in brackets: [orders].")
    named = [part.frame.assign(file=place) for place, part in enumerate(orders)]
    frame = pd.concat(named, ignore_index=True).sort_values("date", kind="stable", ignore_index=True)
    if problems := [*_shared_numbers(frame, orders), *_repeated(named, orders)]:
        raise BadInput(problems)
    again = frame["order"].ne("") & frame["order"].duplicated()
    notes = [note for part in orders for note in part.notes]
    if again.any():
        stand = counted(again.sum(), "order stands in several files", "orders stand in several files")
        notes.append(f"{name_of(orders)}: {stand}, and counts once.")
    return frame[~again].drop(columns="file").reset_index(drop=True), notes


def _shared_numbers(frame: pd.DataFrame, orders: Sequence[Orders]) -> Iterator[Problem]:
    """Numbers under which two files hold different orders."""
    held = frame[frame["order"].ne("") & frame["order"].duplicated(keep=False)]
    if held.empty:
        return
    groups = held.assign(person=held["person"].where(held["person"] != "")).groupby("order", sort=False)
    days, people = groups["date"].agg(["min", "max"]), groups["person"].nunique()
    other = (people > 1) | (days["max"] - days["min"] > pd.Timedelta(days=1))
    if other.any():
        number = str(other.index[int(other.to_numpy().argmax())])
        files = " and ".join(orders[place].name for place in held.loc[held["order"] == number, "file"].unique()[:2])
        text = f"use {amount(other.sum())} numbers for orders of different people or days, such as {number[:40]!r}."
        remedy = "write the shop before the number at the source; where it is one order, export it once."
        yield Problem(files, text, "order", remedy=remedy)


def _repeated(frames: Sequence[pd.DataFrame], orders: Sequence[Orders]) -> Iterator[Problem]:
    """Pairs of files that hold the same rows, which no numbers tell from new ones."""
    bare = [frame.loc[(frame["order"] == "") & (frame["person"] != ""), _ROW].fillna(0.0) for frame in frames]
    for first, second in combinations(range(len(frames)), 2):
        a, b = bare[first], bare[second]
        days = set(a["date"]) & set(b["date"])
        counts = [rows[rows["date"].isin(days)].groupby(_ROW).size() for rows in (a, b)]
        shared = int(np.minimum(*counts[0].align(counts[1], join="inner")).sum()) if days else 0
        if shared >= max(_FEWEST, _SHARE * min(counts[0].sum(), counts[1].sum())):
            text = f"hold the same {counted(shared, 'row')}, {min(days):%Y-%m-%d} first, and no numbers of orders."
            remedy = "name one of them, or the column of order numbers (order), so that each counts once."
            yield Problem(f"{orders[first].name} and {orders[second].name}", text, "order", remedy=remedy)


def one_currency(orders: Sequence[Orders]) -> None:
    """Refuse values in several currencies, which make no sum.

    Raises
    ------
    BadInput
        Where there are any.
    """
    currencies = sorted({code for part in orders for code in part.currencies})
    if len(currencies) > 1:
        text = f"holds values in {' and '.join(currencies[:5])}, which cannot be held against each other."
        raise BadInput(Problem(name_of(orders), text, "value", remedy="export values in the currency of the shop."))


def one_zone(orders: Sequence[Orders]) -> Finding:
    """Whether times write their days by one clock, a change to summer time apart."""
    hours = {offset for part in orders for offset in part.offsets}
    written = sorted(offset for offset in hours if offset == offset)
    width = written[-1] - written[0] if written else 0.0
    bare = len(written) < len(hours)
    passed = width <= 1 and not (bare and written)
    text = f"{name_of(orders)}: all times write days by one clock."
    if not passed:
        said = [f"UTC{offset:+g}" for offset in written[:5]] + ["no offset"] * bare
        text = (
            f"{name_of(orders)}: times write days by several clocks, {', '.join(said)}, and each order counts on the "
            "day that it writes. State days_in, and all count by the days of one place."
        )
    return Finding("orders_of_one_clock", passed, width, 1.0, text)
