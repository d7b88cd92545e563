"""Amounts of a table in another currency than the plan file counts in, or in several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from attribution.errors import Problem
from optimizer.planning.file.keys.data import Weekly

__all__ = ["column_of_another_currency", "other_currency"]

_SHOWN = 3
_CURRENCY = "currency"


def column_of_another_currency(
    frame: pd.DataFrame, weekly: Weekly, currency: str, name: str | None = None
) -> Iterator[Problem]:
    """Rows of a weekly table that name another currency, where the plan file does not say of columns what they are in.

    Parameters
    ----------
    frame
        The table, or one written as it.
    weekly
        Names of its columns.
    currency
        The plan file's.
    name
        What messages call the table; that of the weekly table where None.
    """
    read = (weekly.date, weekly.kpi, weekly.geo, *weekly.numbers, *weekly.words, *weekly.channels.values())
    if _CURRENCY in frame and _CURRENCY not in read and not weekly.currency_of:
        yield from other_currency(frame[_CURRENCY].dropna(), currency, name or weekly.path.name, _CURRENCY)


def other_currency(named: Iterable[object], currency: str, table: str, column: str | None) -> Iterator[Problem]:
    """A problem where a table names another currency, or several; None stands for a table that names none.

    Parameters
    ----------
    named
        What the table's rows name.
    currency
        The plan file's.
    table, column
        What messages call the table and its column of currencies.
    """
    codes = list(dict.fromkeys(str(code).strip().upper() for code in named if code is not None))
    remedy = "convert the amounts at the source."
    if len(codes) > 1:
        more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
        yield Problem(table, f"mixes currencies: {', '.join(codes[:_SHOWN])}{more}.", column, remedy=remedy)
    elif codes and codes[0] != currency:
        yield Problem(table, f"is {codes[0]}, and the plan file counts in {currency}.", column, remedy=remedy)
