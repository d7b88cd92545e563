"""What plans by a run's defaults promised and what they brought, on companies whose truth is known.

A plan chooses what looks best, so its figures are too good on average even where every single one is fair. How much is
measured, not derived: ``tests/benchmarks/planning_truth.py`` prints the table whose figures stand here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.estimates import Estimate
from attribution.shown import shown
from mmm.arrays import Array

__all__ = ["COMPANIES", "Corrected", "Experience", "experience_of"]

COMPANIES = 48
"""How many there were."""


@shown
@dataclass(frozen=True)
class Corrected:
    """A plan's improvement on today as plans like it turned out.

    Parameters
    ----------
    change
        The aim's figure less today's, with its 90 % interval.
    probability_better
        Probability that the plan does better than today.
    """

    change: Estimate
    probability_better: float


@dataclass(frozen=True)
class Experience:
    """Predicted over true improvement against today, of plans with one aim.

    Parameters
    ----------
    ratio, low, high
        The mean over companies of what plans promised, over that of what they brought, and its 90 % interval.
    said, came_true
        How likely plans said they beat today, and the share that did.
    wider
        What the spread of a promise's draws is multiplied by, beside the ratio.
    """

    ratio: float
    low: float
    high: float
    said: float
    came_true: float
    wider: float

    def corrected(self, point: float, draws: Array, lower_is_better: bool) -> Corrected:
        """A promised improvement as such promises turned out.

        Parameters
        ----------
        point, draws
            The figure less today's, and its draws, shape (draws,).
        lower_is_better
            Whether less of the figure is wanted.
        """
        drawn = (point + self.wider * (draws - point)) / self.ratio
        low, high = np.quantile(drawn, [0.05, 0.95])
        better = drawn < 0 if lower_is_better else drawn > 0
        return Corrected(Estimate(point / self.ratio, float(low), float(high)), float(np.mean(better)))


_SAME_MONEY = Experience(1.23, 1.09, 1.42, 0.87, 0.86, wider=1.2)
_LESS_CAC = Experience(1.05, 1.00, 1.10, 0.98, 1.0, wider=1.2)


def experience_of(aim: str) -> Experience | None:
    """Of plans that want most customers, or the least blended CAC; None for aims that were not measured.

    Parameters
    ----------
    aim
        Name of the figure that the plan is judged by.
    """
    return {"customers": _SAME_MONEY, "blended CAC": _LESS_CAC}.get(aim)
