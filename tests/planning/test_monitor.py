"""`cac monitor`: weeks since the last fit, what is refused, and what schedulers and people get."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from attribution.errors import BadInput
from mmm.simulate import world
from optimizer.cycle.alarms import Level
from optimizer.planning.cli import app
from optimizer.planning.ledger.manifest import manifest_text, read_manifest
from optimizer.planning.monitor import monitor
from optimizer.planning.outputs.monitor_message import as_json
from optimizer.planning.since import actuals
from optimizer.planning.since.monitored import EXIT_CODES, Monitored
from optimizer.planning.since.unlike_before import Weeks, another_unit, unlike_before
from optimizer.planning.stages.result import Run

LATER = dt.date(2027, 12, 31)
CHANNELS = ("tv", "paid_social", "generic_search")


@pytest.fixture(scope="module")
def folder(hostile_plan: Path, finished: tuple[Run, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run of the starter plan, with tables and plan file beside it."""
    home = tmp_path_factory.mktemp("watched")
    for file in hostile_plan.parent.iterdir():
        if file.is_file() and file.stem not in {"touchpoints", "conversions"}:
            shutil.copy(file, home)
    for name in ("manifest.json", "plan.csv", "posterior.nc"):
        (home / "plan-output" / "latest").mkdir(parents=True, exist_ok=True)
        shutil.copy(finished[1] / name, home / "plan-output" / "latest")
    return home


@pytest.fixture(scope="module")
def expected(folder: Path) -> np.ndarray:
    """What the fit expects of the weeks that :func:`weeks` makes."""
    found = watched(folder, weeks(folder, None))
    return found.watched.quiet.mean


def weeks(folder: Path, customers: np.ndarray | None, count: int = 8) -> pd.DataFrame:
    """The weekly table with further weeks: last year's spend, the controls that were foreseen."""
    table = pd.read_csv(folder / "weekly.csv", parse_dates=["week"])
    coming = pd.read_csv(folder / "upcoming.csv", parse_dates=["week"]).head(count)
    last_year = table.iloc[-52 : -52 + count].reset_index(drop=True)
    new = last_year.assign(**{name: coming[name] for name in coming})
    if customers is not None:
        new["new_customers"] = np.round(customers[:count])
    return pd.concat([table, new], ignore_index=True)


def watched(
    folder: Path, table: pd.DataFrame, more: str = "", today: dt.date = LATER, name: str = "actuals.csv"
) -> Monitored:
    table.to_csv(folder / name, index=False, date_format="%Y-%m-%d")
    plan = folder / "other.yaml"
    text = (folder / "plan.yaml").read_text(encoding="utf-8")
    own = re.search(r"^guardrails:.*?(?=^scenarios:)", text, re.MULTILINE | re.DOTALL)
    plan.write_text((text.replace(own[0], "") if own and more else text) + more, encoding="utf-8")
    return monitor(plan, folder / name, folder / "plan-output", today)[0]


def test_what_watches_loads_nothing_that_only_a_fit_needs() -> None:
    heavy = ("numba", "scipy.special", "scipy.optimize", "scipy.linalg", "scipy.stats", "ibis", "duckdb", "matplotlib")
    code = f"import sys, optimizer.planning.monitor; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_weeks_as_expected_are_quiet_and_end_with_0(folder: Path, expected: np.ndarray) -> None:
    found = watched(folder, weeks(folder, expected))
    assert found.level is Level.QUIET
    assert found.exit_code == 0
    assert found.headline.startswith("On track")
    assert not found.replans
    assert any("Cannot be told by channel" in note for note in found.notes)


@pytest.fixture(scope="module")
def stopped(folder: Path, expected: np.ndarray) -> Monitored:
    fallen = np.where(np.arange(8) < 3, 1.0, 0.55) * expected
    return watched(folder, weeks(folder, fallen), "guardrails: {backups: {channels: [generic_search]}}\n")


def test_a_fall_of_all_customers_stops_and_says_that_no_channel_is_known(stopped: Monitored) -> None:
    assert stopped.level is Level.STOP
    assert stopped.exit_code == 5
    (plan,) = stopped.replans
    assert plan.level is Level.STOP
    assert "No rule names a channel" in plan.text or "No figure of a channel names it" in plan.text


def test_the_plan_instead_keeps_its_limits(stopped: Monitored, folder: Path) -> None:
    (plan,) = stopped.replans
    assert plan.spend is not None
    assert plan.lost is not None
    record = pd.read_csv(folder / "plan-output" / "latest" / "plan.csv").set_index("channel")["spend_planned"]
    assert plan.spend[plan.channel] == pytest.approx(0.0, abs=1e-6)
    assert plan.spend.sum() <= record.sum() * (1 + 1e-9)
    tried = pd.read_csv(folder / "weekly.csv")["generic_search"].rolling(13).sum().max()
    for name in set(record.index) - {plan.channel}:
        most = max(1.3 * tried, record[name]) if name == "generic_search" else record[name]
        assert plan.spend[name] <= most * (1 + 1e-9)
    assert 0 <= plan.gap <= 0.01
    assert plan.lost.low <= plan.lost.point <= plan.lost.high


