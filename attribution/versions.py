"""Which versions of which distributions are at work."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed"]


def installed(names: Iterable[str]) -> dict[str, str]:
    """Versions by the distributions' names; ``unknown`` for what is not installed, as in a copy of the sources."""
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
