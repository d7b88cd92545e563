"""Files of a test, written so that the one that is read first stands only beside those that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attribution.files import write_whole

__all__ = ["write_set"]


def write_set(folder: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write files into a folder, made if missing.

    The last of them, which is what others read, is taken away first and comes back last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / name for name in files)
    paths[-1].unlink(missing_ok=True)
    for path, content in zip(paths, files.values(), strict=True):
        write_whole(path, content)
    return paths
