"""A workbook as it is written: sheets of titles, sentences and tables, which print on few pages."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from optimizer.planning.language.commands import commands_plain
from optimizer.planning.language.translator import Translator
from optimizer.planning.outputs.book.formats import TEXT, digits, settled
from optimizer.planning.outputs.book.letters import FACES, LATIN, legible, lines_of, unbroken, width_of

__all__ = ["Book", "Cells", "Column", "Live", "Sheet"]

_INK, _SOFT, _LINE, _HEAD, _INPUT = "1C2530", "5A6675", "C5CCD4", "EEF2F6", "FFF6D6"
_SIZE = 10  # points
_SCREEN = 150  # letters
_SHORT = 20  # rows of a table that stays on the page of its head
_LETTERS = 1.08  # of running text in the width of a digit
_FORMULA = re.compile(r'<c r="([A-Z]+[0-9]+)"([^>]*)><f>(.*?)</f><v\s*(?:/>|></v>)', re.DOTALL)
_UNTITLED, _TITLE = re.compile(r"[\[\]:*?/\\]"), 31  # what no title of a sheet may hold, and its letters
_QUOTED = re.compile(r'"([^"]*)"')
_BOLD = 1.12  # width of a bold letter in digits
_INDENT = 1.5  # letters
_MISSING = "–"


@dataclass(frozen=True)
class Live:
    """A formula, and what it gives for the run's own figures: what is shown where nothing computes it.

    Parameters
    ----------
    formula
        Without the equals sign, in English.
    value
        Its value as the workbook is written.
    """

    formula: str
    value: float | str


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title
        In people's words, with its unit.
    form
        Its number format.
    is_input
        Whether a reader types into it.
    """

    title: str
    form: str = TEXT
    is_input: bool = False


@dataclass(frozen=True)
class Cells:
    """Where a table stands: rows and columns of its body, counted from 1."""

    head: int
    first: int
    last: int


class Book:
    """A workbook in the making.

    Parameters
    ----------
    name
        What stands at the foot of each page.
    translator
        What says its texts in another language; None leaves them English.
    """

    def __init__(self, name: str, translator: Translator | None = None) -> None:
        from openpyxl import Workbook

        self.name, self._translator = legible(name), translator
        self.face = LATIN if translator is None else FACES.get(translator.language.code, LATIN)
        self.file = Workbook()
        self.file.remove(self.file.active)
        self.file.properties.title, self.file.properties.creator = self.name, "blended-cac"
        self.file.calculation.fullCalcOnLoad = True
        self._values: list[dict[str, float | str]] = []

    def say(self, text: str) -> str:
        """A text in the language of the book."""
        return commands_plain(text if self._translator is None else self._translator(text))

    def titled(self, title: str) -> str:
        """The title of a sheet as the file has it."""
        return _UNTITLED.sub("-", self.say(title))[:_TITLE]

    def sheet(self, title: str, widths: Sequence[float]) -> Sheet:
        """A new sheet behind the others, with the widths of its columns in letters."""
        self._values.append({})
        return Sheet(self, self.file.create_sheet(self.titled(title)), widths, self._values[-1])

    def bytes(self) -> bytes:
        """The file, each formula with its value, for readers that do not compute, such as previews and mail."""
        whole = io.BytesIO()
        self.file.save(whole)
        done = io.BytesIO()
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                content = old.read(entry)
                place = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", entry.filename)
                if place and (values := self._values[int(place[1]) - 1]):
                    content = _valued(content.decode("utf-8"), values).encode("utf-8")
                new.writestr(entry.filename, content)
        return done.getvalue()


def _valued(sheet: str, values: dict[str, float | str]) -> str:
    def cell(found: re.Match[str]) -> str:
        value = values[found[1]]
        kind, text = ("", repr(float(value))) if isinstance(value, int | float) else (' t="str"', escape(value))
        return f'<c r="{found[1]}"{found[2]}{kind}><f>{found[3]}</f><v>{text}</v>'

    return _FORMULA.sub(cell, sheet)


