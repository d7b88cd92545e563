"""The linear part of the model: intercept, trend, season, holidays, events and controls.

Every term gives columns for any dates, past or coming, and the prior standard deviation of each column's
coefficient in units of the mean KPI. All are Gaussian, so the default likelihood integrates them out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from mmm.panel import Panel
from mmm.priors import Array

__all__ = ["Design", "LinearTrend", "NoTrend", "PiecewiseTrend", "Season", "Trend", "design"]

_INTERCEPT_SD = 2.0
_CONTROL_SD = 0.3
_HOLIDAY_SD = 0.3


@dataclass(frozen=True)
class Trend(ABC):
    """Slow change of the baseline."""

    @abstractmethod
    def columns(self, time: Array) -> tuple[Array, Array]:
        """Columns and their prior standard deviations.

        Parameters
        ----------
        time
            0 at the first period, 1 at the last, shape (T,); coming periods lie above 1.

        Returns
        -------
        Shape (T, K) and (K,).
        """


@final
@dataclass(frozen=True)
class NoTrend(Trend):
    """A level baseline."""

    def columns(self, time: Array) -> tuple[Array, Array]:  # noqa: D102
        return np.zeros((len(time), 0)), np.zeros(0)


@final
@dataclass(frozen=True)
class LinearTrend(Trend):
    """A straight line.

    Parameters
    ----------
    sd
        Prior standard deviation of the change over the panel, in units of the mean KPI.
    """

    sd: float = 0.5

    def columns(self, time: Array) -> tuple[Array, Array]:  # noqa: D102
        return (time - 0.5)[:, None], np.array([self.sd])


@final
@dataclass(frozen=True)
class PiecewiseTrend(Trend):
    """A line that may bend at evenly spaced changepoints; the last slope goes on.

    Parameters
    ----------
    changepoints
        Number of bends.
    sd
        Prior standard deviation of the change over the panel that the first slope brings.
    bend_sd
        Prior standard deviation of each bend's change of slope, in the same unit.
    """

    changepoints: int = 5
    sd: float = 0.5
    bend_sd: float = 0.5

    def columns(self, time: Array) -> tuple[Array, Array]:  # noqa: D102
        bends = np.arange(1, self.changepoints + 1) / (self.changepoints + 1)
        columns = np.column_stack([time - 0.5, np.maximum(time[:, None] - bends, 0.0)])
        return columns, np.r_[self.sd, np.full(self.changepoints, self.bend_sd)]


@final
@dataclass(frozen=True)
class Season:
    """A periodic pattern as a Fourier series.

    Parameters
    ----------
    period
        Length in days: 365.25 for a year, 7 for the days of a week.
    order
        Number of sine and cosine pairs.
    sd
        Prior standard deviation of each coefficient, in units of the mean KPI.
    """

    period: float = 365.25
    order: int = 3
    sd: float = 0.2

    def columns(self, dates: pd.DatetimeIndex) -> tuple[Array, Array]:
        """Columns, shape (T, 2 order), and their prior standard deviations."""
        days = (dates - pd.Timestamp("2000-01-01")).days.to_numpy(dtype=float)
        angle = 2 * np.pi * np.outer(days / self.period, np.arange(1, self.order + 1))
        return np.column_stack([np.sin(angle), np.cos(angle)]), np.full(2 * self.order, self.sd)


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of the linear part for one geo and some dates.

    Parameters
    ----------
    matrix
        Shape (T, K).
    sd
        Prior standard deviation of each coefficient, in units of the mean KPI, shape (K,).
    names
        Name of each column.
    groups
        What each column belongs to: intercept, trend, season, holidays, controls.
    """

    matrix: Array
    sd: Array
    names: tuple[str, ...]
    groups: tuple[str, ...]


def design(
    panel: Panel,
    trend: Trend,
    seasons: Sequence[Season],
    dates: pd.DatetimeIndex | None = None,
    controls: Array | None = None,
) -> Design:
    """The columns that a panel's baseline is made of.

    Parameters
    ----------
    panel
        Sets the scales: time runs from its first to its last period, controls are standardised by its values.
    trend, seasons
        Terms of the model.
    dates
        Other dates than the panel's, for forecasts.
    controls
        Control values at ``dates``, shape (T, K), on the panel's own scale; the first geo's where None.
    """
    at = panel.dates if dates is None else dates
    values = panel.controls[0] if controls is None else controls
    span = max((panel.dates[-1] - panel.dates[0]).days, 1)
    time = ((at - panel.dates[0]).days / span).to_numpy(dtype=float)
    parts: list[tuple[str, Array, Array, list[str]]] = [
        ("intercept", np.ones((len(at), 1)), np.array([_INTERCEPT_SD]), ["intercept"])
    ]
    columns, sd = trend.columns(time)
    parts.append(("trend", columns, sd, [f"trend {place + 1}" for place in range(len(sd))]))
    for season in seasons:
        columns, sd = season.columns(at)
        labels = [f"season {season.period:g} {wave} {k + 1}" for wave in ("sin", "cos") for k in range(season.order)]
        parts.append(("season", columns, sd, labels))
    days = panel.calendar.names(panel.dates, panel.days)
    if days:
        columns = panel.calendar.columns(at, panel.days, days)
        parts.append(("holidays", columns, np.full(len(days), _HOLIDAY_SD), list(days)))
    if panel.control_names:
        centre, scale = _standard(panel.controls.reshape(-1, len(panel.control_names)))
        sd = np.full(len(panel.control_names), _CONTROL_SD)
        parts.append(("controls", (values - centre) / scale, sd, list(panel.control_names)))
    return Design(
        matrix=np.column_stack([part[1] for part in parts]),
        sd=np.concatenate([part[2] for part in parts]),
        names=tuple(name for part in parts for name in part[3]),
        groups=tuple(part[0] for part in parts for _ in part[3]),
    )


def _standard(values: Array) -> tuple[Array, Array]:
    spread = values.std(axis=0)
    return values.mean(axis=0), np.where(spread > 0, spread, 1.0)
