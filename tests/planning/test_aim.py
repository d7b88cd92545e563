"""A plan is judged by its objective's own figure, whosever objective it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Customers, Objective, Plan, Profit, Spend
from optimizer.planning.stages.aim import Aim, aim_of
from optimizer.question.goal import Goal
from optimizer.question.setting import Setting

RNG = np.random.default_rng(3)
ORGANIC = RNG.normal(800.0, 40.0, 50)
CURVES = ResponseCurves(
    {
        "tv": Hill(3000 * np.exp(RNG.normal(0, 0.3, 50)), 2e5),
        "search": Hill(2000 * np.exp(RNG.normal(0, 0.3, 50)), 1e5),
    }
)
NOW, PLANNED = {"tv": 3e5, "search": 5e4}, {"tv": 2e5, "search": 1.5e5}


@dataclass(frozen=True)
class Waste(Objective):
    """Spend less ten for each customer: lower is better, though blended CAC may say otherwise."""

    organic: Any = 0.0

    @property
    def wants(self) -> str:
        return "minimize"

    def goal(self, setting: Setting) -> Goal:
        return Goal.linear(setting, per_customer=10.0, per_spend=1.0, constant=10.0 * setting.organic, sign=-1.0)


def aim(objective: Objective) -> tuple[Plan, Aim]:
    words = {objective.wants: objective}
    plan = Plan(**words, subject_to=[Budget(at_most=3.5e5), Customers(at_least=100, organic=ORGANIC)])
    return plan, aim_of(plan, CURVES, "orders")


OBJECTIVES = {
    "blended CAC": BlendedCAC(2e5, ORGANIC),
    "new orders": Customers(organic=ORGANIC),
    "spend": Spend(ORGANIC),
    "profit": Profit(90.0, ORGANIC, 2e5),
    "the objective": Waste(ORGANIC),
}
BY_CHANNEL = Profit({"tv": 90.0, "search": 50.0}, ORGANIC, 2e5, value_per_organic=20.0)


@pytest.mark.parametrize("objective", [*OBJECTIVES.values(), BY_CHANNEL], ids=[*OBJECTIVES, "profit by channel"])
def test_it_is_the_figure_of_the_plan(objective: Objective) -> None:
    plan, judged = aim(objective)
    outcome = plan.evaluate(CURVES, PLANNED)
    assert judged.draws(outcome) == pytest.approx(plan.figures(CURVES, PLANNED), rel=1e-12)
    best = plan.solve(CURVES)
    assert judged.expected(plan.evaluate(CURVES, best.spend)) == pytest.approx(best.value, rel=1e-9)


def test_figures_are_what_their_names_say() -> None:
    won = CURVES["tv"](PLANNED["tv"]) + CURVES["search"](PLANNED["search"]) + ORGANIC
    spend = sum(PLANNED.values())
    by_hand = {
        "blended CAC": (2e5 + spend) / won,
        "new orders": won,
        "spend": np.full(50, spend),
        "profit": 90.0 * won - spend - 2e5,
        "the objective": spend - 10.0 * won,
    }
    of_means = {name: float(values.mean()) for name, values in by_hand.items()}
    of_means["blended CAC"] = float((2e5 + spend) / won.mean())
    for name, objective in OBJECTIVES.items():
        plan, judged = aim(objective)
        outcome = plan.evaluate(CURVES, PLANNED)
        assert judged.draws(outcome) == pytest.approx(by_hand[name], rel=1e-12), name
        assert judged.expected(outcome) == pytest.approx(of_means[name], rel=1e-12), name


@pytest.mark.parametrize("name", OBJECTIVES)
def test_it_is_called_by_its_name_and_better_in_the_way_that_it_wants(name: str) -> None:
    plan, judged = aim(OBJECTIVES[name])
    assert judged.name == name
    now, planned = plan.evaluate(CURVES, NOW), plan.evaluate(CURVES, PLANNED)
    difference = plan.figures(CURVES, PLANNED) - plan.figures(CURVES, NOW)
    wins = difference < 0 if OBJECTIVES[name].wants == "minimize" else difference > 0
    assert judged.probability_better(planned, now) == pytest.approx(np.mean(wins + 0.5 * (difference == 0)))


def test_channels_in_another_order_change_nothing() -> None:
    plan, judged = aim(BY_CHANNEL)
    turned = ResponseCurves({name: CURVES[name] for name in reversed(CURVES.channels)})
    assert judged.draws(plan.evaluate(turned, PLANNED)) == pytest.approx(plan.figures(CURVES, PLANNED), rel=1e-12)


def test_draws_without_customers_are_compared_too() -> None:
    lost = np.where(np.arange(50) < 10, -1e4, 5e3)  # whatever is spent, ten draws bring nobody
    plan = Plan(minimize=BlendedCAC(2e5, lost), subject_to=[Budget(exactly=3.5e5)])
    judged = aim_of(plan, CURVES, "orders")
    now, planned = plan.evaluate(CURVES, NOW), plan.evaluate(CURVES, PLANNED)
    assert np.isinf(judged.draws(now)[:10]).all()
    better = judged.draws(planned)[10:] < judged.draws(now)[10:]
    assert judged.probability_better(planned, now) == (better.sum() + 5) / 50
    assert judged.probability_better(now, planned) == pytest.approx(1 - judged.probability_better(planned, now))
