"""A run held against the last one: each thing that changed has its own part, and the parts sum to the change."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from attribution.estimates import Estimate
from mmm import LiftTest, Posterior
from optimizer.cycle.refresh import Moved, Movement
from optimizer.planning.cli import app
from optimizer.planning.file.config import config_of, read_config
from optimizer.planning.file.document import Document
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.provenance import versions
from optimizer.planning.outputs.changes_in_words import advice, lines
from optimizer.planning.outputs.sections.changes import CHANGES
from optimizer.planning.run import run_plan
from optimizer.planning.since.chain import Chain
from optimizer.planning.since.differences import MODEL, QUESTION, REVISED, SEED, TESTS, VERSION, WEEKS
from optimizer.planning.since.past import Past, past_run
from optimizer.planning.since.refits import NOT_RECORDED
from optimizer.planning.since.refresh import changes_since
from optimizer.planning.stages.fit import fit_or_load
from optimizer.planning.stages.optimize import make_plan
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import UNDIVIDED, Changes, Run

PLAN = """
name: Weekly
seed: 3
data: {weekly: {path: weekly.csv, date: week, kpi: new_customers, spend: [tv, search], controls: [price]}, upcoming: last_year}
model: {draws: 200, tune: 200, chains: 2, lags: 6, season: {order: 1}, time_budget: 0.001, accept_unconverged: true,
  rivals: false, sensitivity: false}
plan: {weeks: 13, maximize: customers, budget: {exactly: +0%}, every_channel: {at_least: -50%, at_most: +50%}}
"""


def weeks(count: int = 72) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    table = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=90, freq="7D")})
    table["tv"], table["search"] = (rng.gamma(3, size, 90).round() for size in (9_000, 4_000))
    table["price"] = rng.normal(0, 1, 90).round(3)
    won = 900 * table["tv"] / (40_000 + table["tv"]) + 500 * table["search"] / (9_000 + table["search"])
    table["new_customers"] = (1000 + won - 20 * table["price"] + rng.normal(0, 25, 90)).round(1)
    return table.head(count)


def made(folder: Path, text: str = PLAN, table: pd.DataFrame | None = None, tests: tuple[LiftTest, ...] = ()) -> Run:
    """A run as far as its plan."""
    folder.mkdir(parents=True, exist_ok=True)
    (weeks() if table is None else table).to_csv(folder / "weekly.csv", index=False)
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    config, document = read_config(folder / "plan.yaml")
    inputs = replace(read_inputs(config, document), lift_tests=tests)
    posterior = fit_or_load(config, inputs, folder / "out", lambda *_: None)
    assert posterior is not None
    plan = make_plan(config, inputs, posterior, posterior.diagnostics, lambda *_: None)
    return Run(config, document, inputs, posterior=posterior, plan=plan)


def past_of(run: Run) -> Past:
    """What is kept of a run."""
    assert run.plan is not None
    table = pd.DataFrame({"now": run.plan.now.spend, "planned": run.plan.allocation.spend})
    files = {file.role: file.checksum for file in run.inputs.files}
    return Past(Path("old"), config_of(run.document), run.posterior, table, versions(), files)


def divided(past: Past, run: Run) -> Changes:
    changes = changes_since(past, run, (), Chain.divided, lambda *_: None)
    assert changes is not None
    return changes


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Past]:
    run = made(tmp_path_factory.mktemp("base"))
    return run, past_of(run)


def parts_of(changes: Changes) -> pd.DataFrame:
    """The parts of every row, which sum to its change."""
    assert changes.moved is not None
    frame = changes.moved.to_frame()
    parts = frame.filter(like="part: ").rename(columns=lambda name: name.removeprefix("part: "))
    size = np.maximum(frame["old"].abs(), frame["new"].abs())
    assert (np.abs(parts.sum(axis=1) - frame["change"]) <= 1e-9 * size).all()
    return parts


def test_the_same_run_again_moves_nothing(base: tuple[Run, Past], tmp_path: Path) -> None:
    changes = divided(base[1], made(tmp_path))
    assert not changes.said
    parts = parts_of(changes)
    assert list(parts) == [NOT_RECORDED]
    assert not parts.to_numpy().any()
    assert changes.switch is not None
    assert not changes.switch.is_new
    assert "nothing that a run writes down has changed" in next(lines(changes, base[0]))


def rows_told(changes: Changes, run: Run) -> tuple[int, int, dict[str, Any]]:
    """Rows that the report's section shows, and those that it calls as before."""
    view = CHANGES.view(replace(run, changes=changes))
    assert view is not None
    assert changes.moved is not None
    whole = sum(len(block["still"]) + block["more"] for block in view["blocks"])
    return sum(len(block["rows"]) for block in view["blocks"]), whole, view


