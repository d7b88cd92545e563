"""Orders that are none by the look of them: twice there, refunds without a purchase, sums so far, one id of many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.economics.customer_orders import CustomerOrders
from attribution.errors import quoted
from attribution.findings import Finding
from attribution.numbers import amount, counted, percent
from attribution.reading.blanks import folded
from attribution.reading.looks import another_unit

__all__ = ["odd_orders"]

_TWICE, _ROWS = 1 / 3, 20  # of a month's rows, and rows of a month, for exports that overlap
_LOST = 0.01  # of all margin
_SHOWN = 3
_ALIKE = 0.005  # of customers, whose ids differ by case or blanks alone
_PART, _TIMES, _PEOPLE = 0.05, 20.0, 50  # of all orders, and times the usual number, that one id has of many people
_STEPS, _RISES = 2, 0.9  # later orders of a customer, and share of steps that rise


def odd_orders(orders: CustomerOrders) -> Finding:
    """Whether rows stand once, refunds are of what was bought, and margins are in one unit.

    Named are months of which a third of the rows stand twice, as where exports overlap; refunds that exceed what their
    customers bought, or that come before it, from a hundredth of all margin on; and margins that from some month on are
    of another size altogether. Besides: amounts that rise from order to order of a customer, as sums so far; ids
    that differ by case or blanks alone; and one id that holds a twentieth of all orders, where most hold few.

    Parameters
    ----------
    orders
        As :func:`attribution.economics.read_customer_orders` reads them.
    """
    looks = [*_twice(orders.frame), *_refunds(orders), *_units(orders), *_sums(orders), *_ids(orders)]
    text = "Orders stand once, in one unit, and refunds are of what was bought, by the look of them."
    if looks:
        text = f"Orders: {'; '.join(looks)}. Values of customers rest on them: correct the export, or leave it if true."
    return Finding("odd_orders", not looks, float(len(looks)), 0.0, text)


def _twice(frame: pd.DataFrame) -> Iterator[str]:
    again = frame.duplicated(["customer", "date", "channel", "margin", "refund"])
    if not again.any():
        return
    share = again.groupby(frame["month"]).agg(["mean", "size"])
    months = share.index[(share["mean"] > _TWICE) & (share["size"] >= _ROWS)]
    if len(months):
        shown = ", ".join(_month(int(month)) for month in months[:_SHOWN])
        more = f" and {len(months) - _SHOWN} more" if len(months) > _SHOWN else ""
        yield f"{amount(again.sum())} rows are the same as another one, most in {shown}{more}, as where exports overlap"


def _refunds(orders: CustomerOrders) -> Iterator[str]:
    back = orders.frame[orders.frame["refund"]]
    if back.empty:
        return
    bought, all_margin = orders.bought, float(orders.bought["margin"].sum())
    spent = bought.groupby("customer")["margin"].sum()
    given = -back.groupby("customer")["margin"].sum()
    over = (given - spent.reindex(given.index)).dropna()
    over = over[over > 0]
    if over.sum() > _LOST * all_margin:
        who = counted(len(over), "customer")
        yield f"refunds are {amount(over.sum())} more than was bought for {who}"
    first = back["customer"].map(orders.people()["first"])
    early = back[first.isna() | (back["month"] < first)]
    if (part := -float(early["margin"].sum())) > _LOST * all_margin:
        share = percent(part / all_margin)
        yield f"{amount(len(early))} refunds ({share} of all margin) are left out: their customer had not ordered yet"


def _units(orders: CustomerOrders) -> Iterator[str]:
    bought = orders.bought[orders.bought["margin"] > 0]
    level = bought.groupby("month")["margin"].median()
    if (jump := another_unit(level.to_numpy(dtype=float))) is not None:
        place, times = jump
        factor = f"{amount(times)} times" if times > 1 else f"a part in {amount(1 / times)} of"
        yield f"from {_month(int(np.asarray(level.index)[place]))} on margins are {factor} what they were, another unit"


def _sums(orders: CustomerOrders) -> Iterator[str]:
    """Amounts so far, which rise with every order; a price that is raised once does not."""
    bought = orders.bought
    steps = bought.groupby("customer", sort=False)["margin"].diff().dropna()
    known = steps[steps.groupby(bought["customer"], sort=False).transform("size") >= _STEPS]
    rises = float((known > 0).mean()) if len(known) >= _ROWS else 0.0
    if rises > _RISES:
        yield f"amounts rise in {percent(rises)} of the steps from a customer's order to the next, as sums so far do"


def _ids(orders: CustomerOrders) -> Iterator[str]:
    counts = orders.bought["customer"].value_counts()
    same = counts.index.to_series().map(lambda one: folded(str(one)).replace(" ", ""))
    if (alike := len(counts) - same.nunique()) > _ALIKE * len(counts):
        example = same[same.duplicated(keep=False)].sort_values().index[:2]
        yield (
            f"ids of {amount(alike)} customers differ from another by case or blanks alone, such as "
            f"{' and '.join(map(quoted, example))}, so that one person counts as several"
        )
    most, many = str(counts.index[0]), int(counts.iloc[0])
    if len(counts) >= _PEOPLE and many > max(_PART * counts.sum(), _TIMES * counts.median()):
        share = percent(many / counts.sum())
        yield f"{most!r} has {share} of all orders, as an id that stands for many people, such as guests"


def _month(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"
