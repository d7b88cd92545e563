"""The media of simulated worlds: what each channel costs and does, and how its spend moves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from attribution.errors import BadInput
from mmm.arrays import Array
from mmm.curves import Hill, Logistic, ResponseCurve

__all__ = [
    "Family",
    "Medium",
    "Pattern",
    "Planned",
    "Rider",
    "autoregressive",
    "hill",
    "logistic",
    "roster",
    "s_shaped",
]

Family = Callable[[float, float, float], ResponseCurve]
"""(EUR per week, customers per week there, elasticity there) -> the curve through that point."""


def hill(spend: float, customers: float, elasticity: float) -> ResponseCurve:
    """Concave Hill curve through a point, with the elasticity (below 1) it has there."""
    return _hill(spend, customers, elasticity, slope=1.0)


def s_shaped(spend: float, customers: float, elasticity: float) -> ResponseCurve:
    """Hill curve of slope 2 through a point: small spends do little."""
    return _hill(spend, customers, elasticity, slope=2.0)


def logistic(spend: float, customers: float, elasticity: float) -> ResponseCurve:
    """Logistic curve through a point, with the elasticity (below 1) it has there."""
    from scipy.optimize import brentq

    steepness = float(brentq(lambda u: u / np.sinh(u) - elasticity, 1e-6, 50.0))
    return Logistic(saturation=customers / np.tanh(steepness / 2), half_saturation=spend * np.log(3) / steepness)


def _hill(spend: float, customers: float, elasticity: float, slope: float) -> Hill:
    reached = 1.0 - elasticity / slope  # share of the ceiling
    half = spend * ((1.0 - reached) / reached) ** (1.0 / slope)
    return Hill(saturation=customers / reached, half_saturation=half, slope=slope)


class Pattern(ABC):
    """How a channel's weekly spend moves, relative to its mean."""

    @abstractmethod
    def shape(self, season: Array, demand: Array | None, rng: np.random.Generator) -> Array:
        """Relative spend per week, 0 or more; the mean need not be 1.

        Parameters
        ----------
        season
            What all plans follow: season of demand and the company's budget; mean 0, about -2 to 2.
        demand
            Demand per week relative to its mean; None before the planned media are known.
        """


@dataclass(frozen=True)
class Planned(Pattern):
    """Spend set by a media plan: growth, season, drifting budgets, flights and deliberate pulses.

    Parameters
    ----------
    growth
        Relative change from the first to the last week.
    season
        How far the plan follows the season and the company's budget.
    noise
        Standard deviation of the drifting part of the log.
    on
        Share of weeks with spend; below 1 the channel runs in flights of 3 to 6 weeks.
    """

    growth: float = 0.2
    season: float = 0.25
    noise: float = 0.22
    on: float = 1.0

    def shape(self, season: Array, demand: Array | None, rng: np.random.Generator) -> Array:
        """See :class:`Pattern`."""
        weeks = len(season)
        drift = autoregressive(weeks, 0.6, rng) * self.noise
        level = np.maximum(1.0 + self.growth * np.linspace(0, 1, weeks) + self.season * season, 0.2)
        return level * np.exp(drift) * _pulses(weeks, 14, (0.35, 1.8), rng) * self._flights(weeks, rng)

    def _flights(self, weeks: int, rng: np.random.Generator) -> Array:
        running = np.ones(weeks)
        if self.on >= 1:
            return running
        week = 0
        while week < weeks:
            flight = int(rng.integers(3, 7))
            pause = max(1, round(flight * (1 - self.on) / self.on + rng.uniform(-1, 1)))
            running[week + flight : week + flight + pause] = 0.0
            week += flight + pause
        return running


@dataclass(frozen=True)
class Rider(Pattern):
    """Spend that follows demand created elsewhere, cut now and then to see what happens.

    Parameters
    ----------
    lag
        Share of last week's demand in what the spend follows.
    noise
        Standard deviation of the log around the demand.
    """

    lag: float = 0.0
    noise: float = 0.12

    def shape(self, season: Array, demand: Array | None, rng: np.random.Generator) -> Array:
        """See :class:`Pattern`."""
        if demand is None:
            raise BadInput("a rider needs the demand it rides on.")
        before = np.concatenate([demand[:1], demand[:-1]])
        followed = (1 - self.lag) * demand + self.lag * before
        noise = np.exp(rng.normal(0, self.noise, len(demand)))
        return followed * noise * _pulses(len(demand), 18, (0.25, 1.5), rng)


