"""The weeks that a geo test was designed on, kept in its design and held against the table that it is read from.

A table in another unit, of another outcome or with its geos renamed is whole in itself: only what the design saw tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import Problem
from attribution.findings import Finding
from attribution.numbers import significant
from mmm import Panel
from mmm.arrays import Array

__all__ = ["History", "geo_history", "other_table"]

_WEEKS = 13
_TIMES = 5.0  # no season and no revision moves a table so much
_FEWEST = 20.0  # customers, below which such a ratio may be chance
_REVISED = 0.1
_SHOWN = 5


@dataclass(frozen=True)
class History:
    """What a table held in the weeks before a design, by day.

    Parameters
    ----------
    first, last
        Days.
    kpi
        Geo to its customers a day.
    spend
        Channel to what each geo spent a day; empty where the table has no spend.
    """

    first: str
    last: str
    kpi: Mapping[str, float]
    spend: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, panel: Panel, channels: tuple[str, ...]) -> History:
        """The last weeks of a panel, with the spend of channels that its table holds."""
        rows = slice(-_WEEKS * panel.per_week, None)
        first, last = panel.dates[rows][0], panel.after(1)[0] - pd.Timedelta(days=1)
        spend = {name: _by_day(panel, panel.spend[:, rows, panel.channels.index(name)]) for name in channels}
        return cls(f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}", _by_day(panel, panel.kpi[:, rows]), spend)

    @classmethod
    def read(cls, said: Any) -> History | None:
        """What a design file holds; None where it was written before histories were kept.

        Raises
        ------
        TypeError, ValueError, KeyError, AttributeError
            Where it holds something else.
        """
        if said is None:
            return None
        first, last = (f"{pd.Timestamp(said[key]):%Y-%m-%d}" for key in ("first", "last"))
        spend = {str(name): _figures(geos) for name, geos in said["spend"].items()}
        return cls(first, last, _figures(said["kpi"]), spend)


def other_table(kept: History, panel: Panel, start: str, name: str, columns: Mapping[str, str]) -> Iterator[Problem]:
    """Where a table cannot be the one that the test was designed on.

    Parameters
    ----------
    kept
        Of the design.
    panel
        What the test is read from.
    start
        First day of the test.
    name, columns
        What messages call the table, its outcome (under ``""``) and its spend by channel.
    """
    rows, _ = _rows(kept, panel, start)
    if not rows.any():
        return
    for channel, then, now in _pairs(kept, panel, rows):
        times = sum(now.values()) / sum(then.values()) if sum(then.values()) > 0 else 1.0
        odd = [geo for geo in then if _far(then[geo], now[geo])] if not channel else []
        if not 1 / _TIMES <= times <= _TIMES and len(odd) in (0, len(then)):
            text = (
                f"is {significant(times)} times what it was in the table of the design, before anything was tested "
                f"({kept.first} to {kept.last})."
            )
            yield Problem(name, text, columns[channel], remedy="write the outcome and its unit as that table has them.")
        elif odd:
            text = (
                f"of {_listed(odd)} is another than in the table of the design, before anything was tested "
                f"({kept.first} to {kept.last}: {_moved(then, now, odd)} a day)."
            )
            yield Problem(name, text, columns[channel], remedy="call each geo what that table calls it, in one unit.")


def geo_history(kept: History, panel: Panel, start: str) -> Finding:
    """Whether the table still says of the weeks before the design what it said then."""
    rows, whole = _rows(kept, panel, start)
    if not whole:
        text = f"The table does not hold the weeks that the test was designed on ({kept.first} to {kept.last})."
        return Finding("geo_history", True, None, None, text)
    told, channels, most = [], [], 0.0
    for channel, then, now in _pairs(kept, panel, rows):
        away = {geo: abs(now[geo] - then[geo]) / max(then[geo], now[geo], 1e-300) for geo in then}
        most = max([most, *away.values()])
        if odd := [geo for geo, part in away.items() if part > _REVISED]:
            told.append(f"{channel or panel.kpi_name} of {_listed(odd)} ({_moved(then, now, odd)} a day)")
            channels += [channel] if channel else []
    text = "The weeks that the test was designed on read as they did then."
    if told:
        text = (
            f"The weeks that the test was designed on ({kept.first} to {kept.last}) read otherwise now: "
            f"{'; '.join(told)}. Where geos were renamed, regrouped or counted anew, their history and their test are "
            "no longer those of the design."
        )
    return Finding("geo_history", not told, most, _REVISED, text, tuple(channels))


def _by_day(panel: Panel, series: Array) -> dict[str, float]:
    means = series.mean(axis=1) / panel.days
    return {geo: float(f"{mean:.8g}") for geo, mean in zip(panel.geos, means, strict=True)}


def _figures(said: Any) -> dict[str, float]:
    figures = {str(geo): float(value) for geo, value in said.items()}
    if not all(0 <= value < np.inf for value in figures.values()):
        raise ValueError("no amounts")
    return figures


def _rows(kept: History, panel: Panel, start: str) -> tuple[np.ndarray, bool]:
    """Periods that the design saw, and whether they are all there; all before the test where none of them is."""
    dates, before = panel.dates, np.asarray(panel.dates < pd.Timestamp(start))
    ends = dates + pd.Timedelta(days=panel.days - 1)
    rows = np.asarray((dates >= pd.Timestamp(kept.first)) & (ends <= pd.Timestamp(kept.last))) & before
    days = (pd.Timestamp(kept.last) - pd.Timestamp(kept.first)).days + 1
    return (rows, bool(rows.sum() * panel.days == days)) if rows.any() else (before, False)


def _pairs(kept: History, panel: Panel, rows: np.ndarray) -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
    """Channel, or "" for the outcome, with what was a day then and what is now, by geo."""
    blocks = {"": (kept.kpi, panel.kpi)}
    blocks |= {
        channel: (geos, panel.spend[:, :, panel.channels.index(channel)])
        for channel, geos in kept.spend.items()
        if channel in panel.channels
    }
    for channel, (then, series) in blocks.items():
        now = _by_day(panel, series[:, rows])
        yield channel, {geo: value for geo, value in then.items() if geo in now}, now


def _far(then: float, now: float) -> bool:
    days = _WEEKS * 7
    return max(then, now) * days >= _FEWEST and not then / _TIMES <= now <= then * _TIMES


def _listed(geos: list[str]) -> str:
    more = f" and {len(geos) - _SHOWN} more" if len(geos) > _SHOWN else ""
    return f"{', '.join(geos[:_SHOWN])}{more}"


def _moved(then: Mapping[str, float], now: Mapping[str, float], geos: list[str]) -> str:
    shown = [f"{significant(then[geo])} then and {significant(now[geo])} now" for geo in geos[:_SHOWN]]
    return ", ".join(shown)
