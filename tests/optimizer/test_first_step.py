"""A first step inside what was tried: it stays there, keeps the promises, and is the best that does."""

import numpy as np
import pytest
from plan_worlds import SHAPES, hill_world

from attribution.errors import InfeasiblePlan
from mmm.curves import Hill
from optimizer import BlendedCAC, Budget, Channel, Customers, Plan, Profit, first_step


def question(seed):
    rng = np.random.default_rng([seed, 9])
    curves = hill_world(seed, int(rng.integers(3, 6)), SHAPES[seed % 3], 20)
    now = dict(zip(curves, rng.dirichlet(3 * np.ones(len(curves))) * 8e5, strict=True))
    business = {"organic": 4000.0, "fixed_cost": 6e5}
    limits = [Budget(at_most=8e5), *(Channel(channel).at_most(3 * amount) for channel, amount in now.items())]
    plan = (
        Plan(maximize=Customers(**business), subject_to=limits, now=now),
        Plan(minimize=BlendedCAC(**business), subject_to=limits, now=now),
        Plan(maximize=Profit(150.0, **business), subject_to=limits, now=now),
    )[seed // 3 % 3]
    tried = {channel: amount * rng.uniform(0.9, 1.4) for channel, amount in now.items()}
    return plan, curves, tried


@pytest.mark.parametrize("seed", range(9))
def test_it_stays_inside_and_is_the_best_that_does(seed):
    plan, curves, tried = question(seed)
    whole = plan.solve(curves)
    found = first_step(plan, curves, whole.spend, tried)
    most = {channel: max(tried[channel], plan.now[channel]) for channel in curves}
    outside = tuple(channel for channel in curves if whole.spend[channel] > most[channel] * (1 + 1e-6))
    if not outside:
        assert found is None
        return
    assert found.beyond == outside
    assert all(found.allocation.spend[channel] <= most[channel] * (1 + 1e-9) for channel in curves)
    assert found.allocation.total_spend <= 8e5 * (1 + 1e-9)
    inside = [Channel(channel).at_most(amount) for channel, amount in most.items()]
    oracle = plan.replaced(subject_to=[*plan.subject_to, *inside]).solve(curves)
    assert found.allocation.value == pytest.approx(oracle.value, rel=1e-3)
    sign = 1 if plan.objective.wants == "maximize" else -1
    today, step, planned = (
        sign * score(plan, curves, spend) for spend in (plan.now, found.allocation.spend, whole.spend)
    )
    assert found.share == pytest.approx((step - today) / (planned - today), rel=1e-6)
    assert found.share <= 1 + 1e-2  # the whole plan is the best to within its gap


def score(plan, curves, spend):
    """The plan's own figure at expected customers."""
    customers = 4000.0 + float(np.mean(curves.customers(spend)))
    total = sum(spend.values()) if isinstance(spend, dict) else float(spend.sum())
    return {
        "Customers": customers,
        "BlendedCAC": (6e5 + total) / customers,
        "Profit": 150.0 * customers - 6e5 - total,
    }[type(plan.objective).__name__]


CURVES = {"tv": Hill(900, 60_000), "search": Hill(500, 20_000)}
NOW = {"tv": 60_000.0, "search": 20_000.0}


def test_a_plan_inside_needs_no_step():
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=80_000)], now=NOW)
    spend = plan.solve(CURVES).spend
    assert first_step(plan, CURVES, spend, {"tv": 80_000, "search": 80_000}) is None


def test_what_is_spent_today_counts_as_tried_and_a_new_channel_as_untried():
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=90_000)], now=NOW | {"radio": 0.0})
    curves = CURVES | {"radio": Hill(400, 10_000)}
    found = first_step(plan, curves, plan.solve(curves).spend, {})
    assert dict(found.allocation.spend) == pytest.approx(NOW | {"radio": 0.0})
    assert found.share == pytest.approx(0, abs=1e-9)
    assert "radio" in found.beyond


def test_a_promise_out_of_reach_inside_is_named():
    plan = Plan(minimize=BlendedCAC(organic=100, fixed_cost=1e5), subject_to=[Customers(at_least=1000)], now=NOW)
    spend = plan.solve(CURVES).spend
    with pytest.raises(InfeasiblePlan, match="customers at least 1,000"):
        first_step(plan, CURVES, spend, NOW)


def test_a_plan_without_gain_over_today_has_no_share():
    plan = Plan(minimize=BlendedCAC(organic=100, fixed_cost=1e5), subject_to=[Customers(at_least=900)], now=NOW)
    found = first_step(plan, CURVES, plan.solve(CURVES).spend, {"tv": 1e9, "search": 20_000.0})
    assert found is None or np.isnan(found.share) or found.share <= 1
