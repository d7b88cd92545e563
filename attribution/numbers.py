"""Numbers as people read them: amounts, costs, counts, shares and probabilities, in the digits of one locale.

Whoever writes a number for a reader calls a function here; plots, tables, report, terminal and messages then agree on
digits, minus signs and what stands for a figure that does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = [
    "CHINESE",
    "CURRENCY",
    "ENGLISH",
    "GERMAN",
    "MISSING",
    "Locale",
    "amount",
    "amounts",
    "change",
    "closing",
    "compact",
    "cost",
    "count",
    "counted",
    "decimal",
    "gap",
    "likelihood",
    "percent",
    "percents",
    "plain",
    "ratio",
    "seconds",
    "significant",
    "typed_percent",
    "typed_share",
]

MISSING = "–"
CURRENCY = "EUR"
"""What money is counted in where nobody says otherwise."""


@dataclass(frozen=True)
class Locale:
    """The marks of a language's numbers.

    Parameters
    ----------
    thousands, decimal
        Separators.
    minus
        Before a negative number.
    percent
        Behind a percentage, with its space.
    units
        Behind thousands, millions and billions.
    large
        The units in which a large number is written once more by :meth:`in_units`, largest first.
    """

    thousands: str = ","
    decimal: str = "."
    minus: str = "−"
    percent: str = "\u00a0%"
    units: tuple[str, str, str] = ("k", "M", "bn")
    large: tuple[tuple[float, str], ...] = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))

    def written(self, value: float, form: str) -> str:
        """A number in one of Python's own forms, such as ``",.2f"``, with the marks of the locale."""
        marks = {",": self.thousands, ".": self.decimal, "-": self.minus}
        return "".join(marks.get(mark, mark) for mark in format(value, form))

    def in_units(self, value: float, places: int) -> str:
        """A number that English writes with ``places`` decimals and a unit, in the units that the language counts in.

        >>> CHINESE.in_units(12_300_000, 1), CHINESE.in_units(5_000, 0)
        ('1,230万', '5,000')
        """
        english = next(size for size, _ in ENGLISH.large if abs(value) >= size or size == 1e3)
        digits = places - round(math.log10(english))  # decimals of the number itself, negative for tens and more
        for size, mark in self.large:
            if abs(value) >= size:
                decimals = max(digits + round(math.log10(size)), 0)
                written = f"{value / size:.{decimals}f}"
                if decimals and not places:  # English writes none, so that nothing says they are meant
                    decimals = len(written.rstrip("0").partition(".")[2])
                return self.written(value / size, f",.{decimals}f") + mark
        return self.written(value, f",.{max(digits, 0)}f")


ENGLISH = Locale()
GERMAN = Locale(
    thousands=".",
    decimal=",",
    units=("\u00a0Tsd.", "\u00a0Mio.", "\u00a0Mrd."),
    large=((1e9, "\u00a0Mrd."), (1e6, "\u00a0Mio."), (1e3, "\u00a0Tsd.")),
)
CHINESE = Locale(percent="%", large=((1e8, "亿"), (1e4, "万")))
_HERE = ENGLISH
_FINEST = 12
_FAR = 10.0  # of a figure: how many times more is not of use
_SMALLEST = 6  # decimals of money: what solvers leave of a channel that gets nothing is nothing


def amount(value: float) -> str:
    """Money, or whole things, in whole units; thousands and millions stay written out so that columns add up.

    Below a hundred, as where money is in millions or an index, three digits of what is no whole number.

    >>> amount(1_234_500), amount(-3.2), amount(0.0417), amount(12), amount(float("nan"))
    ('1,234,500', '−3.20', '0.0417', '12', '–')
    """
    if not math.isfinite(value):
        return MISSING
    size = abs(value)
    places = 0 if size >= 100 or value == round(value) else min(2 - math.floor(math.log10(size)), _SMALLEST)
    return _HERE.written(value if round(size, places) else 0.0, f",.{places}f" if round(size, places) else ",.0f")


