"""Columns that hold what came so far and not what a period brought: since the table began, or this year or month."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.findings import Finding
from mmm.arrays import Array
from mmm.data.outlying_cells import columns_with_cells
from mmm.data.panel import Panel

__all__ = ["running_totals"]

_FEWEST = 12
_RISING, _FALLING = 0.5, 0.6
_SINCE = {"the table begins": None, "the year begins": "Y", "the quarter begins": "Q", "the month begins": "M"}
_SHOWN = 5


def running_totals(panel: Panel) -> Finding:
    """Whether a column of spend, volume or KPI never falls, or only where a year, quarter or month begins.

    Counts and money of periods rise and fall; twelve steps upward without one down within the same stretches are the
    sign of a sum so far. A column that truly grows in every period is named too.
    """
    found = list(dict.fromkeys(_found(panel)))
    text = "No column looks like a running total."
    if found:
        listed = ", ".join(f"{column} (since {since})" for column, since, _ in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"Running totals, by the look of them: {listed}{more}. Each row has to hold what its own period "
            "brought: take the differences at the source, or leave it if it truly grows."
        )
    channels = tuple(dict.fromkeys(name for *_, names in found for name in names))
    return Finding("running_totals", not found, float(len(found)), 0.0, text, channels)


def _found(panel: Panel) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    controls = set(panel.control_names)
    for column, table, channels in columns_with_cells(panel):
        if column in controls:
            continue  # prices and indices may well rise throughout
        for series in table:
            since = _since(series, panel.dates)
            if since is not None:
                yield column, since, channels


def _since(series: Array, dates: pd.DatetimeIndex) -> str | None:
    """When the sum begins anew; None where the column is no sum."""
    if len(series) <= _FEWEST or np.ptp(series) == 0:
        return None
    steps = np.diff(series)
    for since, period in _SINCE.items():
        blocks = np.zeros(len(series)) if period is None else dates.to_period(period).asi8
        within = np.diff(blocks) == 0
        inside, between = steps[within], steps[~within]
        if np.sum(inside > 0) < _FEWEST or (inside < 0).any() or np.mean(inside > 0) < _RISING:
            continue
        if not len(between) or np.mean(between < 0) >= _FALLING:
            return since
    return None
