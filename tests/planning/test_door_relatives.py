"""Amounts below one, costs that are media, logs out of step, and exports of all kinds imported, checked and planned."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import export_files
import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from attribution.reading.sources import log_table
from mmm import Panel
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.importer import import_folder
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.log_against_kpi import log_against_kpi


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("customers: {at_least: +0%}", "customers: {at_least: 0.9}", "0.9 is less than one; for 90% of today's write -10%"),
        ("budget: {at_most: +0%}", "budget: {at_most: 0.95}", "0.95 is less than one; for 95% of today's write -5%"),
        ("zero_or_at_least: 100_000", "at_most: 0.5", "0.5 is less than one; for 50% of today's write -50%"),
        ("budget: {at_most: +0%}", "budget: {at_most: +1.500%}", "may mean 1.5 or 1500 percent; write one of them"),
        ("budget: {at_most: +0%}", "budget: {at_most: -10.000%}", "may mean 10 or 10000 percent"),
        ("      value: value", "      agrees_within: 20", "agrees_within"),
    ],
)  # fmt: skip
def test_shares_are_no_amounts_and_amounts_no_shares(starter: Path, before: str, after: str, said: str) -> None:
    text = starter.read_text(encoding="utf-8")
    assert before in text
    starter.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=re.escape(said)):
        read_config(starter)


@pytest.mark.parametrize("kind", ["tv", "Paid_Social", " generic_search"])
def test_media_are_no_costs_beside_media(starter: Path, kind: str) -> None:
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("  upcoming:", "  costs: {path: costs.csv}\n  upcoming:"), encoding="utf-8")
    costs = pd.DataFrame({"month": "2026-01-01", "kind": ["salaries", kind], "cost": [900, 100]})
    costs.to_csv(starter.parent / "costs.csv", index=False)
    with pytest.raises(BadInput, match=r"costs\.csv, column 'kind': holds .*, whose spend counts as a channel already"):
        read_inputs(*read_config(starter), journeys_too=False)


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
def test_a_log_out_of_step_with_the_kpi_is_told(shift: int) -> None:
    rng = np.random.default_rng(shift + 5)
    counts = rng.poisson(300, 34)
    weeks = pd.date_range("2024-01-01", periods=30, freq="7D")
    frame = pd.DataFrame({"week": weeks, "kpi": counts[2 : 2 + 30], "tv": rng.gamma(2, 50, 30)})
    panel = Panel.from_frame(frame, "week", "kpi", ["tv"])
    logged = counts[2 + shift : 2 + shift + 30]
    times = weeks.repeat(logged).as_unit("us").astype("int64") + 3_600_000_000
    ends = pd.Index([weeks[-1].as_unit("us").value + 6 * 86_400_000_000])
    events = log_table(pd.DataFrame({"time": [*times, *ends], "conversions": 1.0}))
    compared = log_against_kpi(events, panel, None)
    assert compared is not None
    assert compared.finding.passed is (shift == 0)
    said = f"{abs(shift)} periods {'later' if shift > 0 else 'earlier'}"
    assert (said in compared.finding.text) is (shift != 0)


KINDS = (
    export_files.google_ads,
    export_files.google_ads_api,
    export_files.microsoft_ads,
    export_files.meta_ads,
    export_files.tiktok_ads,
    export_files.linkedin_ads,
    export_files.dbt_ad_reporting,
)
SHORT = """model:
  {season: {order: 1}, lags: 4, draws: 200, tune: 200, chains: 2, rivals: false, sensitivity: false,
   accept_unconverged: true, time_budget: 0.001}
"""


def imported(folder: Path, makes: tuple[Callable[[Path], Any], ...], outcome: Callable[[Path], Any]) -> Path:
    for make in makes:
        make(folder)
    outcome(folder)
    _, plan = import_folder(folder)
    text = plan.read_text(encoding="utf-8").replace('USD: "?"', "USD: 0.92").replace("# outside", "outside")
    plan.write_text(text, encoding="utf-8")
    return plan


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_each_kind_is_imported_and_checked(make: Callable[[Path], Any], tmp_path: Path) -> None:
    outcome = (export_files.shopify_orders, export_files.hubspot_deals)[KINDS.index(make) % 2]
    _, spent = make(tmp_path)
    plan = imported(tmp_path, (), outcome)
    understood = check_plan(plan)
    assert understood.spend is not None
    rate = 0.92 if make is export_files.linkedin_ads and "USD: 0.92" in plan.read_text(encoding="utf-8") else 1.0
    assert understood.spend.to_numpy().sum() == pytest.approx(spent * rate, rel=1e-6)


@pytest.mark.long
def test_a_folder_of_all_kinds_goes_through_to_a_plan(tmp_path: Path, run_quietly: Callable[..., Any]) -> None:
    path, _ = export_files.microsoft_ads(tmp_path)
    with zipfile.ZipFile(tmp_path / "microsoft.zip", "w") as archive:
        archive.write(path, path.name)
    path.unlink()
    plan = imported(
        tmp_path, tuple(make for make in KINDS if "microsoft" not in make.__name__), export_files.ga4_events
    )
    text = plan.read_text(encoding="utf-8")
    assert '"microsoft.zip"' in text
    question = "plan: {weeks: 8, minimize: blended_cac, budget: {at_most: +0%}, customers: {at_least: +0%}}\n"
    plan.write_text(text[: text.index("\n# plan:")] + "\n" + SHORT + question, encoding="utf-8")
    channels = {"google_ads", "microsoft_ads", "meta_ads", "tiktok_ads", "linkedin_ads", "pinterest_ads"}
    understood = check_plan(plan)
    assert understood.spend is not None
    assert channels <= set(understood.spend.index)
    run, _ = run_quietly(plan, tmp_path / "out")
    assert channels <= set(run.inputs.panel.channels)
    assert run.plan is not None
