"""Text that a spreadsheet would take for a formula: never one in the workbook, quoted in CSV where asked."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from optimizer.planning.outputs.folder import _csv, workbook
from optimizer.planning.outputs.sections.section import Table

NAMES = ['=HYPERLINK("http://x";"y")', "+1+1", "-2", "@SUM(A1)", "\tcmd", "plain", "a=b", "'quoted"]
FRAME = pd.DataFrame({"channel": NAMES, "spend": range(len(NAMES)), "=1+1": -1.5})


def test_no_cell_and_no_header_of_the_workbook_is_a_formula(tmp_path: Path) -> None:
    (tmp_path / "plan.xlsx").write_bytes(workbook([Table("plan", FRAME)]))
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "plan.xlsx")["plan"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert [cell.value for cell in cells][: len(FRAME.columns)] == list(FRAME.columns)
    assert {name for name in NAMES if "\t" not in name} <= {cell.value for cell in cells}


def test_whole_numbers_stay_whole_and_others_keep_their_decimals(tmp_path: Path) -> None:
    frame = pd.DataFrame({"touches": [1, 5000], "conversions": [3.0, None], "cac": [12.0, 12.5], "share": [0.1, 1.0]})
    (tmp_path / "plan.xlsx").write_bytes(workbook([Table("plan", frame)]))
    first = openpyxl.load_workbook(tmp_path / "plan.xlsx")["plan"][2]
    assert [cell.number_format for cell in first] == ["#,##0", "#,##0", "#,##0.00", "0.0%"]


@pytest.mark.parametrize("asked", [True, False])
def test_csv_files_quote_formulas_where_asked(tmp_path: Path, asked: bool) -> None:
    _csv(FRAME, tmp_path / "plan.csv", quote_formulas=asked)
    back = pd.read_csv(tmp_path / "plan.csv")
    texts = [*back["channel"], *back.columns]
    assert any(text.startswith(tuple("=+-@\t")) for text in texts) != asked
    assert [text.removeprefix("'") if asked and text != "'quoted" else text for text in texts] == [
        *NAMES,
        *FRAME.columns,
    ]
    assert back.iloc[:, 2].tolist() == [-1.5] * len(NAMES)  # numbers stay numbers
