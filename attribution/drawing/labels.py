"""Names as texts of a plot: one printable line, or two for a row."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["broken", "distinct", "plain", "row_labels", "shortened"]


def plain(name: object) -> str:
    """A name as one line of printable text that no legend drops for a leading underscore."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(name))
    return f" {text}" if text.startswith("_") else text


def row_labels(names: Iterable[object], width: int = 26) -> list[str]:
    """Names for rows: long ones broken once, very long ones cut with an ellipsis, no two alike."""
    return distinct(broken(plain(name), width) for name in names)


def distinct(names: Iterable[str]) -> list[str]:
    """Labels with a number behind those that occurred before.

    >>> distinct(["tv", "(start)", "tv"])
    ['tv', '(start)', 'tv (2)']
    """
    labels = list(names)
    counts: dict[str, int] = {}
    for position, label in enumerate(labels):
        counts[label] = counts.get(label, 0) + 1
        if counts[label] > 1:
            labels[position] = f"{label} ({counts[label]})"
    return labels


def shortened(name: object, width: int = 18) -> str:
    """A name in one line of at most ``width``.

    >>> shortened("google.com / cpc / brand_exact_match")
    'google.com / cpc…'
    """
    text = plain(name)
    return text if len(text) <= width else text[: width - 1].rstrip(" /|:_-") + "…"


def broken(text: str, width: int) -> str:
    """Text in at most two lines of ``width``, cut with an ellipsis past that.

    >>> broken("google.com / cpc / brand_exact_match", 22).splitlines()
    ['google.com / cpc /', 'brand_exact_match']
    """
    if len(text) <= width:
        return text
    ends = [piece.end() for piece in re.finditer(r"[\s_/|:.\-]+", text)]
    at = max((end for end in ends if len(text[:end].rstrip()) <= width), default=0) or width
    first, rest = text[:at].rstrip(), text[at:].strip()
    return f"{first}\n{rest if len(rest) <= width else rest[: width - 1].rstrip() + '…'}"
