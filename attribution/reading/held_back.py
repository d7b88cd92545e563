"""Where a sheet shows other than its cells hold: merged cells, formulas without results, hidden rows and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from attribution.errors import Problem

__all__ = ["HeldBack", "held_back"]

_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_UNKEPT = re.compile(rb'<c\b((?:(?!t="str")[^>])*)><f\b(?:[^>]*/>|[^>]*>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>')
_HIDDEN = re.compile(rb'<(row|col)\b(?=[^>]*\bhidden="(?:1|true)")([^>]*)>')
_PLACE = re.compile(rb'\b(r|min|max)="(\d+)"')
_REF = re.compile(rb'\br="([A-Z]+\d+)"')
_WIDEST = 16_384  # columns of a sheet
_PART, _OVERLAP, _SHOWN = 1 << 20, 1 << 16, 3


@dataclass(frozen=True)
class HeldBack:
    """Cells of a sheet whose values its file does not hold, and those that it does not show.

    Parameters
    ----------
    merged
        Ranges that span several rows: first and last column and row.
    unkept
        Cells with a formula and without its result.
    rows, columns
        Numbers of those that are hidden or filtered away, from 1.
    """

    merged: tuple[tuple[str, int, str, int], ...]
    unkept: tuple[str, ...]
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    def problems(self, name: str, rows: list[list[Any]]) -> Iterator[Problem]:
        """A problem for merged cells among rows that hold something else, and one for formulas."""
        among = [
            f"{left}{top}:{right}{bottom}"
            for left, top, right, bottom in self.merged
            if any(cell is not None for row in rows[top:bottom] for cell in row)
        ]
        if among:
            text = f"has cells merged over several rows, {_first(among)}: the first alone holds the value."
            yield Problem(name, text, remedy="unmerge them and write the value into each row.")
        if self.unkept:
            text = f"holds formulas without their results, at {_first(self.unkept)}."
            yield Problem(name, text, remedy="open and save it in a spreadsheet program, or export values.")

    def hidden(self, rows: list[list[Any]]) -> tuple[int, int]:
        """How many of the hidden rows and of the hidden columns hold something."""
        filled = [{place for place, cell in enumerate(row, 1) if cell is not None} for row in rows]
        lines = sum(bool(filled[row - 1]) for row in self.rows if row <= len(rows))
        return lines, len(set().union(*filled).intersection(self.columns))


def held_back(sheet: Any) -> HeldBack:
    """What the file of an openpyxl sheet, opened for reading only, says of merged cells and formulas."""
    merged: dict[tuple[str, int, str, int], None] = {}
    unkept: dict[str, None] = {}
    unseen: dict[bytes, dict[int, None]] = {b"row": {}, b"col": {}}
    rest = b""
    with sheet.parent._archive.open(sheet._worksheet_path) as handle:
        while part := handle.read(_PART):
            text = rest + part
            for left, top, right, bottom in _MERGED.findall(text):
                if top != bottom:
                    merged[left.decode(), int(top), right.decode(), int(bottom)] = None
            for kind, said in _HIDDEN.findall(text):
                places = {name: int(number) for name, number in _PLACE.findall(said)}
                first = places.get(b"r", places.get(b"min", 0))
                unseen[kind] |= dict.fromkeys(range(first, min(places.get(b"max", first), _WIDEST) + 1))
            if b"<f" in text:
                for found in _UNKEPT.finditer(text):
                    if place := _REF.search(found[1]):
                        unkept[place[1].decode()] = None
            rest = text[-_OVERLAP:]
    return HeldBack(tuple(merged), tuple(unkept), tuple(unseen[b"row"]), tuple(unseen[b"col"]))


def _first(places: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(places[:_SHOWN]) + more
