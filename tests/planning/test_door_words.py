"""Tables beside the weekly one with sums, other units, other markets and merged cells: refused or told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.since.actuals import read_actuals

WEEKS = pd.date_range("2024-01-01", periods=60, freq="7D")
GEO = """\
name: Markets
data:
  weekly: {path: weekly.csv, geo: geo, spend: [tv]}
model: {season: {order: 1}, lags: 4}
"""


def read(plan: Path) -> Inputs:
    return read_inputs(*read_config(plan), journeys_too=False)


def told(inputs: Inputs) -> dict[str, str]:
    return {finding.name: finding.text for finding in inputs.findings if not finding.passed}


@pytest.mark.parametrize(
    ("column", "factor", "named"),
    [("price_index", 100, True), ("price_index", 0.01, True), ("competitor_activity", 1_000, True), ("sale", 1, False)],
)
def test_coming_controls_in_another_unit_are_told(starter: Path, column: str, factor: float, named: bool) -> None:
    path = starter.parent / "upcoming.csv"
    frame = pd.read_csv(path)
    frame.assign(**{column: frame[column] * factor}).to_csv(path, index=False)
    text = told(read(starter)).get("coming_controls", "")
    assert (f"{column}, " in text) is named
    assert not told(read(starter)) or named


@pytest.mark.parametrize("name", ["Total", "Summe", "totale"])
def test_the_sum_of_the_costs_is_no_cost(starter: Path, name: str) -> None:
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("  upcoming:", "  costs: {path: costs.csv}\n  upcoming:"), encoding="utf-8")
    costs = pd.DataFrame({"month": "2026-01-01", "kind": ["salaries", "tools", name], "cost": [900, 100, 1000]})
    costs.to_csv(starter.parent / "costs.csv", index=False)
    with pytest.raises(BadInput, match=rf"costs\.csv, column 'kind': holds '{name}' with as much cost"):
        read(starter)
    costs.assign(cost=[900, 100, 50]).to_csv(starter.parent / "costs.csv", index=False)
    kept = read(starter).costs
    assert kept is not None
    assert kept["cost"].sum() == 1050


def by_market(names: list[str], weeks: pd.DatetimeIndex) -> pd.DataFrame:
    rng = np.random.default_rng(len(weeks))
    tables = [
        pd.DataFrame({"week": weeks, "new_customers": rng.integers(30, 60, len(weeks)), "tv": 100.5, "geo": name})
        for name in names
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("stranger", ["Total", "de", "ES"])
def test_actuals_of_markets_that_the_fit_does_not_know_are_refused(tmp_path: Path, stranger: str) -> None:
    (tmp_path / "plan.yaml").write_text(GEO, encoding="utf-8")
    by_market(["DE", "FR"], WEEKS).to_csv(tmp_path / "weekly.csv", index=False)
    config, document = read_config(tmp_path / "plan.yaml")
    fitted = read_inputs(config, document).panel
    assert fitted is not None
    coming = pd.date_range(WEEKS[-1], periods=5, freq="7D")[1:]
    later = by_market(["DE", "FR", stranger], coming)
    later.to_csv(tmp_path / "actuals.csv", index=False)
    with pytest.raises(BadInput, match=rf"actuals\.csv, column 'geo': names {stranger}, which the fit does not know"):
        read_actuals(config, tmp_path / "actuals.csv", fitted, dt.date(2030, 1, 1))
    later[later["geo"] != stranger].to_csv(tmp_path / "actuals.csv", index=False)
    assert read_actuals(config, tmp_path / "actuals.csv", fitted, dt.date(2030, 1, 1)).coming.periods == 4


@pytest.mark.parametrize("merge", ["C3:C5", "F3:G4"])
def test_a_weekly_sheet_with_merged_cells_is_refused(starter: Path, merge: str) -> None:
    frame = pd.read_csv(starter.parent / "weekly.csv")
    book = openpyxl.Workbook()
    for row in [list(frame), *frame.astype(object).to_numpy().tolist()]:
        book.active.append(row)
    book.active.merge_cells(merge)
    book.save(starter.parent / "weekly.xlsx")
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("path: weekly.csv", "path: weekly.xlsx"), encoding="utf-8")
    with pytest.raises(BadInput, match=rf"weekly\.xlsx: has cells merged over several rows, {merge}"):
        read(starter)
