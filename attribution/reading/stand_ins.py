"""Words that stand where a name should: for nobody known, and for the sum of all other rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.reading.blanks import folded

__all__ = ["CUT_SHORT", "NOBODY", "NOBODY_AS_WRITTEN", "TOTAL_AS_WRITTEN", "is_total", "totals_among"]

NOBODY = (
    *("null", "none", "nan", "nil", "n/a", "#n/a", "undefined", "(not set)", "(null)", "<null>", "<na>"),
    *("00000000-0000-0000-0000-000000000000", "0" * 32),  # the id of a telephone that gives none
)
"""What programs write for an id that they do not have, in lower case."""
_SPELT = (str.lower, str.upper, str.capitalize, str.title)
_STRANGERS = ("anonymous", "guest", "unknown", "[object object]")  # in logs; many orders of one guest are told apart
NOBODY_AS_WRITTEN = (*dict.fromkeys(spelt(word) for word in (*NOBODY, *_STRANGERS) for spelt in _SPELT), "NaN")
"""The same, and names for all who are not known, in the spellings that occur in logs."""
CUT_SHORT = r"^[0-9]([.,][0-9]+)?E[+][0-9]+$"
"""Pattern of a long id that a spreadsheet made a number of, such as 1.23457E+17: the same for all that begin alike."""

_TOTALS = frozenset(
    [
        *("total", "totals", "grand total", "grand totals", "sum", "sum of all", "overall", "all", "all paths"),
        *("gesamt", "summe", "gesamtsumme", "insgesamt", "gesamtergebnis", "summe gesamt", "somme", "total général"),
        *("total general", "total generale", "totale", "totale generale", "totaal", "eindtotaal", "suma", "suma total"),
        *("razem", "total geral", "totalt", "totalsumma"),
        *("合计", "总计", "小计", "汇总", "总和", "共计", "合計", "總計", "小計"),
        *("subtotal", "sub-total", "sub total", "zwischensumme", "teilergebnis", "ergebnis", "sous-total"),
    ]
)
TOTAL_AS_WRITTEN = rf"({'|'.join(sorted(_TOTALS, key=len, reverse=True))}):?$"
"""Pattern of a cell that says its row is the sum of the others, whatever its case."""
_NEARLY = 0.999
_EXACT = 1e-9


def is_total(name: object) -> bool:
    """Whether a row so called is the sum of others, in one of the languages that spreadsheets write it in."""
    return folded(str(name)).rstrip(":") in _TOTALS


def totals_among(names: pd.Series, amounts: pd.Series, periods: pd.Series | None = None) -> Iterator[str]:
    """Names under which the sum of all others stands.

    Parameters
    ----------
    names, amounts
        By row.
    periods
        By row, where the same names stand in several; then a name is one too where it is the sum of two or more others
        in each of them to the last digit, whatever it is called.
    """
    total = amounts.groupby(names, sort=False).sum()
    for name, own in total.items():
        rest = float(total.sum() - own)
        told = is_total(name) and len(total) > 1 and own >= _NEARLY * rest > 0
        found = periods is not None and len(total) >= 3 and np.isclose(own, rest)  # else it is not in every period
        if told or (found and periods is not None and _in_all(names, amounts, periods, name)):
            yield str(name)


def _in_all(names: pd.Series, amounts: pd.Series, periods: pd.Series, name: object) -> bool:
    """Whether a name has just as much as all others together in every one of several periods."""
    whole = amounts.groupby(periods).sum()
    mine = (names == name).to_numpy()
    own = amounts[mine].groupby(periods[mine]).sum().reindex(whole.index, fill_value=0.0)
    return len(whole) > 3 and bool((own > 0).all() and np.isclose(2 * own, whole, rtol=_EXACT, atol=0).all())
