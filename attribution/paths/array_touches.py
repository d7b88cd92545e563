"""The reading of touches as numpy arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.arrays import Array, Flags, Ints
from attribution.errors import BadInput
from attribution.paths.grouping import grouped_sums
from attribution.paths.paths import Paths
from attribution.paths.touches import Touches

__all__ = ["ArrayTouches", "blocks_of"]

_BLOCK = 500_000


class ArrayTouches(Touches):
    """Touches of some paths as arrays.

    Parameters
    ----------
    paths
        The paths.
    start, stop
        Range of paths to look at.
    """

    def __init__(self, paths: Paths, start: int, stop: int) -> None:
        self._paths, self._range = paths, slice(start, stop)
        self._at = slice(int(paths.first[start]), int(paths.first[stop]))
        self._starts = paths.first[start:stop] - paths.first[start]
        self._lengths = np.diff(paths.first[start : stop + 1])

    def _per_touch(self, values: NDArray[Any]) -> Any:
        """A column of paths as a column of touches; constant columns stay scalars."""
        if values.strides == (0,) and len(values):
            return values[0]
        return np.repeat(values[self._range], self._lengths)

    @cached_property
    def channel(self) -> Any:
        """Id of the channel."""
        return self._paths.channel[self._at].astype(np.int64)

    @cached_property
    def length(self) -> Any:
        """Touches in the path."""
        return np.repeat(self._lengths, self._lengths)

    @cached_property
    def _row(self) -> Any:
        return np.arange(self._at.stop - self._at.start) - np.repeat(self._starts, self._lengths)

    @cached_property
    def _moments(self) -> tuple[Any, Any]:
        """First step of the touches of each one's moment, and how many they are."""
        tied = self._paths.tied
        if tied is None or not (here := tied[self._at]).any():
            return self._row, 1
        opens = np.flatnonzero(~here)
        count = np.diff(np.append(opens, len(here)))
        return np.repeat(self._row[opens], count), np.repeat(count, count)

    @property
    def tied(self) -> Any:
        """Touches of this moment in the path."""
        return self._moments[1]

    @cached_property
    def step(self) -> Any:
        """Position in the path, from 0."""
        place, tied = self._moments
        return place if isinstance(tied, int) else place + (tied - 1) / 2

    @cached_property
    def is_first(self) -> Any:
        """Whether nothing in the path comes before."""
        return self.opens if isinstance(self.tied, int) else self._moments[0] == 0

    @cached_property
    def is_last(self) -> Any:
        """Whether nothing in the path comes after."""
        place, tied = self._moments
        return self.closes if isinstance(tied, int) else place + tied == self.length

    @cached_property
    def opens(self) -> Any:
        """The first row of the path."""
        return self._flagged(self._starts)

    @cached_property
    def closes(self) -> Any:
        """The last row of the path."""
        return self._flagged(self._starts + self._lengths - 1)

    def _flagged(self, at: Ints) -> Flags:
        flags = np.zeros(self._at.stop - self._at.start, dtype=bool)
        flags[at] = True
        return flags

    @property
    def weight(self) -> Any:
        """Weight of the touch; None where all weigh the same."""
        return None if self._paths.weight is None else self._paths.weight[self._at]

    @cached_property
    def age(self) -> Any:
        """Days before the conversion."""
        if self._paths.age is None:
            raise BadInput("these paths carry no times.")
        return self._paths.age[self._at]

    @cached_property
    def conversions(self) -> Any:
        """Conversions of the path."""
        return self._per_touch(self._paths.conversions)

    @cached_property
    def nulls(self) -> Any:
        """Times the path did not convert."""
        return self._per_touch(self._paths.nulls)

    @cached_property
    def value(self) -> Any:
        """Value of the path."""
        return self._per_touch(self._paths.value)

    @cached_property
    def bucket(self) -> Any:
        """Bucket of the path's user."""
        return self._per_touch(self._paths.labels["bucket"])

    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """See :meth:`Touches.choose`."""
        return np.where(condition, yes, no)

    def exp(self, x: Any) -> Any:
        """See :meth:`Touches.exp`."""
        return np.exp(x)

    def log(self, x: Any) -> Any:
        """See :meth:`Touches.log`."""
        return np.log(x)

    def whole(self, x: Any) -> Any:
        """See :meth:`Touches.whole`."""
        return np.floor(x).astype(np.int64)

    def bit(self, channel: Any) -> Any:
        """See :meth:`Touches.bit`."""
        return np.left_shift(np.int64(1), channel)

    def of_channel(self, values: Sequence[float] | Array) -> Any:
        """See :meth:`Touches.of_channel`."""
        return np.asarray(values, dtype=float)[self.channel]

    def bracket(self, x: Any, edges: Sequence[int]) -> Any:
        """See :meth:`Touches.bracket`."""
        return np.searchsorted(edges, x, side="right")

    def moment(self) -> Any:
        """See :meth:`Touches.moment`."""
        if self._paths.ended is None:
            raise BadInput("these paths carry no times.")
        return self._per_touch(self._paths.ended) - np.rint(self.age * 86_400_000_000).astype(np.int64)

    def _reduce(self, function: np.ufunc, x: Any) -> Any:
        return np.repeat(function.reduceat(x, self._starts), self._lengths)

    def path_max(self, x: Any) -> Any:
        """See :meth:`Touches.path_max`."""
        return self._reduce(np.maximum, x)

    def path_min(self, x: Any) -> Any:
        """See :meth:`Touches.path_min`."""
        return self._reduce(np.minimum, x)

    def path_sum(self, x: Any) -> Any:
        """See :meth:`Touches.path_sum`."""
        return self._reduce(np.add, x)

    def past(self, lag: int) -> Any:
        """See :meth:`Touches.past`."""
        earlier = np.zeros_like(self.channel)
        np.add(self.channel[:-lag], 1, out=earlier[lag:])
        for step in range(lag):
            earlier[self._starts[self._lengths > step] + step] = 0
        return earlier

    @cached_property
    def _newcomer(self) -> Ints:
        owner = np.repeat(np.arange(len(self._lengths)), self._lengths)
        _, at = np.unique(owner * (int(self.channel.max(initial=0)) + 1) + self.channel, return_index=True)
        flags = np.zeros(len(owner), dtype=np.int64)
        flags[at] = 1
        return flags

    def newcomer(self) -> Any:
        """See :meth:`Touches.newcomer`."""
        return self._newcomer

    def newcomers_so_far(self) -> Any:
        """See :meth:`Touches.newcomers_so_far`."""
        running = np.cumsum(self._newcomer)
        return running - np.repeat(running[self._starts] - 1, self._lengths)

    def in_orders(self) -> Iterator[Touches]:
        """See :meth:`Touches.in_orders`."""
        start, stop = self._range.start, self._range.stop
        if isinstance(self.tied, int):
            yield self
            return
        for paths in self._paths.take(np.arange(start, stop)).scaled(0.25).in_orders():
            yield ArrayTouches(paths, 0, stop - start)

    def group(
        self, by: Sequence[str], items: Mapping[str, Any], sums: Mapping[str, Any], where: Any = None
    ) -> pd.DataFrame:
        """See :meth:`Touches.group`."""
        keys = {name: self._per_touch(self._paths.labels[name]) for name in by} | dict(items)
        size = self._at.stop - self._at.start
        columns = {name: np.broadcast_to(np.asarray(key, dtype=np.int64), size) for name, key in keys.items()}
        amounts = {name: np.asarray(amount, dtype=float) for name, amount in sums.items()}
        if where is not None:
            columns = {name: column[where] for name, column in columns.items()}
            amounts = {name: amount[where] if amount.ndim else amount for name, amount in amounts.items()}
        return grouped_sums(columns, amounts)


def blocks_of(paths: Paths) -> Iterator[ArrayTouches]:
    """The touches of paths, about half a million at a time and never half a path."""
    starts = np.unique(np.searchsorted(paths.first, np.arange(0, paths.first[-1], _BLOCK)))
    edges = [*starts[starts < len(paths)].tolist(), len(paths)] if len(paths) else []
    for start, stop in pairwise(edges):
        yield ArrayTouches(paths, start, stop)
