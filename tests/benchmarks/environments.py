"""Programs that answer in JSON, and environments of their own for packages that must not share ours."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path


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


def made(name: str, packages: Sequence[str], imports: str) -> str:
    """Python of an environment with the packages in it; made once and used again.

    Raises ``RuntimeError`` with the last line of what went wrong where they cannot be installed or imported.
    """
    folder = Path(tempfile.gettempdir()) / f"cac-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if _tried(python, "-c", imports):
        print(f"Installing {', '.join(packages)} beside, in {folder}; this takes minutes.", flush=True)
        trouble = _tried(python, "-m", "pip", "install", "--quiet", *packages) or _tried(python, "-c", imports)
        if trouble:
            raise RuntimeError(trouble)
    return str(python)


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
