"""Totals of paths, in memory and in an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.paths.paths import Paths

if TYPE_CHECKING:
    import ibis

__all__ = ["remote_totals", "summed"]


def summed(won: Paths, lost: Paths) -> dict[str, float]:
    """Totals of paths in memory."""
    both = (won, lost)
    return {
        "touches": float(sum(((part.conversions + part.nulls) * part.lengths).sum() for part in both))
        if won.ended is None
        else float(sum(part.first[-1] for part in both)),
        "paths": float(sum(part.conversions.sum() + part.nulls.sum() for part in both))
        if won.ended is None
        else float(sum(len(part) for part in both)),
        "conversions": float(won.conversions.sum()),
        "nulls": float(sum(part.nulls.sum() for part in both)),
        "value": float(won.value.sum()),
        "tied": float(sum(np.count_nonzero(part.moments()[1] > 1) for part in both if part.tied is not None)),
    }


def remote_totals(touches: ibis.Table) -> dict[str, float]:
    """Totals of paths in an engine."""
    first = touches.filter(touches.step == 0)
    sums = first.aggregate(
        touches=first.length.sum(),
        paths=first.count(),
        conversions=first.conversions.sum(),
        nulls=first.nulls.sum(),
        value=first.value.sum(),
    ).execute()
    sums["tied"] = touches.filter(touches.tied > 1).count().execute()
    return {name: float(sums[name].iloc[0] or 0.0) for name in sums.columns}
