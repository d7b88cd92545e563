"""Spend in a geo test: what was really changed, against what would have been spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.experiments.geo_design import GeoDesign
from mmm.experiments.geo_window import Window

__all__ = ["SpendChange", "expected_spend", "spend_changes"]

_REFERENCE = 13  # weeks before the test that say what is usual


@dataclass(frozen=True)
class SpendChange:
    """Spend of a cell on its channel over a test; NaN where it is not known.

    Parameters
    ----------
    change
        Beyond what would have been spent.
    without
        What would have been spent.
    controls
        What the control geos spent.
    """

    change: float
    without: float
    controls: float


def spend_changes(panel: Panel, design: GeoDesign, window: Window) -> list[SpendChange]:
    """What was changed in each cell.

    What would have been spent is what the cell's geos spent in the 13 weeks before, changed as the control geos changed
    theirs.
    """
    found = []
    members, controls = design.members(panel)
    for cell, inside in zip(design.cells, members > 0, strict=True):
        if cell.channel not in panel.channels:
            found.append(SpendChange(np.nan, np.nan, np.nan))
            continue
        spend = panel.spend[:, :, panel.channels.index(cell.channel)]
        usual = expected_spend(spend, inside, controls, window, panel.per_week)
        during = spend[:, window.test].sum(axis=1)
        found.append(SpendChange(float(during[inside].sum()) - usual, usual, float(during[controls].sum())))
    return found


def expected_spend(spend: Array, inside: np.ndarray, controls: np.ndarray, window: Window, per_week: int) -> float:
    """Spend of some geos over the test had they changed as the controls did; ``spend`` has shape (G, T)."""
    reference = spend[:, max(window.test.start - _REFERENCE * per_week, 0) : window.test.start]
    times = window.length / reference.shape[1]
    beside = float(reference[controls].sum()) * times
    moved = float(spend[controls][:, window.test].sum()) / beside if beside > 0 else 1.0
    return float(reference[inside].sum() * times * moved)
