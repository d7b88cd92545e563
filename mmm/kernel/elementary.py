"""Exponential and logarithm as plain arithmetic, so that loops over weeks become vector instructions.

Without Intel's vector library the compiler calls the C library once per element, and the saturation curves would spend
most of a gradient's time there. Both functions are accurate to about one unit in the last place. Their polynomials are
summed in halves that do not wait for each other (Estrin's scheme), since waiting is what such loops mostly do.

References
----------
Muller (2016), "Elementary Functions: Algorithms and Implementation", chapters 5 and 11.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from mmm.kernel.jit import exactly

__all__ = ["exp", "log"]

_INT, _DOUBLE = ir.IntType(64), ir.DoubleType()
_ROUND = 6755399441055744.0  # 1.5 x 2^52: adding it leaves the nearest whole number in the low bits
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ROOT_HALF = 0x3FE6A09E667F3BCD  # bits of the square root of one half
_EXPONENT = np.int64(-0x10000000000000)  # mask of sign and exponent
_SMALLEST = 2.2250738585072014e-308


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def _bits(_context: Any, number: Any) -> Any:
    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _INT)

    return types.int64(types.float64), generate


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def _number(_context: Any, bits: Any) -> Any:
    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _DOUBLE)

    return types.float64(types.int64), generate


@exactly
def exp(x: float) -> float:
    """Exponential of x, held between 1e-307 and 1e307; x must be a number."""
    x = min(max(x, -706.0), 706.0)
    shifted = x * _LOG2_E + _ROUND
    whole = shifted - _ROUND
    r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    square = r * r
    fourth = square * square
    low = (1 / 2 + 1 / 6 * r) + square * (1 / 24 + 1 / 120 * r)
    middle = (1 / 720 + 1 / 5040 * r) + square * (1 / 40320 + 1 / 362880 * r)
    high = (1 / 3628800 + 1 / 39916800 * r) + square * (1 / 479001600 + 1 / 6227020800 * r)
    p = (low + fourth * middle) + fourth * fourth * high
    p = square * p + r + 1.0
    return float(p * _number((_bits(shifted) << np.int64(52)) + np.int64(0x3FF0000000000000)))


@exactly
def log(x: float) -> float:
    """Natural logarithm of a finite x; numbers below the smallest normal one count as that."""
    bits = _bits(max(x, _SMALLEST))
    above = bits - np.int64(_ROOT_HALF)
    power = _number((above >> np.int64(52)) + _bits(_ROUND)) - _ROUND
    f = _number(bits - (above & _EXPONENT)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    square = z * z
    fourth = square * square
    low = (1 / 3 + 1 / 5 * z) + square * (1 / 7 + 1 / 9 * z)
    middle = (1 / 11 + 1 / 13 * z) + square * (1 / 15 + 1 / 17 * z)
    high = (1 / 19 + 1 / 21 * z) + square * (1 / 23)
    p = (low + fourth * middle) + fourth * fourth * high
    return float(power * _LN2_HIGH + (2.0 * s + (2.0 * s * z * p + power * _LN2_LOW)))
