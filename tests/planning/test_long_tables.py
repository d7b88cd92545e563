"""Tables for other tools: their columns stay, CSV and Parquet hold the same, and their figures are the report's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.outputs.long_tables import LONG_TABLES, long_tables, write_long_tables
from optimizer.planning.stages.result import Run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "outputs.md"


@pytest.mark.parametrize("name", LONG_TABLES)
def test_csv_and_parquet_hold_the_same_under_the_stated_columns(finished: tuple[Run, Path], name: str) -> None:
    folder = finished[1] / "tables"
    typed, text = (
        pd.read_parquet(folder / f"{name}.parquet"),
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False),
    )
    assert list(typed) == list(text) == list(LONG_TABLES[name])
    assert {column: str(kind) for column, kind in typed.dtypes.items()} == {
        column: {"string": str(typed[column].dtype)}.get(kind, kind) for column, kind in LONG_TABLES[name].items()
    }
    assert len(typed) == len(text) > 0
    assert set(typed["run"]) == {finished[1].name}
    for column, kind in LONG_TABLES[name].items():
        if kind == "float64":
            np.testing.assert_allclose(pd.to_numeric(text[column], errors="coerce"), typed[column], rtol=1e-9)
        elif kind.startswith("datetime"):
            assert list(pd.to_datetime(text[column])) == list(typed[column])
        elif kind == "string":
            assert list(text[column].astype(str)) == list(typed[column].astype(object))


@pytest.mark.parametrize("name", LONG_TABLES)
def test_the_page_names_each_column(name: str) -> None:
    part = PAGE.read_text(encoding="utf-8").split(f"### `{name}`\n")[1].split("\n#")[0]
    told = re.findall(r"^\| (`.+?`) \|", part, re.MULTILINE)
    named = [column for cell in told for column in re.findall(r"`(\w+)`", cell)]
    stated = [column for column in LONG_TABLES[name] if not re.search(r"_(low|high)$", column)]
    assert named == stated


def test_figures_are_those_of_the_report(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    plan = pd.read_csv(out / "plan.csv").set_index("channel")
    moves = pd.read_parquet(out / "tables" / "moves.parquet").set_index("channel")
    assert list(moves.index) == list(plan.index)
    for column in set(moves) & set(plan):
        if moves[column].dtype == float:
            np.testing.assert_allclose(moves[column], plan[column], rtol=1e-8)
    tipping = pd.read_csv(out / "tipping_points.csv").set_index("channel")
    np.testing.assert_allclose(moves.loc[tipping.index, "turns_around_at"], tipping["factor"], rtol=1e-8)
    curves = pd.read_parquet(out / "tables" / "curves.parquet")
    at_plan = curves[curves["is_planned"]].drop_duplicates("channel").set_index("channel")
    for column in ("customers", "customers_low", "customers_high", "cac"):
        there = plan[column.replace("customers", "customers_planned").replace("cac", "cac_planned")]
        np.testing.assert_allclose(at_plan.loc[plan.index, column], there, rtol=1e-8)
    np.testing.assert_allclose(
        at_plan.loc[plan.index, "marginal_cac"].where(plan["spend_planned"] > 0),
        plan["marginal_cac_planned"].where(plan["spend_planned"] > 0),
        rtol=1e-8,
    )
    (runs,) = pd.read_parquet(out / "tables" / "runs.parquet").to_dict("records")
    worth = (
        pd.read_csv(out / "worth.csv").query(f"scenario == '{PLAN_ITSELF}' and against == 'today'").set_index("figure")
    )
    for figure, name in (("customers", "customers"), ("blended CAC", "blended_cac")):
        told = [runs[f"{name}_{side}{end}"] for side in ("now", "planned", "change") for end in ("", "_low", "_high")]
        stated = [f"{side}{end}" for side in ("before", "plan", "change") for end in ("", "_low", "_high")]
        np.testing.assert_allclose(told, worth.loc[figure, stated].astype(float), rtol=1e-8)
    assert runs["spend_planned"] == pytest.approx(plan["spend_planned"].sum())


def test_contributions_of_a_week_add_up_to_the_fit(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.posterior is not None
    table = pd.read_parquet(out / "tables" / "contributions.parquet")
    fitted = run.posterior.fitted()["mean"]
    np.testing.assert_allclose(table.groupby("period")["customers"].sum(), fitted, rtol=1e-9)
    paid = table[table["kind"] == "paid"]
    spent = paid.pivot_table(index="period", columns="channel", values="spend")
    np.testing.assert_allclose(spent, run.posterior.panel.national_spend[spent.columns], rtol=1e-12)
    means = run.posterior.contributions().mean()
    np.testing.assert_allclose(paid.groupby("channel")["customers"].sum()[means.index], means, rtol=1e-9)
    assert (table["customers_low"] <= table["customers_high"]).all()
    assert set(table["kind"]) == {"paid", "baseline"}


def test_curves_rise_and_scenarios_are_those_of_the_file(finished: tuple[Run, Path]) -> None:
    run, out = finished
    curves = pd.read_parquet(out / "tables" / "curves.parquet")
    for _, curve in curves.groupby("channel"):
        assert curve["spend"].is_monotonic_increasing
        assert curve["customers"].is_monotonic_increasing
        assert curve["spend"].iloc[0] == curve["customers"].iloc[0] == 0
        assert curve["is_now"].sum() == 1
    table = pd.read_parquet(out / "tables" / "scenarios.parquet")
    assert list(table["scenario"].unique()) == [PLAN_ITSELF, *(one.name for one in run.scenarios)]
    for name, part in table[table["problem"] == ""].groupby("scenario"):
        assert part["spend"].sum() == pytest.approx(part["total_spend"].iloc[0]), name


@pytest.mark.parametrize("asked", [True, False])
def test_text_that_looks_like_a_formula_is_quoted_in_csv_alone(
    finished: tuple[Run, Path], tmp_path: Path, asked: bool
) -> None:
    run, _ = finished
    assert run.plan is not None
    assert run.worth is not None
    config = run.config.model_copy(update={"name": "=1+1", "quote_formulas": asked})
    write_long_tables(replace(run, config=config), run.plan, run.worth, "-run", tmp_path)
    text, typed = pd.read_csv(tmp_path / "tables" / "runs.csv"), pd.read_parquet(tmp_path / "tables" / "runs.parquet")
    assert (text["name"][0], text["run"][0]) == (("'=1+1", "'-run") if asked else ("=1+1", "-run"))
    assert (typed["name"][0], typed["run"][0]) == ("=1+1", "-run")


def test_a_run_without_what_ifs_has_the_plan_alone(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.plan is not None
    assert run.worth is not None
    tables = long_tables(replace(run, scenarios=()), run.plan, run.worth, "run")
    assert set(tables["scenarios"]["scenario"]) == {PLAN_ITSELF}
    assert {name: list(frame) for name, frame in tables.items()} == {
        n: list(columns) for n, columns in LONG_TABLES.items()
    }
