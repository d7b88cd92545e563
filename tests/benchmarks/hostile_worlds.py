"""Companies of our own simulator with one thing wrong, and the truth about them: one function for each kind.

A sketch holds what a company is before its customers are drawn: organic customers and the shape of every channel's
spend. Each kind changes one of them. The channels are the first six of the simulator with spend that is planned freely,
so that nothing else misleads. A channel's true contribution is what would be missing without its spend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from mmm_verdicts import World

from mmm.simulate.channels import Medium, Planned, Rider, autoregressive, hill, roster
from mmm.simulate.demand import RUN_IN, controls_of, mondays, organic_of, season_of
from mmm.simulate.weekly_world import adstocked, effect_of, money, shock_of

CHANNELS, WEEKS, R2, STEP = 6, 156, 0.9, 1e-4
Floats = npt.NDArray[np.float64]
Together = Callable[[Floats, list[Floats]], Floats]


def added(organic: Floats, effects: list[Floats]) -> Floats:
    """Expected customers where effects add up."""
    return organic + np.sum(effects, axis=0)


def multiplied(organic: Floats, effects: list[Floats]) -> Floats:
    """Expected customers where every channel multiplies what there is."""
    return organic * np.prod([1 + effect / organic.mean() for effect in effects], axis=0)


@dataclass(frozen=True)
class Sketch:
    """A company from the run-in on.

    Attributes
    ----------
    calendar, controls
        First days of the periods, and the controls there.
    media
        What each channel costs and does in a period.
    organic
        Expected customers without media.
    shapes
        Spend of each channel relative to its mean.
    sells
        Share of its customers that a period sees, 1 but for strikes.
    together
        How organic customers and the channels' effects make the expected ones.
    run_in
        Periods before the first observed one.
    """

    calendar: pd.DatetimeIndex
    controls: pd.DataFrame
    media: tuple[Medium, ...]
    organic: Floats
    shapes: Mapping[str, Floats]
    sells: Floats
    together: Together = added
    run_in: int = RUN_IN

    def named(self, name: str) -> Medium:
        """The medium of that name."""
        return next(medium for medium in self.media if medium.name == name)

    def with_spend(self, factors: Mapping[str, Floats]) -> Sketch:
        """Channels' spend multiplied by factors."""
        changed = {name: self.shapes[name] * factor for name, factor in factors.items()}
        return replace(self, shapes={**self.shapes, **changed})

    def with_media_share(self, share: float) -> Sketch:
        """Organic customers scaled so that about that share of all comes from media."""
        caused = sum(medium.spend / medium.cac for medium in self.media)
        return replace(self, organic=self.organic * caused * (1 - share) / share / self.organic.mean())


class Kind(Protocol):
    """What goes wrong at a company."""

    __name__: str

    def __call__(self, sketch: Sketch, rng: np.random.Generator) -> Sketch: ...


