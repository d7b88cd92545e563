"""The output folder as a ledger: the last good set is whole whatever happens, and one run is at work at a time."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import ledger_faults as faults
import pytest

from attribution.errors import BadInput, CacError
from attribution.files import write_whole
from optimizer.planning.ledger import lock, place, record, runs, unchanged
from optimizer.planning.ledger.cleaning import clean
from optimizer.planning.ledger.lock import locked
from optimizer.planning.ledger.manifest import manifest_text, read_manifest, require_whole, verify
from optimizer.planning.ledger.place import disk_errors, require_place
from optimizer.planning.ledger.runs import all_runs, latest_of, new_name, output_of, run_folder, run_with, shown
from optimizer.planning.ledger.unchanged import Unchanged
from optimizer.planning.sealed.chain import home_of

HELPER = Path(faults.__file__)
HOLD = (
    "import sys, pathlib; from optimizer.planning.ledger.lock import locked\n"
    "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder with one run."""
    faults.stand_in(tmp_path / "output")
    return tmp_path / "output"


def test_a_run_cut_off_or_refused_by_the_disk_at_any_step_leaves_the_last_good_set() -> None:
    done = subprocess.run([sys.executable, str(HELPER)], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("nothing", 0), done.stderr


@pytest.mark.long
def test_so_does_a_real_one(paths: Path) -> None:
    every = "1" if os.environ.get("FUZZ") else "40"
    done = subprocess.run([sys.executable, str(HELPER), str(paths), "report", every], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("nothing", 0), done.stderr


@pytest.fixture
def paths(tmp_path: Path) -> Path:
    """A plan file that asks for attribution of a few paths."""
    (tmp_path / "paths.csv").write_text("path,conversions\na > b,10\nb,3\n", encoding="utf-8")
    text = "name: Paths\noutput: output\ndata: {paths: {path: paths.csv}}\nattribution: {replicates: 50}\n"
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "plan.yaml"


# -- which run is the latest


def test_each_run_has_a_folder_of_its_own_and_becomes_the_latest(output: Path) -> None:
    first = run_folder(output)
    faults.stand_in(output)
    second = run_folder(output)
    assert all_runs(output) == sorted([first, second])
    assert (output / "latest").resolve() == second == latest_of(output)
    assert run_folder(second) == second
    assert shown(second) == f"{output / 'latest'} (runs/{second.name})"
    roundabout = output / "runs" / ".." / "runs"
    assert shown(roundabout / second.name).startswith(str(output / "latest"))
    assert shown(roundabout / first.name) == str(first)
    assert shown(first) == str(first)
    assert {path.name for path in output.iterdir()} == {"runs", "latest", "fits"}


def test_a_report_stays_the_latest_until_there_is_another(output: Path) -> None:
    faults.stand_in(output, report=True)
    whole = run_folder(output)
    assert whole == all_runs(output)[-1]
    faults.stand_in(output)
    part = all_runs(output)[-1]
    assert run_folder(output) == whole
    assert (shown(whole), shown(part)) == (f"{output / 'latest'} (runs/{whole.name})", str(part))
    assert run_with(output, "plan.csv") == part  # what a command needs is of the newest run that has it
    assert run_with(output, "report.html") == run_with(output, "question.npz") == whole == run_with(whole, "plan.csv")
    clean(output, 1)
    assert all_runs(output) == [whole, part]
    faults.stand_in(output, report=True)
    assert run_folder(output) == all_runs(output)[-1] != whole
    (run_folder(output) / "report.html").unlink()
    faults.stand_in(output)
    assert run_folder(output) == all_runs(output)[-1]


@pytest.mark.parametrize("year", [2024, 2099])
def test_runs_are_in_the_order_in_which_they_were_made_whatever_the_clock_does(
    output: Path, monkeypatch, year: int
) -> None:
    class Clock(dt.datetime):
        at = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return cls.at

    monkeypatch.setattr(runs.dt, "datetime", Clock)
    made = [run_folder(output)]
    for day in (dt.datetime(2030, 1, 2), dt.datetime(year, 12, 31, 23, 59, 59, 999_999), dt.datetime(2030, 1, 3)):
        Clock.at = day.replace(tzinfo=dt.UTC)
        for _ in range(2):
            faults.stand_in(output)
            made.append(run_folder(output))
    assert all_runs(output) == made == sorted(made)
    assert clean(output, 1).kept == (made[-1].name,)


@pytest.mark.parametrize(
    "error", [NotImplementedError(), OSError(errno.EPERM, "no links"), OSError(errno.ENOTSUP, "no")]
)
def test_without_links_a_file_of_one_line_names_the_latest(output: Path, monkeypatch, error: Exception) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise error

    first = run_folder(output)
    with monkeypatch.context() as without:
        without.setattr(Path, "symlink_to", no_link)
        faults.stand_in(output)
    second = run_folder(output)
    assert second != first
    assert (output / "latest").read_text() == f"runs/{second.name}\n"
    assert shown(second) == str(second)
    require_place(output)
    faults.stand_in(output)  # where links come back one takes its place
    assert (output / "latest").is_symlink()
    assert run_folder(output) not in (first, second)


def test_a_copy_that_followed_links_is_read_as_well(output: Path, tmp_path: Path) -> None:
    shutil.copytree(output, tmp_path / "copy")
    assert run_folder(tmp_path / "copy") == tmp_path / "copy" / "latest"
    with pytest.raises(BadInput, match="is not the link"):
        require_place(tmp_path / "copy")


def test_what_is_written_beside_runs_never_lies_in_one(output: Path, tmp_path: Path) -> None:
    assert output_of(output) == output
    for inside in (run_folder(output), output / "latest"):
        assert output_of(inside) == output.resolve()
    for alone in (tmp_path / "alone", tmp_path / "runs" / "of-march"):
        shutil.copytree(run_folder(output), alone)
        with pytest.raises(BadInput, match="is a run without its output folder"):
            output_of(alone)
        with pytest.raises(BadInput, match="is a run without its output folder"):
            home_of(alone)
        assert not list(verify(alone))


@pytest.mark.parametrize("target", ["runs/../../elsewhere", "/etc", "elsewhere", "runs/notes"])
def test_a_link_that_runs_did_not_make_is_neither_followed_nor_replaced(output: Path, target: str) -> None:
    (output / "latest").unlink()
    (output / "latest").symlink_to(target)
    assert latest_of(output) is None
    with pytest.raises(BadInput, match="is not the link"):
        require_place(output)


def test_what_took_the_place_of_the_link_is_told_with_the_way_back(output: Path) -> None:
    run, latest = run_folder(output), output / "latest"
    latest.unlink()
    latest.mkdir()
    with pytest.raises(BadInput, match=r"take it away, and the next run makes it again: .*runs holds all runs"):
        require_place(output)
    latest.rmdir()
    for target in (None, "runs/20250101-000000-abcdef", "elsewhere"):
        if target:
            latest.symlink_to(target)
        with pytest.raises(BadInput, match=rf"runs holds 1; name the last of them, .*{run.name}"):
            run_folder(output)
        assert run_folder(output / "runs" / run.name) == run
        latest.unlink(missing_ok=True)
    faults.stand_in(output)
    assert run_folder(output) != run


def test_names_sort_as_runs_do(output: Path) -> None:
    names = [new_name(output) for _ in range(50)]
    assert len(set(names)) == 50
    assert names == sorted(names)
    odd = output / "runs" / "20301399-000000-ffffff"  # no moment at all
    odd.mkdir()
    (odd / "manifest.json").touch()
    assert new_name(output) >= names[-1]


# -- one at a time


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(output: Path) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, "-c", HOLD, str(output)], stdin=pipe, stdout=pipe, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_run_is_told_who_is_at_work_and_a_dead_one_is_taken_over(output: Path, hold) -> None:
    before, process = run_folder(output), hold(output)
    for act in (faults.stand_in, lambda folder: clean(folder, 1)):
        with pytest.raises(BadInput, match=rf"a run is at work there \(process {process.pid} on ") as told:
            act(output)
        assert (told.value.exit_code, len(str(told.value).splitlines())) == (2, 1)
    stage = output / "runs" / ".stage-20990101-000000-000000"
    stage.mkdir()
    assert run_folder(output) == before
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (output / ".lock.json").exists()
    faults.stand_in(output)
    assert run_folder(output) != before
    assert faults.leftovers(output) == []


@pytest.mark.parametrize(
    ("host", "boot", "refused"), [("far", "other", True), ("far", None, False), (None, "other", False)]
)
def test_a_holder_elsewhere_counts_until_it_signs_off(output: Path, host, boot, refused: bool) -> None:
    here = {"process": 1, "host": lock.socket.gethostname(), "boot": lock._boot(), "since": "2026-01-01"}
    holder = here | ({"host": host} if host else {}) | ({"boot": boot} if boot else {})
    (output / ".lock.json").write_text(json.dumps(holder))
    if refused:
        with pytest.raises(BadInput, match=r"process 1 on far.*delete .*\.lock\.json"):
            faults.stand_in(output)
        (output / ".lock.json").unlink()
    faults.stand_in(output)
    assert faults.leftovers(output) == []


def test_a_record_of_the_holder_that_cannot_be_read_holds_nobody_up(output: Path) -> None:
    for text in ("", "{", "[]", "{}", "null"):
        (output / ".lock.json").write_text(text)
        faults.stand_in(output)


def test_what_comes_to_nothing_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput), locked(tmp_path / "a" / "b"):
        raise BadInput("no")
    assert list(tmp_path.iterdir()) == []


