"""What plans of a run promised and what they brought, on companies whose truth is known.

A plan chooses what looks best, so its figures are too good on average even where every single one is fair. How much is
measured, not derived: ``tests/benchmarks/planning_truth.py`` prints the table whose ratios stand here.
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.answer.worth import Difference

__all__ = ["Experience", "experience_of"]

COMPANIES = 48


@dataclass(frozen=True)
class Experience:
    """Predicted over true improvement against today, of plans with one aim.

    Parameters
    ----------
    ratio
        The mean over companies of what plans promised, over that of what they brought.
    said, came_true
        How likely plans said they beat today, and the share that did.
    companies
        How many there were.
    """

    ratio: float
    said: float
    came_true: float
    companies: int = COMPANIES

    def expected(self, change: Difference) -> float:
        """What is left of a promised improvement where this plan does as those did."""
        return change.change.point / self.ratio


_SAME_MONEY = Experience(1.26, 0.88, 0.75)
_LESS_CAC = Experience(1.10, 1.0, 1.0)


def experience_of(aim: str) -> Experience | None:
    """Of plans that want most customers, or the least blended CAC; None for aims that were not measured.

    Parameters
    ----------
    aim
        Name of the figure that the plan is judged by.
    """
    return {"customers": _SAME_MONEY, "blended CAC": _LESS_CAC}.get(aim)
