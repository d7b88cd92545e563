"""CAC by channel, period and any other column, under a stated rule of which spend belongs to which conversions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.analysis.bootstrap import resampled, summary_of
from attribution.analysis.periods import Calendar
from attribution.analysis.segments import segment_value, with_periods
from attribution.errors import BadInput, UnknownChannel
from attribution.estimates import INTERVAL
from attribution.models.heuristic import Heuristic
from attribution.models.model import Model
from attribution.models.sums_by_key import Tally
from attribution.paths.journeys import Journeys
from attribution.paths.touches import Touches
from attribution.reading.tables import SPEND, renamed

__all__ = ["ByConversionDate", "ByTouchDate", "Dating", "cac_by_period"]


@dataclass(frozen=True)
class Dating(ABC):
    """Which period a credited conversion belongs to.

    Parameters
    ----------
    lag
        Days by which spend leads: spend of day d meets conversions of day d + lag.
    """

    lag: int = 0

    @abstractmethod
    def tallies(self, journeys: Journeys, model: Model, period: str) -> dict[str, Tally]:
        """Sums by bucket of each period, in the order of periods."""


@dataclass(frozen=True)
class ByConversionDate(Dating):
    """Conversions count in the period in which they happen; all models."""

    def tallies(self, journeys: Journeys, model: Model, period: str) -> dict[str, Tally]:
        """See :meth:`Dating.tallies`."""
        dated = with_periods(journeys, period)
        tally = model.tally(dated, by=("period", "bucket"))
        return {segment_value(dated, "period", key): part for key, part in tally.split()}


@dataclass(frozen=True)
class ByTouchDate(Dating):
    """Credit counts in the period of the touch that earned it, where its spend is; heuristics and Shapley."""

    def tallies(self, journeys: Journeys, model: Model, period: str) -> dict[str, Tally]:
        """See :meth:`Dating.tallies`."""
        if not isinstance(model, Heuristic):
            raise BadInput(f"{model.name} gives credit to channels, not touches; use ByConversionDate.")
        model.check(journeys)
        calendar = Calendar.over(journeys.period, period)

        def count(touches: Touches) -> pd.DataFrame:
            share = model.share(touches, journeys.channels)
            sums = {"conversions": share * touches.conversions, "value": share * touches.value}
            of_touch = touches.bracket(touches.day(), calendar.edges)
            return touches.group(("bucket",), {"period": of_touch, "channel": touches.channel}, sums)

        tally = Tally.gathered(journeys.blocks(("bucket",), converting=True), count, ("period", "bucket"))
        return {calendar.names[int(str(key))]: part for key, part in tally.split()}


def cac_by_period(
    journeys: Journeys,
    model: Model,
    spend: pd.DataFrame,
    period: str = "M",
    dating: Dating | None = None,
    replicates: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """CAC by period and channel, with intervals.

    Parameters
    ----------
    journeys
        Paths with times. For one geo, pass ``only(journeys, geo="DE")`` and that geo's spend.
    model
        Any model under :class:`ByConversionDate`, heuristics under :class:`ByTouchDate`.
    spend
        Columns ``date``, ``channel`` and ``spend``.
    period
        ``"D"``, ``"W"``, ``"M"``, ``"Q"`` or ``"Y"``.
    dating
        The rule; by conversion date without lag if None.
    replicates, seed
        As for :func:`attribution.bootstrap`.

    Returns
    -------
    pandas.DataFrame
        Index (period, channel): ``spend``, ``conversions``, ``cac`` and of the CAC ``standard_error``, ``5%``, ``95%``.
        CAC is infinite for spend without credit and NaN without either; channels without any spend are left out.

    Raises
    ------
    BadInput
        Faulty spend, unknown channels, no common period.
    """
    dating = dating or ByConversionDate()
    spent = _spent(spend, journeys, dating.lag, period)
    tallies = dating.tallies(journeys, model, period)
    channels = pd.Index(journeys.channels, name="channel")
    parts = {}
    for name, part in tallies.items():
        if name not in spent.index.get_level_values(0):
            continue
        cost = spent.loc[name].reindex(channels, fill_value=0.0).to_numpy()
        priced = channels.isin(spent.index.get_level_values(1))
        estimate = model.solve(part.items, part.total(), len(channels)).conversions
        draws = model.solve(part.items, resampled(part, replicates, seed), len(channels)).conversions
        with np.errstate(divide="ignore", invalid="ignore"):
            table = summary_of(pd.DataFrame(cost / draws, columns=channels), pd.Series((cost / estimate)[0], channels))
        table = table.rename(columns={"estimate": "cac"})[["cac", "standard_error", *INTERVAL]]
        given = pd.DataFrame({"spend": cost, "conversions": estimate[0]}, channels)
        parts[name] = pd.concat([given, table], axis=1)[priced]
    if not parts:
        names = list(tallies)
        raise BadInput(f"spend and journeys have no period in common; the journeys cover {names[0]} to {names[-1]}.")
    return pd.concat(parts, names=["period"])


def _spent(spend: pd.DataFrame, journeys: Journeys, lag: int, period: str) -> pd.Series:
    checked = renamed(SPEND, "spend").check(spend)
    for channel in checked["channel"].unique():
        if channel not in journeys.channels:
            raise UnknownChannel(channel, journeys.channels, where="spend")
    dates = pd.DatetimeIndex(checked["date"]) + pd.Timedelta(days=lag)
    keyed = pd.DataFrame(
        {
            "period": dates.to_period(period).astype(str),
            "channel": checked["channel"].astype(str).to_numpy(),
            "spend": checked["spend"].to_numpy(),
        }
    )
    return pd.Series(keyed.groupby(["period", "channel"])["spend"].sum())
