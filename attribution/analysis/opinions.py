"""Opinions on what channels brought, side by side over the same days and in the same customers.

Each source sees something else, and none sees all: what it can know stands beside each figure. Counts (a path model, a
platform) hand out customers who came; effects (an experiment, a mix model) say who would not have come otherwise. That
the two differ is no fault of either; that an effect lies outside everything that was counted is worth a test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from attribution.errors import BadInput
from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import count, percent, ratio
from attribution.shown import shown

__all__ = ["Contradiction", "Opinion", "Opinions", "Source"]

_APART = 1.25  # as a factor: what is nearer is no contradiction, however narrow the intervals


Remedy = Callable[[Sequence[str]], str]


class Source(Enum):
    """Where an opinion comes from; the value is what it can know."""

    EXPERIMENT = (
        "measures what a change of spend caused where and while it ran; for other days it is carried over, and it "
        "cannot see what has changed since."
    )
    MIX_MODEL = (
        "infers what spend brings from how customers move with it; cannot tell spend that follows demand from spend "
        "that makes it."
    )
    ATTRIBUTION = (
        "counts touches of people who converted; cannot see people without a touch, nor who would have come anyway."
    )
    PLATFORM = (
        "counts conversions after its own ads by its own rules; cannot see other channels, which claim the same people."
    )

    @property
    def is_effect(self) -> bool:
        """Whether it speaks of what was caused, and not of who was met."""
        return self in (Source.EXPERIMENT, Source.MIX_MODEL)


@shown
@dataclass(frozen=True, eq=False)
class Opinion:
    """What one source says of channels.

    Parameters
    ----------
    name
        Such as ``"markov"``.
    source
        Its kind.
    by_channel
        Customers over the common days, with the 90 % interval; channels that it says nothing of are left out.
    """

    name: str
    source: Source
    by_channel: dict[str, Estimate]


@dataclass(frozen=True)
class Contradiction:
    """Opinions of a channel that cannot both be right.

    Parameters
    ----------
    channel
        Of whom.
    factor
        The effect over the nearest of the counts, or over the other effect.
    text
        Who says what, in a sentence.
    """

    channel: str
    factor: float
    text: str


@shown
@dataclass(frozen=True, eq=False)
class Opinions:
    """All opinions.

    Parameters
    ----------
    opinions
        Of the same days, in the same customers.
    customers
        All customers of these days.
    days
        What messages call the days.
    """

    opinions: tuple[Opinion, ...]
    customers: float
    days: str

    def __post_init__(self) -> None:
        names = [opinion.name for opinion in self.opinions]
        if len(set(names)) < len(names):
            raise BadInput(f"opinions: two are called alike: {', '.join(sorted(names))}.")
        if not (math.isfinite(self.customers) and self.customers > 0):
            raise BadInput(
                f"opinions: {self.customers:g} customers over {self.days}, so that there is nothing to divide."
            )

    @property
    def channels(self) -> list[str]:
        """Every channel that somebody speaks of."""
        return list(dict.fromkeys(name for opinion in self.opinions for name in opinion.by_channel))

    def effect(self, channel: str) -> Opinion | None:
        """Whose word on the channel's effect counts: an experiment's, else a mix model's."""
        for source in (Source.EXPERIMENT, Source.MIX_MODEL):
            for opinion in self.opinions:
                if opinion.source is source and channel in opinion.by_channel:
                    return opinion
        return None

    def left(self) -> dict[str, float]:
        """By opinion, customers of no channel: what it leaves to organic demand and to what it does not see.

        An experiment speaks of single channels and leaves nothing that could be named.
        """
        return {
            opinion.name: self.customers - sum(each.point for each in opinion.by_channel.values())
            for opinion in self.opinions
            if opinion.source is not Source.EXPERIMENT
        }

    def counts_against_effects(self) -> list[Contradiction]:
        """Channels whose effect lies outside everything that was counted, the most overcounted first."""
        found = (self._count_against_effect(channel) for channel in self.channels)
        return sorted((one for one in found if one is not None), key=lambda one: one.factor)

    def effects_against_each_other(self) -> list[Contradiction]:
        """Channels of which an experiment and a mix model say different things."""
        return [one for one in map(self._experiment_against_model, self.channels) if one is not None]

    def findings(self, remedy: Remedy) -> tuple[Finding, ...]:
        """One finding for each way to disagree.

        Parameters
        ----------
        remedy
            A sentence on which test settles it, given the channels.
        """
        return (*self._of_counts(remedy), *self._of_effects(remedy), *self._of_claims())

    def to_frame(self) -> pd.DataFrame:
        """One row per channel and opinion: customers with their interval, share of all, and what it can know."""
        rows = [
            {"channel": channel, "opinion": opinion.name, "source": _named(opinion.source)}
            | opinion.by_channel[channel].flat("customers")
            | {"share": opinion.by_channel[channel].point / self.customers, "can_know": opinion.source.value}
            for channel in self.channels
            for opinion in self.opinions
            if channel in opinion.by_channel
        ]
        return pd.DataFrame(rows)

    def _of_channel(self, channel: str, source: Source) -> list[tuple[str, Estimate]]:
        told = [opinion for opinion in self.opinions if opinion.source is source and channel in opinion.by_channel]
        return [(opinion.name, opinion.by_channel[channel]) for opinion in told]

    def _count_against_effect(self, channel: str) -> Contradiction | None:
        effect = self.effect(channel)
        counted = self._of_channel(channel, Source.ATTRIBUTION)
        if effect is None or not counted:
            return None
        own = effect.by_channel[channel]
        least, most = (pick(counted, key=lambda one: one[1].point) for pick in (min, max))
        nearest = min(counted, key=lambda one: abs(one[1].point - own.point))
        over = own.high < min(each.low for _, each in counted) and own.point * _APART < least[1].point
        under = own.low > max(each.high for _, each in counted) and own.point > most[1].point * _APART
        if not (over or under):
            return None
        credited = f"attribution credits it with {count(least[1].point)} ({least[0]})"
        if most[0] != least[0]:
            credited += f" to {count(most[1].point)} ({most[0]})"
        claims = "".join(
            f", its platform claims {count(each.point)}" for _, each in self._of_channel(channel, Source.PLATFORM)
        )
        text = f"{channel}: {credited}{claims}, the {effect.name} says {own.written(count)}"
        return Contradiction(channel, own.point / nearest[1].point if nearest[1].point > 0 else math.inf, text)

    def _experiment_against_model(self, channel: str) -> Contradiction | None:
        tested, modelled = (self._of_channel(channel, kind) for kind in (Source.EXPERIMENT, Source.MIX_MODEL))
        if not (tested and modelled):
            return None
        one, other = tested[0][1], modelled[0][1]
        if one.low <= other.high and other.low <= one.high:
            return None
        factor = one.point / other.point if other.point > 0 else math.inf
        if 1 / _APART <= factor <= _APART:
            return None
        text = f"{channel}: the experiment says {one.written(count)}, the mix model {other.written(count)}"
        return Contradiction(channel, factor, text)

    def _of_counts(self, remedy: Remedy) -> Iterator[Finding]:
        sources = {opinion.source for opinion in self.opinions}
        if Source.ATTRIBUTION not in sources or not any(source.is_effect for source in sources):
            return
        apart = self.counts_against_effects()
        text = f"What channels bring lies within what is credited to them, over {self.days}."
        if apart:
            text = (
                f"Over {self.days} attribution contradicts what channels bring: "
                f"{'; '.join(one.text for one in apart)}. {self._who_settles(apart, remedy)}"
            )
        names = tuple(one.channel for one in apart)
        value = apart[0].factor if apart else None
        yield Finding("counts_against_effects", not apart, value, 1 / _APART if apart else None, text, names)

    def _who_settles(self, apart: Sequence[Contradiction], remedy: Remedy) -> str:
        """Which test; a channel that was tested needs none."""
        untested = [one.channel for one in apart if not self._of_channel(one.channel, Source.EXPERIMENT)]
        if not untested:
            return "Experiments have measured them: believe these, and correct the credit by calibration.csv."
        return f"Until a test says so, believe neither. {remedy(untested)}"

    def _of_effects(self, remedy: Remedy) -> Iterator[Finding]:
        if not {Source.EXPERIMENT, Source.MIX_MODEL} <= {opinion.source for opinion in self.opinions}:
            return
        apart = self.effects_against_each_other()
        text = (
            f"Experiments and the mix model agree on what channels brought over {self.days}; a mix model that was "
            "fitted with them is no second witness, see test_conflicts."
        )
        if apart:
            text = (
                f"Over {self.days} experiment and mix model disagree: {'; '.join(one.text for one in apart)}. The test "
                "was of other days or another place, or one of the two is wrong. "
                f"{remedy([one.channel for one in apart])}"
            )
        names = tuple(one.channel for one in apart)
        yield Finding("experiment_against_mix_model", not apart, float(len(apart)), 0.0, text, names)

    def _of_claims(self) -> Iterator[Finding]:
        claims = [opinion for opinion in self.opinions if opinion.source is Source.PLATFORM]
        if not claims:
            return
        pairs = [(name, each.point) for opinion in claims for name, each in opinion.by_channel.items()]
        claimed = sum(number for _, number in pairs)
        share = claimed / self.customers
        text = (
            f"Platforms together claim {count(claimed)} of {count(self.customers)} customers over {self.days} "
            f"({percent(share)})."
        )
        known = [(number, own.by_channel[name].point) for name, number in pairs if (own := self.effect(name))]
        if sum(brought for _, brought in known) > 0:
            times = sum(number for number, _ in known) / sum(brought for _, brought in known)
            text += f" For channels whose effect is measured they claim {ratio(times)} times what those channels bring."
        if share > 1:
            text += " They claim the same people several times, and none of them can see it."
        yield Finding("platforms_claim_more_than_all", share <= 1, share, 1.0, text)


def _named(source: Source) -> str:
    return source.name.lower().replace("_", " ")
