"""Stress and tests of a plan file: what the run writes, what its commands print, and what they refuse."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import mmm
from attribution.errors import BadInput, UnknownChannel
from mmm.experiments.on_off_design import OnOffDesign
from mmm.experiments.schedules import drawn
from optimizer.planning.cli import app
from optimizer.planning.file.config import read_config
from optimizer.planning.outputs.sections.tests import TESTS, design_command
from optimizer.planning.outputs.tests_in_words import designs_in_words, readout_in_words
from optimizer.planning.stages import national_tests, next_tests
from optimizer.planning.stages.national_tests import design_national_tests
from optimizer.planning.stages.next_tests import worth_of_tests
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.stress import competitor_shock
from optimizer.planning.testing import design_on_off_tests, read_on_off_test, read_rate_test


def test_stress_stands_in_every_output(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.stress is not None
    table = pd.read_csv(out / "stress.csv")
    names = [answer.name for answer in run.stress.answers]
    assert list(table["scenario"]) == ["plan", *names]
    assert len(names) == 5 + 2 * 2
    assert "competitor shock (competitor_activity)" in names
    assert table["customers"].iloc[0] == pytest.approx(run.plan.planned.expected_customers, rel=1e-6)
    assert "Stress" in openpyxl.load_workbook(out / "plan.xlsx", read_only=True).sheetnames
    page = (out / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    assert '<h2 id="stress">' in page
    for answer in run.stress.answers:
        assert answer.name.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in page


def test_a_competitor_s_shock_is_the_worst_level_on_record(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    shift = competitor_shock("competitor_activity", run.inputs.upcoming, run.posterior, 13)
    panel = run.posterior.panel
    values = pd.Series(panel.controls[0, :, panel.control_names.index("competitor_activity")])
    means = values.rolling(13).mean().dropna()
    design = run.posterior.model.design(panel, 0)
    column = design.names.index("competitor_activity")
    scale = design.matrix[:, column]
    per_unit = np.polyfit(values, scale, 1)[0] * run.posterior.flat("baseline")[:, column] * run.posterior.kpi_unit
    coming = run.inputs.upcoming["competitor_activity"]
    expected = min(per_unit.mean() * (13 * end - coming.sum()) for end in (means.min(), means.max()))
    assert shift.customers.mean() == pytest.approx(expected, rel=1e-6)
    assert shift.customers.mean() < 0


def test_a_competitor_that_is_no_control_is_named_with_the_nearest(starter: Path) -> None:
    starter.write_text(starter.read_text(encoding="utf-8") + "\nstress: {competitor: competitor_activty}\n")
    with pytest.raises(BadInput, match=r"stress\.competitor: .*Did you mean 'competitor_activity'"):
        read_config(starter)


def test_designs_are_made_of_the_run_and_the_report_says_how(finished: tuple[Run, Path]) -> None:
    run, out = finished
    channel = "tv"
    designed = design_national_tests(run.posterior, run.posterior, run.plan, 13, -1.0, 3, [channel], most_weeks=12)
    (prospect,) = designed.prospects
    now = run.plan.now.spend[channel]
    curve = run.plan.curves[channel]
    lost = float((curve(0.0) - curve(now)).mean()) / 13
    assert prospect.effect / lost == pytest.approx(prospect.design.block * sum(prospect.design.schedule), rel=0.35)
    assert designed.table["value"].iloc[0] >= 0
    assert any("customers" in line for line in designs_in_words(designed, (Path("tests/x"),), Path("plan.yaml")))
    with pytest.raises(UnknownChannel):
        design_national_tests(run.posterior, run.posterior, run.plan, 13, -1.0, 3, ["telly"])
    command = design_command(run, str(run.tests.table.index[0]))
    assert command.startswith("cac test design plan.yaml --channel ")
    assert command.split("--channel")[0] in (out / "report.html").read_text(encoding="utf-8")


def test_of_many_channels_the_tests_that_tell_most_are_weighed_and_the_others_named(
    finished: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = finished
    section = run.config.plan.tests
    every = worth_of_tests(section, run.plan, 13)
    assert every.unweighed == ()
    monkeypatch.setattr(next_tests, "MOST", 1)
    few = worth_of_tests(section, run.plan, 13)
    assert {*few.table.index, *few.unweighed} == set(every.table.index)
    assert len(few.table) == 1
    only = str(few.table.index[0])
    assert few.table.loc[only, "value"] == pytest.approx(every.table.loc[only, "value"])
    left = TESTS.view(replace(run, tests=few))["tests"]["left"]
    assert left == ", ".join(few.unweighed) != ""
    monkeypatch.setattr(national_tests, "MOST", 1)
    designed = design_national_tests(run.posterior, run.posterior, run.plan, 13, -1.0, 3, most_weeks=12)
    assert len(designed.prospects) == 1
    said = " ".join(designs_in_words(designed, (Path("tests/x"),), Path("plan.yaml")))
    assert all(name in said for name in designed.unweighed)


def with_a_test(plan: Path) -> tuple[OnOffDesign, Path]:
    """The starter's television switched off in the last weeks of its table, and the design beside it."""
    weekly = pd.read_csv(plan.parent / "weekly.csv")
    weights = tuple(float(weight) for weight in np.array([0.6, 0.3, 0.1]))
    start = str(weekly["week"].iloc[-20])
    design = OnOffDesign("tv", start, 7, 2, drawn(8, 1), 4, -1.0, 1, weights, 0.05)
    off = np.repeat(design.schedule, 2).astype(bool)
    rows = weekly.index[-20:-4][off]
    weekly.loc[rows, "new_customers"] -= 150
    weekly.loc[rows, "tv"] = 0
    weekly.to_csv(plan.parent / "weekly.csv", index=False)
    path = plan.parent / "on_off_tv.json"
    path.write_text(json.dumps(design.to_json()), encoding="utf-8")
    return design, path


