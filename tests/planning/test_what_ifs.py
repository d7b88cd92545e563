"""A plan file's scenarios and the same what-ifs asked in Python have one answer, whatever the file."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
import optimizer
from optimizer import (
    BlendedCAC,
    Budget,
    BudgetChange,
    BudgetOf,
    Channel,
    ChannelOff,
    CostInflation,
    Customers,
    FixedCost,
    Group,
    LowerValue,
    MaxCAC,
    Plan,
    Profit,
    Promise,
    PromiseChange,
    Spend,
    Together,
)
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.plan import PlanSection, Scenario
from optimizer.planning.stages.optimize import plan_scenarios
from optimizer.planning.stages.result import ScenarioResult
from optimizer.scenarios import compare

GAP = 1e-4
CHANNELS = ("tv", "search", "social")


class World:
    """Curves, present spend and organic customers drawn at random."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.now = pd.Series(rng.uniform(2e4, 2e5, len(CHANNELS)).round(-2), index=list(CHANNELS))
        noise = np.exp(rng.normal(0, 0.2, (len(CHANNELS), 25)))
        won = self.now.to_numpy() / rng.uniform(50, 150, len(CHANNELS))
        self.curves = mmm.ResponseCurves(
            {
                channel: mmm.curves.Hill(4 * won[place] * noise[place], 3 * self.now[channel], 1.0)
                for place, channel in enumerate(CHANNELS)
            }
        )
        self.organic = rng.normal(3000, 100, 25)
        self.customers = float(np.mean(self.organic + self.curves.customers(self.now)))


def asked_of_the_file(world: World, plan: dict[str, Any], scenarios: list[dict[str, Any]]) -> list[ScenarioResult]:
    section = PlanSection.model_validate({"gap": GAP, **plan})
    built = build_plan(section, world.now, world.organic, world.customers)
    now = built.evaluate(world.curves, world.now)
    base: Any = SimpleNamespace(plan=built, curves=world.curves, now=now, held=(), tried=(), doubted=())
    config: Any = SimpleNamespace(plan=section, scenarios=[Scenario.model_validate(each) for each in scenarios])
    return list(plan_scenarios(config, base, lambda part, note: None))


def random_plan(rng: np.random.Generator, world: World) -> tuple[dict[str, Any], Plan]:
    """A plan section, and the plan that an analyst would write for it."""
    goal = rng.choice(["blended_cac", "spend", "customers", "profit"])
    file: dict[str, Any] = {
        "fixed_cost": 100_000,
        ("minimize" if goal in ("blended_cac", "spend") else "maximize"): goal,
    }
    business: dict[str, Any] = {"fixed_cost": 100_000, "organic": world.organic}
    if goal == "profit":
        file["value_per_customer"] = 300.0
    limits: list[Any] = []
    if rng.random() < 0.7:
        file["budget"] = {"at_most": "+10%"}
        limits.append(Budget(at_most=1.1 * world.now.sum()))
    if goal in ("blended_cac", "spend") or rng.random() < 0.3:
        file["customers"] = {"at_least": "-3%"}
        limits.append(Customers(at_least=0.97 * world.customers))
    if rng.random() < 0.3:
        file["max_cac"] = 500.0
        limits.append(MaxCAC(500.0))
    file["every_channel"] = {"at_most": "+50%"}
    limits += [Channel(name).at_most(1.5 * world.now[name]) for name in CHANNELS]
    if rng.random() < 0.5:
        file["channels"] = {"tv": {"at_least": "-50%"}}
        limits.append(Channel("tv").at_least(0.5 * world.now["tv"]))
    if rng.random() < 0.5:
        members = list(rng.choice(CHANNELS, rng.integers(1, 3), replace=False))
        file["groups"] = {"together": {"channels": members, "at_least": 10_000}}
        limits.append(Group("together", members).at_least(10_000))
    objectives = {
        "blended_cac": {"minimize": BlendedCAC(**business)},
        "spend": {"minimize": Spend(**business)},
        "customers": {"maximize": Customers(**business)},
        "profit": {"maximize": Profit(300.0, **business)},
    }
    return file, Plan(**objectives[str(goal)], subject_to=limits, now=world.now)


