"""Michaelis-Menten curve: the Hill curve of slope 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.saturating import Saturating

__all__ = ["MichaelisMenten", "michaelis_menten"]


def michaelis_menten(spend: Any, saturation: Any, half_saturation: Any) -> Any:
    """Customers at ``spend``: saturation spend / (half_saturation + spend); for NumPy and PyTensor.

    >>> michaelis_menten(300.0, 40.0, 100.0)
    30.0
    """
    return saturation * (spend / (half_saturation + spend))


@shown
@dataclass(frozen=True, eq=False)
class MichaelisMenten(Saturating):
    """Michaelis-Menten curve (1913).

    Parameters
    ----------
    saturation
        Customers at unlimited spend.
    half_saturation
        Spend that brings half of them.
    """

    @staticmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope."""
        saturation, half_saturation = parameters
        left = half_saturation / (half_saturation + spend)
        return michaelis_menten(spend, saturation, half_saturation), saturation / half_saturation * left * left
