"""Programs that answer in JSON, and environments of their own for packages that must not share ours."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def run(
    python: str,
    program: str,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> dict:
    """The last line that a program prints, read as JSON, with its ``process`` and ``cpu`` seconds from start to end.

    What stopped it stands under ``failed``; the seconds under ``stopped`` where it was the clock.
    """
    command = [python, "-W", "ignore", "-c", program, *arguments]
    before, began = _cpu(), time.perf_counter()
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(variables or {})},
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {seconds:.0f} s", "stopped": seconds}
    spent = {"process": time.perf_counter() - began, "cpu": _cpu() - before}
    if done.returncode:
        return {"failed": last_line(done.stderr) or f"killed, {done.returncode}"}
    return json.loads(last_line(done.stdout)) | spent


def made(name: str, packages: Sequence[str], imports: str, least: tuple[int, int] = (3, 11)) -> str:
    """Python of an environment with the packages in it; made once and used again.

    Raises ``RuntimeError`` with the last line of what went wrong where they cannot be installed or imported, or where
    this machine has no Python of version ``least`` or later.
    """
    folder = Path(tempfile.gettempdir()) / f"cac-{name}"
    python = folder / "bin" / "python"
    if not python.exists() and (trouble := _tried(Path(python_from(least)), "-m", "venv", str(folder))):
        raise RuntimeError(trouble)
    if _tried(python, "-c", imports):
        print(f"Installing {', '.join(packages)} beside, in {folder}; this takes minutes.", flush=True)
        trouble = _tried(python, "-m", "pip", "install", "--quiet", *packages) or _tried(python, "-c", imports)
        if trouble:
            raise RuntimeError(trouble)
    return str(python)


def python_from(least: tuple[int, int]) -> str:
    """This Python, or else the oldest on this machine, pyenv's included, that is of a version or later."""
    if sys.version_info >= least:
        return sys.executable
    for python in _pythons(least):
        if not _tried(python, "-c", f"import sys, venv; sys.exit(sys.version_info < {least})"):
            return str(python)
    raise RuntimeError(f"no Python {least[0]}.{least[1]} or later on this machine")


def _pythons(least: tuple[int, int]) -> Iterator[Path]:
    """Where later Pythons may stand, the oldest first."""
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in range(least[1], least[1] + 8):
        if found := shutil.which(f"python{least[0]}.{minor}"):
            yield Path(found)
        yield from sorted(home.glob(f"{least[0]}.{minor}.*/bin/python"))


def unpacked(requirement: str, python: str, folder: Path) -> Path:
    """Folder with the files of a package's wheel for a version of Python, unpacked and neither installed nor run.

    Raises ``RuntimeError`` where pip cannot get it.
    """
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--python-version", python, "--dest", str(folder)]
    if trouble := _tried(Path(sys.executable), "-m", "pip", "download", *options, requirement):
        raise RuntimeError(trouble)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def kept(path: Path, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer kept in a file, or a fresh one, which is kept unless something ``failed``."""
    if path.exists():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    answer = ask()
    if "failed" not in answer:
        part = path.with_suffix(".part")
        part.write_text(json.dumps(answer), encoding="utf-8")
        part.replace(path)
    mixed = f", R-hat {answer['R-hat']:.3f}" if "R-hat" in answer else ""
    text = answer.get("failed") or answer.get("refused") or f"{answer['fit']:.1f} s{mixed}"
    print(f"{path.stem}: {text}; load {os.getloadavg()[0]:.1f}", flush=True)
    return answer


def last_line(text: str) -> str:
    """The last line that is not empty."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def _tried(python: Path, *arguments: str) -> str:
    """What stopped a command, or nothing."""
    done = subprocess.run([str(python), *arguments], capture_output=True, text=True, check=False)
    return (last_line(done.stderr) or f"code {done.returncode}") if done.returncode else ""


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
