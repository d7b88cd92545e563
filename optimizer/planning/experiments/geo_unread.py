"""Tables by geo on which no test can be designed or read: outcomes that were not counted, spend that did not change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.errors import Problem
from attribution.numbers import amount, significant
from mmm import Panel
from mmm.arrays import Array
from mmm.experiments.geo_design import GeoDesign
from mmm.experiments.geo_spend import expected_spend
from mmm.experiments.geo_window import window_of

__all__ = ["TIMES", "gone", "no_change", "no_outcome", "not_counted"]

_MANY = 10.0  # customers a period: none of so many is no chance
TIMES = 5.0
"""How many times its level an outcome may be in a test, where nothing was changed: no season does so much."""
_ALONE = 50.0
_DONE = 0.2  # of the change that was designed, below which spend moves by itself
_SHOWN = 3


def not_counted(panel: Panel, name: str, column: str) -> Iterator[Problem]:
    """What shows that the outcome of geos was written down and not counted there.

    Parameters
    ----------
    panel
        By geo.
    name, column
        What messages call the table and its outcome.
    """
    still = [geo for geo, series in zip(panel.geos, panel.kpi, strict=True) if not np.ptp(series)]
    if still:
        where = f" in {', '.join(still[:_SHOWN])}" if len(panel.geos) > 1 else ""
        text = f"is the same in every period{where}."
        yield Problem(name, text, column, remedy="give what each period brought.")
    elif _divided(panel.kpi):
        text = "goes up and down alike in all geos, in their sizes: one figure was divided among them."
        yield Problem(name, text, column, remedy="give what was counted in each geo; a key tells nothing of a test.")


def _divided(kpi: Array) -> bool:
    """Whether every geo has its part of the sum, but for rounding; counts of so many differ by more."""
    means = kpi.mean(axis=1)
    if len(kpi) < 2 or means.min() < _MANY:
        return False
    away = np.abs(kpi - np.outer(means / means.sum(), kpi.sum(axis=0)))
    rounding = 1.0 if not (kpi % 1).any() else 0.0
    return bool((away <= rounding + 1e-6 * means[:, None]).all())


def no_outcome(panel: Panel, design: GeoDesign, name: str, column: str) -> Iterator[Problem]:
    """What is wrong with the outcome of a design's geos in its test, for the parameters of :func:`not_counted`."""
    tested = [geo for cell in design.cells for geo in cell.geos]
    controls = [panel.geos.index(geo) for geo in design.controls if geo in panel.geos]
    places = [*controls, *(panel.geos.index(geo) for geo in tested if geo in panel.geos)]
    before = np.asarray(panel.dates < np.datetime64(design.start))
    during = ~before & np.asarray(panel.dates <= np.datetime64(design.end))
    if not before.any() or not during.any() or not controls:
        return
    silent = [place for place in places if gone(panel.kpi[place, before], panel.kpi[place, during])]
    if silent:
        text = (
            f"is 0 in periods of the test in {', '.join(panel.geos[place] for place in silent[:_SHOWN])} and never was."
        )
        yield Problem(name, text, column, remedy="give what came there; a period that lacks is no zero.")
        return
    past, now = (panel.kpi[:, rows].mean(axis=1) for rows in (before, during))
    times = float(np.median(now[controls][past[controls] > 0] / past[controls][past[controls] > 0]))
    jumped = [place for place in places if past[place] >= _MANY and now[place] > _ALONE * past[place]]
    if not 1 / TIMES <= times <= TIMES:
        text = f"is {significant(times)} times in the controls during the test what it was before."
        yield Problem(name, text, column, remedy="write it in one unit, of the same days, throughout.")
    elif jumped:
        most = max(now[place] / past[place] for place in jumped)
        named = ", ".join(panel.geos[place] for place in jumped[:_SHOWN])
        text = f"is {significant(most)} times in {named} during the test what it was before."
        yield Problem(name, text, column, remedy="write it in one unit, of the same days, throughout.")


def no_change(panel: Panel, design: GeoDesign, name: str, columns: dict[str, str]) -> Iterator[Problem]:
    """Why no change of spend can be read: controls that stopped too, or test geos that went on.

    Parameters
    ----------
    panel, design, name
        As for :func:`no_outcome`.
    columns
        Channel to the column of its spend.
    """
    window, (members, controls) = window_of(panel, design), design.members(panel)
    for cell, inside in zip(design.cells, members > 0, strict=True):
        if cell.channel not in panel.channels:
            continue
        spend, column = panel.spend[:, :, panel.channels.index(cell.channel)], columns[cell.channel]
        usual = expected_spend(spend, inside, controls, window, panel.per_week)
        spent = float(spend[inside][:, window.test].sum())
        if not spend[controls][:, window.test].any() and spend[controls][:, window.before].any():
            text = "is 0 in the control geos during the test, and was not before: they have to go on as usual."
            yield Problem(name, text, column, remedy="there is no comparison; look whether geos were exchanged.")
        elif not usual and not spent:
            text = "is 0 in the test geos during the test and in the 13 weeks before it: nothing was changed."
            yield Problem(name, text, column, remedy="give the spend as it was; without a change there was no test.")
        elif usual > 0 and abs(spent / usual - 1) < _DONE * abs(cell.change):
            text = (
                f"adds up to {amount(spent)} in the test geos during the test, where {amount(usual)} would have been "
                "spent as the controls went: it was not changed."
            )
            yield Problem(name, text, column, remedy="give the spend as it was; without a change there was no test.")


def gone(before: np.ndarray, during: np.ndarray) -> bool:
    """Whether an outcome that never was 0 is so in some period of a test."""
    return bool((before > 0).all() and before.mean() >= _MANY and (during == 0).any())
