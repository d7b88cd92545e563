"""Which channel's lift test would help the coming plan most."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optimizer.plan import Plan
from optimizer.planning.file.keys.plan import NextTests
from optimizer.planning.stages.result import PlanResult, TestsResult
from optimizer.question.constraints import Budget, MaxCAC
from optimizer.question.objectives import Customers
from optimizer.uncertainty.value_of_tests import LiftTest, value_of_tests

__all__ = ["worth_of", "worth_of_tests"]

_DRAWS = 1000  # every outcome of every test is a plan of its own


def worth_of_tests(section: NextTests, result: PlanResult, weeks: int) -> TestsResult:
    """What a test of each channel would be worth, in customers at the planned spend.

    The question is the plan's own without promises of customers, which are not known to hold before the test: most
    customers for the money of the plan, within its limits on spend.
    """
    spent = [channel for channel in result.curves.channels if result.now.spend[channel] > 0]
    error = section.standard_error
    if error is None:
        tested = result.organic.noise.shape[1] * section.weeks // weeks  # periods, of weeks or days
        error = float(np.std(result.organic.noise[:, :tested].sum(axis=1)))
    test = LiftTest(section.change, section.weeks / weeks, error)
    return TestsResult(worth_of(result, dict.fromkeys(spent, test)), section.weeks, section.change, error)


def worth_of(result: PlanResult, tests: Mapping[str, LiftTest]) -> pd.DataFrame:
    """What each channel's test would be worth, as :func:`optimizer.value_of_tests`, indexed by channel."""
    every = max(result.curves.n_draws // _DRAWS, 1)
    rows = np.arange(0, result.curves.n_draws, every)
    limits = result.plan.without(Budget, Customers, MaxCAC).subject_to
    own = limits[: len(limits) - len(result.held) - len(result.tried)]
    tried = (one.constraint for one in result.tried)
    limits = (*own, *tried, Budget(exactly=float(result.planned.spend.sum())))
    holds = {one.channel: one.constraint for one in result.held}

    def worth(channels: list[str]) -> pd.DataFrame:
        """A channel's own hold does not bind its test, which would end it."""
        others = [hold for channel, hold in holds.items() if channel not in channels]
        organic = Customers(organic=result.organic.predicted[rows])
        plan = Plan(maximize=organic, subject_to=[*limits, *others], now=result.plan.now)
        return value_of_tests(plan, result.curves.take(rows), {channel: tests[channel] for channel in channels})

    free = [channel for channel in tests if channel not in holds]
    asked = [free] * bool(free) + [[channel] for channel in tests if channel in holds]
    table = pd.concat([worth(channels) for channels in asked]).sort_values("value", ascending=False, kind="stable")
    return table.set_index("channel")
