"""Calendar: what single weeks and months may spend, as somebody who books media states it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array

__all__ = ["Calendar", "MonthLimits", "WeekLimits", "month_parts"]

_DAYS = 7


@shown
@dataclass(frozen=True)
class WeekLimits:
    """What a channel may spend in single weeks.

    Parameters
    ----------
    at_most
        Most in any week; currency.
    at_least_if_used
        Least of a week in which anything is spent: the smallest booking.
    blackout
        Weeks without spend, by their labels.
    committed
        Week -> what is booked already, the least that the week spends.
    """

    at_most: float | None = None
    at_least_if_used: float | None = None
    blackout: tuple[Any, ...] = ()
    committed: Mapping[Any, float] = field(default_factory=dict)


@dataclass(frozen=True)
class MonthLimits:
    """What all channels together spend in a month; currency."""

    at_least: float | None = None
    at_most: float | None = None


@shown
@dataclass(frozen=True, eq=False)
class Calendar:
    """Limits of weeks and months, beside those that a plan states for the whole horizon.

    Parameters
    ----------
    weekly
        By channel.
    months
        By month, ``"2026-12"``. A week's spend falls evenly on its seven days, and each day's part counts in its month.
    pacing
        Most that a channel's spend changes from one week to the next, as a share of its ``usual`` week. The first week
        still open is held against the last one before it in which the channel spent. Weeks that are given (blackout,
        committed, spent, and weeks without a booking) are passed over: the next week counts against the last free one.
        A committed week of such a channel spends no more than is committed, or than the usual week where that is more.
    usual
        Channel -> the weekly amount whose share ``pacing`` is; channels not named are not paced.
    spent
        Spend of the first weeks of the horizon, weeks x channels, as it was; nothing about them can be decided.
    on_air
        Channel -> whether each week has a booking, shape (weeks,), for channels with ``at_least_if_used``; those not
        named are left to the search.

    Raises
    ------
    BadInput
        Where an amount is negative or not finite, or a week is booked and in blackout.
    """

    weekly: Mapping[str, WeekLimits] = field(default_factory=dict)
    months: Mapping[str, MonthLimits] = field(default_factory=dict)
    pacing: float | None = None
    usual: Mapping[str, float] = field(default_factory=dict)
    spent: pd.DataFrame | None = None
    on_air: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems: list[Problem | str] = []
        for channel, own in self.weekly.items():
            stated = [own.at_most, own.at_least_if_used, *own.committed.values()]
            if any(amount is not None and not 0 <= amount < np.inf for amount in stated):
                problems.append(Problem("weekly", "has an amount that is negative or not finite.", channel))
            most = np.inf if own.at_most is None else own.at_most
            if (own.at_least_if_used or 0.0) > most:
                problems.append(Problem("weekly", "has at_least_if_used above at_most.", channel))
            for week, amount in own.committed.items():
                if week in own.blackout and amount > 0:
                    problems.append(Problem("weekly", "is committed and in blackout.", channel, f"week {_name(week)}"))
                if amount > most:
                    text = f"has {amount:g} committed, more than at_most."
                    problems.append(Problem("weekly", text, channel, f"week {_name(week)}"))
        for month, limits in self.months.items():
            low, high = limits.at_least or 0.0, np.inf if limits.at_most is None else limits.at_most
            if not 0 <= low <= high:
                problems.append(Problem("months", "has at_least above at_most, or an amount below 0.", month))
        if self.pacing is not None and not self.pacing > 0:
            problems.append(Problem("pacing", f"is {self.pacing:g}.", remedy="give a share above 0."))
        if problems:
            raise BadInput(problems)

    def check(self, labels: pd.Index, channels: Sequence[str]) -> None:
        """Refuse weeks and months that the horizon does not have.

        Raises
        ------
        BadInput
            Lists all of them, and channels whose spend is missing in weeks that are spent.
        """
        problems: list[Problem | str] = []
        for channel, own in self.weekly.items():
            for name, weeks in (("blackout", own.blackout), ("committed", tuple(own.committed))):
                problems += [
                    Problem(f"weekly.{channel}", "is no week of the horizon.", name, _name(week))
                    for week in weeks
                    if week not in labels
                ]
        if self.months:
            parts = month_parts(labels)
            problems += [
                Problem("months", "has no day of the horizon.", month) for month in self.months if month not in parts
            ]
        if self.spent is not None:
            if not self.spent.index.equals(labels[: len(self.spent)]):
                problems.append(Problem("spent", "must hold the first weeks of the horizon, in order."))
            lacking = [channel for channel in channels if channel not in self.spent]
            if lacking:
                problems.append(Problem("spent", f"lacks {', '.join(lacking)}.", remedy="write 0 for no spend."))
        if problems:
            raise BadInput(problems)

    def bounds(self, labels: pd.Index, channel: str) -> tuple[Array, Array]:
        """Least and most of each week of a channel, each of shape (weeks,); the most may be infinite."""
        own = self.weekly.get(channel, WeekLimits())
        least, most = np.zeros(len(labels)), np.full(len(labels), np.inf if own.at_most is None else own.at_most)
        most[labels.isin(list(own.blackout))] = 0.0
        for week, amount in own.committed.items():
            least[labels == week] = amount
            if np.isfinite(self.largest_step(channel)):  # pacing passes over it, and it is no way around pacing
                most[labels == week] = np.minimum(most[labels == week], max(amount, self.usual[channel]))
        booked = self.on_air.get(channel)
        if booked is not None:
            least[booked] = np.maximum(least[booked], own.at_least_if_used or 0.0)
            most[~booked] = least[~booked]
        if self.spent is not None:
            given = self.spent[channel].to_numpy(dtype=float)
            least[: len(given)] = most[: len(given)] = given
        return least, most

    def is_given(self, labels: pd.Index, channel: str) -> npt.NDArray[np.bool_]:
        """Whether pacing passes over a week of a channel, shape (weeks,)."""
        own = self.weekly.get(channel, WeekLimits())
        given = np.asarray(labels.isin([*own.blackout, *own.committed]))
        if channel in self.on_air:
            given |= ~self.on_air[channel]
        given[: 0 if self.spent is None else len(self.spent)] = True
        return given

    def last_amount(self, channel: str, past: npt.ArrayLike) -> float | None:
        """What a channel's last week spent that was not nothing, before the first open week; None where none was.

        Parameters
        ----------
        channel
            Its name.
        past
            Weekly spend before the horizon, latest last.
        """
        known = np.asarray(past, dtype=float)
        if self.spent is not None:
            known = np.concatenate((known, self.spent[channel].to_numpy(dtype=float)))
        known = known[known > 0]
        return float(known[-1]) if len(known) else None

    def largest_step(self, channel: str) -> float:
        """Currency by which a channel's spend may change from week to week; infinite where it is not paced."""
        return np.inf if self.pacing is None or channel not in self.usual else self.pacing * self.usual[channel]


def month_parts(labels: pd.Index) -> dict[str, Array]:
    """Month -> the share of each week's days that lie in it, shape (weeks,); by the date on which each week begins."""
    if not isinstance(labels, pd.DatetimeIndex):
        raise BadInput(Problem("months", "need weeks with dates.", remedy="give the weeks as a DatetimeIndex."))
    days = labels.to_numpy()[:, None] + np.arange(_DAYS) * np.timedelta64(1, "D")
    months = days.astype("datetime64[M]")
    return {str(month): (months == month).mean(axis=1) for month in np.unique(months)}


def _name(week: Any) -> str:
    return f"{week:%Y-%m-%d}" if isinstance(week, pd.Timestamp) else str(week)
