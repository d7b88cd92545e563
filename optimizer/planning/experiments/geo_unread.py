"""Outcomes by geo that no readout can rest on: one figure throughout, zeros that never were, weeks in another unit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.errors import Problem
from attribution.numbers import significant
from mmm import Panel
from mmm.experiments.geo_design import GeoDesign

__all__ = ["no_outcome"]

_MANY = 10.0  # customers a period: none of so many is no chance
_TIMES = 5.0


def no_outcome(panel: Panel, design: GeoDesign, name: str, column: str) -> Iterator[Problem]:
    """What is wrong with the outcome of a test's geos.

    Parameters
    ----------
    panel
        By geo.
    design
        The test that was run.
    name, column
        What messages call the table and its outcome.
    """
    tested = [geo for cell in design.cells for geo in cell.geos]
    controls = [panel.geos.index(geo) for geo in design.controls if geo in panel.geos]
    places = [*controls, *(panel.geos.index(geo) for geo in tested if geo in panel.geos)]
    before = np.asarray(panel.dates < np.datetime64(design.start))
    during = ~before & np.asarray(panel.dates <= np.datetime64(design.end))
    if not before.any() or not during.any() or not controls:
        return
    still = [place for place in places if not np.ptp(panel.kpi[place])]
    if still:
        text = f"is the same in every period in {', '.join(panel.geos[place] for place in still[:3])}."
        yield Problem(name, text, column, remedy="give what each period brought.")
        return
    gone = [place for place in places if _gone(panel.kpi[place, before], panel.kpi[place, during])]
    if gone:
        text = f"is 0 in periods of the test in {', '.join(panel.geos[place] for place in gone[:3])} and never was."
        yield Problem(name, text, column, remedy="give what came there; a period that lacks is no zero.")
        return
    past = panel.kpi[controls][:, before].mean(axis=1)
    times = float(np.median(panel.kpi[controls][:, during].mean(axis=1)[past > 0] / past[past > 0]))
    if not 1 / _TIMES <= times <= _TIMES:
        text = f"is {significant(times)} times in the controls during the test what it was before."
        yield Problem(name, text, column, remedy="write it in one unit, of the same days, throughout.")


def _gone(before: np.ndarray, during: np.ndarray) -> bool:
    return bool((before > 0).all() and before.mean() >= _MANY and (during == 0).any())
