"""Tests of another market or of other weeks, read as if they had run in the panel; and where tests stand in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm.data.lift_tests import LiftTest
from mmm.data.panel import Panel

__all__ = ["changed_rows", "geos_of", "rows_of", "stand_in"]


def geos_of(test: LiftTest, panel: Panel) -> list[int]:
    """Places of a test's geos; empty where one is unknown."""
    if not test.geo:
        return list(range(len(panel.geos)))
    names = [test.geo] if test.geo in panel.geos else list(dict.fromkeys(map(str.strip, test.geo.split(";"))))
    return [panel.geos.index(name) for name in names] if set(names) <= set(panel.geos) else []


def rows_of(test: LiftTest, panel: Panel) -> tuple[int, int]:
    """A test's first period and the one past its last, which may lie outside the panel."""
    start, end = pd.Timestamp(test.start), pd.Timestamp(test.end) + pd.Timedelta(days=1)
    return (start - panel.dates[0]).days // panel.days, -(-(end - panel.dates[0]).days // panel.days)


def changed_rows(test: LiftTest, panel: Panel) -> npt.NDArray[np.intp]:
    """Periods in which a test changed spend, those of its window unless it names parts of it.

    Raises
    ------
    ValueError
        Where a part is not written as first and last day, or lies outside the window.
    """
    begin, end = rows_of(test, panel)
    if not test.changed.strip():
        return np.arange(begin, end)
    rows: list[int] = []
    for part in test.changed.split(";"):
        first, _, last = part.strip().partition("/")
        own = rows_of(replace(test, start=first, end=last or first), panel)
        if not begin <= own[0] < own[1] <= end:
            raise ValueError(f"{part.strip()} lies outside the test's own {test.start} to {test.end}")
        rows += range(*own)
    return np.unique(np.array(rows, dtype=np.intp))


def stand_in(test: LiftTest, panel: Panel) -> LiftTest:
    """A test from outside as it enters the model; others, and those that no window of the panel can hold, as they are.

    What a unit of currency brings is taken to be what it was there, give or take ``outside``. The test moves to the
    nearest window of its length in which its channel spent anything, of the whole market where its geo is unknown.
    Where more was spent or held back there than the channel spends in such a window, change, gain and error are scaled
    down alike.
    """
    begin, end = rows_of(test, panel)
    length = end - begin
    if not test.outside > 0 or test.channel not in panel.channels or not 0 < length <= panel.periods:
        return test
    geos = geos_of(test, panel)
    here = replace(test, geo=test.geo if geos else "")
    spend = panel.spend[geos_of(here, panel), :, panel.channels.index(test.channel)].sum(axis=0)
    spent = np.lib.stride_tricks.sliding_window_view(spend, length).sum(axis=1)
    if not spent.any():
        return test
    starts = np.flatnonzero(spent)
    first = int(starts[np.abs(starts - begin).argmin()])
    edges = panel.dates.append(panel.after(1))
    scale = min(1.0, spent[first] / abs(test.spend_change)) if test.spend_change else 1.0
    return replace(
        here,
        start=f"{edges[first]:%Y-%m-%d}",
        end=f"{edges[first + length] - pd.Timedelta(days=1):%Y-%m-%d}",
        spend_change=scale * test.spend_change,
        customers_gained=scale * test.customers_gained,
        standard_error=scale * test.error,
        shared_error=scale * test.shared_error,
        outside=0.0,
        changed="",
    )
