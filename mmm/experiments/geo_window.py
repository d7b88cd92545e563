"""Windows of a geo test on a panel: before, during, after."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from attribution.errors import BadInput, Problem
from mmm.data.panel import Panel
from mmm.experiments.geo_design import GeoDesign

__all__ = ["Window", "window_of"]

_BLOCKS = 3


@dataclass(frozen=True)
class Window:
    """Rows of a panel before, during and after a test."""

    before: slice
    test: slice
    after: slice

    @property
    def length(self) -> int:
        """Periods of the test."""
        return int(self.test.stop - self.test.start)


def window_of(panel: Panel, design: GeoDesign) -> Window:
    """Where a test stands on a panel; what follows it counts for as long again.

    Raises
    ------
    BadInput
        Where the panel does not hold all of the test, its days are no whole periods, or too little is before it.
    """
    first, past = pd.Timestamp(design.start), pd.Timestamp(design.end) + pd.Timedelta(days=1)
    begins, ends = panel.dates[0], panel.after(1)[0]
    start, left = divmod((first - begins).days, panel.days)
    stop, more = divmod((past - begins).days, panel.days)
    if first < begins or past > ends:
        covers = f"{begins:%Y-%m-%d} to {ends - pd.Timedelta(days=1):%Y-%m-%d}"
        text = f"covers {covers}, and the test ran from {design.start} to {design.end}."
        raise BadInput(Problem("panel", text, remedy="give a table that holds the history and all days of the test."))
    if left or more:
        text = f"the test from {design.start} to {design.end} begins or ends inside a period of the table."
        raise BadInput(Problem("panel", text, remedy="give the table by day."))
    if start < _BLOCKS * (stop - start):
        text = f"holds {start} periods before a test of {stop - start}."
        raise BadInput(Problem("panel", text, remedy=f"give at least {_BLOCKS} times as many before as during."))
    return Window(slice(0, start), slice(start, stop), slice(stop, min(2 * stop - start, panel.periods)))
