"""Any table of spend whose columns are named by whoever wrote it: invoices, agencies' sheets, a warehouse's view."""

from __future__ import annotations

from attribution.reading.exports.advertising import Advertising
from attribution.reading.exports.header import plain
from attribution.reading.stand_ins import TOTAL_AS_WRITTEN

__all__ = ["table_of_spend"]


def table_of_spend(date: str, amount: str, **columns: str | None) -> Advertising:
    """A kind for one table.

    Parameters
    ----------
    date, amount
        Its columns of day and money.
    columns
        Role, ``campaign``, ``account``, ``impressions``, ``clicks`` or ``currency`` -> column.
    """
    named = {"date": date, "spend": amount, **{role: name for role, name in columns.items() if name is not None}}
    spelt = {role: (plain(name),) for role, name in named.items()}
    return Advertising("table", "table of spend", spelt, (), totals=TOTAL_AS_WRITTEN, empty=())
