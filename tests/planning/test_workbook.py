"""The workbook: its figures are the run's, what computes computes them, and it prints on few pages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter, range_boundaries
from wide_runs import widened

from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Customers, Plan, Profit
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.outputs.book.curves_sheet import curves_sheet, places_of
from optimizer.planning.outputs.book.decision_sheet import decision_sheet
from optimizer.planning.outputs.book.formats import digits, settled
from optimizer.planning.outputs.book.own_sheet import own_sheet
from optimizer.planning.outputs.book.sheet import Book, Column
from optimizer.planning.outputs.curve_points import between_points, points_by_channel
from optimizer.planning.stages.aim import aim_of
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.fees import Fee

OWN = "Your own spend"
NAMES = ("tv", "=1+1", "search & more")
FEE = Fee("agency", ["tv", "=1+1"], [(0, 2_000), (90_000, 5_000), (150_000, 9_000)])


@pytest.mark.parametrize(("rows", "stands"), [(12, True), (40, False)])
def test_no_head_stands_over_the_figures_of_another_table(rows: int, stands: bool) -> None:
    sheet = Book("two").sheet("One", [10, 8])
    columns, body = [Column("x"), Column("now", "0")], [["a", 1.0]] * rows
    sheet.freeze(sheet.table(columns, body))
    assert sheet.cells.print_title_rows is not None
    sheet.table(columns, body)
    assert (sheet.cells.print_title_rows is not None) is stands
    assert sheet.cells.freeze_panes is not None


def value_of(sheet: Any, name: str, column: str) -> Any:
    """The cell of a row that begins with a name, the last where there are several."""
    row = max(cell.row for cell in sheet["A"] if cell.value == name)
    return sheet[f"{column}{row}"].value


def head_of(sheet: Any) -> int:
    return int(re.split(r"\D+", sheet.print_title_rows)[1])


def test_values_are_there_for_readers_that_do_not_compute(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    sheet = load_workbook(out / "plan.xlsx", data_only=True)[OWN]
    planned = run.plan.planned
    everything = "Everything (blended CAC)"
    assert value_of(sheet, everything, "F") == pytest.approx(planned.expected_customers, rel=1e-12)
    assert value_of(sheet, everything, "H") == pytest.approx(planned.expected_cac, rel=1e-12)
    assert value_of(sheet, everything, "D") == pytest.approx(planned.spend.sum() + planned.fixed_cost, rel=1e-12)
    assert not [
        cell
        for row in load_workbook(out / "plan.xlsx", data_only=True)[OWN]
        for cell in row
        if cell.value is None and cell.data_type == "f"
    ]


def test_each_formula_reads_the_curve_of_its_own_channel(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    book = load_workbook(out / "plan.xlsx")
    own, curves = book[OWN], book["Curves"]
    for row in run.plan.rows:
        formula = str(value_of(own, row.channel, "F"))
        ranges = list(dict.fromkeys(re.findall(r"'Curves'!(\$[A-Z]+\$\d+:\$[A-Z]+\$\d+)", formula)))
        assert len(ranges) == 2
        first, top, *_ = range_boundaries(ranges[0].replace("$", ""))
        assert str(curves.cell(top - 1, first).value).startswith(f"{row.channel}: spend")
        spend, customers = ([cell.value for (cell,) in curves[one.replace("$", "")]] for one in ranges)
        assert np.all(np.diff(spend) > 0)
        for at, estimate in ((row.now, row.customers_now), (row.planned, row.customers)):
            assert np.interp(at, spend, customers) == pytest.approx(estimate.point, rel=1e-9, abs=1e-9)
        tried = np.linspace(0, spend[-1], 500)
        off = np.abs(np.interp(tried, spend, customers) - run.plan.curves[row.channel].mean(tried)).max()
        told = next(cell.value for cell in own["A"] if "off by at most" in str(cell.value))
        stated = float(re.search(r"at most ([\d,.]+)", told)[1].replace(",", ""))  # type: ignore[index]
        assert off <= 1.15 * stated + 0.1


def test_the_decision_has_the_figures_of_the_tables(finished: tuple[Run, Path]) -> None:
    _, out = finished
    sheet = load_workbook(out / "plan.xlsx")["Decision"]
    plan, moves = (pd.read_csv(out / name).set_index("channel") for name in ("plan.csv", "tables/moves.csv"))
    for channel in plan.index:
        row = next(cell.row for cell in sheet["A"] if cell.value == channel)
        now, planned, change, share, adds, low, high, cac, *_ = [cell.value for cell in sheet[row][1:]]
        assert (now, planned) == pytest.approx(tuple(plan.loc[channel, ["spend_now", "spend_planned"]]), rel=1e-8)
        assert change == pytest.approx(planned - now)
        assert share == pytest.approx(planned / now - 1, abs=1e-9)
        ends = ["customers_change", "customers_change_low", "customers_change_high"]
        assert (adds, low, high) == pytest.approx(tuple(moves.loc[channel, ends]), rel=1e-6, abs=1e-6)
        assert cac == pytest.approx(plan.loc[channel, "cac_planned"], rel=1e-8)
    worth = (
        pd.read_csv(out / "worth.csv").query(f"scenario == '{PLAN_ITSELF}' and against == 'today'").set_index("figure")
    )
    row = next(cell.row for cell in sheet["A"] if str(cell.value).startswith("Blended CAC, "))
    told = [cell.value for cell in sheet[row][1:6]]
    assert told == pytest.approx(
        list(worth.loc["blended CAC", ["before", "plan", "change", "change_low", "change_high"]]), rel=1e-6
    )
    texts = [str(cell.value) for cell in sheet["A"]]
    assert any("blended CAC falls from" in text for text in texts)
    assert "Promises, and how likely each is kept" in texts
    assert len(sheet._charts) == 2


def test_people_find_their_words_and_heads_stay_in_sight(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    names = {row.channel for row in run.plan.rows}
    for sheet in load_workbook(out / "plan.xlsx"):
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
            "landscape",
            1,
            0,
        )
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in sheet.oddFooter.right.text
        for row in sheet.iter_rows():
            for cell in row:
                words = str(cell.value) if isinstance(cell.value, str) and cell.font.bold else ""
                for name in names:
                    words = words.replace(name, "")
                assert not re.search(r"[a-z]_[a-z]", words), (sheet.title, cell.value)
        if sheet.title not in ("Decision", "Curves"):
            head = head_of(sheet)
            assert sheet.freeze_panes.endswith(str(head + 1)), sheet.title
            assert all(cell.value for cell in sheet[head] if cell.column <= 3), sheet.title


# a workbook of a plan with fees, and what a spreadsheet makes of it


def planned(fees: tuple[Fee, ...], objective: Any, seed: int = 5) -> PlanResult:
    rng = np.random.default_rng(seed)
    curves = ResponseCurves(
        {n: Hill(rng.gamma(30, 60, 80), rng.gamma(30, 2e3, 80), 0.9 + at / 3) for at, n in enumerate(NAMES)}
    )
    sides = {"maximize": objective} if objective.wants == "maximize" else {"minimize": objective}
    plan = Plan(
        **sides,
        subject_to=[Budget(at_most=240_000), Customers(at_least=1_200)],
        now=dict.fromkeys(NAMES, 70_000.0),
        fees=fees,
    )
    spend = plan.solve(curves).spend
    now, best = plan.evaluate(curves, plan.now or {}), plan.evaluate(curves, spend)
    rows = tuple(
        SimpleNamespace(
            channel=name,
            now=70_000.0,
            planned=float(spend[name]),
            customers=of(best.paid[name], spend[name])[0],
            cac=of(best.paid[name], spend[name])[1],
        )
        for name in NAMES
    )
    seen = pd.Series(100_000.0, index=list(NAMES))
    return SimpleNamespace(  # type: ignore[return-value]
        plan=plan, curves=curves, now=now, planned=best, rows=rows, aim=aim_of(plan, curves), observed_maximum=seen
    )


def of(draws: pd.Series, spend: float) -> tuple[Any, Any]:
    return SimpleNamespace(point=float(draws.mean())), SimpleNamespace(
        point=spend / float(draws.mean()) if spend else np.nan
    )


def written(result: PlanResult, path: Path, spend: tuple[float | None, ...] | None = None) -> Path:
    """The sheets that compute, with another spend typed in where one is given."""
    run: Any = SimpleNamespace(config=SimpleNamespace(currency="EUR", outcome="customers"))
    book, points = Book("own"), points_by_channel(result)
    own_sheet(book, run, result, places_of(book, points), between_points(result, points))
    curves_sheet(book, run, points)
    path.write_bytes(book.bytes())
    if spend is not None:
        file = load_workbook(path)
        sheet = file[OWN]
        rows = [cell.row for cell in sheet["A"] if cell.value in NAMES]
        for row, amount in zip(rows, spend, strict=True):
            sheet[f"D{row}"] = amount
        file.save(path)
    return path


QUESTIONS = {
    "cac": ((), BlendedCAC(fixed_cost=8_000, organic=900.0)),
    "fees": ((FEE,), BlendedCAC(fixed_cost=8_000, organic=900.0)),
    "profit": (
        (FEE,),
        Profit(
            {n: 150.0 + 40 * at for at, n in enumerate(NAMES)}, organic=900.0, fixed_cost=8_000, value_per_organic=90.0
        ),
    ),
}


@pytest.mark.parametrize("asked", QUESTIONS)
def test_what_stands_before_anybody_computes_is_the_plan(asked: str, tmp_path: Path) -> None:
    result = planned(*QUESTIONS[asked])
    sheet = load_workbook(written(result, tmp_path / "own.xlsx"), data_only=True)[OWN]
    assert value_of(sheet, "Blended CAC, EUR", "D") == pytest.approx(result.planned.expected_cac, rel=1e-12)
    if asked == "profit":
        assert value_of(sheet, "Profit, EUR", "D") == pytest.approx(result.aim.expected(result.planned), rel=1e-9)
    for fee in result.plan.fees:
        assert value_of(sheet, f"Fee: {fee.name}", "D") == fee.due(dict(result.planned.spend))


def office() -> str:
    path = os.environ.get("SOFFICE") or shutil.which("soffice")
    assert path, "no LibreOffice: run make test-long, which provides one, or set SOFFICE"
    return path


def converted(files: list[Path], kind: str, folder: Path) -> list[Path]:
    home = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    told = ["--headless", home, "--convert-to", kind, "--outdir", str(folder), *map(str, files)]
    subprocess.run([office(), *told], check=True, capture_output=True, timeout=600)
    return [folder / f"{file.stem}.{kind}" for file in files]


SPENDS = [(70_000.0, 70_000.0, 70_000.0), (0.0, 12_345.6, 170_000.0), (150_000.0, 0.5, 99_999.0), (None, 90_000.0, 1.0)]


@pytest.mark.office
@pytest.mark.long
def test_a_spreadsheet_computes_what_the_plan_would(tmp_path: Path) -> None:
    cases = [(asked, spend, planned(*QUESTIONS[asked])) for asked in QUESTIONS for spend in SPENDS]
    files = [written(result, tmp_path / f"case{at}.xlsx", spend) for at, (_, spend, result) in enumerate(cases)]
    books = converted(files, "xlsx", tmp_path / "computed")
    for (asked, typed, result), path in zip(cases, books, strict=True):
        sheet = load_workbook(path, data_only=True)[OWN]
        spend = {name: amount or 0.0 for name, amount in zip(NAMES, typed, strict=True)}
        there, off = result.plan.evaluate(result.curves, spend), between_points(result, points_by_channel(result))
        everything = "Everything (blended CAC)"
        customers, outlay = (value_of(sheet, everything, column) for column in "FD")
        assert outlay == pytest.approx(there.spend.sum() + there.fixed_cost, rel=1e-12), (asked, typed)
        assert customers == pytest.approx(there.expected_customers, abs=3 * 1.2 * off + 1e-6)
        assert value_of(sheet, everything, "H") == pytest.approx(outlay / customers, rel=1e-12)
        assert value_of(sheet, "Blended CAC, EUR", "E") == pytest.approx(
            outlay / customers - result.planned.expected_cac, abs=1e-9
        )
        if asked == "profit":
            assert value_of(sheet, "Profit, EUR", "D") == pytest.approx(
                result.aim.expected(there), abs=300 * 3 * 1.2 * off + 1e-6
            )
        if typed == SPENDS[0]:  # today's spend is a point of each curve
            assert customers == pytest.approx(result.now.expected_customers, rel=1e-9)
    for spend in ((1e7, 0.0, 0.0), (-1.0, 0.0, 0.0)):  # pasted past the check of the cell: no total without the channel
        (path,) = converted(
            [written(planned(*QUESTIONS["cac"]), tmp_path / "beyond.xlsx", spend)], "xlsx", tmp_path / "computed"
        )
        sheet = load_workbook(path, data_only=True)[OWN]
        assert value_of(sheet, "tv", "F") == "beyond the curve"
        assert {value_of(sheet, "Everything (blended CAC)", column) for column in "FH"} == {"–"}


@pytest.mark.office
@pytest.mark.long
def test_it_prints_on_few_landscape_pages(finished: tuple[Run, Path], tmp_path: Path) -> None:
    (pdf,) = converted([finished[1] / "plan.xlsx"], "pdf", tmp_path)
    content = pdf.read_bytes()
    boxes = [tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([\d. ]+)\]", content)]
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", content))
    assert 8 <= pages <= 16
    assert all(box[2] > box[3] for box in boxes)


def test_a_plan_of_many_channels_keeps_its_first_sheet_short(finished: tuple[Run, Path]) -> None:
    run = widened(finished[0], 60)
    assert run.plan is not None
    assert run.worth is not None
    book = Book("many")
    decision_sheet(book, run, run.plan, run.worth.worth)
    sheet = book.file["Decision"]
    names = [cell.value for cell in sheet["A"]]
    shown = [row.channel for row in run.plan.rows]
    most = sorted(run.plan.rows, key=lambda row: max(row.now, row.planned), reverse=True)[:15]
    told = [name for name in names if name in shown]
    assert told == [row.channel for row in run.plan.rows if row in most]
    at = names.index("45 others, on the sheet Channels") + 1
    assert sheet[f"C{at}"].value == pytest.approx(sum(row.planned for row in run.plan.rows if row.channel not in told))
    assert sheet.max_row < 80
    assert all(chart.ser[0].val.numRef.f.endswith(str(at - 1)) for chart in sheet._charts)  # the sum of many hides each


@pytest.mark.parametrize(
    "form", ["#,##0", "#,##0.00", "+#,##0;−#,##0;0", "+0.0%;−0.0%;0.0%", "0%", "+#,##0.0;−#,##0.0;0"]
)
@pytest.mark.parametrize("value", [0.0, -1e-9, -0.3, 0.0004, -0.0004, 12.3456, -98_765.4, 1_234_567_890.5])
def test_no_change_is_shown_as_less_than_nothing_and_its_letters_are_counted(form: str, value: float) -> None:
    """As a spreadsheet writes a number in a format, by rounding of our own."""
    part = form.split(";")[0].lstrip("+")
    decimals, scale = len(part.partition(".")[2].rstrip("%")), 100 if "%" in part else 1
    kept = settled(value, form)
    whole = f"{abs(kept) * scale:,.{decimals}f}{'%' if '%' in part else ''}"
    if form.startswith("+") and not whole.strip("0.,%"):
        assert kept == 0.0
    else:
        assert kept == value
    assert digits(kept, form) >= len(whole) + (kept < 0)


@pytest.mark.parametrize("size", [1.0, 1e6, 1e9])
def test_no_column_is_narrower_than_its_numbers(size: float) -> None:
    """What is wider than its column stands there as ###."""
    sheet = Book("wide").sheet("One", [10, 8, 8, 8])
    form = "+#,##0.0;−#,##0.0;0"
    rows = [["a", 1.5 * size, -98.7 * size, 0.25], ["b", 2.0, 3.0, -0.5]]
    sheet.table([Column("x"), Column("now", form), Column("then", form), Column("share", "+0.0%;−0.0%;0.0%")], rows)
    for place, letter in enumerate("BCD", start=1):
        longest = max(digits(row[place], form if letter != "D" else "+0.0%;−0.0%;0.0%") for row in rows)  # type: ignore[arg-type]
        assert sheet.cells.column_dimensions[letter].width > longest


def test_titles_of_columns_begin_with_a_capital_and_prints_are_wide_enough_to_read(finished: tuple[Run, Path]) -> None:
    """A page of landscape A4 holds some 130 letters of ten points; below six in ten nobody reads it."""
    for sheet in load_workbook(finished[1] / "plan.xlsx"):
        if sheet.title == "Curves":
            continue
        across = sum(
            sheet.column_dimensions[letter].width for letter in map(get_column_letter, range(1, sheet.max_column + 1))
        )
        assert across < 215, sheet.title
        head = sheet[head_of(sheet)] if sheet.print_title_rows else ()
        names = [str(cell.value) for cell in head if cell.value and not str(cell.value).startswith(("from", "to"))]
        known = {row.channel for row in finished[0].plan.rows}  # type: ignore[union-attr]
        assert all(name[0].isupper() or name.split(",")[0] in known for name in names), (sheet.title, names)
