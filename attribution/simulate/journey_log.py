"""Journeys whose true incremental effects are known.

Every customer has one cause, drawn before any touch: organic, or the channel without which this person would not have
bought. Touches follow from the cause: the touch that convinced, touches met by chance, and touches that ride on an
intent already there (brand search, coupons, retargeting). A model of paths sees the touches only, so its credit can be
held against the causes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.errors import BadInput, UnknownChannel
from attribution.simulate.people import (
    Habit,
    People,
    buyers_of,
    conversions_of,
    habits_of,
    lookers_of,
    names_for,
    touchpoints_of,
)

__all__ = ["ORGANIC", "Habit", "JourneyData", "JourneyTruth", "habits_of", "journeys", "journeys_of", "sample_effects"]

ORGANIC = "organic"


@dataclass(frozen=True)
class JourneyData:
    """What a company sees.

    Attributes
    ----------
    touchpoints
        ``user``, ``time`` (UTC), ``channel``, ``kind`` (click or view), sorted by time.
    conversions
        ``user``, ``time`` (UTC), ``value`` (first order, EUR), sorted by time; one row per customer.
    """

    touchpoints: pd.DataFrame
    conversions: pd.DataFrame


@dataclass(frozen=True)
class JourneyTruth:
    """What only the simulation knows.

    Attributes
    ----------
    causes
        Customers by week (Monday) and cause; the first column is ``organic``.
    people
        ``user``, ``week``, ``cause`` of every customer.
    """

    causes: pd.DataFrame
    people: pd.DataFrame = field(repr=False)

    @property
    def incremental(self) -> pd.Series:
        """Customers each channel caused."""
        return self.causes.drop(columns=ORGANIC).sum()

    @property
    def share(self) -> pd.Series:
        """Share of the incremental customers that each channel caused; sums to 1."""
        return self.incremental / self.incremental.sum()

    def misallocation(self, credit: Mapping[str, float] | pd.Series) -> float:
        """Share of a model's credit that sits with the wrong channel: half the distance between the two splits.

        Credit of names that are not channels here (such as direct) is left out and the rest scaled to 1.

        Raises
        ------
        UnknownChannel
            If no channel of the credit is known here.
        """
        given = pd.Series(dict(credit), dtype=float)
        known = given.reindex(self.share.index).fillna(0.0)
        if not known.sum() > 0:
            raise UnknownChannel(given.index[0] if len(given) else "", self.share.index, "the credit")
        return float((known / known.sum() - self.share).abs().sum() / 2)


def sample_effects(weeks: int = 13, start: str = "2026-06-29") -> pd.DataFrame:
    """Expected customers by week and cause for a world in which half of the customers would have come anyway.

    Brand search and affiliates cause nobody; retargeting a few.
    """
    effects = {
        ORGANIC: 300.0,
        "tv": 70.0,
        "paid_social": 75.0,
        "online_video": 45.0,
        "display": 20.0,
        "generic_search": 80.0,
        "retargeting": 10.0,
        "brand_search": 0.0,
        "affiliate": 0.0,
    }
    index = pd.date_range(start, periods=weeks, freq="7D", name="week")
    return pd.DataFrame(effects, index=index, columns=list(effects))


def journeys(
    effects: pd.DataFrame | None = None,
    *,
    seed: int = 0,
    habits: Sequence[Habit] | None = None,
    activity: pd.DataFrame | None = None,
    browsers: float = 1.2,
) -> tuple[JourneyData, JourneyTruth]:
    """Touchpoints and conversions drawn from expected weekly effects.

    Parameters
    ----------
    effects
        Expected customers, weeks (Mondays) x causes; one column is ``organic``. Default: :func:`sample_effects`.
    seed
        The same seed gives the same journeys.
    habits
        How people meet each channel. Default: :func:`habits_of` the channels.
    activity
        Weeks x channels, relative to each channel's mean (1: a usual week). Default: 1 everywhere.
    browsers
        People who touch and do not buy, per customer.

    Returns
    -------
    data, truth

    Raises
    ------
    BadInput
        If effects lack ``organic``, are negative or not finite, or weeks repeat.

    Examples
    --------
    >>> data, truth = journeys(sample_effects(weeks=2), seed=1)
    >>> len(data.conversions) == int(truth.causes.to_numpy().sum())
    True
    >>> int(truth.incremental["brand_search"])
    0
    """
    expected = _checked(sample_effects() if effects is None else effects)
    drawn = np.random.default_rng([seed, 1]).poisson(expected.to_numpy())
    causes = pd.DataFrame(drawn, index=expected.index, columns=expected.columns)
    return journeys_of(causes, seed=seed, habits=habits, activity=activity, browsers=browsers)


def journeys_of(
    causes: pd.DataFrame,
    *,
    seed: int = 0,
    habits: Sequence[Habit] | None = None,
    activity: pd.DataFrame | None = None,
    browsers: float = 1.2,
) -> tuple[JourneyData, JourneyTruth]:
    """Touchpoints and conversions of customers whose number per week and cause is given.

    Parameters are those of :func:`journeys`, with whole numbers of customers in place of expectations.
    """
    counts = _checked(causes)
    if not np.array_equal(counts, counts.round()):
        raise BadInput("causes: holds fractions of customers. Remedy: draw whole numbers, or call journeys(effects).")
    counts = counts.astype("int64")
    channels = [str(name) for name in counts.columns if name != ORGANIC]
    counts = counts[[ORGANIC, *channels]]
    known = habits_of(channels) if habits is None else tuple(habits)
    if [habit.channel for habit in known] != channels:
        raise BadInput(f"habits: must name the channels {', '.join(channels)} in this order.")
    usual = np.ones((len(counts), len(channels)))
    active = usual if activity is None else activity.reindex(counts.index)[channels].to_numpy(dtype=float)

    rng = np.random.default_rng([seed, 2])
    buyers = buyers_of(counts, known, rng)
    lookers = lookers_of(counts, known, active, browsers, rng)
    people = People.joined(buyers, lookers)
    names = names_for(len(people.end), rng)
    truth = pd.DataFrame(
        {
            "user": names[: len(buyers.end)],
            "week": counts.index[buyers.week],
            "cause": np.asarray(counts.columns, dtype=object)[buyers.anchor + 1],
        }
    )
    data = JourneyData(touchpoints_of(people, names, known, active, rng), conversions_of(buyers, names, rng))
    return data, JourneyTruth(counts, truth)


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    values = frame.to_numpy(dtype=float)
    if ORGANIC not in frame.columns:
        raise BadInput(f"effects, column {ORGANIC!r}: is missing. Remedy: add the customers that come without media.")
    if frame.index.has_duplicates or not isinstance(frame.index, pd.DatetimeIndex):
        raise BadInput("effects: the index must hold each week's date once.")
    if not np.isfinite(values).all() or (values < 0).any():
        raise BadInput("effects: every cell must be a finite number of customers, 0 or more.")
    return frame
