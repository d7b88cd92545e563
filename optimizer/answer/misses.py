"""A promise that is not kept, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.numbers import compact, plain
from optimizer.question.limits import Limit, Unit

__all__ = ["Miss"]

_ROUNDED = 1e-4


@dataclass(frozen=True)
class Miss:
    """A promise or limit that is not kept.

    Parameters
    ----------
    limit
        The limit, or the text of a row without a figure.
    by
        By how much it is missed, in the unit of its figure.
    """

    limit: Limit | str
    by: float

    @property
    def written(self) -> str:
        """By how much, as sentences write it."""
        if isinstance(self.limit, Limit) and self.limit.unit is Unit.SHARE:
            return f"{100 * self.by:.3g} points"
        return compact(self.by) if abs(self.by) < 1 else plain(self.by)

    @property
    def is_rounding(self) -> bool:
        """Whether it is no more than a ten-thousandth of the figure, as with amounts by week in whole euros."""
        return isinstance(self.limit, Limit) and 0 < self.by <= _ROUNDED * abs(self.limit.figure)
