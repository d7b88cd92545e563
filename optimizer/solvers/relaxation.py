"""What a relaxation over hulls returns, whichever way it is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mmm.arrays import Array
from optimizer.solvers.hulls import Envelopes

__all__ = ["Relaxation", "Relaxed"]


@dataclass(frozen=True)
class Relaxed:
    """The best allocation under hulls instead of curves.

    Parameters
    ----------
    score
        No allocation under the curves scores more.
    spend, customers
        The allocation and the hulls' heights there, shape (channels,).
    """

    score: float
    spend: Array
    customers: Array


class Relaxation(Protocol):
    """A way to solve the relaxation."""

    def __call__(self, hulls: Envelopes, margin: Array) -> Relaxed | None:
        """The relaxed optimum with every row's limit lowered by its margin; None where nothing keeps the rows."""
