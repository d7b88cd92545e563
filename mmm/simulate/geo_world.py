"""A world of regions: national media plans that differ by region, effects that vary around a common truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from mmm.simulate.channels import Family, Medium, Planned, autoregressive, hill, roster
from mmm.simulate.demand import RUN_IN, controls_of, mondays, organic_of, season_of
from mmm.simulate.weekly_world import KPI, adstocked, shock_of

__all__ = ["GeoData", "GeoTruth", "geo_world"]


@dataclass(frozen=True)
class GeoData:
    """What a company sees.

    Attributes
    ----------
    weekly
        ``geo``, ``week``, ``new_customers``, one spend column per channel (EUR), the controls; a row per region and
        week.
    population
        People by region.
    channels, controls
        Names of the columns of either kind.
    """

    weekly: pd.DataFrame
    population: pd.Series
    channels: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(frozen=True)
class GeoTruth:
    """What only the simulation knows.

    Attributes
    ----------
    contributions
        Expected customers over all weeks, regions x channels.
    organic
        Expected organic customers over all weeks, by region.
    strength
        How much better (above 1) or worse than its population share each channel works, regions x channels.
    media
        The channels of the nation: costs, carryover, patterns.
    response
        True weekly national curves at steady state, if every region spent by population.
    """

    contributions: pd.DataFrame
    organic: pd.Series
    strength: pd.DataFrame
    media: tuple[Medium, ...]
    response: ResponseCurves


def geo_world(
    seed: int = 0,
    *,
    geos: int = 20,
    weeks: int = 156,
    channels: int = 5,
    family: Family = hill,
    r2: float = 0.85,
    spread: float = 0.2,
    common: float = 0.0,
) -> tuple[GeoData, GeoTruth]:
    """Regions that share curves and carryover, and differ in size, spend, strength of media and local chance.

    Parameters
    ----------
    seed
        The same arguments and seed give the same world.
    geos, weeks, channels
        Numbers of each; no channel rides on demand here.
    family
        Family of the true curves.
    r2
        Share of the variance of each region's customers that expected customers explain; counts alone may leave less.
    spread
        Standard deviation over regions of the logarithm of each channel's strength.
    common
        Standard deviation of the logarithm of chance that all regions share in a week, beyond their own.

    Returns
    -------
    data, truth

    Raises
    ------
    BadInput
        If an argument is out of range.
    """
    if geos < 1 or weeks < 2 or not 0 < r2 < 1 or min(spread, common) < 0:
        raise BadInput("geo_world: needs geos of 1, weeks of 2 or more, r2 between 0 and 1, spreads of 0 or more.")
    rng = np.random.default_rng([seed, 3])
    media = tuple(_planned(medium) for medium in roster(channels, rng))
    calendar = mondays(weeks)
    controls = controls_of(calendar, rng)
    season = season_of(calendar[: RUN_IN + weeks]) + 0.7 * autoregressive(RUN_IN + weeks, 0.8, rng)
    plans = [medium.pattern.shape(season, None, rng) for medium in media]
    size = rng.lognormal(0, 0.8, geos)
    share = size / size.sum()
    strength = rng.lognormal(-(spread**2) / 2, spread, (geos, channels))
    level = 0.95 * sum(medium.spend / medium.cac for medium in media)
    organic = organic_of(calendar, controls, float(level), weeks)
    seen = slice(RUN_IN, RUN_IN + weeks)
    names = [medium.name for medium in media]
    labels = [f"region_{number + 1:02d}" for number in range(geos)]

    together = np.random.default_rng([seed, 4]).lognormal(-(common**2) / 2, common, weeks)
    parts, caused, own = [], np.zeros((geos, channels)), np.zeros(geos)
    for geo in range(geos):
        spend, effect = _region(media, plans, family, share[geo], strength[geo], rng)
        local = organic[: RUN_IN + weeks] * share[geo] * rng.lognormal(0, 0.15)
        expected = (local + effect.sum(axis=0))[seen]
        customers = rng.poisson(expected * together * shock_of(expected, weeks, r2, rng))
        caused[geo], own[geo] = effect[:, seen].sum(axis=1), local[seen].sum()
        table = pd.DataFrame({"geo": labels[geo], "week": calendar[seen], KPI: customers})
        parts.append(table.assign(**{name: spend[place, seen] for place, name in enumerate(names)}))
    weekly = pd.concat(parts, ignore_index=True).merge(controls.loc[calendar[seen]].reset_index(), on="week")
    population = pd.Series(np.round(share * 40e6), index=pd.Index(labels, name="geo"), name="population")
    truth = GeoTruth(
        contributions=pd.DataFrame(caused, labels, names),
        organic=pd.Series(own, labels),
        strength=pd.DataFrame(strength, labels, names),
        media=media,
        response=ResponseCurves({medium.name: medium.curve(family) for medium in media}),
    )
    return GeoData(weekly, population, tuple(names), tuple(controls.columns)), truth


def _planned(medium: Medium) -> Medium:
    """The medium with a plan of its own in place of riding on demand."""
    return medium if isinstance(medium.pattern, Planned) else replace(medium, pattern=Planned())


def _region(
    media: tuple[Medium, ...],
    plans: list[Array],
    family: Family,
    share: float,
    strength: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Spend and expected customers of one region, channels x weeks."""
    spend, effect = [], []
    for medium, plan, works in zip(media, plans, strength, strict=True):
        local = plan / plan.mean() * np.exp(0.3 * autoregressive(len(plan), 0.5, rng)) * rng.lognormal(0, 0.3)
        amount = np.round(local * medium.spend * share, 2)
        curve = medium.curve(family).stretched(share, share * works)
        spend.append(amount)
        effect.append(np.asarray(curve(adstocked(amount, medium.decay)), dtype=float))
    return np.array(spend), np.array(effect)
