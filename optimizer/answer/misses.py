"""A promise that is not kept, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.question.limits import Limit

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
