"""The linear part of the model: intercept, trend, season, holidays, events, controls and treatments.

Every term gives columns for any dates, past or coming, and the prior standard deviation of each column's
coefficient in units of the mean KPI. All are Gaussian, so the default likelihood integrates them out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.ranges import NOT_NEGATIVE, POSITIVE, Bounded, Range, whole

__all__ = [
    "Design",
    "LinearTrend",
    "NoTrend",
    "PiecewiseTrend",
    "RandomWalk",
    "Season",
    "Trend",
    "design",
    "usual_seasons",
    "wandering",
]

_YEAR = 365.25
_INTERCEPT_SD = 2.0
_CONTROL_SD = 0.3
_HOLIDAY_SD = 0.3


@dataclass(frozen=True)
class Trend(Bounded, ABC):
    """Slow change of the baseline."""

    group: ClassVar[str] = "trend"

    @abstractmethod
    def columns(self, days: Array, span: float) -> tuple[Array, Array]:
        """Columns and their prior standard deviations.

        Parameters
        ----------
        days
            Days since the panel's first period, shape (T,); those of coming periods exceed ``span``.
        span
            Days from the panel's first period to its last.

        Returns
        -------
        Shape (T, K) and (K,).
        """

    def ahead(self, days: Array, span: float) -> tuple[Array, Array]:
        """Columns of what can only happen after the panel, as :meth:`columns`; none unless the trend wanders."""
        return np.zeros((len(days), 0)), np.zeros(0)


@final
@dataclass(frozen=True)
class NoTrend(Trend):
    """A level baseline."""

    def columns(self, days: Array, span: float) -> tuple[Array, Array]:  # noqa: D102
        return np.zeros((len(days), 0)), np.zeros(0)


@final
@dataclass(frozen=True)
class LinearTrend(Trend):
    """A straight line.

    Parameters
    ----------
    sd
        Prior standard deviation of the change over the panel, in units of the mean KPI.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"sd": NOT_NEGATIVE}
    sd: float = 0.5

    def columns(self, days: Array, span: float) -> tuple[Array, Array]:  # noqa: D102
        return (days / span - 0.5)[:, None], np.array([self.sd])


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

    ranges: ClassVar[Mapping[str, Range]] = {
        "changepoints": whole(0),
        "sd": NOT_NEGATIVE,
        "bend_sd": NOT_NEGATIVE,
    }
    changepoints: int = 5
    sd: float = 0.5
    bend_sd: float = 0.5

    def columns(self, days: Array, span: float) -> tuple[Array, Array]:  # noqa: D102
        time = days / span
        bends = np.arange(1, self.changepoints + 1) / (self.changepoints + 1)
        columns = np.column_stack([time - 0.5, np.maximum(time[:, None] - bends, 0.0)])
        return columns, np.r_[self.sd, np.full(self.changepoints, self.bend_sd)]


@final
@dataclass(frozen=True)
class RandomWalk(Trend):
    """A level that wanders up and down, in steps from knot to knot; a forecast widens with its horizon.

    Every step is Gaussian, so a wandering level costs sampling nothing. It may stand beside another trend:
    ``trend=(mmm.LinearTrend(), mmm.RandomWalk())``.

    Parameters
    ----------
    sd
        Prior standard deviation of the level's change over one year, in units of the mean KPI; over n years it is
        sqrt(n) times that. The larger it is, the more of what media brought over long stretches a level can explain.
    every
        Days between knots.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"sd": NOT_NEGATIVE, "every": POSITIVE}
    sd: float = 0.15
    every: float = 28.0
    group: ClassVar[str] = "level"

    def columns(self, days: Array, span: float) -> tuple[Array, Array]:  # noqa: D102
        return self._ramps(days, self.every * np.arange(self._steps(span)))

    def ahead(self, days: Array, span: float) -> tuple[Array, Array]:  # noqa: D102
        known = self._steps(span)
        return self._ramps(days, self.every * np.arange(known, max(self._steps(float(days.max())), known)))

    def _steps(self, span: float) -> int:
        return int(np.ceil(span / self.every))

    def _ramps(self, days: Array, knots: npt.NDArray[np.floating[Any]]) -> tuple[Array, Array]:
        ramps = np.clip((days[:, None] - knots) / self.every, 0.0, 1.0)
        return ramps, np.full(len(knots), self.sd * np.sqrt(self.every / _YEAR))


@final
@dataclass(frozen=True)
class Season(Bounded):
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

    ranges: ClassVar[Mapping[str, Range]] = {"period": POSITIVE, "order": whole(0), "sd": NOT_NEGATIVE}
    period: float = 365.25
    order: int = 3
    sd: float = 0.2

    def columns(self, dates: pd.DatetimeIndex) -> tuple[Array, Array]:
        """Columns, shape (T, 2 order), and their prior standard deviations."""
        days = (dates - pd.Timestamp("2000-01-01")).days.to_numpy(dtype=float)
        angle = 2 * np.pi * np.outer(days / self.period, np.arange(1, self.order + 1))
        return np.column_stack([np.sin(angle), np.cos(angle)]), np.full(2 * self.order, self.sd)


def usual_seasons(days: int, year: Season | None = None) -> tuple[Season, ...]:
    """The year's season, and over daily periods that of the week, three harmonics of which are all that it can hold.

    Parameters
    ----------
    days
        Length of a period: 7 or 1.
    year
        Another season of the year than the default one.
    """
    return (year or Season(), *([Season(period=7.0, order=3)] if days == 1 else []))


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
        What each column belongs to: intercept, trend, level, season, holidays, controls, treatments, demand.
    """

    matrix: Array
    sd: Array
    names: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def measured(self) -> Array:
        """Columns of what is known of demand whatever was spent: all but intercept, level and demand, shape (T, K)."""
        return self.matrix[:, [group not in ("intercept", "level", "demand") for group in self.groups]]

    def joined(self, group: str, names: tuple[str, ...], columns: Array, sd: float) -> Design:
        """The same with further columns of one group, whose coefficients have one prior standard deviation."""
        return Design(
            matrix=np.column_stack([self.matrix, columns]),
            sd=np.r_[self.sd, np.full(len(names), sd)],
            names=(*self.names, *names),
            groups=(*self.groups, *(group for _ in names)),
        )


