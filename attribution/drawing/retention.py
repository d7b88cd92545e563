"""Picture of retention: who is still there at each age, as seen and as it is carried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.drawing.axes import amount_axis, percent_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.palette import SERIES
from attribution.economics import CustomerValues
from attribution.estimates import HIGH, LOW, interval_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SHOWN", "retention"]

SHOWN = 4
"""Most channels of one picture, whose bands can still be told from each other."""


def retention(values: CustomerValues, ax: Axes | None = None, *, channels: list[str] | None = None) -> Axes:
    """Customers still there by age: dots as seen, lines and 90 % bands of the model, dashed past the ages seen.

    Parameters
    ----------
    values
        As :func:`attribution.economics.customer_values` gives them.
    ax
        Axes to draw on.
    channels
        Which; those with most customers where None.
    """
    ranked = sorted(values.cohorts.channels, key=values.cohorts.acquired, reverse=True)
    shown = (channels or ranked)[:SHOWN]
    months = values.cohorts.months
    with style():
        axes = own_axes(ax, height=3.8)
        dress(axes)
        handles = []
        for channel, colour in zip(shown, SERIES, strict=False):
            seen = values.cohorts.survival(channel)
            drawn = values.retention.survival(channel, max(values.ages, len(seen)))
            at = [months * age for age in range(drawn.shape[1])]
            band, middle = interval_of(drawn), drawn.mean(axis=0)
            axes.fill_between(at, band[LOW], band[HIGH], color=colour, alpha=0.16, linewidth=0)
            (line,) = axes.plot(at[: len(seen)], middle[: len(seen)], color=colour, linewidth=1.8)
            axes.plot(at[len(seen) - 1 :], middle[len(seen) - 1 :], color=colour, linewidth=1.4, linestyle=(0, (4, 3)))
            axes.plot(at[: len(seen)], seen, "o", color=colour, markersize=3.6, markeredgecolor="white")
            handles.append(line)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, at[-1])
        percent_axis(axes, "y", "customers still there")
        amount_axis(axes, "x", "months since acquisition")
        headline(axes, "How long customers stay", handles, shown)
        return axes
