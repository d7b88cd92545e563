"""Logistic saturation: the upper half of a logistic curve, also known as tanh saturation."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.saturating import Saturating

__all__ = ["Logistic", "logistic"]


def logistic(spend: Any, saturation: Any, half_saturation: Any) -> Any:
    """Customers at ``spend``: saturation (1 - q) / (1 + q), q = 3 ** (-spend / half_saturation); NumPy and PyTensor.

    With rate = ln 3 / half_saturation this is saturation (1 - exp(-rate spend)) / (1 + exp(-rate spend)).

    >>> round(logistic(100.0, 50.0, 100.0), 12)
    25.0
    """
    q = 3.0 ** (-spend / half_saturation)
    return saturation * (1 - q) / (1 + q)


@shown
@dataclass(frozen=True, eq=False)
class Logistic(Saturating):
    """Logistic saturation, tanh in other words.

    Parameters
    ----------
    saturation
        Customers at unlimited spend.
    half_saturation
        Spend that brings half of them; ln 3 over the rate of the usual notation.
    """

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope; tanh keeps small spends exact."""
        saturation, half_saturation = parameters
        rate = log(3) / 2 / half_saturation
        won = np.tanh(rate * spend)
        return saturation * won, saturation * rate * (1 - won) * (1 + won)
