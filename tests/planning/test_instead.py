"""A scenario's `instead`: the plan with other keys is the plan of a file that states those keys itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from optimizer import Channel
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import PlanSection, Scenario
from optimizer.planning.stages.optimize import plan_scenarios
from optimizer.planning.stages.question import solved
from optimizer.planning.stages.riders import Riders, held_channels
from optimizer.planning.stages.tried import tried_channels

NOW = pd.Series({"tv": 100_000.0, "search": 40_000.0, "social": 30_000.0})
SEEN = NOW * 1.3
RIDERS = Riders({"search": "the plan file says so"})
RNG = np.random.default_rng(0)
CURVES = mmm.ResponseCurves(
    {
        name: mmm.curves.Hill(top * np.exp(RNG.normal(0, 0.3, 60)), half, 1)
        for name, top, half in (("tv", 900, 60_000), ("search", 700, 20_000), ("social", 400, 30_000))
    }
)
ORGANIC = RNG.normal(2000, 50, 60)
FILE: dict[str, Any] = {
    "minimize": "blended_cac", "fixed_cost": 300_000, "customers": {"at_least": "-2%"}, "gap": 1e-5,
    "every_channel": {"at_most": "+50%"},
}  # fmt: skip


def plan_of(section: PlanSection) -> Any:
    customers = float(np.mean(ORGANIC + CURVES.customers(NOW)))
    plan = build_plan(section, NOW, ORGANIC, customers)
    held = (*held_channels(RIDERS.untested, section, NOW), *tried_channels(section, NOW, SEEN))
    return plan.replaced(subject_to=[*plan.subject_to, *(one.constraint for one in held)])


def answered(keys: dict[str, Any], booked: tuple[Any, ...] = ()) -> Any:
    """The answer to a scenario with other keys, of a run some of whose spend is booked already."""
    section = PlanSection.model_validate(FILE)
    plan = plan_of(section)
    base: Any = SimpleNamespace(
        plan=plan, curves=CURVES, now=plan.evaluate(CURVES, NOW), riders=RIDERS, held=(), tried=(), booked=booked,
        doubted=(),
        ground=SEEN, organic=SimpleNamespace(predicted=ORGANIC),
    )  # fmt: skip
    scenario = Scenario.model_validate({"name": "other", "instead": keys})
    config: Any = SimpleNamespace(plan=section, scenarios=[scenario])
    (answer,) = plan_scenarios(config, base, lambda part, note: None)
    assert answer.problem == ""
    assert answer.outcome is not None
    return answer


def test_what_is_spent_already_is_spent_in_another_question_too() -> None:
    keys = {"customers": {"at_least": "-9%"}}
    free = answered(keys).outcome.spend
    least = 1.2 * float(free["tv"])
    held = answered(keys, (Channel("tv").at_least(least),)).outcome.spend
    assert held["tv"] >= least * (1 - 1e-9)


@pytest.mark.parametrize(
    "keys",
    [
        {"budget": {"at_most": "-3%"}, "customers": {"at_least": "-3%"}},
        {"incremental": 20_000},
        {"fixed_cost": 100_000},
        {"max_cac": 150, "explore": True},
        {"raise_riders": True, "explore": True},
        {
            "channels": {"tv": {"max_marginal_cac": 420}},
            "groups": {"a": {"channels": ["tv"], "share": {"at_most": 0.57}}},
        },
        {"change": {"total": 10_000}},
        {"custom": {"co2": {"weights": {"tv": 0.2}, "at_most": "-10%"}}},
        {"risk": {"worst": 0.2}, "customers": {"at_least": "-9%"}},
    ],
    ids=str,
)
def test_other_keys_give_the_plan_of_a_file_with_those_keys(keys: dict[str, Any]) -> None:
    answer = answered(keys)
    other = PlanSection.model_validate({**FILE, **keys})
    theirs = solved(other, plan_of(other), CURVES, ())
    assert answer.outcome.expected_customers == pytest.approx(theirs.customers, rel=1e-4)
    assert answer.outcome.spend.sum() == pytest.approx(theirs.total_spend, rel=1e-3)


TEXT = """\
name: Q4
data:
  weekly: {path: weekly.csv, spend: [tv, search]}
plan:
  minimize: blended_cac
scenarios:
  - name: Other
    instead:
      KEY
"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("max_cap: 3", "plan.yaml:9: scenarios.0.instead.max_cap: unknown key. Did you mean 'max_cac'?"),
        ("weeks: 3", "plan.yaml:9: scenarios.0.instead.weeks: unknown key."),
        ("maximize: profit", "plan.yaml:9: scenarios.0.instead.maximize: unknown key."),
        ("budget: {at_most: 3}\n      incremental: 5", "plan.yaml:9: scenarios.0.instead.budget: is today's spend"),
        ("channels: {tvs: {at_most: 3}}", "plan.yaml:9: scenarios.0.instead.channels.tvs: unknown channel 'tvs'. Did you mean 'tv'?"),
        ("channels: {tv: {target_roas: 3}}", "plan.yaml:9: scenarios.0.instead.channels.tv.target_roas: is value over cost"),
    ],
)  # fmt: skip
def test_a_mistake_in_it_is_named_by_its_line(tmp_path: Path, key: str, expected: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(TEXT.replace("KEY", key), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_config(path)
    said = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert any(each.startswith(expected) for each in said), said
