"""Sheets whose cells hold less than they show: merged cells, formulas without results."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from attribution import BadInput, read_table
from attribution.reading.contracts import Column, Table
from attribution.reading.workbook import hidden_cells, read_sheet

ROWS = [["week", "tv", "promo"], ["2024-01-01", 1, "x"], ["2024-01-08", 2, None], ["2024-01-15", 3, None]]
TABLE = Table("t", (Column("week", "date"), Column("tv"), Column("promo", "text", nullable=True)))


def saved(path: Path, rows: list[list[object]], merge: str = "", cells: dict[str, object] | None = None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for place, value in (cells or {}).items():
        book.active[place] = value
    if merge:
        book.active.merge_cells(merge)
    book.save(path)
    return path


@pytest.mark.parametrize("merge", ["C2:C4", "B3:B4", "B2:C3"])
def test_cells_merged_over_rows_are_refused(merge: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"t\.xlsx: has cells merged over several rows, {merge}: .*unmerge"):
        read_table(saved(tmp_path / "t.xlsx", ROWS, merge), TABLE)


def test_a_title_merged_above_the_table_is_no_data(tmp_path: Path) -> None:
    titled = [["Media 2024", None, None], [None, None, None], *ROWS]
    assert read_sheet(saved(tmp_path / "t.xlsx", titled, "A1:C2"))[2] == ROWS[0]
    assert len(read_table(saved(tmp_path / "u.xlsx", ROWS, "B5:C6"), TABLE)) == 3


@pytest.mark.parametrize("cells", [{"B3": "=1+1"}, {"C4": "=A2&B2", "B2": "=SUM(B3:B4)"}])
def test_formulas_whose_results_are_not_kept_are_refused(cells: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"formulas without their results, at [BC]\d.*save it in a spreadsheet"):
        read_table(saved(tmp_path / "t.xlsx", ROWS, cells=cells), TABLE)


def test_results_that_are_kept_are_read_empty_texts_too(tmp_path: Path) -> None:
    import zipfile

    path = saved(tmp_path / "t.xlsx", ROWS, cells={"B3": "=1+1"})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    kept, empty = rb"<c r=\"B3\"><f>1+1</f><v>7</v></c>", rb"<c r=\"C3\" t=\"str\"><f>A1</f><v></v></c>"
    parts[sheet] = re.sub(
        rb'<c r="B3"[^>]*><f>.*?</c>', kept.replace(b"\\", b"") + empty.replace(b"\\", b""), parts[sheet]
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    frame = read_table(path, TABLE)
    assert frame["tv"].tolist() == [1, 7, 3]
    assert frame["promo"].isna().tolist() == [False, True, True]


def test_hidden_rows_and_columns_that_hold_something_are_counted(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.xlsx", ROWS)
    assert hidden_cells(path) == ""
    book = openpyxl.load_workbook(path)
    for row in (2, 3, 9):
        book.active.row_dimensions[row].hidden = True
    book.active.column_dimensions.group("B", "D", hidden=True)
    book.save(path)
    assert hidden_cells(path).startswith("t.xlsx: 2 rows and 2 columns hidden")
    assert len(read_sheet(path)) == 4


@pytest.mark.parametrize(("first", "refused"), [(45_292 - 1_462, True), ("2024-01-01", False), (120, False)])
def test_days_as_numbers_since_1904_are_refused(first: object, refused: bool, tmp_path: Path) -> None:
    rows = [["week", "tv"], *([first + 7 * n if isinstance(first, int) else first, 50 + n] for n in range(4))]
    book = openpyxl.load_workbook(saved(tmp_path / "t.xlsx", rows))
    assert read_sheet(tmp_path / "t.xlsx") == rows
    book.epoch = CALENDAR_MAC_1904
    book.save(tmp_path / "t.xlsx")
    if refused:
        with pytest.raises(BadInput, match=r"from 1904, and column 1 \(week\)"):
            read_sheet(tmp_path / "t.xlsx")
    else:
        assert read_sheet(tmp_path / "t.xlsx") == rows
