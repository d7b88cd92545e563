"""Curves with a ceiling: what their families have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mmm.arrays import Array
from mmm.curves.base import Family, Parameter

__all__ = ["Saturating"]


@dataclass(frozen=True, eq=False)
class Saturating(Family):
    """A curve with a ceiling, concave unless its family says otherwise.

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
    def inflection_of(*parameters: Array) -> Array:
        """Zero: concave throughout."""
        return np.zeros(np.broadcast_shapes(*(values.shape for values in parameters)))

    @property
    def ceiling(self) -> Array:
        """The saturation."""
        return np.asarray(self.saturation)

    def stretched(self, spend: float | Array, customers: float | Array) -> Self:
        """The curve x -> customers * self(x / spend)."""
        return replace(self, saturation=self.saturation * customers, half_saturation=self.half_saturation * spend)
