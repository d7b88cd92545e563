"""FlightPlan: spend by week and channel, with its proof."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from attribution.numbers import gap, plain
from attribution.shown import shown
from optimizer.answer.allocation import Status

__all__ = ["FlightPlan"]


@shown
@dataclass(frozen=True, eq=False)
class FlightPlan:
    """Spend by week, with its proof.

    Parameters
    ----------
    spend
        Weeks x channels.
    customers
        Expected customers: organic ones, those within the horizon, and those after it.
    within, after
        Paid customers within the horizon, and after it by carryover.
    carried_in
        Customers that past spend still brings; they are not part of ``customers``.
    future
        Weekly spend per channel after the horizon, on top of which ``after`` counts.
    blended_cac
        (fixed cost + spend) / customers.
    value, bound, gap
        The objective's figure, one that no schedule can beat, and their relative distance.
    status
        How the search ended, as a sentence.
    """

    spend: pd.DataFrame
    customers: float
    within: float
    after: float
    carried_in: float
    future: pd.Series
    blended_cac: float
    value: float
    bound: float
    gap: float
    status: Status

    @property
    def total_spend(self) -> float:
        """Spend over all weeks and channels."""
        return float(self.spend.to_numpy().sum())

    @property
    def verdict(self) -> str:
        """How good the schedule is, with its gap."""
        if self.status is Status.CERTIFIED:
            return f"{self.status.value} (gap {gap(self.gap)})"
        side = "below" if self.bound >= self.value else "above"
        text = f"the best of several local optima, at most {gap(self.gap)} {side} what no schedule beats"
        return f"{text} ({plain(self.bound)})."