def test_message_page_and_json_say_the_same_and_names_stay_text(
    stopped: Monitored, folder: Path, hostile: str, expected: np.ndarray
) -> None:
    watched(folder, weeks(folder, 0.5 * expected))
    texts = {
        end: (folder / "plan-output" / "monitor" / f"monitor.{end}").read_text("utf-8")
        for end in ("json", "md", "html")
    }
    told = json.loads(texts["json"])
    assert told["level"] == "stop"
    assert told["exit_code"] == 5
    assert len(told["by_week"]) == 8
    assert told["message"] == texts["md"]
    assert hostile in json.dumps(told, ensure_ascii=False)
    for text in (texts["md"], texts["html"]):
        assert told["headline"].split(",")[0] in text
        assert "<script" not in text.replace("\\<script", "")
    assert json.loads(as_json(stopped))["level"] == "stop"
    assert not [path for path in (folder / "plan-output").rglob("*") if path.name.startswith(".stage")]


def with_conversions(table: pd.DataFrame, factor: np.ndarray) -> pd.DataFrame:
    noise = np.exp(np.random.default_rng(4).normal(0, 0.05, len(table)))
    counts = np.round(table["tv"] / 150 * noise)
    counts.iloc[-len(factor) :] *= factor
    return table.assign(tv_seen=counts)


def test_a_channel_is_named_where_its_conversions_are_known(folder: Path, expected: np.ndarray) -> None:
    more = "guardrails: {platform_reported: {tv: tv_seen}, benchmarks: {tv: 200}}\n"
    table = weeks(folder, expected, 8)
    table.loc[table.index[-8:], "tv"] = table["tv"][table["tv"] > 0].mean()
    quiet = watched(folder, with_conversions(table, np.ones(8)), more)
    assert max(alarm.level for alarm in quiet.verdicts.alarms if alarm.subject == "tv") is Level.QUIET
    found = watched(folder, with_conversions(table, np.repeat([1.0, 0.6], [3, 5])), more)
    assert {alarm.subject for alarm in found.speaking if alarm.level > Level.WATCH} == {"tv"}
    assert "platform-reported" in found.speaking[0].text
    assert found.replans[0].channel == "tv"
    assert found.replans[0].lost_if_true is not None
    late = with_conversions(table, np.ones(8))
    late.loc[late.index[:-15], "tv_seen"] = np.nan
    assert any(
        "platform-reported conversions of tv; it needs 26 weeks" in note for note in watched(folder, late, more).notes
    )


def test_stages_of_the_funnel(folder: Path, expected: np.ndarray) -> None:
    table = weeks(folder, expected)
    table["visits"] = np.round(table["new_customers"] * 30)
    more = "guardrails: {funnel: [visits, new_customers]}\n"
    assert not [alarm for alarm in watched(folder, table, more).speaking if alarm.rule == "funnel"]
    table.loc[table.index[-4:], "visits"] *= 2
    found = watched(folder, table, more)
    assert [alarm.rule for alarm in found.speaking] == ["funnel"]
    assert not any("counts more" in note for note in found.notes)
    turned = watched(folder, table, "guardrails: {funnel: [new_customers, visits]}\n")
    assert any("visits counts more than new_customers in " in note for note in turned.notes)


