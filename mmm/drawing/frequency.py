"""Plot of optimal frequency: what a contact brings by how often each person is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.palette import ACCENT, BAND, NOW, PLANNED
from attribution.errors import BadInput, Problem
from attribution.estimates import HIGH, INTERVAL, LOW
from mmm.posterior.frequency import per_contact, reached

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["optimal_frequency"]


def optimal_frequency(result: Any, ax: Axes | None = None, *, channel: str | None = None) -> Axes:
    """What one contact brings at each frequency against what one brought, with the best frequency's 90 % interval.

    Parameters
    ----------
    result
        A posterior.
    ax
        Axes to draw on.
    channel
        Channel measured by reach and frequency; may be left out where there is one.

    Raises
    ------
    BadInput
        Where the channel is not one of those, or there are several and none is named.
    """
    table = result.optimal_frequency()
    if channel is None and len(table) > 1:
        raise BadInput(Problem("optimal_frequency", "has several channels.", remedy=f"name one: {list(table.index)}."))
    name = str(table.index[0]) if channel is None else channel
    drawn = reached(result.panel, result.media, result.flat, name)
    row = table.loc[name]
    often = np.linspace(1.0, max(float(row["highest"]), 1.5), 121)
    values = np.concatenate([per_contact(drawn, part) for part in np.array_split(often, 8)])
    middle, (low, high) = np.median(values, axis=1), np.quantile(values, list(INTERVAL.values()), axis=1)
    with style():
        axes = own_axes(ax, width=5.6, height=3.6)
        dress(axes)
        axes.fill_between(often, low, high, color=BAND, linewidth=0)
        axes.plot(often, middle, color=ACCENT, linewidth=2)
        axes.axvspan(float(row[LOW]), float(row[HIGH]), color=PLANNED, alpha=0.14, linewidth=0)
        axes.axhline(1.0, color=NOW, linewidth=0.8, linestyle=(0, (2, 2)))
        handles = []
        for place, marker, colour in ((float(row["now"]), "o", NOW), (float(row["median"]), "D", PLANNED)):
            height = float(np.interp(place, often, middle))
            axes.vlines(place, 0, height, color=colour, linewidth=1.2)
            (handle,) = axes.plot(
                [place], [height], marker, color=colour, markersize=8, markeredgecolor="white", zorder=5
            )
            handles.append(handle)
        axes.set_xlim(often[0], often[-1])
        axes.set_ylim(0, max(1.1, float(high.max()) * 1.08))
        amount_axis(axes, "x", "contacts per person reached")
        amount_axis(axes, "y", "effect of a contact, 1: as it was")
        headline(axes, f"How often to reach people, {name}", handles, ["mean so far", "best, with 90 % interval"])
        return axes
