"""CAC by channel, period and any other column, under a stated rule of which spend belongs to which conversions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, UnknownChannel
from attribution.heuristic import Heuristic
from attribution.intervals import resampled, summary_of
from attribution.journeys import Journeys
from attribution.model import Model
from attribution.segments import with_periods
from attribution.tables import SPEND, renamed
from attribution.tally import Tally
from attribution.touches import Touches

__all__ = ["ByConversionDate", "ByTouchDate", "Dating", "cac_by_period"]

DAY = 86_400_000_000


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
    def tally(self, journeys: Journeys, model: Model, period: str) -> tuple[Tally, list[str]]:
        """Sums by (period code, bucket), and the names of the periods."""


@dataclass(frozen=True)
class ByConversionDate(Dating):
    """Conversions count in the period in which they happen; all models."""

    def tally(self, journeys: Journeys, model: Model, period: str) -> tuple[Tally, list[str]]:
        """See :meth:`Dating.tally`."""
        dated = with_periods(journeys, period)
        return model.tally(dated, by=("period", "bucket")), dated.categories["period"]


@dataclass(frozen=True)
class ByTouchDate(Dating):
    """Credit counts in the period of the touch that earned it, where its spend is; heuristics and Shapley."""

    def tally(self, journeys: Journeys, model: Model, period: str) -> tuple[Tally, list[str]]:
        """See :meth:`Dating.tally`."""
        if not isinstance(model, Heuristic):
            raise BadInput(f"{model.name} gives credit to channels, not touches; use ByConversionDate.")
        if journeys.remote is not None:
            raise BadInput("ByTouchDate needs journeys in memory; these stay in their engine.")
        first, last = journeys.period
        calendar = pd.date_range(first.floor("D"), last.floor("D"), freq="D").to_period(period)
        code, periods = pd.factorize(calendar, sort=True)
        start = int(first.floor("D").value // 1_000 // DAY)

        def count(touches: Touches) -> pd.DataFrame:
            weight = model.weight(touches, journeys.channels)
            weight = weight if model.sums_to_one else weight / touches.path_sum(weight)
            sums = {"conversions": weight * touches.conversions, "value": weight * touches.value}
            of_touch = code[touches.day() - start]
            return touches.group(("bucket",), {"period": of_touch, "channel": touches.channel}, sums)

        tally = Tally.gathered(journeys.blocks(("bucket",), converting=True), count, ("period", "bucket"))
        return tally, [str(value) for value in periods]


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
        Paths in memory, with times. For one geo, pass ``only(journeys, geo="DE")`` and that geo's spend.
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
    tally, names = dating.tally(journeys, model, period)
    channels = pd.Index(journeys.channels, name="channel")
    parts = {}
    for code, part in tally.split():
        name = names[int(str(code))]
        if name not in spent.index.get_level_values(0):
            continue
        cost = spent.loc[name].reindex(channels, fill_value=0.0).to_numpy()
        priced = channels.isin(spent.index.get_level_values(1))
        estimate = model.solve(part.items, part.total(), len(channels)).conversions
        draws = model.solve(part.items, resampled(part, replicates, seed), len(channels)).conversions
        with np.errstate(divide="ignore", invalid="ignore"):
            table = summary_of(pd.DataFrame(cost / draws, columns=channels), pd.Series((cost / estimate)[0], channels))
        table = table.rename(columns={"estimate": "cac"})[["cac", "standard_error", "5%", "95%"]]
        given = pd.DataFrame({"spend": cost, "conversions": estimate[0]}, channels)
        parts[name] = pd.concat([given, table], axis=1)[priced]
    if not parts:
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
