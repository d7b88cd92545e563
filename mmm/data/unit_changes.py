"""Columns of a panel that change their unit midway: from some period on all cells are a hundredth, or thousandfold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.findings import Finding
from attribution.numbers import significant
from attribution.reading.looks import TIMES, another_unit
from mmm.data.outlying_cells import columns_with_cells
from mmm.data.panel import Panel

__all__ = ["unit_changes"]

_SHOWN = 5


def unit_changes(panel: Panel) -> Finding:
    """Whether a column of spend, volume, KPI or of a control stands at another size from some period on.

    It does where the medians before and after differ by fifty times or more, and by three robust standard deviations of
    the logarithm within either side. Zeros are no cells.
    """
    found = sorted(_changes(panel), key=lambda change: -abs(np.log(change[2])))
    worst = float(np.exp(abs(np.log(found[0][2])))) if found else 1.0
    text = "No column changes its size from some period on."
    if found:
        listed = "; ".join(
            f"{column} from {place} on ({significant(times)} times as before)"
            for column, place, times, _ in found[:_SHOWN]
        )
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"Another unit from some period on, by the look of it: {listed}{more}. What a channel brings per unit of "
            "money is then a mixture of two. Bring the column to one unit at the source, or leave it if it is true."
        )
    channels = tuple(dict.fromkeys(name for *_, names in found for name in names))
    return Finding("unit_changes", not found, worst, TIMES, text, channels)


def _changes(panel: Panel) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
    for column, table, channels in columns_with_cells(panel):
        for geo, series in zip(panel.geos, table, strict=True):
            if (change := another_unit(series)) is not None:
                row, times = change
                where = panel.dates[row].date().isoformat() + (f" in {geo}" if len(panel.geos) > 1 else "")
                yield column, where, times, channels
