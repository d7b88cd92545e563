"""The folder of a run: tables, posterior, plots, report and the manifest that vouches for them."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.files import checksum, write_new
from attribution.findings import Finding
from optimizer.planning.language.translator import Translator
from optimizer.planning.ledger.manifest import manifest_text
from optimizer.planning.ledger.record import recorded
from optimizer.planning.ledger.runs import MANIFEST
from optimizer.planning.outputs.forecast_files import write_forecast
from optimizer.planning.outputs.in_language import speech_of, translate_book
from optimizer.planning.outputs.sections.contents import SECTIONS
from optimizer.planning.outputs.sections.section import Table
from optimizer.planning.stages.fit import NEUTRAL, POSTERIOR
from optimizer.planning.stages.kept import QUESTION, kept_of, question_bytes
from optimizer.planning.stages.provenance import versions
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import Goal, Run, blended_cac

__all__ = ["workbook", "write_outputs"]


def write_outputs(run: Run, output: Path, goal: Goal) -> tuple[Path, ...]:
    """Write everything a run has to show into a folder of its own, and make it the latest; all of it or nothing.

    Parameters
    ----------
    run
        A finished run.
    output
        The output folder, which this process holds.
    goal
        How far the run went; plots and the report are of a whole one.

    Returns
    -------
    The files written, the manifest last.
    """
    with recorded(output) as (stage, folder):
        tables = [table for section in SECTIONS for table in section.tables(run)]
        for table in tables:
            if table.file is not None:
                _csv(table.frame, stage / table.file, run.config.quote_formulas)
        for name, frame in run.inputs.tables.items():
            _csv(frame, stage / name, run.config.quote_formulas, digits=None)  # whose sums are those of files
        write_forecast(run, stage)
        if run.plan is not None:
            write_new(stage / "plan.xlsx", workbook(tables, speech_of(run.config, run)))
            write_new(stage / QUESTION, question_bytes(kept_of(run, folder)))
        fits = {POSTERIOR: run.posterior, NEUTRAL: run.neutral}
        for name, posterior in fits.items():
            if posterior is not None:
                posterior.save(stage / name)
        if goal == "report":
            _draw(run, stage)
        written = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
        sums = {name: checksum(stage / name) for name in written}
        write_new(stage / MANIFEST, manifest_text(_manifest(run, folder.name, goal, sums)))
    return tuple(folder / name for name in [*written, MANIFEST])


def _draw(run: Run, stage: Path) -> None:
    from optimizer.planning.outputs.figures import figures
    from optimizer.planning.outputs.report import render

    drawn = figures(run)
    (stage / "plots").mkdir()
    for figure in drawn.values():
        write_new(stage / "plots" / f"{figure.slug}.svg", figure.svg)
    write_new(stage / "report.html", render(run, drawn))


def _csv(frame: pd.DataFrame, path: Path, quote_formulas: bool, digits: str | None = "%.10g") -> None:
    if quote_formulas:
        frame = frame.map(_quoted).rename(columns=_quoted)
    write_new(path, frame.to_csv(index=False, float_format=digits, lineterminator="\n"))


def _quoted(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _legible(cell: Any) -> Any:
    """Text as a workbook holds it: control characters, which XML cannot, by their code."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", cell) if isinstance(cell, str) else cell


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PERCENT, _MONEY = "0.0%", "#,##0"


def workbook(tables: Iterable[Table], say: Translator | None = None) -> bytes:
    """Tables as sheets of one file, in a language, in which text is never a formula."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    whole = io.BytesIO()  # a file that the disk cannot hold would be complained of twice
    with pd.ExcelWriter(whole, engine="openpyxl") as writer:
        for table in tables:
            frame = table.frame.map(_legible).rename(columns=_legible)
            frame.to_excel(writer, sheet_name=table.sheet, index=False)
            sheet = writer.sheets[table.sheet]
            sheet.freeze_panes = "B2"
            for number, column in enumerate(frame.columns, start=1):
                letter = get_column_letter(number)
                head = sheet[f"{letter}1"]
                head.data_type = "s"
                head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
                longest = max((len(str(value)) for value in frame[column] if isinstance(value, str)), default=0)
                sheet.column_dimensions[letter].width = min(max(14, longest + 2), 60)
                cells = sheet[letter][1:]
                integers = all(float(c.value).is_integer() for c in cells if isinstance(c.value, int | float))
                for cell in cells:
                    if isinstance(cell.value, str):
                        cell.data_type = "s"  # a channel named =1+1 is a name, not a formula
                    elif isinstance(cell.value, int | float):
                        cell.number_format = _number_format(str(column), float(cell.value), integers)
        if say is not None:
            translate_book(writer.book, say)
    return whole.getvalue()


def _number_format(column: str, value: float, whole: bool) -> str:
    if column.endswith("share") or column == "gap" or column.startswith("probability"):
        return _PERCENT
    return _MONEY if whole or abs(value) >= 1000 else "#,##0.00"


def _manifest(run: Run, name: str, goal: Goal, sums: dict[str, str]) -> dict[str, Any]:
    fits = {POSTERIOR: run.posterior, NEUTRAL: run.neutral}
    manifest: dict[str, Any] = {
        "run": name,
        "goal": goal,
        "name": run.config.name,
        "plan_file": {"name": run.document.path.name, "text": run.document.text},
        "seed": run.config.seed,
        "versions": versions(),
        "fits": {name: fit.information.get("fingerprint", "") for name, fit in fits.items() if fit is not None},
        "inputs": [vars(file) for file in run.inputs.files],
        "assumptions": list(run.inputs.assumptions),
        "passed_over": list(run.inputs.passed_over),
        "converged": run.converged,
        "findings": [_finding(finding) for finding in run.findings],
        "seconds": {name: round(value, 2) for name, value in run.seconds.items()},
        "outputs": sums,
    }
    if run.plan is not None and run.worth is not None:
        worth = run.worth.worth
        manifest["plan"] = {
            "engine": run.plan.allocation.engine,
            "status": run.plan.allocation.status.value,
            "made_for": cases(run.config.plan) or "the average of all cases",
            "bound": _number(run.plan.allocation.bound),
            "gap": _number(run.plan.allocation.gap),
            "blended_cac_now": _estimate(blended_cac(run.plan.now)),
            "blended_cac_planned": _estimate(blended_cac(run.plan.planned)),
            "aim": worth.aim.name,
            "aim_now": _estimate(worth.aim.before),
            "aim_planned": _estimate(worth.aim.after),
            "aim_change": _estimate(worth.aim.change),
            "probability_better": _number(worth.aim.probability_better),
        }
    return manifest


def _finding(finding: Finding) -> dict[str, Any]:
    return {**vars(finding), "value": _number(finding.value), "limit": _number(finding.limit)}


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {"mean": _number(estimate.point), "low": _number(estimate.low), "high": _number(estimate.high)}


def _number(value: float | None) -> float | None:
    """A number JSON can hold; None for what it cannot."""
    return None if value is None or not math.isfinite(value) else float(np.float64(value))
