"""How an objective's figure is called and written in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attribution.numbers import significant

__all__ = ["AS_PLANNED", "Wording"]

AS_PLANNED = "as planned"
"""What the plan itself is called among what-ifs."""


@dataclass(frozen=True)
class Wording:
    """How an objective's figure is called and written.

    Parameters
    ----------
    name
        In a sentence.
    written
        A figure as people read it, without its unit.
    in_currency
        Whether it is money.
    verbs
        What the name does: keep, shrink, grow.
    """

    name: str = "the objective"
    written: Callable[[float], str] = significant
    in_currency: bool = False
    verbs: tuple[str, str, str] = ("stays", "falls", "rises")
