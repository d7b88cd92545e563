"""Progress of a run: bars with stage names on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from attribution.numbers import percent, seconds
from optimizer.planning.language.spoken import said

__all__ = ["Progress", "Update"]

Update = Callable[[float, str], None]
"""Called with the part done (0 to 1) and a short note."""


class Progress:
    """Reports the stages of a run on a text stream.

    Parameters
    ----------
    stream
        Where to write; standard error by default, so that standard output holds results only.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Update]:
        """Time one stage; the block may call the yielded function to move the bar."""
        start = time.perf_counter()
        told = said(name)
        reporter = self._bar if self._stream.isatty() else self._lines
        with reporter(told) as update:
            yield update
        self.seconds[name] = time.perf_counter() - start
        if not self._stream.isatty():
            print(said(f"{name}: done in {seconds(self.seconds[name])}"), file=self._stream, flush=True)

    @contextmanager
    def _bar(self, name: str) -> Iterator[Update]:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description:<28}"),
            BarColumn(28),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Bar(*columns, console=Console(file=self._stream)) as bar:
            task = bar.add_task(name, total=1.0, note="", start=True)

            def update(part: float, note: str) -> None:
                bar.update(task, completed=min(part, 1.0), note=said(note))

            yield update
            bar.update(task, completed=1.0)

    @contextmanager
    def _lines(self, name: str) -> Iterator[Update]:
        print(f"{name} ...", file=self._stream, flush=True)
        shown = time.perf_counter()

        def update(part: float, note: str) -> None:
            nonlocal shown
            if time.perf_counter() - shown > 10:
                shown = time.perf_counter()
                print(f"{name}: {percent(part)} {said(note)}", file=self._stream, flush=True)

        yield update