def healthy(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Nothing: the control."""
    return sketch


def followers_of_demand(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Half of the channels' spend follows a demand that nobody sees, and that no control holds."""
    unseen = autoregressive(len(sketch.organic), 0.7, rng)
    followed = {name: np.exp(0.3 * unseen + rng.normal(0, 0.1, len(unseen))) for name in list(sketch.shapes)[1::2]}
    shapes = {**sketch.shapes, **followed}
    return replace(sketch, organic=sketch.organic * np.exp(0.15 * unseen), shapes=shapes)


def faint_followers(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """The same demand, which moves their spend no more than plans of their own do."""
    unseen = autoregressive(len(sketch.organic), 0.7, rng)
    moved = dict.fromkeys(list(sketch.shapes)[1::2], np.exp(0.3 * unseen))
    return replace(sketch.with_spend(moved), organic=sketch.organic * np.exp(0.15 * unseen))


def brand_search_through_tv(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Brand search is clicked by people whom TV has reached, and adds little of its own."""
    brand, tv = sketch.named("brand_search"), sketch.named("tv")
    seen = adstocked(sketch.shapes["tv"], tv.decay)
    noise = np.exp(rng.normal(0, 0.1, len(seen)))
    dear = tuple(replace(medium, cac=4 * medium.cac) if medium is brand else medium for medium in sketch.media)
    shapes = {**sketch.shapes, brand.name: (0.2 * seen.mean() + seen) * noise}
    return replace(sketch, media=dear, shapes=shapes)


def media_at_7_percent(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Media bring little of all."""
    return sketch.with_media_share(0.07)


def media_at_80_percent(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Media bring nearly all."""
    return sketch.with_media_share(0.8)


def level_breaks(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """From one week of the middle third on, a quarter of the organic customers is gone."""
    periods = len(sketch.organic) - sketch.run_in
    first = sketch.run_in + int(rng.integers(periods // 3, 2 * periods // 3))
    return replace(sketch, organic=np.where(np.arange(len(sketch.organic)) < first, 1.0, 0.75) * sketch.organic)


def christmas(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Four weeks before Christmas, demand and all spend are up."""
    before = (sketch.calendar.month == 12) & (sketch.calendar.day <= 24)
    before |= (sketch.calendar.month == 11) & (sketch.calendar.day > 26)
    factor = np.where(before, 1.8, 1.0)
    raised = sketch.with_spend(dict.fromkeys(sketch.shapes, factor))
    return replace(raised, organic=np.where(before, 1.5, 1.0) * sketch.organic)


def promotions(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Six weeks a year hold a promotion that no control names: demand is up, and all spend with it."""
    first = np.cumsum(rng.uniform(4.0, 13.0, len(sketch.organic))).astype(int)
    on = np.isin(np.arange(len(sketch.organic)), first)
    raised = sketch.with_spend(dict.fromkeys(sketch.shapes, np.where(on, 1.8, 1.0)))
    return replace(raised, organic=np.where(on, 1.3, 1.0) * sketch.organic)


def long_carryover(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """TV works for months: its decay is 0.85."""
    tv = sketch.named("tv")
    return replace(sketch, media=tuple(replace(one, decay=0.85) if one is tv else one for one in sketch.media))


def strike(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Three weeks in which nothing is sold, while spend goes on."""
    first = int(rng.integers(sketch.run_in + 20, len(sketch.organic) - 20))
    return replace(sketch, sells=np.where(np.abs(np.arange(len(sketch.organic)) - first) <= 1, 0.0, 1.0))


def sixty_weeks(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """The last 60 weeks are all there is."""
    return replace(sketch, run_in=len(sketch.organic) - 60)


def five_a_week(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Counts near zero: about five new customers a week."""
    scale = 5 / (sketch.organic.mean() + sum(medium.spend / medium.cac for medium in sketch.media))
    few = tuple(replace(medium, cac=medium.cac / scale) for medium in sketch.media)
    return replace(sketch, media=few, organic=sketch.organic * scale)


def multiplicative(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """Channels multiply what there is, instead of adding to it."""
    return replace(sketch, together=multiplied)


def daily(sketch: Sketch, rng: np.random.Generator) -> Sketch:
    """One row a day over two years; demand and spend follow the weekday, carryover lasts as many days as before."""
    weeks = RUN_IN + 104
    days = pd.date_range(sketch.calendar[-weeks], periods=7 * weeks, name="week")
    weekday = np.tile([1.2, 1.1, 1.05, 1.0, 1.0, 0.85, 0.8], weeks)

    def by_day(values: Floats) -> Floats:
        return np.repeat(values[-weeks:], 7) * weekday

    media = tuple(replace(one, spend=one.spend / 7, decay=one.decay ** (1 / 7)) for one in sketch.media)
    shapes = {name: by_day(shape) * np.exp(rng.normal(0, 0.1, 7 * weeks)) for name, shape in sketch.shapes.items()}
    controls = sketch.controls.iloc[-weeks:].loc[np.repeat(sketch.calendar[-weeks:], 7)].set_axis(days, axis=0)
    whole = replace(sketch, calendar=days, controls=controls, media=media, organic=by_day(sketch.organic / 7))
    return replace(whole, shapes=shapes, sells=np.ones(7 * weeks), run_in=7 * RUN_IN)


KINDS: tuple[Kind, ...] = (
    healthy,
    followers_of_demand,
    faint_followers,
    brand_search_through_tv,
    media_at_7_percent,
    media_at_80_percent,
    level_breaks,
    christmas,
    promotions,
    long_carryover,
    strike,
    sixty_weeks,
    five_a_week,
    multiplicative,
    daily,
)


def sketched(rng: np.random.Generator) -> Sketch:
    """A healthy company of 156 weeks with spend that is planned freely."""
    calendar = mondays(WEEKS)[: RUN_IN + WEEKS]
    controls = controls_of(calendar, rng)
    media = tuple(
        replace(one, pattern=Planned(noise=0.3)) if isinstance(one.pattern, Rider) else one
        for one in roster(CHANNELS, rng)
    )
    caused = sum(medium.spend / medium.cac for medium in media)
    organic = organic_of(calendar, controls, 2 * caused, WEEKS)
    pace = season_of(calendar) + 0.7 * autoregressive(len(calendar), 0.8, rng)
    shapes = {medium.name: medium.pattern.shape(pace, None, rng) for medium in media}
    return Sketch(calendar, controls, media, organic, shapes, np.ones(len(calendar)))


def world_of(kind: Kind, seed: int) -> World:
    """One company of a kind: its table, and what its media truly brought."""
    return company_of(kind, seed)[1]


def company_of(kind: Kind, seed: int) -> tuple[Sketch, World]:
    """The same, with the sketch that it is drawn from."""
    rng = np.random.default_rng([seed, 77])
    sketch = kind(sketched(rng), rng)
    seen = slice(sketch.run_in, None)
    spend = {medium.name: money(medium, sketch.shapes[medium.name]) for medium in sketch.media}
    effects = {medium.name: effect_of(medium, hill, spend[medium.name]) for medium in sketch.media}

    def expected(without: tuple[str, ...] = ()) -> Floats:
        live = [np.zeros_like(effect) if name in without else effect for name, effect in effects.items()]
        return sketch.together(sketch.organic, live) * sketch.sells

    whole = expected()
    shock = shock_of(whole[seen], len(whole), R2, rng)
    table = pd.DataFrame(spend, index=sketch.calendar).join(sketch.controls)[seen]
    table = table.assign(new_customers=rng.poisson((whole * shock)[seen])).rename_axis("week").reset_index()
    names = tuple(spend)
    contributions = pd.Series({name: float((whole - expected((name,)))[seen].sum()) for name in names})
    total = float((whole - expected(names))[seen].sum())
    controls = tuple(sketch.controls.columns)
    world = World(kind.__name__, f"{kind.__name__}-{seed}", table, names, controls, contributions, total)
    return sketch, replace(world, marginal_cac=marginal_cac_of(sketch, world.recent))


def marginal_cac_of(sketch: Sketch, level: pd.Series) -> pd.Series:
    """True cost of one more customer at a steady spend, beside the organic customers of the last 13 weeks."""
    last = sketch.calendar > sketch.calendar[-1] - pd.Timedelta(weeks=13)

    def customers(spend: pd.Series) -> float:
        gained = [np.full(len(last), float(one.curve(hill)(spend[one.name]))) for one in sketch.media]
        return float(sketch.together(sketch.organic, gained)[last].mean())

    def cost(medium: Medium) -> float:
        step = STEP * medium.spend
        return float(step / (customers(level + step * (level.index == medium.name)) - customers(level)))

    return pd.Series({medium.name: cost(medium) for medium in sketch.media})
