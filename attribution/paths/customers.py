"""Persons who convert several times: told, and left with their first conversion where asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.findings import Finding
from attribution.numbers import amount, percent

if TYPE_CHECKING:
    import ibis

__all__ = ["before_the_first", "first_of_each", "several_conversions"]

_REPEATED = 0.01


def first_of_each(conversions: ibis.Table) -> ibis.Table:
    """The first moment of each person, as one conversion at most.

    Parameters
    ----------
    conversions
        ``user``, ``time``, ``conversions``, ``value``: one row per user and time.
    """
    import ibis

    by_time = ibis.window(group_by="user", order_by="time")
    numbered = conversions.filter(conversions.conversions > 0).mutate(place=ibis.row_number().over(by_time))
    first = numbered.filter(numbered.place == 0).drop("place")
    return first.mutate(conversions=ibis.least(first.conversions, 1.0).cast("float64"))


def before_the_first(touches: ibis.Table, first: ibis.Table) -> ibis.Table:
    """The touches up to each person's first conversion; whoever is a customer is not won again."""
    known = first.select(first_user=first.user, first_time=first.time)
    joined = touches.left_join(known, touches.user == known.first_user)
    return joined.filter(joined.first_time.isnull() | (joined.time <= joined.first_time)).select(*touches.columns)


def several_conversions(persons: float, conversions: float) -> Finding:
    """Whether conversions are persons: orders are not customers."""
    again = max(0.0, 1.0 - persons / conversions) if conversions else 0.0
    text = "Each person converts once, so that spend per conversion is spend per customer."
    if again > 0:
        text = (
            f"{amount(persons)} persons have {amount(conversions)} conversions; {percent(again)} are not their first."
        )
    if again > _REPEATED:
        text += (
            " Spend per conversion is then less than spend per customer. Count first conversions only (first_only), "
            "one kind of conversion (kinds), or an order once (order), unless each of them is to count."
        )
    return Finding("several_conversions", again <= _REPEATED, again, _REPEATED, text)
