"""Every example program runs, and stays short enough to be read.

The programs begin with the same run of the shipped quarter, which is made once for all of them.
"""

from __future__ import annotations

import ast
import functools
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from notebook_cells import code_cells, run_notebook

import mmm
import optimizer.planning.run
from mmm.sampling.prepared import prepare

pytestmark = pytest.mark.long  # a whole run of the quarter, and what each program asks on top of it

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
    assert sum(path.stat().st_size for path in files) < 5_000_000


TUTORIAL = ROOT / "docs" / "tutorial.ipynb"


def test_the_tutorial_ends_in_the_plan_of_the_plan_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fit and its other readings are asked of what the run asked them of, and so need not be made twice."""
    run, _ = the_run(ROOT / "examples" / "quarter" / "plan.yaml", "optimize")

    def fit(panel: mmm.Panel, model: mmm.Model, seed: int) -> mmm.Posterior:
        assert seed == run.config.seed
        assert same(prepare(panel, model).problem, prepare(run.inputs.panel, run.posterior.model).problem)
        return run.posterior

    def rivals(posterior: mmm.Posterior) -> mmm.Rivals:
        assert posterior is run.posterior
        return run.rivals

    monkeypatch.setattr(mmm, "fit", fit, raising=False)
    monkeypatch.setattr(mmm, "rivals", rivals, raising=False)
    monkeypatch.chdir(ROOT)
    space = run_notebook(TUTORIAL)["space"]
    ours, theirs = space["allocation"], run.plan.allocation
    pd.testing.assert_series_equal(ours.spend, theirs.spend, rtol=1e-3, check_names=False)
    assert ours.value == pytest.approx(theirs.value, rel=1e-4)
    assert ours.bound == pytest.approx(theirs.bound, rel=1e-3)  # the gap that both are solved to
    assert set(space["riders"]) == set(run.plan.riders.untested)


def same(one: object, other: object) -> bool:
    """Whether two values hold the same, arrays by what is in them."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other, equal_nan=True)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and same(vars(one), vars(other))
    return bool(np.all(one == other))


def test_the_tutorial_is_shown_as_it_ran() -> None:
    """Every cell has run, in order and after the last change that a reader would see."""
    cells = code_cells(json.loads(TUTORIAL.read_text(encoding="utf-8")))
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells if ast.parse("".join(cell["source"])).body[-1].__class__ is ast.Expr)
    assert TUTORIAL.stat().st_size < 200_000
