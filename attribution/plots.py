"""Plots of attribution: each takes a result and an optional ax, and returns the ax.

Examples
--------
>>> import pandas as pd
>>> from attribution import plots
>>> shares = pd.DataFrame({"first": [60.0, 40.0], "last": [30.0, 70.0]}, index=["tv", "search"])
>>> ax = plots.comparison(shares, ax=plots.canvas())
>>> ax.get_title(loc="left")
'Who gets the credit'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.analysis.flow import days_to_conversion, path_lengths, step_shares
from attribution.analysis.opinions import Opinion, Opinions, Source
from attribution.arrays import Array
from attribution.drawing.axes import amount_axis, percent_axis
from attribution.drawing.break_even import break_even
from attribution.drawing.canvas import canvas, dress, headline, name_rows, own_axes, style, svg
from attribution.drawing.dot_rows import Marks, dot_rows, in_order, row_height
from attribution.drawing.labels import distinct, shortened
from attribution.drawing.palette import ACCENT, BARS, GOOD, INK, MARKERS, SERIES, SHADES, SOFT, channel_colours
from attribution.drawing.retention import retention
from attribution.errors import BadInput
from attribution.estimates import HIGH, LOW
from attribution.numbers import CURRENCY, decimal, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "break_even",
    "cac",
    "canvas",
    "channel_colours",
    "comparison",
    "opinions",
    "path_length",
    "removal_effect",
    "retention",
    "style",
    "svg",
    "time_to_conversion",
    "transitions",
]

_GREYS = ("#9a9a9a", "#7d7d7d", "#5f5f5f", "#b5b5b5", "#474747")


def __dir__() -> list[str]:
    return sorted(__all__)


def comparison(
    table: pd.DataFrame | Mapping[str, pd.DataFrame],
    ax: Axes | None = None,
    *,
    of: str = "conversions credited",
    title: str = "Who gets the credit",
    ratios: bool = False,
    order: Sequence[str] | None = None,
) -> Axes:
    """Models side by side, one row per channel, with intervals where the table has them.

    Parameters
    ----------
    table
        What :func:`attribution.compare` returns: channels x models, or channels x (model, estimate | 5% | 95%); or
        model -> table with the estimate and its interval.
    ax
        Axes to draw on.
    of, title
        What is counted, for the axis, and the title.
    ratios
        Whether readers compare by factors; allows a logarithmic axis.
    order
        Channels from the top; the largest figure first where None.

    Raises
    ------
    BadInput
        If the table is empty.
    """
    views = _views(table)
    ranked = views[0].mean.index[np.argsort(-np.nanmax([view.mean.fillna(-np.inf) for view in views], axis=0))]
    rows = in_order(ranked, order)
    with style():
        axes = own_axes(ax, height=row_height(len(rows), len(views)))
        marks = [view.at(rows) for view in views]
        interval = any(mark.low is not None for mark in marks)
        return dot_rows(axes, marks, title, of + (", with 90 % intervals" if interval else ""), ratios=ratios)


def cac(table: pd.DataFrame | Mapping[str, pd.DataFrame], ax: Axes | None = None, *, currency: str = CURRENCY) -> Axes:
    """Cost per credited customer by channel and model; the table is like that of :func:`comparison`."""
    return comparison(table, ax, of=f"{currency} per credited customer", title="CAC by whose credit it is", ratios=True)


def opinions(
    heard: Opinions, ax: Axes | None = None, *, order: Sequence[str] | None = None, outcome: str = "customers"
) -> Axes:
    """What each source says that channels brought, one row per channel.

    Path models are grey, platforms brown and effects in colour, so that one sees at once who speaks of causes.

    Parameters
    ----------
    heard
        All opinions, see :class:`attribution.Opinions`.
    ax
        Axes to draw on.
    order
        Channels from the top; the largest effect first where None.
    outcome
        What is counted.
    """

    def size(channel: str) -> float:
        said = heard.effect(channel)
        told = [opinion.by_channel[channel].point for opinion in heard.opinions if channel in opinion.by_channel]
        return max(told) if said is None else said.by_channel[channel].point

    rows = in_order(pd.Index(sorted(heard.channels, key=size, reverse=True)), order)
    effects, greys = iter(SERIES), cycle(_GREYS)
    with style():
        axes = own_axes(ax, height=row_height(len(rows), len(heard.opinions)))
        marks = []
        for opinion, marker in zip(sorted(heard.opinions, key=_last_of_all), cycle(MARKERS), strict=False):
            colour = next(effects) if opinion.source.is_effect else SERIES[-1]
            colour = next(greys) if opinion.source is Source.ATTRIBUTION else colour
            told = opinion.by_channel
            ends = {name: [getattr(each, name) for each in told.values()] for name in ("point", "low", "high")}
            table = pd.DataFrame({"estimate": ends["point"], LOW: ends["low"], HIGH: ends["high"]}, index=list(told))
            marks.append(replace(Marks.of(table, opinion.name, colour, marker).at(rows), absent=""))
        return dot_rows(axes, marks, "What channels brought, by whom one asks", f"{outcome}, with 90 % intervals")


def _last_of_all(opinion: Opinion) -> int:
    """Effects first, then path models, then platforms."""
    return list(Source).index(opinion.source)


def removal_effect(effect: Any, ax: Axes | None = None, *, order: Sequence[str] | None = None) -> Axes:
    """Share of conversions lost without each channel, with intervals where there are any.

    Parameters
    ----------
    effect
        A Markov credit, with or without bootstrap; its ``removal_effect``; or a frame with the estimate and its
        interval.
    ax
        Axes to draw on.
    order
        Channels from the top; the largest effect first where None.

    Raises
    ------
    BadInput
        If a credit has no removal effect.
    """
    given = (
        effect.summary("removal_effect") if hasattr(effect, "summary") else getattr(effect, "removal_effect", effect)
    )
    if given is None:
        raise BadInput("removal_effect: only Markov credit has one. Remedy: attribution.Markov(order=1)(journeys).")
    marks = Marks.of(given.to_frame("estimate") if isinstance(given, pd.Series) else given, "removal effect")
    rows = in_order(marks.mean.sort_values(ascending=False, kind="stable").index, order)
    with style():
        axes = own_axes(ax, height=row_height(len(rows)))
        dot_rows(axes, [marks.at(rows)], "Removal effect", "share of conversions lost without the channel", _share)
        percent_axis(axes, "x", "share of conversions lost without the channel")
        return axes


def transitions(journeys: Any, ax: Axes | None = None) -> Axes:
    """Where journeys go next, as a heat map.

    Parameters
    ----------
    journeys
        Journeys; or a table of shares, from (rows) x to (columns), as
        :func:`attribution.analysis.flow.step_shares` gives.
    ax
        Axes to draw on.
    """
    table: pd.DataFrame = journeys if isinstance(journeys, pd.DataFrame) else step_shares(journeys)
    values = table.to_numpy(dtype=float)
    if values.size == 0:
        raise BadInput("transitions: the table is empty.")
    with style():
        from matplotlib.colors import LinearSegmentedColormap

        rows, columns = table.shape
        axes = own_axes(ax, width=2.6 + 0.62 * columns, height=1.9 + 0.42 * rows)
        dress(axes, grid="")
        shades = LinearSegmentedColormap.from_list("house", SHADES)
        top = float(np.nanmax(values)) or 1.0
        axes.imshow(values, cmap=shades, vmin=0, vmax=top, aspect="auto")
        _write_cells(axes, values, top)
        names = distinct(shortened(name) for name in table.columns)
        axes.set_xticks(range(columns), names, rotation=40, ha="right", rotation_mode="anchor")
        for label in axes.get_xticklabels():
            label.set_parse_math(False)
        name_rows(axes, range(rows), table.index)
        axes.tick_params(labelcolor=INK)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel("next")
        axes.set_ylabel("from")
        headline(axes, "Where journeys go next, % of steps")
        return axes


def time_to_conversion(journeys: Any, ax: Axes | None = None) -> Axes:
    """Days from the first touch to the conversion: how many, and the share converted by then.

    Parameters
    ----------
    journeys
        Journeys; or conversions by days, as :func:`attribution.analysis.flow.days_to_conversion` gives.
    ax
        Axes to draw on.

    Raises
    ------
    BadInput
        If there are no conversions.
    """
    counted = journeys if isinstance(journeys, pd.Series) else days_to_conversion(journeys)
    lag, weight = counted.index.to_numpy(dtype=float), counted.to_numpy(dtype=float)
    if lag.size == 0 or not weight.sum() > 0:
        raise BadInput("time_to_conversion: there are no conversions to draw.")
    order = np.argsort(lag, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    half, most = (float(lag[order][np.searchsorted(reached, share)]) for share in (0.5, 0.9))
    width = 1 if lag.max() <= 60 else float(np.ceil(lag.max() / 40))
    edges = np.arange(0, lag.max() + width * 1.0001, width)
    counts, _ = np.histogram(lag, bins=edges if len(edges) > 1 else np.array([0.0, width]), weights=weight)
    with style():
        axes = own_axes(ax, height=3.4)
        dress(axes)
        axes.bar(np.arange(len(counts)) * width + width / 2, counts, width=0.86 * width, color=BARS)
        for at, share, side in ((half, "50 %", "half"), (most, "90 %", "nine in ten")):
            axes.axvline(at, color=ACCENT, linewidth=1.4, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{side} within\n{decimal(at, 1)} days",
                (at, 0.97),
                xycoords=("data", "axes fraction"),
                xytext=(5, 0),
                textcoords="offset points",
                va="top",
                fontsize=8.5,
                color=ACCENT,
                gid=share,
            )
        axes.set_xlim(0, len(counts) * width)
        amount_axis(axes, "y", "conversions")
        amount_axis(axes, "x", "days from first touch to conversion")
        headline(axes, "Time to conversion")
        return axes


def path_length(journeys: Any, ax: Axes | None = None, *, longest: int = 12) -> Axes:
    """Conversions by number of touches, and how likely paths of that length convert.

    Parameters
    ----------
    journeys
        Journeys; or by touches in the path: a Series of conversions, or a frame with ``conversions`` and ``nulls``.
    ax
        Axes to draw on.
    longest
        Longer paths are counted together.
    """
    if isinstance(journeys, pd.Series):
        table = journeys.to_frame("conversions")
    else:
        table = journeys if isinstance(journeys, pd.DataFrame) else path_lengths(journeys)
    if len(table) == 0:
        raise BadInput("path_length: there are no paths to draw.")
    touches = np.minimum(table.index.to_numpy(dtype=int), longest)
    grouped = table.groupby(touches).sum().sort_index()
    with style():
        axes = own_axes(ax, height=3.4)
        dress(axes)
        axes.bar(grouped.index, grouped["conversions"], width=0.8, color=BARS)
        handles: list[Any] = []
        names = [
            f"{length}+" if length == longest and table.index.max() > longest else str(length)
            for length in grouped.index
        ]
        axes.set_xticks(grouped.index, names)
        amount_axis(axes, "y", "conversions")
        axes.set_xlabel("touches in the path")
        if "nulls" in grouped:
            handles = _rate(axes, grouped)
        headline(axes, "Path length", handles, ["conversions", "share of such paths that convert"] if handles else ())
        return axes


def _rate(axes: Axes, grouped: pd.DataFrame) -> list[Any]:
    """The conversion rate on an axis of its own at the right."""
    right = axes.twinx()
    dress(right, grid="")
    rate = grouped["conversions"] / (grouped["conversions"] + grouped["nulls"])
    (line,) = right.plot(grouped.index, rate, color=GOOD, marker="o", markersize=4.5, linewidth=1.6)
    right.spines["left"].set_visible(False)
    right.set_ylim(0, max(float(rate.max()) * 1.15, 1e-9))
    percent_axis(right, "y", "share that convert")
    right.yaxis.label.set_color(GOOD)
    return [axes.patches[0], line]


def _write_cells(axes: Axes, values: Array, top: float) -> None:
    if values.shape[1] > 20:
        return
    size = 8.5 if values.shape[1] <= 10 else 7
    for (row, column), value in np.ndenumerate(values):
        if value >= 0.005:
            colour = "white" if value > 0.55 * top else INK
            axes.text(column, row, decimal(100 * value, 0), ha="center", va="center", fontsize=size, color=colour)
        elif value > 0:
            axes.text(column, row, "<1", ha="center", va="center", fontsize=size, color=SOFT)


def _views(table: pd.DataFrame | Mapping[str, pd.DataFrame]) -> list[Marks]:
    if not isinstance(table, pd.DataFrame):
        table = pd.concat(dict(table), axis=1) if table else pd.DataFrame()
    if table.empty:
        raise BadInput("comparison: the table is empty. Remedy: compare at least one credit.")
    if table.columns.nlevels == 1:
        parts = {str(model): table[[model]].set_axis(["estimate"], axis=1) for model in table.columns}
    else:
        models = list(dict.fromkeys(table.columns.get_level_values(0)))
        parts = {str(model): table[model] for model in models}
    return [
        Marks.of(part, model, SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)])
        for number, (model, part) in enumerate(parts.items())
    ]


def _share(value: float) -> str:
    return percent(value, decimals=1)
