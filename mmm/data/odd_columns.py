"""Columns that hold no amounts of their periods: rates, indices, figures filled down, tables that are cut short."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import counted, percent
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["cut_short", "filled_down", "held_down", "opens_midway", "rates_and_indices"]

_FEWEST, _LONG = 8, 26
_NEAR = 0.05
_SMOOTH, _LARGE = 0.4, 50.0
_BELOW, _DEVIATIONS, _BEFORE = 0.7, 4.0, 52
_SHOWN = 5
_SHUT = 4  # periods
_TOP, _OFTEN, _MOVES = 0.005, 0.1, 0.04


def rates_and_indices(panel: Panel) -> Finding:
    """Whether KPI or a channel's spend is a rate (0 to 1) or an index (a base or a peak of 100) by the look of it."""
    spends = [(f"spend of {name}", panel.spend[:, :, at], (name,)) for at, name in enumerate(panel.channels)]
    found = [
        (column, looks, names)
        for column, table, names in ((panel.kpi_name, panel.kpi, ()), *spends)
        if (looks := _scale(table)) is not None
    ]
    text = "KPI and spend are amounts, by the look of them."
    if found:
        listed = "; ".join(f"{column} {looks}" for column, looks, _ in found[:_SHOWN])
        text = (
            f"No amounts, by the look of them: {listed}. CAC, budgets and plans need customers and money of each "
            "period, not shares of something. Export those, or leave it if they are."
        )
    channels = tuple(name for *_, names in found for name in names)
    return Finding("rates_and_indices", not found, float(len(found)), 0.0, text, channels)


def _scale(table: Array) -> str | None:
    values = table[table != 0]
    if len(values) < _FEWEST or np.ptp(values) == 0:
        return None
    if values.max() <= 1:
        return "lies between 0 and 1 throughout, as a rate does"
    if table.shape[1] < _LONG or table.shape[0] > 1:
        return None
    series = table[0]
    fractions = bool(np.any(series % 1 != 0))
    if series.max() == 100 and np.sum(series == 100) == 1:
        return "has 100 as its highest figure, as an index does"
    if fractions and series[0] == 100:
        return "begins with 100, as an index does"
    if abs(series.mean() - 100) < _NEAR:
        return "is 100 on average, as an index is"
    return None


def filled_down(panel: Panel) -> Finding:
    """Whether the KPI stands still or moves along straight lines, as figures of months do that were spread over weeks.

    Small counts, of which many are alike by chance, are not looked at.
    """
    shares = [
        float(np.mean(np.abs(np.diff(series, 2)) <= 1e-6 * np.median(series)))
        for series in (own[_open(own)] for own in panel.kpi)
        if len(series) > _FEWEST and np.median(series) >= _LARGE
    ]
    share = max(shares, default=0.0)
    text = f"{panel.kpi_name} moves from period to period."
    if share > _SMOOTH:
        text = (
            f"{panel.kpi_name} stands still or moves along a straight line in {percent(share)} of periods, as figures "
            "do that were filled in between others. A fit takes each for a count of its own: give the periods that "
            "were counted."
        )
    return Finding("filled_down", share <= _SMOOTH, share, _SMOOTH, text)


def held_down(panel: Panel) -> Finding:
    """Whether the KPI stands at its highest again and again, as where stock, staff or a limit lets no more in.

    Small counts, and those that move too little for a highest to be told from others, are not looked at.
    """
    worst, times, where = 0.0, 0, ""
    for geo, series in zip(panel.geos, panel.kpi, strict=True):
        low, middle, high = np.quantile(series, [0.25, 0.5, 0.75])
        at_top = int((series >= (1 - _TOP) * series.max()).sum())
        if middle >= _LARGE and high - low > _MOVES * middle and at_top >= _FEWEST and at_top / len(series) > worst:
            worst, times = at_top / len(series), at_top
            where = f" in {geo}" if len(panel.geos) > 1 else ""
    text = f"{panel.kpi_name} stands at its highest in few periods."
    if worst > _OFTEN:
        text = (
            f"{panel.kpi_name} stands within {percent(_TOP)} of its highest in {counted(times, 'period')}{where}, as "
            "it does where stock, staff or a limit lets no more in. Beyond that spend brings nobody, and a fit takes "
            "it for media that wear out: give those who wanted to buy, such as orders or a waiting list, where they "
            "are known; else what is spent in such periods looks worse than it is elsewhere."
        )
    return Finding("held_down", worst <= _OFTEN, worst, _OFTEN, text, panel.channels if worst > _OFTEN else ())


