"""Which channel's lift test would help the coming plan most."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mmm import Organic
from optimizer.plan import Plan
from optimizer.planning.file.keys.plan import NextTests
from optimizer.planning.inputs.tested import SIGMAS_OF_AN_EFFECT
from optimizer.planning.stages.noise import noise_of
from optimizer.planning.stages.result import PlanResult, TestsResult
from optimizer.question.constraints import Budget, Channel, Constraint, MaxCAC
from optimizer.question.groups import AverageCAC
from optimizer.question.objectives import Customers
from optimizer.uncertainty.value_of_tests import LiftTest, most_telling, value_of_tests

__all__ = ["MOST", "design_of", "upward_tests", "worth_of", "worth_of_tests"]

MOST = 12
"""Tests that are weighed where none is named: each takes some twenty plans, of all channels."""
_DRAWS = 1000  # every outcome of every test is a plan of its own
_NEAR = 1e-6


def worth_of_tests(section: NextTests, result: PlanResult, weeks: int) -> TestsResult:
    """What a test of each channel would be worth, in customers at the planned spend.

    Of many channels those whose tests would tell most are weighed. A channel that the plan stops at the most tried is
    tested upwards, and its worth counts what the plan may then spend on it where the test sees an effect.
    """
    spent = [channel for channel in result.curves.channels if result.now.spend[channel] > 0]
    test, up = design_of(section, result.organic, weeks), upward_tests(section, result)
    every = {channel: replace(test, change=up.get(channel, section.change)) for channel in spent}
    tests = {channel: every[channel] for channel in most_telling(result.curves, every, result.now.spend, MOST)}
    table = worth_of(result, tests, [channel for channel in up if channel in tests])
    table = table.assign(change=[tests[str(channel)].change for channel in table.index])
    return TestsResult(table, section.weeks, test.standard_error, tuple(name for name in every if name not in tests))


def worth_of(result: PlanResult, tests: Mapping[str, LiftTest], opening: Collection[str] = ()) -> pd.DataFrame:
    """What each channel's test would be worth, as :func:`optimizer.value_of_tests`, indexed by channel.

    The question is the plan's own without promises of customers and of their cost, which are not known to hold before
    the test: most customers for the money of the plan, within its limits on spend.

    Parameters
    ----------
    result
        The plan.
    tests
        Channel -> its test.
    opening
        Channels that the plan stops at the most tried and may spend as much on as the test did, where that sees an
        effect.
    """
    every = max(result.curves.n_draws // _DRAWS, 1)
    rows = np.arange(0, result.curves.n_draws, every)
    limits = result.plan.without(Budget, Customers, MaxCAC, AverageCAC).subject_to
    own = limits[: len(limits) - len(result.held) - len(result.tried)]
    limits = (*own, Budget(exactly=float(result.planned.spend.sum())))
    holds, tried = ({one.channel: one.constraint for one in each} for each in (result.held, result.tried))
    curves = result.curves.take(rows)

    def within(*more: Constraint) -> Plan:
        organic = Customers(organic=result.organic.predicted[rows])
        return Plan(maximize=organic, subject_to=[*limits, *more], now=result.plan.now)

    def without_its_hold(channels: list[str]) -> pd.DataFrame:
        """A channel's own hold does not bind its test, which would end it."""
        others = (hold for channel, hold in holds.items() if channel not in channels)
        plan = within(*tried.values(), *others)
        return value_of_tests(plan, curves, {channel: tests[channel] for channel in channels})

    def upwards(channel: str) -> pd.DataFrame:
        """Against the plan that stops where the channel was tried."""
        others = (limit for name, limit in tried.items() if name != channel)
        opened = Channel(channel).at_most(float(result.now.spend[channel]) * (1 + tests[channel].change))
        plan = within(*others, *holds.values(), opened)
        return value_of_tests(plan, curves, {channel: tests[channel]}, keep=keep, least=SIGMAS_OF_AN_EFFECT)

    keep = within(*tried.values(), *holds.values()).solve(curves).spend if opening else None
    free = [channel for channel in tests if channel not in holds and channel not in opening]
    asked = [free] * bool(free) + [[channel] for channel in tests if channel in holds]
    table = pd.concat([*map(without_its_hold, asked), *map(upwards, opening)]).set_index("channel")
    return table.sort_values("value", ascending=False, kind="stable")


def upward_tests(section: NextTests, result: PlanResult) -> dict[str, float]:
    """Channels that the plan stops at the most tried -> what their test adds, of present spend.

    One that rides on demand is not among them, nor one whose test would not spend more than was tried.
    """
    more = max(section.change, section.heavy_up or 0.0)
    spend, now = result.allocation.spend, result.now.spend
    held = {one.channel for one in result.held}
    return {
        one.channel: more
        for one in result.tried
        if one.channel not in held
        and 0 < one.at_most * (1 - _NEAR) <= spend[one.channel]
        and float(now[one.channel]) * (1 + more) > one.at_most
    }


def design_of(section: NextTests, organic: Organic, weeks: int) -> LiftTest:
    """The test that the plan file asks about; its error is the noise of its weeks where the file states none."""
    error = section.standard_error
    if error is None:
        error = noise_of(organic, section.weeks, weeks)
    return LiftTest(section.change, section.weeks / weeks, error)
