"""A plan beside those that trust less: what the stage of trust hands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.findings import Finding

__all__ = ["ALONE", "AS_CREDITED", "CAUTIOUS", "EXPECTED", "GUARDED", "Proof", "Trust", "TrustedPlan"]

EXPECTED = "expected"
"""What tables call the curves that the plan rests on."""

CAUTIOUS, GUARDED, AS_CREDITED = "Cautious plan", "Plan against hidden demand", "Plan for the credit as it is"
"""What outputs call the plans beside the run's own."""

ALONE = (
    "No cautious plan stands beside one for the worst cases (plan.risk), for it would keep promises on average alone."
)


@dataclass(frozen=True)
class Proof:
    """The least improvement on today over the cases that a plan is made for, the most of any plan, their distance."""

    worst: float
    bound: float
    gap: float


@dataclass(frozen=True, eq=False)
class TrustedPlan:
    """One plan beside the others.

    Parameters
    ----------
    name
        What outputs call it.
    spend
        Currency over the horizon, by channel; NaN where there is no such plan.
    improvement
        On today's figure of the plan's aim, above zero is better: as expected, under each reading, and under the hidden
        demand that is worst for this plan.
    short
        Customers by which it misses the promise, in the same cases; 0 where it keeps it or there is none.
    proof
        Its proof; None of a plan that is not made for cases.
    problem
        Why there is none; empty where there is.
    """

    name: str
    spend: pd.Series
    improvement: pd.Series
    short: pd.Series
    proof: Proof | None = None
    problem: str = ""


@dataclass(frozen=True)
class Trust:
    """The plan beside those that trust less.

    Parameters
    ----------
    plans
        The run's own first.
    findings
        Whether the plan is better than today in each worst case.
    """

    plans: tuple[TrustedPlan, ...]
    findings: tuple[Finding, ...]

    def named(self, name: str) -> TrustedPlan | None:
        """One of the plans; None where the run has none of that name."""
        return next((plan for plan in self.plans if plan.name == name), None)

    def to_frame(self) -> pd.DataFrame:
        """One row per plan: improvements by case, bound and gap of its worst, then spend by channel."""
        rows = []
        for plan in self.plans:
            row: dict[str, object] = {"plan": plan.name}
            row |= {f"improvement:{case}": value for case, value in plan.improvement.items()}
            row |= {f"short_of_promise:{case}": value for case, value in plan.short.items()}
            proof = (plan.proof.worst, plan.proof.bound, plan.proof.gap) if plan.proof else (np.nan,) * 3
            row |= dict(zip(("worst", "bound", "gap"), proof, strict=True))
            row |= {f"spend:{channel}": amount for channel, amount in plan.spend.items()}
            rows.append(row | {"problem": plan.problem})
        return pd.DataFrame(rows)
