"""What to test next: the worth of tests is asked of the plan itself, without promises that learning may change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attribution.errors import BadInput
from optimizer import Customers, LiftTest, value_of_tests
from optimizer.planning.file.keys.plan import NextTests
from optimizer.planning.stages.next_tests import worth_of_tests
from optimizer.planning.stages.result import Run


def test_every_channel_in_use_is_weighed_most_valuable_first(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.tests is not None
    assert run.plan is not None
    assert set(run.tests.table.index) == set(run.plan.now.spend.index)
    assert run.tests.table["value"].is_monotonic_decreasing
    assert (run.tests.table["value"] >= 0).all()
    assert "What to test next" in (out / "report.html").read_text(encoding="utf-8")


def test_the_error_is_the_noise_of_so_many_weeks_unless_given(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.plan is not None
    assert run.tests is not None
    weekly = float(run.plan.organic.noise.std())
    assert run.tests.standard_error == pytest.approx(weekly * np.sqrt(4), rel=0.05)
    precise = worth_of_tests(NextTests(standard_error=1.0), run.plan, 13)
    vague = worth_of_tests(NextTests(standard_error=1e6), run.plan, 13)
    assert precise.table["value"].max() > run.tests.table["value"].max() > vague.table["value"].max()


def test_what_is_measured_is_the_curve_s_part_of_the_horizon(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.plan is not None
    found = worth_of_tests(NextTests.model_validate({"weeks": 2, "change": "-50%"}), run.plan, 13).table
    for channel, line in found.iterrows():
        spend, curve = run.plan.now.spend[channel], run.plan.curves[str(channel)]
        made = abs(curve(spend * (1 + line["change"])) - curve(spend)).mean() * 2 / 13
        assert line["effect"] == pytest.approx(made, rel=0.05)  # every fourth draw


def test_a_plan_with_promises_is_asked_without_them(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.plan is not None
    assert Customers in [type(part) for part in run.plan.plan.subject_to]
    with pytest.raises(BadInput, match="promises"):
        value_of_tests(run.plan.plan, run.plan.curves, LiftTest())
    assert len(worth_of_tests(NextTests(), run.plan, 13).table) == len(run.plan.curves)
