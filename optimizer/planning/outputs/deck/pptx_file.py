"""A deck as PowerPoint, with native charts and tables that a reader can change."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from attribution.drawing.labels import distinct
from attribution.drawing.palette import ACCENT, INK, LINE, NOW, PLANNED, SOFT, WARN, WASH
from optimizer.planning.outputs.book.formats import money
from optimizer.planning.outputs.book.letters import EASTERN, LATIN, in_one_line, legible, unbroken, width_of
from optimizer.planning.outputs.deck.content import Bars, Big, Deck, Grid, Slide, Steps

__all__ = ["pptx_bytes"]

_WIDE, _HIGH = 13.333, 7.5  # inches
_LEFT, _TOP, _FOOT = 0.55, 1.15, 6.95
_AROUND_ROWS = 0.8  # title and axis of a chart
_NAMES = 0.36  # of a chart's width, for the names of its rows
_LONGEST = 36  # letters of a row's name beside a chart
_WHOLE = 8.0  # inches, past which a table stands alone


def pptx_bytes(deck: Deck) -> bytes:
    """The file; needs python-pptx, which the extra ``slides`` brings."""
    from pptx import Presentation
    from pptx.util import Inches

    file = Presentation()
    file.slide_width, file.slide_height = Inches(_WIDE), Inches(_HIGH)
    file.core_properties.title, file.core_properties.author = legible(deck.title), "blended-cac"
    for number, slide in enumerate(deck.slides, start=1):
        page = file.slides.add_slide(file.slide_layouts[5])  # title only
        _title(page, slide.title)
        _body(page, slide)
        _foot(page, f"{deck.title} · {deck.subtitle}", f"{number} / {len(deck.slides)}")
    whole = io.BytesIO()
    file.save(whole)
    return whole.getvalue()


def _body(page: Any, slide: Slide) -> None:
    """Sentences below the title, then what is drawn at the left and listed at the right, or either over the width."""
    top = _TOP + 0.42 * (_title_lines(slide.title) - 1)
    if slide.lines:
        size = 18 if not (slide.bars or slide.steps or slide.grid) else 14
        top += _text(page, slide.lines, (_LEFT, top, _WIDE - 2 * _LEFT), size, gap=8)
    bottom = 6.35 if slide.note else 6.75
    whole, drawn = _WIDE - 2 * _LEFT, slide.bars or slide.steps
    left = whole * (0.6 if slide.big else 0.42) if drawn and (slide.grid or slide.big) else whole
    if drawn:
        _chart(page, drawn, (_LEFT, top, left - 0.2, bottom - top))
    beside = (_LEFT + left + 0.1, top, whole - left - 0.1) if drawn else (_LEFT, top, whole)
    if slide.big:
        _figures(page, slide.big, beside, bottom)
    if slide.grid:
        _grid(page, slide.grid, beside, bottom)
    if slide.note:
        _text(page, (slide.note,), (_LEFT, bottom + 0.05, whole), 10, soft=True)


def _title(page: Any, text: str) -> None:
    from pptx.enum.text import MSO_ANCHOR
    from pptx.util import Inches

    box = page.shapes.title
    box.left, box.top, box.width, box.height = Inches(_LEFT), Inches(0.4), Inches(_WIDE - 2 * _LEFT), Inches(1.2)
    frame = box.text_frame
    frame.word_wrap, frame.vertical_anchor, frame.margin_left = True, MSO_ANCHOR.TOP, 0
    _write(frame.paragraphs[0], text, _title_size(text), INK, bold=True)


def _title_size(text: str) -> int:
    wide = width_of(text)
    return 26 if wide < 75 else 22 if wide < 170 else 18


def _title_lines(text: str) -> int:
    letters = (_WIDE - 2 * _LEFT) * 72 / _title_size(text) * 1.5
    return int(-(-width_of(text) // letters))


def _text(
    page: Any, lines: Sequence[str], place: tuple[float, float, float], size: float, soft: bool = False, gap: float = 4
) -> float:
    """Paragraphs; returns the inches that they take."""
    from pptx.util import Inches, Pt

    left, top, width = place
    letters = width * 72 / size * 1.95
    height = sum(-(-width_of(line) // int(letters)) for line in lines) * size * 1.25 / 72 + len(lines) * gap / 72 + 0.1
    box = page.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    frame = box.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = 0
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(gap)
        _write(paragraph, line, size, SOFT if soft else INK)
    return float(height)


def _write(paragraph: Any, text: str, size: float, colour: str, bold: bool = False) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    paragraph.alignment = PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = legible(text)
    run.font.size, run.font.bold = Pt(size), bold
    _face(run.font)
    run.font.color.rgb = RGBColor.from_string(colour[1:].upper())


def _face(font: Any) -> None:
    """The font of Latin letters and that of Chinese signs, which a name of a channel may hold in any language."""
    from pptx.oxml.ns import qn

    font.name = LATIN.font
    latin = font._rPr.find(qn("a:latin"))
    latin.addnext(latin.makeelement(qn("a:ea"), {"typeface": EASTERN.font}))


def _foot(page: Any, told: str, number: str) -> None:
    _text(page, (told,), (_LEFT, _FOOT, 10.5), 9, soft=True)
    _text(page, (number,), (_WIDE - _LEFT - 0.6, _FOOT, 0.6), 9, soft=True)


def _figures(page: Any, big: Sequence[Big], place: tuple[float, float, float], bottom: float) -> None:
    """Figures in large letters, two beside each other."""
    left, top, width = place
    rows = -(-len(big) // 2)
    height = min((bottom - top) / max(rows, 1), 1.45)
    for number, one in enumerate(big):
        at = (left + 0.2 + (number % 2) * width / 2, top + 0.1 + (number // 2) * height, width / 2 - 0.25)
        taken = _text(page, (one.label,), at, 11, soft=True, gap=0)
        page.shapes[-1].text_frame.paragraphs[0].runs[0].font.bold = False
        below = (at[0], at[1] + taken - 0.1, at[2])
        _text(page, (one.figure,), below, 22, gap=0)
        page.shapes[-1].text_frame.paragraphs[0].runs[0].font.bold = True
        _text(page, (one.detail,), (at[0], below[1] + 0.42, at[2]), 10, soft=True, gap=0)


def _grid(page: Any, grid: Grid, place: tuple[float, float, float], bottom: float) -> None:
    from pptx.util import Inches, Pt

    left, top, width = place
    names = distinct(in_one_line(row[0], _LONGEST if width < _WHOLE else 2 * _LONGEST) for row in grid.rows)
    named = [[name, *row[1:]] for name, row in zip(names, grid.rows, strict=True)]
    written = [[_unparted(text) for text in row] for row in (grid.columns, *named)]
    rows, columns = len(written), len(grid.columns)
    height = min(0.4, (bottom - top) / rows)
    shape = page.shapes.add_table(rows, columns, Inches(left), Inches(top), Inches(width), Inches(height * rows))
    table, size = shape.table, 13 if height >= 0.38 and width > _WHOLE else 11 if height >= 0.38 else 10
    table.horz_banding = False
    for at, part in enumerate(_parts(written, width * 72 / size * 1.95)):
        table.columns[at].width = Inches(width * part)
    for number, row in enumerate(written):
        table.rows[number].height = Inches(height)
        strong = number == 0 or number > len(grid.rows) - grid.totals
        for at, text in enumerate(row):
            _cell(table.cell(number, at), text, size, strong, is_head=number == 0, to_right=at > 0)
    for paragraph in (p for row in table.rows for cell in row.cells for p in cell.text_frame.paragraphs):
        paragraph.space_after = Pt(0)


def _unparted(text: str) -> str:
    """A cell whose interval, or what else stands in brackets, begins a line rather than be parted."""
    return re.sub(r"\([^()]*\)", lambda found: found[0].replace(" ", "\xa0"), text)


def _parts(rows: Sequence[Sequence[str]], letters: float) -> list[float]:
    """Shares of a table's width of so many letters: room for each column's longest word, then for its lines."""
    columns = [[row[at] for row in rows] for at in range(len(rows[0]))]
    lines = [max(map(width_of, column)) + 5.0 for column in columns]
    words = [max(map(unbroken, column)) + 5.0 for column in columns]
    spare = max(letters - sum(words), 0.0) / max(sum(lines) - sum(words), 1e-9)
    wide = [word + spare * (line - word) for word, line in zip(words, lines, strict=True)]
    return [one / sum(wide) for one in wide]


def _cell(cell: Any, text: str, size: float, strong: bool, is_head: bool, to_right: bool) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches

    cell.fill.solid()
    cell.fill.fore_color.rgb = RGBColor.from_string((WASH if is_head else "#ffffff")[1:].upper())
    cell.margin_left = cell.margin_right = Inches(0.06)
    cell.margin_top = cell.margin_bottom = Inches(0.02)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = cell.text_frame.paragraphs[0]
    _write(paragraph, text, size, SOFT if is_head else INK, bold=strong)
    paragraph.alignment = PP_ALIGN.RIGHT if to_right else PP_ALIGN.LEFT


def _chart(page: Any, drawn: Bars | Steps, place: tuple[float, float, float, float]) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches, Pt

    data = CategoryChartData()
    size = _row_size(place[3] - _title_rows(drawn.title, place[2]), len(drawn.rows))
    room = int(_NAMES * place[2] * 72 / size * 1.95)
    data.categories = distinct(in_one_line(legible(row), room) for row in drawn.rows)
    series = drawn.series if isinstance(drawn, Bars) else _stacked(drawn)
    for name, values in series.items():
        data.add_series(legible(name), values)
    kind = XL_CHART_TYPE.BAR_CLUSTERED if isinstance(drawn, Bars) else XL_CHART_TYPE.BAR_STACKED
    chart = page.shapes.add_chart(kind, *map(Inches, place), data).chart
    _dressed(chart, drawn.title, [abs(value) for own in series.values() for value in own])
    chart.category_axis.tick_labels.font.size = Pt(size)
    plot = chart.plots[0]
    plot.gap_width = 45
    if isinstance(drawn, Bars):
        _coloured(plot, (NOW, PLANNED) if len(drawn.series) > 1 else (PLANNED,))
        if len(drawn.series) == 1:
            _cuts(plot.series[0])
        chart.has_legend = len(drawn.series) > 1
        if chart.has_legend:
            _legend(chart)
    else:
        plot.overlap = 100
        _coloured(plot, (None, NOW, ACCENT, WARN))
        chart.has_legend = False
        low, high, step = _scale(drawn)
        axis = chart.value_axis
        axis.minimum_scale, axis.maximum_scale, axis.major_unit = low, high, step


def _title_rows(title: str, width: float) -> float:
    """Height that a chart's title takes past its first line."""
    return 0.2 * (width_of(title) * 12 / 1.95 / 72 // (0.8 * width))


def _row_size(height: float, rows: int) -> float:
    """Size of the rows' names, for an office program leaves out names that touch each other."""
    apart = (height - _AROUND_ROWS) * 72 / max(rows, 1)
    return min(max(math.floor(0.75 * apart), 6), 11)


def _levels(steps: Steps) -> list[float]:
    """The figure before and after each step."""
    levels = [steps.values[0]]
    for value in steps.values[1:-1]:
        levels.append(levels[-1] + value)
    return levels


def _scale(steps: Steps) -> tuple[float, float, float]:
    """Ends of the axis and the step of its marks, in round figures: it does not begin at zero, for steps are small."""
    levels = _levels(steps)
    span = max(levels) - min(levels) or 0.1 * abs(levels[0]) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 3))
    step = next(power * one for one in (1, 2, 5, 10, 20) if power * one >= span / 2)
    return math.floor(min(levels) / step - 0.25) * step, math.ceil(max(levels) / step + 0.25) * step, step


