"""The efficient frontier of a plan: the most customers for each budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from optimizer.answer.allocation import Allocation
from optimizer.question.constraints import Budget

__all__ = ["frontier_frame"]


def frontier_frame(most: Callable[[Budget], Allocation], budgets: Iterable[float]) -> pd.DataFrame:
    """One row per budget, from what finds the most customers within it; see ``Plan.frontier``."""
    rows = []
    for amount in budgets:
        budget = Budget(at_most=float(amount))
        best = most(budget)
        price = best.price_of(budget.limit)
        rows.append(
            {
                "budget": float(amount),
                "spend": best.total_spend,
                "customers": best.customers,
                "blended_cac": best.blended_cac,
                "marginal_cac": 1 / price if price > 0 else float("inf"),
                "bound": best.bound,
                "gap": best.gap,
                **{f"spend:{channel}": amount for channel, amount in best.spend.items()},
            }
        )
    return pd.DataFrame(rows)
