"""Michaelis-Menten curve: the Hill curve of slope 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mmm.arrays import Array
from mmm.curves.base import Family, Parameter

__all__ = ["MichaelisMenten", "michaelis_menten"]


def michaelis_menten(spend: Any, saturation: Any, half_saturation: Any) -> Any:
    """Customers at ``spend``: saturation spend / (half_saturation + spend); for NumPy and PyTensor.

    >>> michaelis_menten(300.0, 40.0, 100.0)
    30.0
    """
    return saturation * (spend / (half_saturation + spend))


@dataclass(frozen=True, eq=False)
class MichaelisMenten(Family):
    """Michaelis-Menten curve (1913).

    Parameters
    ----------
    saturation
        Customers at unlimited spend.
    half_saturation
        Spend that brings half of them.
    """

    saturation: Parameter
    half_saturation: Parameter

    may_be_zero = frozenset({"saturation"})

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope."""
        saturation, half_saturation = parameters
        left = half_saturation / (half_saturation + spend)
        return michaelis_menten(spend, saturation, half_saturation), saturation / half_saturation * left * left

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
