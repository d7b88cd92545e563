"""Numbers as texts: one at a time, and many in one unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["amounts", "compact"]


def amounts(values: Sequence[float] | np.ndarray[Any, Any]) -> list[str]:
    """Numbers of one axis in one unit, with just the decimals that tell them apart.

    >>> amounts([0, 50_000, 100_000])
    ['0', '50k', '100k']
    >>> amounts([0, 500, 1500])
    ['0', '500', '1,500']
    >>> amounts([0.0, 0.0005])
    ['0', '0.0005']
    """
    finite = np.asarray([value for value in values if math.isfinite(value)], dtype=float)
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    steps = np.diff(np.unique(finite))
    step = float(steps.min()) if steps.size else largest
    divisor, unit = 1.0, ""
    for size, letter, beyond in ((1e9, "bn", 1e9), (1e6, "M", 1e6), (1e3, "k", 1e4)):
        if largest >= beyond and step >= size / 1000:
            divisor, unit = size, letter
            break
    if largest and largest < 1e-4:
        return [f"{value:.3g}".replace("-", "−") if math.isfinite(value) else "" for value in values]
    return [_amount(value / divisor, step / divisor, unit) for value in values]


def _amount(value: float, step: float, unit: str) -> str:
    if not math.isfinite(value):
        return ""
    decimals = 0
    while (
        decimals < 8 and step > 0 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6 * step * 10**decimals
    ):
        decimals += 1
    if value == 0:
        return "0"
    return f"{value:,.{decimals}f}{unit}".replace("-", "−")


def compact(value: float) -> str:
    """One number beside a mark, three digits at least and none that tells nothing.

    >>> compact(41_842.3), compact(12_400_000), compact(0.98765), compact(12.3)
    ('41,842', '12.4M', '0.988', '12.3')
    """
    size = abs(value)
    if not math.isfinite(value):
        text = "∞" if value > 0 else "–"
    elif size >= 1e6:
        power, unit = next((power, unit) for power, unit in ((1e9, "bn"), (1e6, "M")) if size >= power)
        text = f"{value / power:,.3g}{unit}" if size < 1e12 else f"{value / power:,.0f}{unit}"
    elif size >= 100 or size == 0:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")