# -- what a run may not write


def named(output: Path, name: str) -> Path:
    path = output / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    return path


@pytest.mark.parametrize(
    "name", ["latest", "LATEST", ".lock", ".lock.json", "fits/weekly.csv", "Fits/a/b.csv", "runs/.stage-1/a"]
)
def test_an_input_where_runs_write_is_refused(tmp_path: Path, name: str) -> None:
    mine = named(tmp_path, name)
    link = tmp_path / "link.csv"
    link.symlink_to(mine)
    (tmp_path / "other").symlink_to(tmp_path)
    for output, path in (
        (tmp_path, mine),
        (tmp_path, link),
        (tmp_path / "other", mine),
        (tmp_path, tmp_path / "other" / name),
    ):
        with pytest.raises(BadInput, match="lies where runs write"):
            require_place(output, [path])
    require_place(tmp_path / "elsewhere", [mine])


def test_inputs_beside_and_in_older_runs_are_fine(output: Path) -> None:
    require_place(output, [output / "weekly.csv", output / "attribution.csv", output / "latest" / "plan.csv"])


@pytest.mark.parametrize("name", ["runs", "fits"])
def test_names_that_runs_need_and_that_are_files_are_refused(tmp_path: Path, name: str) -> None:
    named(tmp_path, name)
    with pytest.raises(BadInput, match="is no folder"):
        require_place(tmp_path)


