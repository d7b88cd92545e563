"""Compile the kernel in a process of its own, while this one reads tables.

What is compiled is kept on disk, so whoever asks for an entry next loads it in a fraction of a second.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["begin", "join"]

_LONGEST = 120.0  # seconds; who waits longer compiles by himself
# a compiler makes little garbage, and looking for it takes a twentieth of the time
_COMPILES = "import gc; gc.disable(); from mmm.kernel.density import entries; [one.address for one in entries()]"
_started: list[subprocess.Popen[bytes]] = []


def begin() -> None:
    """Start compiling the entries of national panels, once a process; where that fails the first fit compiles them."""
    if _started:
        return
    home = str(Path(__file__).parents[2])
    paths = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    quiet, variables = subprocess.DEVNULL, os.environ | {"PYTHONPATH": paths}
    try:
        process = subprocess.Popen(  # noqa: S603 - a fixed command of ours
            [sys.executable, "-P", "-c", _COMPILES], env=variables, stdin=quiet, stdout=quiet, stderr=quiet
        )
    except OSError:
        return
    _started.append(process)
    atexit.register(_stop, process)


def join() -> None:
    """Wait until what :func:`begin` started is done; without it, do nothing."""
    for process in _started:
        try:
            process.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it, whatever it is at: what it has not written whole nobody reads."""
    process.kill()
    process.wait()
