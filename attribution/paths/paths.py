"""Paths in memory: a few bytes per touch, so that every model after the first pass works on arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.arrays import Array, Flags, Ints
from attribution.errors import BadInput

__all__ = ["Paths", "joined", "narrow"]


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths as arrays.

    Parameters
    ----------
    channel
        Channel id of each touch, path after path, in the narrowest integer type that holds the ids.
    first
        Position of each path's first touch, and the number of touches at the end; shape (paths + 1,).
    conversions, nulls, value
        Per path: times it converted, times it did not, value of its conversions. Constant columns may be broadcast
        views that take no memory.
    age
        Days of each touch before the conversion, or before the path's last touch; None without times.
    ended
        Microseconds since 1970 of the conversion or last touch; None without times.
    labels
        ``bucket`` and the segments: small integers per path.
    source
        Row of the conversions table that ended each path, -1 for none; None without such a table.
    tied
        Whether each touch stands at the moment of the one before it in its path; None where none does.
    weight
        Weight of each touch in rules of thumb; None where all weigh 1.
    """

    channel: NDArray[Any]
    first: Ints
    conversions: Array
    nulls: Array
    value: Array
    age: Array | None = None
    ended: Ints | None = None
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)
    source: Ints | None = None
    tied: Flags | None = None
    weight: Array | None = None

    def __len__(self) -> int:
        """Number of rows; with weights a row stands for several paths."""
        return len(self.first) - 1

    @property
    def lengths(self) -> Ints:
        """Touches of each path."""
        return np.diff(self.first)

    @property
    def began(self) -> Ints:
        """Microseconds since 1970 of each path's first touch."""
        if self.ended is None or self.age is None:
            raise BadInput("aggregated paths have no times; build the journeys from touchpoints.")
        return np.asarray(self.ended - np.rint(self.age[self.first[:-1]] * 86_400_000_000).astype(np.int64))

    def to_frame(self, offset: int = 0) -> pd.DataFrame:
        """One row per touch; ``part`` numbers the paths from ``offset``."""
        owner = np.repeat(np.arange(len(self)), self.lengths)
        frame = pd.DataFrame(
            {
                "user": owner + offset,
                "part": owner + offset,
                "channel": self.channel,
                "step": np.arange(len(owner)) - self.first[owner],
            }
            | {"length": self.lengths[owner], "expired": 0}
            | dict(zip(("place", "tied"), self.moments(), strict=True))
            | ({} if self.weight is None else {"weight": self.weight})
            | {name: getattr(self, name)[owner] for name in ("conversions", "nulls", "value")}
            | {name: label[owner] for name, label in self.labels.items()}
        )
        if self.ended is not None:
            ended = self.ended[owner]
            age = np.zeros(len(owner)) if self.age is None else self.age
            frame = frame.assign(age=age, ended=ended, time=ended - np.rint(age * 86_400_000_000).astype(np.int64))
        return frame

    def moments(self) -> tuple[Ints, Ints]:
        """At each touch: the first step of the touches of its moment, and how many they are."""
        step = np.arange(len(self.channel)) - np.repeat(self.first[:-1], self.lengths)
        if self.tied is None:
            return step, np.ones_like(step)
        opens = np.flatnonzero(~self.tied)
        count = np.diff(np.append(opens, len(step)))
        return np.repeat(step[opens], count), np.repeat(count, count)

    def in_orders(self) -> Iterator[Paths]:
        """The paths with touches of one moment as they stand, turned round, and turned in every other moment."""
        if self.tied is None:
            return
        opens = np.flatnonzero(~self.tied)
        count = np.diff(np.append(opens, len(self.channel)))
        moment = np.cumsum(~self.tied) - 1
        number = moment - np.repeat(moment[self.first[:-1]], self.lengths)
        row = np.arange(len(self.channel))
        turned = np.repeat(2 * opens + count - 1, count) - row
        for at in (row, turned, np.where(number % 2 == 0, turned, row), np.where(number % 2 == 1, turned, row)):
            yield replace(self, channel=self.channel[at], weight=None if self.weight is None else self.weight[at])

    def scaled(self, by: float) -> Paths:
        """The paths counted ``by`` times."""
        conversions, nulls, value = (_scaled(column, by) for column in (self.conversions, self.nulls, self.value))
        return replace(self, conversions=conversions, nulls=nulls, value=value)

    def relabelled(self, labels: dict[str, NDArray[Any]]) -> Paths:
        """The same paths under other labels."""
        return replace(self, labels=labels)

    def take(self, rows: Ints) -> Paths:
        """Some of the paths, in the order of ``rows``; a row may occur several times."""
        lengths = self.lengths[rows]
        first = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(first[-1]) + np.repeat(self.first[rows] - first[:-1], lengths)
        return self._pick(rows, at, first)

    def keep(self, touches: Flags) -> Paths:
        """The paths without some touches; paths that lose all of them vanish."""
        count = np.add.reduceat(touches.astype(np.int64), self.first[:-1]) if len(self) else np.zeros(0, np.int64)
        rows = np.flatnonzero(count)
        return self._pick(rows, np.flatnonzero(touches), np.concatenate([[0], np.cumsum(count[rows])]))

    def _pick(self, rows: Ints, at: Ints, first: Ints) -> Paths:
        return replace(
            self,
            channel=self.channel[at],
            first=first,
            conversions=_rows(self.conversions, rows),
            nulls=_rows(self.nulls, rows),
            value=_rows(self.value, rows),
            age=None if self.age is None else self.age[at],
            ended=None if self.ended is None else self.ended[rows],
            labels={name: label[rows] for name, label in self.labels.items()},
            source=None if self.source is None else self.source[rows],
            tied=self._still_tied(at, first),
            weight=None if self.weight is None else self.weight[at],
        )

    def _still_tied(self, at: Ints, first: Ints) -> Flags | None:
        """Whether touches that are left stand at the moment of the one that is now before them."""
        if self.tied is None:
            return None
        moment = np.cumsum(~self.tied)[at]
        tied = np.zeros(len(at), dtype=bool)
        tied[1:] = moment[1:] == moment[:-1]
        tied[first[:-1]] = False
        return tied if tied.any() else None


