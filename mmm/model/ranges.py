"""Ranges of the numbers that a model's parts are made of, refused where they are written and not within a fit."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from attribution.errors import BadInput, Problem, bounded

__all__ = ["NOT_NEGATIVE", "POSITIVE", "REAL", "SHARE", "Bounded", "Range", "require_number", "whole"]


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``; neither is one of them unless ``closed``."""

    low: float
    high: float
    told: str
    closed: bool = False
    whole: bool = False

    def holds(self, value: Any) -> bool:
        """Whether this is a number of the range."""
        if isinstance(value, bool) or not isinstance(value, numbers.Integral if self.whole else numbers.Real):
            return False
        inside = self.low < float(value) < self.high
        return bool(inside or (self.closed and value in (self.low, self.high) and math.isfinite(value)))


REAL = Range(-math.inf, math.inf, "a number")
POSITIVE = Range(0.0, math.inf, "a number above 0")
NOT_NEGATIVE = Range(0.0, math.inf, "0 or more", closed=True)
SHARE = Range(0.0, 1.0, "a share between 0 and 1, 0.3 for 30 %")


def whole(least: int) -> Range:
    """Whole numbers from ``least`` on."""
    return Range(least, math.inf, f"a whole number of {least} or more", closed=True, whole=True)


def require_number(value: object, held: Range, name: str) -> None:
    """Refuse what is no number of a range.

    Raises
    ------
    BadInput
        With the numbers that it may be.
    """
    if not held.holds(value):
        raise BadInput(Problem(name, f"is {bounded(repr(value), 80)}.", remedy=f"give {held.told}."))


class Bounded:
    """A part of a model, each of whose numbers has a range.

    Raises
    ------
    BadInput
        Every number out of its range.
    """

    ranges: ClassVar[Mapping[str, Range]] = {}

    def __post_init__(self) -> None:
        problems = [
            Problem(type(self).__name__, f"{name} is {bounded(repr(value), 80)}.", remedy=f"give {held.told}.")
            for name, held in self.ranges.items()
            if not held.holds(value := getattr(self, name))
        ]
        if problems:
            raise BadInput(problems)
