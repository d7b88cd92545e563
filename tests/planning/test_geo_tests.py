"""``cac test design`` and ``cac test readout``: from a plan file to rows of its lift tests."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput, UnknownChannel, UnknownName
from attribution.numbers import amount
from mmm.sampling.from_draws import assemble
from mmm.sampling.prepared import prepare
from mmm.simulate.geo_test import run_geo_test
from mmm.simulate.geo_world import GeoData, GeoTruth, geo_world
from optimizer.planning import cli
from optimizer.planning.experiments import geo_designs, geo_readouts, geo_worth
from optimizer.planning.experiments.geo_designs import design_geo_tests, lines
from optimizer.planning.experiments.geo_readouts import lines as lines_of
from optimizer.planning.experiments.geo_readouts import read_out
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.progress import Progress
from optimizer.uncertainty.value_of_tests import value_of_tests

PLAN = """\
name: Next quarter
data:
  weekly: {path: weekly.csv, kpi: new_customers, spend: [tv, paid_social, generic_search]}
model: {season: {order: 1}, lags: 4, sensitivity: false, rivals: false}
plan:
  weeks: 13
  maximize: customers
  explore: true
  budget: {exactly: +0%}
  tests:
    weeks: 4
    geos: {path: geos.csv, spend: [tv, paid_social, generic_search]}
"""
WEEKS, HISTORY = 92, 84


@pytest.fixture(scope="module")
def world() -> tuple[GeoData, GeoTruth]:
    return geo_world(3, geos=16, weeks=WEEKS, channels=3)


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    """Draws without a sampler, and few outcomes of each test that is weighed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geo_designs, "fit_or_load", _stand_in)
        patch.setattr(geo_designs, "require_convergence", lambda *_: None)
        patch.setattr(geo_worth, "value_of_tests", partial(value_of_tests, outcomes=4))
        yield


@pytest.fixture
def folder(tmp_path: Path, world: tuple[GeoData, GeoTruth]) -> Path:
    return written(tmp_path, world)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, world: tuple[GeoData, GeoTruth]) -> Path:
    """The folder once a test of tv was designed in it."""
    folder = written(tmp_path_factory.mktemp("once"), world)
    designed(folder, channels=["tv"])
    return folder


