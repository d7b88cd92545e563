"""The command: exit codes, messages on standard error, results on standard output."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from ledger_faults import stand_in

from optimizer.planning.cli import main
from optimizer.planning.ledger.runs import all_runs

CAC = [sys.executable, "-c", "from optimizer.planning.cli import main; main()"]


@dataclass(frozen=True)
class Done:
    """What a command that ended left behind."""

    returncode: int
    stdout: str
    stderr: str


def cac(*arguments: object, folder: Path = Path()) -> Done:
    """The command's own entry in this process, with streams and arguments as a shell gives them."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    taken, sys.argv = sys.argv, ["cac", *map(str, arguments)]
    try:
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
            pytest.raises(SystemExit) as ended,
        ):
            main()
    finally:
        sys.argv = taken
    said = [stream.buffer.getvalue().decode() for stream in streams]  # type: ignore[attr-defined]
    return Done(int(ended.value.code or 0), *said)


@pytest.mark.parametrize(
    ("file", "code", "said"),
    [
        (None, 2, "no such file"),
        ("name: A\ndata: {}\n", 2, "plan.yaml:2: data: give weekly"),
        ("nme: A\n", 2, "Did you mean 'name'?"),
        ("name: A\ndata: {weekly: {path: w.csv, spend: [tv]}}\n", 2, "w.csv: does not exist"),
    ],
)
def test_bad_input_ends_with_2_and_no_traceback(tmp_path: Path, file: str | None, code: int, said: str) -> None:
    if file is not None:
        (tmp_path / "plan.yaml").write_text(file, encoding="utf-8")
    for command in ("check", "plan", "fit"):
        done = cac(command, "plan.yaml", folder=tmp_path)
        assert done.returncode == code
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == (["plan.yaml"] if file is not None else [])


def test_a_language_that_lacks_is_asked_for() -> None:
    told = cac("plan", "plan.yaml", "--language")
    assert told.returncode == 2
    assert "requires an argument" in told.stderr
    assert "'plan'" not in told.stderr


def test_wrong_use_ends_with_2() -> None:
    assert cac("plan").returncode == 2
    assert cac("plann", "x").returncode == 2


