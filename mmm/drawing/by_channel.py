"""Pictures with a line or a row for each channel: rank over time, carryover, what was learnt of a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis, percent_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.dot_rows import Marks, dot_rows, in_order, row_height
from attribution.drawing.labels import plain, row_labels
from attribution.drawing.palette import ACCENT, INK, NOW, SOFT, channel_colours
from attribution.estimates import HIGH, LOW
from mmm.arrays import Array
from mmm.drawing.by_week import SHOWN, table_of
from mmm.posterior.parameter_shift import DOUBLED, LASTING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LEARNT", "SHOWN", "carryovers", "parameter_shift", "ranks"]

LEARNT = (LASTING, DOUBLED)
"""What :func:`parameter_shift` can draw."""

_TITLES = {
    LASTING: ("How long effects last", "weeks until half has come"),
    DOUBLED: ("What twice the spend brings", "times the effect of the mean spend"),
}


def ranks(result: Any, ax: Axes | None = None, *, order: Sequence[str] | None = None) -> Axes:
    """Which channel brought most, second most and so on, quarter by quarter, by the mean.

    Parameters
    ----------
    result
        A posterior; or periods x channels, in what each brought.
    ax
        Axes to draw on.
    order
        Channels to draw, at most the first twelve; those of the table where None. Ranks count among those drawn.
    """
    table = result if isinstance(result, pd.DataFrame) else _by_quarter(result)
    shown = list(in_order(table.columns, order))[:SHOWN]
    places = table[shown].where(table[shown] > 0).rank(axis=1, ascending=False, method="first")
    colours, at = channel_colours(shown), np.arange(len(table))
    with style():
        axes = own_axes(ax, width=7.0, height=_height(len(shown)))
        dress(axes, grid="")
        for name in shown:
            axes.plot(at, places[name], "-o", color=colours[str(name)], linewidth=1.8, markersize=4)
            _named_at_end(axes, name, places[name])
        axes.set_ylim(len(shown) + 0.5, 0.5)
        axes.set_yticks(np.arange(1, len(shown) + 1))
        axes.set_xlim(-0.3, len(table) - 0.7)
        every = -(-len(table) // 5)
        axes.set_xticks(at[::-every][::-1], [plain(label) for label in table.index[::-every][::-1]])
        headline(axes, "Rank by what each channel brought")
        return axes


def _named_at_end(axes: Axes, name: object, places: pd.Series) -> None:
    last = places.dropna()
    if len(last) and last.index[-1] == places.index[-1]:
        text = axes.annotate(
            row_labels([name], 22)[0],
            (1.02, float(last.iloc[-1])),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color=SOFT,
            annotation_clip=False,
        )
        text.set_parse_math(False)


def carryovers(result: Any, ax: Axes | None = None, *, order: Sequence[str] | None = None, per_week: int = 1) -> Axes:
    """Share of a week's effect that has come so many weeks later, a line per channel, posterior means.

    Parameters
    ----------
    result
        A posterior, or its ``carryover()``: channel -> lag weights, shape (lags, draws).
    ax
        Axes to draw on.
    order
        Channels to draw, at most the first twelve; those of the posterior where None.
    per_week
        Periods of the weights that a week has, where ``result`` is no posterior.
    """
    given = isinstance(result, dict)
    weights: dict[str, Array] = result if given else result.carryover()
    lags = per_week if given else result.panel.per_week
    shown = list(in_order(pd.Index(list(weights)), order))[:SHOWN]
    come = {name: np.cumsum(weights[name].mean(axis=1))[lags - 1 :: lags] for name in shown}
    until = max(4, *(int(np.searchsorted(one, 0.97)) + 1 for one in come.values()))
    colours = channel_colours(shown)
    with style():
        axes = own_axes(ax, width=5.0, height=_height(len(shown)))
        dress(axes)
        handles = [
            axes.plot(np.arange(1, len(one) + 1), one, "-o", color=colours[str(name)], linewidth=1.8, markersize=3)[0]
            for name, one in come.items()
        ]
        axes.axhline(0.5, color=INK, linewidth=0.8, linestyle=(0, (2, 3)))
        axes.set_xlim(0.6, until + 0.4)
        axes.set_ylim(0, 1.02)
        amount_axis(axes, "x", "weeks, that of the spend counted")
        axes.set_xticks(np.arange(1, until + 1, -(-until // 8)))
        percent_axis(axes, "y", "share of the effect so far")
        headline(axes, "How soon effects come")
        axes.legend(handles, row_labels(shown), loc="center left", bbox_to_anchor=(1.01, 0.5), labelcolor=SOFT)
        return axes


def parameter_shift(result: Any, parameter: str, ax: Axes | None = None, *, order: Sequence[str] | None = None) -> Axes:
    """What was believed of one parameter of each channel before the data, and after.

    Parameters
    ----------
    result
        A posterior, or its ``parameter_shift()``.
    parameter
        ``"weeks until half has come"`` or ``"effect of twice the spend"``.
    ax
        Axes to draw on.
    order
        Channels from the top; those of the table where None.
    """
    table = table_of(result, "parameter_shift")
    table = table[table["parameter"] == parameter].set_index("channel")
    rows = pd.Index(list(order)) if order is not None else table.index
    marks = [
        Marks(label, table[f"{side} median"], table[f"{side} {LOW}"], table[f"{side} {HIGH}"], colour, marker).at(rows)
        for side, label, colour, marker in (
            ("prior", "before the data", NOW, "D"),
            ("posterior", "with the data", ACCENT, "o"),
        )
    ]
    title, label = _TITLES[parameter]
    with style():
        axes = own_axes(ax, height=row_height(len(rows), 2))
        dot_rows(axes, marks, title, label)
        if parameter == DOUBLED:
            axes.set_xlim(1.0, max(axes.get_xlim()[1], 2.05))
            axes.axvline(2.0, color=SOFT, linewidth=0.9, linestyle=(0, (2, 3)))
        return axes


def _height(channels: int) -> float:
    return 1.3 + 0.27 * max(channels, 5)


def _by_quarter(posterior: Any) -> pd.DataFrame:
    """Quarters x channels, posterior means; quarters cut short at an end are left out where others remain."""
    brought = posterior.contributions_by_week()[list(posterior.channels)]
    labels = brought.index.to_period("Q")
    sums, days = brought.groupby(labels).sum(), brought.groupby(labels).size() * posterior.panel.days
    whole = sums[days > 80]
    table = whole if len(whole) else sums
    return pd.DataFrame(table).set_axis([f"{quarter.year} Q{quarter.quarter}" for quarter in table.index])
