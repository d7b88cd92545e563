"""Touches, in one language with two readings: numpy arrays held in memory, and Ibis expressions an engine runs.

Models are written against :class:`Touches` alone, so that a weight or a transition is defined once and means the same
in numpy, DuckDB, Spark and a warehouse.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from attribution.arrays import Array

__all__ = ["Touches"]


class Touches(ABC):
    """A column language over touches.

    Columns: ``channel`` (id), ``step`` (from 0), ``length`` (of the path), ``is_first``, ``is_last``, ``age`` (days
    before the conversion, or before the last touch where there is none), and of the whole path ``conversions``,
    ``nulls``, ``value`` and ``bucket``. They take arithmetic and comparison operators.

    Touches of one moment have no order: they share the mean of their steps, all of the first moment are first and all
    of the last are last, and ``tied`` says how many they are (1 where a touch has a moment of its own). Where sums need
    one touch to stand for the path, or a chain an order, ``opens`` and ``closes`` mark a single touch in the order of
    rows. ``weight`` is None where all touches weigh the same.
    """

    channel: Any
    step: Any
    length: Any
    is_first: Any
    is_last: Any
    opens: Any
    closes: Any
    tied: Any
    weight: Any
    bucket: Any
    age: Any
    conversions: Any
    nulls: Any
    value: Any

    @abstractmethod
    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """``yes`` where the condition holds, else ``no``."""

    @abstractmethod
    def exp(self, x: Any) -> Any:
        """The exponential function."""

    @abstractmethod
    def log(self, x: Any) -> Any:
        """The natural logarithm."""

    @abstractmethod
    def whole(self, x: Any) -> Any:
        """``x`` rounded down, as an integer."""

    @abstractmethod
    def path_max(self, x: Any) -> Any:
        """Largest ``x`` of the path, at each of its touches."""

    @abstractmethod
    def path_min(self, x: Any) -> Any:
        """Smallest ``x`` of the path, at each of its touches."""

    @abstractmethod
    def path_sum(self, x: Any) -> Any:
        """Sum of ``x`` over the path, at each of its touches."""

    @abstractmethod
    def bit(self, channel: Any) -> Any:
        """Two to the power of a channel id up to 61."""

    @abstractmethod
    def of_channel(self, values: Sequence[float] | Array) -> Any:
        """The number that belongs to the touch's channel; ``values`` in the order of ids."""

    @abstractmethod
    def bracket(self, x: Any, edges: Sequence[int]) -> Any:
        """How many of the rising ``edges`` lie at or below ``x``."""

    @abstractmethod
    def moment(self) -> Any:
        """Microseconds from 1970 to the touch."""

    @abstractmethod
    def past(self, lag: int) -> Any:
        """The id, plus one, of the channel ``lag`` touches earlier; 0 before the path began."""

    @abstractmethod
    def newcomer(self) -> Any:
        """1 at the first touch of each channel in its path, else 0."""

    @abstractmethod
    def newcomers_so_far(self) -> Any:
        """Number of different channels in the path up to and with this touch."""

    @abstractmethod
    def in_orders(self) -> Iterator[Touches]:
        """The touches four times with a quarter of their paths' weight: those of one moment as they stand, in the
        opposite order, and so in every other moment of the path.
        """

    @abstractmethod
    def group(
        self, by: Sequence[str], items: Mapping[str, Any], sums: Mapping[str, Any], where: Any = None
    ) -> pd.DataFrame:
        """Sums of touches, grouped by columns of the path and by integer items.

        Parameters
        ----------
        by
            ``"bucket"`` or names of segments.
        items, sums
            Name -> column.
        where
            Condition that rows must meet.
        """
