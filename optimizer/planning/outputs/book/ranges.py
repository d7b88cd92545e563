"""Columns that several sheets have: a figure with its 90 % interval, spend now and planned."""

from __future__ import annotations

from typing import Any

import numpy as np

from attribution.economics import Payback
from attribution.estimates import Estimate
from optimizer.planning.outputs.book.formats import CHANGE_SHARE, signed
from optimizer.planning.outputs.book.sheet import Column

__all__ = ["ends", "moved", "ranged", "spend_columns", "until"]


def ranged(title: str, form: str) -> list[Column]:
    """The columns of a figure and the ends of its interval."""
    return [Column(title, form), Column("from (90 %)", form), Column("to (90 %)", form)]


def ends(estimate: Estimate) -> list[float]:
    """What stands in them."""
    return [estimate.point, estimate.low, estimate.high]


def until(back: Payback | None) -> list[float | str]:
    """The same of a time that may be never."""
    return [np.nan] * 3 if back is None else [month if np.isfinite(month) else "never" for month in ends(back.months)]


def spend_columns(currency: str, form: str) -> list[Column]:
    """The columns of spend now and planned, and of the change between them."""
    return [
        Column(f"Spend now, {currency}", form),
        Column(f"Planned, {currency}", form),
        Column(f"Change, {currency}", signed(form)),
        Column("Change", CHANGE_SHARE),
    ]


def moved(now: float, planned: float) -> list[Any]:
    """What stands in them."""
    return [now, planned, planned - now, planned / now - 1 if now else np.nan]