@pytest.fixture
def with_design(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with designs for tv, whose readouts are not drawn."""
    monkeypatch.setattr(geo_readouts, "_drawn", lambda read: "<svg/>")
    return Path(shutil.copytree(once, tmp_path / "designed"))


def written(folder: Path, world: tuple[GeoData, GeoTruth]) -> Path:
    weekly = world[0].weekly
    past = weekly[weekly["week"] < sorted(weekly["week"].unique())[HISTORY]]
    names = ["new_customers", *world[0].channels]
    past.to_csv(folder / "geos.csv", index=False)
    past.groupby("week", as_index=False)[names].sum().to_csv(folder / "weekly.csv", index=False)
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return folder


def _stand_in(config: Config, inputs: Inputs, folder: Path, update: object) -> mmm.Posterior:
    """Draws around the prior's centre: what a design makes of draws does not hang on the sampler."""
    assert inputs.panel is not None
    ready = prepare(inputs.panel, mix_model(config, inputs))
    centre = ready.problem.centre
    theta = centre + 0.3 * np.random.default_rng(2).standard_normal((2, 30, len(centre)))
    nothing = {name: np.zeros((2, 30)) for name in ("diverging", "n_steps", "energy")}
    return assemble(ready, theta, nothing, (), 0)


def designed(folder: Path, **asked: Any) -> geo_designs.GeoDesigns:
    return design_geo_tests(folder / "plan.yaml", progress=Progress(io.StringIO()), **asked)[0]


def ran(folder: Path, world: tuple[GeoData, GeoTruth], place: int = 0) -> tuple[GeoData, pd.Series]:
    """What became of the world once a design of the file was run in it, as ``after.csv``."""
    said = json.loads((folder / "plan-output" / "geo-test" / "design.json").read_text(encoding="utf-8"))
    data, gained = run_geo_test(*world, mmm.GeoDesign.from_dict(said["designs"][place]))
    data.weekly.to_csv(folder / "after.csv", index=False)
    return data, gained


def test_a_design_is_run_read_and_learnt_from(folder: Path, world: tuple[GeoData, GeoTruth]) -> None:
    found = designed(folder, channels=["tv", "paid_social"])
    assert len(found.proposals) == 6  # two channels, three kinds
    assert (found.table["worth"] >= 0).all()
    assert found.table["worth"].iloc[0] == found.table["worth"].max()
    dark = found.table["change"] == -1
    assert (found.table.loc[dark, ["customers", "spend"]] < 0).all().all()
    assert (found.table.loc[~dark, ["customers", "spend"]] > 0).all().all()
    assert len(lines(found)) == 6
    assert all(
        f"Spend changes by {amount(spend)};" in line
        for line, spend in zip(lines(found), found.table["spend"], strict=True)
    )
    data, gained = ran(folder, world)
    read, written = read_out(folder / "plan-output" / "geo-test" / "design.json", folder / "after.csv")
    assert all(path.exists() for path in written)
    (cell,) = read.cells
    assert abs(cell.effect.customers - gained.iloc[0]) < 4 * cell.effect.standard_error
    said = " ".join(lines_of(read))
    assert f"spend changed by {amount(cell.spend.change)}." in said
    assert " -" not in said  # a minus is written as everywhere
    weeks = data.weekly.groupby("week", as_index=False)[["new_customers", *data.channels]].sum()
    weeks.to_csv(folder / "weekly.csv", index=False)
    told = PLAN.replace("model:", "  lift_tests: {path: plan-output/geo-test/lift_tests.csv}\nmodel:")
    (folder / "next.yaml").write_text(told, encoding="utf-8")
    (test,) = read_inputs(*read_config(folder / "next.yaml")).lift_tests
    assert test.channel == cell.cell.channel
    assert test.spend_change * test.customers_gained == pytest.approx(cell.spend.change * cell.effect.customers
                                                                     * (cell.spend.controls / cell.spend.without) ** 2)  # fmt: skip


def test_a_table_by_market_gives_rows_with_geos(folder: Path, world: tuple[GeoData, GeoTruth]) -> None:
    text = PLAN.replace("path: weekly.csv,", "path: geos.csv, geo: geo,").split("  tests:")[0]
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    found = designed(folder, channels=["tv"])
    assert not found.ground.national
    ran(folder, world)
    read_out(folder / "plan-output" / "geo-test" / "design.json", folder / "after.csv")
    (folder / "next.yaml").write_text(
        text.replace("model:", "  lift_tests: {path: plan-output/geo-test/lift_tests.csv}\nmodel:").replace(
            "geos.csv", "after.csv"
        ),
        encoding="utf-8",
    )
    (test,) = read_inputs(*read_config(folder / "next.yaml")).lift_tests
    assert set(test.geo.split(";")) == set(found.proposals[0].design.cells[0].geos)


def test_cells_share_one_test_and_one_design_is_picked_by_name(folder: Path, world: tuple[GeoData, GeoTruth]) -> None:
    found = designed(folder, channels=["tv", "paid_social"], together=True, weeks=3, seed=5, start="2026-08-17")
    (proposal,) = found.proposals
    assert [cell.channel for cell in proposal.design.cells] == ["tv", "paid_social"]
    assert (proposal.design.start, proposal.design.end) == ("2026-08-17", "2026-09-06")
    assert len(found.table) == 2
    again = designed(folder, channels=["tv", "paid_social"], together=True, weeks=3, seed=5, start="2026-08-17")
    assert again.proposals[0].design == proposal.design
    with pytest.raises(UnknownName, match="unknown name 'another'"):
        read_out(folder / "plan-output" / "geo-test" / "design.json", folder / "geos.csv", name="another")


def test_what_cells_share_reaches_the_next_run(folder: Path, world: tuple[GeoData, GeoTruth]) -> None:
    designed(folder, channels=["tv", "paid_social"], together=True)
    data, _ = ran(folder, world)
    read, _ = read_out(folder / "plan-output" / "geo-test" / "design.json", folder / "after.csv")
    weeks = data.weekly.groupby("week", as_index=False)[["new_customers", *data.channels]].sum()
    weeks.to_csv(folder / "weekly.csv", index=False)
    told = PLAN.replace("model:", "  lift_tests: {path: plan-output/geo-test/lift_tests.csv}\nmodel:")
    (folder / "next.yaml").write_text(told, encoding="utf-8")
    one, other = read_inputs(*read_config(folder / "next.yaml")).lift_tests
    shared = read.correlation[0, 1]
    assert shared > 0
    assert one.correlation(other) == pytest.approx(shared)
    assert one.shared_controls == read.design.name


def test_spend_that_a_table_does_not_hold_is_what_was_planned(folder: Path, world: tuple[GeoData, GeoTruth]) -> None:
    text = PLAN.replace("geos.csv, spend: [tv, paid_social, generic_search]", "geos.csv")
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    found = designed(folder, channels=["tv"])
    assert "holds no spend" in lines(found)[0]
    data, _ = ran(folder, world)
    data.weekly[["geo", "week", "new_customers"]].to_csv(folder / "after.csv", index=False)
    read, _ = read_out(folder / "plan-output" / "geo-test" / "design.json", folder / "after.csv")
    assert read.cells[0].spend == found.spends[0][0]


def test_the_command_line_designs_and_reads(
    folder: Path, world: tuple[GeoData, GeoTruth], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["cac", *arguments])
        try:
            cli.main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    assert command("test", "design", str(folder / "plan.yaml"), "--channel", "tv") == 0
    assert "wrote" in capsys.readouterr().out
    ran(folder, world)
    design = str(folder / "plan-output" / "geo-test" / "design.json")
    assert command("test", "readout", design, str(folder / "after.csv"), "--out", str(folder / "read")) == 0
    assert "by rank among placebos" in capsys.readouterr().out
    assert {path.name for path in (folder / "read").iterdir()} == {
        "lift_tests.csv", "readout.csv", "readout.svg", "readout_findings.csv", "readout_series.csv"
    }  # fmt: skip
    assert command("test", "design", str(folder / "plan.yaml"), "--channel", "radio") == 2
    assert command("test", "readout", str(folder / "plan.yaml"), str(folder / "after.csv")) == 2


def test_what_cannot_be_designed_or_read_says_why(folder: Path) -> None:
    with pytest.raises(UnknownChannel, match="radio"):
        designed(folder, channels=["radio"])
    with pytest.raises(BadInput, match="fewer than 4 times"):
        designed(folder, weeks=26)
    (folder / "plan.yaml").write_text(PLAN.split("  tests:")[0], encoding="utf-8")
    with pytest.raises(BadInput, match=r"data\.weekly\.geo"):
        designed(folder)
    (folder / "bad.json").write_text("{}", encoding="utf-8")
    for wrong in ("bad.json", "geos.csv", "missing.json"):
        with pytest.raises(BadInput):
            read_out(folder / wrong, folder / "geos.csv")


def test_a_readout_is_the_same_in_every_form_and_tells_what_is_no_table_of_it(
    with_design: Path, world: tuple[GeoData, GeoTruth]
) -> None:
    folder = with_design
    ran(folder, world)
    design = folder / "plan-output" / "geo-test" / "design.json"
    whole = pd.read_csv(folder / "after.csv")
    without = whole.drop(columns=["tv", "paid_social", "generic_search"])
    for frame, forms in ((whole, ("csv", "xlsx")), (without, ("csv", "parquet"))):
        frame.to_csv(folder / "t.csv", index=False)
        frame.to_parquet(folder / "t.parquet")
        frame.to_excel(folder / "t.xlsx", index=False)
        read = [read_out(design, folder / f"t.{form}", folder / form)[0] for form in forms]
        assert len({(one.cells[0].effect.customers, one.cells[0].spend.change) for one in read}) == 1
    odd = whole.assign(new_customers=whole.groupby("geo")["new_customers"].cumsum())
    odd["tv"] = odd["tv"].where(odd["week"] < odd["week"].unique()[-8], 100 * odd["tv"])
    odd.to_csv(folder / "odd.csv", index=False)
    unheld = {key: value for key, value in json.loads(design.read_text(encoding="utf-8")).items() if key != "history"}
    (folder / "unheld.json").write_text(json.dumps(unheld), encoding="utf-8")
    told = {
        finding.name
        for finding in read_out(folder / "unheld.json", folder / "odd.csv", folder / "odd")[0].findings
        if not finding.passed
    }
    assert {"running_totals", "unit_changes"} <= told
    whole[whole["geo"] != "region_01"].to_csv(folder / "less.csv", index=False)
    with pytest.raises(BadInput, match=r"^less\.csv: has no rows of region_01"):
        read_out(design, folder / "less.csv")
    there = whole["week"] >= json.loads(design.read_text(encoding="utf-8"))["designs"][0]["start"]
    for outcome, text in (
        (100, "is the same in every period"),
        (whole["new_customers"].where(~there, 0), "is 0 in periods of the test"),
        (whole["new_customers"].where(~there, 10 * whole["new_customers"]), "times in the controls during the test"),
    ):
        whole.assign(new_customers=outcome).to_csv(folder / "none.csv", index=False)
        with pytest.raises(BadInput, match=rf"none\.csv, column 'new_customers': .*{text}"):
            read_out(design, folder / "none.csv", folder / "none")


@pytest.mark.parametrize("key", ["columns", "designs", "spend", "cells", "start"])
@pytest.mark.parametrize("value", [None, [], [1], {"a": 1}, "x"])
def test_a_design_that_was_changed_is_refused_by_its_file(tmp_path: Path, key: str, value: object) -> None:
    columns = {"date": "week", "geo": "geo", "kpi": "kpi", "spend": {}, "written": {}, "rates": {}}
    cell = {"channel": "tv", "change": 0.5, "geos": ["a"]}
    one = {"name": "up", "cells": [cell], "controls": ["b", "c"], "start": "2026-01-05", "end": "2026-01-11", "seed": 0}
    one["spend"] = [{"change": 1.0, "without": 1.0, "controls": 1.0}]
    whole = {"kind": "geo", "national": True, "columns": columns, "designs": [one]}
    (whole if key in whole else one)[key] = value
    (tmp_path / "design.json").write_text(json.dumps(whole), encoding="utf-8")
    (tmp_path / "table.csv").write_text("week,geo,kpi\n2026-01-05,a,1\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"^design\.json: is no design of geo tests"):
        read_out(tmp_path / "design.json", tmp_path / "table.csv")


def _times(frame: pd.DataFrame, column: str, by: float, where: Any = slice(None)) -> pd.DataFrame:
    frame = frame.astype({column: float})
    frame.loc[where, column] *= by
    return frame


def gone_dark(folder: Path, world: tuple[GeoData, GeoTruth]) -> Path:
    """The file of a design that switches its channel off, once that was run."""
    design = folder / "plan-output" / "geo-test" / "design.json"
    said = json.loads(design.read_text(encoding="utf-8"))
    said["designs"] = [one for one in said["designs"] if one["name"].startswith("go dark")]
    design.write_text(json.dumps(said), encoding="utf-8")
    ran(folder, world)
    return design


def test_a_table_that_is_not_the_designs_or_shows_no_test_is_refused(
    with_design: Path, world: tuple[GeoData, GeoTruth]
) -> None:
    folder = with_design
    design = gone_dark(folder, world)
    said = json.loads(design.read_text(encoding="utf-8"))["designs"][0]
    whole, untouched = pd.read_csv(folder / "after.csv"), world[0].weekly
    tested, during = whole["geo"].isin(said["cells"][0]["geos"]), whole["week"].between(said["start"], said["end"])
    one, other = said["cells"][0]["geos"][0], said["controls"][0]
    share = whole.groupby("geo")["new_customers"].transform("mean") / whole["new_customers"].mean()
    divided = (50 * share * whole.groupby("week")["new_customers"].transform("mean")).round()
    wrong = {
        "is 1,000 times what it was in the table of the design": _times(whole, "new_customers", 1000),
        "column 'tv': is 100 times what it was": _times(whole, "tv", 100),
        f"of {one} is another": _times(whole, "new_customers", 1000, whole["geo"] == one),
        "is another than in the table": whole.assign(geo=whole["geo"].replace({one: other, other: one})),
        "one figure was divided": whole.assign(new_customers=divided),
        "during the test what it was before": _times(whole, "new_customers", 1000, tested & during),
        "it was not changed": untouched,
        "in the control geos during the test": whole.assign(tv=whole["tv"].where(~during, 0)),
    }
    for text, table in wrong.items():
        table.to_csv(folder / "wrong.csv", index=False)
        with pytest.raises(BadInput) as refused:
            read_out(design, folder / "wrong.csv", folder / "wrong")
        assert text in str(refused.value), (text, str(refused.value))
    assert not (folder / "wrong").exists()


def test_a_readout_says_what_it_took_on_trust(with_design: Path, world: tuple[GeoData, GeoTruth]) -> None:
    folder = with_design
    design = gone_dark(folder, world)
    said = json.loads(design.read_text(encoding="utf-8"))["designs"][0]
    whole = pd.read_csv(folder / "after.csv")
    tested = whole["geo"].isin(said["cells"][0]["geos"])
    early = tested & whole["week"].between("2026-06-01", said["end"])

    def failed(table: pd.DataFrame) -> dict[str, str]:
        table.to_csv(folder / "told.csv", index=False)
        read = read_out(design, folder / "told.csv", folder / "told")[0]
        return {finding.name: finding.text for finding in read.findings if not finding.passed}

    assert set(failed(whole)) <= {"geo_other_channels"}
    assert "geo_history" in failed(_times(whole, "new_customers", 1.2))
    assert {"geo_history", "geo_usual_spend"} <= set(failed(whole.assign(tv=whole["tv"].where(~early, 0))))
    assert "cut_short" in failed(_times(whole, "new_customers", 0.2, whole["week"] == whole["week"].max()))
    assert "holds no spend" in failed(whole[["geo", "week", "new_customers"]])["geo_as_designed"]
    old = json.loads(design.read_text(encoding="utf-8"))
    del old["history"]
    design.write_text(json.dumps(old), encoding="utf-8")
    assert set(failed(whole)) <= {"geo_other_channels"}  # designs from before histories were kept are read as they were


def test_geos_are_held_against_the_weekly_table(folder: Path) -> None:
    whole = pd.read_csv(folder / "geos.csv")
    every = designed(folder, channels=["tv", "tv"], weeks=4)
    assert len(every.proposals) == 3
    assert not every.ground.notes
    for text, table in {
        "adds up to 1,000 times": _times(whole, "new_customers", 1000),
        "column 'tv': adds up to 100 times": _times(whole, "tv", 100),
        "geos.csv: shows no spend on tv": whole.assign(tv=whole["tv"].where(whole["week"] < "2026-05-01", 0)),
        "is the same in every period": whole.assign(new_customers=50),
    }.items():
        table.to_csv(folder / "geos.csv", index=False)
        with pytest.raises(BadInput, match=text):
            designed(folder, channels=["tv"])
    whole[whole["geo"] <= "region_06"].to_csv(folder / "geos.csv", index=False)
    some = designed(folder, channels=["tv"])
    assert "of the weekly table" in some.ground.notes[0]
    per_money = [
        (each.table["customers"] / each.table["spend"])[each.table["change"] == -1].mean() for each in (every, some)
    ]
    assert per_money[1] == pytest.approx(per_money[0], rel=1e-4)  # a currency unit does alike in all geos
    for start, text in (("2026-06-01", "nobody can test in the past"), ("2026-08-05", "2026-08-03 or 2026-08-10")):
        with pytest.raises(BadInput, match=text):
            designed(folder, channels=["tv"], start=start)


def test_a_test_longer_than_the_plan_is_expected_to_bring_as_much_a_week(folder: Path) -> None:
    tables = [designed(folder, channels=["tv"], weeks=weeks).table for weeks in (10, 20)]
    short, long = (table.set_index(table["design"].str.split(",").str[0]).sort_index() for table in tables)
    assert (long["customers"] / short["customers"]).to_numpy() == pytest.approx(2)
    assert (long["spend"] / short["spend"]).to_numpy() == pytest.approx(2)
