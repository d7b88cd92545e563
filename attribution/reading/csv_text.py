"""Delimited text: its encoding, its separator, its lines and its raw header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import files_of
from attribution.reading.encodings import WIDEST, decoded
from attribution.reading.headers import checked_header
from attribution.reading.packed import CUT_SHORT, cut_short, opened

__all__ = ["RAGGED", "Layout", "layout_of", "likely_encoding", "read_lines", "read_text", "separator_of"]

RAGGED = "every line needs as many cells as the header; quote cells that hold the separator."
_CUT = "the file was cut short, or a quote is missing; export it again."
_MOST = 1 << 30
_HEADER, _PROBED = 1 << 20, 200
_STATE = {
    encoding: f"save the file as UTF-8 ('CSV UTF-8' in a spreadsheet), or say encoding: {encoding} if it is that."
    for encoding in ("cp1252", "gb18030", "utf-16")
}
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_OTHER = {
    b"PK\x03\x04": "a workbook (.xlsx) or an archive (.zip)",
    b"\x1f\x8b": "packed (.gz)",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "a workbook of the old kind (.xls)",
    b"SQLite format 3\x00": "SQLite",
}
"""How files begin that are often called CSV, and are none."""


def read_text(file: Path, encoding: str | None = None, most: int = _MOST) -> str:
    """The text of a file, unpacked where it ends in ``.gz`` or ``.zip``.

    In the stated encoding; else UTF-8 with or without a byte-order mark, and UTF-16 where such a mark says so.

    Raises
    ------
    BadInput
        Damaged, too large for a table in memory, or of another encoding.
    """
    try:
        with opened(file) as handle:
            data = handle.read(most + 1)
    except CUT_SHORT as error:
        raise cut_short(file) from error
    except OSError as error:
        raise BadInput(Problem(file.name, f"cannot be read: {error.strerror}.", remedy="check the file.")) from error
    if len(data) > most:
        text = f"is larger than {most >> 20} MB unpacked."
        raise BadInput(Problem(file.name, text, remedy="sum it by day or week at the source."))
    return _decoded(data, file.name, encoding)


def _decoded(data: bytes, name: str, encoding: str | None = None) -> str:
    if (kind := next((kind for mark, kind in _OTHER.items() if data.startswith(mark)), None)) is not None:
        raise BadInput(Problem(name, f"is {kind} and no text.", remedy="give it the ending of what it is."))
    if encoding is None and data.startswith(WIDEST):
        remedy = "save the file as UTF-8 ('CSV UTF-8' in a spreadsheet), or say encoding: utf-32."
        raise BadInput(Problem(name, "is UTF-32.", remedy=remedy))
    try:
        if encoding is not None:
            text = decoded(data, encoding, name)
        else:
            text = data.decode("utf-16" if data[:2] in _WIDE else "utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" in data[:_PROBED]:
            raise BadInput(Problem(name, "is no text, or UTF-16 without its mark.", remedy=_STATE["utf-16"])) from error
        line = data.count(b"\n", 0, error.start) + 1
        said = data[max(0, error.start - 12) : error.start + 12].splitlines()
        likely = _likely(data[:_HEADER])
        part = max(said, key=lambda each: any(byte > 127 for byte in each)).decode(likely, errors="replace")
        text = f"is not UTF-8, and may be meant as {part.rstrip(chr(0xFFFD))!r}."
        raise BadInput(Problem(name, text, row=f"line {line}", remedy=_STATE[likely])) from error
    if re.match(r"\s*<(!doctype|html|\?xml)", text[:100], re.IGNORECASE):
        remedy = "a page or a form of another kind was saved in its place, as where a login ran out; export it again."
        raise BadInput(Problem(name, "is a web page and no table.", remedy=remedy))
    if "\0" in text:
        if text[1:_PROBED:2].count("\0") > _PROBED // 3 or text[:_PROBED:2].count("\0") > _PROBED // 3:
            raise BadInput(Problem(name, "is UTF-16 without its mark, or no text.", remedy=_STATE["utf-16"]))
        raise BadInput(Problem(name, "holds NUL bytes, so it is no text.", remedy="export it as CSV."))
    return text


def likely_encoding(file: Path) -> str | None:
    """The encoding of a file of text by the look of its first part; None where none need be stated, or it is none."""
    try:
        with opened(file) as handle:
            data = handle.read(_HEADER)
    except (*CUT_SHORT, OSError, BadInput):  # told where it is read
        return None
    if data.startswith((*_OTHER, *_WIDE, *WIDEST)) or b"\0" in data[:_PROBED]:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return _likely(data)
    return None


def _likely(data: bytes) -> str:
    """Chinese where bytes beyond ASCII come in its pairs, most of them of its common characters; else Western."""
    runs = re.findall(rb"[\x80-\xff]+", data)
    pairs = [run[place : place + 2] for run in runs for place in range(0, len(run), 2)]
    chinese = all(re.fullmatch(rb"[\xa1-\xf7][\xa1-\xfe]", pair) for pair in pairs)
    common = sum(0xB0 <= pair[0] <= 0xD7 for pair in pairs)
    return "gb18030" if chinese and 2 * common > len(pairs) else "cp1252"


def separator_of(header: str) -> str:
    """The sign between the cells of a header line: the commonest of comma, semicolon and tab outside quotes."""
    bare = "".join(header.split('"')[::2])
    return max(",;\t", key=bare.count)


def read_lines(file: Path, header: int = 1, encoding: str | None = None) -> list[list[str | None]]:
    """The cells of every line, None for an empty one; lines may differ in length.

    Parameters
    ----------
    file
        Delimited text.
    header
        The line, from 1, that says which separator the file has.
    encoding
        Where it is stated.

    Raises
    ------
    BadInput
        Damaged, of another encoding, or cut short within quotes.
    """
    text = read_text(file, encoding)
    told = text.split("\n", header)[:header][-1]
    return _cells(text, separator_of(told), file.name)


def _cells(text: str, separator: str, name: str) -> list[list[str | None]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [[cell or None for cell in line] for line in reader]
    except csv.Error as error:
        line = f"line {reader.line_num}"
        raise BadInput(Problem(name, f"cannot be read: {error}.", row=line, remedy=_CUT)) from error


@dataclass(frozen=True)
class Layout:
    """What the first line of delimited text says of the rest.

    Parameters
    ----------
    separator
        Between cells.
    names
        Of the columns.
    encoding
        ``"utf-8"`` or ``"utf-16"``; any other is one that the engine does not read.
    """

    separator: str
    names: tuple[str, ...]
    encoding: str


def layout_of(path: str, encoding: str | None = None) -> Layout:
    """The layout of a file of any size, or of all files of a pattern, which must agree.

    Parameters
    ----------
    path
        The file or pattern.
    encoding
        Where it is stated.

    Raises
    ------
    BadInput
        The first line cannot be read or names a column twice; files of a pattern differ.
    """
    first, *others = files_of(path)
    layout = _layout(first, encoding)
    for other in others:
        if _layout(other, encoding) != layout:
            text = f"and {first.name} differ in header, separator or encoding."
            raise BadInput(Problem(other.name, text, remedy="name files of one layout."))
    return layout


def _layout(file: Path, stated: str | None) -> Layout:
    line, encoding = _first_line(file, stated)
    separator = separator_of(line)
    lines = _cells(line, separator, file.name)
    return Layout(separator, tuple(checked_header(lines[0] if lines else [], file.name, "line 1")), encoding)


def _first_line(file: Path, stated: str | None) -> tuple[str, str]:
    try:
        with opened(file) as handle:
            mark = handle.read(2)
            handle.seek(0)
            if stated not in (None, "utf-8") and not (stated == "utf-16" and mark in _WIDE):
                return handle.read(_HEADER).decode(stated, errors="ignore").split("\n", 1)[0], str(stated)
            if mark in _WIDE:
                line = handle.read(_HEADER).decode("utf-16", errors="ignore").split("\n", 1)[0]
                return line, "utf-16" if mark == _WIDE[0] else "utf-16-be"
            return _decoded(handle.readline(_HEADER), file.name), "utf-8"
    except CUT_SHORT as error:
        raise cut_short(file) from error
