"""People of simulated journeys: who buys when and why, and the touches that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.arrays import Array, Flags, Ints

__all__ = ["Habit", "People", "buyers_of", "conversions_of", "habits_of", "lookers_of", "names_for", "touchpoints_of"]

_DAY = 86_400
_LONGEST = 28 * _DAY
_BROWSER_INTENT = 0.12  # a person who does not buy rarely searches the brand, but some do
_HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 9, 8, 8, 8, 9, 10, 12, 14, 15, 13, 8, 4], dtype=float)
_WEEKDAYS = np.array([15, 14, 14, 14, 13, 14, 16], dtype=float)


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


def habits_of(channels: Sequence[str]) -> tuple[Habit, ...]:
    """The habit of each channel: its own where the name is a known one, else an ordinary one."""
    return tuple(_KNOWN.get(channel, Habit(channel)) for channel in channels)


@dataclass(frozen=True)
class People:
    """People before their touches: the week, the moment the journey ends, the channel that set it off (-1: none)."""

    week: Ints
    end: Ints
    anchor: Ints
    delay: Array
    intent: Array

    @classmethod
    def joined(cls, first: People, second: People) -> People:
        """Two groups as one, the first in front."""
        pairs = ((getattr(first, name), getattr(second, name)) for name in ("week", "end", "anchor", "delay", "intent"))
        return cls(*(np.concatenate(pair) for pair in pairs))


def _seconds(weeks: pd.DatetimeIndex) -> Ints:
    return weeks.to_numpy().astype("datetime64[s]").astype(np.int64)


def _moments(week_starts: Ints, rng: np.random.Generator) -> Ints:
    """A second within each week, by the usual weekday and hour."""
    size = len(week_starts)
    day = rng.choice(7, size=size, p=_WEEKDAYS / _WEEKDAYS.sum())
    hour = rng.choice(24, size=size, p=_HOURS / _HOURS.sum())
    return week_starts + day * _DAY + hour * 3600 + rng.integers(0, 3600, size)


def buyers_of(causes: pd.DataFrame, habits: Sequence[Habit], rng: np.random.Generator) -> People:
    """One person per customer in the table (weeks x causes, organic first), in the table's order."""
    counts = causes.to_numpy().ravel()
    week, cause = np.divmod(np.repeat(np.arange(counts.size), counts), causes.shape[1])
    end = _moments(_seconds(pd.DatetimeIndex(causes.index))[week], rng)
    mean_delay = np.array([0.0, *(habit.delay for habit in habits)])[cause]
    return People(week, end, cause - 1, rng.exponential(1.0, len(end)) * mean_delay, np.ones(len(end)))


def lookers_of(
    causes: pd.DataFrame, habits: Sequence[Habit], active: Array, browsers: float, rng: np.random.Generator
) -> People:
    """People who never buy: ``browsers`` per customer, first met where channels reach them and are active."""
    weight = active * np.array([habit.reach for habit in habits])
    total = weight.sum()
    if total == 0:
        weight, total = np.ones_like(active), float(active.size)
    number = rng.poisson(browsers * causes.to_numpy().sum() * weight / total).ravel()
    week, anchor = np.divmod(np.repeat(np.arange(number.size), number), active.shape[1])
    end = _moments(_seconds(pd.DatetimeIndex(causes.index))[week], rng)
    return People(week, end, anchor, rng.exponential(3.0, len(end)), np.full(len(end), _BROWSER_INTENT))


def touchpoints_of(
    people: People, names: npt.NDArray[np.object_], habits: Sequence[Habit], active: Array, rng: np.random.Generator
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


def _anchors(people: People, rng: np.random.Generator) -> _Touches:
    who = np.flatnonzero(people.anchor >= 0)
    lag = np.clip(people.delay[who] * _DAY, 120, _LONGEST - rng.integers(0, _DAY, len(who)))
    return who, lag.astype(np.int64), people.anchor[who]


def _chance(people: People, window: Array, c: int, habit: Habit, active: Array, rng: np.random.Generator) -> _Touches:
    number = rng.poisson(habit.exposure * active[people.week])
    who = np.repeat(np.arange(len(number)), number)
    lag = 120 + rng.random(len(who)) * window[who]
    return who, lag.astype(np.int64), np.full(len(who), c)


def _riding(people: People, visited: Flags, c: int, habit: Habit, active: Array, rng: np.random.Generator) -> _Touches:
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


def conversions_of(buyers: People, names: npt.NDArray[np.object_], rng: np.random.Generator) -> pd.DataFrame:
    """One row per buyer, by time, with a log-normal value of the first order."""
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


def names_for(size: int, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Names in random order, so that none gives away whether or why a person bought."""
    width = max(6, len(str(size)))
    numbers = rng.permutation(size)
    return np.array([f"u{number:0{width}d}" for number in numbers], dtype=object)


def _utc(seconds: Ints) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(seconds.astype("datetime64[s]")).as_unit("us").tz_localize("UTC")
