"""Plans stay within what was spent before, unless told to explore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import InfeasiblePlan
from optimizer import Budget, Channel, Customers, Plan
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.inputs.present_spend import observed_least, observed_maximum
from optimizer.planning.run import run_plan
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.tried import least_finding, remedy_of_tried, tried_channels, tried_finding
from optimizer.planning.starter import write_starter

NOW = pd.Series({"tv": 50_000.0, "search": 30_000.0, "new": 0.0})
SEEN = pd.Series({"tv": 80_000.0, "search": 20_000.0, "new": 0.0})


def section(**keys: object) -> PlanSection:
    return PlanSection.model_validate({"maximize": "customers", **keys})


def most(**keys: object) -> dict[str, tuple[float, str]]:
    return {one.channel: (one.at_most, one.note) for one in tried_channels(section(**keys), NOW, SEEN)}


def test_the_most_is_what_was_spent_or_is_spent_and_a_floor_wins() -> None:
    assert most() == {"tv": (80_000, ""), "search": (30_000, ""), "new": (0, "")}
    assert most(explore=True) == {}
    assert most(channels={"tv": {"at_most": "+100%"}})["tv"] == (80_000, "the plan file's at_most of 100,000 gives way")
    assert most(channels={"tv": {"at_most": "+50%"}})["tv"] == (80_000, "")
    assert most(channels={"tv": {"at_least": 90_000}})["tv"] == (90_000, "the plan file's floor of 90,000 wins")
    assert most(channels={"tv": {"at_least": "+70%"}})["tv"] == (85_000, "the plan file's floor of 85,000 wins")
    assert most(channels={"new": {"zero_or_at_least": 5_000}})["new"] == (5_000, "the plan file's floor of 5,000 wins")
    assert "search" not in most(channels={"search": {"fixed": 40_000}})


@pytest.mark.parametrize("seed", range(6))
def test_no_channel_leaves_tried_ground(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"c{place}" for place in range(4)]
    now = pd.Series(rng.uniform(1e4, 1e5, 4), index=names)
    seen = now * rng.uniform(0.8, 1.6, 4)
    curves = mmm.ResponseCurves({c: mmm.curves.Hill(rng.uniform(100, 3000), rng.uniform(1e4, 2e5)) for c in names})
    tried = tried_channels(section(), now, seen)
    limits = [Budget(exactly=float(now.sum())), *(one.constraint for one in tried)]
    kept = Plan(maximize=Customers(), subject_to=limits, now=now).solve(curves)
    assert (kept.spend <= np.maximum(seen, now) * (1 + 1e-9)).all()
    finding = tried_finding(tried, kept, np.maximum(seen, now))
    assert finding.passed
    stopped = kept.spend.index[kept.spend >= np.maximum(seen, now) * (1 - 1e-6)]
    assert all(f"{channel} (" in finding.text for channel in stopped)
    assert ("plan.explore" in finding.text) == bool(len(stopped))


def test_beyond_it_is_named() -> None:
    curves = mmm.ResponseCurves({"tv": mmm.curves.Hill(3000, 50_000), "search": mmm.curves.Hill(10, 50_000)})
    limits = [Budget(exactly=80_000), Channel("tv").at_least(75_000)]
    plan = Plan(maximize=Customers(), subject_to=limits).solve(curves)
    finding = tried_finding((), plan, pd.Series({"tv": 60_000.0, "search": 60_000.0}))
    assert not finding.passed
    assert finding.channels == ("tv",)
    assert "spends more on tv than was ever spent" in finding.text
    assert tried_finding((), plan, pd.Series({"search": 60_000.0})).passed  # no history: another finding speaks of tv


@pytest.mark.parametrize("budget", [0.0, 30_000.0, 49_000.0, 51_000.0, 120_000.0])
def test_far_less_than_was_ever_spent_is_told(budget: float) -> None:
    """Windows of three weeks of 40, 10, 50, 60 and 20 thousand in all: the least is 100 thousand."""
    weekly = pd.DataFrame({"tv": [30e3, 4e3, 20e3, 40e3, 10e3], "search": [10e3, 6e3, 30e3, 20e3, 10e3]})
    least = observed_least(weekly, 3)
    assert least == pytest.approx(100e3)
    assert observed_least(weekly, 10) == pytest.approx(2 * 180e3)
    curves = mmm.ResponseCurves({"tv": mmm.curves.Hill(3000, 50_000), "search": mmm.curves.Hill(1000, 50_000)})
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=budget)]).solve(curves)
    finding = least_finding(plan, pd.Series({"tv": 60_000.0, "search": 60_000.0}), least)
    assert finding.passed == (budget > 50_000)
    assert finding.channels == (() if finding.passed else ("tv", "search"))


def starter(folder: Path, *pairs: tuple[str, str]) -> Path:
    path = write_starter(folder)[0]
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


QUICK = ("model:\n", "model:\n  rivals: false\n  sensitivity: false\n  draws: 500\n")


def test_a_run_stays_within_and_says_how_to_leave(
    tmp_path: Path, run_quietly: Callable[..., tuple[Run, tuple[Path, ...]]]
) -> None:
    path = starter(tmp_path, QUICK)
    text = path.read_text(encoding="utf-8")
    run, _ = run_quietly(path, tmp_path / "out", goal="optimize")
    assert run.plan is not None
    assert run.inputs.panel is not None
    seen = observed_maximum(run.inputs.panel.national_spend, 13)
    planned = run.plan.allocation.spend
    assert (planned <= np.maximum(seen, run.plan.now.spend)[planned.index] * (1 + 1e-9)).all()
    assert remedy_of_tried(run.plan.tried).endswith("plan.explore: true lets it go beyond.")
    much = text[: text.index("plan:")] + "plan:\n  weeks: 13\n  maximize: customers\n  budget: {exactly: +400%}\n"
    path.write_text(much, encoding="utf-8")
    with pytest.raises(InfeasiblePlan, match=r"stays within what each channel ever spent.*plan.explore: true"):
        run_plan(path, tmp_path / "much", goal="optimize")
