"""The folder of a run: tables, posterior, plots, report and the manifest that vouches for them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from attribution.estimates import Estimate
from attribution.files import checksum, write_new
from attribution.findings import Finding
from optimizer.planning.inputs.provenance import versions
from optimizer.planning.ledger.manifest import manifest_text
from optimizer.planning.ledger.record import recorded
from optimizer.planning.ledger.runs import MANIFEST
from optimizer.planning.outputs.book.whole import workbook
from optimizer.planning.outputs.csv_files import write_csv
from optimizer.planning.outputs.deck.content import text_of
from optimizer.planning.outputs.deck.five import SLIDES, five_slides
from optimizer.planning.outputs.figures import Drawn, figures
from optimizer.planning.outputs.forecast_files import write_forecast
from optimizer.planning.outputs.long_tables import write_long_tables
from optimizer.planning.outputs.sections.contents import tables_of
from optimizer.planning.stages.experience import Corrected
from optimizer.planning.stages.fit import NEUTRAL, POSTERIOR
from optimizer.planning.stages.kept import QUESTION, kept_of, question_bytes
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import Goal, Run, blended_cac
from optimizer.planning.stages.rivals import fits_of_rivals
from optimizer.planning.stages.second_process import SecondProcess

__all__ = ["write_outputs"]


def write_outputs(run: Run, output: Path, goal: Goal, second: SecondProcess) -> tuple[Path, ...]:
    """Write everything a run has to show into a folder of its own, and make it the latest; all of it or nothing.

    Parameters
    ----------
    run
        A finished run.
    output
        The output folder, which this process holds.
    goal
        How far the run went; plots and the report are of a whole one.
    second
        Where pictures are drawn while tables are written.

    Returns
    -------
    The files written, the manifest last.
    """
    drawn = figures(run, second) if goal == "report" else None
    with recorded(output) as (stage, folder):
        for table in tables_of(run):
            write_csv(table.frame, stage / table.file, run.config.quote_formulas)
        for name, frame in run.inputs.tables.items():
            write_csv(
                order_of(run).frame(frame), stage / name, run.config.quote_formulas, digits=None
            )  # whose sums are those of files
        write_forecast(run, stage)
        if run.plan is not None:
            write_new(stage / QUESTION, question_bytes(kept_of(run, folder)))
        if run.plan is not None and run.worth is not None:
            write_new(stage / "plan.xlsx", workbook(run, run.plan, run.worth.worth))
            write_long_tables(run, run.plan, run.worth, folder.name, stage)
            write_new(stage / SLIDES, text_of(five_slides(run, run.plan, run.worth)))
        fits = {POSTERIOR: run.posterior, NEUTRAL: run.neutral}
        for name, posterior in fits.items():
            if posterior is not None:
                posterior.save(stage / name)
        if drawn is not None:
            _draw(run, drawn(), stage)
        written = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
        sums = {name: checksum(stage / name) for name in written}
        write_new(stage / MANIFEST, manifest_text(_manifest(run, folder.name, goal, sums)))
    return tuple(folder / name for name in [*written, MANIFEST])


def _draw(run: Run, drawn: dict[str, Drawn], stage: Path) -> None:
    from optimizer.planning.outputs.report import render

    (stage / "plots").mkdir()
    for figure in drawn.values():
        write_new(stage / "plots" / f"{figure.slug}.svg", figure.svg)
    write_new(stage / "report.html", render(run, drawn))


def _manifest(run: Run, name: str, goal: Goal, sums: dict[str, str]) -> dict[str, Any]:
    fits = {POSTERIOR: run.posterior, NEUTRAL: run.neutral, **fits_of_rivals(run)}
    manifest: dict[str, Any] = {
        "run": name,
        "goal": goal,
        "name": run.config.name,
        "plan_file": {"name": run.document.path.name, "text": run.document.text},
        "units": run.config.units,
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
            **_corrected(run.worth.corrected),
        }
    return manifest


def _finding(finding: Finding) -> dict[str, Any]:
    return {**vars(finding), "value": _number(finding.value), "limit": _number(finding.limit)}


def _corrected(found: Corrected | None) -> dict[str, Any]:
    if found is None:
        return {}
    change, better = _estimate(found.change), _number(found.probability_better)
    return {"aim_change_corrected": change, "probability_better_corrected": better}


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {"mean": _number(estimate.point), "low": _number(estimate.low), "high": _number(estimate.high)}


def _number(value: float | None) -> float | None:
    """A number JSON can hold; None for what it cannot."""
    return None if value is None or not math.isfinite(value) else float(np.float64(value))
