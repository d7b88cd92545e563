"""Letters of a sheet or a slide: fonts that office programs have, how wide a text is and how many lines it takes."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

__all__ = ["EASTERN", "FACES", "LATIN", "Face", "in_one_line", "legible", "lines_of", "unbroken", "width_of"]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SIGN, _CLOSING = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef", "、。，；：！？）》」』”"
_PIECE = re.compile(rf"(?:[{_SIGN}]|[^{_SIGN}]+)[{_CLOSING}]*")  # no line begins with a closing mark
_BLANKS = re.compile(r"[^\S\xa0\u202f]+")  # a line breaks at none of those that keep a figure and its unit together
_LONGEST = 32_000  # letters that a cell holds


@dataclass(frozen=True)
class Face:
    """A font of a spreadsheet.

    Parameters
    ----------
    font
        As office programs name it.
    line
        Height of its lines, in its sizes.
    """

    font: str
    line: float


LATIN, EASTERN = Face("Arial", 1.3), Face("Microsoft YaHei", 1.6)
FACES = {"zh": EASTERN}
"""By code of the language; all others are written in :data:`LATIN`."""


def legible(text: str) -> str:
    """Text as a workbook holds it: control characters, which XML cannot, by their code."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)[:_LONGEST]


def width_of(text: str) -> int:
    """Letters that a text is wide; signs of Chinese count twice."""
    return len(text) + sum(map(_is_wide, text))


def in_one_line(text: str, width: int) -> str:
    """A text of so many letters at most: of a longer one its beginning and its end, where names differ.

    >>> in_one_line("market 5 · long programme name number 13", 24)
    'market 5 · lo… number 13'
    """
    if width_of(text) <= width:
        return text
    head, tail = text, text
    while width_of(head) > math.ceil(0.55 * (width - 1)):
        head = head[:-1]
    while width_of(tail) > (width - 1) - width_of(head):
        tail = tail[1:]
    return f"{head.rstrip()}…{tail}"


def unbroken(text: str) -> int:
    """How wide the widest part of a text is that no line breaks."""
    return max((width_of(piece) for piece, _ in _pieces(text)), default=0)


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in so many letters, words kept whole where they fit; Chinese breaks at any sign."""
    lines, used = 1, 0.0
    for piece, is_apart in _pieces(text):
        needed, gap = width_of(piece), int(is_apart and used > 0)
        if used and used + gap + needed > width:
            lines, used = lines + 1, needed
        else:
            used += gap + needed
        beyond = max(math.ceil(used / max(width, 1)) - 1, 0)
        lines, used = lines + beyond, used - beyond * max(width, 1)
    return lines


def _pieces(text: str) -> list[tuple[str, bool]]:
    """What no line breaks, and whether a blank stands before it."""
    words = _BLANKS.split(text)
    return [(piece[0], place == 0) for word in words for place, piece in enumerate(_PIECE.finditer(word))]


def _is_wide(letter: str) -> bool:
    return not letter.isascii() and unicodedata.east_asian_width(letter) in "WF"
