"""Readouts of geo tests from the command line: a design file and a table in, lift tests out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownName
from attribution.findings import Finding, findings_frame
from attribution.numbers import amount, count, counted, percent
from attribution.reading.cells import cells_of
from attribution.reading.formats import Format
from mmm import Panel
from mmm.data.odd_columns import cut_short
from mmm.data.running_totals import running_totals
from mmm.data.unit_changes import unit_changes
from mmm.experiments.geo_cell import CellReadout
from mmm.experiments.geo_design import GeoDesign
from mmm.experiments.geo_readout import GeoReadout, read_geo_test
from mmm.experiments.geo_spend import SpendChange
from optimizer.planning.experiments.geo_history import History, geo_history, other_table
from optimizer.planning.experiments.geo_table import Columns, read_panel, some_geos
from optimizer.planning.experiments.geo_unread import no_change, no_outcome, not_counted
from optimizer.planning.experiments.written import write_set
from optimizer.planning.inputs.reading import in_terms_of_the_file
from optimizer.planning.outputs.against_today import signed

__all__ = ["READOUT", "lines", "read_out"]

READOUT = "readout.csv"
_LIKELY = 0.05
_USUAL = 0.25  # share by which the spend of test geos beside controls may drift from design to test


def read_out(
    design: Path, table: Path, out: Path | None = None, name: str | None = None
) -> tuple[GeoReadout, tuple[Path, ...]]:
    """Read a geo test, and write ``readout.csv``, ``lift_tests.csv``, findings, series and a picture.

    Parameters
    ----------
    design
        File that ``cac test design`` wrote.
    table
        Table by geo with the history, the days of the test and what followed.
    out
        Output folder; None for the folder of the design.
    name
        Which of the file's designs was run; the first where None.

    Raises
    ------
    BadInput
        Lists what is wrong with either file.
    """
    said = _said(design)
    chosen = _chosen(said["designs"], name, design.name)
    planned, columns = _of_the_file(chosen, said["columns"], said.get("history"), design.name)
    panel = read_panel(table, _columns_there(table, columns))
    names = {"panel": table.name, "readout": table.name}
    in_terms_of_the_file(lambda: _refuse_another_table(panel, planned, table.name, columns), names)
    read = in_terms_of_the_file(lambda: read_geo_test(panel, planned.design), names)
    read = _with_planned(read, planned.spend)
    read = replace(read, findings=(*read.findings, *_looks(read, panel, planned)))
    tests = in_terms_of_the_file(read.national_lift_tests if said["national"] else read.lift_tests, names)
    rows = pd.DataFrame([asdict(test) for test in tests])
    unused = ["outside", *(("geo",) if said["national"] else ())]
    unused += [] if rows["shared_controls"].any() else ["shared_controls", "shared_error"]
    rows = rows.drop(columns=unused)
    series = pd.concat([one.assign(cell=place + 1) for place, one in enumerate(read.series)])
    files = {
        "lift_tests.csv": rows.to_csv(index=False),
        "readout_findings.csv": findings_frame(read.findings).to_csv(index=False),
        "readout_series.csv": series.to_csv(float_format="%.6g"),
        "readout.svg": _drawn(read),
        READOUT: read.to_frame().to_csv(index=False, float_format="%.8g"),
    }
    return read, write_set(out if out is not None else design.parent, files)


def lines(read: GeoReadout) -> list[str]:
    """What a terminal shows of a readout."""
    found = []
    for one in read.cells:
        effect = one.effect
        what = f"{one.cell.channel}, {percent(one.cell.change, True)} in {counted(len(one.cell.geos), 'geo')}"
        share = f" ({percent(effect.customers / one.without, True)})" if one.without > 0 else ""
        verdict = (
            "shown" if one.p_value < _LIKELY else "no effect is shown, which is a result too: the row says how little"
        )
        found.append(
            f"{what}: {count(effect.customers)} customers{share}, 95 % {count(effect.low)} to {count(effect.high)}; "
            f"p {one.p_value:.3f}, by rank among placebos {one.rank_p_value:.3f}: {verdict}."
        )
        found.append(
            f"  Difference in differences {count(one.differences.customers)} ({count(one.differences.low)} to "
            f"{count(one.differences.high)}); spend changed by {signed(amount)(one.spend.change)}."
        )
        if one.after is not None:
            after = one.after
            found.append(f"  After the test {count(after.customers)} ({count(after.low)} to {count(after.high)}).")
    found += [f"{finding.name}: {finding.text}" for finding in read.findings if not finding.passed]
    return found


def _said(path: Path) -> dict[str, Any]:
    """The design file."""
    remedy = "take the design.json that cac test design wrote."
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = f"cannot be read: {error.strerror}." if isinstance(error, OSError) else "is no JSON."
        raise BadInput(Problem(path.name, why, remedy=remedy)) from None
    keys = {"designs", "columns", "national"}
    sound = isinstance(said, dict) and said.get("kind") == "geo" and keys <= set(said)
    if not sound or not isinstance(said["designs"], list) or not said["designs"]:
        raise BadInput(Problem(path.name, "is no design of geo tests.", remedy=remedy))
    return said


@dataclass(frozen=True)
class _Planned:
    """A design, the spend that was planned for each of its cells, and the weeks that it was made on."""

    design: GeoDesign
    spend: list[SpendChange]
    history: History | None


def _refuse_another_table(panel: Panel, planned: _Planned, name: str, columns: Columns) -> None:
    """Nothing is read of a table that cannot be the design's, or that shows no test."""
    spends, design = dict(columns.spend), planned.design
    design.members(panel)
    problems: list[Problem | str] = [*not_counted(panel, name, columns.kpi)]
    if planned.history is not None and not problems:
        problems += other_table(planned.history, panel, design.start, name, {**spends, "": columns.kpi})
    problems = problems or [*no_outcome(panel, design, name, columns.kpi)]
    if problems := problems or [*no_change(panel, design, name, spends)]:
        raise BadInput(problems)


