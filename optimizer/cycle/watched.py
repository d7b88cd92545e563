"""What is watched: weeks that a fit has not seen, and what is expected of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.arrays import Array
from optimizer.cycle.sequential import Quiet

__all__ = ["Past", "Price", "Reported", "Stage", "Watched"]


@dataclass(frozen=True, eq=False)
class Reported:
    """Conversions that somebody counts as a channel's.

    Parameters
    ----------
    channel
        Its name.
    source
        Who counts them: ``"attributed"`` or ``"platform-reported"``.
    conversions
        By week, shape (T,).
    quiet
        Their logarithm where nothing is wrong; weeks without spend or conversions say nothing.
    """

    channel: str
    source: str
    conversions: Array
    quiet: Quiet

    @property
    def written(self) -> Array:
        """The logarithm, and the expected one where a week says nothing."""
        counted = np.where(self.conversions > 0, self.conversions, 0.5)
        silent = np.diag(self.quiet.covariance) >= SILENT
        return np.asarray(np.where(silent, self.quiet.mean, np.log(counted)))


SILENT = 1e4
"""Variance of a logarithm that says nothing."""


@dataclass(frozen=True, eq=False)
class Price:
    """What a unit of a channel's media costs: logarithms by week, shape (T,), and the same where nothing is wrong."""

    channel: str
    observed: Array
    quiet: Quiet


@dataclass(frozen=True, eq=False)
class Stage:
    """How many of one stage reach the next: logarithms by week, shape (T,), and the same where nothing is wrong."""

    name: str
    observed: Array
    quiet: Quiet


@dataclass(frozen=True, eq=False)
class Past:
    """The twelve months before: sums of spend, of customers, and of what the model expected."""

    spend: float
    customers: float
    expected: float
    weeks: int


@dataclass(frozen=True, eq=False)
class Watched:
    """Weeks that a fit has not seen.

    Parameters
    ----------
    weeks
        First days, shape (T,).
    spend
        Currency by week and channel, shape (T, C).
    customers
        Of all together, shape (T,).
    quiet
        The same where nothing is wrong.
    brought
        What the model expects each channel to bring, shape (C, T).
    reach
        Channel -> part of an effect that has come by so many weeks, shape (lags,), up to 1.
    past
        Of the twelve months before.
    reported, prices, stages
        Further figures where they are known.
    outcome
        What customers are called.
    """

    weeks: pd.DatetimeIndex
    spend: pd.DataFrame
    customers: Array
    quiet: Quiet
    brought: Array
    reach: Mapping[str, Array]
    past: Past
    reported: tuple[Reported, ...] = ()
    prices: tuple[Price, ...] = ()
    stages: tuple[Stage, ...] = ()
    outcome: str = "customers"

    def begun(self, channel: str | None = None) -> Array:
        """Part of an effect that has come in a week of what began in another, shape (first weeks T, weeks T)."""
        lags = np.arange(len(self.weeks))[None] - np.arange(len(self.weeks))[:, None]
        reach = np.ones(1) if channel is None else self.reach[channel]
        return np.asarray(np.where(lags >= 0, reach[np.clip(lags, 0, len(reach) - 1)], 0.0))
