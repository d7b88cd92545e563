"""Events partitioned by user into parts that fit a processor's cache, in memory, or in a file where memory is short.

Sorting parts that fit a cache costs a fraction of sorting all events at once, and a part holds whole users, so that
each can be folded into paths on its own.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.arrays import Ints, Keys
from attribution.errors import BadInput

__all__ = ["PARTS", "ROW", "Parts", "cut", "in_file", "in_memory", "partition"]

PARTS = 256
ROW = 16
_TOP = np.uint64(56)
_WAITING = 3

Read = Callable[[int, int], Ints]
Keep = Callable[[Ints], Read]


@dataclass(frozen=True, eq=False)
class Parts:
    """Events by part, as chunks that are each in the order of its parts.

    Parameters
    ----------
    chunks
        Per chunk: how to read rows from one position to another, shape (rows, 2), and where each part begins in it.
    """

    chunks: list[tuple[Read, Ints]]

    def __len__(self) -> int:
        """Number of events."""
        return sum(int(edge[-1]) for _, edge in self.chunks)

    def between(self, start: int, stop: int) -> tuple[Keys, Ints]:
        """Users and events of the parts from one to before another, in no order."""
        rows = [read(int(edge[start]), int(edge[stop])) for read, edge in self.chunks]
        both = np.concatenate(rows) if rows else np.zeros((0, 2), dtype=np.int64)
        return np.ascontiguousarray(both[:, 0]).view(np.uint64), both[:, 1]


def partition(batches: Iterable[tuple[NDArray[Any], ...]], keep: Keep) -> Parts:
    """Partition events by the first bits of their users' hashes.

    Parameters
    ----------
    batches
        Users' hashes and events.
    keep
        Where chunks go: :func:`in_memory` or :func:`in_file`.
    """
    waiting: deque[Future[tuple[Read, Ints]]] = deque()
    chunks = []
    with ThreadPoolExecutor(1) as pool:  # while the next batch is made
        for user, event in batches:
            waiting.append(pool.submit(_sorted_by_part, user, event, keep))
            if len(waiting) > _WAITING:
                chunks.append(waiting.popleft().result())
        chunks += [future.result() for future in waiting]
    return Parts(chunks)


def cut(user: Keys) -> Ints:
    """Where each part begins among users in rising order, and their number at the end."""
    edges = np.arange(PARTS, dtype=np.uint64) << _TOP
    return np.append(np.searchsorted(user, edges), len(user)).astype(np.int64)


def _sorted_by_part(user: Keys, event: Ints, keep: Keep) -> tuple[Read, Ints]:
    part = (user >> _TOP).astype(np.uint8)
    order = np.argsort(part, kind="stable")  # of bytes: one counting pass
    rows = np.empty((len(part), 2), dtype=np.int64)
    rows[:, 0], rows[:, 1] = user.view(np.int64), event
    edges = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=PARTS))])
    return keep(np.take(rows, order, axis=0)), edges


@contextmanager
def in_memory() -> Iterator[Keep]:
    """Keep chunks as they are."""
    yield lambda rows: lambda start, stop: rows[start:stop]


@contextmanager
def in_file(folder: str | None = None) -> Iterator[Keep]:
    """Keep chunks in a file without a name for the time of the context.

    Raises
    ------
    BadInput
        The folder has no room.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        lock = Lock()

        def keep(rows: Ints) -> Read:
            try:
                with lock:
                    begin = file.seek(0, 2)
                    file.write(rows.data)
                    file.flush()
            except OSError as error:
                place = folder or tempfile.gettempdir()
                text = f"events that do not fit in the memory limit cannot wait in {place}: {error.strerror}."
                raise BadInput(f"{text} Remedy: Engine(spill=...) with a folder that has room.") from error
            return partial(read, begin)

        def read(begin: int, start: int, stop: int) -> Ints:
            part = np.empty((stop - start, 2), dtype=np.int64)
            with lock:
                file.seek(begin + start * ROW)
                file.readinto(part.data)
            return part

        yield keep
