"""Weekly worlds with known truth: one causal mechanism from spend to customers, and to journeys if asked for.

Spend passes through geometric adstock and a saturation curve to the expected customers each channel causes; organic
customers have trend, season, holidays and controls. A week's customers are counts drawn cause by cause, so the outcome
of the mix model and the people of attribution are the same customers. Brand search, retargeting and affiliates ride on
demand: their spend follows it, which is what misleads a model of either kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.simulate.journey_log import ORGANIC, JourneyData, JourneyTruth, journeys_of
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from mmm.simulate.channels import Family, Medium, Rider, autoregressive, hill, roster
from mmm.simulate.demand import RUN_IN, UPCOMING, controls_of, mondays, organic_of, season_of

__all__ = ["WorldData", "WorldTruth", "world"]

KPI = "new_customers"
_RIDERS_HEAR = 0.25  # how far riders' spend follows what is unexplained in a week's demand
_MEDIA_SHARE = 1 / 1.95


@dataclass(frozen=True)
class WorldData:
    """What a company sees.

    Attributes
    ----------
    weekly
        ``week`` (Mondays), ``new_customers``, one spend column per channel (EUR), the controls.
    upcoming
        The controls of the coming 13 weeks.
    channels, controls
        Names of the columns of either kind.
    journeys
        Touchpoints and conversions of the last weeks; None unless asked for.
    """

    weekly: pd.DataFrame
    upcoming: pd.DataFrame
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    journeys: JourneyData | None = field(default=None, repr=False)


@dataclass(frozen=True)
class WorldTruth:
    """What only the simulation knows.

    Attributes
    ----------
    media
        The channels with their costs, curves and carryover.
    effects
        Expected customers, weeks x (organic, channels), before the weekly shock and the drawing of counts.
    causes
        The customers there were, of the same shape; a row's sum is the week's new customers.
    spend, stock
        EUR, weeks x channels, as spent and after adstock.
    upcoming_organic
        Expected organic customers of the coming 13 weeks.
    carried_in
        Expected customers of the coming weeks from spend of the past, by channel, if spending stopped.
    response
        True weekly curves at steady state.
    journeys
        Who was caused by what; None unless asked for.
    """

    media: tuple[Medium, ...]
    effects: pd.DataFrame
    causes: pd.DataFrame
    spend: pd.DataFrame
    stock: pd.DataFrame
    upcoming_organic: pd.Series
    carried_in: pd.Series
    response: ResponseCurves
    journeys: JourneyTruth | None = field(default=None, repr=False)

    @property
    def contributions(self) -> pd.Series:
        """Expected customers each channel caused over all weeks."""
        return self.effects.drop(columns=ORGANIC).sum()

    @property
    def cac(self) -> pd.Series:
        """EUR per customer caused, over all weeks."""
        return self.spend.sum() / self.contributions

    @property
    def decay(self) -> pd.Series:
        """Geometric decay of each channel's adstock."""
        return pd.Series({medium.name: medium.decay for medium in self.media})

    def marginal_cac(self, spend: Mapping[str, float] | pd.Series, weeks: int = UPCOMING) -> pd.Series:
        """EUR per further customer at a spend over the horizon, by channel."""
        curves = self.curves(weeks)
        amounts = dict(zip(curves, curves.amounts(spend), strict=True))
        return pd.Series({channel: 1 / float(curves[channel].marginal(amounts[channel])) for channel in curves})

    def curves(self, weeks: int = UPCOMING) -> ResponseCurves:
        """True curves over a horizon of equal weeks at steady state."""
        return self.response.over(weeks)

    def spend_now(self, weeks: int = UPCOMING) -> pd.Series:
        """Spend of the latest weeks, EUR by channel."""
        return self.spend.tail(weeks).sum()

    def customers(self, spend: Mapping[str, float] | pd.Series) -> float:
        """Expected customers of the coming 13 weeks at a spend over them, organic ones included.

        What past spend carries in and what this spend carries out are taken to cancel, as on steady-state curves.
        """
        return float(self.upcoming_organic.sum() + self.curves().customers(spend)[0])

    def blended_cac(self, spend: Mapping[str, float] | pd.Series, fixed_cost: float = 0.0) -> float:
        """EUR per customer over the coming 13 weeks at a spend over them, fixed cost included."""
        return (fixed_cost + float(self.response.amounts(spend).sum())) / self.customers(spend)


