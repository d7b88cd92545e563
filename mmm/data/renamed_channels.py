"""Channels of which one begins where another ends: one channel under two names, by the look of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from attribution.findings import Finding
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["renamed_channels"]

_FEWEST, _APART = 4, 2
_ACTIVE = 0.8
_TIMES = 2.5
_SHOWN = 5


def renamed_channels(panel: Panel) -> Finding:
    """Whether a channel ends for good where another begins, at about the same spend.

    Parameters
    ----------
    panel
        Of which each column of spend that runs for four periods or more is looked at, all markets together.
    """
    found = sorted(_found(panel))
    text = "No channel begins where another ends."
    if found:
        listed = "; ".join(f"{new} begins on {day} where {old} ends" for old, new, day in found[:_SHOWN])
        text = (
            f"One channel under two names, by the look of it: {listed}. Each is then learnt from half of the weeks, "
            "and the plan has no past for the new one. Write both under one name, or leave it if they differ."
        )
    channels = tuple(dict.fromkeys(name for old, new, _ in found for name in (old, new)))
    return Finding("renamed_channels", not found, float(len(found)), 0.0, text, channels)


def _found(panel: Panel) -> Iterator[tuple[str, str, str]]:
    runs = {name: run for at, name in enumerate(panel.channels) if (run := _run(panel.spend[:, :, at].sum(axis=0)))}
    for old, new in permutations(runs, 2):
        (_, ends, before), (begins, _, after) = runs[old], runs[new]
        apart = begins - ends
        over = panel.periods - 1 - ends >= _FEWEST and begins >= _FEWEST
        if over and 0 < apart <= _APART and 1 / _TIMES < after[0] / before[1] < _TIMES:
            yield old, new, panel.dates[begins].date().isoformat()


def _run(series: Array) -> tuple[int, int, tuple[float, float]] | None:
    """First and last period of a channel that hardly pauses, and its mean spend at either end."""
    active = np.flatnonzero(series > 0)
    if len(active) < _FEWEST or len(active) < _ACTIVE * (active[-1] - active[0] + 1):
        return None
    values = series[active]
    return int(active[0]), int(active[-1]), (float(values[:8].mean()), float(values[-8:].mean()))