def test_where_nothing_changed_no_table_is_shown(base: tuple[Run, Past], tmp_path: Path) -> None:
    shown, still, view = rows_told(divided(base[1], made(tmp_path)), base[0])
    assert shown == still == 0
    assert len(view["as_before"]) == 4  # all channels, and three figures of each


@pytest.mark.parametrize("error", [np.nan, 0.0, 1.0, 30.0])
def test_only_rows_that_moved_stand_in_the_tables(base: tuple[Run, Past], tmp_path: Path, error: float) -> None:
    """Each row is shown or named as before; shown are those of which something moved by more than its error."""
    changes = divided(base[1], made(tmp_path))
    assert changes.moved is not None
    exact = Estimate.exact
    steps = [0.0, 0.4, -5.0, 20.0] * 5
    rows = tuple(
        Movement(f"c{number}", "cac", exact(100.0), exact(100.0 + step), {"a": step + 2.0, "b": -2.0}, error)
        for number, step in enumerate(steps)
    )
    moved = replace(changes, moved=Moved(rows, ("a", "b")))
    shown, still, view = rows_told(moved, base[0])
    over = [
        max(abs(step), abs(step + 2.0), 2.0) > (0 if np.isnan(error) else error) for step in steps
    ]  # parts that cancel each other moved too
    assert shown == sum(over)
    assert shown + still == len(steps) or not shown
    named = [row["label"] for block in view["blocks"] for row in block["rows"]]
    assert named == [row.channel for row, is_over in zip(rows, over, strict=True) if is_over]
    assert bool(view["as_before"]) == (shown == 0)


REVISION = weeks().assign(tv=lambda table: table["tv"].where(table.index != 40, table["tv"] * 1.5))
ONE_THING = {
    SEED: (PLAN.replace("seed: 3", "seed: 4"), None, ()),
    "model settings, a prior": (PLAN.replace("lags: 6,", "lags: 6, belief: {cac: {tv: [20, 40]}},"), None, ()),
    QUESTION: (PLAN.replace("-50%", "-20%"), None, ()),
    "question, another horizon": (PLAN.replace("weeks: 13", "weeks: 8"), None, ()),
    WEEKS: (PLAN, weeks(75), ()),
    REVISED: (PLAN, REVISION, ()),
    "data revised, first weeks gone": (PLAN, weeks().tail(68), ()),
    TESTS: (PLAN, None, (LiftTest("tv", "2024-06-03", "2024-06-30", -1.0, -700.0, 100.0),)),
}


@pytest.mark.parametrize("thing", ONE_THING)
def test_one_thing_that_changed_did_it_all(base: tuple[Run, Past], tmp_path: Path, thing: str) -> None:
    run = made(tmp_path, *ONE_THING[thing])
    changes = divided(base[1], run)
    assert list(changes.said) == [thing.partition(",")[0]]
    parts = parts_of(changes)
    assert list(parts) == [thing.partition(",")[0]]
    assert parts.to_numpy().any()
    assert not changes.problems
    assert not changes.findings


def test_each_of_several_things_has_what_it_does_alone(base: tuple[Run, Past], tmp_path: Path) -> None:
    text = PLAN.replace("lags: 6", "lags: 2").replace("seed: 3", "seed: 5").replace("-50%", "-20%")
    changes = divided(base[1], made(tmp_path / "all", text, weeks(75)))
    parts = parts_of(changes)
    assert list(parts) == [WEEKS, MODEL, SEED, QUESTION]
    alone = divided(base[1], made(tmp_path / "weeks", PLAN, weeks(75))).moved
    assert alone is not None
    assert changes.moved is not None
    for one, other in zip(changes.moved.rows, alone.rows, strict=True):
        if one.channel != "all" and one.figure != "planned_share":
            assert one.parts[WEEKS] == pytest.approx(other.change, rel=1e-9, abs=1e-9)
            assert one.parts[QUESTION] == 0  # a question changes no curve


def test_another_version_is_measured_where_the_old_fit_can_be_repeated(base: tuple[Run, Past], tmp_path: Path) -> None:
    old = base[1]
    assert old.posterior is not None
    draws = {name: values * 1.02 if name == "share" else values for name, values in old.posterior.draws.items()}
    other = replace(old.posterior, draws=draws)
    run = made(tmp_path, PLAN.replace("seed: 3", "seed: 4"))
    for posterior, moves in ((other, True), (old.posterior, False)):  # the latter comes out again, digit for digit
        past = replace(old, posterior=posterior, versions=old.versions | {"numpy": "1.0"})
        parts = parts_of(divided(past, run))
        assert VERSION in list(parts) or not moves
        assert bool(parts.filter(items=[VERSION]).to_numpy().any()) is moves
        assert parts[SEED].any()


