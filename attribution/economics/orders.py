"""Cohorts of customers without a contract, from their orders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.arrays import Ints
from attribution.economics.cohorts import Cohorts
from attribution.economics.customer_orders import CustomerOrders, read_customer_orders
from attribution.errors import BadInput, Problem
from attribution.numbers import counted

__all__ = ["cohorts_of_orders"]


def cohorts_of_orders(orders: object, silence: int) -> Cohorts:
    """Cohorts by month of the first order and channel of it.

    A customer is active until the month of the last order, for who orders again was never gone; whoever has been silent
    for ``silence`` months is lost. Of the last so many months nobody knows yet, so they are left out.

    Parameters
    ----------
    orders
        What :func:`read_customer_orders` reads, or a table for it: a row per order, with ``customer``, ``date``,
        ``channel`` (of the customer's first order that counts) and ``margin``.
    silence
        Months without an order after which a customer counts as lost, at least 1; longer than customers usually pause.

    Raises
    ------
    BadInput
        A faulty table, or one that covers no more months than the silence.

    Examples
    --------
    >>> days = ["2026-01-03", "2026-03-09", "2026-01-20", "2026-06-30"]
    >>> orders = pd.DataFrame({"customer": list("aabc"), "date": days, "channel": "tv", "margin": 5.0})
    >>> cohorts_of_orders(orders, silence=2).survival("tv").tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    if silence < 1:
        raise BadInput("silence is at least 1 month.")
    read = orders if isinstance(orders, CustomerOrders) else read_customer_orders(orders)
    people, seen = read.people(), int(read.bought["month"].max()) - silence
    people = people[people["first"] <= seen]
    if people.empty:
        text = f"covers no more than the silence of {counted(silence, 'month')} after which a customer is lost."
        raise BadInput(Problem(read.name, text, "date", remedy="give older orders, or a shorter silence."))
    own = read.frame.join(people[["first", "channel"]].rename(columns={"channel": "own"}), "customer", how="inner")
    earned = own.groupby(["own", "first", own["month"] - own["first"]], sort=False)["margin"].sum()
    rows: list[tuple[object, ...]] = []
    for channel in people["channel"].unique():
        for born, last in people[people["channel"] == channel].groupby("first")["last"]:
            rows += _cohort(str(channel), int(str(born)), np.sort(last.to_numpy()), seen, earned)
    return Cohorts(pd.DataFrame(rows, columns=["month", "channel", "age", "active", "margin"]))


def _cohort(channel: str, born: int, last: Ints, seen: int, earned: pd.Series) -> Iterator[tuple[object, ...]]:
    """Rows of the customers whom a channel won in one month."""
    start = pd.Period(ordinal=born - 12 * 1970, freq="M").to_timestamp()
    for age in range(seen - born + 1):
        active = len(last) - int(np.searchsorted(last, born + age))
        yield start, channel, age, float(active), float(earned.get((channel, born, age), 0.0))
