"""Schedules that keep every limit on spend but for a solver's tolerance, moved to where they keep it.

Scaling a channel's weeks keeps its pace, and so does mixing them with weeks that are all alike; so channel totals are
moved first, then each channel's weeks towards their average until no step is too large. Both only mix what is allowed.
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from optimizer.weeks.schedules import Schedules

__all__ = ["polished"]

_STEPS = 4
_NEAR = 1e-7
_EXACT = 1e-14


def polished(schedules: Schedules, spend: Array) -> Array:
    """The schedule, moved by about what its limits are missed by; shape (channels, weeks).

    Parameters
    ----------
    schedules
        The limits on spend.
    spend
        Weekly spend that misses them by a small share.
    """
    spend = np.clip(spend, 0.0, schedules.weekly_most[:, None])
    totals = spend.sum(axis=1)
    return _paced(schedules, _scaled(schedules, spend, totals, _allowed(schedules, totals)))


def _allowed(schedules: Schedules, totals: Array) -> Array:
    """Totals nearby that keep the rows: least weighted steps to the rows that are missed or nearly missed."""
    matrix, limits = schedules.total_rows, schedules.total_limits
    if not len(limits):
        return totals
    for _ in range(_STEPS):
        size = np.abs(limits) + np.abs(matrix) @ totals
        excess = matrix @ totals - limits
        if not (excess > _EXACT * size).any():
            break
        near = excess > -_NEAR * size
        pull = matrix[near] * totals
        norm = np.maximum(np.linalg.norm(pull, axis=1), 1e-300)
        wanted = -np.maximum(excess[near], 0.0) / norm
        step = totals * np.linalg.lstsq(pull / norm[:, None], wanted, rcond=1e-10)[0]
        totals = np.clip(totals + step, 0.0, schedules.weekly_most * schedules.weeks)
    return totals


def _scaled(schedules: Schedules, spend: Array, totals: Array, wanted: Array) -> Array:
    """Each channel's weeks with another total: scaled down, or mixed with weeks that are all at their most."""
    room = schedules.weekly_most * schedules.weeks - totals
    down = np.where(totals > 0, np.minimum(wanted / np.where(totals > 0, totals, 1.0), 1.0), 1.0)
    up = np.where(room > 0, np.maximum(wanted - totals, 0.0) / np.where(room > 0, room, 1.0), 0.0)
    return np.asarray(spend * (down * (1 - up))[:, None] + (up * schedules.weekly_most)[:, None])


def _paced(schedules: Schedules, spend: Array) -> Array:
    if schedules.weeks < 2 or not np.isfinite(schedules.pace).any():
        return spend
    mean = spend.mean(axis=1)
    moved = np.abs(np.diff(spend, axis=1)).max(axis=1)
    allowed = schedules.pace * mean
    kept = np.where(moved > allowed, allowed / np.where(moved > 0, moved, 1.0), 1.0)
    return np.asarray(mean[:, None] + kept[:, None] * (spend - mean[:, None]))
