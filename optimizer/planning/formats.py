"""Numbers as people read them in tables: thousands separated, no false precision."""

from __future__ import annotations

import math

__all__ = ["MISSING", "amount", "change", "gap", "number", "percent", "unit_cost"]

MISSING = "–"


def amount(value: float) -> str:
    """Money in whole units: ``1,234,500``; thousands and millions stay written out so that columns add up."""
    return f"{value:,.0f}".replace("-", "−") if math.isfinite(value) else MISSING


def number(value: float) -> str:
    """A count of customers: one decimal below 100, whole up to ten millions, then in millions."""
    if not math.isfinite(value):
        return MISSING
    size = abs(value)
    text = f"{value:,.1f}" if size < 100 else f"{value:,.0f}" if size < 1e7 else f"{value / 1e6:,.1f}M"
    return text.replace("-", "−")


def unit_cost(value: float) -> str:
    """Money per customer to three significant digits at least: ``61.20``, ``1,204``, ``0.0312``."""
    if not math.isfinite(value):
        return "∞" if value == math.inf else MISSING
    size = abs(value)
    if size >= 1000 or size == 0:
        text = f"{value:,.0f}"
    elif size >= 100:
        text = f"{value:,.1f}"
    elif size >= 1:
        text = f"{value:,.2f}"
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")


def percent(value: float, signed: bool = False) -> str:
    """A fraction as a percentage: ``12 %``, below one percent with a decimal; a minus sign that is one."""
    if not math.isfinite(value):
        return MISSING
    decimals = 1 if 0 < abs(value) < 0.01 else 0
    text = f"{value * 100:+.{decimals}f}" if signed else f"{value * 100:.{decimals}f}"
    return (text if float(text) else "0").replace("-", "−") + "\u00a0%"


def gap(value: float) -> str:
    """A proved distance from the best plan, rounded up: ``0.1 %``, ``less than 0.1 %``."""
    return "less than 0.1\u00a0%" if value < 1e-3 else f"{math.ceil(value * 1000) / 10:.1f}\u00a0%"


def likelihood(probability: float) -> str:
    """A probability that never claims certainty: draws cannot tell 99.9 % from 100 %."""
    if probability > 0.99:
        return "more than 99\u00a0%"
    if probability < 0.01:
        return "less than 1\u00a0%"
    return percent(probability)


def change(before: float, after: float) -> str:
    """How a figure moved: ``+12 %``, ``unchanged``, or ``new`` where there was none."""
    if abs(after - before) <= 5e-4 * max(before, after):
        return "unchanged"
    return percent(after / before - 1, signed=True) if before else "new"