def _stacked(steps: Steps) -> dict[str, tuple[float, ...]]:
    """A waterfall as stacked bars: one that is not seen, the ends, what rises and what falls."""
    levels, (low, _, _) = _levels(steps), _scale(steps)
    below, ends, up, down = [low], [levels[0] - low], [0.0], [0.0]
    for before, after in pairwise(levels):
        below.append(min(before, after))
        ends.append(0.0)
        up.append(max(after - before, 0.0))
        down.append(max(before - after, 0.0))
    last = steps.values[-1]
    parts = ([*below, low], [*ends, last - low], [*up, 0.0], [*down, 0.0])
    return dict(zip(("below", "figure", "adds", "takes away"), map(tuple, parts), strict=True))


def _coloured(plot: Any, colours: Sequence[str | None]) -> None:
    from pptx.dml.color import RGBColor

    for series, colour in zip(plot.series, colours, strict=False):
        series.invert_if_negative = False
        if colour is None:
            series.format.fill.background()
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = RGBColor.from_string(colour[1:].upper())


def _cuts(series: Any) -> None:
    """What falls in a colour of its own."""
    from pptx.dml.color import RGBColor

    for place, value in enumerate(series.values):
        if value < 0:
            fill = series.points[place].format.fill
            fill.solid()
            fill.fore_color.rgb = RGBColor.from_string(WARN[1:].upper())


