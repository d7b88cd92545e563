"""Plots of the mix model: each takes a posterior or plain tables and an optional ax, and returns the ax.

Examples
--------
>>> import numpy as np
>>> from mmm import plots
>>> from mmm.curves import Hill
>>> curve = Hill(saturation=np.array([900.0, 1000.0]), half_saturation=2e5)
>>> ax = plots.response(curve, plots.canvas(), channel="tv", now=150_000, planned=90_000)
>>> ax.get_title(loc="left")
'tv'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.drawing.axes import amount_axis, percent_axis
from attribution.drawing.canvas import canvas, dress, headline, own_axes, style, svg
from attribution.drawing.dot_rows import Marks, dot_rows, row_height
from attribution.drawing.palette import ACCENT, BAND, BARS, NOW, PLANNED, SOFT
from attribution.estimates import HIGH, LOW
from attribution.numbers import CURRENCY
from mmm.drawing.by_channel import LEARNT, SHOWN, carryovers, parameter_shift, ranks
from mmm.drawing.by_week import decomposition, fit, forecast, table_of
from mmm.drawing.frequency import optimal_frequency
from mmm.drawing.geo_tests import geo_test
from mmm.drawing.residuals import autocorrelation, residuals, residuals_by_level
from mmm.posterior.frames import summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mmm.curves import ResponseCurve

__all__ = [
    "LEARNT",
    "SHOWN",
    "autocorrelation",
    "cac",
    "canvas",
    "carryover",
    "carryovers",
    "contributions",
    "decomposition",
    "fit",
    "forecast",
    "geo_test",
    "half_life",
    "marginal_cac",
    "optimal_frequency",
    "parameter_shift",
    "prior_shift",
    "ranks",
    "residuals",
    "residuals_by_level",
    "response",
    "style",
    "svg",
]


def __dir__() -> list[str]:
    return sorted(__all__)


Table = pd.DataFrame


def contributions(result: Any, ax: Axes | None = None, *, outcome: str = "customers") -> Axes:
    """Customers that each channel brought, with 90 % intervals.

    Parameters
    ----------
    result
        A posterior; draws x channels; or a summary: channels x (mean, 5%, 95%).
    ax
        Axes to draw on.
    outcome
        What is counted.
    """
    marks = Marks.of(_summary(result, "contributions"), "contributions")
    return _rows(marks, ax, "What channels brought", f"{outcome}, with 90 % intervals")


def cac(result: Any, ax: Axes | None = None, *, currency: str = CURRENCY) -> Axes:
    """Cost per customer by channel, with 90 % intervals, cheapest on top.

    Parameters
    ----------
    result
        A posterior, or channels x (mean or median, 5%, 95%).
    ax
        Axes to draw on.
    currency
        Code of the currency.
    """
    return _costs(_summary(result, "cac"), ax, "CAC by channel", f"{currency} per customer, with 90 % intervals")


def marginal_cac(result: Any, ax: Axes | None = None, *, currency: str = CURRENCY) -> Axes:
    """Cost of the next customer by channel; like :func:`cac`."""
    label = f"{currency} for the next customer, with 90 % intervals"
    return _costs(_summary(result, "marginal_cac"), ax, "Marginal CAC by channel", label)


def half_life(result: Any, ax: Axes | None = None) -> Axes:
    """Weeks until half of a week's spend has acted, by channel; a posterior or its ``half_life()``."""
    return _rows(
        Marks.of(_summary(result, "half_life"), "half-life"), ax, "Carryover", "weeks until half of the effect is there"
    )


def response(
    curve: ResponseCurve,
    ax: Axes | None = None,
    *,
    channel: str = "",
    now: float | None = None,
    planned: float | None = None,
    observed: tuple[float, float] | None = None,
    labels: tuple[str, str] = (f"spend over the horizon, {CURRENCY}", "customers over the horizon"),
) -> Axes:
    """One channel's response curve with its interval, today's and planned spend, and the range ever tried.

    Parameters
    ----------
    curve
        With or without draws; spend and customers over one period.
    ax
        Axes to draw on.
    channel
        Title.
    now, planned
        Spend to mark, in the curve's units.
    observed
        Lowest and highest spend seen in the data, in the curve's units; beyond it the line is dashed.
    labels
        Of the two axes.
    """
    marks = [value for value in (now, planned, *(observed or ())) if value is not None]
    reach = max(marks, default=0.0) * 1.25 or float(np.mean(curve.inflection)) * 2 or 1.0
    spend = np.linspace(0, reach, 241)
    values = curve(spend).reshape(len(spend), -1)
    mean = values.mean(axis=1)
    with style():
        axes = own_axes(ax, width=5.6, height=3.6)
        dress(axes)
        if values.shape[1] > 1:
            low, high = np.quantile(values, [0.05, 0.95], axis=1)
            axes.fill_between(spend, low, high, color=BAND, linewidth=0)
        inside = spend <= observed[1] if observed else np.ones(len(spend), dtype=bool)
        axes.plot(spend[inside], mean[inside], color=ACCENT, linewidth=2)
        beyond = spend >= spend[inside][-1]
        axes.plot(spend[beyond], mean[beyond], color=ACCENT, linewidth=2, linestyle=(0, (2, 2)))
        axes.set_xlim(0, reach)
        axes.set_ylim(bottom=0)
        if observed:
            _observed(axes, observed)
        handles = [
            _mark(axes, curve, value, name, colour)
            for value, name, colour in ((now, "now", NOW), (planned, "planned", PLANNED))
            if value is not None
        ]
        amount_axis(axes, "x", labels[0])
        amount_axis(axes, "y", labels[1])
        names = [name for name, value in (("now", now), ("planned", planned)) if value is not None]
        headline(axes, channel, handles, names)
        return axes


