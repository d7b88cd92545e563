"""How much memory this process may use: of the machine, or of the group that the system puts it in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["usable_memory"]


def usable_memory(root: Path = Path("/")) -> int | None:
    """Bytes that the process may use: the least of the machine's memory and the limits of its control groups.

    Control groups of both versions count, with the groups that a group lies in.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are mounted.

    Returns
    -------
    None where the system says neither.
    """
    limits = [*_of_machine(), *_of_groups(root)]
    return min(limits, default=None)


def _of_machine() -> Iterator[int]:
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system knows these names
        return


def _of_groups(root: Path) -> Iterator[int]:
    mounted = root / "sys/fs/cgroup"
    for controllers, group in _groups(root / "proc/self/cgroup"):
        if not controllers:
            yield from _upwards(mounted, group, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _upwards(mounted / "memory", group, "memory.limit_in_bytes")


def _groups(file: Path) -> Iterator[tuple[str, str]]:
    """Controllers and path of each group the process is in; inside a container the path may be the host's."""
    for line in _text(file).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        yield controllers, group.strip()


def _upwards(mounted: Path, group: str, limit: str) -> Iterator[int]:
    inside = Path(group.strip("/"))
    for place in (inside, *inside.parents, Path()):
        text = _text(mounted / place / limit).strip()
        if text.isdigit():
            yield int(text)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