def test_a_process_ends_as_its_command_does(tmp_path: Path) -> None:
    done = subprocess.run([*CAC, "check", "plan.yaml"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert (done.stdout, done.stderr.count("\n")) == ("", cac("check", "plan.yaml", folder=tmp_path).stderr.count("\n"))
    assert "Traceback" not in done.stderr


def test_a_goal_the_file_gives_no_means_for(tmp_path: Path) -> None:
    (tmp_path / "paths.csv").write_text("path,conversions\na>b,1\n", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text("name: A\ndata: {paths: {path: paths.csv}}\n", encoding="utf-8")
    done = cac("optimize", "plan.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert "needs plan in the plan file" in done.stderr


def test_an_output_folder_that_is_a_file_is_refused_before_the_work(tmp_path: Path) -> None:
    cac("init", tmp_path / "new")
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    for out in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        done = cac("fit", tmp_path / "new" / "plan.yaml", "--out", out)
        assert done.returncode == 2
        assert "is a file; name another folder" in done.stderr
        assert "Mix model" not in done.stderr
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A folder that the command began, and how its plan ended."""
    folder = tmp_path_factory.mktemp("begun") / "new"
    assert cac("init", folder).returncode == 0
    plan = folder / "plan.yaml"
    short = "\nmodel:\n  rivals: false\n  sensitivity: false\n  draws: 300\n  tune: 400\n  chains: 2\n"
    plan.write_text(plan.read_text(encoding="utf-8").replace("\nmodel:\n", short), encoding="utf-8")
    return folder, cac("optimize", plan)


def test_init_plan_and_its_summary(new: tuple[Path, Done]) -> None:
    again, done = cac("init", new[0]), new[1]
    assert again.returncode == 2
    assert "Nothing was written" in again.stderr
    assert done.returncode == 0, done.stderr
    for said in (
        "spend now",
        "marginal CAC",
        "Blended CAC now",
        "Against today's spend",
        "beats today's spend",
        "Bound",
    ):
        assert said in done.stdout
    assert "Mix model: done in" in done.stderr
    assert "Exception" not in done.stderr


def test_infeasible_ends_with_3_and_keeps_the_fit(tmp_path: Path, new: tuple[Path, Done]) -> None:
    plan = shutil.copytree(new[0], tmp_path / "new", ignore=shutil.ignore_patterns("plan-output")) / "plan.yaml"
    fits = shutil.copytree(new[0] / "plan-output" / "fits", plan.parent / "plan-output" / "fits")
    text = plan.read_text(encoding="utf-8").replace("customers: {at_least: +0%}  #", "customers: {at_least: 99_000}  #")
    plan.write_text(text, encoding="utf-8")
    done = cac("optimize", plan)
    assert done.returncode == 3
    assert "99,000" in done.stderr
    assert [path.name for path in (tmp_path / "new" / "plan-output").iterdir()] == ["fits"]
    assert any(fits.glob("*.nc"))


def test_help_loads_nothing_heavy() -> None:
    heavy = ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "ibis", "duckdb", "pydantic")
    code = (
        f"import atexit, sys; atexit.register(lambda: print([name for name in {heavy} if name in sys.modules]));"
        "sys.argv = ['cac', '--help']; from optimizer.planning.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_says_where_mmm_is() -> None:
    assert "mmm loaded from" in cac("--version").stdout


def test_clean_says_what_went_and_refuses_other_folders(tmp_path: Path) -> None:
    for _ in range(3):
        stand_in(tmp_path / "output")
    done = cac("clean", tmp_path / "output", "--keep", 2)
    assert (done.returncode, done.stdout) == (0, "Removed: runs 1, fits 1. Runs that stay: 2.\n")
    for arguments in ((tmp_path,), (tmp_path / "output", "--keep", 0)):
        assert cac("clean", *arguments).returncode == 2
    assert len(all_runs(tmp_path / "output")) == 2


def test_a_wrong_plan_file_is_refused_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    """By one command after the other in one process: what any of them loads, the list at its end shows."""
    commands = ("check", "plan", "optimize", "refresh", "fit", "what-if")
    (tmp_path / "plan.yaml").write_text("name: x\ndata: {weekly: {path: a.csv, spent: [tv]}}\n", encoding="utf-8")
    heavy = ("numba", "scipy.special", "scipy.stats", "scipy.optimize", "ibis", "rich.table", "optimizer.planning.run")
    code = (
        "import sys\nfrom optimizer.planning.cli import main\n"
        f"for command in {commands}:\n    sys.argv = ['cac', command, {str(tmp_path / 'plan.yaml')!r}]\n"
        "    try:\n        main()\n    except SystemExit as ended:\n"
        f"        print(command, ended.code, [name for name in {heavy} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = "plan.yaml:2: data.weekly.spent: unknown key. Did you mean 'spend'?"
    assert done.stderr.count(said) == len(commands)
    assert done.stdout.splitlines() == [f"{command} 2 []" for command in commands]


def test_a_table_that_is_not_there_is_told_before_what_samples_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(
        "name: x\ndata: {weekly: {path: a.csv, spend: [tv]}}\nmodel: {lags: 4}\n", encoding="utf-8"
    )
    code = (
        "import atexit, sys; atexit.register(lambda: print([n for n in ('numba', 'scipy.stats') if n in sys.modules]));"
        f"sys.argv = ['cac', 'check', {str(tmp_path / 'plan.yaml')!r}]; "
        "from optimizer.planning.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "a.csv: does not exist" in done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("stated", "then"), [(None, "1"), ("3", "3")])
def test_the_command_keeps_small_algebra_on_one_thread_unless_told(stated: str | None, then: str) -> None:
    code = (
        "import os, sys; sys.argv = ['cac', '--help']\n"
        "from optimizer.planning.cli import main\n"
        "assert 'numpy' not in sys.modules\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    variables = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    variables |= {} if stated is None else {"OPENBLAS_NUM_THREADS": stated}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=True)
    assert done.stdout.split()[-1] == then
