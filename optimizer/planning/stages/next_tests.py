"""Which channel's lift test would help the coming plan most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mmm import Organic
from optimizer.plan import Plan
from optimizer.planning.file.keys.plan import NextTests
from optimizer.planning.stages.result import PlanResult, TestsResult
from optimizer.planning.stages.tested import SIGMAS_OF_AN_EFFECT
from optimizer.question.constraints import Budget, Channel, Constraint, MaxCAC
from optimizer.question.objectives import Customers
from optimizer.uncertainty.value_of_tests import LiftTest, value_of_tests

__all__ = ["design_of", "upward_tests", "worth_of_tests"]

_DRAWS = 1000  # every outcome of every test is a plan of its own
_NEAR = 1e-6


def worth_of_tests(section: NextTests, result: PlanResult, weeks: int) -> TestsResult:
    """What a test of each channel would be worth, in customers at the planned spend.

    The question is the plan's own without promises of customers, which are not known to hold before the test: most
    customers for the money of the plan, within its limits on spend. A channel that the plan stops at the most tried is
    tested upwards, and its worth counts what the plan may then spend on it where the test sees an effect.
    """
    spent = [channel for channel in result.curves.channels if result.now.spend[channel] > 0]
    every = max(result.curves.n_draws // _DRAWS, 1)
    rows = np.arange(0, result.curves.n_draws, every)
    test = design_of(section, result.organic, weeks)
    limits = result.plan.without(Budget, Customers, MaxCAC).subject_to
    own = limits[: len(limits) - len(result.held) - len(result.tried)]
    limits = (*own, Budget(exactly=float(result.planned.spend.sum())))
    holds, tried = ({one.channel: one.constraint for one in each} for each in (result.held, result.tried))
    curves, up = result.curves.take(rows), upward_tests(section, result)

    def within(*more: Constraint) -> Plan:
        organic = Customers(organic=result.organic.predicted[rows])
        return Plan(maximize=organic, subject_to=[*limits, *more], now=result.plan.now)

    def without_its_hold(channels: list[str]) -> pd.DataFrame:
        """A channel's own hold does not bind its test, which would end it."""
        others = (hold for channel, hold in holds.items() if channel not in channels)
        return value_of_tests(within(*tried.values(), *others), curves, dict.fromkeys(channels, test))

    def upwards(channel: str) -> pd.DataFrame:
        """Against the plan that stops where the channel was tried."""
        others = (limit for name, limit in tried.items() if name != channel)
        opened = Channel(channel).at_most(float(result.now.spend[channel]) * (1 + up[channel]))
        plan = within(*others, *holds.values(), opened)
        tests = {channel: replace(test, change=up[channel])}
        return value_of_tests(plan, curves, tests, keep=keep, least=SIGMAS_OF_AN_EFFECT)

    keep = within(*tried.values(), *holds.values()).solve(curves).spend if up else None
    free = [channel for channel in spent if channel not in holds and channel not in up]
    asked = [free] * bool(free) + [[channel] for channel in spent if channel in holds]
    table = pd.concat([*map(without_its_hold, asked), *map(upwards, up)]).set_index("channel")
    table = table.assign(change=[up.get(str(channel), section.change) for channel in table.index])
    table = table.sort_values("value", ascending=False, kind="stable")
    return TestsResult(table, section.weeks, test.standard_error)


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
        tested = organic.noise.shape[1] * section.weeks // weeks  # periods, of weeks or days
        error = float(np.std(organic.noise[:, :tested].sum(axis=1)))
    return LiftTest(section.change, section.weeks / weeks, error)