Faults = dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]]
FAULTS: Faults = {
    "seen": (lambda table: table.iloc[:-8], "holds no whole week after"),
    "gap": (lambda table: table.drop(table.index[-4]), "lacks 1 week after the last one that was fitted"),
    "first gap": (lambda table: table.drop(table.index[-8]), "lacks 1 week after the last one that was fitted"),
    "weekday": (lambda table: table.assign(week=table["week"].where(table.index < len(table) - 8, table["week"] + pd.Timedelta(days=2))), "begin no week as the fit counts them"),
    "column": (lambda table: table.drop(columns="paid_social"), "column 'paid_social': is missing"),
    "empty": (lambda table: table.assign(new_customers=table["new_customers"].astype(float).where(table.index != len(table) - 2)), "column 'new_customers'"),
    "zero": (lambda table: table.assign(new_customers=table["new_customers"].where(table.index < len(table) - 8, 0)), "is zero in every week to be watched"),
    "twice": (lambda table: pd.concat([table, table.tail(1)]), "actuals.csv"),
    "negative": (lambda table: table.assign(tv=table["tv"].where(table.index < len(table) - 1, -5)), "is negative"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_weeks_that_cannot_be_watched_are_refused(folder: Path, expected: np.ndarray, fault: str) -> None:
    spoil, said = FAULTS[fault]
    with pytest.raises(BadInput, match=said) as caught:
        watched(folder, spoil(weeks(folder, expected)))
    assert "actuals.csv" in str(caught.value)


def test_a_week_that_has_not_ended_and_weeks_that_read_otherwise_are_told(folder: Path, expected: np.ndarray) -> None:
    table = weeks(folder, expected)
    last = table["week"].iloc[-1].date()
    table.loc[5, "new_customers"] *= 2
    found = watched(folder, table, today=last + dt.timedelta(days=3))
    assert len(found.watched.weeks) == 7
    assert f"has not ended yet: {last}" in found.notes[0]
    assert "Weeks that the fit has seen read otherwise now: new_customers" in found.notes[1]
    assert len(watched(folder, table, today=last + dt.timedelta(days=7)).watched.weeks) == 8


def new(table: pd.DataFrame, column: str, times: float, only: int | None = None) -> pd.DataFrame:
    """A column multiplied in the new weeks, or in one of them counted from the end."""
    at = np.arange(len(table)) >= len(table) - 8 if only is None else np.arange(len(table)) == len(table) - only
    return table.assign(**{column: np.where(at, table[column] * times, table[column])})


UNLIKELY: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "thousands": (lambda table: new(table, "generic_search", 1e-3), "Another unit than in the weeks that were fitted"),
    "tens": (lambda table: new(table, "new_customers", 10), "new_customers is .* in every new week and was"),
    "slip": (lambda table: new(table, "generic_search", 1e4, only=2), "generic_search is .* times the most before"),
    "gap": (lambda table: new(table, "new_customers", 0, only=3), "new_customers is 0 in .* and never was"),
    "unspent": (lambda table: table.assign(**{name: np.where(np.arange(len(table)) >= len(table) - 8, 0, table[name]) for name in CHANNELS}), "No channel spends anything"),
    "silent": (lambda table: new(table, "generic_search", 0), "Nothing is spent in the new weeks on generic_search"),
    "cut short": (lambda table: table.assign(**{name: new(table, name, 0.1, only=1)[name] for name in (*CHANNELS, "new_customers")}), "if the table was exported before it ended"),
    "stranger": (lambda table: table.assign(podcast=np.where(np.arange(len(table)) >= len(table) - 8, 900.0, 0.0), region="north", idle=0), "nothing in the plan file names them: podcast\\."),
    "restated": (lambda table: table.assign(generic_search=np.where(np.arange(len(table)) == 50, table["generic_search"] + 5_000, table["generic_search"])), "read otherwise now: generic_search"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNLIKELY)
def test_what_may_be_no_truth_is_told_beside_the_level(folder: Path, expected: np.ndarray, case: str) -> None:
    spoil, said = UNLIKELY[case]
    sound, found = (watched(folder, table) for table in (weeks(folder, expected), spoil(weeks(folder, expected))))
    assert any(re.search(said, note) for note in found.notes)
    assert not any(re.search(said, note) for note in sound.notes)
    assert max(map(len, found.notes)) < 700
    of_the_weeks = case not in ("stranger", "restated")  # what no one named, and weeks that were fitted
    assert any(re.search(said, doubt) for doubt in found.doubts) is of_the_weeks
    assert ("may not be right" in found.headline) is of_the_weeks


def test_a_quiet_headline_says_that_a_channel_fell_silent(folder: Path, expected: np.ndarray) -> None:
    table = new(weeks(folder, expected), "generic_search", 0)
    table.loc[table.index[-8:], "new_customers"] = np.round(watched(folder, table).watched.quiet.mean)
    found = watched(folder, table)
    assert found.level is Level.QUIET
    assert re.fullmatch(r"No rule speaks of .* Nothing is spent in the new weeks on generic_search .*", found.headline)


@pytest.mark.parametrize("times", [1e-3, 1e-2, 100, 1000])
def test_spend_that_is_all_in_another_unit_is_refused(folder: Path, expected: np.ndarray, times: float) -> None:
    table = weeks(folder, expected)
    for name in CHANNELS:
        table = new(table, name, times)
    with pytest.raises(BadInput, match=r"actuals.csv: every channel spends .* times what it did"):
        watched(folder, table.round(dict.fromkeys(CHANNELS, 4)))
    with pytest.raises(BadInput, match=r"actuals.csv, column 'new_customers': is .* times what it was in the weeks"):
        watched(folder, new(weeks(folder, expected), "new_customers", times))


@pytest.mark.parametrize("seed", range(6))
def test_weeks_of_a_sound_world_are_like_those_before(seed: int) -> None:
    made = world(seed)[0]
    table, cut = made.weekly, len(made.weekly) - 8
    parted = {name: tuple(np.split(table[name].to_numpy(float), [cut])) for name in table.columns if name != "week"}
    spend = {name: parted.pop(name) for name in made.channels}
    since = Weeks(spend, parted, "new_customers", pd.DatetimeIndex(table["week"][cut:]))
    assert not list(another_unit("table", since))
    assert not list(unlike_before(since))


def test_spend_of_zero_and_a_single_week_are_watched(folder: Path, expected: np.ndarray) -> None:
    table = weeks(folder, expected, 1)
    table.loc[table.index[-1], ["tv", "paid_social", "generic_search"]] = 0
    found = watched(folder, table, "guardrails: {lifetime_value: 100}\n")
    assert len(found.watched.weeks) == 1
    assert all(alarm.text for alarm in found.verdicts.alarms)


def test_new_weeks_alone_without_those_of_the_fit_are_enough(folder: Path, expected: np.ndarray) -> None:
    whole = watched(folder, weeks(folder, 0.9 * expected))
    alone = watched(folder, weeks(folder, 0.9 * expected).tail(8))
    assert [alarm.level for alarm in alone.verdicts.alarms] == [alarm.level for alarm in whole.verdicts.alarms]


def test_without_a_plan_the_weeks_are_watched_and_no_plan_is_made(
    folder: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "no-plan")
    home = tmp_path / "no-plan" / "plan-output" / "latest"
    (home / "plan.csv").unlink()
    told = read_manifest(home)
    told["outputs"].pop("plan.csv")
    (home / "manifest.json").write_text(manifest_text({k: v for k, v in told.items() if k != "checksum"}), "utf-8")
    found = watched(tmp_path / "no-plan", weeks(folder, 0.5 * expected))
    assert found.level is Level.STOP
    assert not found.replans
    assert any("No plan was made in the last run" in note for note in found.notes)


@pytest.mark.parametrize("name", ["plan.csv", "posterior.nc", "manifest.json"])
def test_a_run_that_is_not_as_it_was_written_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    file = tmp_path / "copy" / "plan-output" / "latest" / name
    file.write_bytes(file.read_bytes().replace(b"0", b"1", 3))
    with pytest.raises(BadInput, match="not as the run wrote it"):
        watched(tmp_path / "copy", weeks(folder, None))


def test_no_run_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "plan-output" / "latest" / "manifest.json").unlink()
    with pytest.raises(BadInput, match="holds no finished run"):
        watched(tmp_path / "copy", weeks(folder, None))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("guardrails: {attributed: {tvv: x}}\n", "unknown channel 'tvv'. Did you mean 'tv'?"),
        ("guardrails: {benchmarks: {blended: 40, radio: 3}}\n", "unknown channel 'radio'"),
        ("guardrails: {backups: {channels: [serch]}}\n", "unknown channel 'serch'"),
        ("guardrails: {twelve_months: {warn: +30%}}\n", "stop is below warn"),
        ("guardrails: {ltv_cac: {tighten: 1}}\n", "have to fall"),
        ("guardrails: {funnel: [visits]}\n", "funnel needs two stages"),
        ("guardrails: {levels: {warn: panic}}\n", "'panic' is not one of watch, halve, stop"),
        ("guardrails: {backups: {share: [0.2, 20]}}\n", "share exceeds 1"),
        ("guardrails: {backups: {channels: [tv, tv]}}\n", "channels names tv twice"),
        ("guardrails: {attributed: {tv: a, search: a}}\n", "attributed counts column a for two channels"),
    ],
)
def test_guardrails_of_the_plan_file_are_read_strictly(folder: Path, more: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        watched(folder, weeks(folder, None), more)
    assert said in str(caught.value)


def test_the_command_prints_json_alone_and_ends_with_the_level(
    folder: Path, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks(folder, 0.5 * expected).to_csv(folder / "now.csv", index=False, date_format="%Y-%m-%d")
    monkeypatch.setattr(actuals, "today", lambda: LATER)
    result = CliRunner().invoke(app, ["monitor", str(folder / "plan.yaml"), str(folder / "now.csv"), "--json"])
    assert result.exit_code == 5
    assert json.loads(result.stdout)["exit_code"] == 5
    result = CliRunner().invoke(app, ["monitor", str(folder / "plan.yaml"), str(folder / "now.csv")])
    assert result.exit_code == 5
    assert result.stdout.startswith("Stop: all channels together")


def test_a_scheduler_can_tell_levels_from_errors() -> None:
    assert EXIT_CODES == {Level.QUIET: 0, Level.WATCH: 0, Level.HALVE: 8, Level.STOP: 5}
    errors = {1, 2, 3, 4, 6, 7}
    assert not errors & set(EXIT_CODES.values())
