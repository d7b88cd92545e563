"""What not knowing the curves costs: customers forgone at the same spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.question.constraints import Budget
from optimizer.question.objectives import Customers
from optimizer.question.program import Constraint, Row

__all__ = ["Regret", "expected_regret"]


@shown
@dataclass(frozen=True, eq=False)
class Regret:
    """Customers forgone, at the same spend, by not knowing the curves.

    Parameters
    ----------
    draws
        Regret in each draw examined, shape (draws,).
    """

    draws: Array

    @property
    def mean(self) -> float:
        """Expected regret."""
        return float(self.draws.mean())

    @property
    def standard_error(self) -> float:
        """Of the mean, from the number of draws examined."""
        return float(self.draws.std(ddof=1) / np.sqrt(len(self.draws))) if len(self.draws) > 1 else float("nan")


def expected_regret(
    plan: Plan, curves: ResponseCurves, spend: Mapping[str, float] | pd.Series, draws: int = 100, seed: int = 0
) -> Regret:
    """How many customers a plan for each draw would win beyond an allocation, spending as much under the same limits.

    Parameters
    ----------
    plan
        Gives the limits on spend; promises of customers and CAC ceilings are put aside.
    curves
        Response curves with draws.
    spend
        The allocation.
    draws, seed
        How many draws to examine, and which.
    """
    total = float(curves.amounts(spend).sum())
    objective = Customers(organic=float(np.mean(plan.organic)))
    limits = [
        part for part in plan.subject_to if not _counts_customers(part, plan, curves) and not isinstance(part, Budget)
    ]
    at_spend = plan.replaced(objective=objective, subject_to=[*limits, Budget(at_most=total)])
    chosen = np.random.default_rng(seed).permutation(max(curves.n_draws, 1))[:draws]
    reached = curves.customers(spend)
    regrets = []
    for draw in chosen:
        best = at_spend.solve(curves.take([int(draw)]), gap=1e-4)
        regrets.append(max(best.customers - float(np.mean(plan.organic)) - float(reached[draw]), 0.0))
    return Regret(np.array(regrets))


def _counts_customers(part: object, plan: Plan, curves: ResponseCurves) -> bool:
    if not isinstance(part, Constraint):
        return False
    return any(isinstance(row, Row) and row.per_customer.any() for row in part.rows(plan.setting(curves)))
