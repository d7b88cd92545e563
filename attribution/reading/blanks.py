"""Signs that nobody sees: blanks of every kind, and marks without a width that spreadsheets and web pages leave."""

from __future__ import annotations

import re

__all__ = ["BLANKS", "folded", "is_void"]

_UNSEEN = "\xad\u200b-\u200d\u2060\ufeff"
BLANKS = f"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000{_UNSEEN}"
"""Class of a regular expression; in ranges, for Spark takes a vertical tab that is written out for the letter v."""

_VOID, _MARKS = re.compile(f"[{BLANKS}]*"), re.compile(f"[{_UNSEEN}]")


def is_void(text: str) -> bool:
    r"""Whether nothing but signs that nobody sees is there.

    >>> is_void(" \u200b\xa0"), is_void("tv")
    (True, False)
    """
    return _VOID.fullmatch(text) is not None


def folded(name: str) -> str:
    r"""A name without case, blanks around it and signs that nobody sees.

    >>> folded("E\u00admail\xa0 Shop ") == folded("email shop")
    True
    """
    return " ".join(_MARKS.sub("", name).casefold().split())
