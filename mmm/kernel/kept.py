"""Compiled code kept on disk: read where it is as it was written, else compiled again.

Numba reads its files as they are, and a power cut, a full disk or a byte that flipped would end a fit in an error that
names none of it, or in machine code that says something else. So each file of code ends in a checksum, and whatever
goes wrong with a file costs a compilation. Unpickling stops before the checksum by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba as nb
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

__all__ = ["kept_entry", "kept_folder", "kept_function"]

_SUM = 32


class _CheckedFile(IndexDataCacheFile):  # type: ignore[misc, unused-ignore]
    def _dump(self, content: Any) -> bytes:
        data: bytes = super()._dump(content)
        return data + hashlib.sha256(data).digest()

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:  # noqa: PTH123 - Numba's paths are texts
            data = file.read()
        if hashlib.sha256(data[:-_SUM]).digest() != data[-_SUM:]:
            raise ValueError(name)
        return super()._load_data(name)


class _Kept(FunctionCache):  # type: ignore[misc, unused-ignore]
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _CheckedFile(locator.get_cache_path(), self._impl.filename_base, locator.get_source_stamp())

    def load_overload(self, signature: Any, context: Any) -> Any:
        try:
            return super().load_overload(signature, context)
        except Exception:  # whatever unpickling bytes that nobody wrote may raise
            with suppress(OSError):
                self.flush()
            return None

    def lists(self, signature: Any, context: Any) -> bool:
        """Whether the index names a file of code for a signature."""
        try:
            return self._index_key(signature, context.codegen()) in self._cache_file._load_index()
        except Exception:  # as above
            return False

    def save_overload(self, signature: Any, code: Any) -> None:
        with suppress(Exception):  # a fit needs the code, not the file
            super().save_overload(signature, code)


class _Entry(CFunc):  # type: ignore[misc, unused-ignore]
    def enable_caching(self) -> None:
        with suppress(RuntimeError):  # no folder at all can be written
            self._cache = _Kept(self._pyfunc)

    @property
    def is_kept(self) -> bool:
        """Whether code of this entry lies on disk; one that is damaged is found out when it is loaded."""
        return isinstance(self._cache, _Kept) and self._cache.lists(self._sig, self._targetdescr.target_context)

    @property
    def address(self) -> Any:
        """Where the code is, loaded or compiled the first time that it is asked for."""
        if self._wrapper_address is None:
            self.compile()
        return self._wrapper_address


def kept_entry(signature: Any, options: dict[str, Any]) -> Callable[[Callable[..., Any]], Any]:
    """``numba.cfunc(signature, cache=True, **options)`` whose cache is checked, compiled where it is first needed."""

    def decorate(function: Callable[..., Any]) -> Any:
        made = _Entry(function, normalize_signature(signature), locals={}, options=options)
        made.enable_caching()
        return made

    return decorate


def kept_function(function: Callable[..., Any]) -> Any:
    """``numba.njit(cache=True, nogil=True)`` whose cache is checked."""
    made = nb.njit(nogil=True)(function)
    with suppress(RuntimeError):
        made._cache = _Kept(function)
    return made


def kept_folder() -> Path | None:
    """Where compiled code of this folder is kept; None where no folder can be written."""
    try:
        return Path(FunctionCache(kept_entry)._impl.locator.get_cache_path())
    except RuntimeError:
        return None
