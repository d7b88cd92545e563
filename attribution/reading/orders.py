"""Orders: lines that make one conversion, and refunds that reduce it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import counted, percent
from attribution.reading.log_columns import as_name
from attribution.reading.stand_ins import CUT_SHORT, NOBODY_AS_WRITTEN

if TYPE_CHECKING:
    import ibis

    from attribution.reading.log_checks import Log

__all__ = ["one_row_per_order", "order_totals"]

_SHOWN = 3
_ALIKE, _FEWEST = 0.95, 20


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
    return replace(log, events=kept, exclusions=exclusions, rows=rows, findings=(order_totals(log, order),))


def order_totals(log: Log, order: str) -> Finding:
    """Whether lines of an order repeat one value, as the order's total does in a table of lines.

    Orders of several lines that are no refunds are looked at, where there are 20 of them, of five values or more.
    """
    lines = log.events.filter(log.events.value > 0)
    lines = lines.group_by(_order=as_name(lines[f"extra_{order}"])).aggregate(
        lines=lines.count(), least=lines.value.min(), most=lines.value.max()
    )
    several = lines.filter(lines.lines > 1)
    seen = several.aggregate(
        orders=several.count(), alike=several.count(where=several.least == several.most), values=several.most.nunique()
    ).execute().iloc[0]  # fmt: skip
    share = float(seen["alike"] / seen["orders"]) if seen["orders"] >= _FEWEST and seen["values"] >= 5 else 0.0
    text = "Lines of an order have values of their own."
    if share > _ALIKE:
        text = (
            f"All lines of an order have one value in {percent(share)} of {counted(seen['orders'], 'order')} "
            "of several lines. Where that is the total of the order, each line counts it again: name the column of the "
            "line's own value, or keep one line an order."
        )
    return Finding("order_totals", share <= _ALIKE, share, _ALIKE, text)


def _check(log: Log, lines: ibis.Table, order: str) -> None:
    blank = lines.order.isnull() | (lines.order.strip() == "")
    empty = int(lines.aggregate(empty=lines.count(where=blank)).execute()["empty"].iloc[0])
    owners = lines.filter(~blank).group_by("order").aggregate(users=lines.user.nunique())
    no_order = lines.order.isin(NOBODY_AS_WRITTEN) | lines.order.strip().re_search(CUT_SHORT)
    unknown = lines.filter(no_order.fill_null(False)).limit(1).execute()["order"]
    torn = owners.filter(owners.users > 1).limit(_SHOWN).execute()["order"]
    problems = []
    if empty:
        text = f"is empty in {counted(empty, 'row')}."
        problems.append(Problem(log.name, text, order, remedy="give each conversion and each refund its order."))
    if len(unknown):
        text = f"holds {str(unknown.iloc[0])!r}, which stands for no order, or for several that begin alike."
        problems.append(Problem(log.name, text, order, remedy="export the order ids as text, one for each row."))
    elif len(torn):
        text = f"gives order {', '.join(map(str, torn))} to several users."
        problems.append(Problem(log.name, text, order, remedy="check the column; an order is one user's."))
    if problems:
        raise BadInput(problems)
