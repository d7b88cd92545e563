"""How the kernel is compiled, and how compiled code is kept.

Only entry points are kept on disk; all else is compiled into them. Numba would keep an entry for as long as its own
file stands still, so entries close over :data:`STAMP`, which becomes part of the key: a change in any file of the
kernel, or in the code of a family, compiles again. Entries compile where they are first asked for, so that a national
panel does not wait for the kernel of geos.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba as nb
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from mmm.kernel import codes
from mmm.kernel.kept import kept_entry

__all__ = [
    "EXPAND_SIGNATURE",
    "LOGP_SIGNATURE",
    "STAMP",
    "compiled",
    "entry",
    "exactly",
    "inlined",
    "merged",
    "pointer",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_FAST = {"reassoc", "contract", "arcp", "nsz"}  # not nnan: overflow must stay visible to the sampler
_PLAIN: dict[str, Any] = {"nogil": True, "fastmath": _FAST, "error_model": "numpy"}
_UNWRAPPED = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_FILES = sorted(Path(__file__).parent.glob("*.py"))

STAMP = ";".join([*(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in _FILES), codes.ALL])
"""Sizes and dates of the kernel's files, and the families' codes."""

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
    """Compile a piece of the kernel so that Python can call it too: no interpreter lock, division by zero infinite."""
    return cast(_Function, nb.njit(**_PLAIN)(function))


def inlined(function: _Function) -> _Function:
    """Compile as :func:`compiled` does, as a part of whatever compiled code calls it; Python cannot.

    Large functions that stay functions are optimised twice, alone and inside the entry point that is kept, and the
    process that compiles calls the former: its last bits, and so its draws, would differ from those of every later one.
    """
    return cast(_Function, nb.njit(**_PLAIN, **_UNWRAPPED, forceinline=True)(function))


def merged(function: _Function) -> _Function:
    """Write a function out where it is called, before types are inferred.

    An inlined function is still optimised and turned into machine code once more for itself, with all that it calls;
    for the large ones near the entry point, each called in one place, that is most of the time that compiling takes.
    For small ones called in several places merging takes longer than it saves.
    """
    return cast(_Function, nb.njit(**_PLAIN, inline="always")(function))


def exactly(function: _Function) -> _Function:
    """Compile as :func:`inlined` does, every operation in the order written; the compiler chooses where to inline."""
    return cast(_Function, nb.njit(**_PLAIN | {"fastmath": {"contract"}}, **_UNWRAPPED)(function))


def entry(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile an entry point that is called by pointer, and keep it on disk."""
    return kept_entry(signature, _PLAIN)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def pointer(_context: Any, address: Any) -> Any:
    """An address as a pointer."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate
