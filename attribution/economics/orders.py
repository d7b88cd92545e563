"""Cohorts of customers without a contract, from their orders."""

from __future__ import annotations

import pandas as pd

from attribution.economics.cohorts import Cohorts, read_cohorts
from attribution.errors import BadInput, Problem
from attribution.reading.contracts import Column, Table

__all__ = ["cohorts_of_orders"]

_ORDERS = Table(
    "orders",
    (Column("customer", "text"), Column("date", "date"), Column("channel", "text"), Column("margin", money=True)),
)


def cohorts_of_orders(orders: pd.DataFrame, silence: int) -> Cohorts:
    """Cohorts by month of the first order and channel of it.

    A customer is active until the month of the last order, for who orders again was never gone; whoever has been silent
    for ``silence`` months is lost. Of the last so many months nobody knows yet, so they are left out.

    Parameters
    ----------
    orders
        A row per order: ``customer``, ``date``, ``channel`` (of the customer's first order that counts) and ``margin``.
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
    typed = _ORDERS.check(orders)
    month = pd.PeriodIndex(pd.DatetimeIndex(typed["date"]).tz_localize(None), freq="M")
    frame = typed.assign(at=month.year * 12 + month.month).sort_values(["at", "date"], kind="stable")
    people = frame.groupby("customer", sort=False).agg(
        first=("at", "first"), last=("at", "last"), channel=("channel", "first")
    )
    seen = int(frame["at"].max()) - silence
    people = people[people["first"] <= seen]
    if people.empty:
        text = f"covers no more than the {silence} months of silence after which a customer is lost."
        raise BadInput(Problem("orders", text, "date", remedy="give older orders, or a shorter silence."))
    frame = frame.join(people[["first", "channel"]].rename(columns={"first": "born", "channel": "own"}), on="customer")
    earned = frame.groupby(["own", "born", frame["at"] - frame["born"]])["margin"].sum()
    rows = []
    for key, cohort in people.groupby(["channel", "first"], sort=False):
        channel, born = str(key[0]), int(cohort["first"].iloc[0])
        start = pd.Period(year=(born - 1) // 12, month=(born - 1) % 12 + 1, freq="M").to_timestamp()
        stayed = cohort["last"].to_numpy() - born
        for age in range(seen - born + 1):
            margin = float(earned.get((channel, born, age), 0.0))
            rows.append((start, channel, age, int((stayed >= age).sum()), margin))
    table = pd.DataFrame(rows, columns=["month", "channel", "age", "active", "margin"])
    return read_cohorts(table, negative_margins=True)
