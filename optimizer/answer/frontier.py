"""The efficient frontier of a plan: the most customers for each budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from mmm.curves import ResponseCurve
from optimizer.question.constraints import Budget, MaxCAC
from optimizer.question.objectives import Customers

if TYPE_CHECKING:
    from optimizer.plan import Plan

__all__ = ["frontier_frame"]


def frontier_frame(
    plan: Plan, curves: Mapping[str, ResponseCurve], budgets: Iterable[float], gap: float
) -> pd.DataFrame:
    """One row per budget; see ``Plan.frontier``."""
    objective = Customers(organic=plan.organic, fixed_cost=plan.fixed_cost)
    limits = [part for part in plan.subject_to if not isinstance(part, Budget | MaxCAC | Customers)]
    rows = []
    for budget in budgets:
        constraint = Budget(at_most=float(budget))
        found = plan.replaced(objective=objective, subject_to=[*limits, constraint]).solve(curves, gap)
        price = float(found.shadow_prices.get(constraint.label, 0.0))
        rows.append(
            {
                "budget": float(budget),
                "spend": found.total_spend,
                "customers": found.customers,
                "blended_cac": found.blended_cac,
                "marginal_cac": 1 / price if price > 0 else float("inf"),
                "bound": found.bound,
                "gap": found.gap,
                **{f"spend:{channel}": amount for channel, amount in found.spend.items()},
            }
        )
    return pd.DataFrame(rows)
