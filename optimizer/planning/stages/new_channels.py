"""Channels without history: their borrowed curves, a first test of each, and the result that would turn it around."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import amount, count, counted, decimal, likelihood
from mmm import Organic, ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.answer.explanation import idle_sentence
from optimizer.planning.file.keys.plan import NewChannelKeys, PlanSection
from optimizer.planning.stages.noise import noise_of
from optimizer.scenarios.referral import ReferralProgramme
from optimizer.scenarios.what_ifs import NewChannel
from optimizer.uncertainty.tipping import TippingPoint

__all__ = ["FirstTest", "first_tests", "new_channel_findings", "tried_with_tests", "with_new_channels"]

_WEEKS = 4  # of a test, where the plan file asks for no other
_SEEN = 2.0  # standard deviations of the noise


@dataclass(frozen=True, eq=False)
class FirstTest:
    """A new channel in the plan, and the test that would tell whether its curve was rightly assumed.

    Parameters
    ----------
    channel
        Its name.
    assumed
        What its curve is assumed to be.
    planned
        What the plan spends on it over the horizon, currency.
    customers
        That it is expected to bring.
    weeks, weekly
        How long the test runs, and what it spends a week: the plan's own rate.
    result
        Customers that the test is expected to bring, carryover beyond its weeks included.
    turns_at
        Customers of the test below which the plan would spend nothing on the channel; 0 where no result does, NaN where
        limits or promises ask for the spend or the move was not worked out.
    probability
        That the result is below.
    idle
        Why the plan spends nothing on it; empty where it does.
    noise
        Customers by which so many weeks differ from what is expected of them, one standard deviation; 0 where unknown.
    """

    channel: str
    assumed: str
    planned: float
    customers: Estimate
    weeks: int
    weekly: float
    result: Estimate
    turns_at: float
    probability: float
    idle: str = ""
    noise: float = 0.0

    @property
    def is_lost_in_noise(self) -> bool:
        """Whether the weekly table would not show what the test is expected to bring."""
        return not self.idle and self.result.point < _SEEN * self.noise

    def sentence(self, currency: str, outcome: str) -> str:
        """All of it in words."""
        opening = f"{self.channel} has no history: its curve is an assumption, {self.assumed}. "
        if self.idle:
            return f"{opening}On that assumption {self.idle}"
        text = (
            f"{opening}The plan spends {amount(self.planned)} {currency} on it and expects "
            f"{self.customers.written(count)} {outcome}. Test it first: {counted(self.weeks, 'week')} at "
            f"{amount(self.weekly)} "
            f"{currency} a week should bring {self.result.written(count)}, what comes later included"
        )
        if self.turns_at > 0:
            chance = likelihood(self.probability)
            text += f"; less than {count(self.turns_at)} would turn the move around ({chance})."
        elif self.turns_at == 0:
            text += "; the move is right whatever it brings."
        else:
            text += "; no result turns it around, for limits or promises ask for it."
        if self.is_lost_in_noise:
            text += (
                f" So many weeks differ by {count(self.noise)} {outcome} of themselves (one standard deviation): "
                "the weekly table would hardly show the result; test by geo, or spend more a week."
            )
        return text


def with_new_channels(section: PlanSection, curves: ResponseCurves, seed: int) -> ResponseCurves:
    """The curves with those of the plan's new channels and of its referral programme; draws come from the seed."""
    for place, (name, new) in enumerate(section.new_channels.items()):
        borrowed = NewChannel(name, new.like, size=new.scale, uncertainty=new.spread, seed=seed + place)
        curves = borrowed.with_curve(curves)
    if section.referral is not None:
        programme = ReferralProgramme(section.referral.programme, section.referral.name, seed)
        curves = programme.with_curve(curves)
    return curves


def tried_with_tests(section: PlanSection, seen: pd.Series, planned: pd.Series) -> pd.Series:
    """The most ever spent over a horizon, of new channels what their first tests spend, of rewards what is planned.

    Rewards are paid for customers who came, so that they risk nothing.
    """
    tried = seen.copy()
    for name in section.new_channels:
        tried[name] = float(planned[name]) * _test_weeks(section) / section.weeks
    if section.referral is not None:
        tried[section.referral.name] = float(planned[section.referral.name])
    return tried


def first_tests(
    section: PlanSection,
    curves: ResponseCurves,
    allocation: Allocation,
    tipping: tuple[TippingPoint, ...],
    riders: Mapping[str, str],
    organic: Organic | None = None,
) -> Iterator[FirstTest]:
    """Every new channel of the plan with its first test.

    Parameters
    ----------
    section
        The plan file's.
    curves
        With those of new channels.
    allocation, tipping
        The plan, and where its moves turn around.
    riders
        Channel -> who says that it rides on demand.
    organic
        Customers who come unpaid over the horizon, for the noise of weeks.
    """
    weeks = _test_weeks(section)
    noise = 0.0 if organic is None else noise_of(organic, weeks, section.weeks)
    factors = {one.channel: one for one in tipping}
    for name, new in section.new_channels.items():
        spend, curve = float(allocation.spend[name]), curves[name]
        won, part = np.atleast_1d(curve(spend)), weeks / section.weeks
        point = factors.get(name)
        factor, chance = (np.nan, np.nan) if point is None else (point.factor, point.probability)
        idle = idle_sentence(name, curve, float(allocation.entry_cac[name])) if spend <= 0 else ""
        yield FirstTest(
            name,
            _assumed(new, riders),
            spend,
            Estimate.of(won),
            weeks,
            spend / section.weeks,
            Estimate.of(won * part),
            factor * float(won.mean()) * part,
            chance,
            idle,
            noise,
        )


def new_channel_findings(tests: tuple[FirstTest, ...], currency: str, outcome: str) -> tuple[Finding, ...]:
    """Whether the plan rests on curves that are assumed."""
    if not tests:
        return ()
    used = tuple(one.channel for one in tests if not one.idle)
    text = " ".join(one.sentence(currency, outcome) for one in tests)
    return (Finding("new_channels", not used, float(len(used)), 0.0, text, used),)


def _test_weeks(section: PlanSection) -> int:
    return min(_WEEKS if section.tests is None else section.tests.weeks, section.weeks)


def _assumed(new: NewChannelKeys, riders: Mapping[str, str]) -> str:
    size = "" if new.scale == 1 else f" at {decimal(new.scale, 2)} times its market"
    text = f"that of {new.like}{size} with a further spread of {decimal(new.spread, 2)} (of the logarithm)"
    return f"{text}, of which part may be demand that others make ({riders[new.like]})" if new.like in riders else text
