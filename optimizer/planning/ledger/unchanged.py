"""Whether files stayed as they were while a run read and hashed them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from attribution.errors import BadInput, Problem
from attribution.files import checksum
from attribution.reading.addresses import files_of

__all__ = ["Unchanged"]

_YOUNG = 3.0  # seconds within which a file system may give two writes one time
_State = tuple[int, ...]


class Unchanged:
    """Files as they are now, to be held against what they are once they were read and hashed.

    A run reads a table and takes its checksum at two moments. Where nothing was written between the first look and one
    after both, the checksum is that of the bytes that were read. What was written just before the first look is hashed
    as well, since its times may not tell another write.

    Parameters
    ----------
    sources
        Files, folders and patterns; of ``file.xlsx::sheet`` the file. What is not there is left to whoever reads it.
    """

    def __init__(self, sources: Iterable[Path]) -> None:
        self._sources = [str(source).partition("::")[0] for source in sources]
        now = time.time()
        self._before = {path: state for path in self._files() if (state := _state(path)) is not None}
        self._sums = {
            path: checksum(path)
            for path, state in self._before.items()
            if path.is_file() and now - max(state[-2:]) / 1e9 < _YOUNG
        }

    def require(self) -> None:
        """Refuse what was read from files that changed meanwhile.

        Raises
        ------
        BadInput
            Names every file that was written, came or went.
        """
        after = {path: state for path in self._files() if (state := _state(path)) is not None}
        changed = {path for path in {*after, *self._before} if after.get(path) != self._before.get(path)}
        changed |= {path for path, sum_ in self._sums.items() if path not in changed and checksum(path) != sum_}
        if changed:
            text, remedy = "changed while the run read it.", "run again once nobody writes to it."
            raise BadInput([Problem(path.name, text, remedy=remedy) for path in sorted(changed)])

    def _files(self) -> set[Path]:
        return {path for source in self._sources for path in files_of(source)}


def _state(path: Path) -> _State | None:
    """What differs once a file was written or put in the place of another; None where there is none."""
    try:
        now = path.stat()
    except (OSError, ValueError):
        return None
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns
