"""The quarterly run on the starter plan: what it writes, that it repeats itself, that it stops when it must."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from rich.console import Console

from attribution.errors import BadInput, InfeasiblePlan, NotConverged
from attribution.files import checksum
from optimizer.planning.check import check_plan
from optimizer.planning.outputs.check_view import show_check
from optimizer.planning.stages.result import Run

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]
OUTPUTS = {
    "attribution.csv",
    "carryover.csv",
    "attribution_assists.csv",
    "attribution_overlap.csv",
    "attribution_top_paths.csv",
    "belief.csv",
    "forecast.csv",
    "opinions.csv",
    "stress.csv",
    "calibration.csv",
    "cac_readings.csv",
    "lifetime_value.csv",
    "log_against_kpi.csv",
    "payback.csv",
    "payback_by_month.csv",
    "plan.csv",
    "plan.xlsx",
    "posterior.nc",
    "posterior_neutral.nc",
    "promises.csv",
    "question.npz",
    "schedule.csv",
    "schedule_months.csv",
    "report.html",
    "retention.csv",
    "rivals.csv",
    "scenarios.csv",
    "slides.json",
    "frontier.csv",
    "tests.csv",
    "tipping_points.csv",
    "trust.csv",
    "worth.csv",
    "manifest.json",
}


LAST_TOUCH = ("[first, last, linear, markov]", "[last]\n  replicates: 50")


def change(plan: Path, *pairs: tuple[str, str]) -> Path:
    text = plan.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    plan.write_text(text, encoding="utf-8")
    return plan


def test_every_output_is_there_and_vouched_for(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.worth is not None
    step = {"first_step.csv"} if run.worth.step is not None else set()
    assert {path.name for path in out.iterdir()} == OUTPUTS | {"plots", "forecast", "tables"} | step
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {"manifest.json"}
    assert set(manifest["outputs"]) == written
    for name, sum_ in manifest["outputs"].items():
        assert checksum(out / name) == sum_
    assert {Path(item["file"]).name for item in manifest["inputs"]} == {
        "weekly.csv", "upcoming.csv", "touchpoints.csv", "conversions.csv", "cohorts.csv",
    }  # fmt: skip


def test_the_plan_keeps_what_the_file_asks(finished: tuple[Run, Path], hostile: str) -> None:
    run, out = finished
    plan = pd.read_csv(out / "plan.csv").set_index("channel")
    assert plan["spend_planned"].sum() <= plan["spend_now"].sum() * (1 + 1e-6)
    ratio = plan["spend_planned"] / plan["spend_now"]
    assert (ratio <= 1.5 + 1e-6).all()
    assert ratio.drop("tv").min() >= 0.5 - 1e-6
    assert plan.loc["tv", "spend_planned"] == 0 or plan.loc["tv", "spend_planned"] >= 100_000 * (1 - 1e-6)
    assert plan.loc[["generic_search", hostile], "spend_planned"].sum() >= 100_000 * (1 - 1e-6)
    assert run.plan is not None
    assert run.plan.planned.expected_customers >= run.plan.now.expected_customers * (1 - 1e-6)
    assert run.plan.allocation.gap <= 1e-3
    assert run.plan.planned.expected_cac < run.plan.now.expected_cac


def test_figures_of_the_table_are_the_curves_own(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    plan = pd.read_csv(out / "plan.csv").set_index("channel")
    for channel, curve in run.plan.curves.items():
        spend = plan.loc[channel, "spend_planned"]
        draws = curve(spend)
        assert plan.loc[channel, "customers_planned"] == pytest.approx(draws.mean(), rel=1e-6)
        assert plan.loc[channel, "customers_planned_low"] == pytest.approx(np.quantile(draws, 0.05), rel=1e-6)
        assert plan.loc[channel, "cac_planned"] == pytest.approx(spend / draws.mean(), rel=1e-6)
        step = max(1.0, 1e-4 * spend)
        next_customer = step / (curve.mean(spend + step) - curve.mean(spend))
        assert plan.loc[channel, "marginal_cac_planned"] == pytest.approx(next_customer, rel=1e-3)


def test_credit_hands_out_every_conversion_of_the_log(finished: tuple[Run, Path], hostile: str) -> None:
    run, out = finished
    credit = pd.read_csv(out / "attribution.csv")
    assert run.attribution is not None
    assert run.inputs.journeys is not None
    total = run.inputs.journeys.totals["conversions"]
    assert credit.groupby("model")["conversions"].sum().to_numpy() == pytest.approx(total)
    assert set(credit["channel"]) == {"tv", "generic_search", hostile} & set(credit["channel"])


def test_a_workbook_name_is_never_a_formula(finished: tuple[Run, Path]) -> None:
    book = load_workbook(finished[1] / "plan.xlsx")
    assert book.sheetnames == [
        "Decision", "Your own spend", "Channels", "Moves", "What if", "Stress", "Weeks", "Budgets", "Lifetime value", "Tests", "Checks", "Curves",
    ]  # fmt: skip
    computes = {sheet.title for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"}
    assert computes == {"Your own spend"}


@pytest.mark.long
def test_the_same_inputs_and_seed_give_the_same_bytes(
    finished: tuple[Run, Path], hostile_plan: Path, tmp_path: Path, sampled_quietly: QuietRun
) -> None:
    planned = sampled_quietly(hostile_plan, tmp_path / "plan", "what-if")[1][0].parent
    for name in ("plan.csv", "scenarios.csv"):
        assert (planned / name).read_bytes() == (finished[1] / name).read_bytes()
    credit = [sampled_quietly(hostile_plan, tmp_path / each, "attribution")[1][0].parent for each in ("one", "two")]
    assert len({(folder / "attribution.csv").read_bytes() for folder in credit}) == 1


def short_chains(plan: Path, *more: str) -> Path:
    lines = ("draws: 200", "tune: 200", "chains: 2", "time_budget: 0.01", *more, "lags: 26 ")
    return change(plan, ("  lags: 26 ", "\n".join(f"  {line}" for line in lines)))


def test_a_later_run_takes_up_the_fit_and_a_changed_model_does_not(
    starter: Path, tmp_path: Path, sampled_quietly: QuietRun
) -> None:
    out = tmp_path / "out" / "latest"
    short_chains(starter, "accept_unconverged: true", "sensitivity: false", "rivals: false")
    sampled_quietly(starter, out.parent, "fit")
    first = checksum(out / "posterior.nc")
    sampled_quietly(change(starter, ("fixed_cost: 150_000", "fixed_cost: 10_000")), out.parent, "fit")
    assert checksum(out / "posterior.nc") == first
    sampled_quietly(change(starter, ("seed: 1 ", "seed: 2 ")), out.parent, "fit")
    assert checksum(out / "posterior.nc") != first


def test_a_fit_that_did_not_converge_never_becomes_a_plan(starter: Path, tmp_path: Path, run_quietly: QuietRun) -> None:
    with pytest.raises(NotConverged, match=r"(?s)did not converge.*ess_bulk") as caught:
        run_quietly(short_chains(starter, "rivals: false", "sensitivity: false"), tmp_path / "out")
    assert caught.value.exit_code == 4
    with pytest.raises(NotConverged):
        run_quietly(starter, tmp_path / "out", "fit")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fits"]
    accepted = change(starter, ("  draws: 200", "  accept_unconverged: true\n  draws: 200"), LAST_TOUCH)
    run, _ = run_quietly(accepted, tmp_path / "out")
    assert not run.converged
    assert "did NOT converge" in (tmp_path / "out" / "latest" / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "out" / "latest" / "manifest.json").read_text(encoding="utf-8"))["converged"] is False


def test_a_promise_too_far_names_what_is_attainable(starter: Path, tmp_path: Path, run_quietly: QuietRun) -> None:
    far = change(starter, ("customers: {at_least: +0%}  #", "customers: {at_least: 90_000}  #"))
    short_chains(change(far, LAST_TOUCH), "accept_unconverged: true", "rivals: false", "sensitivity: false")
    with pytest.raises(InfeasiblePlan, match="customers at least 90,000") as caught:
        run_quietly(far, tmp_path / "out", "optimize")
    assert caught.value.exit_code == 3


def test_attribution_alone_from_aggregated_paths(tmp_path: Path, run_quietly: QuietRun) -> None:
    (tmp_path / "paths.csv").write_text("path;conversions;value;nulls\na > b;10;100;5\nb;3;30;9\n", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(
        "name: Paths\ndata:\n  paths: {path: paths.csv, value: value, nulls: nulls}\nattribution: {spend: {a: 50, b: 60}}\n",
        encoding="utf-8",
    )
    run, written = run_quietly(tmp_path / "plan.yaml", tmp_path / "out")
    assert run.plan is None
    assert {path.name for path in written if path.parent.name != "plots"} == {
        "attribution.csv",
        "attribution_assists.csv",
        "attribution_overlap.csv",
        "attribution_top_paths.csv",
        "report.html",
        "manifest.json",
    }
    credit = pd.read_csv(tmp_path / "out" / "latest" / "attribution.csv").set_index(["model", "channel"])
    assert credit.loc[("Last touch", "b"), "conversions"] == 13
    assert credit.loc[("First touch", "a"), "cac"] == pytest.approx(5.0)


def test_a_plan_alone_without_touchpoints_and_controls(starter: Path, tmp_path: Path, run_quietly: QuietRun) -> None:
    text = starter.read_text(encoding="utf-8")
    start, end = text.index("  touchpoints:"), text.index("attribution:\n")
    text = text[:start] + "\n" + text[end:]
    text = text.replace("controls: [price_index, competitor_activity, sale]", "controls: []")
    starter.write_text(text.replace("  upcoming: upcoming.csv", "#"), encoding="utf-8")
    few = "accept_unconverged: true", "rivals: false", "sensitivity: false"
    run, _ = run_quietly(short_chains(starter, *few), tmp_path / "out")
    assert run.attribution is None
    assert not (tmp_path / "out" / "latest" / "attribution.csv").exists()
    assert (tmp_path / "out" / "latest" / "report.html").exists()


def shown(plan: Path) -> str:
    console = Console(file=io.StringIO(), width=200)
    show_check(check_plan(plan), console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_check_tells_what_a_run_would_do(starter: Path) -> None:
    told = shown(starter)
    assert "is fine" in told
    assert "Plan: least blended CAC over 13 weeks." in told
    assert "What if: 5 % fewer customers; No TV; Social costs 15 % more." in told
    assert "Spend now is that of the last 13 weeks" in told


def test_controls_without_a_future_are_refused(starter: Path) -> None:
    with pytest.raises(BadInput, match="nothing says how they go on"):
        check_plan(change(starter, ("  upcoming: upcoming.csv", "#")))
    assert "repeat those of 52 weeks before" in shown(
        change(starter, ("#      # the controls", "  upcoming: last_year #"))
    )


def test_problems_of_all_tables_come_together(starter: Path) -> None:
    folder = starter.parent
    weekly = (folder / "weekly.csv").read_text(encoding="utf-8").splitlines()
    weekly[3] = weekly[3].replace(weekly[3].split(",")[1], "-5", 1)
    (folder / "weekly.csv").write_text("\n".join(weekly) + "\n", encoding="utf-8")
    touches = (folder / "touchpoints.csv").read_text(encoding="utf-8").replace("channel", "chanel", 1)
    (folder / "touchpoints.csv").write_text(touches, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_plan(starter)
    text = str(caught.value)
    assert "weekly.csv, column 'new_customers', row 4: is negative" in text
    assert "touchpoints.csv, column 'channel': is missing. Remedy: did you mean 'chanel'?" in text
