"""Every example program runs, and stays short enough to be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
AGAINST_TRUTH = ROOT / "examples" / "quarter_against_truth.py"
EXAMPLES = sorted(set((ROOT / "examples").glob("*.py")) - {AGAINST_TRUTH})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path: Path, tmp_path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_plan_of_the_example_holds_against_its_truth(tmp_path: Path) -> None:
    assert len(AGAINST_TRUTH.read_text(encoding="utf-8").splitlines()) <= 80
    done = subprocess.run(
        [sys.executable, str(AGAINST_TRUTH)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = done.stdout
    covered = int(said.split("true contribution of ")[1].split(" of ")[0])
    cac = {
        line[:38].strip(): float(line.split("true blended CAC")[1].split()[0])
        for line in said.splitlines()
        if "true blended" in line
    }
    assert covered >= 6
    assert cac["the plan"] < cac["today's spend"]
    assert cac["the plan"] < cac["last touch's advice, the plan's total"]


def test_the_example_company_is_small_enough_to_ship() -> None:
    files = [path for path in (ROOT / "examples" / "quarter").iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 4_000_000
