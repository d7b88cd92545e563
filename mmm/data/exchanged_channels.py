"""Channels whose columns change places midway, as where an export lists them in another order from some period on."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from attribution.arrays import Ints
from attribution.findings import Finding
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["exchanged_channels"]

_FEWEST = 10  # periods of spend on either side
_APART = np.log(1.5)  # what two channels usually spend, so that places can be told
_ALIKE = 0.2  # of it: how near each comes to where the other was
_NEXT = 4  # periods of spend on either side between which both jump
_STEP = 1.4  # times what a column moves by from period to period


def exchanged_channels(panel: Panel) -> Finding:
    """Pairs of channels of which each spends from some period on what the other spent until then."""
    logs = [_logs(column) for column in panel.spend.sum(axis=0).T]
    jumps = [_jumps(each) for each in logs]
    found = {}
    for first, second in combinations(range(len(panel.channels)), 2):
        both = np.flatnonzero(jumps[first] * jumps[second] < -((0.5 * _APART) ** 2))
        rows = both[(both >= _FEWEST * panel.per_week) & (both <= panel.periods - _FEWEST * panel.per_week)]
        if (row := _exchanged(logs[first], logs[second], rows)) is not None:
            found[panel.channels[first], panel.channels[second]] = row
    text = "No two channels change places midway."
    if found:
        told = "; ".join(f"{a} and {b} from {panel.dates[row]:%Y-%m-%d} on" for (a, b), row in found.items())
        text = (
            f"Each spends what the other spent until then: {told}. If columns changed places in an export, each is "
            "credited with a mixture of two: bring them back into order at the source; leave it if budgets did move."
        )
    names = tuple(dict.fromkeys(name for pair in found for name in pair))
    return Finding("exchanged_channels", not found, float(len(found)), 0.0, text, names)


def _logs(spend: Array) -> Array:
    return np.log(np.where(spend > 0, spend, np.nan))


def _jumps(logs: Array) -> Array:
    """By row, the median of the next few periods of spend less that of the last few."""
    known = np.flatnonzero(np.isfinite(logs))
    jumps = np.zeros(len(logs))
    if len(known) >= 2 * _NEXT:
        level = np.median(np.lib.stride_tricks.sliding_window_view(logs[known], _NEXT), axis=1)
        jumps[known[_NEXT : len(known) - _NEXT + 1]] = level[_NEXT:] - level[:-_NEXT]
    return jumps


def _exchanged(one: Array, other: Array, rows: Ints) -> int | None:
    """The row of some from which two columns have changed places; None where they have not."""
    best, place = np.inf, None
    for row in rows:
        sides = [part[np.isfinite(part)] for part in (one[:row], one[row:], other[:row], other[row:])]
        if min(map(len, sides)) < _FEWEST:
            continue
        middles = [float(np.median(side)) for side in sides]
        apart = abs(middles[0] - middles[2])
        near = max(abs(middles[1] - middles[2]), abs(middles[3] - middles[0]))
        away = sum(float(np.abs(side - middle).sum()) for side, middle in zip(sides, middles, strict=True))
        if apart >= _APART and near <= _ALIKE * apart and away < best and _clear((one, other), row, apart):
            best, place = away, int(row)
    return place


def _clear(both: tuple[Array, Array], row: int, apart: float) -> bool:
    """Whether both jump at the row, beyond what they move by from period to period."""
    for each in both:
        usual = 1.4826 * float(np.median(np.abs(np.diff(each[np.isfinite(each)]))))
        before, after = each[:row], each[row:]
        before, after = before[np.isfinite(before)][-_NEXT:], after[np.isfinite(after)][:_NEXT]
        if abs(float(np.median(after) - np.median(before))) < max(0.5 * apart, _STEP * usual):
            return False
    return True