def test_a_run_within_a_run_or_a_seal_is_refused(output: Path) -> None:
    for inner in (output / "latest", run_folder(output), run_folder(output) / "deeper"):
        with pytest.raises(BadInput, match="is of the run"):
            require_place(inner)
    with pytest.raises(BadInput, match="holds sealed plans"):
        require_place(output / "sealed" / "q1")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "file/deeper", "file"])
def test_folders_that_cannot_be_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput) as told:
        require_place(tmp_path / name)
    assert len(str(told.value).splitlines()) == 1
    assert "name another folder" in str(told.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_no_folder_for_temporary_files_is_told_before_the_work(tmp_path: Path, monkeypatch) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(place.tempfile, "gettempdir", none)
    with pytest.raises(BadInput, match="set TMPDIR"):
        require_place(tmp_path)


def test_a_folder_that_vanishes_is_one_line(output: Path) -> None:
    with (
        pytest.raises(CacError, match="the last good run is as it was") as told,
        locked(output),
        record.recorded(output) as (stage, _),
    ):
        shutil.rmtree(stage)
        write_whole(stage / "plan.csv", "a")
    assert (told.value.exit_code, len(str(told.value).splitlines())) == (1, 1)
    assert faults.leftovers(output) == []


def test_errors_of_a_reader_s_own_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), disk_errors(tmp_path):
        raise BrokenPipeError


# -- whether a set is whole