class Sheet:
    """One sheet, written from the top; the next row is free.

    Parameters
    ----------
    book
        Of which it is a part.
    cells
        The sheet of openpyxl.
    widths
        Of its columns, in letters.
    values
        Where values of formulas are kept.
    """

    def __init__(self, book: Book, cells: Any, widths: Sequence[float], values: dict[str, float | str]) -> None:
        from openpyxl.utils import get_column_letter

        self.cells, self.row, self._widths, self._values = cells, 1, list(widths), values
        self.say, self._face = book.say, book.face
        self.across = _columns_of(widths)
        for number, width in enumerate(widths, start=1):
            cells.column_dimensions[get_column_letter(number)].width = width
        cells.sheet_view.showGridLines = False
        self._prepare_pages(book.name.replace("&", "&&"))

    def _prepare_pages(self, name: str) -> None:
        setup = self.cells.page_setup
        setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
        self.cells.sheet_properties.pageSetUpPr.fitToPage = True
        margins = self.cells.page_margins
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.6, 0.3, 0.3
        foot = self.cells.oddFooter
        foot.left.text, foot.center.text, foot.right.text = name, "&A", "&P / &N"
        for part in (foot.left, foot.center, foot.right):
            part.size = 8

    def title(self, text: str) -> None:
        """The sheet's title."""
        self._line(text, size=16, bold=True)

    def heading(self, text: str) -> None:
        """What the next lines are about."""
        self._line(text, size=12, bold=True)
        self.cells.row_dimensions[self.row - 1].height = 28

    def sentence(self, text: str, size: float = _SIZE, bold: bool = False, soft: bool = False) -> None:
        """A sentence over the whole width, in as many lines as it needs."""
        self._line(text, size, bold, soft, wraps=True)

    def _line(self, text: str, size: float, bold: bool = False, soft: bool = False, wraps: bool = False) -> None:
        from openpyxl.styles import Alignment, Font

        text = self.say(text)
        cell = self._put(self.row, 1, text)
        cell.font = Font(name=self._face.font, size=size, bold=bold, color=_SOFT if soft else _INK)
        cell.alignment = Alignment(wrap_text=wraps, vertical="top" if wraps else "center")
        lines = 1
        if wraps:
            self.cells.merge_cells(start_row=self.row, end_row=self.row, start_column=1, end_column=self.across)
            lines = math.ceil(
                width_of(text) * (1.1 if bold else 1.0) * size / _SIZE / (sum(self._widths[: self.across]) * 1.1)
            )
        self.cells.row_dimensions[self.row].height = lines * size * self._face.line + 5
        self.row += 1

    def table(
        self, columns: Sequence[Column], rows: Iterable[Sequence[Any]], totals: Iterable[Sequence[Any]] = ()
    ) -> Cells:
        """A table at the next row; ``None`` leaves a cell empty, and what is not a number or not finite is ``–``."""
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

        columns = [replace(column, title=self.say(column.title).replace(" %", "\u00a0%")) for column in columns]
        rows, totals = list(rows), list(totals)
        if len(rows) + len(totals) > _SHORT:
            self.cells._print_rows = None  # else the head above stands over these figures; the setter keeps it
        self._widen(columns, [*rows, *totals])
        head, thin, thick = self.row, Side(style="hair", color=_LINE), Side(style="medium", color=_SOFT)
        for number, column in enumerate(columns, start=1):
            cell = self._put(head, number, column.title)
            cell.font, cell.fill = (
                Font(name=self._face.font, size=_SIZE, bold=True, color=_INK),
                PatternFill("solid", fgColor=_HEAD),
            )
            cell.alignment = Alignment(
                wrap_text=True,
                vertical="bottom",
                horizontal="left" if column.form == TEXT else "right",
                indent=int(number > 1),  # titles of neighbours do not run into each other
            )
            cell.border = Border(bottom=thick)
        titles = zip(columns, self._widths, strict=False)
        lines = max(lines_of(column.title, width * _LETTERS - 1 - _INDENT) for column, width in titles)
        self.cells.row_dimensions[head].height = _SIZE * self._face.line * lines + 4
        self.row += 1
        looks: dict[tuple[Any, ...], Any] = {}
        body, sums = ([[self._said(value) for value in row] for row in some] for some in (rows, totals))
        for at, row in enumerate([*body, *sums]):
            is_total = at >= len(body)
            edge = Border(top=thick if at == len(body) else thin)
            for number, (column, value) in enumerate(zip(columns, row, strict=True), start=1):
                cell = self._put(self.row, number, settled(value, column.form) if isinstance(value, float) else value)
                look = (number > 1, column, _is_text(value), value is None, is_total, at == len(body))
                if look in looks:
                    cell._style = copy(looks[look])  # a style is a hash of all its parts each time that it is set
                    continue
                self._dress(cell, number, column, value, is_total)
                cell.border, looks[look] = edge, cell._style
            texts = ((value, width) for value, width in zip(row, self._widths, strict=False) if isinstance(value, str))
            tallest = [lines_of(value, width * _LETTERS) for value, width in texts]
            self.cells.row_dimensions[self.row].height = _SIZE * self._face.line * max(tallest, default=1) + 3
            self.row += 1
        self.row += 1
        return Cells(head, head + 1, head + len(body))

    def _widen(self, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> None:
        """No word of a column's title is broken, whatever the language, and no number is shown as ``###``."""
        from openpyxl.utils import get_column_letter

        for place, column in enumerate(columns[: len(self._widths)]):
            values = [row[place].value if isinstance(row[place], Live) else row[place] for row in rows]
            numbers = [digits(value, column.form) for value in values if isinstance(value, int | float)]
            longest = (
                max(unbroken(column.title), *numbers) if numbers and column.form != TEXT else unbroken(column.title)
            )
            needed = longest * _BOLD + 1 + (_INDENT if place else 0)
            if needed > self._widths[place]:
                self._widths[place] = needed
                self.cells.column_dimensions[get_column_letter(place + 1)].width = self._widths[place]

    def _said(self, value: Any) -> Any:
        """A text in the language of the book, in formulas too."""
        if isinstance(value, str):
            return self.say(value)
        if isinstance(value, Live):
            formula = _QUOTED.sub(lambda found: f'"{self.say(found[1])}"', value.formula)
            return Live(formula, self._said(value.value))
        return value

    def _dress(self, cell: Any, number: int, column: Column, value: Any, is_total: bool) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill, Protection

        is_text, to_left = _is_text(value), column.form == TEXT
        cell.font = Font(name=self._face.font, size=_SIZE, bold=is_total, color=_INK)
        cell.alignment = Alignment(
            horizontal="left" if to_left else "right",
            vertical="center",
            wrap_text=bool(to_left and is_text),
            indent=int(number > 1),
        )
        if not is_text and not to_left:
            cell.number_format = column.form
        if column.is_input and not is_total and value is not None:
            cell.fill, cell.protection = PatternFill("solid", fgColor=_INPUT), Protection(locked=False)
            cell.font = Font(name=self._face.font, size=_SIZE, color="1F4E9E")

    def _put(self, row: int, column: int, value: Any) -> Any:
        """A value in a cell: text is never a formula, whatever it begins with."""
        cell = self.cells.cell(row, column)
        if isinstance(value, Live):
            cell.value = f"={value.formula}"
            self._values[cell.coordinate] = value.value
        elif isinstance(value, str):
            cell.value = legible(value)
            cell.data_type = "s"
        elif value is not None:
            cell.value = float(value) if math.isfinite(value) else "∞" if value == math.inf else _MISSING
        return cell

    def page(self) -> None:
        """The next row begins a page."""
        from openpyxl.worksheet.pagebreak import Break

        self.cells.row_breaks.append(Break(id=self.row - 1))

    def freeze(self, table: Cells, columns: int = 1) -> None:
        """Keep a table's head, and its first columns, in sight; the head stands on each printed page."""
        self.cells.freeze_panes = self.cells.cell(table.first, columns + 1)
        self.cells.print_title_rows = f"{table.head}:{table.head}"


def _is_text(value: Any) -> bool:
    return isinstance(value.value if isinstance(value, Live) else value, str)


def _columns_of(widths: Sequence[float]) -> int:
    """Over how many columns a sentence runs: no wider than a screen."""
    reach = 0.0
    for number, width in enumerate(widths, start=1):
        reach += width
        if reach >= _SCREEN:
            return number
    return len(widths)
