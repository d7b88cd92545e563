"""Tallies: the small sums over paths that a model needs, kept apart by bucket or segment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.arrays import Array, Ints
from attribution.errors import BadInput
from attribution.paths.grouping import grouped_sums
from attribution.paths.workers import WORKERS

if TYPE_CHECKING:
    from attribution.paths.touches import Touches

__all__ = ["MEASURES", "Tally"]

_ROWS = 2_000_000
_DENSE_CELLS = 4_000_000
MEASURES = ("conversions", "nulls", "value")


@dataclass(frozen=True)
class Tally:
    """Sums of conversions, paths without conversion, and value per item, one row of sums per key.

    Parameters
    ----------
    items
        What is counted, one row each: channels, transitions, channel sets.
    keys
        Buckets or segments; a single empty key where the sums are not kept apart.
    rows, columns
        Position of each sum in ``keys`` and in ``items``.
    sums
        Measure -> the sums, aligned with ``rows`` and ``columns``.
    """

    items: pd.DataFrame
    keys: pd.Index
    rows: Ints
    columns: Ints
    sums: dict[str, Array]

    @classmethod
    def gathered(
        cls, blocks: Iterable[Touches], count: Callable[[Touches], pd.DataFrame], by: Sequence[str] = ()
    ) -> Tally:
        """A tally from blocks of touches, two at a time, merged as they come.

        Parameters
        ----------
        blocks
            Touches.
        count
            Sums of one block, grouped by ``by`` and the items.
        by
            Columns of the key.
        """
        waiting: deque[Future[pd.DataFrame]] = deque()
        frames: list[pd.DataFrame] = []
        most = _ROWS
        with ThreadPoolExecutor(WORKERS) as pool:
            for touches in blocks:
                waiting.append(pool.submit(count, touches))
                if len(waiting) > WORKERS:
                    frames.append(waiting.popleft().result())
                if sum(map(len, frames)) > most:
                    frames = [_merged(frames)]
                    most = max(_ROWS, 2 * len(frames[0]))
            frames += [future.result() for future in waiting]
        return cls.of(frames[0] if len(frames) == 1 else _merged(frames), by)

    @classmethod
    def of(cls, frame: pd.DataFrame, by: Sequence[str]) -> Tally:
        """A tally from the result of a group-by.

        Parameters
        ----------
        frame
            Columns ``by``, the columns of the items, and the measures.
        by
            Columns of the key.
        """
        named = [column for column in frame.columns if column not in {*by, *MEASURES}]
        ordered = frame.sort_values([*by, *named], ignore_index=True) if len(by) + len(named) else frame
        items, columns = _distinct(ordered, named)
        if by:
            labels = pd.MultiIndex.from_frame(ordered[list(by)]) if len(by) > 1 else pd.Index(ordered[by[0]])
            keys = labels.unique()
            rows = keys.get_indexer(labels)
        else:
            keys, rows = pd.Index([0]), np.zeros(len(ordered), dtype=np.int64)
        sums = {name: ordered[name].to_numpy(dtype=float, na_value=0.0) for name in MEASURES if name in ordered.columns}
        return cls(items, keys, np.asarray(rows, dtype=np.int64), columns, sums)

    def over(self, keys: pd.Index) -> Tally:
        """The same sums over more keys, those without a row counting zero."""
        return replace(self, keys=keys, rows=keys.get_indexer(self.keys)[self.rows].astype(np.int64))

    def split(self) -> Iterator[tuple[object, Tally]]:
        """The tallies of each value of the first key column, keyed by the second."""
        outer = self.keys.get_level_values(0)
        inner = pd.Index(self.keys.get_level_values(1))
        for value in outer.unique():
            chosen = np.asarray(outer == value)
            rows = np.flatnonzero(chosen[self.rows])
            own = np.cumsum(chosen) - 1
            sums = {name: amounts[rows] for name, amounts in self.sums.items()}
            yield (
                value,
                replace(self, keys=inner[chosen], rows=own[self.rows[rows]], columns=self.columns[rows], sums=sums),
            )

    def total(self) -> dict[str, Array]:
        """Sums over all keys, shape (1, items)."""
        return {
            name: np.bincount(self.columns, weights=sums, minlength=len(self.items))[None, :].astype(float)
            for name, sums in self.sums.items()
        }

    def weighted(self, weights: Array) -> dict[str, Array]:
        """Sums with each key counted ``weights`` times.

        Parameters
        ----------
        weights
            Shape (replicates, keys).

        Returns
        -------
        dict
            Measure -> array of shape (replicates, items).
        """
        from scipy import sparse

        shape = (len(self.keys), len(self.items))
        if shape[0] * shape[1] <= _DENSE_CELLS:
            at = self.rows * shape[1] + self.columns
            cells = shape[0] * shape[1]
            return {
                name: weights @ np.bincount(at, weights=sums, minlength=cells).reshape(shape)
                for name, sums in self.sums.items()
            }
        matrices = {
            name: sparse.csr_array((sums, (self.rows, self.columns)), shape=shape) for name, sums in self.sums.items()
        }
        return {name: np.asarray((matrix.T @ weights.T).T) for name, matrix in matrices.items()}


def _merged(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Sums of several blocks; all but the measures are small integers."""
    if not frames:
        raise BadInput("there are no paths to count.")
    keys = [name for name in frames[0].columns if name not in MEASURES]
    columns = {name: np.concatenate([frame[name].to_numpy() for frame in frames]) for name in keys}
    sums = {
        name: np.concatenate([frame[name].to_numpy() for frame in frames]) for name in frames[0] if name in MEASURES
    }
    return grouped_sums(columns, sums)


def _distinct(frame: pd.DataFrame, named: list[str]) -> tuple[pd.DataFrame, Ints]:
    grouped = frame.groupby(named, sort=True)
    items = grouped.size().index.to_frame(index=False)
    return items, np.asarray(grouped.ngroup().to_numpy(), dtype=np.int64)
