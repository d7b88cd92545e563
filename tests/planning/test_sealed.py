"""Sealed plans and reviews: every byte and link is checked, what came is read by the contract of the weekly table."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import shutil
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.cycle.bridge import LEVEL, MIX, PRICE, UNEXPLAINED
from optimizer.cycle.forecast import forecast
from optimizer.cycle.scorecard import SCORECARD
from optimizer.planning.cli import main
from optimizer.planning.ledger import lock
from optimizer.planning.ledger.cleaning import clean
from optimizer.planning.ledger.lock import locked
from optimizer.planning.ledger.manifest import manifest_text
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.outputs.forecast_files import read_forecast, write_forecast
from optimizer.planning.sealed import actuals, seals
from optimizer.planning.sealed.chain import SEAL, Seal, chain, home_of
from optimizer.planning.sealed.pages import write_review
from optimizer.planning.sealed.review import Review, review
from optimizer.planning.sealed.scores import SCORES, entered, read_scores
from optimizer.planning.sealed.seals import seal
from optimizer.planning.sealed.story import lines, story
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Run

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]
PLAN = """
name: Quarter
outcome: orders
data:
  weekly:
    path: weekly.csv
    decimal: ","
    date_format: "%d.%m.%Y"
    date: week
    kpi: orders
    spend: [tv, search]
    driven_by: {search: clicks}
    controls: {price: number, event: indicator}
  upcoming: last_year
model: {saturation: michaelis_menten, season: {order: 1}, rivals: false, sensitivity: false, draws: 500, tune: 500}
plan:
  weeks: 8
  maximize: customers
  budget: {exactly: +0%}
  every_channel: {at_least: -30%, at_most: +30%}
  new_channels: {radio: {like: tv, at_most: 4000}}
