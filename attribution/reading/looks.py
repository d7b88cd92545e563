"""What figures look like, whatever table they are of: another unit, sums so far or of others, a name taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from attribution.arrays import Array

__all__ = ["FEWEST", "TIMES", "another_unit", "sum_of_others", "sums_since", "taken_over"]

FEWEST = 8
"""Figures without which no change of unit can be told."""

TIMES = 50.0
"""How many times as large figures have to be from some row on to be in another unit."""

_WIDTH = FEWEST // 2  # rows on either side that have to keep their level
_DEVIATIONS = 3.0
_PARTS, _KEYS = 3, 4  # groups, and rows of each, for a total to be no chance
_RISING, _FALLING = 0.5, 0.6
_SINCE = {"the table begins": None, "the year begins": "Y", "the quarter begins": "Q", "the month begins": "M"}
_RUN, _APART, _ACTIVE, _LEVEL = 4, 2, 0.8, 2.5


def another_unit(series: Array) -> tuple[int, float] | None:
    """Row of the first figure of another size, and how many times the former it is; None where there is none.

    Medians before and after differ by :data:`TIMES` or more, and by three robust standard deviations of the logarithm
    within either side. Zeros are no figures.
    """
    active = np.flatnonzero(series > 0)
    if len(active) < FEWEST or (series < 0).any():
        return None
    values = np.log(series[active])
    level = np.median(np.lib.stride_tricks.sliding_window_view(values, _WIDTH), axis=1)
    steps = level[_WIDTH:] - level[:-_WIDTH]
    near = int(np.abs(steps).argmax()) + _WIDTH
    within = range(max(near - _WIDTH, _WIDTH), min(near + _WIDTH, len(values) - _WIDTH) + 1)
    place = max(within, key=lambda at: abs(values[at] - values[at - 1]))
    if abs(values[place] - values[place - 1]) < np.log(TIMES) / 2:  # grown, not jumped
        return None
    before, after = values[:place], values[place:]
    step = float(np.median(after) - np.median(before))
    spread = max(0.1, *(1.4826 * float(np.median(np.abs(side - np.median(side)))) for side in (before, after)))
    if abs(step) < max(np.log(TIMES), _DEVIATIONS * spread):
        return None
    return int(active[place]), float(np.exp(step))


def sums_since(series: Array, dates: pd.DatetimeIndex, fewest: int) -> str | None:
    """Since when the figures are sums so far, such as ``"the year begins"``; None where they are no sums.

    Sums never fall but where they begin again, and rise at least ``fewest`` times.
    """
    if len(series) <= fewest or np.ptp(series) == 0:
        return None
    steps = np.diff(series)
    for since, period in _SINCE.items():
        blocks = np.zeros(len(series)) if period is None else dates.to_period(period).asi8
        within = np.diff(blocks) == 0
        inside, between = steps[within], steps[~within]
        if np.sum(inside > 0) < fewest or (inside < 0).any() or np.mean(inside > 0) < _RISING:
            continue
        if not len(between) or np.mean(between < 0) >= _FALLING:
            return since
    return None


def taken_over(series: Mapping[str, Array]) -> Iterator[tuple[str, str, int]]:
    """Names that end for good where another begins, at about the same level: old, new, and the first row of the new.

    Parameters
    ----------
    series
        Figures of each name, of the same rows. Names that run for four rows or more and hardly pause are looked at.
    """
    runs = {name: run for name, each in series.items() if (run := _run(each))}
    beginning: dict[int, list[str]] = {}
    for name, (begins, *_) in runs.items():
        beginning.setdefault(begins, []).append(name)
    for old, (_, ends, before) in runs.items():
        if len(series[old]) - 1 - ends < _RUN:
            continue
        for begins in range(max(ends, _RUN), ends + _APART + 1):
            for new in beginning.get(begins, []):
                if new != old and 1 / _LEVEL < runs[new][2][0] / before[1] < _LEVEL:
                    yield old, new, begins


def _run(series: Array) -> tuple[int, int, tuple[float, float]] | None:
    """First and last row of a name that hardly pauses, and its mean at either end."""
    active = np.flatnonzero(series > 0)
    if len(active) < _RUN or len(active) < _ACTIVE * (active[-1] - active[0] + 1):
        return None
    values = series[active]
    return int(active[0]), int(active[-1]), (float(values[:8].mean()), float(values[-8:].mean()))


def sum_of_others(rows: pd.DataFrame, group: str, key: Sequence[str], figures: Sequence[str]) -> str | None:
    """A group whose figures are everywhere those of all other groups together, as of a total among its parts.

    Parameters
    ----------
    rows
        A row for each group and key.
    group
        Column of the group.
    key
        Columns within which groups are summed.
    figures
        Columns that have to agree.
    """
    names = rows[group].unique()
    if len(names) < _PARTS:
        return None
    all_of = rows.groupby(list(key))[list(figures)].sum()
    for name in names:
        own = rows[rows[group] == name].set_index(list(key))[list(figures)]
        others = all_of.loc[own.index] - own
        if (
            len(own) >= _KEYS
            and len(own) == len(all_of)
            and np.allclose(own, others, rtol=1e-6)
            and own.to_numpy().any()
        ):
            return str(name)
    return None
