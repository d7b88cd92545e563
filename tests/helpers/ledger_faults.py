"""A run that is cut off, or told that the disk is full, at each of the steps it takes on the disk.

    python tests/helpers/ledger_faults.py                     a small stand-in for a run, every step, every fault
    python tests/helpers/ledger_faults.py plan.yaml optimize  a plan file, up to a goal; 10 for each tenth step only

Prints what is not as it should be, a line each, and ends with 1 where there is any.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from attribution.errors import CacError
from attribution.files import checksum, write_new, write_whole
from optimizer.planning.ledger.lock import locked
from optimizer.planning.ledger.manifest import manifest_text, verify
from optimizer.planning.ledger.place import made
from optimizer.planning.ledger.record import recorded
from optimizer.planning.ledger.runs import FITS, MANIFEST, all_runs, run_folder

KILL, ONCE, FULL = "killed", "one error", "disk full"
FREES = ("os.remove", "os.rmdir", "os.rename")
CHANGES = {"open", "os.mkdir", "os.symlink", "os.link", "fsync", "write", *FREES}
Act = Callable[[Path], object]


def stand_in(output: Path, report: bool = False) -> None:
    """What a run does to the disk, without what it computes."""
    with locked(output):
        with made(output / FITS):
            write_whole(output / FITS / f"{'0' * 64}.nc", b"fit")
        with recorded(output) as (stage, folder):
            (stage / "plots").mkdir()
            names = ("plan.csv", "plots/a.svg", *(["report.html"] if report else []))
            for name in names:
                write_new(stage / name, f"{folder.name} {name}")
            sums = {name: checksum(stage / name) for name in names}
            write_new(stage / MANIFEST, manifest_text({"run": folder.name, "outputs": sums, "fits": {}}))


def of_plan(plan: Path, goal: str) -> Act:
    """A real run; what it needs is loaded here, so that every one begins with it."""
    import netCDF4  # noqa: F401
    import openpyxl  # noqa: F401

    from optimizer.planning.outputs import figures, report  # noqa: F401
    from optimizer.planning.run import run_plan
    from optimizer.planning.stages.progress import Progress

    return lambda output: run_plan(plan, output, goal, Progress(io.StringIO()))  # type: ignore[arg-type]


def watch(output: Path, at: int, fault: str) -> list[str]:
    """Count the steps of this process that change something below ``output``, and let one of them fail."""
    steps: list[str] = []

    def step(event: str, *paths: object) -> None:
        if not any(str(output) in str(path) for path in paths):
            return
        steps.append(event)
        if len(steps) == at and fault == KILL:
            os._exit(9)
        if (len(steps) == at and fault == ONCE) or (len(steps) >= at and fault == FULL and event not in FREES):
            raise OSError(28, "No space left on device")

    def audited(event: str, values: tuple[object, ...]) -> None:
        if event not in CHANGES or (event == "open" and not int(values[2] or 0) & (os.O_WRONLY | os.O_RDWR)):  # type: ignore[call-overload]
            return
        place = values[0]
        if event in ("os.remove", "os.rmdir") and values[1] not in (-1, None):  # of a folder opened by number
            place = str(Path(f"/proc/self/fd/{values[1]}").readlink()) if Path("/proc/self/fd").exists() else output
        step(event, place, *(values[1:2] if event in ("os.rename", "os.symlink") else ()))

    opened = Path.open

    def synced(_: int) -> None:  # what a disk does without power no test can see
        step("fsync", output)

    def half(self: Path, *arguments: object, **named: object) -> object:
        file = opened(self, *arguments, **named)  # type: ignore[call-overload]
        if "x" in str(arguments[:1]):
            write = file.write

            def cut(data: bytes) -> int:
                write(data[: len(data) // 2])
                file.flush()
                step("write", output)
                return int(write(data[len(data) // 2 :]))

            return _Cut(file, cut)
        return file

    sys.addaudithook(audited)
    os.fsync, Path.open = synced, half  # type: ignore[assignment, method-assign]
    return steps


class _Cut:
    """A file whose writing stops half way to be counted."""

    def __init__(self, file: object, write: Callable[[bytes], int]) -> None:
        self._file, self.write = file, write

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def __enter__(self) -> _Cut:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()  # type: ignore[attr-defined]


def child(act: Act, output: Path, at: int, fault: str) -> tuple[int, int, str]:
    """Exit code, steps counted and the event at which it failed, of a run in a process of its own."""
    told, tell = os.pipe()
    process = os.fork()
    if not process:
        code, said = 0, ""
        steps = watch(output, at, fault)
        try:
            act(output)
        except CacError as error:
            code, said = error.exit_code, str(error)
        except BaseException as error:
            code, said = 99, repr(error)
        failed = steps[at - 1] if at and len(steps) >= at else ""
        os.write(tell, f"{len(steps)}\t{failed}\t{said[:2000]}".encode())
        os._exit(code)
    os.close(tell)
    with os.fdopen(told) as pipe:
        text = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    count, failed, said = text.split("\t", 2) if text else ("0", "", "")
    if code not in (0, 9) and ("\n" in said or code not in (1, 2)):
        failed += f" SAID {said}"
    return code, int(count), failed


def leftovers(output: Path) -> list[str]:
    """What does not belong into an output folder that nobody is at work in."""
    runs = {run.name for run in all_runs(output)}
    top = [path.name for path in output.iterdir() if path.name not in ("runs", "latest", "fits", "sealed")]
    aside = [path.name for path in (output / "runs").iterdir() if path.name not in runs]
    halves = [path.name for path in (output / "fits").glob("*") if path.suffix != ".nc" or path.name.startswith(".")]
    return top + aside + halves


def faults_of(act: Act, every: int = 1) -> Iterator[str]:
    """What is wrong after each fault at each step."""
    with tempfile.TemporaryDirectory() as folder:
        good, os.fsync = Path(folder) / "good", lambda _: None
        act(good)
        (good / "sealed").mkdir()
        _, count, _ = child(act, _copy(good), 0, ONCE)
        for fault in (KILL, ONCE, FULL):
            for at in range(1, count + 1, every):
                yield from (f"{fault} at step {at} of {count}: {what}" for what in _faults(act, _copy(good), at, fault))


def _copy(good: Path) -> Path:
    output = good.with_name("output")
    shutil.rmtree(output, ignore_errors=True)
    shutil.copytree(good, output, symlinks=True)
    return output


def _faults(act: Act, output: Path, at: int, fault: str) -> Iterator[str]:
    before = run_folder(output)
    code, _, failed = child(act, output, at, fault)
    after = run_folder(output)
    if " SAID " in failed:
        yield failed
    yield from (f"{run.name}: {problem}" for run in all_runs(output) for problem in verify(run))
    if before not in all_runs(output):
        yield "the good run is gone"
    if fault != KILL and (code == 0) != (after != before):
        yield f"ended with {code} and the latest is {'new' if after != before else 'the old one'} ({failed})"
    if fault != KILL and failed not in FREES and leftovers(output):
        yield f"left {leftovers(output)} after {failed}"
    act(output)
    if leftovers(output):
        yield f"the next run left {leftovers(output)}"
    if run_folder(output) in (before, after) or not (output / "sealed").is_dir():
        yield "the next run is not the latest"


if __name__ == "__main__":
    asked = sys.argv[1:]
    found = list(
        faults_of(of_plan(Path(asked[0]).resolve(), asked[1]) if asked else stand_in, int((asked[2:] or [1])[0]))
    )
    sys.stdout.write("\n".join(found) or "nothing")
    sys.exit(bool(found))
