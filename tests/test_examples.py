"""Every example program runs, and stays short enough to be read.

The programs begin with the same run of the shipped quarter, which is made once for all of them.
"""

from __future__ import annotations

import functools
import runpy
import sys
from pathlib import Path

import pytest

import optimizer.planning.run

ROOT = Path(__file__).resolve().parents[1]
AGAINST_TRUTH = ROOT / "examples" / "quarter_against_truth.py"
EXAMPLES = sorted(set((ROOT / "examples").glob("*.py")) - {AGAINST_TRUTH})
RUN = optimizer.planning.run.run_plan


@functools.cache
def the_run(path: Path, goal: str):
    return RUN(path, goal=goal)


def printed(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What a program prints that is run in a folder of its own."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
    monkeypatch.setattr(optimizer.planning.run, "run_plan", lambda plan, goal, progress: the_run(plan, goal))
    monkeypatch.setattr(sys, "argv", [str(path)])
    monkeypatch.chdir(folder)
    capsys.readouterr()
    runpy.run_path(str(path), run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    assert printed(path, tmp_path, monkeypatch, capsys).strip()


def test_the_plan_of_the_example_holds_against_its_truth(tmp_path: Path, monkeypatch, capsys) -> None:
    said = printed(AGAINST_TRUTH, tmp_path, monkeypatch, capsys)
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
