"""A figure with its interval: how it is made of draws, what its columns are called, and how it is written.

Frames that users get in Python call a point ``estimate``, ``mean`` or ``median`` and its 90 % interval ``5%`` and
``95%``; flat files repeat a figure's own name with ``_low`` and ``_high``, for a percent sign has no place there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution import numbers

__all__ = ["HIGH", "INTERVAL", "LOW", "MEDIAN", "Estimate", "column_names", "ends_of", "interval_of"]

INTERVAL = {"5%": 0.05, "95%": 0.95}
"""Columns of the 90 % interval in frames, and the quantiles they hold."""

LOW, HIGH = INTERVAL

MEDIAN = {"median": 0.5, **INTERVAL}
"""The same for a median with its interval."""

_POINTS = ("estimate", "mean", "median")
_ENDS = (tuple(INTERVAL), ("low", "high"))

Draws = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 90 % interval.

    Parameters
    ----------
    point
        The figure; NaN where there is none.
    low, high
        5 % and 95 % points.
    """

    point: float
    low: float
    high: float

    @classmethod
    def exact(cls, value: float) -> Self:
        """A figure that is known."""
        return cls(value, value, value)

    @classmethod
    def of(cls, draws: Draws, mass: float = 0.9) -> Self:
        """Mean of draws, and the central interval that holds so much of them."""
        low, high = np.quantile(draws, _tails(mass))
        return cls(float(np.mean(draws)), float(low), float(high))

    @classmethod
    def cost(cls, spend: float, customers: Draws, mass: float = 0.9) -> Self:
        """Spend per customer; the point is spend over mean customers, for a mean of ratios need not exist.

        None where nobody comes in any draw inside the interval of customers, however many come in the few beyond it.
        """
        mean = float(np.mean(customers))
        low, high = np.quantile(customers, _tails(mass))
        if spend == 0 or mean <= 0 or high <= 0:
            return cls.exact(np.nan)
        return cls(spend / mean, spend / float(high), spend / float(low) if low > 0 else np.inf)

    @classmethod
    def blended(cls, outlay: float, customers: Draws, mass: float = 0.9) -> Self:
        """Outlay over all customers, organic ones included: nothing where nothing is spent and somebody comes."""
        free = outlay == 0 and float(np.mean(customers)) > 0
        return cls.exact(0.0) if free else cls.cost(outlay, customers, mass)

    @classmethod
    def at(cls, table: pd.DataFrame, row: str, point: str | None = None) -> Self:
        """From a row of a table that names its columns as summaries do; ``point`` chooses among several points.

        Raises
        ------
        KeyError
            Where the table has no such row or no interval.
        """
        names = column_names(table)
        columns = [point or names[0], names[1], names[2]]
        values = table[columns].to_numpy(dtype=float)[table.index.get_loc(row)]
        return cls(*(float(value) for value in values))

    @property
    def known(self) -> bool:
        """Whether there is a figure: not so where nothing was spent, or nothing won."""
        return self.point == self.point

    def flat(self, name: str) -> dict[str, float]:
        """Columns of a flat file."""
        return {name: self.point, f"{name}_low": self.low, f"{name}_high": self.high}

    def written(self, form: Callable[[float], str] = numbers.cost) -> str:
        """The point with its interval behind it.

        >>> Estimate(108.4, 105.4, 111.5).written()
        '108.4 (105.4 to 111.5)'
        """
        return f"{form(self.point)} ({self.range(form)})" if self.known else numbers.MISSING

    def range(self, form: Callable[[float], str] = numbers.cost) -> str:
        """The interval alone: ``105.4 to 111.5``."""
        return f"{form(self.low)} to {form(self.high)}"


def interval_of(draws: Draws, axis: int = 0) -> dict[str, Draws]:
    """Columns of the 90 % interval of draws along an axis."""
    return dict(zip(INTERVAL, np.quantile(draws, list(INTERVAL.values()), axis=axis), strict=True))


def ends_of(name: str) -> list[str]:
    """Columns of a figure's interval in a frame of several figures: ``cac 5%`` and ``cac 95%``."""
    return [f"{name} {end}" for end in INTERVAL]


def _tails(mass: float) -> list[float]:
    return list(INTERVAL.values()) if mass == 0.9 else [(1 - mass) / 2, (1 + mass) / 2]


def column_names(table: pd.DataFrame) -> tuple[str | None, str | None, str | None]:
    """What a summary calls its point and the ends of its interval; None for what it lacks."""
    point = next((name for name in _POINTS if name in table), None)
    low, high = (next((names[end] for names in _ENDS if names[end] in table), None) for end in (0, 1))
    return point, low, high
