"""Rows of dots with intervals, a row per channel and a mark per view of it: what most other plots are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import dress, headline, name_rows
from attribution.drawing.palette import ACCENT, LINE, SOFT, WASH
from attribution.errors import BadInput
from attribution.estimates import column_names
from attribution.numbers import compact

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Marks", "dot_rows", "in_order", "row_height"]

_LOG_BEYOND = 60.0
_ROOM = 0.56  # of a row, for marks above each other


@dataclass(frozen=True, eq=False)
class Marks:
    """One mark per row.

    Parameters
    ----------
    label
        What the legend calls them.
    mean
        Positions, indexed by row; NaN or infinite where there is none.
    low, high
        Ends of the intervals, of the same index; None for no interval. Infinite ends run off the axes.
    colour, marker
        Matplotlib's.
    absent
        What stands where there is no position.
    """

    label: str
    mean: pd.Series
    low: pd.Series | None = None
    high: pd.Series | None = None
    colour: str = ACCENT
    marker: str = "o"
    absent: str = "none"

    @classmethod
    def of(cls, table: pd.DataFrame, label: str, colour: str = ACCENT, marker: str = "o") -> Marks:
        """Marks from a summary, whose columns may be called estimate, mean or median; 5% and 95%, or low and high.

        Raises
        ------
        BadInput
            If the table has no column with the estimate.
        """
        centre, *ends = column_names(table)
        if centre is None:
            raise BadInput(f"plot of {label}: the table has no column estimate, mean or median.")
        low, high = (None if name is None else table[name] for name in ends)
        return cls(label, table[centre], low, high, colour, marker)

    def at(self, rows: pd.Index) -> Marks:
        """The same marks for other rows, or in another order."""
        low, high = (None if part is None else part.reindex(rows) for part in (self.low, self.high))
        return replace(self, mean=self.mean.reindex(rows), low=low, high=high)

    @property
    def drawn(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """All finite numbers to be drawn."""
        parts = [part.to_numpy(dtype=float) for part in (self.mean, self.low, self.high) if part is not None]
        values = np.concatenate(parts)
        return np.asarray(values[np.isfinite(values)])


def in_order(rows: pd.Index, order: Sequence[str] | None) -> pd.Index:
    """Rows as a caller wants them from the top; those that it does not name come behind, and all stay where None."""
    places = {name: place for place, name in enumerate(order or ())}
    return rows[np.argsort([places.get(str(row), len(places)) for row in rows], kind="stable")]


def row_height(rows: int, marks: int = 1) -> float:
    """Inches that so many rows need."""
    return 1.25 + rows * (0.34 + 0.11 * (marks - 1))


def dot_rows(
    ax: Axes,
    marks: Sequence[Marks],
    title: str,
    label: str,
    write: Callable[[float], str] | None = None,
    ratios: bool = False,
) -> Axes:
    """Draw rows of marks, the first row on top.

    Parameters
    ----------
    ax
        Axes to draw on.
    marks
        One or several, all over the same rows.
    title, label
        Title of the plot and what its horizontal axis counts.
    write
        How to write a single number beside its row; used where there is one mark per row. Default: as on the axis.
    ratios
        Whether readers compare by factors, as they do with costs: the axis then turns logarithmic where numbers span
        more than a factor of 60 and none is zero or less.
    """
    rows = list(marks[0].mean.index)
    place = np.arange(len(rows))[::-1].astype(float)
    dress(ax, grid="x")
    values = np.concatenate([mark.drawn for mark in marks])
    _scale(ax, values, ratios)
    left, right = ax.get_xlim()
    if len(marks) > 1:
        for row in place[::2]:
            ax.axhspan(row - 0.5, row + 0.5, color=WASH, zorder=0, linewidth=0)
    room = min(_ROOM, 0.2 * (len(marks) - 1))
    offsets = np.linspace(room / 2, -room / 2, len(marks))
    handles = [_draw(ax, mark, place + offset, (left, right)) for mark, offset in zip(marks, offsets, strict=True)]
    if len(marks) == 1:
        _numbers(ax, marks[0], place, write)
    ax.set_xlim(left, right)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    name_rows(ax, place, rows)
    ax.spines["left"].set_visible(False)
    amount_axis(ax, "x", label)
    headline(ax, title, handles if len(marks) > 1 else (), [mark.label for mark in marks] if len(marks) > 1 else ())
    return ax


def _scale(ax: Axes, values: np.ndarray[Any, np.dtype[np.float64]], ratios: bool) -> None:
    if values.size == 0:
        values = np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if ratios and low > 0 and high / low > _LOG_BEYOND:
        from matplotlib.ticker import LogLocator

        ax.set_xscale("log")
        ax.set_xlim(low / 1.25, high * 1.25)
        ax.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if high / low > 3e3 else (1.0, 3.0)))
        return
    spread = (high - min(low, 0.0)) or abs(high) or 1.0
    ax.set_xlim(min(0.0, low - 0.04 * spread), max(high, 0.0) + 0.04 * spread)


def _draw(ax: Axes, mark: Marks, place: np.ndarray[Any, np.dtype[np.float64]], limits: tuple[float, float]) -> Any:
    left, right = limits
    mean = mark.mean.to_numpy(dtype=float)
    if mark.low is not None and mark.high is not None:
        low, high = mark.low.to_numpy(dtype=float), mark.high.to_numpy(dtype=float)
        known = ~(np.isnan(low) | np.isnan(high))
        start, end = np.clip(low[known], left, right), np.clip(high[known], left, right)
        ax.hlines(place[known], start, end, color=mark.colour, linewidth=2, alpha=0.55, zorder=3)
        beyond = known & ~np.isfinite(high)
        if beyond.any():  # Matplotlib reserves room for an empty line that is not clipped
            ax.plot(np.full(beyond.sum(), right), place[beyond], ">", color=mark.colour, markersize=5, clip_on=False)
    drawn = np.isfinite(mean)
    (handle,) = ax.plot(
        mean[drawn],
        place[drawn],
        linestyle="none",
        marker=mark.marker,
        color=mark.colour,
        markersize=6.5,
        markeredgecolor="white",
        markeredgewidth=0.8,
        zorder=4,
    )
    for row in place[~drawn]:
        ax.annotate(
            mark.absent,
            (0.005, row),
            xycoords=("axes fraction", "data"),
            va="center",
            color=mark.colour,
            fontsize=8,
            fontstyle="italic",
        )
    return handle


def _numbers(
    ax: Axes,
    mark: Marks,
    place: np.ndarray[Any, np.dtype[np.float64]],
    write: Callable[[float], str] | None,
) -> None:
    """Each row's number at the right edge, its interval in soft ink behind it."""
    form = write or compact
    for position, row in enumerate(place):
        mean = float(mark.mean.iloc[position])
        if not np.isfinite(mean):
            continue
        text = form(mean)
        if mark.low is not None and mark.high is not None:
            low, high = float(mark.low.iloc[position]), float(mark.high.iloc[position])
            if not (np.isnan(low) or np.isnan(high)):
                text += "" if low == high else f"  ({form(low)} – {form(high) if np.isfinite(high) else '∞'})"
        ax.annotate(
            text,
            (1.035, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color=SOFT,
            annotation_clip=False,
        )
    ax.spines["bottom"].set_color(LINE)