@dataclass(frozen=True)
class Medium:
    """One channel of a world.

    Parameters
    ----------
    name
        The channel.
    spend
        Mean EUR per week.
    cac
        EUR per incremental customer at the mean spend held steady.
    elasticity
        Relative change of customers per relative change of spend there; low: past saturation.
    decay
        Share of a week's effect that carries into the next; geometric adstock, weights summing to 1.
    pattern
        How spend moves.
    """

    name: str
    spend: float
    cac: float
    elasticity: float
    decay: float
    pattern: Pattern

    def curve(self, family: Family) -> ResponseCurve:
        """True weekly response at steady state: EUR per week -> customers per week."""
        return family(self.spend, self.spend / self.cac, self.elasticity)


_ROSTER = (
    Medium("tv", 58_000, 250, 0.38, 0.55, Planned(growth=-0.1, season=0.3, noise=0.12, on=0.62)),
    Medium("paid_social", 40_000, 240, 0.40, 0.30, Planned(growth=0.5)),
    Medium("generic_search", 27_000, 135, 0.72, 0.10, Planned(growth=0.2, season=0.3)),
    Medium("brand_search", 7_000, 230, 0.50, 0.02, Rider()),
    Medium("online_video", 18_000, 150, 0.75, 0.45, Planned(growth=0.6, noise=0.3)),
    Medium("display", 16_000, 270, 0.35, 0.25, Planned(growth=-0.2)),
    Medium("retargeting", 8_000, 230, 0.50, 0.10, Rider(lag=0.5, noise=0.2)),
    Medium("affiliate", 5_000, 900, 0.60, 0.02, Rider(noise=0.2)),
)
_MORE = ("radio", "out_of_home", "podcast", "influencer", "print", "shopping_ads", "direct_mail", "app_installs")


def roster(channels: int, rng: np.random.Generator) -> tuple[Medium, ...]:
    """That many media; each world varies costs, elasticities and carryover a little.

    The first eight have names and characters of their own, three of them riding on demand; further ones are planned.
    """
    if channels < 1:
        raise BadInput("channels: a world needs at least one.")
    base = list(_ROSTER[:channels])
    for number in range(len(_ROSTER), channels):
        extra = number - len(_ROSTER)
        name = _MORE[extra] if extra < len(_MORE) else f"channel_{number + 1}"
        spend, cac = rng.uniform(6_000, 20_000), rng.uniform(90, 260)
        pattern = Planned(growth=rng.uniform(-0.3, 0.6), season=rng.uniform(0, 0.4), noise=rng.uniform(0.2, 0.4))
        base.append(Medium(name, spend, cac, rng.uniform(0.35, 0.75), rng.uniform(0.05, 0.6), pattern))
    return tuple(_varied(medium, rng) for medium in base)


def _varied(medium: Medium, rng: np.random.Generator) -> Medium:
    spend, cac, elasticity, decay = np.exp(rng.normal(0, (0.08, 0.12, 0.08, 0.15)))
    return replace(
        medium,
        spend=float(medium.spend * spend),
        cac=float(medium.cac * cac),
        elasticity=float(np.clip(medium.elasticity * elasticity, 0.1, 0.9)),
        decay=float(np.clip(medium.decay * decay, 0.0, 0.85)),
    )


def autoregressive(weeks: int, memory: float, rng: np.random.Generator) -> Array:
    """Stationary series of standard deviation 1."""
    from scipy.signal import lfilter

    steps = rng.normal(0, np.sqrt(1 - memory**2), weeks)
    steps[0] /= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], steps), dtype=float)


def _pulses(weeks: int, every: int, factors: tuple[float, float], rng: np.random.Generator) -> Array:
    """Factor per week: 1, but about once per ``every`` weeks 2 to 3 weeks at one of the two factors."""
    factor = np.ones(weeks)
    week = int(rng.integers(2, every))
    while week < weeks:
        length = int(rng.integers(2, 4))
        factor[week : week + length] = factors[int(rng.integers(0, 2))]
        week += length + int(rng.integers(every // 2, every + every // 2))
    return factor