def test_a_channel_that_is_new_leaves_the_others_compared(base: tuple[Run, Past], tmp_path: Path) -> None:
    table = weeks(75).assign(radio=lambda table: np.where(table.index > 30, 3_000.0 + 50 * table.index, 0.0))
    run = made(tmp_path, PLAN.replace("[tv, search]", "[tv, search, radio]"), table)
    changes = divided(base[1], run)
    parts_of(changes)
    assert changes.moved is not None
    assert {row.channel for row in changes.moved.of("cac")} == {"tv", "search"}
    assert not changes.moved.of("blended_cac")
    assert any("radio since then" in note for note in changes.notes)
    back = changes_since(past_of(run), base[0], (), Chain.undivided, lambda *_: None)
    assert back is not None
    parts_of(back)
    assert any("radio before alone" in note for note in back.notes)


@pytest.mark.parametrize(
    ("old", "new"),
    [("seed: 3", "seed: 3\ncurrency: USD"), ("seed: 3", "seed: 3\noutcome: orders")],
)
def test_other_currencies_and_outcomes_are_not_compared(
    base: tuple[Run, Past], tmp_path: Path, old: str, new: str
) -> None:
    run = made(tmp_path, PLAN.replace(old, new))
    changes = divided(base[1], run)
    assert not any("nothing that a run writes down" in line for line in lines(changes, run))
    assert changes.moved is None
    assert changes.switch is None
    assert "not compared" in changes.problems[-1]


def test_new_weeks_that_are_taken_back_are_said(base: tuple[Run, Past], tmp_path: Path) -> None:
    past = past_of(made(tmp_path, PLAN, weeks(75)))
    changes = divided(past, base[0])
    assert any("went further" in note for note in changes.notes)
    assert list(parts_of(changes)) == [REVISED]


def test_without_fits_between_the_change_is_told_undivided(base: tuple[Run, Past], tmp_path: Path) -> None:
    run = made(tmp_path, PLAN.replace("lags: 6", "lags: 2"), weeks(75))
    changes = changes_since(base[1], run, (), Chain.undivided, lambda *_: None)
    assert changes is not None
    assert not changes.divided
    assert list(parts_of(changes)) == [UNDIVIDED]
    assert any("cac refresh" in line for line in lines(changes, run))
    whole, alone = divided(base[1], run).moved, changes.moved
    assert whole is not None
    assert alone is not None
    for one, other in zip(whole.rows, alone.rows, strict=True):
        assert (one.channel, one.figure) == (other.channel, other.figure)
        assert one.change == pytest.approx(other.change, rel=1e-9, abs=1e-9)


def test_a_switch_is_advised_for_more_than_it_costs(base: tuple[Run, Past], tmp_path: Path) -> None:
    run, past = base
    assert past.plan is not None
    past = replace(past, plan=past.plan.assign(planned=past.plan["now"]))
    costly = made(tmp_path, PLAN.replace("weeks: 13", "weeks: 13, switching_cost: {moved: 1, channel: 90_000}"))
    for one, word in ((run, "Switch to"), (costly, "Keep the last plan")):
        switch = divided(past, one).switch
        assert switch is not None
        assert one.plan is not None
        assert switch.is_whole
        assert advice(switch, one).startswith(word)
        assert switch.gain == pytest.approx(one.plan.allocation.value - switch.certificate.value)
    assert not divided(base[1], costly).said  # what it costs changes no plan


def test_moves_that_turn_are_named(base: tuple[Run, Past]) -> None:
    run, past = base
    assert past.plan is not None
    assert run.plan is not None
    mirrored = past.plan.assign(planned=2 * past.plan["now"] - past.plan["planned"])
    changes = divided(replace(past, plan=mirrored), run)
    rows = {row.channel: row.planned > row.now for row in run.plan.rows}
    assert {one.channel: not one.was_raised for one in changes.reversals} == rows
    assert any("the other way" in line for line in lines(changes, run))


# the folder


def quiet() -> Progress:
    return Progress(io.StringIO())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, unrendered: None) -> Path:
    """A plan file with one run behind it, and three new weeks since."""
    place = tmp_path_factory.mktemp("folder")
    weeks().to_csv(place / "weekly.csv", index=False)
    (place / "plan.yaml").write_text(PLAN, encoding="utf-8")
    run, _ = run_plan(place / "plan.yaml", place / "first", progress=quiet())
    assert run.changes is None
    assert CHANGES.view(run) is None
    weeks(75).to_csv(place / "weekly.csv", index=False)
    return place


