"""In which encoding a file of text is written: what its owner states, held against what the bytes themselves show."""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass

from attribution.errors import BadInput, Problem, nearest, quoted

__all__ = ["WIDEST", "Encoded", "decoded", "encoding_of", "in_encoding"]

_USUAL = ("cp1252", "latin-1", "utf-16", "utf-8", "cp1250", "cp1251", "gb18030", "big5", "shift_jis", "mac-roman")
_NO_WRITING = ("utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem")
_UNPRINTED = re.compile("[\x80-\x9f]")
WIDEST = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
"""Marks of UTF-32, of which the first begins as that of UTF-16 does."""
_MARKS = dict.fromkeys(WIDEST, "utf-32") | {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Encoded(os.PathLike[str]):
    """A path and the encoding of the text in its file."""

    path: str
    encoding: str

    def __fspath__(self) -> str:
        """The path alone."""
        return self.path


def encoding_of(name: str) -> str:
    """The encoding of a name such as ``"cp1252"``, as Python calls it.

    Raises
    ------
    BadInput
        There is no such encoding of text.
    """
    try:
        known = codecs.lookup(name)
        "".encode(known.name)  # refuses codecs that turn bytes into bytes
    except (LookupError, ValueError, TypeError, UnicodeError) as error:
        close = nearest(name, _USUAL)
        hint = f"did you mean {quoted(close)}?" if close else f"write for example {', '.join(_USUAL[:3])}."
        raise BadInput(f"encoding {name[:40]!r} is not known; {hint}") from error
    if known.name.replace("_", "-") in _NO_WRITING:
        raise BadInput(f"encoding {name[:40]!r} is none that tables are written in; write for example cp1252.")
    return known.name


def in_encoding(source: object, encoding: str | None, name: str = "table") -> object:
    """The source with the stated encoding of its file; itself where none is stated.

    Raises
    ------
    BadInput
        An encoding is stated of what is no file.
    """
    if encoding is None or isinstance(source, Encoded):
        return source
    if not isinstance(source, str | os.PathLike) or "://" in os.fspath(source).partition("::")[0]:
        raise BadInput(Problem(name, "is no file of text, and an encoding is stated.", remedy="remove encoding."))
    return Encoded(os.fspath(source), encoding_of(encoding))


def decoded(data: bytes, encoding: str, name: str) -> str:
    """Bytes in a stated encoding as text.

    Raises
    ------
    BadInput
        Some are none of it, or show that they are of another.
    """
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    if mark and not encoding.startswith(_MARKS[mark]):
        text = f"begins with the mark of {_MARKS[mark].upper()}, and {encoding} is stated."
        raise BadInput(Problem(name, text, remedy="remove encoding."))
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = "line " + str(data.count(b"\n", 0, error.start) + 1)
        remedy = "state the encoding that the program wrote, or save the file as UTF-8."
        raise BadInput(Problem(name, f"is not {encoding}.", row=line, remedy=remedy)) from error
    if odd := _UNPRINTED.search(text):
        row = f"line {text.count(chr(10), 0, odd.start()) + 1}"
        said = f"has signs that {encoding} does not print, such as {odd[0]!r}."
        raise BadInput(Problem(name, said, row=row, remedy="state another encoding, such as cp1252."))
    if not encoding.startswith("utf") and not data.isascii() and (other := _as_utf8(data)) is not None:
        place = next(place for place, sign in enumerate(other) if ord(sign) > 127)
        said = f"is UTF-8: in {encoding} {other[place]!r} reads {other[place].encode().decode(encoding, 'replace')!r}."
        raise BadInput(Problem(name, said, remedy="remove encoding."))
    return text.removeprefix("\ufeff")


def _as_utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
