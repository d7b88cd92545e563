"""Spend that stands where it was booked and not where it ran: once a month, copied forward, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attribution.findings import Finding
from attribution.numbers import counted
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["booked_at_once", "copied_forward", "single_gaps"]

_BOOKINGS = 6  # months or quarters in a row that hold one each
_ALWAYS = 0.9  # of months, periods or changes
_COPIES = 6  # periods of one and the same figure
_GAPS, _WEEKS = 2, 2  # how many, and weeks of one at most
_USUAL = 0.5  # of the middle: what a channel spends before and after a gap


def booked_at_once(panel: Panel) -> Finding:
    """Channels whose spend stands in one period of each month or quarter, as invoices do."""
    months = np.asarray(panel.dates.year * 12 + panel.dates.month - 1)
    found = {name: often for name, series in _channels(panel) if (often := _booked(months[series > 0]))}
    text = "No channel's spend stands in one period of each month or quarter."
    if found:
        told = "; ".join(f"{name} once a {often}" for name, often in found.items())
        text = (
            f"Spend in a single period of each month or quarter: {told}. So invoices are booked; people see media on "
            "other days, and a fit looks for their effect in the wrong weeks. Give spend by the days on which it ran; "
            "leave it if it ran then."
        )
    return Finding("booked_at_once", not found, float(len(found)), 0.0, text, tuple(found))


def _booked(months: npt.NDArray[np.integer]) -> str:
    """How often the spend of such months is booked; empty where it is not one period of each month or quarter."""
    for often, spans in (("month", months), ("quarter", months // 3)):
        whole = spans[(spans > spans[:1]) & (spans < spans[-1:])]
        many = int(np.ptp(spans)) - 1 if len(spans) else 0
        if many >= _BOOKINGS and (np.diff(whole) > 0).all() and len(whole) >= _ALWAYS * many:
            return often
    return ""


def copied_forward(panel: Panel) -> Finding:
    """Channels whose spend moves from period to period but for a stretch of one and the same figure."""
    found: dict[str, str] = {}
    for name, series in _channels(panel):
        run = max(_runs(np.flatnonzero((np.diff(series) == 0) & (series[1:] > 0))), key=len, default=np.array([]))
        others = np.delete(np.diff(series), run) if len(run) else np.diff(series)
        if len(run) + 1 >= _COPIES * panel.per_week and len(others) and np.mean(others != 0) >= _ALWAYS:
            found[name] = f"{panel.dates[int(run[0])]:%Y-%m-%d} to {panel.dates[int(run[-1]) + 1]:%Y-%m-%d}"
    text = "No channel's spend stands still for long that moves otherwise."
    if found:
        told = "; ".join(f"{name} from {when}" for name, when in found.items())
        text = (
            f"The same figure again and again, where spend moves from period to period otherwise: {told}. Figures that "
            "were copied forward or planned are no spend, and a fit holds the KPI against them: enter what was spent, "
            "or leave those periods out."
        )
    return Finding("copied_forward", not found, float(len(found)), 0.0, text, tuple(found))


def single_gaps(panel: Panel) -> Finding:
    """Channels that spend in nearly every period, and in some weeks between usual ones nothing at all."""
    found: dict[str, tuple[int, int]] = {}
    for name, series in _channels(panel):
        silent = np.flatnonzero(series == 0)
        gaps = [run for run in _runs(silent) if _between(series, run, _WEEKS * panel.per_week)]
        lacking = sum(len(run) for run in gaps)
        if len(gaps) >= _GAPS and _USUAL * len(silent) < lacking and len(silent) <= (1 - _ALWAYS) * len(series):
            found[name] = lacking, int(gaps[0][0])
    text = "No channel that always spends has weeks of nothing in between."
    if found:
        told = "; ".join(
            f"{name} ({counted(lacking, 'period')}, the first {panel.dates[first]:%Y-%m-%d})"
            for name, (lacking, first) in found.items()
        )
        text = (
            f"Nothing in between, where spend is as usual before and after: {told}. If money was spent and is lacking "
            "here, the channel looks weaker than it is: enter what was spent; leave it if the channel did pause."
        )
    return Finding("single_gaps", not found, float(len(found)), 0.0, text, tuple(found))


def _channels(panel: Panel) -> Iterator[tuple[str, Array]]:
    """Every channel's spend in all markets, by period."""
    yield from zip(panel.channels, panel.spend.sum(axis=0).T, strict=True)


def _between(series: Array, run: npt.NDArray[np.intp], longest: int) -> bool:
    """Whether a stretch of nothing is short and lies between two periods of usual spend."""
    before, after = int(run[0]) - 1, int(run[-1]) + 1
    if len(run) > longest or before < 0 or after >= len(series):
        return False
    return bool(min(series[before], series[after]) >= _USUAL * np.median(series[series > 0]))


def _runs(places: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
