"""Work of a run that goes on beside later stages, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event
from typing import TypeVar

from optimizer.planning.stages.progress import Update

__all__ = ["beside"]

_Result = TypeVar("_Result")
_LOOK = 0.1  # seconds


@contextmanager
def beside(work: Callable[[Update], _Result]) -> Iterator[Callable[[Update], _Result]]:
    """Begin work whose result later stages do not need; the block gets what waits for it.

    Where the block is left without having waited, as of a plan that is refused, the work is interrupted, and ends
    before anything else goes on.

    Parameters
    ----------
    work
        Called with where it reports how far it is; interrupted there.
    """
    state: list[tuple[float, str]] = []
    left = Event()

    def report(part: float, note: str) -> None:
        if left.is_set():
            raise KeyboardInterrupt
        state[:] = [(part, note)]

    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(copy_context().run, work, report)

        def awaited(update: Update) -> _Result:
            while not future.done():
                for part, note in state[:]:
                    update(part, note)
                wait([future], _LOOK)
            return future.result()

        try:
            yield awaited
        finally:
            left.set()
