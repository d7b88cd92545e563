"""Sentences below the table of an export: when it was made, and by whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["closing_lines"]

_SAID = re.compile(
    r"\b(report|download|export|generated|created|copyright|all rights|as of|note|notes|source|disclaimer|filters?|"
    r"time ?zone|data may)|\u00a9",
    re.IGNORECASE,
)


def closing_lines(rows: Sequence[Sequence[Any]], width: int) -> int:
    """How many lines at the end hold a sentence alone, and are no row that was cut short.

    A sentence stands in the first cell, or in fewer cells than a row has, where it holds the separator. It begins with
    a letter or \u00a9, speaks of the report, and is not how a cell above it in the first column begins.
    """
    above = [str(row[0]).casefold() for row in rows if row]
    count = 0
    while count < len(rows):
        first, *rest = rows[len(rows) - 1 - count] or [""]
        if not isinstance(first, str) or (len(rest) + 1 >= width > 1 and any(cell != "" for cell in rest)):
            break
        words = first.casefold()
        cut = any(cell.startswith(words) for cell in above[: len(rows) - 1 - count])
        said = " ".join(str(cell) for cell in (words, *rest) if cell != "")
        if (
            cut
            or not words
            or " " not in said
            or _SAID.search(said) is None
            or not (words[0].isalpha() or words[0] in "\u00a9(")
        ):
            break
        count += 1
    return count
