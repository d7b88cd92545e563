"""Plots of the mix model by week: fit, sources of customers, forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.dot_rows import in_order
from attribution.drawing.labels import row_labels
from attribution.drawing.palette import ACCENT, BAND, INK, NOW, SOFT, WARN, channel_colours
from attribution.errors import BadInput
from attribution.estimates import HIGH, LOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SHOWN", "dates", "decomposition", "fit", "forecast", "table_of"]

Table = pd.DataFrame
_ORGANIC = "#cdd4dc"
SHOWN = 12
"""Most channels of one picture that have a colour each, for so many can be told from each other."""


def table_of(result: Any, method: str) -> Table:
    """A table as it is, or the one that a result's method gives."""
    return result if isinstance(result, pd.DataFrame) else getattr(result, method)()


def fit(result: Any, ax: Axes | None = None, *, outcome: str = "new customers") -> Axes:
    """Observed outcome against the posterior predictive band.

    Parameters
    ----------
    result
        A posterior, or its ``fitted()``: weeks x (observed, mean, 5%, 95%).
    ax
        Axes to draw on.
    outcome
        What is counted.
    """
    table = table_of(result, "fitted")
    with style():
        axes = own_axes(ax, width=9.5, height=3.6)
        dress(axes)
        band = axes.fill_between(table.index, table[LOW], table[HIGH], color=BAND, linewidth=0)
        (mean,) = axes.plot(table.index, table["mean"], color=ACCENT, linewidth=1.5)
        (seen,) = axes.plot(
            table.index, table["observed"], "o", color=INK, markersize=2.8, markeredgewidth=0, alpha=0.85
        )
        dates(axes, table.index)
        amount_axis(axes, "y", f"{outcome} per week")
        headline(axes, "Model and observation", [seen, mean, band], ["observed", "model", "90 % predictive band"])
        return axes


def decomposition(
    result: Any, ax: Axes | None = None, *, outcome: str = "new customers", order: Sequence[str] | None = None
) -> Axes:
    """Where each week's customers come from: organic below, channels stacked on it, observation as dots.

    Of many channels the first or largest stand by themselves, the others are one area.

    What takes customers away, such as a price above its baseline, hangs below zero: the dots are the sum of both.

    Parameters
    ----------
    result
        A posterior; or weeks x (``organic``, channels), with the observation as an optional column ``observed``.
    ax
        Axes to draw on.
    outcome
        What is counted.
    order
        Channels from the top; those that bring least first where None.
    """
    table = result if isinstance(result, pd.DataFrame) else _weekly_sources(result)
    if "organic" not in table:
        raise BadInput("decomposition, column 'organic': is missing.")
    channels = [name for name in table.columns if name not in ("organic", "observed")]
    channels = sorted(channels, key=lambda name: -table[name].to_numpy(dtype=float).sum())
    first = channels if order is None else list(in_order(pd.Index(channels), order))
    shown, rest = (first, []) if len(first) <= SHOWN + 1 else (first[:SHOWN], first[SHOWN:])
    parts = {str(name): table[[name]] for name in (shown if order is None else shown[::-1])}
    colours = channel_colours(parts)
    if rest:  # next to what no channel brought
        parts, colours = {f"{len(rest)} others": table[rest]} | parts, colours | {f"{len(rest)} others": NOW}
    with style():
        axes = own_axes(ax, width=9.5, height=4.2)
        dress(axes)
        level = table["organic"].to_numpy(dtype=float)
        areas: list[Any] = [axes.fill_between(table.index, 0, level, color=_ORGANIC, linewidth=0)]
        below = np.zeros(len(table))
        for name, part in parts.items():
            values = part.to_numpy(dtype=float)
            gains, losses = np.maximum(values, 0.0).sum(axis=1), np.minimum(values, 0.0).sum(axis=1)
            look: dict[str, Any] = {"color": colours[name], "edgecolor": "white", "linewidth": 0.5}
            if losses.any():
                axes.fill_between(table.index, below, below + losses, **look)
            areas.append(axes.fill_between(table.index, level, level + gains, **look))
            level, below = level + gains, below + losses
        if "observed" in table:
            areas += axes.plot(table.index, table["observed"], "o", color=INK, markersize=2.4, markeredgewidth=0)
        dates(axes, table.index)
        axes.set_ylim(bottom=min(0.0, float(table["organic"].min()), 1.05 * float(below.min())))
        amount_axis(axes, "y", f"{outcome} per week")
        headline(axes, "What came from where")
        names = ["organic", *parts] + (["observed"] if "observed" in table else [])
        labels = row_labels(names)
        axes.legend(
            areas[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5), labelcolor=SOFT, handlelength=1
        )
        return axes


def forecast(
    result: Any, ax: Axes | None = None, *, history: pd.Series | None = None, outcome: str = "new customers"
) -> Axes:
    """Organic customers of the coming weeks with their interval, and what past spend still carries in on top.

    Parameters
    ----------
    result
        What ``posterior.organic(weeks)`` returns, or its table: weeks x (mean, 5%, 95%, carried_in).
    ax
        Axes to draw on.
    history
        Organic customers of past weeks as the model sees them, by date, to draw before the forecast.
    outcome
        What is counted.
    """
    table = table_of(result, "to_frame")
    with style():
        axes = own_axes(ax, width=8.0, height=3.6)
        dress(axes)
        band = axes.fill_between(table.index, table[LOW], table[HIGH], color=BAND, linewidth=0)
        (mean,) = axes.plot(table.index, table["mean"], color=ACCENT, linewidth=1.8)
        top = table["mean"] + table["carried_in"]
        carried = axes.fill_between(table.index, table["mean"], top, color=WARN, alpha=0.35, linewidth=0)
        handles, names = [mean, band, carried], ["organic", "90 % interval", "carried in by past spend"]
        index = table.index
        if history is not None:
            (past,) = axes.plot(history.index, history, color=SOFT, linewidth=1.5)
            handles, names = [past, *handles], ["organic so far", *names]
            index = history.index.append(index)
        dates(axes, index)
        axes.set_ylim(bottom=min(0.0, float(table[LOW].min())))
        amount_axis(axes, "y", f"{outcome} per week")
        headline(axes, "What comes without further spend", handles, names)
        return axes


def _weekly_sources(posterior: Any) -> Table:
    """Weeks x (organic, channels, observed) of a posterior."""
    media = pd.DataFrame(posterior.contributions_by_week())
    table = media.assign(observed=posterior.fitted()["observed"])
    table.insert(0, "organic", posterior.baseline_by_week().sum(axis=1))
    return table


def dates(axes: Axes, index: pd.Index) -> None:
    """Dates along the axis, from the first to the last of an index."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlim(index[0], index[-1])
