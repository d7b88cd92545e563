"""Exponential saturation: each further unit of spend reaches the same share of those not yet won."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.saturating import Saturating

__all__ = ["Exponential", "exponential"]


def exponential(spend: Any, saturation: Any, half_saturation: Any) -> Any:
    """Customers at ``spend``: saturation (1 - 2 ** (-spend / half_saturation)); for NumPy and PyTensor.

    With rate = ln 2 / half_saturation this is saturation (1 - exp(-rate spend)).

    >>> exponential(200.0, 40.0, 100.0)
    30.0
    """
    return saturation * (1 - 2.0 ** (-spend / half_saturation))


@shown
@dataclass(frozen=True, eq=False)
class Exponential(Saturating):
    """Exponential saturation.

    Parameters
    ----------
    saturation
        Customers at unlimited spend.
    half_saturation
        Spend that brings half of them; each such spend again wins half of the rest.
    """

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope; expm1 keeps small spends exact."""
        saturation, half_saturation = parameters
        won = -np.expm1(-log(2) * spend / half_saturation)
        return saturation * won, saturation * log(2) / half_saturation * (1 - won)