def counted(value: float, one: str, several: str = "") -> str:
    """A number of things in words, in the singular where it is one; with its verb where a sentence has one.

    Translations have a sentence of its own for each (:mod:`optimizer.planning.language.sources`).

    >>> counted(1, "week"), counted(13, "week"), counted(1, "row is", "rows are")
    ('1 week', '13 weeks', '1 row is')
    """
    return f"{amount(value)} {one if value == 1 else several or f'{one}s'}"


def count(value: float) -> str:
    """Expected customers: one decimal below 100, whole up to ten billions, then in millions.

    Written out for long, so that a figure and its interval are in one unit.

    >>> count(12.34), count(24_586.2), count(12_340_000), count(12_340_000_000)
    ('12.3', '24,586', '12,340,000', '12,340.0M')
    """
    if not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size >= 1e10:
        return _HERE.written(value / 1e6, ",.1f") + _HERE.units[1]
    return _HERE.written(value, ",.1f" if size < 100 else ",.0f")


def cost(value: float) -> str:
    """Money per customer to three significant digits at least.

    >>> cost(61.2), cost(1204.4), cost(0.03123), cost(0.0000258), cost(float("inf"))
    ('61.20', '1,204', '0.0312', '0.0000258', '∞')
    """
    if not math.isfinite(value):
        return "∞" if value == math.inf else MISSING
    size = abs(value)
    form = ",.0f" if size >= 1000 or size == 0 else ",.1f" if size >= 100 else ",.2f" if size >= 1 else ""
    return _HERE.written(value, form or f".{min(2 - math.floor(math.log10(size)), _FINEST)}f")


def percent(value: float, signed: bool = False, decimals: int | None = None) -> str:
    """A fraction as a percentage; without ``decimals`` a decimal below one percent only.

    >>> [text.replace(chr(160), " ") for text in (percent(0.12), percent(-0.004), percent(0.12, signed=True))]
    ['12 %', '−0.4 %', '+12 %']
    """
    if not math.isfinite(value):
        return MISSING
    if decimals is None:
        decimals = 1 if 0 < abs(value) < 0.01 else 0
    text = f"{value * 100:+.{decimals}f}" if signed else f"{value * 100:.{decimals}f}"
    return (_HERE.written(value * 100, f"{'+' * signed}.{decimals}f") if float(text) else "0") + _HERE.percent


def decimal(value: float, places: int) -> str:
    """A figure without a unit, such as a correlation, with a fixed number of decimals.

    >>> decimal(-0.0812, 2)
    '−0.08'
    """
    return _HERE.written(value, f",.{places}f") if math.isfinite(value) else MISSING


def seconds(value: float) -> str:
    """Time that something took: ``3.1 s``."""
    return decimal(value, 1) + " s"


def ratio(value: float) -> str:
    """How many times one figure is another: ``3.4``."""
    return decimal(value, 1)


def typed_percent(value: float) -> str:
    """A relative change as people type it into a plan file, and as scenarios are called: ``+15%``."""
    return f"{value:+.0%}"


def typed_share(value: float) -> str:
    """A share as people type it, and as limits are called: ``30.0%``."""
    return f"{value:.1%}"


def gap(value: float) -> str:
    """A proved distance from the best plan, rounded up: ``0.1 %``, ``less than 0.1 %``, ``more than 1000 %``."""
    if value < 1e-3:
        return "less than " + percent(1e-3, decimals=1)
    if not value <= _FAR:
        return "more than " + percent(_FAR)
    return percent(math.ceil(value * 1000) / 1000, decimals=1)


def likelihood(probability: float) -> str:
    """A probability that never claims certainty: draws cannot tell 99.9 % from 100 %."""
    if probability > 0.99:
        return "more than " + percent(0.99)
    if probability < 0.01:
        return "less than " + percent(0.01)
    return percent(probability)


def change(before: float, after: float) -> str:
    """How a figure moved: ``+12 %``, ``unchanged``, or ``new`` where there was none."""
    if abs(after - before) <= 5e-4 * max(before, after):
        return "unchanged"
    return percent(after / before - 1, signed=True) if before else "new"


