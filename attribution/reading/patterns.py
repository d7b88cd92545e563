"""Patterns of names in exports, in which ``*`` alone is a sign."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["pattern_of"]


def pattern_of(text: str, patterns: Iterable[str]) -> str | None:
    """The first pattern that a text meets; None where it meets none.

    Examples
    --------
    >>> pattern_of("DE | Brand | Exact", {"*| brand |*": "brand_search", "*": "generic_search"})
    '*| brand |*'
    """
    for pattern in patterns:
        signs = ".*".join(re.escape(part) for part in pattern.casefold().split("*"))
        if re.fullmatch(signs, text.casefold(), re.DOTALL):
            return pattern
    return None
