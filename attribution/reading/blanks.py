"""Signs that nobody sees: blanks of every kind, and marks without a width that spreadsheets and web pages leave."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["BLANKS", "folded", "is_void"]

_UNSEEN = "\xad\u200b-\u200d\u2060\ufeff"
BLANKS = f"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000{_UNSEEN}"
"""Class of a regular expression; in ranges, for Spark takes a vertical tab that is written out for the letter v."""

_SAME = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-") | dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'")
)
_VOID, _MARKS = re.compile(f"[{BLANKS}]*"), re.compile(f"[{_UNSEEN}]")


def is_void(text: str) -> bool:
    r"""Whether nothing but signs that nobody sees is there.

    >>> is_void(" \u200b\xa0"), is_void("tv")
    (True, False)
    """
    return _VOID.fullmatch(text) is not None


def folded(name: str) -> str:
    r"""A name without case, blanks around it, signs that nobody sees, and other ways to write the same sign.

    >>> folded("E\u00admail\xa0 Shop ") == folded("email shop")
    True
    >>> folded("Ge\u0301ne\u0301rique l\u2019e\u2011mail") == folded("g\xe9n\xe9rique l'e-mail")
    True
    """
    if name.isascii():  # as nearly all of millions of ids are
        return " ".join(name.lower().replace("`", "'").split())
    plain = unicodedata.normalize("NFKC", _MARKS.sub("", name)).casefold()
    return " ".join(plain.translate(_SAME).split())
