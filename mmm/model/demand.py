"""Control functions: columns of the baseline that stand for the demand which spend gives away.

Where spend follows a demand that nobody measured, what is odd about spend is news of that demand. With one Gaussian
copula behind spend, the measured terms of the baseline and the unseen demand, the part of the demand that goes with
spend is linear in the normal scores of spend, freed of the normal scores of the measured terms. Beside those columns
spend itself is as good as set by lot. Only the shape of spend tells the two apart: of a spend that is normal and works
in a straight line nothing can be learnt this way, and the priors decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.model.ranges import POSITIVE

__all__ = ["ControlFunctions", "normal_scores"]

_NOTHING_LEFT = 1e-6  # share of a score's variance below which the measured terms say all of it


@final
@shown
@dataclass(frozen=True)
class ControlFunctions:
    """Columns of the baseline, one for each channel that follows demand: what is odd about its spend (2sCOPE).

    They are integrated out with the baseline and cost sampling nothing. In a forecast they stand at zero, where demand
    is as the measured terms have it: what is coming is no news yet.

    Parameters
    ----------
    sd
        Prior standard deviation of each coefficient, in units of the mean KPI: how much demand may differ where spend
        is one standard deviation higher than the measured terms lead to expect.
    channels
        Paid channels that have a column; where None those that the check ``follows_demand`` names, often none. A column
        beside a channel that follows nothing costs precision: spend and its scores are much alike.

    Raises
    ------
    BadInput
        Where ``sd`` is no positive number.

    References
    ----------
    Park and Gupta (2012), "Handling Endogenous Regressors by Joint Estimation Using Copulas", Marketing Science 31(4);
    Yang, Qian and Xie (2022), "Addressing Endogeneity Using a Two-Stage Copula Generated Regressor Approach", NBER
    working paper 29708.
    """

    sd: float = 0.1
    channels: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not POSITIVE.holds(self.sd):
            raise BadInput(Problem("ControlFunctions", f"sd is {self.sd!r}.", remedy=f"give {POSITIVE.told}."))
        if isinstance(self.channels, str):
            text = f"channels is {self.channels!r}."
            raise BadInput(Problem("ControlFunctions", text, remedy=f"give names in brackets: ({self.channels!r},)."))

    def columns(self, spend: Array, measured: Array) -> Array:
        """Normal scores of spend, freed of those of the measured terms, each of standard deviation 1.

        Parameters
        ----------
        spend
            What drives each channel, shape (T, C).
        measured
            Trend, season, holidays and controls, shape (T, K).

        Returns
        -------
        Shape (T, C); zeros for a channel that never varies, or does nothing but follow the measured terms.
        """
        scores = normal_scores(spend)
        known = np.column_stack([np.ones(len(spend)), normal_scores(measured)])
        left = scores - known @ np.linalg.lstsq(known, scores, rcond=1e-8)[0]
        spread = left.std(axis=0)
        news = spread**2 > _NOTHING_LEFT * np.maximum(scores.var(axis=0), _NOTHING_LEFT)
        return np.asarray(np.where(news, left, 0.0) / np.where(news, spread, 1.0))


def normal_scores(series: Array) -> Array:
    """Normal quantiles of the average ranks of each column over n + 1, shape (T, K): equal values have equal scores."""
    from scipy.special import ndtri

    if not series.size:
        return np.zeros(series.shape)
    return np.asarray(ndtri(pd.DataFrame(series).rank().to_numpy() / (len(series) + 1.0)))
