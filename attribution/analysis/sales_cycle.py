"""CAC matched to the sales cycle: the spend of a month over the customers it causes later, late ones completed.

A person's cycle runs from the first touch on its path to the conversion. Whoever has not converted when the log ends
may still do so, and counts as censored (Kaplan and Meier, 1958): the share that converts at each lag is taken of those
who could be seen that long. It is taken to be the same for all months. Paths that begin where the log begins may have
begun before it; they, and the months that they fall in, are left out (:mod:`attribution.analysis.log_begins`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.analysis.log_begins import FirstTouches, certain_from
from attribution.analysis.periods import Calendar, local_day
from attribution.analysis.spend_days import daily, log_days
from attribution.arrays import Array, Ints
from attribution.economics.cac import cost_per
from attribution.errors import BadInput
from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import percent
from attribution.paths.journeys import Journeys
from attribution.shown import shown

__all__ = ["ALL", "SalesCycle", "matched_cac", "sales_cycle"]

ALL = "all channels"
_DAY = 86_400_000_000  # microseconds
_CUT = 0.05  # of conversions in the last tenth of the lags seen: the window cuts the cycle
_LONG = 0.25  # of the log, until whose first touches are certain: much of it is lost
_LEAST = 5  # persons who were seen as long as a lag, below which nothing is said of it


@shown
@dataclass(frozen=True, eq=False)
class SalesCycle:
    """Lags from first touch to conversion, and who is still to convert.

    Parameters
    ----------
    channels
        Those of first touches.
    months
        Months in which paths began, as ``"2026-01"``.
    converted
        Persons by channel, month of the first touch and lag in days, of shape (channels, months, days).
    waiting
        Persons who have not converted, by the days they could be seen, of the same shape.
    won
        Conversions by channel and the month in which they happen, shape (channels, months).
    certain
        The day from which a first touch is believed to be a path's first; paths that begin before it are left out of
        ``converted`` and ``waiting``.
    begun_before
        Share of the customers who seem to begin in the log's first 30 days who began before it, with its 90 % interval,
        by cuts around its middle.
    left_out
        Share of the log's days before that day.
    """

    channels: tuple[str, ...]
    months: tuple[str, ...]
    converted: Array
    waiting: Array
    won: Array
    certain: pd.Timestamp
    begun_before: Estimate
    left_out: float

    @property
    def days(self) -> int:
        """Lags that can be told, in days."""
        return int(self.converted.shape[2])

    @property
    def is_complete(self) -> bool:
        """Whether the log holds persons who did not convert, without whom late customers cannot be completed."""
        return bool(self.waiting.any())

    def hazard(self, channel: str) -> tuple[Array, Array]:
        """Persons who could convert at each lag and persons who did, each of shape (days,)."""
        place = self.channels.index(channel)
        gone = self.converted[place].sum(axis=0)
        left = gone + self.waiting[place].sum(axis=0)
        return np.cumsum(left[::-1])[::-1], gone

    def conversion(self, channel: str) -> Array:
        """Share of persons converted by each lag, shape (days,)."""
        at_risk, gone = self.hazard(channel)
        stay = 1 - np.divide(gone, at_risk, out=np.zeros_like(gone), where=at_risk >= _LEAST)
        return np.asarray(1 - np.cumprod(stay))

    def draws(self, channel: str, draws: int, rng: np.random.Generator) -> Array:
        """Draws of the same, shape (draws, days)."""
        at_risk, gone = self.hazard(channel)
        told = (at_risk >= _LEAST) & (gone > 0)
        hazard = np.zeros((draws, self.days))
        hazard[:, told] = rng.beta(gone[told], np.maximum(at_risk - gone, 0.0)[told] + 1e-9, (draws, int(told.sum())))
        return np.asarray(1 - np.cumprod(1 - hazard, axis=1))

    def customers(self, channel: str, draws: int = 400, seed: int = 0) -> tuple[Array, Array]:
        """Customers whose path began in each month: so far, shape (months,), and in all, shape (draws, months)."""
        place = self.channels.index(channel)
        rng = np.random.default_rng([seed, 9, place])
        so_far = self.converted[place].sum(axis=1)
        done = self.draws(channel, draws, rng)
        left = 1 - done
        later = np.divide(done[:, -1:] - done, left, out=np.zeros_like(done), where=left > 0)
        mean = later @ self.waiting[place].T
        return so_far, so_far + rng.poisson(np.maximum(mean, 0.0))

    def median_lag(self, channel: str) -> float:
        """Days by which half of those have converted who do within the lags seen; NaN where nobody does."""
        done = self.conversion(channel)
        return float(np.searchsorted(done, done[-1] / 2)) if done[-1] > 0 else float("nan")

    @property
    def finding(self) -> Finding:
        """Whether the window of paths is long enough for the cycle."""
        lags = self.converted.sum(axis=(0, 1))
        late = float(lags[-max(1, self.days // 10) :].sum() / max(lags.sum(), 1.0))
        text = f"{percent(late)} of conversions come in the last tenth of the {self.days} days that a path may last"
        text += (
            "." if late <= _CUT else ": the window cuts the cycle, and matched CAC is too high. Lengthen the lookback."
        )
        return Finding("sales_cycle_within_lookback", late <= _CUT, late, _CUT, text)

    @property
    def first_touches(self) -> Finding:
        """How many paths seem to begin where the log does, though they began before it, and what is done about that."""
        text = "Paths that seem to begin in the log's first weeks began in them."
        if self.left_out > 0:
            text = (
                f"About {self.begun_before.written(percent)} of the customers who seem to begin in the log's first 30 "
                "days began before it, unless the business began with the log; cuts around the log's middle show how "
                "many, and how sure that is. "
                "Their lags would be too short, and CAC of these months too low, so that paths and months that begin "
                f"before {self.certain:%Y-%m-%d} are left out of matched CAC."
            )
        if self.left_out > _LONG:
            text += f" That is {percent(self.left_out)} of the log; one that begins earlier gives more months."
        return Finding("sales_cycle_first_touches", self.left_out <= _LONG, self.left_out, _LONG, text)


def sales_cycle(journeys: Journeys) -> SalesCycle:
    """Lags and waiting persons of timed journeys in memory.

    Parameters
    ----------
    journeys
        Paths whose lookback is longer than the cycle; the first touch on a path is where the cycle begins.

    Raises
    ------
    BadInput
        Paths without times, or kept in an engine.
    """
    won, lost = journeys.won, journeys.lost
    if not journeys.timed:
        raise BadInput("aggregated paths have no times; build the journeys from touchpoints.")
    if won is None or lost is None:
        raise BadInput("paths are kept in an engine; matched CAC needs them in memory.")
    first, last = log_days(journeys)
    calendar = Calendar.within((first, last), "M", journeys.days_in)
    end = journeys.span[1]
    longest = max(int(_lags(won.ended, won.began).max(initial=0)) + 1 if len(won) else 1, 1)
    size = (len(journeys.channels), len(calendar.names), longest)
    begins = certain_from(won, journeys.span[0], end) if len(won) else FirstTouches(0, Estimate.exact(0.0))
    certain = journeys.span[0] + begins.days * _DAY
    converted = _counted(
        size, calendar, won.channel[won.first[:-1]], won.began, _lags(won.ended, won.began),
        won.conversions * (won.began >= certain),
    )  # fmt: skip
    seen = np.minimum(_lags(np.full(len(lost), end), lost.began), longest - 1) if len(lost) else np.zeros(0, np.int64)
    waiting = (
        _counted(size, calendar, lost.channel[lost.first[:-1]], lost.began, seen, lost.nulls * (lost.began >= certain))
        if len(lost)
        else converted * 0
    )
    ends = _counted(
        (*size[:2], 1), calendar, won.channel[won.first[:-1]], won.ended, np.zeros(len(won), np.int64), won.conversions
    )
    inner = slice(1, -1)
    return SalesCycle(
        journeys.channels, calendar.names[inner], converted[:, inner], waiting[:, inner], ends[:, inner, 0],
        local_day(certain, journeys.days_in), begins.begun_before, begins.days * _DAY / max(end - journeys.span[0], 1),
    )  # fmt: skip


def _lags(later: Ints | None, earlier: Ints) -> Ints:
    return np.asarray((np.asarray(later) - earlier) // _DAY, dtype=np.int64)


def _counted(
    size: tuple[int, ...], calendar: Calendar, channel: Ints, moment: Ints | None, lag: Ints, weight: Array
) -> Array:
    """Weights by channel, month and lag."""
    month = calendar.of_moment(np.asarray(moment))
    place = (channel.astype(np.int64) * size[1] + month) * size[2] + np.clip(lag, 0, size[2] - 1)
    total = np.bincount(place, weights=np.asarray(weight, dtype=float), minlength=size[0] * size[1] * size[2])
    return np.asarray(total.reshape(size))


def matched_cac(cycle: SalesCycle, journeys: Journeys, spend: object, draws: int = 400, seed: int = 0) -> pd.DataFrame:
    """CAC by month, naive and matched to the sales cycle, by channel of the first touch and over all channels.

    Parameters
    ----------
    cycle, journeys
        Of one log.
    spend
        Columns ``date``, ``channel`` and ``spend``, by day; see :func:`attribution.by_day`.
    draws, seed
        Of the customers still to come.

    Returns
    -------
    pandas.DataFrame
        A row per channel and whole month that both cover and whose first touches are certain: ``spend``;
        ``customers_of_month`` and ``naive_cac``, by month of conversion; ``customers_so_far``, ``customers_matched``
        and ``matched_cac`` with 90 % intervals, by month of the first touch; ``difference``, the naive CAC over the
        matched one, less 1. Customers without a touch are left out on both sides.

    Raises
    ------
    BadInput
        Faulty spend, no whole month in common, or a log without persons who did not convert.
    """
    if not cycle.is_complete:
        raise BadInput("the log holds nobody who did not convert, so nothing says how many are still to come.")
    spent = daily(spend, journeys)
    months = list(_whole_months(cycle, journeys, spent))
    if not months:
        raise BadInput("spend and journeys have no whole month in common.")
    months = [month for month in months if pd.Period(month, "M").start_time >= cycle.certain]
    if not months:
        raise BadInput(f"no whole month of spend and journeys is left. {cycle.first_touches.text}")
    by_month = spent.groupby(pd.DatetimeIndex(spent.index).strftime("%Y-%m")).sum()
    places = [cycle.months.index(month) for month in months]
    paid = [channel for channel in cycle.channels if channel in by_month.columns]
    parts = []
    for channel in paid:
        so_far, whole = cycle.customers(channel, draws, seed)
        won = cycle.won[cycle.channels.index(channel)]
        parts.append((channel, by_month.loc[months, channel].to_numpy(), won[places], so_far[places], whole[:, places]))
    sums = [np.sum(column, axis=0) for column in zip(*(part[1:] for part in parts), strict=True)]
    return pd.DataFrame([row for part in ((ALL, *sums), *parts) for row in _rows(months, *part)])


def _whole_months(cycle: SalesCycle, journeys: Journeys, spent: pd.DataFrame) -> Iterator[str]:
    """Months of which log and spend hold every day."""
    first, last = log_days(journeys)
    first, last = max(first, spent.index[0]), min(last, spent.index[-1])
    for month in cycle.months:
        period = pd.Period(month, "M")
        if period.start_time >= first and period.end_time.normalize() <= last:
            yield month


def _rows(
    months: list[str], channel: str, spend: Array, won: Array, so_far: Array, whole: Array
) -> Iterator[dict[str, object]]:
    for place, month in enumerate(months):
        naive = float(cost_per(spend[place], won[place]))
        matched = Estimate.cost(float(spend[place]), whole[:, place])
        yield {
            "month": month,
            "channel": channel,
            "spend": float(spend[place]),
            "customers_of_month": float(won[place]),
            "naive_cac": naive,
            "customers_so_far": float(so_far[place]),
            **Estimate.of(whole[:, place].astype(float)).flat("customers_matched"),
            **matched.flat("matched_cac"),
            "difference": naive / matched.point - 1 if matched.known else np.nan,
        }
