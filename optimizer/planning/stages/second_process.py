"""One more process of a run, for work that Python's lock would keep from going on beside its own in a thread."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from attribution.reading.memory import usable_memory

__all__ = ["SecondProcess"]

_Result = TypeVar("_Result")
_ROOM = 3_000_000_000  # bytes in which both processes find room
_LOADED = ("attribution.plots", "matplotlib.backends.backend_svg", "optimizer.planning.stages.next_tests")


class SecondProcess:
    """Work that goes on in another process once there is one; until then, and without one, where it is waited for.

    Each piece gives the same result either way. Leaving the block ends the process, whatever it is at.
    """

    def __init__(self) -> None:
        self._pool: Any = None

    def __enter__(self) -> SecondProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, kill_workers=True)

    def begin(self) -> None:
        """Start the process, which loads its libraries first, where the machine has a core and memory for it."""
        from loky import ProcessPoolExecutor, cpu_count

        memory = usable_memory()
        if self._pool is None and cpu_count() > 1 and (memory is None or memory > _ROOM):
            with suppress(OSError, ImportError, NotImplementedError):  # a machine without semaphores, or at its limits
                pool = ProcessPoolExecutor(max_workers=1, initializer=_load)
                pool.submit(os.getpid)  # a process starts with the first work that it is given
                self._pool = pool

    def submit(self, work: Callable[..., _Result], *given: Any) -> Callable[[], _Result]:
        """Begin work; what is returned waits for its result, and does it here where the process was taken away."""
        here = partial(work, *given)
        if self._pool is None:
            return here
        try:
            future = self._pool.submit(work, *given)
        except BrokenProcessPool:
            return here

        def awaited() -> _Result:
            try:
                result: _Result = future.result()
            except BrokenProcessPool:  # ended by the system, as where memory runs short
                return here()
            return result

        return awaited


def _load() -> None:
    if hasattr(os, "nice"):
        os.nice(10)  # chains, and the run itself, come first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's, which ends this process
    for name in _LOADED:
        import_module(name)
