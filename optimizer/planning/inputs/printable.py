"""Names that every output can show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from attribution.errors import Problem

__all__ = ["unprintable"]


def unprintable(names: Iterable[str], table: str, what: str) -> list[Problem]:
    """Problems of names that hold control characters, which workbooks refuse and terminals obey.

    Parameters
    ----------
    names
        What the table's rows or the plan file call things.
    table
        Where they stand.
    what
        What is named, as in ``channel``.
    """
    return [
        Problem(table, f"the {what} {name!r} holds a control character.", remedy="write it without.")
        for name in names
        if any(unicodedata.category(sign) == "Cc" for sign in name)
    ]
