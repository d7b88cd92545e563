"""Plots of plans: each takes results or plain tables and an optional ax, and returns the ax.

Examples
--------
>>> import pandas as pd
>>> from optimizer import plots
>>> now, planned = pd.Series({"tv": 100.0, "search": 50.0}), pd.Series({"tv": 60.0, "search": 90.0})
>>> ax = plots.moves(now, planned, plots.canvas())
>>> [label.get_text() for label in ax.get_yticklabels()]
['search', 'tv']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import canvas, dress, headline, name_rows, own_axes, style, svg
from attribution.drawing.dot_rows import Marks, dot_rows, in_order, row_height
from attribution.drawing.palette import ACCENT, BAND, LINE, NOW, PLANNED, SOFT, WARN
from attribution.errors import BadInput
from attribution.numbers import CURRENCY, amounts, compact, percent
from optimizer.drawing.steps import beside, bridge, shares, waterfall

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "bridge",
    "canvas",
    "changes",
    "channel_cac",
    "differences",
    "frontier",
    "moves",
    "scenarios",
    "schedule",
    "shares",
    "style",
    "svg",
    "waterfall",
]


def __dir__() -> list[str]:
    return sorted(__all__)


_BAR = 0.8  # height of a channel's largest week, in rows


def moves(
    now: Any, planned: Any, ax: Axes | None = None, *, currency: str = CURRENCY, order: Sequence[str] | None = None
) -> Axes:
    """Spend now and planned by channel.

    Parameters
    ----------
    now, planned
        Spend over the horizon by channel, or anything with ``spend``, such as an allocation.
    ax
        Axes to draw on.
    currency
        Code of the currency.
    order
        Channels from the top; the largest increase on top and the largest cut at the bottom where None.
    """
    before, after = _both(now, planned)
    rows = in_order((after - before).sort_values(ascending=False, kind="stable").index, order)
    before, after = before[rows], after[rows]
    place = np.arange(len(rows))[::-1]
    with style():
        axes = own_axes(ax, height=row_height(len(rows)) + 0.2)
        dress(axes, grid="x")
        colours = [ACCENT if change >= 0 else WARN for change in after - before]
        axes.hlines(place, before, after, color=colours, linewidth=3.5, alpha=0.45, zorder=2)
        (old,) = axes.plot(before, place, "o", color=NOW, markersize=8, markeredgecolor="white", zorder=3)
        (new,) = axes.plot(after, place, "D", color=PLANNED, markersize=7.5, markeredgecolor="white", zorder=4)
        top = max(float(before.max()), float(after.max())) or 1.0
        axes.set_xlim(-0.02 * top, 1.05 * top)
        for row, old_spend, new_spend, colour in zip(place, before, after, colours, strict=True):
            beside(axes, row, _change(old_spend, new_spend), colour if old_spend != new_spend else SOFT)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        name_rows(axes, place, rows)
        axes.spines["left"].set_visible(False)
        amount_axis(axes, "x", f"spend over the horizon, {currency}")
        headline(axes, "What to move", [old, new], ["now", "planned"])
        return axes


def changes(
    now: Any,
    planned: Any,
    ax: Axes | None = None,
    *,
    currency: str = CURRENCY,
    largest: int | None = None,
    order: Sequence[str] | None = None,
) -> Axes:
    """How much more or less is spent on each channel.

    Parameters
    ----------
    now, planned
        Spend over the horizon by channel, or anything with ``spend``, such as an allocation.
    ax
        Axes to draw on.
    currency
        Code of the currency.
    largest
        So many changes, the others summed in a row of their own; None for all.
    order
        Channels from the top; the largest increase on top and the largest cut at the bottom where None.
    """
    before, after = _both(now, planned)
    change = (after - before).sort_values(ascending=False, kind="stable")
    change = change[in_order(change.index, order)]
    if largest is not None and len(change) > largest + 1:
        shown = change.abs().nlargest(largest).index
        others = change.drop(shown)
        change = change[change.index.isin(shown)]
        change[f"{len(others)} others, net"] = others.sum()
    place = np.arange(len(change))[::-1]
    with style():
        axes = own_axes(ax, height=row_height(len(change)))
        dress(axes, grid="")
        axes.barh(place, change, height=0.62, color=[ACCENT if one >= 0 else WARN for one in change], zorder=3)
        axes.axvline(0, color=LINE, linewidth=1, zorder=2)
        reach = float(change.abs().max()) or 1.0
        left, right = min(float(change.min()), 0.0), max(float(change.max()), 0.0)
        axes.set_xlim(left - 0.02 * reach, right + 0.02 * reach)
        for row, name in zip(place, change.index, strict=True):
            had = float(before[name]) if name in before else np.inf
            beside(axes, row, _change(had, had + float(change[name])) if np.isfinite(had) else "", SOFT)
        axes.set_ylim(-0.6, len(change) - 0.4)
        name_rows(axes, place, change.index)
        axes.set_xticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        headline(axes, f"Change of spend, {currency}")
        return axes


def channel_cac(now: pd.DataFrame, planned: pd.DataFrame, ax: Axes | None = None, *, currency: str = CURRENCY) -> Axes:
    """CAC by channel, now and planned, with 90 % intervals.

    Parameters
    ----------
    now, planned
        Channels x (mean or median, and low, high or 5%, 95%). Channels without spend may be NaN.
    ax
        Axes to draw on.
    currency
        Code of the currency.
    """
    marks = [Marks.of(now, "now", NOW, "o"), Marks.of(planned, "planned", PLANNED, "D")]
    order = marks[1].mean.fillna(np.inf).sort_values(kind="stable").index
    with style():
        axes = own_axes(ax, height=row_height(len(order), 2))
        label = f"{currency} per customer, with 90 % intervals"
        return dot_rows(axes, [mark.at(order) for mark in marks], "CAC by channel", label, ratios=True)


def frontier(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    now: tuple[float, float] | None = None,
    planned: tuple[float, float] | None = None,
    currency: str = CURRENCY,
    figure: str = "blended_cac",
    label: str | None = None,
) -> Axes:
    """The best that each budget gets, with today and the plan.

    Parameters
    ----------
    table
        What ``Plan.frontier`` returns: ``spend`` and ``blended_cac``; ``low`` and ``high`` where known.
    ax
        Axes to draw on.
    now, planned
        (spend, figure).
    currency
        Code of the currency.
    figure
        The column of the table that is drawn.
    label
        What the figure is called, with its unit behind a comma; blended CAC unless told otherwise.

    Raises
    ------
    BadInput
        If the table is empty.
    """
    if len(table) == 0:
        raise BadInput("frontier: has no budgets.")
    line = table.sort_values("spend")
    with style():
        axes = own_axes(ax, width=6.4, height=3.8)
        dress(axes)
        if {"low", "high"} <= set(line.columns):
            axes.fill_between(line["spend"], line["low"], line["high"], color=BAND, linewidth=0)
        (best,) = axes.plot(line["spend"], line[figure], color=ACCENT, linewidth=2)
        handles, names = [best], ["best for each budget"]
        for point, name, colour, marker in ((now, "now", NOW, "o"), (planned, "planned", PLANNED, "D")):
            if point is not None:
                handles += axes.plot(
                    *[[value] for value in point],
                    marker,
                    color=colour,
                    markersize=9,
                    markeredgecolor="white",
                    markeredgewidth=1.2,
                    zorder=5,
                )
                names.append(f"{name}: {compact(point[1])}")
        axes.margins(x=0.04, y=0.12)
        amount_axis(axes, "x", f"spend over the horizon, {currency}")
        label = label or f"blended CAC, {currency}"
        amount_axis(axes, "y", label)
        headline(axes, f"{label[0].upper()}{label[1:].partition(',')[0]} against budget", handles, names)
        return axes


def scenarios(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    plan: str | None = None,
    currency: str = CURRENCY,
    label: str | None = None,
) -> Axes:
    """One figure of what-ifs, with 90 % intervals, in the order given.

    Parameters
    ----------
    table
        Scenarios x (mean, and low, high or 5%, 95%); NaN where a scenario has no plan.
    ax
        Axes to draw on.
    plan
        The row to compare with: a line marks it through all rows.
    currency
        Code of the currency.
    label
        What the figure is called, with its unit behind a comma; blended CAC unless told otherwise.
    """
    label = label or f"blended CAC, {currency}"
    marks = Marks.of(table, label.partition(",")[0], PLANNED, "D")
    with style():
        axes = own_axes(ax, height=row_height(len(table)))
        dot_rows(axes, [marks], "What if", f"{label}, with 90 % intervals")
        if plan is not None:
            axes.axvline(float(marks.mean[plan]), color=NOW, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        values = marks.drawn
        if values.size and values.min() > 0.4 * values.max():  # far from zero: a dot needs no zero, its reader a scale
            room = 0.12 * (values.max() - values.min()) or 0.1 * values.max()
            axes.set_xlim(values.min() - room, values.max() + room)
        return axes


def differences(
    drawn: Mapping[str, npt.ArrayLike],
    ax: Axes | None = None,
    *,
    label: str,
    write: Callable[[float], str] = compact,
) -> Axes:
    """Distributions of differences to today, a line at none.

    Parameters
    ----------
    drawn
        What is held against today -> draws of its difference, paired with today's.
    ax
        Axes to draw on.
    label
        What differs, with its unit.
    write
        How the ends of the intervals are written.

    Raises
    ------
    BadInput
        If there are no draws, or some are not finite.
    """
    sides = {name: np.asarray(draws, dtype=float).ravel() for name, draws in drawn.items()}
    if not sides or any(not draws.size or not np.isfinite(draws).all() for draws in sides.values()):
        raise BadInput("differences: has no draws, or draws that are not finite.")
    grid = _grid(np.concatenate(list(sides.values())))
    room = 0.04 * max(abs(grid[0]), abs(grid[-1]), grid[-1] - grid[0])
    grid = np.linspace(min(grid[0], -room), max(grid[-1], room), 400)
    with style():
        axes = own_axes(ax, width=6.4, height=3.2)
        dress(axes, grid="x")
        handles, names, peak = [], [], 0.0
        for (name, draws), colour in zip(sides.items(), (PLANNED, NOW, WARN, ACCENT, SOFT), strict=False):
            density = _density(draws, grid)
            peak = max(peak, float(density.max()))
            axes.fill_between(grid, density, color=colour, alpha=0.35, linewidth=0)
            handles += axes.plot(grid, density, color=colour, linewidth=2)
            low, high = np.quantile(draws, [0.05, 0.95])
            names.append(f"{name}: {write(float(low))} to {write(float(high))}")
        axes.axvline(0.0, color=SOFT, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_xlim(grid[0], grid[-1])
        axes.set_ylim(0, 1.12 * peak)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        amount_axis(axes, "x", label)
        headline(axes, "Against today, with 90 % intervals", handles, names)
        return axes


def schedule(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    before: pd.DataFrame | None = None,
    given: pd.DataFrame | None = None,
    currency: str = CURRENCY,
) -> Axes:
    """Spend by week and channel as rows of bars, each channel against its own largest week.

    Parameters
    ----------
    table
        Weeks (dates or numbers) x channels.
    ax
        Axes to draw on.
    before
        Weeks before those, as they were spent; grey, and left out of the totals.
    given
        Whether a week is none of the schedule's choice (spent, committed, in blackout), weeks x channels: hatched, a
        cross where nothing is spent.
    currency
        Code of the currency.
    """
    if table.size == 0:
        raise BadInput("schedule: the table is empty.")
    past = 0 if before is None else len(before)
    spend = (table if before is None else pd.concat((before[table.columns], table))).to_numpy(dtype=float).T
    fixed = np.zeros(spend.shape, dtype=bool)
    if given is not None:
        fixed[:, past:] = given.to_numpy(dtype=bool).T
    height = _BAR * spend / np.maximum(spend.max(axis=1, keepdims=True), np.finfo(float).tiny)
    with style():
        axes = own_axes(ax, width=9.0, height=1.4 + 0.45 * len(spend))
        dress(axes, grid="")
        weeks, rows = np.arange(spend.shape[1]) - past, np.arange(len(spend))[::-1]
        kinds: list[tuple[str, Any, dict[str, Any]]]
        kinds = [("before", np.broadcast_to(weeks < 0, spend.shape), {"color": NOW, "alpha": 0.55})]
        kinds += [("planned", (weeks >= 0) & ~fixed, {"color": PLANNED})]
        kinds += [("committed or spent", fixed & (spend > 0), {"color": BAND, "edgecolor": PLANNED, "hatch": "////"})]
        handles, names = [], []
        for name, chosen, look in kinds:
            row, week = np.nonzero(chosen)
            if len(row):
                bars = axes.bar(weeks[week], height[row, week], 0.8, rows[row] - _BAR / 2, **look)
                handles.append(bars[0])
                names.append(name)
        row, week = np.nonzero(fixed & (spend == 0))
        if len(row):
            handles += axes.plot(weeks[week], rows[row] - _BAR / 2 + 0.12, "x", color=WARN, markersize=5)
            names.append("no spend allowed")
        axes.hlines(rows - _BAR / 2, weeks[0] - 0.5, weeks[-1] + 0.5, color=LINE, linewidth=0.8)
        axes.set_xlim(weeks[0] - 0.6, weeks[-1] + 0.6)
        axes.set_ylim(-0.55, len(spend) - 0.45)
        _week_ticks(axes, table.index)
        name_rows(axes, rows, table.columns)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for place, amount in zip(rows, spend[:, past:].sum(axis=1), strict=True):
            beside(axes, place, compact(float(amount)), SOFT)
        axes.set_xlabel("week")
        legend = (handles, names) if len(names) > 1 else ((), ())
        headline(axes, f"Spend by week, against each channel's largest; totals at the right, {currency}", *legend)
        return axes


def _week_ticks(axes: Axes, weeks: pd.Index) -> None:
    low, high = axes.get_xlim()
    step = max(1, round((high - low) / 13))
    shown = range(0, len(weeks), step)
    dated = isinstance(weeks, pd.DatetimeIndex)
    axes.set_xticks(list(shown), [f"{weeks[at]:%d %b}" if dated else str(weeks[at]) for at in shown], fontsize=8)


def _spend(side: Any) -> pd.Series:
    spend = side if isinstance(side, pd.Series) else getattr(side, "spend", side)
    return pd.Series(spend, dtype=float)


def _both(now: Any, planned: Any) -> tuple[pd.Series, pd.Series]:
    """Both spends of all channels that either has."""
    before, after = (_spend(side) for side in (now, planned))
    channels = list(dict.fromkeys([*before.index, *after.index]))
    return before.reindex(channels, fill_value=0.0), after.reindex(channels, fill_value=0.0)


def _change(now: float, planned: float) -> str:
    change = planned - now
    if change == 0:
        return "no change"
    sign = "+" if change > 0 else "−"
    text = f"{sign}{amounts([abs(_rounded(change))])[0]}"
    if now <= 1e-6 * planned:
        return f"{text}  (new)"
    ratio = abs(change) / now
    return f"{text}  ({percent(change / now, signed=True)})" if ratio < 10 else f"{text}  (× {compact(planned / now)})"


def _rounded(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")


def _grid(draws: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    low, high = np.quantile(draws[np.isfinite(draws)], [0.002, 0.998])
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return np.linspace(low - room, high + room, 400)


def _density(draws: npt.NDArray[np.float64], grid: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gaussian kernel density with Silverman's width, by way of a fine histogram."""
    quartiles = np.subtract(*np.quantile(draws, [0.75, 0.25])) / 1.34
    spread = min(draws.std(), quartiles) if quartiles > 0 else draws.std()
    step = grid[1] - grid[0]
    width = max(0.9 * spread * len(draws) ** -0.2, step)
    edges = np.append(grid - step / 2, grid[-1] + step / 2)
    counts, _ = np.histogram(draws, bins=edges)
    reach = np.arange(-len(grid) + 1, len(grid)) * step
    kernel = np.exp(-0.5 * (reach / width) ** 2) / (width * np.sqrt(2 * np.pi))
    return np.asarray(np.convolve(counts / len(draws), kernel, mode="valid"))
