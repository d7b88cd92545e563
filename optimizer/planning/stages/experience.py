"""What plans by a run's defaults promised and what they brought, on companies whose truth is known.

A plan chooses what looks best, so its figures are too good on average even where every single one is fair. How much is
measured, not derived: ``tests/benchmarks/planning_truth.py`` prints the table whose ratios stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.answer.worth import Difference
from optimizer.planning.stages.result import Run

__all__ = ["COMPANIES", "Experience", "beside_defaults", "experience_of"]

COMPANIES = 48
"""How many there were."""


@dataclass(frozen=True)
class Experience:
    """Predicted over true improvement against today, of plans with one aim.

    Parameters
    ----------
    ratio, low, high
        The mean over companies of what plans promised, over that of what they brought, and its 90 % interval.
    said, came_true
        How likely plans said they beat today, and the share that did.
    """

    ratio: float
    low: float
    high: float
    said: float
    came_true: float

    def expected(self, change: Difference) -> tuple[float, float]:
        """What is left of a promised improvement where this plan does as those did, least first."""
        least, most = sorted((change.change.point / self.high, change.change.point / self.low), key=abs)
        return least, most


_SAME_MONEY = Experience(1.26, 1.09, 1.46, 0.89, 0.75)
_LESS_CAC = Experience(1.10, 1.05, 1.16, 1.0, 1.0)


def experience_of(aim: str) -> Experience | None:
    """Of plans that want most customers, or the least blended CAC; None for aims that were not measured.

    Parameters
    ----------
    aim
        Name of the figure that the plan is judged by.
    """
    return {"customers": _SAME_MONEY, "blended CAC": _LESS_CAC}.get(aim)


def beside_defaults(run: Run) -> tuple[str, ...]:
    """What sets a run's plan apart from those that were measured, in words; empty where nothing does."""
    return tuple(_beside(run))


def _beside(run: Run) -> Iterator[str]:
    section = run.config.plan
    if section is None or run.plan is None:
        return
    if section.explore:
        yield "explores (plan.explore)"
    if section.raise_riders and run.plan.riders.untested:
        yield "raises riders (plan.raise_riders)"
    if section.risk is not None:
        yield "is made for the worst cases (plan.risk)"
    if section.robust:
        yield "is made against hidden demand (plan.robust)"
    if run.plan.plan.fees:
        yield "pays fees in steps"
    if section.referral is not None:
        yield "has a referral programme (plan.referral)"
    if section.new_channels:
        yield "has channels without history (plan.new_channels)"
    if run.inputs.markets is not None and run.inputs.markets.several:
        yield "divides money between markets"
    if run.rivals is None:
        yield "rests on one reading of the weeks"
