"""Number formats of spreadsheets, by unit and by the size of what stands in a column."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["CHANGE_SHARE", "FACTOR", "SHARE", "TEXT", "counts", "figures", "money", "signed"]

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