def test_a_readout_s_row_goes_into_the_next_run(starter: Path, tmp_path: Path) -> None:
    design, path = with_a_test(starter)
    readout, written = read_on_off_test(starter, path, tmp_path, Progress(io.StringIO()))
    assert readout.customers_gained < 0
    assert readout.test.start == design.start
    rows = mmm.lift_tests_from_frame(written[0])
    assert rows[0].channel == "tv"
    assert rows[0].changed == readout.test.changed
    text = starter.read_text(encoding="utf-8").replace("  # lift_tests: {path: lift_tests.csv}", "  lift_tests: {path: lift_tests.csv}")  # fmt: skip
    starter.write_text(text, encoding="utf-8")
    (starter.parent / "lift_tests.csv").write_text(written[0].read_text(encoding="utf-8"), encoding="utf-8")
    said = CliRunner().invoke(app, ["check", str(starter)])
    assert said.exit_code == 0, said.output


def test_a_test_that_was_not_run_gives_no_row(starter: Path, tmp_path: Path) -> None:
    path = with_a_test(starter)[1]
    row = tmp_path / "tests" / "on_off_tv_lift_test.csv"
    read_on_off_test(starter, path, tmp_path, Progress(io.StringIO()))
    assert row.exists()
    table = starter.parent / "weekly.csv"
    weekly = pd.read_csv(table)
    weekly.assign(tv=1e4 * (1 + 0.01 * np.sin(np.arange(len(weekly))))).to_csv(table, index=False)
    readout, written = read_on_off_test(starter, path, tmp_path, Progress(io.StringIO()))
    assert [one.name for one in written] == ["on_off_tv_weeks.csv"]
    assert not row.exists()
    assert "No row for data.lift_tests" in list(readout_in_words(readout, written))[-1]


def test_a_table_that_holds_no_test_is_refused_or_told(starter: Path, tmp_path: Path) -> None:
    design, path = with_a_test(starter)
    table = starter.parent / "weekly.csv"
    sound = pd.read_csv(table).astype({"new_customers": float, "tv": float})
    during = (sound["week"] >= design.start) & (sound.index < sound.index[-4])
    wrong = {
        r"weekly\.csv, column 'new_customers': is the same in every period": sound.assign(new_customers=1000.0),
        "times in the usual blocks of the test": sound.assign(
            new_customers=sound["new_customers"].where(~during, 1000 * sound["new_customers"])
        ),
        "is 0 in periods of the test": sound.assign(new_customers=sound["new_customers"].where(~during, 0)),
    }
    for said, spoilt in wrong.items():
        spoilt.to_csv(table, index=False)
        with pytest.raises(BadInput, match=said):
            read_on_off_test(starter, path, tmp_path, Progress(io.StringIO()))
    slip = sound.copy()
    slip.loc[slip.index[-10], "new_customers"] *= 1000
    slip.to_csv(table, index=False)
    found = read_on_off_test(starter, path, tmp_path, Progress(io.StringIO()))[0].findings
    assert "outlying_cells" in [finding.name for finding in found if not finding.passed]


def test_what_cannot_be_is_said_before_anything_is_fitted(starter: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownChannel, match="radio"):
        design_on_off_tests(starter, ["radio"])
    with pytest.raises(BadInput, match="a test changes spend"):
        design_on_off_tests(starter, ["tv"], change=0.0)
    (tmp_path / "rates.csv").write_text("arm,visitors,conversions\ntoday,100,0\nnew,100,9\n", encoding="utf-8")
    for through, said in ((0.0, "--through above 0"), (1.0, "no conversions")):
        with pytest.raises(BadInput, match=said):
            read_rate_test(tmp_path / "rates.csv", 200, starter, through)


def test_commands_print_what_was_read(starter: Path, tmp_path: Path) -> None:
    _, path = with_a_test(starter)
    said = CliRunner().invoke(app, ["test", "readout", str(path), str(starter), "--out", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert "95 % interval" in said.output
    assert "on_off_tv_lift_test.csv" in said.output
    table = tmp_path / "rates.csv"
    table.write_text("arm,visitors,conversions\ntoday,10000,300\nnew,10100,365\n", encoding="utf-8")
    said = CliRunner().invoke(app, ["test", "rates", str(table)])
    assert said.exit_code == 0, said.output
    assert "new: rate 3.61" in said.output
    said = CliRunner().invoke(app, ["test", "visitors", "--rate", "0.1", "--lift", "0.2"])
    assert "3,841 visitors" in said.output


@pytest.mark.parametrize("text", ["{}", "not json", '{"kind": "geo"}'])
def test_a_file_that_is_no_design_ends_in_bad_input(starter: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "design.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"design\.json"):
        read_on_off_test(starter, path, tmp_path, Progress(io.StringIO()))
    with pytest.raises(BadInput, match="no such file"):
        read_on_off_test(starter, tmp_path / "missing.json", tmp_path, Progress(io.StringIO()))
