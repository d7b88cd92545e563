"""Figures with their 90 % intervals as three columns of a sheet."""

from __future__ import annotations

from attribution.estimates import Estimate
from optimizer.planning.outputs.book.sheet import Column

__all__ = ["ends", "ranged"]


def ranged(title: str, form: str) -> list[Column]:
    """The columns of a figure and the ends of its interval."""
    return [Column(title, form), Column("from (90 %)", form), Column("to (90 %)", form)]


def ends(estimate: Estimate) -> list[float]:
    """What stands in them."""
    return [estimate.point, estimate.low, estimate.high]
