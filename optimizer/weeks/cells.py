"""Limits on single weeks of channels as boxes and rows, and schedules moved by a solver's tolerance to where they hold.

A cell is one week of one channel; cells stand channel by channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse
import scipy.sparse.linalg

from mmm.arrays import Array
from optimizer.weeks.calendar import Calendar, month_parts

__all__ = ["Cells", "cells_of", "moved_inside"]

sparse: Any = scipy.sparse
solved: Any = scipy.sparse.linalg.spsolve

_STEPS = 12
_NEAR = 1e-7
_EXACT = 1e-14
_RIDGE = 1e-9


@dataclass(frozen=True)
class Cells:
    """The cells' own limits, and rows over them.

    Parameters
    ----------
    least, most
        Shape (channels, weeks).
    rows, limits
        rows @ cells <= limits, shape (rows, channels x weeks) and (rows,).
    """

    least: Array
    most: Array
    rows: Any
    limits: Array


def cells_of(calendar: Calendar, labels: pd.Index, history: Mapping[str, npt.ArrayLike], channels: list[str]) -> Cells:
    """What a calendar says of the weeks of some channels.

    Parameters
    ----------
    calendar, labels
        The limits and the weeks of the horizon.
    history
        Past weekly spend per channel, latest last; pacing begins at the last week in it that spent.
    channels
        In the order of the cells.
    """
    calendar.check(labels, channels)
    bounds = [calendar.bounds(labels, channel) for channel in channels]
    least, most = (np.array(side) for side in zip(*bounds, strict=True))
    entries = [
        *_steps(calendar, labels, history, channels),
        *_months(calendar, labels, len(channels)),
    ]
    size = len(channels) * len(labels)
    rows = sparse.csr_matrix(np.array([row for row, _ in entries]).reshape(len(entries), size))
    return Cells(least, most, rows, np.array([limit for _, limit in entries]))


def _steps(
    calendar: Calendar, labels: pd.Index, history: Mapping[str, npt.ArrayLike], channels: list[str]
) -> Iterator[tuple[Array, float]]:
    weeks = len(labels)
    for place, channel in enumerate(channels):
        step, own = calendar.largest_step(channel), calendar.weekly.get(channel)
        awaits = own is not None and own.at_least_if_used is not None and channel not in calendar.on_air
        if not np.isfinite(step) or awaits:  # which weeks are compared hangs on which are booked
            continue
        last, before = calendar.last_amount(channel, history.get(channel, [])), None
        for week in np.flatnonzero(~calendar.is_given(labels, channel)).tolist():
            row, known = np.zeros(len(channels) * weeks), 0.0 if last is None or before is not None else last
            row[place * weeks + week] = 1.0
            if before is not None:
                row[place * weeks + before] = -1.0
            if before is not None or last is not None:
                yield row, step + known
                yield -row, step - known
            before = week


def _months(calendar: Calendar, labels: pd.Index, channels: int) -> Iterator[tuple[Array, float]]:
    parts = month_parts(labels) if calendar.months else {}
    for month, limits in calendar.months.items():
        row = np.tile(parts[month], channels)
        if limits.at_most is not None:
            yield row, limits.at_most
        if limits.at_least is not None:
            yield -row, -limits.at_least


def moved_inside(rows: Any, limits: Array, box: tuple[Array, Array], spend: Array) -> Array:
    """A schedule that misses its rows by a solver's tolerance, moved to where it keeps them; shape (channels, weeks).

    Steps go to the ends of the rows that are missed or nearly so, by least squares weighted with each cell's room in
    its box.

    Parameters
    ----------
    rows, limits
        Over cells, rows @ cells <= limits.
    box
        Least and most of each cell, shape (channels, weeks).
    spend
        The schedule.
    """
    least, most = (side.ravel() for side in box)
    cells = np.clip(spend.ravel(), least, most)
    for _ in range(_STEPS):
        size = np.abs(limits) + abs(rows) @ cells
        excess = rows @ cells - limits
        if not (excess > _EXACT * size).any():
            break
        near = excess > -_NEAR * size
        room = np.minimum(np.minimum(cells - least, most - cells), np.maximum(cells, 1e-12 * cells.max()))
        pull = rows[np.flatnonzero(near)] @ sparse.diags(room)
        norm = np.maximum(np.sqrt(pull.power(2).sum(axis=1).A1), 1e-300)
        pull = sparse.diags(1 / norm) @ pull
        both = sparse.csc_matrix(pull @ pull.T + _RIDGE * sparse.eye(len(norm)))  # rows repeat where limits coincide
        cells = np.clip(cells - room * (pull.T @ solved(both, excess[near] / norm)), least, most)
    return np.asarray(cells.reshape(spend.shape))
