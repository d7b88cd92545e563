"""Picture of payback: what a customer of each channel has brought by each month, less what the customer cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.palette import INK, SERIES
from attribution.drawing.retention import SHOWN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["break_even"]

_DEEPEST = 3.0  # times the deepest middle: a band that goes further down leaves the picture
_FAR = -1e12  # where nobody is won a cost has no end


def break_even(course: pd.DataFrame, ax: Axes | None = None, *, channels: list[str] | None = None) -> Axes:
    """Margin so far less CAC, per customer and month since acquisition, with 90 % bands; at 0 the cost is back.

    Parameters
    ----------
    course
        A row per channel and month: ``channel``, ``month``, ``net``, ``net_low`` and ``net_high``, in currency.
    ax
        Axes to draw on.
    channels
        Which; the first of the table where None.
    """
    shown = (channels or list(dict.fromkeys(course["channel"])))[:SHOWN]
    with style():
        axes = own_axes(ax, height=3.8)
        dress(axes)
        handles = []
        for channel, colour in zip(shown, SERIES, strict=False):
            own = course[course["channel"] == channel]
            axes.fill_between(
                own["month"], own["net_low"].clip(lower=_FAR), own["net_high"], color=colour, alpha=0.16, linewidth=0
            )
            handles += axes.plot(own["month"], own["net"], color=colour, linewidth=1.8)
        axes.axhline(0.0, color=INK, linewidth=0.9)
        axes.set_xlim(0, course["month"].max())
        told = course[course["channel"].isin(shown)]
        deep, top = float(told["net"][np.isfinite(told["net"])].min()), float(told["net_high"].max())
        axes.set_ylim(max(float(told["net_low"].min()), _DEEPEST * min(deep, 0.0)) * 1.05, max(top, 0.0) * 1.05)
        amount_axis(axes, "y", "margin so far less CAC, per customer")
        amount_axis(axes, "x", "months since acquisition")
        headline(axes, "When the cost of a customer is back", handles, shown)
        return axes
