"""A move is advised where the plan is sure enough to beat today, by experience where it is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attribution.estimates import Estimate
from mmm.curves import Power, ResponseCurves
from optimizer import Budget, Customers, Plan, Profit, Spend
from optimizer.answer.worth import Worth
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.outputs.doubts import could_be_wrong
from optimizer.planning.outputs.sections.decision import DECISION
from optimizer.planning.stages.experience import Corrected
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.sure import chance_to_beat_today, sure_to_beat_today
from optimizer.uncertainty.worth import worth

NOW = {"tv": 400.0, "search": 400.0}
MOVED = {"tv": 200.0, "search": 600.0}


def against_today(plan: Plan, spend: dict[str, float], seed: int = 0) -> Worth:
    rng = np.random.default_rng(seed)
    curves = ResponseCurves({name: Power(rng.normal(10.0, 1.5, 400), 0.5) for name in NOW})
    return worth(plan, curves, spend)


def at(probability: float) -> Corrected:
    return Corrected(Estimate(1.0, -1.0, 3.0), probability)


@pytest.mark.parametrize("seed", range(5))
def test_it_passes_exactly_from_the_share_of_draws_that_beat_today(seed: int) -> None:
    found = against_today(Plan(maximize=Customers(), now=NOW), MOVED, seed)
    share = found.aim.probability_better
    for confidence in (share - 0.01, share, share + 0.01):
        one = sure_to_beat_today(found, None, confidence)
        assert (one.passed, one.value, one.limit) == (confidence <= share, share, confidence)
        assert ("keep today's spend" in one.text) == (not one.passed)


def test_experience_takes_the_place_of_the_draws() -> None:
    found = against_today(Plan(maximize=Profit(100.0), now=NOW), MOVED)
    for known in (0.3, 0.89, 0.9, 1.0):
        one = sure_to_beat_today(found, at(known), 0.9)
        assert (one.passed, one.value) == (known >= 0.9, known)
        assert "as plans like it turned out" in one.text


@pytest.mark.parametrize(
    ("plan", "spend"),
    [
        (Plan(maximize=Customers(), subject_to=[Budget(at_most=600)], now=NOW), {"tv": 100.0, "search": 500.0}),
        (Plan(minimize=Spend(), now=NOW), {"tv": 300.0, "search": 300.0}),
        (Plan(maximize=Customers(), now=NOW), NOW),
    ],
    ids=["today breaks the budget", "less spend is wanted", "the plan is today's"],
)
def test_it_is_not_asked_where_today_is_no_alternative(plan: Plan, spend: dict[str, float]) -> None:
    found = against_today(plan, spend)
    assert chance_to_beat_today(found, None) is None
    assert sure_to_beat_today(found, None, 0.999).passed


def test_the_report_says_so_first_and_warns(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.worth is not None
    assert run.config.plan is not None
    for known, asked in ((0.85, 0.9), (0.85, 0.8)):
        section = run.config.plan.model_copy(update={"confidence": asked})
        config = run.config.model_copy(update={"plan": section})
        held = replace(run, config=config, worth=replace(run.worth, corrected=at(known)))
        sentence = "a move asks" in could_be_wrong(held)[0]
        assert sentence == (known < asked)
        view = DECISION.view(held)
        assert view is not None
        assert (view["decision"].tone == "good") == (known >= asked)


@pytest.mark.parametrize("confidence", [0.0, 0.4, 1.0, 1.5, float("nan")])
def test_a_confidence_is_at_least_even_and_never_certain(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        PlanSection.model_validate({"maximize": "customers", "confidence": confidence})
