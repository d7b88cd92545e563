"""Every file and database that a plan file names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from attribution.reading.queries import Query
from optimizer.planning.file.config import Config

__all__ = ["queries_of", "sources_of"]


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


def queries_of(config: Config) -> list[Query]:
    """Queries to databases that a run may ask."""
    return list(_queries(config))


def _queries(value: Any) -> Iterator[Query]:
    if isinstance(value, Query):
        yield value
    elif isinstance(value, BaseModel | dict | list | tuple):
        pairs = (
            value if isinstance(value, BaseModel) else value.items() if isinstance(value, dict) else enumerate(value)
        )
        for _, each in pairs:
            yield from _queries(each)