CHANGES: list[tuple[dict[str, Any], optimizer.Scenario]] = [
    ({"budget": "-10%"}, BudgetChange(-0.1)),
    ({"budget": 150_000}, BudgetOf(150_000)),
    ({"customers": {"at_least": "-5%"}}, PromiseChange(-0.05)),
    ({"customers": {"at_least": 3500}}, Promise(3500)),
    ({"fixed_cost": "+20%"}, FixedCost(120_000)),
    ({"fixed_cost": 50_000}, FixedCost(50_000)),
    ({"value_per_customer": "-25%"}, LowerValue(0.25)),
    ({"off": ["tv"]}, ChannelOff("tv")),
    ({"off": ["search", "social"]}, Together(ChannelOff("search"), ChannelOff("social"))),
    ({"cost": {"social": "+20%"}}, CostInflation({"social": 0.2})),
]


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_file_and_python_answer_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    world = World(rng)
    file, plan = random_plan(rng, world)
    singles = [({"name": scenario.name, **keys}, scenario) for keys, scenario in CHANGES]
    pairs = []
    for number in range(3):
        first, second = (CHANGES[place] for place in sorted(rng.choice(len(CHANGES), 2, replace=False)))
        if set(first[0]) == set(second[0]):
            continue
        # a promise against today's customers is read before anything else changes
        parts = sorted((first[1], second[1]), key=lambda part: not isinstance(part, PromiseChange))
        scenario = Together(*parts, called=f"pair {number}")
        pairs.append(({"name": f"pair {number}", **first[0], **second[0]}, scenario))
    asked = [*singles, *pairs]
    by_hand = compare(plan, world.curves, [scenario for _, scenario in asked], gap=GAP)
    of_the_file = asked_of_the_file(world, file, [keys for keys, _ in asked])
    assert [result.name for result in of_the_file] == list(by_hand.frame.index[1:])
    for result in of_the_file:
        row = by_hand.frame.loc[result.name]
        assert (result.outcome is None) == (row["problem"] != ""), (result, row["problem"])
        if result.outcome is None:
            assert result.problem
            continue
        assert result.outcome.spend.to_numpy() == pytest.approx(by_hand.spend.loc[result.name].to_numpy(), rel=1e-6)
        assert result.outcome.expected_customers == pytest.approx(row["customers"])
        assert result.outcome.expected_cac == pytest.approx(row["blended_cac"])


def test_a_floor_under_a_group_that_is_off_is_a_promise_that_cannot_be_kept() -> None:
    world = World(np.random.default_rng(1))
    file = {"maximize": "customers", "budget": {"at_most": "+0%"}, "channels": {"tv": {"at_least": "-20%"}},
            "groups": {"screens": {"channels": ["tv"], "at_least": 10_000}}}  # fmt: skip
    (result,) = asked_of_the_file(world, file, [{"name": "No TV", "off": ["tv"]}])
    assert result.outcome is None
    assert "screens at least 10,000" in result.problem
    without = {key: value for key, value in file.items() if key != "groups"}
    (result,) = asked_of_the_file(world, without, [{"name": "No TV", "off": ["tv"]}])
    assert result.outcome is not None
    assert result.outcome.spend["tv"] == 0


def test_a_what_if_that_cannot_be_asked_says_why_and_the_others_go_on() -> None:
    world = World(np.random.default_rng(2))
    file = {"minimize": "blended_cac", "fixed_cost": 50_000, "customers": {"at_least": "+0%"}}
    results = asked_of_the_file(world, file, [
        {"name": "Less money", "budget": "-10%"},
        {"name": "Worth less", "value_per_customer": 80},
        {"name": "Worth nothing", "budget": "-100%"},
        {"name": "TV costs more", "cost": {"tv": "+10%"}},
    ])  # fmt: skip
    problems = {result.name: result.problem for result in results}
    assert "no budget to change" in problems["Less money"]
    assert "nothing in the plan depends on" in problems["Worth less"]
    assert "budget: -100% leaves nothing" in problems["Worth nothing"]
    assert problems["TV costs more"] == ""


def test_another_value_of_a_customer_changes_the_chance_to_beat_today() -> None:
    world = World(np.random.default_rng(3))
    file = {"maximize": "profit", "value_per_customer": 200.0, "every_channel": {"at_most": "+50%"}}
    one, same = asked_of_the_file(
        world,
        file,
        [{"name": "as a share", "value_per_customer": "-25%"}, {"name": "as an amount", "value_per_customer": 150}],
    )
    assert one.outcome is not None
    assert same.outcome is not None
    assert one.outcome.spend.to_numpy() == pytest.approx(same.outcome.spend.to_numpy(), rel=1e-6)
    today = build_plan(PlanSection.model_validate(file), world.now, world.organic, 0.0).evaluate(
        world.curves, world.now
    )
    profit = [150 * found.customers - found.spend.sum() for found in (one.outcome, today)]
    assert one.worth is not None
    assert one.worth.aim.probability_better == pytest.approx(np.mean(profit[0] > profit[1]))
    assert one.worth.aim.change.point == pytest.approx(np.mean(profit[0] - profit[1]), rel=1e-6)


@pytest.mark.parametrize(
    "limits",
    [{"every_channel": {"target_roas": 1.5}}, {"groups": {"pair": {"channels": ["tv", "search"], "target_roas": 2}}}],
)
def test_another_value_is_the_plan_whose_file_states_it(limits: dict[str, Any]) -> None:
    """A return is value over cost: what it allows a customer to cost falls with the value."""
    world = World(np.random.default_rng(4))
    file = {"maximize": "customers", "budget": {"at_most": "+50%"}, "value_per_customer": 300.0, **limits}
    (lower,) = asked_of_the_file(world, file, [{"name": "Worth less", "value_per_customer": "-30%"}])
    (stated,) = asked_of_the_file(world, {**file, "value_per_customer": 210.0}, [{"name": "Same", "budget": "+0%"}])
    (as_it_was,) = asked_of_the_file(world, file, [{"name": "Same", "budget": "+0%"}])
    assert lower.outcome is not None
    assert lower.outcome.spend.to_numpy() == pytest.approx(stated.outcome.spend.to_numpy(), rel=1e-6)
    assert lower.outcome.spend["tv"] < 0.99 * as_it_was.outcome.spend["tv"]
