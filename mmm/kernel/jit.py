"""How the kernel is compiled, and how compiled code is kept.

Only entry points are cached on disk; all else is compiled into them. Numba would keep an entry for as long as its own
file stands still, so entries close over :data:`STAMP`, which becomes part of the cache's key: a change in any file of
the kernel compiles anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba as nb
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["EXPAND_SIGNATURE", "LOGP_SIGNATURE", "STAMP", "compiled", "entry", "exactly", "inlined", "pointer"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_FAST = {"reassoc", "contract", "arcp", "nsz"}  # not nnan: overflow must stay visible to the sampler
_FILES = (*sorted(Path(__file__).parent.glob("*.py")), Path(__file__).parents[1] / "geo_kernel.py")

STAMP = ";".join(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in _FILES if path.exists())
"""Sizes and dates of the kernel's files."""

LOGP_SIGNATURE = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)
"""What the sampler calls: size, coordinates, gradient, density, arrays; returns 0 or a code of what is not finite."""

EXPAND_SIGNATURE = types.int64(
    types.uint64, types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr
)


def compiled(function: _Function) -> _Function:
    """Compile with numba: without the interpreter's lock, division by zero giving infinity."""
    return cast(_Function, nb.njit(nogil=True, fastmath=_FAST, error_model="numpy")(function))


def inlined(function: _Function) -> _Function:
    """Compile as :func:`compiled` does, as a part of whatever calls it.

    Large functions that stay functions are optimised twice, alone and inside the entry point that is kept, and the
    process that compiles calls the former: its last bits, and so its draws, would differ from those of every later one.
    """
    return cast(_Function, nb.njit(nogil=True, fastmath=_FAST, error_model="numpy", forceinline=True)(function))


def exactly(function: _Function) -> _Function:
    """Compile as :func:`compiled` does, every operation in the order written."""
    return cast(_Function, nb.njit(nogil=True, fastmath={"contract"}, error_model="numpy")(function))


def entry(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile an entry point that is called by pointer, and keep it on disk."""
    return cast(Callable[[Callable[..., Any]], Any], nb.cfunc(signature, cache=True))


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def pointer(_context: Any, address: Any) -> Any:
    """An address as a pointer."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate
