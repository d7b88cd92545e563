"""Numbers of exports, read strictly: signs of currencies and groups of thousands are understood, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.errors import BadInput, Problem
from attribution.reading.formats import Format
from attribution.reading.likely import number_remedy

__all__ = ["MICROS", "Marks", "amounts_of", "currency_sign"]

MICROS = 1_000_000
"""Money is counted in whole millionths of its currency, so that sums are exact."""

_SIGNS = {"€": "EUR", "£": "GBP", "¥": "", "$": ""}  # the last two are signs of several currencies
_LARGEST = 10**9  # of any single cell, in currency or pieces: a hundred times the largest bookings
_BLANK = "[ \u00a0\u202f]"
_SIGN = re.compile(rf"([+-]?){_BLANK}*(?:[€$£¥]|[A-Z]{{3}})?{_BLANK}*(.*?){_BLANK}*(?:[€$£¥]|[A-Z]{{3}})?")
_SHOWN = 3


@dataclass(frozen=True)
class Marks:
    """The signs in a file's numbers.

    Parameters
    ----------
    decimal
        Before fractions; None where it is not stated, and read as a point unless that can be misread.
    thousands
        Between groups of three digits; None: the other of comma and point.
    """

    decimal: str | None = None
    thousands: str | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a number looks like."""
        point = re.escape(self.decimal or ".")
        group = re.escape(self.group)
        return re.compile(rf"[+-]?([0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}})+)({point}[0-9]+)?")

    @property
    def with_blanks(self) -> re.Pattern[str]:
        """What a number looks like whose groups of three digits are parted by blanks."""
        return re.compile(rf"[+-]?[0-9]{{1,3}}({_BLANK}[0-9]{{3}})+({re.escape(self.decimal or '.')}[0-9]+)?")

    @property
    def group(self) -> str:
        """The sign between groups of three digits."""
        return self.thousands if self.thousands is not None else "." if self.decimal == "," else ","


def amounts_of(
    cells: Sequence[Any], lines: Sequence[int], marks: Marks, where: tuple[str, str], empty: Sequence[str] = ()
) -> tuple[NDArray[np.int64], int]:
    """A column of numbers in whole millionths.

    Parameters
    ----------
    cells, lines
        The cells and the numbers of their rows.
    marks
        The signs of the file's numbers.
    where
        File and column, for messages.
    empty
        Cells that stand for nothing, and count as 0; without them an empty cell is an error.

    Returns
    -------
    The millionths, and how many cells were empty.

    Raises
    ------
    BadInput
        Cells that are no number, or a column that can be read in two ways.
    """
    wrong: list[tuple[int, Any]] = []
    known: dict[Any, int | None] = dict.fromkeys(empty, 0)
    read = _reader(marks)
    values = np.zeros(len(cells), dtype=np.int64)
    for place, cell in enumerate(cells):
        if not isinstance(cell, str):
            number = read(cell)
        elif cell in known:
            number = known[cell]
        else:
            number = known[cell] = read(cell)
        if number is None:
            wrong.append((lines[place], cell))
        else:
            values[place] = number
    if wrong:
        raise BadInput(_unreadable(cells, wrong, marks, where, empty))
    if marks.decimal is None and {_places(cell) for cell in known if isinstance(cell, str)} - {0} == {3}:
        text = "can be read in two ways: every fraction has three digits, so the point may part thousands."
        remedy = 'say decimal: "." or decimal: ",".'
        raise BadInput(Problem(where[0], text, where[1], remedy=remedy))
    return values, sum(isinstance(cell, str) and cell in empty for cell in cells)


def _places(text: str) -> int:
    """Digits behind the point."""
    return len(re.sub(r"[^0-9]", "", text.rpartition(".")[2])) if "." in text else 0


def _reader(marks: Marks) -> Callable[[Any], int | None]:
    """Reads one cell as millionths; None where it is no number."""
    pattern, with_blanks, group, point = marks.pattern, marks.with_blanks, marks.group, marks.decimal or "."

    def read(cell: Any) -> int | None:
        if isinstance(cell, str):
            parts = _SIGN.fullmatch(cell.strip())
            text = parts[1] + parts[2] if parts else cell
            if with_blanks.fullmatch(text):
                text = re.sub(_BLANK, "", text)
            if not pattern.fullmatch(text):
                return None
            number = Decimal(text.replace(group, "").replace(point, "."))
        elif isinstance(cell, int | float | Decimal | np.integer | np.floating) and not isinstance(cell, bool):
            number = Decimal(str(cell))
        else:
            return None
        return int((number * MICROS).to_integral_value()) if abs(number) <= _LARGEST else None

    return read


def currency_sign(cells: Sequence[Any]) -> set[str]:
    """Currencies whose own sign or code stands beside the numbers of a column."""
    named = set()
    for cell in cells:
        if isinstance(cell, str) and (match := re.search(r"[€£]|[A-Z]{3}", cell)):
            named.add(_SIGNS.get(match[0], match[0]))
    return named


def _unreadable(
    cells: Sequence[Any], wrong: list[tuple[int, Any]], marks: Marks, where: tuple[str, str], empty: Sequence[str]
) -> Problem:
    shown = ", ".join(repr(cell[:30]) for cell in dict.fromkeys(str(cell) for _, cell in wrong[:_SHOWN]))
    rows = f"row {wrong[0][0]}" + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    if all(cell == "" for _, cell in wrong):
        return Problem(where[0], "is empty.", where[1], rows, "fill the cells at the source; nothing is filled in.")
    remedy = "numbers lie below 1,000,000,000."
    if not all(marks.pattern.fullmatch(str(cell)) for _, cell in wrong):
        held = [cell for cell in cells if str(cell).strip() not in empty]
        remedy = number_remedy(held, (cell for _, cell in wrong), Format(marks.decimal or ".", marks.group))
    return Problem(where[0], f"is not a number: {shown}.", where[1], rows, remedy)
