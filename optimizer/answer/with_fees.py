"""The best plan with fees in steps, and what a spend costs with the fees that it makes due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mmm.arrays import Array
from optimizer.answer.spent import Spent
from optimizer.answer.verify import missed
from optimizer.question.compiler import compiled
from optimizer.question.fees import Fee
from optimizer.question.objectives import Objective
from optimizer.question.program import Constraint, Program
from optimizer.question.setting import Setting
from optimizer.solvers.branch import Outcome
from optimizer.solvers.fee_steps import Ranges, best_steps

__all__ = ["best_with_fees", "due", "with_dues"]


def due(fees: Sequence[Fee], spend: Mapping[str, float]) -> float:
    """All fees of a spend by channel."""
    return sum(fee.due(spend) for fee in fees)


def with_dues(setting: Setting, fees: Sequence[Fee], spend: Mapping[str, float]) -> Setting:
    """The setting with the fees that a spend makes due among its fixed cost."""
    business = setting.business
    return replace(setting, business=replace(business, fixed_cost=business.fixed_cost + due(fees, spend)))


def best_with_fees(
    objective: Objective,
    subject_to: Sequence[Constraint],
    fees: Sequence[Fee],
    setting: Setting,
    run: Callable[[Program, float], Outcome],
    gap: float,
    time_limit: float,
) -> tuple[Program, Outcome]:
    """The best spend with the fees it makes due, proved against every step, and the program of its own steps.

    Parameters
    ----------
    objective, subject_to, fees
        Of the plan.
    setting
        Without any fee.
    run
        Solves a program within some seconds, to half the gap.
    gap, time_limit
        As of the plan.
    """
    channels = setting.channels

    def named(spend: Array) -> dict[str, float]:
        return dict(zip(channels, spend.tolist(), strict=True))

    def steps(spend: Array) -> tuple[int, ...]:
        return tuple(fee.step(named(spend)) for fee in fees)

    def program(ranges: Ranges) -> Program:
        least = sum(fee.of_step(first) for fee, (first, _) in zip(fees, ranges, strict=True))
        business = replace(setting.business, fixed_cost=setting.business.fixed_cost + least)
        limits = [fee.within(first, last) for fee, (first, last) in zip(fees, ranges, strict=True)]
        return compiled(objective, (*subject_to, *limits), replace(setting, business=business))

    def score(spend: Array) -> float:
        spent = Spent.on_curves(with_dues(setting, fees, named(spend)), named(spend))
        if missed(subject_to, spent):
            return -np.inf
        won = np.array([spent.won(channel) for channel in channels])
        return objective.goal(spent.setting).score(spend, won)

    goal = objective.goal(setting)
    outcome = best_steps(
        fees,
        steps,
        lambda ranges, seconds: run(program(ranges), seconds),
        score,
        lambda value, spend: gap * goal.size(value, float(spend.sum())),
        time_limit,
    )
    if outcome.spend is None:
        return compiled(objective, subject_to, setting), outcome
    return program(tuple((step, step) for step in steps(outcome.spend))), outcome