"""
NOW = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
LATE = NOW + dt.timedelta(days=365)
Made = tuple[Run, Path]


def weekly(weeks: int = 104) -> pd.DataFrame:
    rng, time = np.random.default_rng(3), np.arange(weeks)
    tv, search = rng.gamma(2, 2000, weeks).round(2), rng.gamma(3, 800, weeks).round(2)
    clicks = (search / rng.uniform(0.8, 1.2, weeks)).round()
    price, event = rng.normal(20, 1, weeks).round(2), np.where(time % 13 == 4, "fair", "")
    orders = 300 + 150 * tv / (tv + 4000) + 120 * clicks / (clicks + 2400) - 8 * (price - 20) + 30 * (event == "fair")
    orders = (orders + 20 * np.sin(time / 8.3) + rng.normal(0, 12, weeks)).round()
    dates = pd.date_range("2024-01-08", periods=weeks, freq="7D")
    columns = {
        "week": dates,
        "orders": orders,
        "tv": tv,
        "search": search,
        "clicks": clicks,
        "price": price,
        "event": event,
    }
    return pd.DataFrame(columns)


def written(frame: pd.DataFrame, path: Path) -> Path:
    """As a German spreadsheet writes it."""
    frame.assign(week=frame["week"].dt.strftime("%d.%m.%Y")).to_csv(path, sep=";", decimal=",", index=False)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, run_quietly: QuietRun) -> Made:
    home = tmp_path_factory.mktemp("plain")
    written(weekly(), home / "weekly.csv")
    (home / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return run_quietly(home / "plan.yaml", home / "out", "optimize")[0], home / "out"


@pytest.fixture
def output(made: Made, tmp_path: Path) -> Path:
    """The output folder of a finished run, to do things to."""
    return Path(shutil.copytree(made[1], tmp_path / "out", symlinks=True))


def as_planned(run: Run) -> pd.DataFrame:
    """A table of what came that is what was planned, in all weeks."""
    assert run.forecast is not None
    course, dates = run.forecast.course, run.forecast.forecast.dates
    table = pd.DataFrame({"week": dates, "tv": course.spend[0, :, 0], "search": course.spend[0, :, 1]})
    controls = course.controls
    assert isinstance(controls, pd.DataFrame)
    event = np.where(controls["event: fair"].to_numpy() > 0, "fair", "")
    more = {"clicks": course.media[0, :, 1], "price": controls["price"].to_numpy(), "event": event}
    orders = run.forecast.forecast.customers.mean(axis=0)
    return table.assign(**more, radio=course.new[:, 0], orders=orders)


def reviewed(output: Path, table: pd.DataFrame, name: str | None = None, again: bool = False) -> Review:
    path = written(table, output.parent / "came.csv")
    return review(output, str(path), name, again, Progress(io.StringIO()))


# the forecast of a run


def test_a_run_writes_its_forecast_and_what_regenerates_it(made: Made) -> None:
    run, folder = made
    assert run.forecast is not None
    assert run.plan is not None
    kept = read_forecast(run_folder(folder))
    again = forecast(kept.readings, kept.organic, kept.course.first(8))
    both = run.forecast.forecast
    assert np.array_equal(again.organic, both.organic)
    assert again.brought == pytest.approx(both.brought[:2], rel=1e-12)
    frame = pd.read_csv(run_folder(folder) / "forecast.csv")
    total = frame[frame["week"] == "all"].set_index("channel")
    for channel, spend in run.plan.allocation.spend.items():
        assert total.loc[channel, "spend"] == pytest.approx(spend)
    assert total.loc["all", "customers"] == pytest.approx(both.customers.sum(axis=1).mean())
    assert total.loc["all", "customers_low"] < total.loc["all", "customers"] < total.loc["all", "customers_high"]


def test_a_schedule_is_forecast_week_by_week(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    assert run.schedule is not None
    assert run.forecast is not None
    frame = pd.read_csv(run_folder(folder) / "forecast.csv")
    spend = frame[frame["week"] != "all"].pivot_table("spend", "week", "channel")
    for channel in run.schedule.spend:
        assert spend[channel].to_numpy() == pytest.approx(run.schedule.spend[channel].to_numpy(), abs=1e-4)
    assert "schedule" in run.forecast.assumptions[0]
    assert len(run.forecast.readings) > 1  # the draws that the plan rests on, of every reading that stands


# seals


def test_what_is_sealed_is_read_only_and_reviews_as_planned(output: Path, made: Made) -> None:
    sealed = seal(output, now=NOW)
    assert (sealed.name, sealed.number, sealed.previous) == ("2026Q1", 1, None)
    folder = home_of(output) / sealed.name
    assert not any(path.stat().st_mode & 0o222 for path in [folder, *folder.rglob("*")])
    assert set(sealed.files) | {SEAL} == {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert (folder / "plan.yaml").read_text(encoding="utf-8") == PLAN
    shutil.rmtree(output / "runs")  # nothing but the sealed folder is needed
    done = reviewed(output, as_planned(made[0]))
    assert done.whole
    for cause in (LEVEL, MIX, PRICE):
        assert done.bridge.causes[cause] == pytest.approx(0, abs=1e-3), cause
    assert done.bridge.residual < 1e-9
    assert done.scorecard.held() == len(done.scorecard.counted) == 1


def flipped(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_changed_byte_in_any_file_is_refused_and_named(output: Path) -> None:
    seal(output, now=NOW)
    folder = home_of(output) / "2026Q1"
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        before = path.read_bytes()
        flipped(path)
        with pytest.raises(BadInput, match=f"2026Q1/{path.relative_to(folder).as_posix()}") as caught:
            chain(home_of(output))
        assert caught.value.exit_code == 2
        path.write_bytes(before)
    chain(home_of(output))
    folder.chmod(0o755)
    (folder / "more.csv").write_text("a", encoding="utf-8")
    with pytest.raises(BadInput, match=r"2026Q1/more.csv: was added"):
        chain(home_of(output))
    (folder / "more.csv").unlink()
    (folder / "plan.csv").unlink()
    with pytest.raises(BadInput, match=r"2026Q1/plan.csv: is missing"):
        chain(home_of(output))


def removed(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_link_that_is_missing_renamed_or_made_anew_is_refused(output: Path) -> None:
    home = home_of(output)
    for name in ("one", "two", "three"):
        seal(output, name, NOW)
    assert [each.name for each in chain(home)] == ["one", "two", "three"]
    kept = Path(shutil.copytree(home, output.parent / "kept"))
    for name in ("one", "two"):
        removed(home / name)
        with pytest.raises(BadInput, match=f"follows {name}, which is missing"):
            seal(output, "four", NOW)
        shutil.copytree(kept / name, home / name)
    (home / "two").rename(home / "other")
    with pytest.raises(BadInput, match=r"other/seal.json"):
        chain(home)
    (home / "other").rename(home / "two")
    path = home / "two" / SEAL
    path.chmod(0o644)
    told = {key: value for key, value in json.loads(path.read_text("utf-8")).items() if key not in ("format", "seal")}
    path.write_text(Seal(**told | {"when": "2025-12-01T00:00:00+00:00"}).text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"two/seal.json: is not what three followed"):
        chain(home)


def edited(run: Path, **changes: object) -> None:
    path = run / "manifest.json"
    told = json.loads(path.read_text("utf-8")) | changes
    path.write_text(manifest_text({key: value for key, value in told.items() if key != "checksum"}), encoding="utf-8")


UNSOUND = {
    "did not converge": lambda run: edited(run, converged=False),
    "plan.csv: is not as the run wrote it": lambda run: flipped(run / "plan.csv"),
    "posterior.nc: is missing": lambda run: (run / "posterior.nc").unlink(),
    "nothing to seal": lambda run: shutil.rmtree(run / "forecast"),
    "manifest.json: cannot be read": lambda run: (run / "manifest.json").write_text("{", encoding="utf-8"),
    "holds no finished run": lambda run: (run / "manifest.json").unlink(),
}


@pytest.mark.parametrize("said", UNSOUND)
def test_an_unsound_run_is_not_sealed(output: Path, said: str) -> None:
    UNSOUND[said](run_folder(output))
    with pytest.raises(BadInput, match=said):
        seal(output, now=NOW)
    assert not home_of(output).exists()


def test_names_that_are_taken_or_lead_elsewhere_are_refused(output: Path) -> None:
    seal(output, "Q", NOW)
    with pytest.raises(BadInput, match="sealed already"):
        seal(output, "Q", NOW)
    for name in ("../out", ".hidden", "a/b", "a b", "x" * 61, "con:"):
        with pytest.raises(BadInput, match="cannot be the name"):
            seal(output, name, NOW)
    assert [path.name for path in home_of(output).glob("[!.]*")] == ["Q"]


@pytest.mark.parametrize("call", ["fsync", "chmod", "rename"])
def test_a_seal_is_whole_or_not_there(output: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    seal(output, "first", NOW)
    before = sorted(home_of(output).rglob("*"))
    place, real = (os, os.fsync) if call == "fsync" else (Path, getattr(Path, call))
    for last in (0, 3):
        left = [last]

        def full(*arguments: object, left: list[int] = left) -> object:
            if left[0] == 0:
                raise OSError(28, "No space left on device")
            left[0] -= 1
            return real(*arguments)  # type: ignore[operator]

        with monkeypatch.context() as patched:
            patched.setattr(place, call, full)
            if call == "rename" and last:
                continue
            if call == "chmod":
                patched.setattr(seals, "_removed", lambda stage: shutil.rmtree(stage, ignore_errors=True))
            with pytest.raises(BadInput, match="No space left"):
                seal(output, "second", NOW)
        assert sorted(home_of(output).rglob("*")) == before
    assert seal(output, "second", NOW).number == 2


def test_what_a_killed_process_left_is_removed(output: Path) -> None:
    left = home_of(output) / ".sealing-abc"
    (left / "forecast").mkdir(parents=True)
    (left / "plan.csv").write_text("half", encoding="utf-8")
    left.chmod(0o555)
    assert seal(output, "Q", NOW).number == 1
    assert {path.name for path in home_of(output).iterdir()} == {"Q"}


def test_a_run_is_read_while_nobody_can_clear_it_away(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = seals.read_forecast

    def cleared(run: Path) -> object:
        with pytest.raises(BadInput, match="a run is at work there"):
            clean(output, 1)
        return read(run)

    monkeypatch.setattr(seals, "read_forecast", cleared)
    assert seal(output).number == 1


def test_a_clock_that_was_put_back_lets_no_plan_count_as_sealed_in_time(output: Path) -> None:
    late = seal(output, "late", LATE)
    back = seal(output, "back", LATE - dt.timedelta(days=400))
    assert not late.in_time
    assert (back.in_time, back.when) == (False, late.when)
    assert [each.name for each in chain(home_of(output))] == ["late", "back"]


def test_a_seal_waits_for_no_run_and_leaves_no_lock(output: Path) -> None:
    before = {path.name for path in output.iterdir()}
    with locked(output), pytest.raises(BadInput, match="a run is at work there"):
        seal(output, now=NOW)
    assert seal(run_folder(output), now=NOW).number == 1
    assert {path.name for path in output.iterdir()} == before | {"sealed"}


# what came

BROKEN = {
    "column 'clicks'": lambda table: table.drop(columns="clicks"),
    "column 'radio'": lambda table: table.drop(columns="radio"),
    "tv.*row": lambda table: table.assign(tv=-table["tv"]),
    "several rows": lambda table: pd.concat([table, table.tail(1)]),
    "begin no week of the forecast, whose weeks begin on a Monday": lambda t: t.assign(week=t["week"] + pd.Timedelta(days=1)),
    "lacks 1 week before its last one: 2026-01-12": lambda table: table.drop(index=1),
    "holds none of the weeks": lambda table: table.assign(week=table["week"] + pd.Timedelta(weeks=60)),
    "which never occurred before": lambda table: table.assign(event="strike"),
}  # fmt: skip


@pytest.mark.parametrize("said", BROKEN)
def test_a_table_that_is_not_what_a_review_needs_is_refused(output: Path, made: Made, said: str) -> None:
    seal(output, now=NOW)
    with pytest.raises(BadInput, match=said) as caught:
        reviewed(output, BROKEN[said](as_planned(made[0])))
    assert "came.csv" in str(caught.value)
    assert not (home_of(output) / SCORES).exists()


def test_a_part_of_the_quarter_is_said_and_not_counted_and_other_weeks_are_passed_over(
    output: Path, made: Made
) -> None:
    seal(output, now=NOW)
    table = as_planned(made[0])
    history = weekly().tail(5).assign(radio=0.0)
    part = reviewed(output, pd.concat([history, table.head(3)]))
    assert (part.weeks, part.whole, len(part.scorecard.counted)) == (3, False, 0)
    assert "the first 3 of 8 weeks" in story(part)[0]
    assert any("5 rows of other weeks" in note for note in part.notes)
    assert part.planned.point == pytest.approx(made[0].forecast.forecast.customers[:, :3].sum(axis=1).mean())
    whole = reviewed(output, table)
    assert list(whole.scorecard.table["weeks"]) == [8]
    assert len(whole.scorecard.counted) == 1


@pytest.mark.parametrize("orders", [1580.2, 1250.25, 709.06])
def test_the_scorecard_reads_any_figure_that_it_wrote(output: Path, made: Made, orders: float) -> None:
    seal(output, now=NOW)
    table = as_planned(made[0])
    table["orders"] = np.where(table.index == 0, orders, 0.0)
    for _ in range(2):
        done = reviewed(output, table)
    assert done.scorecard.table["actual"].iloc[0] == pytest.approx(orders)


def test_a_week_that_has_not_ended_is_told(output: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(output, now=NOW)
    table = as_planned(made[0])
    last = pd.Timestamp(table["week"].max())
    for days, told in ((7, False), (3, True)):
        monkeypatch.setattr(actuals, "today", lambda days=days: (last + pd.Timedelta(days=days)).date())
        notes = reviewed(output, table).notes
        assert any("have not ended yet" in note and f"{last:%Y-%m-%d}" in note for note in notes) == told


def test_a_review_tells_columns_that_nobody_names_and_refuses_another_unit(output: Path, made: Made) -> None:
    seal(output, now=NOW)
    table = as_planned(made[0])
    sound, stray = reviewed(output, table), reviewed(output, table.assign(podcast=900.0))
    assert any("names them: podcast" in note for note in stray.notes)
    assert not any("names them" in note for note in sound.notes)
    with pytest.raises(BadInput, match=r"came.csv: every channel spends"):
        reviewed(output, table.assign(tv=table["tv"] / 1000, search=table["search"] / 1000))
    with pytest.raises(BadInput, match=r"came.csv, column 'currency': is USD"):
        reviewed(output, table.assign(currency="USD"))


def test_controls_never_seen_are_told_where_the_review_is_told(output: Path, made: Made) -> None:
    seal(output, now=NOW)
    table = as_planned(made[0])
    sound, moved = reviewed(output, table), reviewed(output, table.assign(price=table["price"] * 3))
    assert not any("price is" in line for line in lines(sound))
    assert any("price is" in line and "never seen" in line for line in lines(moved))


def test_the_scorecard_keeps_all_plans_and_leaves_out_hindsight(output: Path, made: Made) -> None:
    seal(output, "in-time", NOW)
    seal(output, "late", dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    table = as_planned(made[0])
    for name in ("in-time", "late", "in-time"):
        done = reviewed(output, table.assign(orders=table["orders"] * 2), name)
    assert sorted(done.scorecard.table["name"]) == ["in-time", "late"]
    assert list(done.scorecard.counted["name"]) == ["in-time"]
    assert done.scorecard.held() == 0
    assert "above the sealed 90 % interval" in " ".join(story(done)).replace("\u00a0", " ")
    (home_of(output) / SCORES).write_text("name\nQ\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"scorecard.csv"):
        reviewed(output, table, "late")


def scored(home: Path, *names: str) -> pd.DataFrame:
    """A scorecard with a row for each name, the later first."""
    home.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        day = pd.Timestamp("2026-01-05") - pd.Timedelta(weeks=number)
        row = {column.name: 13.25 + number for column in SCORECARD.columns} | {"name": name, "sealed": day}
        table = entered(home, pd.DataFrame([row | {"first_week": day}]))
    return table


def test_a_scorecard_is_read_as_it_was_written_or_not_at_all(tmp_path: Path) -> None:
    table, path = scored(tmp_path, "Q2", "Q1"), tmp_path / SCORES
    pd.testing.assert_frame_equal(read_scores(tmp_path), table, check_dtype=False)
    written = path.read_bytes()
    for place in range(len(written)):
        for bit in (1, 64):
            path.write_bytes(written[:place] + bytes([written[place] ^ bit]) + written[place + 1 :])
            with pytest.raises(BadInput, match="as it was written"):
                read_scores(tmp_path)
    lines = written.splitlines(keepends=True)
    for fewer in ([], lines[:-1], lines[:1], [lines[0], lines[2]], [lines[0], lines[2], lines[1]], [*lines, lines[2]]):
        path.write_bytes(b"".join(fewer))
        with pytest.raises(BadInput, match="take it away and review the sealed plans again"):
            read_scores(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [SCORES]


def test_a_scorecard_of_an_earlier_version_is_read_and_then_vouched_for(tmp_path: Path) -> None:
    table = scored(tmp_path, "Q2", "Q1")
    table.to_csv(tmp_path / SCORES, index=False, date_format="%Y-%m-%d")
    pd.testing.assert_frame_equal(read_scores(tmp_path), table, check_dtype=False)
    scored(tmp_path, "Q1")
    assert (tmp_path / SCORES).read_text(encoding="utf-8").startswith("name,")
    assert "checksum" in (tmp_path / SCORES).read_text(encoding="utf-8")


def test_reviews_that_enter_at_once_are_all_kept(tmp_path: Path) -> None:
    names = [f"Q{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: scored(tmp_path, name), names))
    assert sorted(read_scores(tmp_path)["name"]) == names
    assert [path.name for path in tmp_path.iterdir()] == [SCORES]


def test_a_scorecard_that_another_holds_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PATIENCE", 0.05)
    with lock.one_at_a_time(tmp_path), pytest.raises(BadInput, match="another process is writing there"):
        scored(tmp_path, "Q")
    scored(tmp_path, "Q")


@pytest.mark.parametrize("place", ["review/Q", "sealed"])
def test_what_another_review_writes_is_waited_for(
    output: Path, made: Made, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    seal(output, "Q", NOW)
    write_review(reviewed(output, as_planned(made[0])), output)
    monkeypatch.setattr(lock, "_PATIENCE", 0.05)
    with lock.one_at_a_time(output / place), pytest.raises(BadInput, match="another process is writing there"):
        write_review(reviewed(output, as_planned(made[0])), output)
    assert not list(output.rglob(".turn"))


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_a_seal_is_read_by_nobody_whom_the_umask_shuts_out(output: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        sealed = seal(output, now=NOW)
    finally:
        os.umask(before)
    folder = home_of(output) / sealed.name
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert {path: mode for path, mode in modes.items() if mode & (mask | 0o222)} == {}
    assert all(mode == (0o555 if path.is_dir() else 0o444) & ~mask for path, mode in modes.items())


def test_pages_say_the_same_and_add_up(output: Path, made: Made) -> None:
    seal(output, now=NOW)
    table = as_planned(made[0])
    done = reviewed(output, table.assign(tv=1.3 * table["tv"], search=0.8 * table["search"], price=table["price"] + 1))
    written_files = write_review(done, output)
    facts = json.loads(written_files[0].read_text(encoding="utf-8"))
    steps = [row["customers"] for row in facts["bridge"]]
    assert sum(steps[:-1]) == pytest.approx(steps[-1], rel=1e-9)
    assert [row["step"] for row in facts["bridge"]][-2] == UNEXPLAINED
    told = [line.split()[-1 if "to" not in line else -4] for line in lines(done) if line.startswith("  ")]
    figures = [float(text.replace(",", "").replace("−", "-")) for text in told]
    assert sum(figures[:-1]) == figures[-1]
    page = written_files[2].read_text(encoding="utf-8")
    assert "<svg" in page
    assert "From planned to actual" in page


def test_a_review_that_cannot_be_written_says_so(output: Path, made: Made) -> None:
    seal(output, now=NOW)
    done = reviewed(output, as_planned(made[0]).head(2))
    (output / "review").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match="the review cannot be written"):
        write_review(done, output)
    assert (output / "review").read_text(encoding="utf-8") == "mine"


def test_names_that_are_scripts_stay_text(finished: tuple[Run, Path], hostile: str, tmp_path: Path) -> None:
    run, folder = finished
    assert run.forecast is not None
    output = Path(shutil.copytree(folder, tmp_path / "out" / "latest", symlinks=True)).parent
    made = seal(output, now=NOW)
    source = pd.read_csv(run.document.folder / "weekly.csv").tail(1)
    dates = [f"{day:%Y-%m-%d}" for day in run.forecast.forecast.dates[:4]]
    table = pd.concat([source] * 4).assign(week=dates)
    table.to_csv(tmp_path / "came.csv", index=False)
    done = review(output, str(tmp_path / "came.csv"), made.name, False, Progress(io.StringIO()))
    assert hostile in done.by_channel
    for path in write_review(done, output)[1:]:
        assert "<script" not in path.read_text(encoding="utf-8"), path.name


def test_a_fit_with_what_came_parts_response(output: Path, made: Made) -> None:
    seal(output, now=NOW)
    done = reviewed(output, as_planned(made[0]), again=True)
    assert done.bridge.residual < 1e-9
    assert "response" in done.bridge.causes
    assert any(
        "rank by rank" in line for line in json.loads(write_review(done, output)[0].read_text("utf-8"))["cannot_tell"]
    )


def test_without_a_plan_no_forecast_is_written(made: Made, tmp_path: Path) -> None:
    write_forecast(replace(made[0], forecast=None), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_commands(output: Path, made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def cac(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["cac", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    path = written(as_planned(made[0]).head(4), output.parent / "came.csv")
    assert cac("review", output, path)[0] == 2
    code, said = cac("seal", output, "--name", "Q1")
    assert (code, "Sealed Q1, number 1: 8 weeks from 2026-01-05, sha256:" in said) == (0, True)
    code, said = cac("review", output, path)
    assert (code, "the first 4 of 8 weeks" in said, "review.html" in said) == (0, True, True)
    flipped(home_of(output) / "Q1" / "forecast.csv")
    code, said = cac("review", output, path)
    assert (code, "Q1/forecast.csv: was changed after sealing" in said, "Traceback" in said) == (2, True, False)
    assert cac("review", output, path, "--name", "Q7")[0] == 2
