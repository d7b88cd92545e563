"""Power curve: constant elasticity, without a ceiling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.base import Family, Parameter

__all__ = ["Power", "power"]


def power(spend: Any, scale: Any, exponent: Any) -> Any:
    """Customers at ``spend``: scale spend ** exponent; for NumPy and PyTensor.

    >>> power(100.0, 3.0, 0.5)
    30.0
    """
    return scale * spend**exponent


@shown
@dataclass(frozen=True, eq=False)
class Power(Family):
    """Power curve.

    Parameters
    ----------
    scale
        Customers at a spend of one unit of currency.
    exponent
        Elasticity, above 0 and at most 1: one per cent more spend brings so many per cent more customers.
    """

    scale: Parameter
    exponent: Parameter

    may_be_zero = frozenset({"scale"})

    def _faults(self, name: str, values: Array) -> Iterator[str]:
        yield from super()._faults(name, values)
        if name == "exponent" and (values > 1).any():
            yield f"must be at most 1, got {values.max():g}: no channel returns ever more per unit of spend."

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope; the slope is infinite at zero for exponents below 1."""
        scale, exponent = parameters
        value = power(spend, scale, exponent)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(spend > 0, exponent * value / spend, np.where(exponent < 1, np.inf, scale))
            return value, np.where(scale > 0, slope, 0.0)

    @staticmethod
    def inflection_of(*parameters: Array) -> Array:
        """Zero: concave throughout."""
        return np.zeros(np.broadcast_shapes(*(values.shape for values in parameters)))

    @property
    def ceiling(self) -> Array:
        """Infinite, or zero where the scale is."""
        shape = np.broadcast_shapes(np.shape(self.scale), np.shape(self.exponent))
        return np.broadcast_to(np.where(self.scale > 0, np.inf, 0.0), shape)

    def stretched(self, spend: float | Array, customers: float | Array) -> Self:
        """The curve x -> customers * self(x / spend)."""
        return type(self)(self.scale * customers / spend**self.exponent, self.exponent)
