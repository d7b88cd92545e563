"""Hill curve: concave for slopes up to 1, S-shaped above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.base import Parameter
from mmm.curves.saturating import Saturating

__all__ = ["Hill", "hill"]


def hill(spend: Any, saturation: Any, half_saturation: Any, slope: Any) -> Any:
    """Customers at ``spend``: saturation u / (1 + u) with u = (spend / half_saturation) ** slope.

    Operators only, so that NumPy arrays and PyTensor variables both pass through.

    >>> hill(100.0, 50.0, 100.0, 2.0)
    25.0
    """
    u = (spend / half_saturation) ** slope
    return saturation * u / (1 + u)


@shown
@dataclass(frozen=True, eq=False)
class Hill(Saturating):
    """Hill curve (A. V. Hill, 1910).

    Parameters
    ----------
    saturation
        Customers at unlimited spend.
    half_saturation
        Spend that brings half of them.
    slope
        1 or less: concave; more than 1: S-shaped.

    Examples
    --------
    >>> float(Hill(saturation=50, half_saturation=100, slope=2)(100))
    25.0
    """

    slope: Parameter = 1.0

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope, from one power."""
        saturation, half_saturation, slope = parameters
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = spend / half_saturation
            u = ratio**slope
            some = u > 0
            share = 1 / u  # in place from here on: new memory for each step would take as long as the power
            share += 1
            share = 1 / share  # u / (1 + u) that survives an infinite u, and gives 0 at u = 0
            u += 1
            steepness = share / u
            steepness *= slope
            steepness /= ratio
        if not some.all():
            steepness = np.where(some, steepness, np.where(slope > 1, 0.0, np.where(slope < 1, np.inf, 1.0)))
        scale = saturation / half_saturation
        with np.errstate(invalid="ignore"):
            marginal = scale * steepness
        return saturation * share, marginal if (scale > 0).all() else np.where(scale > 0, marginal, 0.0)

    @staticmethod
    def inflection_of(*parameters: Array) -> Array:
        """Half_saturation ((slope - 1) / (slope + 1)) ** (1 / slope) for slopes above 1, else 0."""
        _, half_saturation, slope = parameters
        return np.asarray(half_saturation * (np.maximum(slope - 1, 0) / (slope + 1)) ** (1 / slope))
