"""Touches, in one language with two readings: numpy arrays held in memory, and Ibis expressions an engine runs.

Models are written against :class:`Touches` alone, so that a weight or a transition is defined once and means the same
in numpy, DuckDB, Spark and a warehouse.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput
from attribution.grouping import grouped_sums

if TYPE_CHECKING:
    import ibis

    from attribution.paths import Paths

__all__ = ["ArrayTouches", "IbisTouches", "Touches"]

PATH = ("user", "part", "expired")


class Touches(ABC):
    """A column language over touches.

    Columns: ``channel`` (id), ``step`` (from 0), ``length`` (of the path), ``age`` (days before the conversion, or
    before the last touch where there is none), and of the whole path ``conversions``, ``nulls`` and ``value``. They
    take arithmetic and comparison operators.
    """

    channel: Any
    step: Any
    length: Any
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
    def day(self) -> Any:
        """Days from 1970 to the touch, in UTC."""

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
    def step(self) -> Any:
        """Position in the path, from 0."""
        return np.arange(self._at.stop - self._at.start) - np.repeat(self._starts, self._lengths)

    @cached_property
    def age(self) -> Any:
        """Days before the conversion."""
        if self._paths.age is None:
            raise BadInput("these paths carry no times.")
        return self._paths.age[self._at].astype(float)

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

    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """See :meth:`Touches.choose`."""
        return np.where(condition, yes, no)

    def exp(self, x: Any) -> Any:
        """See :meth:`Touches.exp`."""
        return np.exp(x)

    def bit(self, channel: Any) -> Any:
        """See :meth:`Touches.bit`."""
        return np.left_shift(np.int64(1), channel)

    def day(self) -> Any:
        """See :meth:`Touches.day`."""
        if self._paths.ended is None:
            raise BadInput("these paths carry no times.")
        moment = self._per_touch(self._paths.ended) - np.rint(self.age * 86_400_000_000).astype(np.int64)
        return moment // 86_400_000_000

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
        earlier[lag:] = self.channel[:-lag] + 1
        earlier[self.step < lag] = 0
        return earlier

    @cached_property
    def _newcomer(self) -> NDArray[np.int64]:
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


class IbisTouches(Touches):
    """Touches as a table of an engine, with the columns of :func:`attribution.sessions.touches_of`."""

    def __init__(self, table: ibis.Table) -> None:
        self._table = table
        for name in ("channel", "step", "length", "age", "conversions", "nulls", "value"):
            setattr(self, name, table[name])

    def _path(self, order: str | None = None) -> Any:
        import ibis

        return ibis.window(group_by=list(PATH), order_by=order)

    def _bound(self, x: Any) -> Any:
        """The expression as a column of a subquery, since engines do not nest windows."""
        name = f"bound_{len(self._table.columns)}"
        self._table = self._table.mutate(**{name: x})
        return self._table[name]

    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """See :meth:`Touches.choose`."""
        import ibis

        return ibis.ifelse(condition, yes, no)

    def exp(self, x: Any) -> Any:
        """See :meth:`Touches.exp`."""
        return x.exp()

    def path_max(self, x: Any) -> Any:
        """See :meth:`Touches.path_max`."""
        return self._bound(x).max().over(self._path())

    def path_min(self, x: Any) -> Any:
        """See :meth:`Touches.path_min`."""
        return self._bound(x).min().over(self._path())

    def path_sum(self, x: Any) -> Any:
        """See :meth:`Touches.path_sum`."""
        return self._bound(x).sum().over(self._path())

    def bit(self, channel: Any) -> Any:
        """See :meth:`Touches.bit`."""
        import ibis

        return ibis.ifelse(channel < 0, 0, 1).cast("int64") << channel.cast("int32")

    def day(self) -> Any:
        """See :meth:`Touches.day`."""
        return (self._table.time / 86_400_000_000.0).floor().cast("int64")

    def past(self, lag: int) -> Any:
        """See :meth:`Touches.past`."""
        return (self.channel.lag(lag).over(self._path("step")) + 1).fill_null(0)

    def newcomer(self) -> Any:
        """See :meth:`Touches.newcomer`."""
        import ibis

        earlier = ibis.row_number().over(ibis.window(group_by=[*PATH, "channel"], order_by="step"))
        return self._bound(ibis.ifelse(self._bound(earlier) == 0, 1, 0))

    def newcomers_so_far(self) -> Any:
        """See :meth:`Touches.newcomers_so_far`."""
        import ibis

        running = ibis.window(group_by=list(PATH), order_by="step", preceding=None, following=0)
        return self.newcomer().sum().over(running)

    def group(
        self, by: Sequence[str], items: Mapping[str, Any], sums: Mapping[str, Any], where: Any = None
    ) -> pd.DataFrame:
        """See :meth:`Touches.group`."""
        frame = self.grouped(by, items, sums, where).execute()
        return pd.DataFrame(frame.rename(columns={f"item_{name}": name for name in items}))

    def grouped(self, by: Sequence[str], items: Mapping[str, Any], sums: Mapping[str, Any], where: Any) -> ibis.Table:
        """The expression behind :meth:`group`; items bear the prefix ``item_``."""
        import ibis

        columns = {f"sum_{name}": column for name, column in sums.items()}
        columns |= {f"item_{name}": column for name, column in items.items()}
        columns["kept"] = True if where is None else where
        table = self._table.mutate(
            **{name: x if isinstance(x, ibis.Value) else ibis.literal(x) for name, x in columns.items()}
        )
        table = table if where is None else table.filter(table.kept)
        grouped = table.group_by([*by, *(f"item_{name}" for name in items)])
        return grouped.aggregate(**{name: table[f"sum_{name}"].sum() for name in sums})
