"""Amounts of a table in another currency than the plan file counts in, or in several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attribution.errors import Problem

__all__ = ["other_currency"]

_SHOWN = 3


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
