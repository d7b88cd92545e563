"""Output to streams that cannot carry every sign."""

from __future__ import annotations

import codecs
import io
import sys

__all__ = ["carry_every_sign"]

_ALIKE = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "—": "-",
        "‑": "-",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "…": "...",
        "·": "*",
        "×": "x",
        "≤": "<=",
        "≥": ">=",
        "€": "EUR",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
    }
)


def carry_every_sign() -> None:
    """Let standard output and errors write what their encoding lacks by signs alike, else by their code.

    A run that is done must not end in an error because a pipe is ASCII, and a minus must not be lost.
    """
    codecs.register_error("alike", _alike)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="alike")


def _alike(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_ALIKE)
    return text.encode("ascii", "backslashreplace"), error.end
