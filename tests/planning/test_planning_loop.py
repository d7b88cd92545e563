"""The benchmark of quarters: money is the plan's, tests measure the truth, and a loop that was stopped goes on as before."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.simulate.weekly_world import adstocked

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
KIND, SEED, WEEKS = "few riders", 3, 13


@pytest.fixture(scope="module")
def loop() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        return importlib.import_module("planning_loop")


def test_weeks_hold_the_plan_s_money_and_surprises_are_the_same_whatever_is_planned(loop: ModuleType) -> None:
    here, there = (loop.Future(KIND, SEED, 2) for _ in range(2))
    plan = here.start * np.linspace(0.6, 1.4, len(here.start))
    here.lives(plan)
    there.lives(here.start)
    assert here.spend.tail(WEEKS).sum().to_dict() == pytest.approx(plan.to_dict(), abs=WEEKS)  # whole euros a week
    assert len(here.company.table) == len(here.spend) == 156 + WEEKS
    assert here.causes["organic"].equals(there.causes["organic"])
    up, down = plan.index[-1], plan.index[0]
    assert here.causes[up].tail(WEEKS).sum() > there.causes[up].tail(WEEKS).sum()
    assert here.causes[down].tail(WEEKS).sum() < there.causes[down].tail(WEEKS).sum()


@pytest.mark.parametrize("change", [-1.0, 0.5])
def test_a_test_measures_what_the_channel_truly_brought(loop: ModuleType, change: float) -> None:
    company = loop.Future(KIND, SEED, 1)
    channel = company.channels[1]
    company.lives(company.start, (loop.Test(channel, 4, change, 1e-9),))
    (row,) = company.tests.to_dict("records")
    begin = company.spend.index.get_loc(pd.Timestamp(row["start"]))
    spent = company.spend[channel].to_numpy()[begin : begin + 4]
    usual = spent / (1 + change) if change > -1 else spent - row["spend_change"] / 4
    assert row["spend_change"] == pytest.approx((spent - usual).sum())
    assert (change == -1) == (not spent.any())
    if change > 0:  # carryover is linear: without the test the stock lacks what the test added
        within = company._stock[channel].to_numpy()[begin : begin + 4]
        curve, decay = company.truth.response[channel], company.truth.decay[channel]
        gained = (curve(within) - curve(within - adstocked(spent - usual, decay))).sum()
        assert row["customers_gained"] == pytest.approx(gained, rel=1e-6)
    assert np.sign(row["customers_gained"]) == np.sign(change)
    assert company.lost[0] * change < 0


def test_a_loop_that_was_cut_off_goes_on_as_if_it_had_not_been(
    loop: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SHORT", {"chains": 2, "draws": 50, "tune": 100, "time_budget": 0.0})
    monkeypatch.setattr(loop, "told_by_log", lambda company: ())
    path = tmp_path / "company.jsonl"
    job: tuple[Any, ...] = (KIND, SEED, [loop.TODAY, loop.OURS], 2, path, True)
    loop.lived(*job)
    whole = loop.rows_of(path)
    assert [(row["arm"], row["quarter"]) for row in whole] == [
        (arm, q) for arm in (loop.TODAY, loop.OURS) for q in (0, 1)
    ]
    assert all(row["gain"] <= row["attainable"] * (1 + 1e-3) for row in whole)
    assert [row["gain"] for row in whole[:2]] == pytest.approx([0, 0])
    assert len(whole[2]["tests"]) == 2
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], lines[3][:50]]) + "\n", encoding="utf-8")
    loop.lived(*job)
    again = loop.rows_of(path)
    assert json.dumps([row | {"seconds": 0} for row in again]) == json.dumps([row | {"seconds": 0} for row in whole])
    assert loop.complete([path], [loop.TODAY, loop.OURS], 2) == again
    assert loop.complete([path], [loop.TODAY, loop.OURS], 3) == []
