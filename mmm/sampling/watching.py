"""What a caller sees of work that takes a while: a bar, a function of their own, or nothing."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from attribution.errors import BadInput, Problem, bounded

__all__ = ["watched"]

_WIDTH, _LINES = 30, 10.0  # characters of the bar; seconds between lines where nothing can be drawn over


@contextmanager
def watched(
    progress: object, name: str, told: Callable[..., tuple[float, str]]
) -> Iterator[Callable[..., None] | None]:
    """What to call while the block works.

    A function of the caller's own that fails is left alone from then on, and its failure is a warning when the block
    ends: work of minutes is not lost for it, and the failure is said once.

    Parameters
    ----------
    progress
        True for a bar on standard error, a function to be called, False or None for nothing.
    name
        What the bar calls the work.
    told
        What the work calls ``progress`` with -> the share that is done, and a note.

    Raises
    ------
    BadInput
        Where ``progress`` is none of these.
    """
    if progress is None or progress is False:
        yield None
    elif progress is True:
        bar = _Bar(name)
        yield lambda *state: bar.draw(*told(*state))
        bar.end()
    elif callable(progress):
        report, failures = progress, list[Exception]()

        def once(*state: Any) -> None:
            if failures:
                return
            try:
                report(*state)
            except Exception as error:
                failures.append(error)

        yield once
        for error in failures:
            text = f"progress failed with {type(error).__name__}: {bounded(str(error))}; the work went on without it."
            warnings.warn(text, RuntimeWarning, stacklevel=4)
    else:
        remedy = "pass True for a bar, or a function."
        raise BadInput(Problem("progress", f"is of type {type(progress).__name__}.", remedy=remedy))


class _Bar:
    """One line that is drawn over; where a stream cannot do that, a line now and then."""

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        self._name, self._stream = name, sys.stderr if stream is None else stream
        notebook = type(self._stream).__module__.startswith("ipykernel")
        self._over = notebook or self._stream.isatty()
        self._last, self._written = -_LINES if self._over else time.monotonic(), 0

    def draw(self, share: float, note: str) -> None:
        if not self._over and time.monotonic() - self._last < _LINES:
            return
        self._last = time.monotonic()
        done = round(_WIDTH * min(max(share, 0.0), 1.0))
        line = f"{self._name} [{'#' * done}{'.' * (_WIDTH - done)}] {share:4.0%} {note}"
        self._stream.write(f"\r{line:<{self._written}}" if self._over else f"{line}\n")
        self._stream.flush()
        self._written = len(line)

    def end(self) -> None:
        self._last = -_LINES
        self.draw(1.0, "")
        if self._over:
            self._stream.write("\n")
            self._stream.flush()
