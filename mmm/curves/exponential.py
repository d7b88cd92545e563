"""Exponential saturation: each further unit of spend reaches the same share of those not yet won."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any, Self

import numpy as np

from mmm.arrays import Array
from mmm.curves.base import Family, Parameter

__all__ = ["Exponential", "exponential"]


def exponential(spend: Any, saturation: Any, half_saturation: Any) -> Any:
    """Customers at ``spend``: saturation (1 - 2 ** (-spend / half_saturation)); for NumPy and PyTensor.

    With rate = ln 2 / half_saturation this is saturation (1 - exp(-rate spend)).

    >>> exponential(200.0, 40.0, 100.0)
    30.0
    """
    return saturation * (1 - 2.0 ** (-spend / half_saturation))


@dataclass(frozen=True, eq=False)
class Exponential(Family):
    """Exponential saturation.

    Parameters
    ----------
    saturation
        Customers at unlimited spend.
    half_saturation
        Spend that brings half of them; each such spend again wins half of the rest.
    """

    saturation: Parameter
    half_saturation: Parameter

    may_be_zero = frozenset({"saturation"})

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope; expm1 keeps small spends exact."""
        saturation, half_saturation = parameters
        won = -np.expm1(-log(2) * spend / half_saturation)
        return saturation * won, saturation * log(2) / half_saturation * (1 - won)

    @staticmethod
    def inflection_of(*parameters: Array) -> Array:
        """Zero: concave throughout."""
        return np.zeros(np.broadcast_shapes(*(values.shape for values in parameters)))

    @property
    def ceiling(self) -> Array:
        """The saturation."""
        return np.asarray(self.saturation)

    def stretched(self, spend: float | Array, customers: float | Array) -> Self:
        """The curve x -> customers * self(x / spend)."""
        return type(self)(self.saturation * customers, self.half_saturation * spend)