def _looks(read: GeoReadout, panel: Panel, planned: _Planned) -> Iterator[Finding]:
    """What the table shows beside the test, where it speaks against it."""
    controls = [panel.geos.index(geo) for geo in planned.design.controls]
    found = [unit_changes(panel), running_totals(panel), cut_short(some_geos(panel, controls))]
    found += [] if planned.history is None else [geo_history(planned.history, panel, planned.design.start)]
    found.append(_usual(read, planned) if panel.channels else _unseen(read))
    return (finding for finding in found if not finding.passed)


def _usual(read: GeoReadout, planned: _Planned) -> Finding:
    """Whether test geos would have spent beside their controls what they did when the test was designed."""
    apart: dict[str, float] = {}
    for one, then in zip(read.cells, planned.spend, strict=True):
        now = one.spend
        if min(now.without, now.controls, then.without, then.controls) > 0:
            apart[one.cell.channel] = now.without / now.controls / (then.without / then.controls) - 1
    off = {channel: moved for channel, moved in apart.items() if abs(moved) > _USUAL}
    text = "Beside the controls the test geos would have spent what the design says."
    if off:
        listed = ", ".join(f"{channel} {percent(moved, True)}" for channel, moved in off.items())
        text = (
            "Before the test the test geos spent otherwise, beside the controls, than when it was designed: "
            f"{listed}. What would have been spent is taken from those weeks; where spend was changed before the test "
            "began, the change, and with it the row of lift_tests, is off by as much."
        )
    return Finding("geo_usual_spend", not off, max(map(abs, apart.values()), default=0.0), _USUAL, text, tuple(off))


def _unseen(read: GeoReadout) -> Finding:
    listed = ", ".join(f"{one.cell.channel} {one.spend.change:+,.0f}" for one in read.cells)
    text = (
        "The table holds no spend, so nothing says whether it was changed as designed; the readout goes by what was "
        f"planned: {listed}."
    )
    return Finding("geo_as_designed", False, None, None, text)


def _of_the_file(chosen: Any, columns: Any, history: Any, name: str) -> tuple[_Planned, Columns]:
    """A design of a file and the columns of its table, or an error that names the file."""
    try:
        spend = [SpendChange(**one) for one, _ in zip(chosen["spend"], chosen["cells"], strict=True)]
        there = Columns(**columns)
        Format(**there.written)
        return _Planned(GeoDesign.from_dict(chosen), spend, History.read(history)), there
    except (BadInput, KeyError, TypeError, ValueError, AttributeError):
        remedy = "take the design.json that cac test design wrote, as it is."
        raise BadInput(Problem(name, "is no design of geo tests, or was changed.", remedy=remedy)) from None


def _chosen(designs: list[dict[str, Any]], name: str | None, where: str) -> dict[str, Any]:
    if name is None:
        return designs[0]
    known = [str(one.get("name")) if isinstance(one, dict) else "" for one in designs]
    if name not in known:
        raise UnknownName(name, known, where)
    return designs[known.index(name)]


def _columns_there(table: Path, columns: Columns) -> Columns:
    """Columns as the table has them; one without spend at all is read by the spend that was planned."""
    there = {str(column).strip() for column in cells_of(table).frame.columns} if columns.spend else set()
    return replace(columns, spend={}, rates={}) if there.isdisjoint(columns.spend.values()) else columns


def _with_planned(read: GeoReadout, planned: list[SpendChange]) -> GeoReadout:
    """The readout with the spend that was planned where the table holds none."""

    def known(one: CellReadout, spend: SpendChange) -> CellReadout:
        return one if np.isfinite(one.spend.change) else replace(one, spend=spend)

    return replace(read, cells=tuple(known(*pair) for pair in zip(read.cells, planned, strict=True)))


def _drawn(read: GeoReadout) -> str:
    from mmm.plots import canvas, geo_test, svg

    return svg(geo_test(read, canvas(9.5, 3.8)))
