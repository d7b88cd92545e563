"""plan.risk: the plan file's worst cases are those of Python, and what is priced is the pessimistic figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
from optimizer import Budget, Channel, Customers, Pessimistic, Plan, tail_mean
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.stages.question import put, solved

NOW = pd.Series({"tv": 100_000.0, "search": 60_000.0})


def world(seed: int, draws: int = 400) -> tuple[mmm.ResponseCurves, np.ndarray]:
    rng = np.random.default_rng(seed)
    loud, calm = np.exp(rng.normal(0, 0.6, draws)), np.exp(rng.normal(0, 0.05, draws))
    curves = mmm.ResponseCurves(
        {"tv": mmm.curves.Hill(1500 * loud, 80_000, 1), "search": mmm.curves.Hill(900 * calm, 50_000, 1)}
    )
    return curves, rng.normal(1000, 50, draws)


def test_the_key_is_pessimistic_and_moves_money_to_the_steady_channel() -> None:
    curves, organic = world(0)
    file = {"maximize": "customers", "budget": {"at_most": "+0%"}}
    customers = float(np.mean(organic + curves.customers(NOW)))
    section = PlanSection.model_validate({**file, "risk": {"worst": 0.2, "weight": 0.8}})
    plan = build_plan(section, NOW, organic, customers)
    by_hand = Pessimistic(
        Plan(maximize=Customers(organic=organic), subject_to=[Budget(at_most=NOW.sum())], now=NOW), 0.2, 0.8
    ).solve(curves)
    assert put(section, plan, ()) == Pessimistic(plan, 0.2, 0.8)
    assert solved(section, plan, curves, ()).value == pytest.approx(by_hand.value, rel=2e-3)
    assert solved(section, plan, curves, ()).spend["tv"] < plan.solve(curves).spend["tv"]


@pytest.mark.parametrize("seed", range(4))
def test_anybody_s_spend_is_held_against_the_pessimistic_bound_and_the_promise_in_the_worst_cases(seed: int) -> None:
    curves, organic = world(seed)
    budget, promise = Budget(at_most=160_000), 1300.0
    question = Pessimistic(
        Plan(maximize=Customers(organic=organic), subject_to=[budget, Customers(at_least=promise)], now=NOW), 0.1
    )
    best = question.solve(curves)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        spend = pd.Series(rng.dirichlet([1, 1]) * 160_000, NOW.index)
        worst = tail_mean(organic + curves.customers(spend), 0.1)
        said = question.against(best, curves, spend)
        assert said.value == pytest.approx(worst)
        assert said.gap == pytest.approx((best.bound - worst) / worst)
        assert said.is_allowed == (worst >= promise)


def test_a_price_is_what_a_little_more_budget_does_to_the_pessimistic_figure() -> None:
    curves, organic = world(5, 2000)

    def best(budget: float) -> tuple[float, float]:
        limits = [Budget(at_most=budget), Channel("tv").at_least(10_000)]
        allocation = Pessimistic(
            Plan(maximize=Customers(organic=organic), subject_to=limits, now=NOW), 0.1
        ).solve(curves, gap=1e-5)  # fmt: skip
        (price,) = [price for price in allocation.prices if str(price.limit).startswith("budget")]
        return allocation.value, price.per_unit

    value, price = best(160_000)
    more, _ = best(176_000)
    less, _ = best(144_000)
    assert more - value <= 16_000 * price * 1.05
    assert value - less >= 16_000 * price * 0.95
