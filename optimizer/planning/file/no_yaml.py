"""What is wrong with text that is no YAML, in words of whoever wrote it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from attribution.errors import bounded

__all__ = ["no_day", "no_yaml"]

_SHOWN = 80
_DAY = re.compile(r"(?<![\w-])(\d{4})-(\d\d?)-(\d\d?)(?:[Tt ]\d[\d:.]*)?(?![\w-])")
_GROUPED = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?![\w.])")
_QUOTE = "quote a value that begins with it, such as '{0}...'"
_SAID = (  # what the parser says, and what to write instead
    (r"duplicate key \"(.*?)\" with", "key {0!r} stands twice; keep one of them"),
    (r"escape", "a backslash stands in double quotes; write folders with /, such as data/weekly.csv"),
    (r"character '\\t'", "a tab stands where blanks have to; indent with blanks"),
    (r"character '(.)'", f"{{0}} stands at the beginning of a value; {_QUOTE}"),
    (r"undefined alias '(.*)'", f"*{{0}} is no text that YAML takes as it is; {_QUOTE.format('*')}"),
    (r"undefined alias", f"* stands at the beginning of a value; {_QUOTE.format('*')}"),
    (r"expected alphabetic or numeric", "* or & stands at the beginning of a value; quote the value"),
    (r"mapping values are not allowed|single document", "a colon or a line stands where none can; quote text with "
     "': ' in it, and indent keys of one section alike"),
    (r"unexpected end of stream|end of quoted|EOF", "a quotation mark does not close"),
    (r"expected ',' or '[}\]]'|expected the node content", "a bracket or brace does not close, "
     "or a comma is missing in it"),
    (r"expected <block end>|could not find expected ':'", "the line fits to none above it: indent keys of one section "
     "alike, and write a colon and a blank after each"),
)  # fmt: skip


def no_yaml(problem: str | None, line: int, text: str) -> str:
    """The parser's complaint about a line, counted from 0, in plain words.

    Examples
    --------
    >>> no_yaml('found duplicate key "0" with value', 0, "budget: {exactly: 1,000,000}")
    '1,000,000 is parted at its commas; write 1_000_000 without them.'
    """
    said = (problem or "not valid YAML").strip().splitlines()[0]
    lines = text.splitlines()
    grouped = _GROUPED.search(lines[line]) if line < len(lines) and "duplicate key" in said else None
    if grouped:
        return f"{grouped[0]} is parted at its commas; write {grouped[0].replace(',', '_')} without them."
    for pattern, words in _SAID:
        if match := re.search(pattern, said):
            return words.format(*(bounded(group or "", _SHOWN) for group in match.groups())) + "."
    return said + "."


def no_day(path: Path, text: str) -> str | None:
    """The first date that the calendar does not have, with its line."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in _DAY.finditer(line.partition(" #")[0]):
            try:
                dt.date(*map(int, match.groups()))
            except ValueError:
                return f"{path}:{number}: {match[0]} is no day of the calendar; write it as 2026-12-28."
    return None
