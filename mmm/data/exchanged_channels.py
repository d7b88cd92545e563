"""Channels whose columns change places midway, as where an export lists them in another order from some period on."""

from __future__ import annotations

from bisect import insort
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
_NEARER = 1.2  # how much further all lie from their levels as the columns stand than with them back in order


def exchanged_channels(panel: Panel) -> Finding:
    """Pairs of channels of which each spends from some period on what the other spent until then."""
    logs = [_logs(column) for column in panel.spend.sum(axis=0).T]
    jumps = [_jumps(each) for each in logs]
    sides = [_sides(each) for each in logs]
    found = {}
    for first, second in combinations(range(len(panel.channels)), 2):
        both = np.flatnonzero(jumps[first] * jumps[second] < -((0.5 * _APART) ** 2))
        rows = both[(both >= _FEWEST * panel.per_week) & (both <= panel.periods - _FEWEST * panel.per_week)]
        row = _exchanged((logs[first], logs[second]), (sides[first], sides[second]), rows)
        if row is not None:
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


def _sides(logs: Array) -> Array:
    """By row, the median before and after it, and how far all lie from that of their side; shape (3, rows).

    NaN where either side has few periods of spend.
    """
    known = np.isfinite(logs)
    count = int(known.sum())
    before, after = _so_far(logs[known]), _so_far(logs[known][::-1])
    split = np.cumsum(known) - known  # periods of spend before each row
    sides = np.full((3, len(logs)), np.nan)
    enough = np.flatnonzero((split >= _FEWEST) & (count - split >= _FEWEST))
    there, beyond = before[split[enough] - 1], after[count - split[enough] - 1]
    sides[:, enough] = there[:, 0], beyond[:, 0], there[:, 1] + beyond[:, 1]
    return sides


def _so_far(values: Array) -> Array:
    """The median of all figures up to each, and the sum of their distances from it; shape (figures, 2)."""
    ordered: list[float] = []
    rows = []
    for value in values.tolist():
        insort(ordered, value)
        half, odd = divmod(len(ordered), 2)
        middle = ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2
        rows.append((middle, sum(ordered[half + odd :]) - sum(ordered[:half])))
    return np.array(rows).reshape(-1, 2)


def _exchanged(both: tuple[Array, Array], sides: tuple[Array, Array], rows: Ints) -> int | None:
    """The row of some from which two columns have changed places; None where they have not."""
    (before, after, away), (other_before, other_after, other_away) = (each[:, rows] for each in sides)
    apart = np.abs(before - other_before)
    near = np.maximum(np.abs(after - other_before), np.abs(other_after - before))
    likely = np.flatnonzero((apart >= _APART) & (near <= _ALIKE * apart))
    clear = [place for place in likely if _clear(both, int(rows[place]))]
    return int(rows[min(clear, key=lambda place: float((away + other_away)[place]))]) if clear else None


def _clear(both: tuple[Array, Array], row: int) -> bool:
    """Whether both lie much nearer to levels of their own once the columns are back in order."""
    (first, second) = both
    back = np.concatenate([first[:row], second[row:]]), np.concatenate([second[:row], first[row:]])
    return _away(first) + _away(second) > _NEARER * (_away(back[0]) + _away(back[1]))


def _away(logs: Array) -> float:
    """How far all figures lie from their median, summed."""
    return float(np.nansum(np.abs(logs - np.nanmedian(logs))))
