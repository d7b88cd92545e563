"""Native charts of a sheet's cells, in the colours of all pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attribution.drawing.palette import ACCENT, LINE, NOW, PLANNED, SOFT, WARN
from optimizer.planning.outputs.book.sheet import Cells, Sheet

__all__ = ["bars", "line"]

_ROOM = 7  # rows of a sheet that title, legend and axis take
_COLOURS = (NOW, PLANNED, ACCENT)


def bars(
    sheet: Sheet, over: tuple[int, int], title: str, table: Cells, names: int, values: Sequence[int], form: str
) -> int:
    """Horizontal bars from the next row on, the first row of the table on top.

    Parameters
    ----------
    sheet, over
        Where: the first and the last column that it lies over.
    title
        What is shown, with its unit.
    table, names, values
        The table, the column of its rows' names, and the columns that are drawn.
    form
        Number format of the axis.

    Returns
    -------
    Rows that it takes.
    """
    from openpyxl.chart import BarChart

    chart = BarChart()
    chart.type, chart.grouping, chart.gapWidth, chart.overlap = "bar", "clustered", 45, 0
    _series(chart, sheet, table, names, values)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses, chart.x_axis.tickLblPos = "max", "low"
    colours = _COLOURS if len(values) > 1 else (PLANNED,)
    if len(values) == 1:
        _cuts(chart.series[0], sheet, table, values[0])
    for series, colour in zip(chart.series, colours, strict=False):
        series.graphicalProperties.solidFill = colour[1:]
        series.graphicalProperties.line.noFill = True
        series.invertIfNegative = False
    chart.x_axis.tickLblSkip = 1  # each row has its name, however close they stand
    rows = _ROOM + int((table.last - table.first + 1) * (0.9 + 0.3 * (len(values) - 1)))
    _placed(chart, sheet, over, rows, title, form, has_legend=len(values) > 1)
    return rows


def line(
    sheet: Sheet, over: tuple[int, int], title: str, table: Cells, along: int, value: int, form: str, spent: str
) -> None:
    """A line through points, such as the best figure by budget; ``spent`` names the axis below.

    Parameters
    ----------
    sheet, over, title, table, form
        As for :func:`bars`.
    along, value
        Columns of where a point stands, and of how high.
    spent
        What stands along the axis below.
    """
    from openpyxl.chart import Reference, ScatterChart, Series

    chart = ScatterChart()
    chart.style, chart.scatterStyle = 13, "lineMarker"
    cells = sheet.cells
    series = Series(
        Reference(cells, min_col=value, min_row=table.first, max_row=table.last),
        Reference(cells, min_col=along, min_row=table.first, max_row=table.last),
    )
    series.graphicalProperties.line.solidFill, series.graphicalProperties.line.width = ACCENT[1:], 25_000
    series.marker.symbol, series.marker.size, series.smooth = "circle", 5, False
    series.marker.graphicalProperties.solidFill = ACCENT[1:]
    chart.series.append(series)
    chart.x_axis.title, chart.x_axis.number_format = sheet.say(spent), "#,##0"
    chart.x_axis.majorGridlines = None
    _placed(chart, sheet, over, 20, title, form, has_legend=False)


def _cuts(series: Any, sheet: Sheet, table: Cells, column: int) -> None:
    """What falls in a colour of its own."""
    from openpyxl.chart.marker import DataPoint

    for place, row in enumerate(range(table.first, table.last + 1)):
        value = sheet.cells.cell(row, column).value
        if isinstance(value, int | float) and value < 0:
            point = DataPoint(idx=place, invertIfNegative=False)
            point.graphicalProperties.solidFill = WARN[1:]
            point.graphicalProperties.line.noFill = True
            series.dPt.append(point)


def _series(chart: Any, sheet: Sheet, table: Cells, names: int, values: Sequence[int]) -> None:
    from openpyxl.chart import Reference

    for column in values:
        data = Reference(sheet.cells, min_col=column, min_row=table.head, max_row=table.last)
        chart.add_data(data, titles_from_data=True)
    chart.set_categories(Reference(sheet.cells, min_col=names, min_row=table.first, max_row=table.last))


def _placed(
    chart: Any, sheet: Sheet, over: tuple[int, int], rows: int, title: str, form: str, has_legend: bool
) -> None:
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.chart.text import RichText
    from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
    from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties

    chart.title = sheet.say(title)
    chart.title.tx.rich.p[0].pPr = ParagraphProperties(defRPr=CharacterProperties(sz=1100, b=True))
    chart.title.overlay = False
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
        axis.graphicalProperties = GraphicalProperties(ln=_hairline())
        small = ParagraphProperties(defRPr=CharacterProperties(sz=900, solidFill=SOFT[1:]))
        axis.txPr = RichText(p=[Paragraph(pPr=small, endParaRPr=CharacterProperties())])
    chart.y_axis.number_format = form
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=_hairline())
    if has_legend:
        chart.legend.position = "b"
    else:
        chart.legend = None
    first, last = over
    start, end = AnchorMarker(col=first - 1, row=sheet.row - 1), AnchorMarker(col=last, row=sheet.row - 1 + rows)
    chart.anchor = TwoCellAnchor("oneCell", start, end)
    sheet.cells.add_chart(chart)


def _hairline() -> Any:
    from openpyxl.drawing.line import LineProperties

    return LineProperties(solidFill=LINE[1:], w=6_000)
