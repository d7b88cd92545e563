"""A plan on a daily table: the plan file's weeks stay weeks, whatever the rows are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mmm
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.present_spend import observed_maximum
from optimizer.planning.stages.model import mix_model

PLAN = """
name: Daily
data:
  weekly: {path: days.csv, date: day, kpi: customers, spend: [tv, search], controls: [rain]}
  upcoming: last_year
model: {draws: 250, tune: 300, chains: 2, sensitivity: false, accept_unconverged: true, time_budget: 0.001}
plan: {weeks: 4, minimize: blended_cac, budget: {exactly: +0%}, channels: {tv: {at_least: -20%, at_most: +20%}}}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    rng = np.random.default_rng(4)
    days = pd.date_range("2023-01-02", periods=420)
    busy = 1 + 0.5 * (days.day_of_week.to_numpy() < 5)
    table = {"day": days.strftime("%Y-%m-%d"), "rain": rng.normal(0, 1, 420)}
    for name in ("tv", "search"):
        table[name] = np.round(rng.gamma(2, 100, 420) * busy, 2)
    kpi = 40 * busy + 0.04 * table["tv"] + 0.03 * table["search"] + 2 * table["rain"] + rng.normal(0, 4, 420)
    pd.DataFrame({**table, "customers": np.maximum(np.round(kpi), 0)}).to_csv(tmp_path / "days.csv", index=False)
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_weeks_of_the_plan_are_periods_of_the_table(plan: Path) -> None:
    config, document = read_config(plan)
    inputs = read_inputs(config, document)
    assert inputs.panel is not None
    assert inputs.now is not None
    assert inputs.upcoming is not None
    table = pd.read_csv(plan.parent / "days.csv")
    assert inputs.panel.days == 1
    np.testing.assert_allclose(inputs.now["tv"], table["tv"].tail(28).sum())
    assert len(inputs.upcoming) == 28
    np.testing.assert_allclose(inputs.upcoming["rain"], table["rain"].iloc[420 - 364 : 420 - 364 + 28])
    assert inputs.upcoming.index[0].day_of_week == pd.Timestamp(table["day"].iloc[420 - 364]).day_of_week
    most = observed_maximum(inputs.panel.national_spend, 28)
    np.testing.assert_allclose(most["tv"], table["tv"].rolling(28).sum().max())
    told = check_plan(plan)
    assert "420 days" in told.files[0].covers
    assert any("last 28 days" in assumption for assumption in told.assumptions)
    assert told.spend is not None
    np.testing.assert_allclose(told.spend.loc["tv"].sum(), table["tv"].sum())


def test_the_week_has_its_season_beside_the_year_of_the_file(plan: Path) -> None:
    config, document = read_config(plan)
    inputs = read_inputs(config, document)
    seasons = mix_model(config, inputs).seasons(inputs.panel)
    assert [season.period for season in seasons] == [365.25, 7.0]
    plan.write_text(PLAN.replace("model: {", "model: {season: {order: 0}, "), encoding="utf-8")
    config, document = read_config(plan)
    assert [season.period for season in mix_model(config, inputs).seasons(inputs.panel)] == [7.0]


@pytest.mark.long
def test_a_run_plans_four_weeks_of_days(plan: Path, tmp_path: Path, run_quietly: Callable) -> None:
    run, files = run_quietly(plan, tmp_path / "out", "optimize")
    table = pd.read_csv(plan.parent / "days.csv")
    assert run.plan is not None
    assert run.posterior is not None
    assert len(run.plan.organic.dates) == 28
    spend = run.plan.allocation.spend
    np.testing.assert_allclose(spend.sum(), table[["tv", "search"]].tail(28).to_numpy().sum(), rtol=1e-4)
    expected = float(table["customers"].tail(364).mean()) * 28
    assert run.plan.now.expected_customers == pytest.approx(expected, rel=0.15)
    half_life = run.posterior.half_life()["median"]
    assert (half_life < 13).all()
    assert isinstance(run.posterior.model, mmm.Model)
    assert files