def test_every_byte_that_flips_is_named(output: Path) -> None:
    folder = run_folder(output)
    assert verify(folder) == ()
    require_whole(folder)
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        good, name = file.read_bytes(), file.relative_to(folder).as_posix()
        for at in range(len(good)):
            file.write_bytes(bytes([*good[:at], good[at] ^ 1 << at % 8, *good[at + 1 :]]))
            assert [Path(problem.table).name for problem in verify(folder)] == [file.name]
        file.write_bytes(good[: len(good) // 2])
        with pytest.raises(BadInput, match=file.name):
            require_whole(folder)
        file.unlink()
        assert [Path(problem.table).name for problem in verify(folder)] == [file.name], name
        file.write_bytes(good)
    (folder / "old.csv").write_text("of another plan")
    assert [problem.table for problem in verify(folder)] == ["old.csv"]


def test_a_manifest_reads_as_it_was_written(tmp_path: Path) -> None:
    content = {"text": 'a\n"checksum": "sha256:0"\n}\n', "sums": {"ä": "1"}, "outputs": {}}
    (tmp_path / "manifest.json").write_text(manifest_text(content), encoding="utf-8", newline="")
    read = read_manifest(tmp_path)
    assert read.pop("checksum").startswith("sha256:")
    assert read == content


# -- old runs


def made(output: Path, day: int, fit: str) -> Path:
    run = output / "runs" / f"202601{day:02d}-000000-00000{day}"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text(manifest_text({"fits": {"posterior.nc": fit * 64}, "outputs": {}}))
    (output / "fits").mkdir(exist_ok=True)
    (output / "fits" / f"{fit * 64}.nc").write_text(fit)
    return run


@pytest.fixture
def years(tmp_path: Path) -> Path:
    """Six runs on five fits, the first of which is the latest; a fit of none, seals, and things of a person's own."""
    runs = [made(tmp_path, day, fit) for day, fit in enumerate("aabcde", start=1)]
    record._point(tmp_path, runs[0].name)
    for name in (f"fits/{'f' * 64}.nc", "fits/notes.txt", "runs/notes/a.txt", "sealed/q1/plan.csv", "report.html"):
        named(tmp_path, name)
    return tmp_path


@pytest.mark.parametrize(
    ("keep", "runs", "fits"), [(1, "16", "ae"), (2, "156", "ade"), (5, "123456", "abcde"), (9, "123456", "abcde")]
)
def test_old_runs_go_and_fits_that_none_rests_on(years: Path, keep: int, runs: str, fits: str) -> None:
    theirs = {
        path.relative_to(years)
        for path in years.rglob("*")
        if path.name in ("notes.txt", "a.txt", "plan.csv", "report.html")
    }
    done = clean(years, keep)
    assert "".join(run.name[-1] for run in all_runs(years)) == runs
    assert "".join(sorted(path.name[0] for path in (years / "fits").glob("*.nc"))) == fits
    assert len(done.runs) + len(done.kept) == 6
    assert len(done.fits) == 6 - len(fits)
    assert {path for path in theirs if (years / path).exists()} == theirs
    assert run_folder(years).name.endswith("1")


def test_where_a_run_does_not_say_its_fit_every_fit_stays(years: Path) -> None:
    (all_runs(years)[-1] / "manifest.json").write_text("{")
    done = clean(years, 1)
    assert (len(done.unread), len(done.runs), done.fits) == (1, 4, ())
    assert len(list((years / "fits").glob("*.nc"))) == 6


def test_a_folder_that_holds_no_runs_is_not_cleaned(tmp_path: Path) -> None:
    named(tmp_path, "20260101-000000-000001/manifest.json")
    with pytest.raises(BadInput, match="holds no runs"):
        clean(tmp_path, 1)
    assert len(list(tmp_path.rglob("*.json"))) == 1


# -- inputs that change meanwhile


def rewritten(path: Path) -> None:
    """Other bytes, the same length and the same times."""
    times = path.stat()
    path.write_text("b" * times.st_size)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    other.replace(path)


CHANGES = {
    "rewritten": rewritten,
    "replaced": replaced,
    "gone": Path.unlink,
    "longer": lambda path: path.write_text("aaaa"),
    "one more": lambda path: path.with_name("b.parquet").write_text("aaa"),
}


@pytest.mark.parametrize("age", [0, 100])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_named(tmp_path: Path, change: str, age: int, monkeypatch) -> None:
    monkeypatch.setattr(unchanged, "_YOUNG", 3.0 if age == 0 else -1.0)
    mine = named(tmp_path, "folder/a.parquet")
    look = Unchanged([mine.parent, tmp_path / "not there.csv", tmp_path / "folder" / "*.parquet"])
    look.require()
    CHANGES[change](mine)
    with pytest.raises(BadInput, match=r"\.parquet: changed while the run read it"):
        look.require()


def test_times_that_tell_nothing_do_not_hide_a_write(tmp_path: Path, monkeypatch) -> None:
    mine = named(tmp_path, "a.csv")
    monkeypatch.setattr(unchanged, "_state", lambda path: (0, 0) if path.exists() else None)
    monkeypatch.setattr(unchanged.time, "time", lambda: 1.0)
    look = Unchanged([mine])
    look.require()
    rewritten(mine)
    with pytest.raises(BadInput, match="changed while"):
        look.require()


@pytest.mark.parametrize("below", ["", "deeper", "deeper/still"])
def test_an_output_folder_behind_a_link_to_nothing_is_told_as_that(tmp_path: Path, below: str) -> None:
    (tmp_path / "link").symlink_to("gone/long ago")
    with pytest.raises(BadInput, match=r"link is a link to gone/long ago, which is not there; name another folder"):
        require_place(tmp_path / "link" / below)
    (tmp_path / "gone" / "long ago").mkdir(parents=True)
    require_place(tmp_path / "link" / below)
