"""Every file that a plan file names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optimizer.planning.file.config import Config

__all__ = ["sources_of"]


def sources_of(config: Config, folder: Path) -> list[Path]:
    """Files, folders and patterns that a run may read; of ``file.xlsx::sheet`` the file.

    Parameters
    ----------
    config
        The plan file.
    folder
        Where relative paths start.
    """
    paths = _paths(config.model_dump(exclude={"output"}))
    return [Path(str(folder / path).partition("::")[0]) for path in dict.fromkeys(paths)]


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _paths(each)
