"""Orders: lines that make one conversion, and refunds that reduce it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.log_columns import as_name

if TYPE_CHECKING:
    import ibis

    from attribution.reading.log_checks import Log

__all__ = ["one_row_per_order"]

_SHOWN = 3


def one_row_per_order(log: Log, order: str) -> Log:
    """The conversions with one row per order: user, time, number and kind of its first line, value of all its lines.

    Lines of negative value are refunds. An order that is refunded in whole is no conversion, and refunds of orders that
    are not in the table concern none of its conversions; both are left out and counted.

    Parameters
    ----------
    log
        Checked conversions, exact repeats dealt with.
    order
        Column of the order id.

    Raises
    ------
    BadInput
        Lines without an order, orders of several users.
    """
    import ibis

    lines = log.events.mutate(order=as_name(log.events[f"extra_{order}"]))
    lines = lines.mutate(refund=(lines.value < 0).ifelse(1, 0))
    _check(log, lines, order)
    whole = ibis.window(group_by="order")
    in_order = ibis.window(group_by="order", order_by=["refund", "time", "value", "kind"])
    lines = lines.mutate(
        line=ibis.row_number().over(in_order), net=lines.value.sum().over(whole), refunds=lines.refund.sum().over(whole)
    )
    first = lines.filter(lines.line == 0)
    unknown, gone = first.refund == 1, (first.refund == 0) & (first.refunds > 0) & (first.net <= 0)
    counts = first.aggregate(
        orders=first.count(),
        unknown=first.count(where=unknown),
        gone=first.count(where=gone),
    ).execute().iloc[0]  # fmt: skip
    left_out = {
        f"{log.name}: refunds of orders that are not in the table": int(counts["unknown"]),
        f"{log.name}: orders refunded in whole": int(counts["gone"]),
    }
    kept = first.filter(~(unknown | gone)).mutate(value=first.net)
    kept = kept.drop("order", "refund", "line", "net", "refunds")
    rows = int(counts["orders"]) - sum(left_out.values())
    if not rows:
        raise BadInput(Problem(log.name, "holds no order that was not refunded.", order, remedy="check the column."))
    exclusions = log.exclusions | {why: number for why, number in left_out.items() if number}
    return replace(log, events=kept, exclusions=exclusions, rows=rows)


def _check(log: Log, lines: ibis.Table, order: str) -> None:
    blank = lines.order.isnull() | (lines.order.strip() == "")
    empty = int(lines.aggregate(empty=lines.count(where=blank)).execute()["empty"].iloc[0])
    owners = lines.filter(~blank).group_by("order").aggregate(users=lines.user.nunique())
    torn = owners.filter(owners.users > 1).limit(_SHOWN).execute()["order"]
    problems = []
    if empty:
        text = f"is empty in {counted(empty, 'row')}."
        problems.append(Problem(log.name, text, order, remedy="give each conversion and each refund its order."))
    if len(torn):
        text = f"gives order {', '.join(map(str, torn))} to several users."
        problems.append(Problem(log.name, text, order, remedy="check the column; an order is one user's."))
    if problems:
        raise BadInput(problems)