def plain(value: float) -> str:
    """A number as people write it: thousands separated, and no more digits than it has.

    >>> plain(250_000), plain(108.35), plain(2.0), plain(0.00003)
    ('250,000', '108.3', '2', '0.00003')
    """
    if not math.isfinite(value):
        return "∞" if value == math.inf else MISSING
    return _HERE.written(value, ",.0f") if abs(value) >= 1000 or value == round(value) else _digits(value, 4)


def _digits(value: float, most: int) -> str:
    """So many digits at most, without an exponent as far as decimals go."""
    text = _HERE.written(value, f",.{most}g")
    if "e" not in text:
        return text
    places = most - 1 - math.floor(math.log10(abs(value)))
    return text if not 0 < places <= _FINEST + most else _HERE.written(value, f".{places}f").rstrip("0")


def significant(value: float | None) -> str:
    """A figure of no known unit: four significant digits at least, two where it is small; missing where there is none.

    >>> significant(123_456.7), significant(12.3456), significant(0.0123)
    ('123,457', '12.35', '0.012')
    """
    if value is None or value != value:
        return MISSING
    if 0 < abs(value) < 0.1:
        return _digits(value, 2)
    return plain(value)


def closing(values: Sequence[float] | np.ndarray[Any, Any]) -> list[str]:
    """A start, what is added to it, and the end: rounded to whole numbers, or four digits, so that they still add up.

    Sums are rounded and their differences written, so that each is within one of its own value.

    >>> closing([10_000.4, 0.4, 0.4, 10_001.2]), closing([100.6, -50.6, 50.0])
    (['10,000', '+1', '0', '10,001'], ['100.6', '−50.6', '50.0'])
    """
    sums = np.cumsum(np.asarray(values[:-1], dtype=float))
    if not np.isfinite(sums).all():
        return [MISSING] * len(values)
    largest = float(np.abs(sums).max())
    places = 0 if largest >= 1000 or largest == 0 else min(3 - math.floor(math.log10(largest)), _FINEST)
    units = [round(float(total) * 10**places) for total in sums]
    steps = [later - earlier for earlier, later in pairwise(units)]
    signed = [_HERE.written(step / 10**places, f"+,.{places}f") if step else "0" for step in steps]
    start, end = (_HERE.written(units[at] / 10**places, f",.{places}f") for at in (0, -1))
    return [start, *signed, end]


def compact(value: float) -> str:
    """One number beside a mark, three digits at least and none that tells nothing.

    >>> compact(41_842.3), compact(12_400_000), compact(0.98765), compact(12.3)
    ('41,842', '12.4M', '0.988', '12.3')
    """
    size = abs(value)
    if not math.isfinite(value):
        return "∞" if value > 0 else MISSING
    if size >= 1e6:
        power, unit = (1e9, _HERE.units[2]) if size >= 1e9 else (1e6, _HERE.units[1])
        return _HERE.written(value / power, ",.3g" if size < 100 * power else ",.0f") + unit
    return _HERE.written(value, ",.0f") if size >= 100 or size == 0 else _digits(value, 3)


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
    if largest and largest < 1e-4:
        return [_digits(value, 3) if math.isfinite(value) else "" for value in values]
    divisor, unit = 1.0, ""
    thousand, million, billion = _HERE.units
    for size, letter, beyond in ((1e9, billion, 1e9), (1e6, million, 1e6), (1e3, thousand, 1e4)):
        if largest >= beyond and step >= size / 1000:
            divisor, unit = size, letter
            break
    return [_tick(value / divisor, step / divisor, unit) for value in values]


def percents(values: Sequence[float] | np.ndarray[Any, Any]) -> list[str]:
    """Fractions of one axis as percentages, with just the decimals that tell them apart."""
    return [text + _HERE.percent for text in amounts([round(100 * value, 10) for value in values])]


def _tick(value: float, step: float, unit: str) -> str:
    if not math.isfinite(value):
        return ""
    decimals = 0
    while (
        decimals < 8 and step > 0 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6 * step * 10**decimals
    ):
        decimals += 1
    return _HERE.written(value, f",.{decimals}f") + unit if value else "0"
