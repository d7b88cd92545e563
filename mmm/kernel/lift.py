"""Lift tests: how likely it is that what media gained lies so far from what was measured."""

from __future__ import annotations

from typing import Any

from mmm.kernel.jit import merged

__all__ = ["pulled"]


@merged
def pulled(away: Any, measured: Any, pulls: Any) -> float:
    """Log density of how far tests lie from what was measured, shape (M,); its slopes into ``pulls``."""
    total = 0.0
    for m in range(away.shape[0]):
        pulls[m] = 0.0
        for k in range(away.shape[0]):
            pulls[m] -= measured[m, 1 + k] * away[k]
        total += 0.5 * pulls[m] * away[m]
    return total
