"""Readouts of geo tests from the command line: a design file and a table in, lift tests out."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownName
from attribution.findings import findings_frame
from attribution.numbers import count, counted, percent
from mmm.experiments.geo_cell import CellReadout
from mmm.experiments.geo_design import GeoDesign
from mmm.experiments.geo_readout import GeoReadout, read_geo_test
from mmm.experiments.geo_spend import SpendChange
from optimizer.planning.experiments.geo_table import Columns, read_panel
from optimizer.planning.experiments.written import write_set

__all__ = ["READOUT", "lines", "read_out"]

READOUT = "readout.csv"
_LIKELY = 0.05


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
    columns = Columns(**said["columns"])
    held = _columns_there(table, columns)
    read = _with_planned(read_geo_test(read_panel(table, held), GeoDesign.from_dict(chosen)), chosen["spend"])
    tests = read.national_lift_tests() if said["national"] else read.lift_tests()
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
            f"{count(one.differences.high)}); spend changed by {one.spend.change:+,.0f}."
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
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = f"cannot be read: {error.strerror}." if isinstance(error, OSError) else "is no JSON."
        raise BadInput(Problem(path.name, why, remedy=remedy)) from None
    keys = {"designs", "columns", "national"}
    if not isinstance(said, dict) or said.get("kind") != "geo" or not keys <= set(said) or not said["designs"]:
        raise BadInput(Problem(path.name, "is no design of geo tests.", remedy=remedy))
    return said


def _chosen(designs: list[dict[str, Any]], name: str | None, where: str) -> dict[str, Any]:
    if name is None:
        return designs[0]
    known = [str(one["name"]) for one in designs]
    if name not in known:
        raise UnknownName(name, known, where)
    return designs[known.index(name)]


def _columns_there(table: Path, columns: Columns) -> Columns:
    """Columns as the table has them; one without spend at all is read by the spend that was planned."""
    if not columns.spend or table.suffix != ".csv" or not table.exists():
        return columns
    with table.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline()
    none = not any(column in head for column in columns.spend.values())
    return replace(columns, spend={}, rates={}) if none else columns


def _with_planned(read: GeoReadout, planned: list[dict[str, float]]) -> GeoReadout:
    """The readout with the spend that was planned where the table holds none."""

    def known(one: CellReadout, spend: dict[str, float]) -> CellReadout:
        return one if np.isfinite(one.spend.change) else replace(one, spend=SpendChange(**spend))

    return replace(read, cells=tuple(known(*pair) for pair in zip(read.cells, planned, strict=True)))


def _drawn(read: GeoReadout) -> str:
    from mmm.plots import canvas, geo_test, svg

    return svg(geo_test(read, canvas(9.5, 3.8)))
