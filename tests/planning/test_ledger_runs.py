"""Real runs against what a machine may take away: disk, rights, home, encoding, time, a second of quiet."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import ledger_faults as faults
import pytest
from openpyxl import load_workbook

import mmm
from attribution.errors import BadInput, InfeasiblePlan
from optimizer.planning.inputs import paths_of_file
from optimizer.planning.ledger.manifest import read_manifest, verify
from optimizer.planning.ledger.runs import all_runs, run_folder
from optimizer.planning.outputs.book.sheet import Book, Column
from optimizer.planning.stages import fit
from optimizer.planning.stages.result import Run

pytestmark = pytest.mark.long

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]
CAC = [sys.executable, "-c", "from optimizer.planning.cli import main; main()"]
PLAN = "name: Paths – «ä»\noutput: output\ndata: {paths: {path: paths.csv}}\nattribution: {replicates: 50}\n"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "paths.csv").write_text("path,conversions\na > b,10\nb,3\n", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path / "plan.yaml"


def cac(*arguments: object, **settings: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*CAC, *map(str, arguments)], capture_output=True, **settings)  # type: ignore[call-overload, no-any-return]


def test_a_later_goal_makes_a_set_of_its_own(plan: Path, run_quietly: QuietRun) -> None:
    output = plan.parent / "output"
    _, whole = run_quietly(plan, output, "report")
    _, part = run_quietly(plan, output, "attribution")
    assert run_folder(output) == whole[0].parent != part[0].parent  # whose report people open
    assert {"report.html", "manifest.json"} <= {path.name for path in whole}
    assert "report.html" not in {path.name for path in part}
    assert [verify(run) for run in all_runs(output)] == [(), ()]
    manifests = [read_manifest(run) for run in all_runs(output)]
    assert {manifest["goal"] for manifest in manifests} == {"report", "attribution"}
    assert {manifest["run"] for manifest in manifests} == {run.name for run in all_runs(output)}
    assert str(plan.parent) not in (run_folder(output) / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [lambda path: path.write_text("path,conversions\na,99\n"), Path.unlink])
def test_a_table_written_between_reading_and_hashing_is_refused(
    plan: Path, run_quietly: QuietRun, monkeypatch, write
) -> None:
    output = plan.parent / "output"
    run_quietly(plan, output, "attribution")
    before, read = run_folder(output), paths_of_file.read_table

    def then_written(*arguments: object, **named: object) -> object:
        frame = read(*arguments, **named)  # type: ignore[arg-type]
        write(plan.with_name("paths.csv"))
        return frame

    monkeypatch.setattr(paths_of_file, "read_table", then_written)
    with pytest.raises((BadInput, Exception), match=r"paths\.csv"):
        run_quietly(plan, output, "attribution")
    assert all_runs(output) == [before]
    assert faults.leftovers(output) == []


@pytest.fixture
def quick_fit(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Draws around the mode in place of a fit; how often they were made."""
    made: list[int] = []

    def preview(panel: mmm.Panel, model: mmm.Model, **_: object) -> mmm.Posterior:
        made.append(1)
        return mmm.preview(panel, model, draws=60)

    monkeypatch.setattr(fit.mmm, "fit", preview)
    return made


QUICK = ("\nmodel:\n", "\nmodel:\n  accept_unconverged: true\n  rivals: false\n  sensitivity: false\n")


def changed(plan: Path, old: str, new: str) -> Path:
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new, 1), encoding="utf-8")
    return plan


def test_a_damaged_fit_is_made_again_and_a_run_without_an_answer_leaves_the_last(
    starter: Path, tmp_path: Path, run_quietly: QuietRun, quick_fit: list[int]
) -> None:
    output, plan = tmp_path / "output", changed(starter, *QUICK)
    run_quietly(plan, output, "optimize")
    (kept,) = (output / "fits").iterdir()
    good, first = kept.read_bytes(), run_folder(output)
    assert (first / "posterior.nc").read_bytes() == good
    assert read_manifest(first)["fits"] == {"posterior.nc": kept.stem}
    sigma = mmm.Posterior.load(kept).draws["sigma"].tobytes()
    at = good.index(sigma[:64])
    for damaged in (good[: len(good) // 2], b"", bytes([*good[:at], good[at] ^ 1, *good[at + 1 :]])):
        kept.write_bytes(damaged)
        run_quietly(plan, output, "fit")
        assert kept.read_bytes() == good
    assert len(quick_fit) == 4
    last = run_folder(output)
    far = ("customers: {at_least: +0%}  #", "customers: {at_least: 90_000}  #")
    with pytest.raises(InfeasiblePlan):
        run_quietly(changed(plan, *far), output, "optimize")
    assert run_folder(output) == last
    assert [verify(run) for run in all_runs(output)] == [()] * 4
    assert len(quick_fit) == 4
    assert faults.leftovers(output) == []


def _small() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))


