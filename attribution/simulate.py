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
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, UnknownChannel

__all__ = ["ORGANIC", "Habit", "JourneyData", "JourneyTruth", "habits_of", "journeys", "journeys_of", "sample_effects"]

ORGANIC = "organic"
_DAY = 86_400
_LONGEST = 28 * _DAY
_BROWSER_INTENT = 0.12  # a person who does not buy rarely searches the brand, but some do
_HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 9, 8, 8, 8, 9, 10, 12, 14, 15, 13, 8, 4], dtype=float)
_WEEKDAYS = np.array([15, 14, 14, 14, 13, 14, 16], dtype=float)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Habit:
    """How people meet one channel.

    Parameters
    ----------
    channel
        The channel's name.
    delay
        Mean days from the touch that convinces to the conversion; carryover seen from one person.
    exposure
        Mean number of touches in a journey that have no effect: ads reach those who buy anyway.
    reach
        Weight of the channel among the first touches of people who never buy.
    pull
        Probability that a person about to buy passes through the channel, whatever the cause of the purchase.
    pull_lag
        Mean days between that passage and the conversion.
    after_visit
        Whether the passage needs an earlier touch, as retargeting does.
    seen
        Share of anchoring and chance touches that reach the log; television leaves few traces.
    views
        Share of touches that are views rather than clicks.
    """

    channel: str
    delay: float = 3.0
    exposure: float = 0.25
    reach: float = 1.0
    pull: float = 0.0
    pull_lag: float = 0.3
    after_visit: bool = False
    seen: float = 1.0
    views: float = 0.0


_KNOWN = {
    habit.channel: habit
    for habit in (
        Habit("tv", delay=7, exposure=0.6, reach=0.8, seen=0.3, views=1.0),
        Habit("paid_social", delay=4, exposure=0.35, reach=1.6, views=0.3),
        Habit("online_video", delay=5, exposure=0.22, reach=1.0, seen=0.8, views=0.8),
        Habit("display", delay=4, exposure=0.4, reach=1.2, views=0.7),
        Habit("generic_search", delay=1.5, exposure=0.1, reach=1.3),
        Habit("retargeting", delay=2, exposure=0.0, reach=0.05, pull=0.35, pull_lag=1.0, after_visit=True, views=0.2),
        Habit("brand_search", delay=0.3, exposure=0.0, reach=0.15, pull=0.40, pull_lag=0.15),
        Habit("affiliate", delay=0.5, exposure=0.0, reach=0.2, pull=0.15, pull_lag=0.01),
    )
}


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


def habits_of(channels: Sequence[str]) -> tuple[Habit, ...]:
    """The habit of each channel: its own where the name is a known one, else an ordinary one."""
    return tuple(_KNOWN.get(channel, Habit(channel)) for channel in channels)


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
    buyers = _buyers(counts, known, rng)
    lookers = _lookers(counts, known, active, browsers, rng)
    people = _People.joined(buyers, lookers)
    names = _names(len(people.end), rng)
    truth = pd.DataFrame(
        {
            "user": names[: len(buyers.end)],
            "week": counts.index[buyers.week],
            "cause": np.asarray(counts.columns, dtype=object)[buyers.anchor + 1],
        }
    )
    data = JourneyData(_touchpoints(people, names, known, active, rng), _conversions(buyers, names, rng))
    return data, JourneyTruth(counts, truth)


@dataclass(frozen=True)
class _People:
    """People before their touches: the week, the moment the journey ends, the channel that set it off (-1: none)."""

    week: Ints
    end: Ints
    anchor: Ints
    delay: Floats
    intent: Floats

    @classmethod
    def joined(cls, first: _People, second: _People) -> _People:
        pairs = ((getattr(first, name), getattr(second, name)) for name in ("week", "end", "anchor", "delay", "intent"))
        return cls(*(np.concatenate(pair) for pair in pairs))


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    values = frame.to_numpy(dtype=float)
    if ORGANIC not in frame.columns:
        raise BadInput(f"effects, column {ORGANIC!r}: is missing. Remedy: add the customers that come without media.")
    if frame.index.has_duplicates or not isinstance(frame.index, pd.DatetimeIndex):
        raise BadInput("effects: the index must hold each week's date once.")
    if not np.isfinite(values).all() or (values < 0).any():
        raise BadInput("effects: every cell must be a finite number of customers, 0 or more.")
    return frame


def _seconds(weeks: pd.DatetimeIndex) -> Ints:
    return weeks.to_numpy().astype("datetime64[s]").astype(np.int64)


def _moments(week_starts: Ints, rng: np.random.Generator) -> Ints:
    """A second within each week, by the usual weekday and hour."""
    size = len(week_starts)
    day = rng.choice(7, size=size, p=_WEEKDAYS / _WEEKDAYS.sum())
    hour = rng.choice(24, size=size, p=_HOURS / _HOURS.sum())
    return week_starts + day * _DAY + hour * 3600 + rng.integers(0, 3600, size)