def _dressed(chart: Any, title: str, values: Iterable[float]) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_TICK_LABEL_POSITION
    from pptx.oxml.ns import qn
    from pptx.util import Pt

    chart.has_title = True
    chart.chart_title.include_in_layout = False
    _write(chart.chart_title.text_frame.paragraphs[0], title, 12, INK, bold=True)
    chart.font.size = Pt(11)
    _face(chart.font)
    category, value = chart.category_axis, chart.value_axis
    category.reverse_order, category.tick_label_position = True, XL_TICK_LABEL_POSITION.LOW
    skip = category._element.makeelement(qn("c:tickLblSkip"), {"val": "1"})  # every row has its name
    category._element.insert_element_before(skip, "c:tickMarkSkip", "c:noMultiLvlLbl", "c:extLst")
    value.tick_label_position = XL_TICK_LABEL_POSITION.HIGH  # below, for the rows begin on top
    category.format.line.color.rgb = RGBColor.from_string(LINE[1:].upper())
    value.major_gridlines.format.line.color.rgb = RGBColor.from_string(LINE[1:].upper())
    value.format.line.fill.background()
    value.tick_labels.font.size = Pt(10)
    value._element.find(qn("c:txPr")).find(qn("a:bodyPr")).set("rot", "0")  # figures that lie need no height
    value.tick_labels.number_format, value.tick_labels.number_format_is_linked = money(values), False


def _legend(chart: Any) -> None:
    from pptx.enum.chart import XL_LEGEND_POSITION

    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