def carryover(weights: npt.ArrayLike, ax: Axes | None = None, *, channel: str = "", unit: str = "weeks") -> Axes:
    """Share of a period's effect that comes so many periods later, with 90 % intervals.

    Parameters
    ----------
    weights
        Lags, or lags x draws, summing to 1 over lags.
    ax
        Axes to draw on.
    channel
        For the title.
    unit
        What the lags count: weeks or days.
    """
    table = np.asarray(weights, dtype=float).reshape(len(np.atleast_1d(np.asarray(weights))), -1)
    mean = table.mean(axis=1)
    until = max(4, int(np.searchsorted(np.cumsum(mean), 0.985)) + 2)
    shown = mean[:until]
    with style():
        axes = own_axes(ax, width=5.6, height=3.2)
        dress(axes)
        axes.bar(np.arange(len(shown)), shown, width=0.75, color=BARS)
        if table.shape[1] > 1:
            low, high = np.quantile(table[:until], [0.05, 0.95], axis=1)
            axes.vlines(np.arange(len(shown)), low, high, color=ACCENT, linewidth=1.8)
        axes.set_xlim(-0.6, len(shown) - 0.4)
        amount_axis(axes, "x", f"{unit} after the spend")
        percent_axis(axes, "y", "share of the effect")
        headline(axes, f"Carryover of {channel}" if channel else "Carryover")
        return axes


def prior_shift(result: Any, ax: Axes | None = None, *, outcome: str = "customers") -> Axes:
    """What was believed of each channel's share of the outcome before the data, and after.

    Parameters
    ----------
    result
        A posterior, or its ``prior_shift()``.
    ax
        Axes to draw on.
    outcome
        What is counted.
    """
    table = table_of(result, "prior_shift")
    order = table["posterior median"].sort_values(ascending=False, kind="stable").index
    marks = [
        Marks(label, table[f"{side} median"], table[f"{side} {LOW}"], table[f"{side} {HIGH}"], colour, marker).at(order)
        for side, label, colour, marker in (
            ("prior", "before the data (prior)", NOW, "D"),
            ("posterior", "after (posterior)", ACCENT, "o"),
        )
    ]
    with style():
        axes = own_axes(ax, height=row_height(len(order), 2))
        dot_rows(axes, marks, "What the data taught", f"share of {outcome}")
        percent_axis(axes, "x", f"share of {outcome}, with 90 % intervals")
        return axes


def _costs(table: Table, ax: Axes | None, title: str, label: str) -> Axes:
    centre = table.drop(columns="mean") if {"mean", "median"} <= set(table.columns) else table  # ratios: infinite means
    return _rows(Marks.of(centre, title), ax, title, label, costs=True)


def _rows(marks: Marks, ax: Axes | None, title: str, label: str, costs: bool = False) -> Axes:
    order = marks.mean.sort_values(ascending=costs, kind="stable").index
    with style():
        axes = own_axes(ax, height=row_height(len(order)))
        return dot_rows(axes, [marks.at(order)], title, label, ratios=costs)


def _summary(result: Any, method: str) -> Table:
    """Channels x (mean, 5%, 95%) of a posterior, of draws, or as it is."""
    table = table_of(result, method)
    if "mean" in table.columns or "median" in table.columns:
        return table
    return summarise(pd.DataFrame(table))


def _observed(axes: Axes, observed: tuple[float, float]) -> None:
    """The range of spend ever tried as a bar along the bottom."""
    low, high = observed
    across = axes.get_xaxis_transform()
    axes.plot([low, high], [0, 0], transform=across, color=SOFT, linewidth=5, alpha=0.35, solid_capstyle="butt")
    axes.annotate(
        "spend tried so far",
        (high, 0),
        xycoords=across,
        xytext=(-3, 6),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=SOFT,
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1},
    )


def _mark(axes: Axes, curve: ResponseCurve, spend: float, name: str, colour: str) -> Any:
    reached = float(curve.mean(spend))
    axes.vlines(spend, 0, reached, color=colour, linewidth=1.2)
    (handle,) = axes.plot(
        [spend],
        [reached],
        "o" if name == "now" else "D",
        color=colour,
        markersize=8,
        markeredgecolor="white",
        markeredgewidth=1.2,
        zorder=5,
        linestyle="none",
        clip_on=False,
    )
    return handle