def opens_midway(panel: Panel) -> Finding:
    """Whether the KPI is 0 at the beginning or the end, and above 0 in between: nobody could buy yet, or any more.

    The end of a table of one market is looked at by :func:`cut_short`.
    """
    several = len(panel.geos) > 1
    found: list[str] = []
    for market, series in zip(panel.geos, panel.kpi, strict=True):
        there, where = _open(series), f" in {market}" if several else ""
        first, last = there.start, there.stop
        if last - first < _FEWEST or not _busy(series[there]):
            continue
        if first >= _SHUT:
            found.append(f"{panel.kpi_name} is 0{where} until {panel.dates[first]:%Y-%m-%d}")
        if several and len(series) - last >= _SHUT:
            found.append(f"{panel.kpi_name} is 0{where} from {panel.dates[last]:%Y-%m-%d} on")
    text = f"{panel.kpi_name} is there from the first period to the last."
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"{'; '.join(found[:_SHOWN])}{more}. Where nobody could buy yet, or any more, a fit takes that for media "
            "without effect: keep only the weeks in which people could buy, or leave the market out."
        )
    return Finding("opens_midway", not found, float(len(found)), 0.0, text)


def _open(series: Array) -> slice:
    """From the first to the last period that is above 0."""
    active = np.flatnonzero(series > 0)
    return slice(int(active[0]), int(active[-1]) + 1) if len(active) else slice(0, 0)


def _busy(series: Array) -> bool:
    """Whether nearly no period between is 0, as of a KPI that is no rare event."""
    return float(np.mean(series > 0)) >= 1 - _NEAR


def cut_short(panel: Panel) -> Finding:
    """Whether the last periods are not whole: not over yet, nothing where there always was something, or far less."""
    columns = {panel.kpi_name: panel.kpi.sum(axis=0), "all spend": panel.spend.sum(axis=(0, 2))}
    found = [text for name, series in columns.items() for text in _short(name, series, panel)]
    today = pd.Timestamp.now().normalize()
    if ahead := int(np.sum(panel.dates + pd.Timedelta(days=panel.days) > today)):
        unit = "week" if panel.days == 7 else "day"
        first = panel.dates[-ahead]
        found.insert(0, f"{counted(ahead, unit)} from {first:%Y-%m-%d} on, not over on {today:%Y-%m-%d}")
    text = "The last period is like those before it."
    if found:
        text = (
            f"The table may end in periods that are not whole: {'; '.join(found)}. Periods that are not over, or not "
            "booked yet, look like media without effect: leave them out."
        )
    return Finding("cut_short", not found, float(len(found)), 0.0, text)


def _short(name: str, series: Array, panel: Panel) -> Iterator[str]:
    active = np.flatnonzero(series > 0)
    if len(active) < _FEWEST:
        return
    silent = panel.periods - 1 - active[-1]
    if silent and len(active) == active[-1] - active[0] + 1:
        yield f"{name} is 0 from {panel.dates[active[-1] + 1]:%Y-%m-%d} on, and was above 0 in every period before"
        return
    before = series[max(0, panel.periods - 1 - _BEFORE) : -1]
    before = before[before > 0]
    last = series[-1]
    if silent or len(before) < _FEWEST or last >= _BELOW * before.min():
        return
    middle = float(np.median(np.log(before)))
    spread = max(1.4826 * float(np.median(np.abs(np.log(before) - middle))), 0.05)
    if np.log(last) < middle - _DEVIATIONS * spread:
        yield f"{name} of the last period is {percent(last / np.exp(middle))} of what is usual"
