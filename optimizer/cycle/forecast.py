"""The forecast of a plan: customers by period and channel, organic ones, and all of them, each with its draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from mmm import Organic, Posterior
from mmm.arrays import Array
from mmm.checks.pool import Pool
from mmm.curves import ResponseCurve
from mmm.posterior.forecast import Coming
from mmm.posterior.outlook import coming_media, drawn_of

__all__ = ["ALL", "ORGANIC", "Borrowed", "Course", "Forecast", "forecast", "media_by_channel", "readings_of"]

ORGANIC, ALL = "organic", "all"
"""What rows of a forecast that are no channel are called."""


@dataclass(frozen=True, eq=False)
class Course:
    """How coming periods go besides their customers, as planned or as they went.

    Parameters
    ----------
    spend
        Currency, shape (G, T, C), channels in the order of the posterior.
    media
        What drives each channel: spend, or volume where that was modelled, shape (G, T, C).
    frequency
        Contacts per person reached, same shape, NaN where not known; None for the usual number.
    controls
        Of the baseline, as :meth:`mmm.Posterior.organic` takes them; None where the model has none.
    new
        Currency of channels without history, shape (T, N).
    """

    spend: Array
    media: Array
    frequency: Array | None = None
    controls: Coming = None
    new: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def periods(self) -> int:
        """Number of periods."""
        return int(self.spend.shape[1])

    @property
    def total_spend(self) -> float:
        """Currency over all periods."""
        return float(self.spend.sum() + self.new.sum())

    def first(self, periods: int) -> Course:
        """Its first periods; controls stay as they are, for they are looked up by period."""
        often = None if self.frequency is None else self.frequency[:, :periods]
        return Course(self.spend[:, :periods], self.media[:, :periods], often, self.controls, self.new[:periods])


@dataclass(frozen=True, eq=False)
class Borrowed:
    """A channel without history: its assumed curve, with the carryover of the channel that it is taken to be like.

    Parameters
    ----------
    name
        Of the channel.
    curve
        Currency per period to customers per period.
    weights
        Lag weights, shape (lags, draws).
    """

    name: str
    curve: ResponseCurve
    weights: Array

    def brought(self, spend: Array) -> Array:
        """Customers by period of a spend of shape (T,), shape (draws, T)."""
        lags = len(self.weights)
        line = np.concatenate([np.zeros(lags - 1), spend])
        windows = np.lib.stride_tricks.sliding_window_view(line, lags)[:, ::-1]
        return np.asarray(self.curve.at_draws(windows @ self.weights)[0]).T


@dataclass(frozen=True, eq=False)
class Forecast:
    """Draws of the customers of coming periods.

    Parameters
    ----------
    dates
        First day of each of the T periods.
    days
        Length of a period: 7 or 1.
    channels
        Names, new channels last.
    spend
        Currency of all geos, shape (T, C).
    organic
        Customers that no spend brings, with the noise of single periods, shape (draws, T).
    brought
        Expected customers of each channel, carryover of earlier spend included, shape (C, draws, T).
    beyond
        By how much more the noise of all customers moves than that of organic ones, shape (draws, T): zero unless
        noise grows with customers.
    """

    dates: pd.DatetimeIndex
    days: int
    channels: tuple[str, ...]
    spend: Array
    organic: Array
    brought: Array
    beyond: Array

    @property
    def customers(self) -> Array:
        """All customers by period, shape (draws, T)."""
        return np.asarray(self.organic + self.brought.sum(axis=0) + self.beyond)

    def total(self, periods: int | None = None) -> Estimate:
        """Customers of the first periods, of all where None."""
        return Estimate.of(self.customers[:, :periods].sum(axis=1))

    def to_frame(self) -> pd.DataFrame:
        """One row per week and channel, organic and all customers among them, then the same over all weeks together.

        Columns ``week`` (first day, or ``all``), ``channel``, ``spend`` in currency (empty of organic customers),
        ``customers``, ``customers_low`` and ``customers_high``: mean, 5 % and 95 % points. Figures of channels are
        expected ones; those of organic and all customers hold the noise of single periods too.
        """
        per_week = 7 // self.days
        weeks = [slice(first, first + per_week) for first in range(0, len(self.dates), per_week)]
        rows = [row for week in weeks for row in self._rows(f"{self.dates[week.start]:%Y-%m-%d}", week)]
        return pd.DataFrame([*rows, *self._rows(ALL, slice(None))])

    def _rows(self, week: str, periods: slice) -> Iterator[dict[str, object]]:
        lines = [*zip(self.channels, self.spend.T, self.brought, strict=True)]
        for name, spend, drawn in (
            *lines,
            (ORGANIC, np.full(len(self.dates), np.nan), self.organic),
            (ALL, self.spend.sum(axis=1), self.customers),
        ):
            own = Estimate.of(drawn[:, periods].sum(axis=1)).flat("customers")
            yield {"week": week, "channel": name, "spend": float(spend[periods].sum()), **own}


def readings_of(draws: Posterior | Pool) -> tuple[Posterior, ...]:
    """The posteriors that a plan rests on, each with the draws taken of it, so that they follow in one order."""
    if isinstance(draws, Posterior):
        return (draws,)
    return tuple(drawn_of(draws.posteriors[name], rows) for name, rows in draws.picks.items())


def media_by_channel(
    readings: Sequence[Posterior], course: Course, borrowed: Sequence[Borrowed] = (), known: int | None = None
) -> Array:
    """Expected customers of each channel of a course, new channels last, shape (C, draws, T).

    Parameters
    ----------
    readings
        Posteriors of one panel whose draws follow each other.
    course
        What is spent and delivered.
    borrowed
        New channels, in the order of the course.
    known
        As :func:`mmm.posterior.outlook.coming_media` takes it.
    """
    parts = [coming_media(reading, course.media, course.frequency, known) for reading in readings]
    new = [one.brought(course.new[:, place])[None] for place, one in enumerate(borrowed)]
    return np.concatenate([np.concatenate(parts, axis=1), *new], axis=0)


def forecast(
    readings: Sequence[Posterior], organic: Organic, course: Course, borrowed: Sequence[Borrowed] = ()
) -> Forecast:
    """Customers of coming periods at a spend that is known by period.

    Parameters
    ----------
    readings
        Posteriors of one panel, as :func:`readings_of` gives them.
    organic
        Their organic customers of these periods, drawn in the same order.
    course
        What is spent and delivered.
    borrowed
        New channels, in the order of the course.
    """
    panel = readings[0].panel
    brought = media_by_channel(readings, course, borrowed)
    spend = np.concatenate([course.spend.sum(axis=0), course.new.reshape(course.periods, -1)], axis=1)
    return Forecast(
        organic.dates[: course.periods],
        panel.days,
        (*panel.channels, *(one.name for one in borrowed)),
        spend,
        (organic.by_week + organic.noise)[:, : course.periods],
        brought,
        _beyond(readings, organic, brought),
    )


def _beyond(readings: Sequence[Posterior], organic: Organic, brought: Array) -> Array:
    """What noise that grows with customers adds for those of channels, by stretching that of the organic ones."""
    paid, periods = brought.sum(axis=0), brought.shape[2]
    rows = [np.zeros_like(paid[:0])]
    start = 0
    for reading in readings:
        own = slice(start, start + reading.n_draws)
        start = own.stop
        if not reading.model.likelihood.counts:
            rows.append(np.zeros_like(paid[own]))
            continue
        spread = reading.flat("sigma")[:, None] ** 2
        alone = np.maximum(organic.by_week[own, :periods], 1e-6)
        both = np.maximum(alone + paid[own], 1e-6)
        factor = np.sqrt((both + spread * both**2) / (alone + spread * alone**2))
        rows.append((factor - 1.0) * organic.noise[own, :periods])
    return np.concatenate(rows)
