"""Pictures of what a fit leaves: period by period, by the level expected, and by the distance between periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.drawing.axes import amount_axis
from attribution.drawing.canvas import dress, headline, own_axes, style
from attribution.drawing.palette import ACCENT, BAND, INK, WARN
from mmm.drawing.by_week import dates, table_of
from mmm.posterior.residual_checks import lagged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["autocorrelation", "residuals", "residuals_by_level"]

_BAND = 1.645  # of a standard normal, 90 % inside
_FAR = 3.0
_GROUPS = 5
_LAGS = 56  # a year of weeks, and some beside it; in days eight weeks


def residuals(result: Any, ax: Axes | None = None) -> Axes:
    """What the fit leaves by period, in standard deviations, with the band that holds 90 % where the model is right.

    Periods more than three off are marked.

    Parameters
    ----------
    result
        A posterior, or its ``residuals()``.
    ax
        Axes to draw on.
    """
    scores = table_of(result, "residuals")["score"]
    far = scores.abs() > _FAR
    with style():
        axes = own_axes(ax, width=8.0, height=3.0)
        dress(axes)
        band = axes.axhspan(-_BAND, _BAND, color=BAND, linewidth=0, zorder=0)
        axes.axhline(0.0, color=INK, linewidth=0.8)
        look: dict[str, Any] = {"markersize": 3.2, "markeredgewidth": 0, "linestyle": "none", "marker": "o"}
        (plain,) = axes.plot(scores.index[~far], scores[~far], color=ACCENT, **look)
        handles, labels = [plain, band], ["period", "90 % band"]
        if far.any():
            handles += axes.plot(scores.index[far], scores[far], color=WARN, **{**look, "markersize": 5})
            labels.append("more than 3 off")
        dates(axes, scores.index)
        amount_axis(axes, "y", "standard deviations off")
        headline(axes, "What the model leaves", handles, labels)
        return axes


def residuals_by_level(result: Any, ax: Axes | None = None) -> Axes:
    """What the fit leaves against what it expects; the line joins the means of fifths of the periods.

    A bend says that the model is off where much or little is expected, a fan that its noise should grow with the level.

    Parameters
    ----------
    result
        A posterior, or its ``residuals()``.
    ax
        Axes to draw on.
    """
    table = table_of(result, "residuals").sort_values("expected", kind="stable")
    expected, scores = (table[name].to_numpy(dtype=float) for name in ("expected", "score"))
    with style():
        axes = own_axes(ax, width=5.0, height=3.0)
        dress(axes)
        axes.axhspan(-_BAND, _BAND, color=BAND, linewidth=0, zorder=0)
        axes.axhline(0.0, color=INK, linewidth=0.8)
        axes.plot(expected, scores, color=ACCENT, linestyle="none", marker="o", markersize=3.2, markeredgewidth=0)
        groups = [part for part in np.array_split(np.arange(len(scores)), _GROUPS) if len(part)]
        means = [[float(values[part].mean()) for part in groups] for values in (expected, scores)]
        axes.plot(*means, color=WARN, linewidth=1.6)
        amount_axis(axes, "x", "expected in a period")
        amount_axis(axes, "y", "standard deviations off")
        headline(axes, "By what is expected")
        return axes


def autocorrelation(result: Any, ax: Axes | None = None) -> Axes:
    """How far residuals some periods apart are alike; bars beyond the band are more than chance brings.

    Parameters
    ----------
    result
        A posterior, or its ``residuals()``.
    ax
        Axes to draw on.
    """
    table = table_of(result, "residuals")
    scores = table["score"].to_numpy(dtype=float)
    lags = np.arange(1, min(_LAGS, len(scores) // 3) + 1)
    alike = np.array([lagged(scores, int(lag)) for lag in lags])
    chance = _BAND / np.sqrt(len(scores))
    unit = "days" if _daily(table.index) else "weeks"
    with style():
        axes = own_axes(ax, width=5.0, height=3.0)
        dress(axes)
        axes.axhspan(-chance, chance, color=BAND, linewidth=0, zorder=0)
        axes.axhline(0.0, color=INK, linewidth=0.8)
        axes.vlines(lags, 0.0, alike, color=ACCENT, linewidth=2.0)
        axes.set_xlim(0, len(lags) + 1)
        reach = max(0.45, 1.1 * float(np.abs(alike).max(initial=0.0)))
        axes.set_ylim(-reach, reach)
        amount_axis(axes, "x", f"{unit} apart")
        amount_axis(axes, "y", "correlation")
        headline(axes, "Are neighbours alike?")
        return axes


def _daily(index: pd.Index) -> bool:
    return len(index) > 1 and (index[1] - index[0]).days == 1
