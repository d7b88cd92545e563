"""Amounts as people write them in a plan file: 250000, -10%, +15 %, 120_000 USD."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from attribution.numbers import amount, typed_percent
from optimizer.planning.file.currencies import Rates, is_foreign

__all__ = ["Amount", "Cost", "Count", "Level", "Money", "Percent", "Shift", "Swing"]

_PERCENT = re.compile(r"\s*([+\-\u2212])\s*(\d+(?:\.\d+)?)\s*%\s*")
_UNSIGNED = re.compile(r"\s*\d+(?:\.\d+)?\s*%\s*")


_MOST_MONEY = 1e18
_MOST_CHANGE = 100.0


def _percent(value: Any) -> Any:
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value)):
        if float(match[2]) > 100 * _MOST_CHANGE:
            times = f"{1 + float(match[2]) / 100:,.0f} times what it changes"
            raise ValueError(f"{value!r} is {times}; write up to +10000%, or leave the key out where there is no limit")
        if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", match[2]):
            whole = match[2].replace(".", "")
            raise ValueError(
                f"{value!r} may mean {match[2].rstrip('0').rstrip('.')} or {whole} percent; write one of them"
            )
        return (1 if match[1] == "+" else -1) * float(match[2]) / 100
    if isinstance(value, str) and _UNSIGNED.fullmatch(value):
        bare = value.replace(" ", "")
        change = f"a percentage is a change, +{bare} or -{bare}"
        raise ValueError(f"{value!r} has no sign: {change}; for {bare} of today's write {float(bare[:-1]) - 100:+g}%")
    raise ValueError(f"{value!r} is not a percentage; write it with its sign, for example -10% or +15%")


def _change(value: Any) -> Any:
    read = _percent(value)
    if isinstance(read, float) and read < -1:
        raise ValueError(f"{value!r} leaves less than nothing; -100% is all of it")
    return read


def _swing(value: Any) -> Any:
    bare = value.strip().removeprefix("±").removeprefix("+-") if isinstance(value, str) else ""
    if not _UNSIGNED.fullmatch(bare):
        raise ValueError(f"{value!r} is no change either way; write for example ±20%")
    return _percent(f"+{bare}")


def _money(value: Any, info: ValidationInfo) -> Any:
    if is_foreign(value):
        rates = info.context if isinstance(info.context, Rates) else Rates("", {})
        return rates.money(value)
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, float) and math.isinf(value):
        raise ValueError(f"{value!r} is not finite; leave the key out where there is no limit")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        written = str(value) if isinstance(value, dt.date) else repr(value)
        example = "write plain digits, for example 250000 or 250_000, or 250_000 USD"
        raise ValueError(f"{written} is not an amount; {example}")
    if abs(value) > _MOST_MONEY:
        raise ValueError(f"{value:g} is more than there is of anything; leave the key out where there is no limit")
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
    return _at_least_nothing(value, _relative(value) or Amount(_money(value, info), relative=False))


def _count(value: Any) -> Any:
    return _at_least_nothing(value, _level(value))


def _level(value: Any) -> Any:
    if is_foreign(value):
        raise ValueError(f"{value!r} is an amount of money, and this counts something else; write a number alone")
    return _relative(value) or Amount(_number(value), relative=False)


def _relative(value: Any) -> Amount | None:
    if isinstance(value, Amount):
        return value
    if isinstance(value, str) and value.strip().endswith("%"):
        return Amount(_percent(value), relative=True)
    return None


def _at_least_nothing(value: Any, read: Amount) -> Amount:
    if read.relative and read.value < -1:
        raise ValueError(f"{value!r} leaves less than nothing; -100% is all of it")
    if not read.relative and 0 < read.value < 1:
        raise ValueError(
            f"{value!r} is less than one; for {read.value:.0%} of today's write {100 * read.value - 100:+g}%"
        )
    if not read.relative and read.value < 0:
        raise ValueError(f"{value!r} is below 0; to state a change, write a percentage, such as -10%")
    return read


Money = Annotated[float, BeforeValidator(_money), Field(ge=0)]
Percent = Annotated[float, BeforeValidator(_change)]
Swing = Annotated[float, BeforeValidator(_swing)]
Cost = Annotated[float, BeforeValidator(_money), Field(gt=0)]
Shift = Annotated[Amount, BeforeValidator(_amount)]
Count = Annotated[Amount, BeforeValidator(_count)]
"""A number of something else than money, or a percentage."""
Level = Annotated[Amount, BeforeValidator(_level)]
"""The same where it may be below 0, as a weighted sum may."""
