"""CAC by channel, over the days that spend and conversions share and by period, under a stated rule of dates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.analysis.bootstrap import resampled, summary_of
from attribution.analysis.periods import Calendar, Days, periods_of
from attribution.analysis.segments import dated, segment_value
from attribution.analysis.spend_days import daily, log_days, overlap
from attribution.arrays import Array
from attribution.errors import BadInput
from attribution.estimates import INTERVAL
from attribution.models.heuristic import Heuristic
from attribution.models.model import Model
from attribution.models.sums_by_key import Tally
from attribution.paths.journeys import Journeys
from attribution.paths.touches import Touches

__all__ = ["ByConversionDate", "ByTouchDate", "Dating", "cac_by_channel", "cac_by_period"]


@dataclass(frozen=True)
class Dating(ABC):
    """Which period a credited conversion belongs to.

    Parameters
    ----------
    lag
        Days by which spend leads: spend of day d meets conversions of day d + lag.
    """

    lag: int = 0

    def days(self, journeys: Journeys) -> Days:
        """First and last day that the log covers."""
        return log_days(journeys)

    @abstractmethod
    def tallies(self, journeys: Journeys, model: Model, calendar: Calendar) -> dict[str, Tally]:
        """Sums by bucket of each period in which something was credited."""


@dataclass(frozen=True)
class ByConversionDate(Dating):
    """Conversions count in the period in which they happen; all models."""

    def tallies(self, journeys: Journeys, model: Model, calendar: Calendar) -> dict[str, Tally]:
        """See :meth:`Dating.tallies`."""
        told = dated(journeys, "period", "ended", calendar)
        tally = model.tally(told, by=("period", "bucket"))
        return {segment_value(told, "period", key): part for key, part in tally.split()}


@dataclass(frozen=True)
class ByTouchDate(Dating):
    """Credit counts in the period of the touch that earned it, where its spend is; heuristics and Shapley.

    The last days of a log always look dear: what their touches will earn has not happened yet.
    """

    def tallies(self, journeys: Journeys, model: Model, calendar: Calendar) -> dict[str, Tally]:
        """See :meth:`Dating.tallies`."""
        if not isinstance(model, Heuristic):
            raise BadInput(f"{model.name} gives credit to channels, not touches; use ByConversionDate.")
        model.check(journeys)

        def count(touches: Touches) -> pd.DataFrame:
            share = model.share(touches, journeys.channels)
            sums = {"conversions": share * touches.conversions, "value": share * touches.value}
            of_touch = touches.bracket(touches.moment(), calendar.edges)
            return touches.group(("bucket",), {"period": of_touch, "channel": touches.channel}, sums)

        tally = Tally.gathered(journeys.blocks(("bucket",), converting=True), count, ("period", "bucket"))
        return {calendar.names[int(str(key))]: part for key, part in tally.split()}


def cac_by_channel(
    journeys: Journeys,
    model: Model,
    spend: object,
    dating: Dating | None = None,
    replicates: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """CAC by channel over the days that spend and conversions share, with intervals.

    Parameters
    ----------
    journeys, model, spend, dating, replicates, seed
        As for :func:`cac_by_period`.

    Returns
    -------
    pandas.DataFrame
        By channel with spend: ``spend``, ``conversions``, ``cac`` and of the CAC ``standard_error``, ``5%``, ``95%``.
        :func:`common_days` says which days these are.

    Raises
    ------
    BadInput
        Faulty spend, no day in common.
    UnknownChannel
        Spend on a channel that is in no path.
    """
    dating = dating or ByConversionDate()
    spent, days = _spent(journeys, spend, dating)
    years = Calendar.within(days, "Y", journeys.days_in)
    whole = Calendar(("(before)", "common", "(after)"), (years.edges[0], years.edges[-1]))
    part = dating.tallies(journeys, model, whole).get("common")
    cost = spent.loc[slice(*days)].sum()
    return _priced(journeys, model, part, cost, (replicates, seed))


def cac_by_period(
    journeys: Journeys,
    model: Model,
    spend: object,
    period: str = "M",
    dating: Dating | None = None,
    replicates: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """CAC by period and channel, with intervals.

    Both sides are cut to the days that they share: a period of which the log or the spend covers a part has the spend
    and the conversions of that part.

    Parameters
    ----------
    journeys
        Paths with times. For one geo, pass ``only(journeys, geo="DE")`` and that geo's spend. Days are those of
        ``PathRules.days_in``.
    model
        Any model under :class:`ByConversionDate`, heuristics under :class:`ByTouchDate`.
    spend
        Columns ``date``, ``channel`` and ``spend``, by day; :func:`by_day` spreads weeks and months over theirs.
    period
        ``"D"``, ``"W"``, ``"M"``, ``"Q"`` or ``"Y"``.
    dating
        The rule; by conversion date without lag if None.
    replicates, seed
        As for :func:`attribution.bootstrap`.

    Returns
    -------
    pandas.DataFrame
        Index (period, channel), a row for each period that has spend: ``spend``, ``conversions``, ``cac``, of the CAC
        ``standard_error``, ``5%``, ``95%``, and ``coverage``, the share of the period's days that both sides cover. CAC
        is infinite for spend without credit and NaN without either, or where no day is covered; channels without any
        spend are left out.

    Raises
    ------
    BadInput
        Faulty spend, spend that is not by day, no such period, no day in common.
    UnknownChannel
        Spend on a channel that is in no path.
    """
    dating = dating or ByConversionDate()
    periods_of((pd.Timestamp(0), pd.Timestamp(0)), period)
    spent, days = _spent(journeys, spend, dating)
    tallies = dating.tallies(journeys, model, Calendar.within(days, period, journeys.days_in))
    parts = {}
    for name in periods_of((spent.index[0], spent.index[-1]), period):
        whole = pd.date_range(name.start_time, name.end_time.normalize())
        inside = whole[(whole >= days[0]) & (whole <= days[1])]
        table = _priced(journeys, model, tallies.get(str(name)), spent.loc[inside].sum(), (replicates, seed))
        if not len(inside):
            table = table * np.nan
        parts[str(name)] = table.assign(coverage=len(inside) / len(whole))
    return pd.concat(parts, names=["period"])


def _spent(journeys: Journeys, spend: object, dating: Dating) -> tuple[pd.DataFrame, Days]:
    """Spend by the day whose conversions it meets, and the days that both sides cover."""
    spent = daily(spend, journeys)
    spent.index = spent.index + pd.Timedelta(days=dating.lag)
    return spent, overlap(dating.days(journeys), (spent.index[0], spent.index[-1]))


def _priced(
    journeys: Journeys, model: Model, part: Tally | None, spent: pd.Series, plan: tuple[int, int]
) -> pd.DataFrame:
    """Spend, credited conversions and CAC of the channels with spend; no part: nothing was credited."""
    channels = pd.Index(journeys.channels, name="channel")
    cost = spent.reindex(channels, fill_value=0.0).to_numpy(dtype=float)
    estimate, draws = np.zeros((1, len(channels))), np.zeros((plan[0], len(channels)))
    if part is not None:
        estimate = model.solve(part.items, part.total(), len(channels)).conversions
        draws = model.solve(part.items, resampled(part, *plan), len(channels)).conversions
    table = summary_of(pd.DataFrame(_cac(cost, draws), columns=channels), pd.Series(_cac(cost, estimate)[0], channels))
    table = table.rename(columns={"estimate": "cac"})[["cac", "standard_error", *INTERVAL]]
    given = pd.DataFrame({"spend": cost, "conversions": estimate[0]}, channels)
    return pd.concat([given, table], axis=1)[channels.isin(spent.index)]


def _cac(cost: Array, customers: Array) -> Array:
    """Cost over customers; infinite where it bought none, credit below none included."""
    none = np.where(cost > 0, np.inf, np.nan)
    return np.where(customers > 0, cost / np.where(customers > 0, customers, 1.0), none)
