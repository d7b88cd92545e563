"""Plans at the edge: dead channels, empty budgets, straight lines, huge and tiny figures."""

import numpy as np
import pytest

from attribution.errors import IllPosedPlan, InfeasiblePlan
from mmm.curves import Hill, MichaelisMenten, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Change, Channel, Customers, Group, MaxCAC, Plan, Profit, Spend

DEAD = ResponseCurves({"live": Hill(100, 1000, 2), "dead": Hill(0, 1000, 2), "void": Power(0.0, 0.5)})
LINES = ResponseCurves({"p": Power(2.0, 1.0), "q": Power(1.0, 1.0)})


def most(*limits, **options):
    return Plan(maximize=Customers(), subject_to=limits, **options)


def test_dead_channels_get_nothing_and_are_called_dead():
    found = most(Budget(at_most=500)).solve(DEAD)
    assert found.spend.to_dict() == {"live": 500, "dead": 0, "void": 0}
    assert sum("brings no customers at any spend" in line for line in found.explain()) == 2


@pytest.mark.parametrize("budget", [Budget(at_most=0), Budget(exactly=0)])
def test_an_empty_budget_is_a_plan(budget):
    found = most(budget).solve(DEAD)
    assert (found.spend == 0).all()
    assert found.gap == 0
    assert found.explain()


def test_everything_fixed_leaves_nothing_to_choose():
    limits = [Channel("live").fixed(100), Channel("dead").zero(), Channel("void").zero()]
    found = Plan(minimize=BlendedCAC(fixed_cost=10), subject_to=limits).solve(DEAD)
    assert found.spend["live"] == 100
    slope = float(DEAD["live"].marginal(100))
    won = float(DEAD["live"](100))
    assert found.shadow_prices["live exactly 100"] == pytest.approx(1 / won - 110 * slope / won**2)


def test_one_channel_is_enough():
    assert most(Channel("a").between(100, 200)).solve({"a": Hill(100, 1000, 2)}).spend["a"] == pytest.approx(200)


def test_straight_lines():
    found = most(Budget(at_most=100)).solve(LINES)
    assert found.spend.to_dict() == pytest.approx({"p": 100, "q": 0})
    assert found.shadow_prices.iloc[0] == pytest.approx(2)
    for endless in (Plan(maximize=Profit(10)), most(MaxCAC(10))):
        with pytest.raises(IllPosedPlan, match="saturate"):
            endless.solve(LINES)


def test_no_change_at_all_is_today():
    now = {"live": 100.0, "dead": 20.0, "void": 10.0}
    found = most(Budget(at_most=1000), Change(total=0), now=now).solve(DEAD)
    assert found.spend.to_dict() == pytest.approx(now)


def test_channels_far_too_large_for_the_budget():
    found = most(Budget(at_most=500)).solve({"a": Hill(1e9, 1e15, 3), "b": Hill(10, 100)})
    assert found.spend["b"] == pytest.approx(500)


def test_of_redundant_limits_neither_gains_alone_and_each_loses_alone():
    found = most(Budget(at_most=500), Group("all", ["live", "dead", "void"]).at_most(500)).solve(DEAD)
    assert found.shadow_prices.tolist() == pytest.approx([0, 0], abs=1e-9)
    slope = float(DEAD["live"].marginal(500))
    assert [price.below for price in found.prices] == pytest.approx([slope, slope], rel=1e-6)
    assert sum("changes nothing, lowering it as much takes off" in line for line in found.explain()) == 2


def test_customers_who_are_not_worth_their_cost_are_not_bought():
    found = Plan(maximize=Profit(0.001)).solve({"a": MichaelisMenten(100, 1000)})
    assert found.total_spend == 0
    assert found.value == 0


def test_a_promise_that_organic_customers_keep_costs_nothing():
    assert Plan(minimize=Spend(organic=100), subject_to=Customers(at_least=50)).solve(DEAD).total_spend == 0


def test_least_spend_within_a_cac_ceiling():
    # fixed cost alone breaks the ceiling, so money must be spent to dilute it
    found = Plan(minimize=Spend(organic=1, fixed_cost=100), subject_to=MaxCAC(30)).solve(DEAD, gap=1e-6)
    assert found.blended_cac == pytest.approx(30, rel=1e-6)
    grid = np.linspace(0, 1000, 200_001)
    kept = (100 + grid) <= 30 * (1 + DEAD["live"](grid))
    assert found.total_spend == pytest.approx(grid[np.argmax(kept)], rel=1e-4)


def test_without_any_customers_there_is_no_cac():
    with pytest.raises(IllPosedPlan, match="no channel wins"):
        Plan(minimize=BlendedCAC(fixed_cost=10), subject_to=Budget(at_most=100)).solve(DEAD.without("live"))
    with pytest.raises(InfeasiblePlan, match="at most 0 customers"):
        Plan(minimize=Spend(), subject_to=Customers(at_least=1)).solve(DEAD.without("live"))


@pytest.mark.parametrize("limit", [Customers(at_least=80), Budget(at_least=50_000)])
@pytest.mark.parametrize("worth", [0.001, 15.0])
def test_promises_dearer_than_customers_are_worth_are_kept(limit, worth):
    curves = {"a": MichaelisMenten(100, 1000), "b": Hill(40, 5000, 2)}
    found = Plan(maximize=Profit(worth, fixed_cost=1e9), subject_to=limit).solve(curves, gap=1e-7)
    wide = [Channel(channel).at_most(1e6) for channel in curves]
    capped = Plan(maximize=Profit(worth, fixed_cost=1e9), subject_to=[limit, *wide]).solve(curves, gap=1e-7)
    assert found.spend.to_numpy() == pytest.approx(capped.spend.to_numpy(), rel=1e-3, abs=1.0)


@pytest.mark.parametrize("cap", [Budget(at_most=150_000), Group("both", ["tv", "search"]).at_most(150_000)])
def test_a_price_of_entry_beyond_the_money_closes_the_channel(cap):
    curves = {"tv": Hill(900, 60_000, 1), "search": Hill(100, 50_000, 1)}
    limits = [cap, Channel("tv").zero_or_at_least(200_000)]
    plan = Plan(maximize=Customers(), subject_to=limits)
    found = plan.solve(curves)
    assert found.spend.to_dict() == pytest.approx({"tv": 0, "search": 150_000})
    proof = plan.certify(curves, {"tv": 139_342})
    assert proof.broken == pytest.approx({"tv zero or at least 200,000": 60_658})