def test_refresh_writes_what_changed(folder: Path) -> None:
    arguments = [
        "refresh",
        str(folder / "plan.yaml"),
        "--out",
        str(folder / "second"),
        "--since",
        str(folder / "first"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "3 new weeks, 2025-05-19 to 2025-06-02" in result.output
    (table,) = (folder / "second").rglob("changes.csv")
    frame = pd.read_csv(table)
    parts = frame.filter(like="part: ")
    assert list(parts) == ["part: new weeks"]
    np.testing.assert_allclose(parts.sum(axis=1), frame["change"], rtol=1e-8)
    page = table.with_name("report.html").read_text(encoding="utf-8")
    assert "What changed since last time" in page
    assert "Blended CAC at today" in page


def test_the_kept_run_is_read_as_it_was(folder: Path) -> None:
    config, document = read_config(folder / "plan.yaml")
    past = past_run(folder / "first", document, read_inputs(config, document).files)
    assert past is not None
    assert not past.problems
    assert past.config == config_of(Document.of(Path("plan.yaml"), PLAN))
    assert past.posterior is not None
    assert past.posterior.panel.periods == 72
    assert past.plan is not None
    assert list(past.plan.index) == ["tv", "search"]
    assert past_run(folder / "nothing", document, ()) is None


def spoilt_fit(place: Path) -> None:
    path = place / "posterior.nc"
    path.write_bytes(path.read_bytes()[:-7])


def gone_fit(place: Path) -> None:
    (place / "posterior.nc").unlink()


def other_keys(place: Path) -> None:
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    manifest["plan_file"]["text"] += "a_key_of_another_version: 1\n"
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def spoilt_plan(place: Path) -> None:
    (place / "plan.csv").write_text("channel,spend_now\ntv,a\n", encoding="utf-8")


def other_digit(place: Path) -> None:
    text = (place / "plan.csv").read_text(encoding="utf-8")
    at = next(at for at, sign in enumerate(text) if sign in "12345678")
    (place / "plan.csv").write_text(f"{text[:at]}{int(text[at]) + 1}{text[at + 1 :]}", encoding="utf-8")


def other_sum(place: Path) -> None:
    path = place / "manifest.json"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("sha256:", "sha256:0", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (other_digit, "plan.csv is not the one that its manifest vouches for"),
        (other_sum, "Its manifest is not to be trusted"),
        (spoilt_fit, "Its fit cannot be read"),
        (gone_fit, "posterior.nc is gone"),
        (other_keys, "Its plan file cannot be read by this version"),
        (spoilt_plan, "Its plan.csv cannot be read"),
    ],
)
def test_a_damaged_last_run_stops_no_new_one_and_is_said(
    folder: Path, tmp_path: Path, base: tuple[Run, Past], spoil: Callable[[Path], None], said: str
) -> None:
    place = tmp_path / "old"
    (manifest,) = (folder / "first").rglob("manifest.json")
    shutil.copytree(manifest.parent, place)
    spoil(place)
    past = past_run(place, base[0].document, ())
    assert past is not None
    changes = divided(past, base[0])
    assert any(said in problem for problem in changes.problems)
    assert list(lines(changes, base[0]))


def test_refresh_needs_a_run_where_one_is_named(folder: Path) -> None:
    result = CliRunner().invoke(app, ["refresh", str(folder / "plan.yaml"), "--since", str(folder / "nothing")])
    assert result.exit_code != 0
    assert "no finished run" in str(result.exception)


def test_a_fit_that_changed_by_itself_is_nothing_on_record(base: tuple[Run, Past]) -> None:
    run, past = base
    assert past.posterior is not None
    half: Posterior = replace(
        past.posterior,
        draws={name: values[:, ::2] for name, values in past.posterior.draws.items()},
        statistics={name: values[:, ::2] for name, values in past.posterior.statistics.items()},
    )
    parts = parts_of(divided(replace(past, posterior=half), run))
    assert list(parts) == [NOT_RECORDED]
    assert parts.to_numpy().any()


@pytest.mark.parametrize(
    ("spend", "said"), [(80_000.0, "20,000 EUR less"), (150_000.0, "50,000 EUR more"), (100_400.0, "")]
)
def test_a_plan_of_another_sum_says_so_beside_its_shares(spend: float, said: str) -> None:
    last, new = pd.Series({"tv": 60_000.0, "search": 40_000.0}), pd.Series({"tv": 0.6 * spend, "search": 0.4 * spend})
    switch: Any = SimpleNamespace(churn=0.0, last=last, new=new, is_new=False)
    changes: Any = SimpleNamespace(
        said={}, problems=(), since="the last run", notes=(), moved=None, switch=switch, reversals=()
    )
    run: Any = SimpleNamespace(config=SimpleNamespace(currency="EUR"))
    told = [line for line in lines(changes, run) if line.startswith("In all")]
    assert told == ([f"In all it spends {said} than the last one."] if said else [])
