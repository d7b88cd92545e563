"""The sheet of response curves as points, which formulas of other sheets read by interpolation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.planning.outputs.book.formats import counts, money
from optimizer.planning.outputs.book.sheet import Book, Column
from optimizer.planning.stages.result import Run

__all__ = ["CurveCells", "curves_sheet"]

TITLE = "Curves"
_HEAD = 4  # row of the columns' titles


@dataclass(frozen=True)
class CurveCells:
    """Where a curve's points stand.

    Parameters
    ----------
    spend, customers
        Their cells, as formulas name them.
    points
        How many.
    most
        Spend at which the curve ends.
    """

    spend: str
    customers: str
    points: int
    most: float

    def read(self, cell: str, beyond: str) -> str:
        """A formula for the customers at the spend in a cell; the text ``beyond`` where the curve does not reach."""
        x, at = f"N({cell})", f"MIN(MATCH(N({cell}),{self.spend},1),{self.points - 1})"
        x0, x1 = (f"INDEX({self.spend},{place})" for place in (at, f"{at}+1"))
        y0, y1 = (f"INDEX({self.customers},{place})" for place in (at, f"{at}+1"))
        outside = f"OR({x}<0,{x}>INDEX({self.spend},{self.points}))"
        return f'IF({outside},"{beyond}",{y0}+({x}-{x0})*({y1}-{y0})/({x1}-{x0}))'


def places_of(book: Book, points: Mapping[str, pd.DataFrame]) -> dict[str, CurveCells]:
    """Where each channel's points will stand."""
    from openpyxl.utils import get_column_letter, quote_sheetname

    places, sheet = {}, quote_sheetname(book.titled(TITLE))
    for number, (channel, table) in enumerate(points.items()):
        rows = f"${_HEAD + 1}:${{}}${_HEAD + len(table)}"
        spend, customers = (
            f"{sheet}!${letter}{rows.format(letter)}"
            for letter in map(get_column_letter, (2 * number + 1, 2 * number + 2))
        )
        places[channel] = CurveCells(spend, customers, len(table), float(table["spend"].iloc[-1]))
    return places


def curves_sheet(book: Book, run: Run, points: Mapping[str, pd.DataFrame]) -> None:
    """Write the sheet; its head alone is printed, for the points of all channels fill many pages."""
    from openpyxl.utils import get_column_letter

    sheet = book.sheet(TITLE, [14.0] * max(2 * len(points), 8))
    currency, outcome = run.config.currency, run.config.outcome
    sheet.title("Curves")
    sheet.sentence(
        f"For each channel its spend over the horizon and the {outcome} it adds then, mean of the mix model. "
        "Your own spend reads these cells; tables/curves.csv has them with intervals. Its points are not printed."
    )
    columns, longest = [], max(len(table) for table in points.values())
    for channel, table in points.items():
        columns.append(Column(f"{channel}: spend, {currency}", money(table["spend"])))
        columns.append(Column(f"{channel}: {outcome}", counts(table["customers"])))
    padded = [table[["spend", "customers"]].reindex(range(longest)) for table in points.values()]
    values = pd.concat(padded, axis=1).to_numpy()
    sheet.row = _HEAD
    cells = sheet.table(columns, [[None if cell != cell else float(cell) for cell in row] for row in values])
    sheet.cells.freeze_panes = sheet.cells.cell(cells.first, 1)
    sheet.cells.print_area = f"A1:{get_column_letter(sheet.across)}2"
