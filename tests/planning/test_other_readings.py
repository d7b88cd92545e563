"""Other readings of the weeks in a run: its plan rests on them, and it says what each would have planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.checks.rivals import OWN
from optimizer.planning.ledger.manifest import read_manifest
from optimizer.planning.outputs.sections.rivals import RIVALS
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.rivals import not_asked

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]


def test_the_plan_rests_on_all_readings_that_stand(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.rivals is not None
    assert run.plan is not None
    assert run.config.plan is not None
    curves = run.rivals.pooled().curves(run.config.plan.weeks)
    spend = run.plan.allocation.spend
    np.testing.assert_allclose(run.plan.curves.customers(spend), curves.customers(spend))
    assert {plan.reading for plan in run.rival_plans} == {OWN, *run.rivals.standing}


def test_no_reading_does_better_on_another_plan_than_on_its_own(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    for plan in run.rival_plans:
        assert not plan.problem
        assert plan.regret == pytest.approx(plan.ours - plan.best)  # the starter minimises blended CAC
        if plan.shortfall < 1e-6:  # else this plan breaks a promise there, and may well cost less
            assert plan.regret >= -2e-3 * plan.best


def test_the_table_holds_every_channel_under_every_reading(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.rivals is not None
    table = pd.read_csv(out / "rivals.csv")
    readings = [OWN, *(rival.reading.name for rival in run.rivals.fitted), "pooled"]
    assert len(table) == len(readings) * len(run.rivals.posterior.channels)
    assert set(table["reading"]) == set(readings)
    plan = pd.read_csv(out / "plan.csv").set_index("channel")["spend_planned"]
    pooled = table[table["reading"] == "pooled"].set_index("channel")["planned_spend"]
    np.testing.assert_allclose(pooled, plan[pooled.index], rtol=1e-8)
    refuted = table[table["verdict"] == "refuted"]
    assert refuted["planned_spend"].isna().all()
    assert (refuted["weight"] == 0).all()
    weights = table.groupby("reading")["weight"].first().dropna()
    assert weights.sum() == pytest.approx(1.0)


def test_the_report_shows_them_and_the_findings_are_the_runs(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.rivals is not None
    page = (out / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    part = page[page.index('<h2 id="rivals">') :]
    assert "the plan rests on" in part
    assert all(f'<th scope="row">{rival.reading.name}</th>' in part for rival in run.rivals.fitted)
    assert set(run.rivals.findings) <= set(run.findings)
    view = RIVALS.view(run)
    assert view is not None
    assert run.plan is not None
    told = view["rivals"]
    assert [row["channel"] for row in told["spend"]] == list(run.plan.allocation.spend.index)
    for place, other in enumerate(run.rival_plans):
        assert {row["channel"]: row["cells"][place] for row in told["spend"]} == dict(other.spend)
        assert [cells[place] for _, cells in told["figures"]][:2] == [
            run.plan.aim.written(other.best),
            run.plan.aim.written(other.ours),
        ]


def test_without_rivals_the_fit_is_the_same_and_the_plan_its_own(
    starter: Path, tmp_path: Path, run_quietly: QuietRun
) -> None:
    out = tmp_path / "out" / "latest"
    run_quietly(starter, out.parent, "fit")
    fitted = (out / "posterior.nc").read_bytes()
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("\nmodel:\n", "\nmodel:\n  rivals: false\n", 1), encoding="utf-8")
    run, written = run_quietly(starter, out.parent, "optimize")
    assert (out / "posterior.nc").read_bytes() == fitted
    assert run.rivals is None
    assert not run.rival_plans
    assert "rivals.csv" not in {path.name for path in written}
    assert run.plan is not None
    assert run.posterior is not None
    spend = run.plan.allocation.spend
    own = run.posterior.curves(run.config.plan.weeks if run.config.plan else 0)
    np.testing.assert_allclose(run.plan.curves.customers(spend), own.customers(spend))
    assert not not_asked(run)


def test_a_table_that_allows_none_is_said(finished: tuple[Run, Path]) -> None:
    (finding,) = not_asked(replace(finished[0], rivals=None))
    assert not finding.passed
    assert "several markets" in finding.text
    assert "model.rivals: false" in finding.text


def test_a_later_run_takes_up_the_fits_of_the_readings_too(
    starter: Path, tmp_path: Path, run_quietly: QuietRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = run_quietly(starter, tmp_path / "out", "fit")
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("fixed_cost: 150_000", "fixed_cost: 10_000"), encoding="utf-8")
    monkeypatch.setattr("mmm.checks.rivals.fit", lambda *_, **__: pytest.fail("fitted once more"))
    later, _ = run_quietly(starter, tmp_path / "out", "fit")
    assert first.rivals is not None
    assert later.rivals is not None
    pd.testing.assert_frame_equal(later.rivals.scores, first.rivals.scores)
    pd.testing.assert_frame_equal(later.rivals.pooled().contributions(), first.rivals.pooled().contributions())
    kept = set(read_manifest(tmp_path / "out" / "latest")["fits"].values())
    assert kept == {path.stem for path in (tmp_path / "out" / "fits").iterdir() if path.stem in kept}
    assert len(kept) == 1 + len(first.rivals.fitted)