def test_a_disk_that_is_full_is_one_line_and_the_last_run_stays(plan: Path, run_quietly: QuietRun) -> None:
    output = plan.parent / "output"
    run_quietly(plan, output, "attribution")
    before = run_folder(output)
    done = cac("attribute", plan, preexec_fn=_small, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    told = [line for line in done.stderr.decode().splitlines() if "..." not in line and ": done in" not in line]
    assert done.returncode == 1, done.stderr
    assert len(told) == 1
    assert "File too large. Nothing of this run was kept; the last good run is as it was." in told[0]
    assert all_runs(output) == [before]
    assert verify(before) == ()
    assert faults.leftovers(output) == []


@pytest.mark.parametrize("most", [100, 5_000, 100_000])
def test_a_posterior_that_the_disk_cannot_hold_is_one_line(tmp_path: Path, most: int) -> None:
    code = (
        "import resource, sys, pathlib, numpy as np, mmm.posterior.storage as storage\n"
        "from optimizer.planning.ledger.place import disk_errors\n"
        "storage._header, storage._groups = lambda *_: {}, lambda *_: {'posterior': {'a': np.zeros((4, 9000))}}\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))\n"
        "try:\n"
        "    with disk_errors(pathlib.Path('.')): storage.write('a.nc', None, None, {})\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.startswith("a.nc: cannot be written (NetCDF: HDF error); the disk may be full. Nothing")
    assert list(tmp_path.iterdir()) == []


def test_without_rights_to_write_nothing_begins(plan: Path, run_quietly: QuietRun, monkeypatch) -> None:
    output = plan.parent / "output"
    run_quietly(plan, output, "attribution")
    before = run_folder(output)
    with monkeypatch.context() as closed:
        closed.setattr(os, "access", lambda place, mode: not mode & os.W_OK)
        with pytest.raises(BadInput, match="cannot be written to; name another folder"):
            run_quietly(plan, output, "attribution")

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("filelock.FileLock.acquire", read_only)
    with pytest.raises(BadInput, match="Read-only file system; name another folder") as told:
        run_quietly(plan, output, "attribution")
    assert (told.value.exit_code, len(str(told.value).splitlines())) == (2, 1)
    assert all_runs(output) == [before]


def test_no_home_no_utf8_and_a_strict_umask(plan: Path, tmp_path: Path) -> None:
    bare = {name: text for name, text in os.environ.items() if name in ("PATH", "PYTHONPATH", "SYSTEMROOT")}
    done = cac("plan", plan, env=bare | {"PYTHONIOENCODING": "ascii", "HOME": str(tmp_path / "none")}, umask=0o077)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"Traceback" not in done.stderr
    folder = run_folder(plan.parent / "output")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert verify(folder) == ()


SAY = "from optimizer.planning.outputs.streams import carry_every_sign; carry_every_sign(); print('−5 % – ≥ 3\u202f000 €, 日 \\udcff')"


@pytest.mark.parametrize(("encoding", "said"), [
    ("ascii", "-5 % - >= 3 000 EUR, \\u65e5 \\udcff"), ("latin-1", "-5 % - >= 3 000 EUR, \\u65e5 \\udcff"), ("utf-8", "−5 % – ≥ 3\u202f000 €, 日 \\udcff"),
])  # fmt: skip
def test_a_stream_that_lacks_a_sign_keeps_its_meaning(encoding: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAY], capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding}
    )
    assert done.stdout.decode(encoding).strip() == said


@pytest.mark.parametrize("name", ["a\x07", "\x1b[31ma", "a\x7f"])
def test_control_characters_in_names_are_refused_and_elsewhere_escaped(
    plan: Path, run_quietly: QuietRun, tmp_path: Path, name: str
) -> None:
    plan.with_name("paths.csv").write_text(f"path,conversions\n{name} > b,10\nb,3\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"paths\.csv: the channel '.*\\x.*' holds a control character"):
        run_quietly(plan, tmp_path / "output", "attribution")
    book = Book(name)
    book.sheet("Segments", [10.0]).table([Column(name)], [[name], ["b"]])
    (tmp_path / "a.xlsx").write_bytes(book.bytes())
    shown = name.replace("\x07", "\\x07").replace("\x1b", "\\x1b")
    assert [cell.value for cell in load_workbook(tmp_path / "a.xlsx")["Segments"]["A"]] == [shown, shown, "b"]
