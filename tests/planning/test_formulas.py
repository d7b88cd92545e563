"""Text that a spreadsheet would take for a formula: never one in the workbook, quoted in CSV where asked."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.planning.outputs.book.formats import figures, money, signed
from optimizer.planning.outputs.book.sheet import Book, Column
from optimizer.planning.outputs.csv_files import write_csv

NAMES = ['=HYPERLINK("http://x";"y")', "+1+1", "-2", "@SUM(A1)", "\tcmd", "plain", "a=b", "'quoted"]
FRAME = pd.DataFrame({"channel": NAMES, "spend": range(len(NAMES)), "=1+1": -1.5})


def test_no_cell_and_no_header_of_the_workbook_is_a_formula(tmp_path: Path) -> None:
    book = Book("=1+1")
    sheet = book.sheet("plan", [10.0, 10.0])
    for name in NAMES:
        sheet.title(name)
        sheet.sentence(name)
    sheet.table([Column(name) for name in NAMES], [NAMES], [NAMES])
    (tmp_path / "plan.xlsx").write_bytes(book.bytes())
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "plan.xlsx")["plan"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert {name for name in NAMES if "\t" not in name} <= {cell.value for cell in cells}


def shown(form: str, value: float) -> str:
    """A number as a spreadsheet writes it by one of the simple formats."""
    decimals = len(form.partition(".")[2])
    return f"{value:,.{decimals}f}"


@given(st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=8))
def test_a_column_has_one_format_that_shows_three_digits_of_its_largest_figure(values: list[float]) -> None:
    for form in (figures(values), money(values)):
        written = float(shown(form, max(values)).replace(",", ""))
        assert written == pytest.approx(max(values), rel=5e-3)
        assert "E" not in form
    assert signed(form).count(form) == 2


@pytest.mark.parametrize("asked", [True, False])
def test_csv_files_quote_formulas_where_asked(tmp_path: Path, asked: bool) -> None:
    write_csv(FRAME, tmp_path / "plan.csv", quote_formulas=asked)
    back = pd.read_csv(tmp_path / "plan.csv")
    texts = [*back["channel"], *back.columns]
    assert any(text.startswith(tuple("=+-@\t")) for text in texts) != asked
    assert [text.removeprefix("'") if asked and text != "'quoted" else text for text in texts] == [
        *NAMES,
        *FRAME.columns,
    ]
    assert back.iloc[:, 2].tolist() == [-1.5] * len(NAMES)  # numbers stay numbers