def _buyers(causes: pd.DataFrame, habits: Sequence[Habit], rng: np.random.Generator) -> _People:
    counts = causes.to_numpy().ravel()
    week, cause = np.divmod(np.repeat(np.arange(counts.size), counts), causes.shape[1])
    end = _moments(_seconds(pd.DatetimeIndex(causes.index))[week], rng)
    mean_delay = np.array([0.0, *(habit.delay for habit in habits)])[cause]
    return _People(week, end, cause - 1, rng.exponential(1.0, len(end)) * mean_delay, np.ones(len(end)))


def _lookers(
    causes: pd.DataFrame, habits: Sequence[Habit], active: Floats, browsers: float, rng: np.random.Generator
) -> _People:
    weight = active * np.array([habit.reach for habit in habits])
    total = weight.sum()
    if total == 0:
        weight, total = np.ones_like(active), float(active.size)
    number = rng.poisson(browsers * causes.to_numpy().sum() * weight / total).ravel()
    week, anchor = np.divmod(np.repeat(np.arange(number.size), number), active.shape[1])
    end = _moments(_seconds(pd.DatetimeIndex(causes.index))[week], rng)
    return _People(week, end, anchor, rng.exponential(3.0, len(end)), np.full(len(end), _BROWSER_INTENT))


def _touchpoints(
    people: _People, names: npt.NDArray[np.object_], habits: Sequence[Habit], active: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    """Touches of all people: the anchor, those met by chance, those that ride on intent."""
    window = np.minimum(rng.exponential(8 * _DAY, len(people.end)), _LONGEST)
    parts = [_recorded(_anchors(people, rng), habits, rng)]
    for c, habit in enumerate(habits):
        parts.append(_recorded(_chance(people, window, c, habit, active[:, c], rng), habits, rng))
    visited = np.zeros(len(people.end), dtype=bool)
    for who, _, _ in parts:
        visited[who] = True
    parts += [_riding(people, visited, c, habit, active[:, c], rng) for c, habit in enumerate(habits) if habit.pull > 0]
    who, lag, channel = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    viewed = rng.random(len(who)) < np.array([habit.views for habit in habits])[channel]
    frame = pd.DataFrame({"user": names[who], "second": people.end[who] - lag, "channel": channel, "viewed": viewed})
    frame = frame.drop_duplicates(["user", "second", "channel"]).sort_values(["second", "user", "channel"])
    labels = np.array([habit.channel for habit in habits], dtype=object)
    return pd.DataFrame(
        {
            "user": frame["user"].to_numpy(),
            "time": _utc(frame["second"].to_numpy()),
            "channel": labels[frame["channel"].to_numpy()],
            "kind": np.where(frame["viewed"], "view", "click").astype(object),
        }
    )


_Touches = tuple[Ints, Ints, Ints]  # person, seconds before the journey's end, channel


def _anchors(people: _People, rng: np.random.Generator) -> _Touches:
    who = np.flatnonzero(people.anchor >= 0)
    lag = np.clip(people.delay[who] * _DAY, 120, _LONGEST - rng.integers(0, _DAY, len(who)))
    return who, lag.astype(np.int64), people.anchor[who]


def _chance(
    people: _People, window: Floats, c: int, habit: Habit, active: Floats, rng: np.random.Generator
) -> _Touches:
    number = rng.poisson(habit.exposure * active[people.week])
    who = np.repeat(np.arange(len(number)), number)
    lag = 120 + rng.random(len(who)) * window[who]
    return who, lag.astype(np.int64), np.full(len(who), c)


def _riding(
    people: _People, visited: npt.NDArray[np.bool_], c: int, habit: Habit, active: Floats, rng: np.random.Generator
) -> _Touches:
    chance = np.minimum(habit.pull * active[people.week], 0.95) * people.intent
    if habit.after_visit:
        chance = np.where(visited, np.maximum(chance, habit.pull * 0.5 * active[people.week]), 0.0)
    who = np.flatnonzero(rng.random(len(chance)) < np.minimum(chance, 0.95))
    lag = np.clip(rng.exponential(habit.pull_lag * _DAY, len(who)), 30, _LONGEST)
    return who, lag.astype(np.int64), np.full(len(who), c)


def _recorded(touches: _Touches, habits: Sequence[Habit], rng: np.random.Generator) -> _Touches:
    """The touches that reach the log."""
    who, lag, channel = touches
    keep = rng.random(len(who)) < np.array([habit.seen for habit in habits])[channel]
    return who[keep], lag[keep], channel[keep]


def _conversions(buyers: _People, names: npt.NDArray[np.object_], rng: np.random.Generator) -> pd.DataFrame:
    value = np.round(np.exp(rng.normal(np.log(85), 0.5, len(buyers.end))), 1)
    frame = pd.DataFrame({"user": names[: len(buyers.end)], "second": buyers.end, "value": value})
    frame = frame.sort_values(["second", "user"])
    return pd.DataFrame(
        {
            "user": frame["user"].to_numpy(),
            "time": _utc(frame["second"].to_numpy()),
            "value": frame["value"].to_numpy(),
        }
    )


def _names(size: int, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Names in random order, so that none gives away whether or why a person bought."""
    width = max(6, len(str(size)))
    numbers = rng.permutation(size)
    return np.array([f"u{number:0{width}d}" for number in numbers], dtype=object)


def _utc(seconds: Ints) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(seconds.astype("datetime64[s]")).as_unit("us").tz_localize("UTC")
