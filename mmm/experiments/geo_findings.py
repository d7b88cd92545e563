"""Checks of a geo test: whether the history, the controls and what was done let its method hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.experiments.geo_design import GeoDesign
from mmm.experiments.geo_follow import Followed
from mmm.experiments.geo_spend import expected_spend, spend_changes
from mmm.experiments.geo_window import Window

__all__ = ["findings_of"]

_RARE = 0.01
_COUNTS = 50.0  # customers over the test, below which counts are no normal numbers
_EMPTY = 0.2
_MOVED = 0.2  # share by which spend may differ from what was to be spent
_LARGER = 3.0  # times the largest placebo


def findings_of(
    own: Followed, test: Array, panel: Panel, design: GeoDesign, window: Window, correlation: Array
) -> tuple[Finding, ...]:
    """All checks of a test; ``test`` is the KPI of its geos over the test, shape (G, L)."""
    return (
        _drift(own),
        _before(own),
        _beside(own, test),
        _unlike(own),
        _few(own),
        _counts(own, test, panel, design, window),
        *_spend(panel, design, window),
        *_shared(design, correlation),
    )


def _drift(own: Followed) -> Finding:
    drift = own.drift
    text = "Gaps between geos and their controls do not drift over the history."
    if drift.times > 1:
        text = (
            "Geos drift away from their controls over the history, and a test after it is further off than blocks "
            f"within it. Standard errors are {percent(drift.times - 1)} wider for it; a drift of the test geos "
            "themselves is still taken for an effect. Look at trends by geo, or read a shorter history."
        )
    return Finding("geo_drift", drift.times <= 1, drift.ratio, drift.limit, text)


def _before(own: Followed) -> Finding:
    chances = own.spread.chance(own.tested.blocks[:, -1])
    least, off = float(chances.min()), float(own.tested.blocks[int(chances.argmin()), -1])
    text = "Just before the test the test geos lay where their controls put them."
    if least < _RARE:
        text = (
            f"Just before the test the test geos lay {percent(off, True)} off their controls, "
            " where nothing was tested: something else had begun, and goes into the effect."
        )
    return Finding("geo_before", least >= _RARE, least, _RARE, text)


def _beside(own: Followed, test: Array) -> Finding:
    if not len(own.placebos.groups):
        text = "Controls are too few to be held against each other in the weeks of the test."
        return Finding("geo_beside", False, None, None, text)
    beside = own.beside(test)
    text = "In the weeks of the test controls differed from each other as they did before."
    if beside.times > 1:
        text = (
            f"In the weeks of the test controls differed from each other {percent(beside.times - 1)} more than before: "
            "a shock of those weeks, or the test reached some of them (spillover). Standard errors are so much "
            "wider, and the effect is too small where it reached controls. What reaches all alike cannot be seen."
        )
    return Finding("geo_beside", beside.times <= 1, beside.ratio, beside.limit, text)


def _unlike(own: Followed) -> Finding:
    text = "The test geos follow their controls as well as controls follow each other."
    if not len(own.placebos.square):
        return Finding("geo_unlike", True, None, None, "No placebos to hold the test geos against.")
    ratio = float((own.tested.square / np.median(own.placebos.square)).max())
    limit = float(stats.f.ppf(0.99, own.tested.blocks.shape[1] - 1, 20))
    larger = float((own.tested.sizes / own.placebos.sizes.max()).max())
    if ratio > limit:
        text = (
            f"The test geos follow their controls worse than controls follow each other: {ratio:.1f} times the "
            "variance. Its own history alone says how sure the result is; test geos that others resemble."
        )
    elif larger > _LARGER:
        text = (
            f"The test geos are {larger:.1f} times as large as the largest placebo: nothing as large says how "
            "much they vary, and the interval hangs on their own history."
        )
    return Finding("geo_unlike", ratio <= limit and larger <= _LARGER, ratio, limit, text)


def _few(own: Followed) -> Finding:
    freedom = float(own.spread.freedom.min())
    text = f"{freedom:.0f} degrees of freedom say how sure the result is."
    if freedom < 5:
        text = (
            f"Only {freedom:.0f} degrees of freedom say how sure the result is: the history is short for the test and "
            "the controls are few, so the interval is wide and hangs on single weeks."
        )
    return Finding("geo_few", freedom >= 5, freedom, 5.0, text)


def _counts(own: Followed, test: Array, panel: Panel, design: GeoDesign, window: Window) -> Finding:
    members, controls = design.members(panel)
    least = float(own.tested.synthetic(test).sum(axis=1).min())
    empty = float((panel.kpi[(members.sum(axis=0) > 0) | controls][:, window.before] == 0).mean())
    text = "Every cell has customers enough for a t interval."
    if least < _COUNTS:
        text = (
            f"A cell has {least:.0f} customers over the test without it, too few for a t interval. Test more geos, "
            "or longer."
        )
    elif empty > _EMPTY:
        text = f"{percent(empty)} of geos' periods have no customers. Read by week, or join small geos."
    return Finding("geo_counts", least >= _COUNTS and empty <= _EMPTY, least, _COUNTS, text)


def _spend(panel: Panel, design: GeoDesign, window: Window) -> Iterator[Finding]:
    """Whether the change was made as designed, and whether other channels changed with it."""
    members, controls = design.members(panel)
    off, moved = [], []
    made = spend_changes(panel, design, window)
    for cell, inside, spent in zip(design.cells, members > 0, made, strict=True):
        change = spent.change
        done = change / spent.without if spent.without > 0 else float("nan")
        if np.isfinite(change) and not abs(done - cell.change) <= _MOVED:
            off.append(f"{cell.channel} by {percent(done, True)} in place of {percent(cell.change, True)}")
        for place, channel in enumerate(panel.channels):
            spend = panel.spend[:, :, place]
            expected = expected_spend(spend, inside, controls, window, panel.per_week)
            beyond = float(spend[inside][:, window.test].sum()) - expected
            least = _MOVED * max(abs(change) if np.isfinite(change) else 0.0, expected)
            if channel not in {one.channel for one in design.cells} and abs(beyond) > least > 0:
                moved.append(channel)
    if any(cell.channel in panel.channels for cell in design.cells):
        text = "Spend was changed as designed."
        if off:
            text = f"Spend was not changed as designed: {', '.join(off)}. The readout goes by what was spent."
        yield Finding("geo_as_designed", not off, float(len(off)), 0.0, text)
    names = tuple(dict.fromkeys(moved))
    text = "No other channel changed in the test geos against the controls."
    if names:
        text = (
            f"{', '.join(names)} changed in the test geos as well, against the controls: what they brought or cost is "
            "in the effect."
        )
    yield Finding("geo_other_channels", not names, float(len(names)), 0.0, text, names)


def _shared(design: GeoDesign, correlation: Array) -> Iterator[Finding]:
    """What cells owe to the controls that they share."""
    count = len(design.cells)
    if count < 2:
        return
    value, a, b = max((abs(float(correlation[a, b])), a, b) for b in range(count) for a in range(b))
    text = (
        f"Cells share controls; errors of {design.cells[a].channel} and {design.cells[b].channel} correlate most, by "
        f"{float(correlation[a, b]):.2f}. Their rows of lift_tests say so in shared_controls and shared_error, and "
        "a model reads them together."
    )
    yield Finding("geo_shared_controls", True, value, None, text)
