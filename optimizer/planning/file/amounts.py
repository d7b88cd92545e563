"""Amounts as people write them in a plan file: 250000, -10%, +15 %, 120_000 USD."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from attribution.numbers import amount, typed_percent
from optimizer.planning.file.currencies import Rates, is_foreign

__all__ = ["Amount", "Cost", "Count", "Money", "Percent", "Shift", "Swing"]

_PERCENT = re.compile(r"^\s*([+-]?\s*\d+(?:\.\d+)?)\s*%\s*$")


def _percent(value: Any) -> Any:
    if isinstance(value, str) and (match := _PERCENT.match(value)):
        return float(match[1].replace(" ", "")) / 100
    raise ValueError(f"{value!r} is not a percentage; write it with its sign, for example -10% or +15%")


def _swing(value: Any) -> Any:
    bare = value.strip().removeprefix("±").removeprefix("+-") if isinstance(value, str) else ""
    if not bare[:1].isdigit() or not _PERCENT.match(bare):
        raise ValueError(f"{value!r} is no change either way; write for example ±20%")
    return _percent(bare)


def _money(value: Any, info: ValidationInfo) -> Any:
    if is_foreign(value):
        rates = info.context if isinstance(info.context, Rates) else Rates("", {})
        return rates.money(value)
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(
            f"{value!r} is not an amount; write plain digits, for example 250000 or 250_000, or 250_000 USD"
        )
    return float(value)


@dataclass(frozen=True)
class Amount:
    """An amount that is either a sum of money or relative to a present value.

    Parameters
    ----------
    value
        Currency over the horizon, or the relative change as a fraction (-0.1 for -10%).
    relative
        Which of the two ``value`` is.
    """

    value: float
    relative: bool

    def of(self, present: float) -> float:
        """The amount in currency, given what is spent at present."""
        return present * (1 + self.value) if self.relative else self.value

    def __str__(self) -> str:
        return typed_percent(self.value) if self.relative else amount(self.value)


def _amount(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, Amount):
        return value
    if isinstance(value, str) and _PERCENT.match(value):
        return Amount(_percent(value), relative=True)
    return Amount(_money(value, info), relative=False)


def _count(value: Any) -> Any:
    if is_foreign(value):
        raise ValueError(f"{value!r} is an amount of money, and this counts something else; write a number alone")
    if isinstance(value, str) and _PERCENT.match(value):
        return Amount(_percent(value), relative=True)
    return Amount(_number(value), relative=False)


Money = Annotated[float, BeforeValidator(_money), Field(ge=0)]
Percent = Annotated[float, BeforeValidator(_percent), Field(ge=-1)]
Swing = Annotated[float, BeforeValidator(_swing)]
Cost = Annotated[float, BeforeValidator(_money), Field(gt=0)]
Shift = Annotated[Amount, BeforeValidator(_amount)]
Count = Annotated[Amount, BeforeValidator(_count)]