def world(
    seed: int = 0,
    *,
    weeks: int = 156,
    channels: int = 8,
    family: Family = hill,
    r2: float = 0.9,
    media_share: float = _MEDIA_SHARE,
    journey_weeks: int = 0,
) -> tuple[WorldData, WorldTruth]:
    """A company's weeks, and the truth about them.

    Parameters
    ----------
    seed
        The same arguments and seed give the same world.
    weeks
        Observed weeks; the last one starts 2026-09-21.
    channels
        The first eight have names and characters of their own; three of them ride on demand.
    family
        Family of the true curves: :func:`mmm.simulate.channels.hill`,
        :func:`~mmm.simulate.channels.s_shaped`, :func:`~mmm.simulate.channels.logistic`.
    r2
        Share of the variance of weekly customers that expected customers explain; counts alone may leave less.
    media_share
        Share of all customers that media at their mean spend cause.
    journey_weeks
        The last weeks for which people and their touchpoints are drawn too; 0 for none, which is fast.

    Returns
    -------
    data, truth

    Raises
    ------
    BadInput
        If an argument is out of range.

    Examples
    --------
    >>> data, truth = world(seed=3, weeks=60, channels=4)
    >>> bool((data.weekly["new_customers"].to_numpy() == truth.causes.sum(axis=1).to_numpy()).all())
    True
    """
    if weeks < 2 or not 0 < r2 < 1 or not 0 < media_share < 1 or not 0 <= journey_weeks <= weeks:
        wanted = "weeks of 2 or more, r2 and media_share between 0 and 1, journey_weeks from 0 to weeks"
        raise BadInput(f"world: needs {wanted}.")
    rng = np.random.default_rng([seed, 0])
    media = roster(channels, rng)
    calendar = mondays(weeks)
    controls = controls_of(calendar, rng)
    caused_level = sum(medium.spend / medium.cac for medium in media)
    organic = organic_of(calendar, controls, (1 - media_share) / media_share * caused_level, weeks)
    season = season_of(calendar[: RUN_IN + weeks])

    spend, effects = _media(media, family, organic[: RUN_IN + weeks], season, r2, rng)
    seen = slice(RUN_IN, RUN_IN + weeks)
    index = calendar[seen]
    names = [medium.name for medium in media]
    table = pd.DataFrame({ORGANIC: organic[seen], **{name: effects.by[name][seen] for name in names}}, index=index)
    causes = pd.DataFrame(
        rng.poisson(table.to_numpy() * effects.shock[seen, None]), index=index, columns=table.columns
    ).astype("int64")
    spent = pd.DataFrame({name: spend[name][seen] for name in names}, index=index)
    stock = {medium.name: adstocked(spend[medium.name], medium.decay)[seen] for medium in media}
    truth = WorldTruth(
        media=media,
        effects=table,
        causes=causes,
        spend=spent,
        stock=pd.DataFrame(stock, index=index),
        upcoming_organic=pd.Series(organic[seen.stop :], index=calendar[seen.stop :], name=ORGANIC),
        carried_in=pd.Series({medium.name: _carried_in(medium, family, spend[medium.name]) for medium in media}),
        response=ResponseCurves({medium.name: medium.curve(family) for medium in media}),
    )
    weekly = pd.concat([causes.sum(axis=1).rename(KPI), spent, controls.loc[index]], axis=1).reset_index()
    data = WorldData(weekly, controls.iloc[seen.stop :].reset_index(), tuple(names), tuple(controls.columns))
    return _with_journeys(data, truth, journey_weeks, seed) if journey_weeks else (data, truth)


@dataclass(frozen=True)
class _Effects:
    """Expected customers by channel from the run-in on, and the factor by which each week surprised."""

    by: dict[str, Array]
    shock: Array


def _media(
    media: tuple[Medium, ...], family: Family, organic: Array, season: Array, r2: float, rng: np.random.Generator
) -> tuple[dict[str, Array], _Effects]:
    """Spend and expected customers: planned media first, then what rides on the demand they made."""
    spend: dict[str, Array] = {}
    effect: dict[str, Array] = {}
    pace = season + 0.7 * autoregressive(len(season), 0.8, rng)  # one company, one budget: plans move together
    planned = [medium for medium in media if not isinstance(medium.pattern, Rider)]
    riders = [medium for medium in media if isinstance(medium.pattern, Rider)]
    for medium in planned:
        spend[medium.name] = money(medium, medium.pattern.shape(pace, None, rng))
        effect[medium.name] = effect_of(medium, family, spend[medium.name])
    demand = organic + np.sum([effect[medium.name] for medium in planned], axis=0)
    shock = shock_of(demand[RUN_IN:], len(demand), r2, rng)
    heard = demand / demand.mean() * shock**_RIDERS_HEAR
    for medium in riders:
        spend[medium.name] = money(medium, medium.pattern.shape(pace, heard, rng))
        effect[medium.name] = effect_of(medium, family, spend[medium.name])
    return spend, _Effects(effect, shock)


def money(medium: Medium, shape: Array) -> Array:
    """Whole euros with the medium's mean."""
    return np.asarray(np.round(shape / shape.mean() * medium.spend))


def adstocked(spend: Array, decay: float) -> Array:
    from scipy.signal import lfilter

    return np.asarray(lfilter([1 - decay], [1.0, -decay], spend), dtype=float)


def effect_of(medium: Medium, family: Family, spend: Array) -> Array:
    return np.asarray(medium.curve(family)(adstocked(spend, medium.decay)), dtype=float)


def _carried_in(medium: Medium, family: Family, spend: Array) -> float:
    stopped = np.concatenate([spend, np.zeros(UPCOMING)])
    return float(effect_of(medium, family, stopped)[-UPCOMING:].sum())


def shock_of(expected: Array, size: int, r2: float, rng: np.random.Generator) -> Array:
    """Gamma factors of mean 1 which, with the counts' own variance, leave the share ``r2`` explained."""
    unexplained = expected.var() * (1 - r2) / r2
    variance = (unexplained - expected.mean()) / np.mean(expected**2)
    if variance <= 0:
        return np.ones(size)
    return rng.gamma(1 / variance, variance, size)


def _with_journeys(data: WorldData, truth: WorldTruth, weeks: int, seed: int) -> tuple[WorldData, WorldTruth]:
    activity = (truth.spend / truth.spend.mean()).tail(weeks)
    seen, known = journeys_of(truth.causes.tail(weeks), seed=seed, activity=activity)
    return replace(data, journeys=seen), replace(truth, journeys=known)
