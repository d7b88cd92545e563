"""The table by geo beside the weekly table: whose unit it has, how much of the nation it holds, how far it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted, percent, significant
from mmm import Panel
from mmm.arrays import Array

__all__ = ["Parts", "parts_of_nation"]

_WEEKS = 13  # in common, below which neither says anything of the other
_ALL, _TOO_MUCH, _TOO_LITTLE = 0.95, 1.1, 0.01


@dataclass(frozen=True)
class Parts:
    """What the geos of a table are of the nation.

    Parameters
    ----------
    customers
        The part of the nation's customers that are theirs.
    spend
        Channel to the part of its spend that goes to them: that of customers where the table holds no spend.
    notes
        What a reader of the designs has to know of it.
    """

    customers: float
    spend: Mapping[str, float]
    notes: tuple[str, ...]


def parts_of_nation(panel: Panel, national: Panel, name: str, columns: Mapping[str, str]) -> Parts:
    """Hold a table by geo against the weekly table, in the weeks that both have.

    Parameters
    ----------
    panel, national
        By geo, and of the weekly table.
    name, columns
        What messages call the table, its outcome (under ``""``) and its spend by channel.

    Raises
    ------
    BadInput
        Where it holds more than the nation, or next to nothing of it.
    """
    first, last = max(panel.dates[0], national.dates[0]), min(panel.after(1)[0], national.after(1)[0])
    here, there = (_inside(one, first, last) for one in (panel, national))
    if min(here.sum() * panel.days, there.sum() * national.days) < 7 * _WEEKS:
        text = f"{name} and the weekly table have too few weeks in common to say how much of it the geos hold."
        return Parts(1.0, dict.fromkeys(panel.channels, 1.0), (text,))
    sums = {"": (panel.kpi, national.kpi)}
    for place, channel in enumerate(panel.channels):
        if channel in national.channels and channel in columns:
            beside = national.spend[:, :, national.channels.index(channel)]
            sums[channel] = panel.spend[:, :, place], beside

    def parts_in(here: np.ndarray, there: np.ndarray) -> dict[str, float]:
        return {
            channel: _a_day(panel, own, here) / whole
            for channel, (own, all_of_it) in sums.items()
            if (whole := _a_day(national, all_of_it, there)) > 0
        }

    parts = parts_in(here, there)
    problems = [
        Problem(
            name,
            f"adds up to {significant(part)} times what the weekly table holds in the same weeks.",
            columns[channel],
            remedy="write it in the unit of the weekly table, each customer and each payment in one geo.",
        )
        for channel, part in parts.items()
        if part > _TOO_MUCH or (0 < part < _TOO_LITTLE)
    ]
    if problems:
        raise BadInput(problems)
    notes = []
    if less := {columns[channel]: part for channel, part in parts.items() if part < _ALL}:
        held = ", ".join(f"{percent(part)} of {column}" for column, part in less.items())
        notes.append(f"{name} holds {held} of the weekly table; the rest counts as of no geo that can be tested.")
    late = (national.after(1)[0] - panel.after(1)[0]).days // 7
    if late >= _WEEKS:
        notes.append(
            f"{name} ends {counted(late, 'week')} before the weekly table: what the test costs and would show is said "
            "by those older weeks."
        )
    lately = last - pd.Timedelta(weeks=_WEEKS)
    now = parts_in(*(_inside(one, lately, last) for one in (panel, national)))
    customers = min(parts[""], 1.0)
    spend = {channel: min(now.get(channel, customers), 1.0) for channel in panel.channels}
    return Parts(customers, spend, tuple(notes))


def _inside(panel: Panel, first: pd.Timestamp, last: pd.Timestamp) -> np.ndarray:
    return np.asarray((panel.dates >= first) & (panel.dates + pd.Timedelta(days=panel.days) <= last))


def _a_day(panel: Panel, series: Array, rows: np.ndarray) -> float:
    return float(series[:, rows].sum() / rows.sum() / panel.days)
