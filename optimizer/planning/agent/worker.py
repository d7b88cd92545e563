"""The server's side of the process that works: started when it is needed, ended when it takes too long."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

__all__ = ["Told", "Worker"]

_COMMAND = [sys.executable, "-P", "-m", "optimizer.planning.agent.process"]  # -P: a file named as a module is data here
_GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError)
_LONGEST = 10_000_000  # bytes of a line

Stage = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Told:
    """What comes of a tool: its answer, or why there is none."""

    text: str
    refused: bool


class Worker:
    """A process that does one thing at a time.

    Parameters
    ----------
    folder
        What tools may name.
    seconds
        Longest that it may take for one.
    """

    def __init__(self, folder: str, seconds: float) -> None:
        self._folder, self._seconds = folder, seconds
        self._turn = anyio.Lock()
        self._process: Any = None
        self._lines: Any = None

    async def ask(self, tool: str, arguments: Mapping[str, Any], stage: Stage) -> Told:
        """Have a tool's work done; waits for its turn first."""
        question = json.dumps({"folder": self._folder, "tool": tool, "arguments": arguments})
        async with self._turn:
            try:
                with anyio.fail_after(self._seconds):
                    return await self._answer(question, stage)
            except TimeoutError:
                text = (
                    f"{tool}: stopped after {self._seconds:,.0f} seconds, the most that cac serve allows (--seconds). "
                    "A fit that was done is kept and taken up by the next call; nothing else of this one is."
                )
            except (*_GONE, ValueError):  # ValueError: half a line
                text = f"{tool}: the process that did the work was ended from outside; memory may lack."
        return Told(text, refused=True)

    async def end(self) -> None:
        """End the process, where there is one."""
        process, self._process = self._process, None
        if process is not None:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.aclose()

    async def _answer(self, question: str, stage: Stage) -> Told:
        done = False
        try:
            if self._process is None or self._process.returncode is not None:
                await self.end()
                self._process = await anyio.open_process(_COMMAND, stderr=None)
                self._lines = BufferedByteReceiveStream(self._process.stdout)
            await self._process.stdin.send(question.encode() + b"\n")
            while "stage" in (line := json.loads(await self._lines.receive_until(b"\n", _LONGEST))):
                await stage(line["stage"])
            done = True
            return Told(line["text"], line["refused"])
        finally:
            if not done:  # too long, called off, or gone: what it would say next is no answer to what is asked next
                await self.end()
