"""A promise that is not kept, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.numbers import plain
from optimizer.question.limits import Limit, Unit

__all__ = ["Miss"]


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
        return plain(self.by) if abs(self.by) >= 1 else f"{self.by:.3g}"
