"""Plot of a geo test: test geos against their synthetic controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.palette import ACCENT, BAND, INK, SOFT, WASH
from attribution.numbers import count
from mmm.drawing.by_week import dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mmm.experiments.geo_readout import GeoReadout

__all__ = ["geo_test"]

_HISTORY = 4  # how many times the test of history is drawn, at least 40 periods


def geo_test(readout: GeoReadout, ax: Axes | None = None, *, cell: int = 0, outcome: str = "new customers") -> Axes:
    """Customers of a cell's geos against what their synthetic controls give, with where 95 % of history lay.

    Parameters
    ----------
    readout
        What :func:`mmm.read_geo_test` gives.
    ax
        Axes to draw on.
    cell
        Which of its cells.
    outcome
        What is counted.
    """
    found, table = readout.cells[cell], readout.series[cell]
    test = table.index[table["part"] == "test"]
    first = int(np.flatnonzero(table["part"] == "test")[0])
    table = table.iloc[max(first - max(_HISTORY * len(test), 40), 0) :]
    step = table.index[1] - table.index[0]
    with style():
        axes = own_axes(ax, width=9.5, height=3.8)
        dress(axes)
        days: Any = (test[0] - step / 2, test[-1] + step / 2)
        axes.axvspan(*days, color=WASH, zorder=0)
        low, high = (table["observed"] - table[name] for name in ("high", "low"))
        band = axes.fill_between(table.index, low, high, color=BAND, linewidth=0)
        (without,) = axes.plot(table.index, table["synthetic"], color=ACCENT, linewidth=1.5)
        (seen,) = axes.plot(table.index, table["observed"], color=INK, linewidth=1.2)
        axes.set_ylim(bottom=max(0.0, float(min(low.min(), table["observed"].min()) * 0.95)))
        dates(axes, table.index)
        amount_axis(axes, "y", f"{outcome} per {'week' if step >= pd.Timedelta(days=7) else 'day'}")
        effect = found.effect
        said = f"{count(effect.customers)} in the test ({count(effect.low)} to {count(effect.high)})"
        headline(
            axes,
            f"{found.cell.channel}: {said}",
            [seen, without, band],
            ["test geos", "their synthetic controls", "where 95 % of periods before lay"],
        )
        axes.annotate(
            "test", (test[len(test) // 2], 1), xycoords=("data", "axes fraction"), ha="center", va="top", color=SOFT
        )
        return axes
