"""How likely the promises of a plan are kept, by the plan and by today's spend, with the same draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mmm.arrays import Array
from optimizer.answer.evaluation import Evaluation
from optimizer.answer.misses import Miss
from optimizer.answer.worth import Odds
from optimizer.plan import Plan
from optimizer.question.limits import Limit
from optimizer.question.objectives import Profit
from optimizer.question.setting import Setting

__all__ = ["GUARDRAIL", "odds_of"]

GUARDRAIL = 3.0
"""Lifetime value over blended CAC that is usually asked for."""


def odds_of(
    plan: Plan,
    setting: Setting,
    today: Evaluation,
    planned: Evaluation,
    *,
    today_misses: tuple[Miss, ...],
    value: float | None = None,
) -> tuple[Odds, ...]:
    """Every promise of a plan that hangs on customers, and LTV:CAC where a customer's value is known.

    Parameters
    ----------
    plan
        With the promises; limits on spend alone are certain and left out.
    setting
        The plan's.
    today, planned
        Draws of both spends.
    today_misses
        What today's spend does not keep in expectation.
    value
        A customer's, where the plan's objective states none.
    """
    missed = {miss.limit for miss in today_misses}
    pairs = zip(_kept(plan, setting, planned), _kept(plan, setting, today), strict=True)
    promises = [
        Odds(limit, float(kept.mean()), float(old.mean()), limit not in missed) for (limit, kept), (_, old) in pairs
    ]
    objective = plan.objective
    if isinstance(objective, Profit) and isinstance(objective.value_per_customer, int | float):
        value = float(objective.value_per_customer)
    if value is not None:
        now, then = (float(np.mean(GUARDRAIL * side.blended_cac <= value)) for side in (today, planned))
        expected = bool(GUARDRAIL * today.expected_cac <= value)
        promises.append(Odds(f"LTV:CAC at least {GUARDRAIL:g}", then, now, expected, is_guardrail=True))
    return tuple(promises)


def _kept(plan: Plan, setting: Setting, outcome: Evaluation) -> Iterator[tuple[Limit | str, Array]]:
    """By promise and draw, whether a spend keeps it."""
    drawn, spend, paid = replace(setting, business=outcome.business), outcome.spend.to_numpy(), outcome.paid.to_numpy()
    for part in plan.subject_to:
        yield from part.kept(drawn, spend, paid).items()