def _scaled(values: Array, by: float) -> Array:
    if values.strides == (0,) and len(values):
        return np.broadcast_to(values[0] * by, len(values))
    return values * by


def _rows(values: Array, rows: Ints) -> Array:
    """Rows of a column; a broadcast constant stays one."""
    if values.strides == (0,) and len(values):
        return np.broadcast_to(values[0], len(rows))
    return values[rows]


def narrow(largest: int) -> type[np.unsignedinteger[Any]]:
    """The narrowest unsigned type that holds a number."""
    return np.uint8 if largest < 2**8 else np.uint16 if largest < 2**16 else np.uint32


def joined(parts: Sequence[Paths]) -> Paths:
    """Paths one after another."""
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(part.first[-1] for part in parts)])
    first = [part.first[:-1] + offset for part, offset in zip(parts, offsets[:-1], strict=True)]

    def flags() -> Flags | None:
        if all(part.tied is None for part in parts):
            return None
        return np.concatenate(
            [np.zeros(len(part.channel), dtype=bool) if part.tied is None else part.tied for part in parts]
        )

    def column(name: str) -> Any:
        columns = [getattr(part, name) for part in parts]
        if any(values is None for values in columns):
            return None
        constants = {float(values[0]) for values in columns if len(values) and values.strides == (0,)}
        if len(constants) == 1 and all(values.strides == (0,) or not len(values) for values in columns):
            return np.broadcast_to(np.float64(constants.pop()), sum(len(values) for values in columns))
        return np.concatenate(columns)

    return Paths(
        channel=column("channel"),
        first=np.concatenate([*first, offsets[-1:]]),
        conversions=column("conversions"),
        nulls=column("nulls"),
        value=column("value"),
        age=column("age"),
        ended=column("ended"),
        labels={name: np.concatenate([part.labels[name] for part in parts]) for name in parts[0].labels},
        source=column("source"),
        tied=flags(),
        weight=column("weight"),
    )
