"""Number formats of spreadsheets, by unit and by the size of what stands in a column."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["CHANGE_SHARE", "FACTOR", "SHARE", "TEXT", "counts", "digits", "figures", "money", "settled", "signed"]

TEXT = "@"
SHARE = "0.0%"
CHANGE_SHARE = "+0.0%;−0.0%;0.0%"
FACTOR = "0%"
_FINEST = 10


def figures(values: Iterable[float]) -> str:
    """Three significant digits at least of the column's largest figure, one format for all of its cells."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest >= 1000 or largest == 0:
        return "#,##0"
    decimals = 1 if largest >= 100 else 2 if largest >= 1 else min(2 - math.floor(math.log10(largest)), _FINEST)
    return f"#,##0.{'0' * decimals}"


def money(values: Iterable[float]) -> str:
    """Amounts: whole units, so that columns add up, unless all are small, as amounts in thousands are."""
    known = [value for value in values if math.isfinite(value)]
    return "#,##0" if max(map(abs, known), default=0.0) >= 100 else figures(known)


def counts(values: Iterable[float]) -> str:
    """Expected customers: whole, or a decimal where there are few."""
    return "#,##0" if max((abs(value) for value in values if math.isfinite(value)), default=0.0) >= 100 else "#,##0.0"


def signed(form: str) -> str:
    """A format with its sign before what rises too."""
    return f"+{form};−{form};0"


def settled(value: float, form: str) -> float:
    """A change, 0 where its format would show it as less or more than nothing: ``-0``."""
    return 0.0 if form.startswith("+") and abs(value) < 0.5 * 10.0 ** -_decimals(form) else value


def digits(value: float, form: str) -> int:
    """How many letters a number takes in a format, its sign and the marks between thousands among them."""
    if not math.isfinite(value):
        return 1
    shown = value * 100 if "%" in form else value
    decimals = max(_decimals(form) - (2 if "%" in form else 0), 0)
    return len(f"{abs(shown):,.{decimals}f}") + (value < 0 or form.startswith("+")) + form.split(";")[0].count("%")


def _decimals(form: str) -> int:
    """Decimals of a value that a format shows."""
    first = form.split(";")[0]
    return len(first.partition(".")[2].rstrip("%")) + 2 * ("%" in first)