def design(
    panel: Panel,
    trend: Trend | Sequence[Trend],
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
    days, span = _clock(panel, at)
    parts: list[tuple[str, Array, Array, list[str]]] = [
        ("intercept", np.ones((len(at), 1)), np.array([_INTERCEPT_SD]), ["intercept"])
    ]
    for part in _several(trend):
        columns, sd = part.columns(days, span)
        parts.append((part.group, columns, sd, [f"{part.group} {place + 1}" for place in range(len(sd))]))
    for season in seasons:
        columns, sd = season.columns(at)
        labels = [f"season {season.period:g} {wave} {k + 1}" for wave in ("sin", "cos") for k in range(season.order)]
        parts.append(("season", columns, sd, labels))
    holidays = panel.calendar.names(panel.dates, panel.days)
    if holidays:
        columns = panel.calendar.columns(at, panel.days, holidays)
        parts.append(("holidays", columns, np.full(len(holidays), _HOLIDAY_SD), list(holidays)))
    if panel.control_names:
        parts += _levers(panel, values)
    return Design(
        matrix=np.column_stack([part[1] for part in parts]),
        sd=np.concatenate([part[2] for part in parts]),
        names=tuple(name for part in parts for name in part[3]),
        groups=tuple(part[0] for part in parts for _ in part[3]),
    )


def wandering(
    panel: Panel, trend: Trend | Sequence[Trend], dates: pd.DatetimeIndex, draws: int, rng: np.random.Generator
) -> Array:
    """Draws of how far a level wanders after the panel, in units of the mean KPI, shape (len(dates), draws).

    A design for coming dates holds the last level that the panel knows; this is what may come on top of it.
    """
    days, span = _clock(panel, dates)
    total = np.zeros((len(dates), draws))
    for part in _several(trend):
        columns, sd = part.ahead(days, span)
        if len(sd):
            total += columns @ (sd[:, None] * rng.standard_normal((len(sd), draws)))
    return total


def _clock(panel: Panel, dates: pd.DatetimeIndex) -> tuple[Array, float]:
    """Days of dates since the panel's first period, and those of its last."""
    span = max((panel.dates[-1] - panel.dates[0]).days, 1)
    return (dates - panel.dates[0]).days.to_numpy(dtype=float), float(span)


def _several(trend: Trend | Sequence[Trend]) -> tuple[Trend, ...]:
    return (trend,) if isinstance(trend, Trend) else tuple(trend)


def _levers(panel: Panel, values: Array) -> list[tuple[str, Array, Array, list[str]]]:
    """Controls about their mean, treatments about their baseline value, both in standard deviations."""
    centre, scale = _standard(panel.controls.reshape(-1, len(panel.control_names)))
    sd = np.full(len(panel.control_names), _CONTROL_SD)
    plain = len(panel.control_names) - len(panel.treatments)
    for place, treatment in enumerate(panel.treatments, start=plain):
        centre[place], sd[place] = treatment.level, treatment.sd
    columns, names = (values - centre) / scale, list(panel.control_names)
    parts = [
        ("controls", columns[:, :plain], sd[:plain], names[:plain]),
        ("treatments", columns[:, plain:], sd[plain:], names[plain:]),
    ]
    return [part for part in parts if part[3]]


def _standard(values: Array) -> tuple[Array, Array]:
    spread = values.std(axis=0)
    return values.mean(axis=0), np.where(spread > 0, spread, 1.0)
