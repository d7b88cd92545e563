"""The sheet of money with time: what a channel's customers are worth against what they cost, and when that is back."""

from __future__ import annotations

from typing import Any

import numpy as np

from attribution.economics import Payback
from optimizer.planning.outputs.against_today import chance
from optimizer.planning.outputs.book.formats import FACTOR, figures
from optimizer.planning.outputs.book.ranges import ends, ranged, until
from optimizer.planning.outputs.book.sheet import Book, Column
from optimizer.planning.outputs.sections.customer_worth import terms_of
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run

__all__ = ["worth_sheet"]

_TENTHS = "#,##0.0"


def worth_sheet(book: Book, run: Run) -> None:
    """Lifetime value, CAC in the plan, their ratio and payback by channel, where the run has cohorts."""
    if run.economics is None or run.economics.worth is None:
        return
    rows = order_of(run).of(run.economics.channels, lambda one: one.channel)
    currency = run.config.currency
    sheet = book.sheet("Lifetime value", [24, *[11] * 13])
    sheet.title("What a customer is worth")
    sheet.sentence(terms_of(run, run.economics.worth), soft=True)
    money = figures(value for one in rows for value in (one.value.point, one.cac.point))
    columns = [
        Column("Channel"),
        *ranged(f"Lifetime value, {currency}", money),
        *ranged(f"CAC planned, {currency}", money),
        *ranged("LTV:CAC", _TENTHS),
        *ranged("Payback, months", _TENTHS),
        Column("Probability of no payback", FACTOR),
    ]
    body = [[one.channel, *ends(one.value), *ends(one.cac), *ends(one.ratio), *_back(one.back)] for one in rows]
    sheet.freeze(sheet.table(columns, body))
    sheet.sentence(
        "CAC is the plan's average of the channel, by the mix model. Payback is when the margin of a customer has paid "
        "for the CAC, within the months that are counted.",
        size=9,
        soft=True,
    )


def _back(back: Payback | None) -> list[Any]:
    if back is None:
        return [np.nan] * 4
    return [*until(back), chance(back.never)]
