"""Rows that add up: from a figure to another step by step, and shares of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis, percent_axis
from attribution.drawing.canvas import dress, headline, name_rows, own_axes, style
from attribution.drawing.dot_rows import Marks, dot_rows, row_height
from attribution.drawing.palette import ACCENT, LINE, NOW, PLANNED, SOFT, WARN
from attribution.numbers import closing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["beside", "bridge", "shares", "waterfall"]


def beside(axes: Axes, row: float, text: str, colour: str) -> None:
    """A text to the right of a row."""
    axes.annotate(
        text,
        (1.02, row),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        color=colour,
        annotation_clip=False,
    )


def bridge(table: pd.DataFrame, ax: Axes | None = None, *, outcome: str = "customers") -> Axes:
    """The way from planned to actual customers, a row per step: what each moved, with its 90 % interval.

    Parameters
    ----------
    table
        As :meth:`optimizer.Bridge.to_frame` gives it: the first row is where it begins, the last where it ends.
    ax
        Axes to draw on.
    outcome
        What one unit of the KPI is called.
    """
    columns = ["customers", "customers_low", "customers_high"]
    return _steps(table[columns], ax, "From planned to actual", ("planned", "actual"), outcome)


def waterfall(
    table: pd.DataFrame, ax: Axes | None = None, *, label: str = "new customers", written: Sequence[str] | None = None
) -> Axes:
    """The way from today to the plan, a row per channel: what its change of spend brings, with its 90 % interval.

    Parameters
    ----------
    table
        Steps x (estimate and low, high or 5%, 95%): the first row is the figure of today's spend, the last that of the
        plan, and the rows between add up to their difference.
    ax
        Axes to draw on.
    label
        What the figure is called, with its unit behind a comma.
    written
        A figure for each row as tables beside the picture write it; rounded so that they add up where None.
    """
    marks = Marks.of(table, "steps")
    frame = pd.DataFrame({"point": marks.mean, "low": marks.low, "high": marks.high}, index=table.index)
    frame = frame.fillna({"low": frame["point"], "high": frame["point"]})
    frame.iloc[0, 1:] = np.nan  # today's own interval is far wider than any step, and falls out of them
    return _steps(frame, ax, "From today to the plan", ("today", "plan"), label, written)


def _steps(
    table: pd.DataFrame,
    ax: Axes | None,
    title: str,
    ends: Sequence[str],
    label: str,
    texts: Sequence[str] | None = None,
) -> Axes:
    """Rows of a point and the ends of its interval: a start, what each step adds, an end."""
    point, low, high = table.to_numpy(dtype=float).T
    moved, rows = point[1:-1], np.arange(len(table))[::-1]
    after = point[0] + np.cumsum(moved)
    before = after - moved
    with style():
        axes = own_axes(ax, height=row_height(len(table)) + 0.2)
        dress(axes, grid="x")
        axes.barh(rows[1:-1], moved, 0.5, before, color=[ACCENT if one >= 0 else WARN for one in moved], zorder=2)
        spread = before[:, None] + np.column_stack([low[1:-1], high[1:-1]])
        (interval,) = axes.plot([], [], color=SOFT, linewidth=1.4)
        axes.hlines(rows[1:-1] - 0.34, spread[:, 0], spread[:, 1], color=SOFT, linewidth=1.4, zorder=3)
        axes.hlines(rows[0], low[0], high[0], color=SOFT, linewidth=1.4, zorder=3)
        for row, at in zip(rows[:-1], np.r_[point[0], after], strict=True):
            axes.vlines(at, row - 1, row, color=LINE, linewidth=1.0, zorder=1)
        (start,) = axes.plot(point[0], rows[0], "o", color=NOW, markersize=8, markeredgecolor="white", zorder=4)
        (end,) = axes.plot(point[-1], rows[-1], "D", color=PLANNED, markersize=7.5, markeredgecolor="white", zorder=4)
        for row, text in zip(rows, texts or closing(point), strict=True):
            beside(axes, row, text, SOFT)
        axes.set_ylim(-0.6, len(table) - 0.4)
        name_rows(axes, rows, table.index)
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.05)
        amount_axis(axes, "x", label)
        headline(axes, title, [start, end, interval], [*ends, "90 % interval"])
        return axes


def shares(table: pd.DataFrame, ax: Axes | None = None, *, outcome: str = "customers") -> Axes:
    """Share of spend against share of effect, a row per channel in the table's order.

    Parameters
    ----------
    table
        Channels x (``spend``; ``effect``, ``effect_low``, ``effect_high``), shares of all channels from 0 to 1.
    ax
        Axes to draw on.
    outcome
        What one unit of the KPI is called.
    """
    effect = f"share of the {outcome} that channels bring"
    spent = Marks("share of spend", table["spend"], colour=NOW, marker="o")
    brought = Marks(effect, table["effect"], table["effect_low"], table["effect_high"], PLANNED, "D")
    with style():
        axes = own_axes(ax, height=row_height(len(table), 2))
        dot_rows(axes, [spent, brought], "Share of spend against share of effect", "share of all channels")
        percent_axis(axes, "x", "share of all channels, effect with 90 % intervals")
        return axes
