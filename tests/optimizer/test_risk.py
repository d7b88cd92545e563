"""Pessimistic plans: the tail mean, its certificate, regret."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_worlds import hill_world

from attribution.errors import BadInput, InfeasiblePlan
from mmm.curves import Hill, MichaelisMenten, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, Plan, Profit, Spend
from optimizer.uncertainty.regret import expected_regret
from optimizer.uncertainty.risk import Pessimistic, risk_frontier
from optimizer.uncertainty.tail import tail_mean, tail_weights

ORGANIC = np.random.default_rng(5).normal(2000, 300, 300)
WORLD = hill_world(1, 5, "concave", draws=300)
BUDGET = Budget(at_most=1e6)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.floats(0.01, 1), st.floats(0, 1))
def test_tail_mean_is_the_least_mean_under_capped_weights(values, tail, weight):
    customers = np.array(values)
    weights = tail_weights(customers, tail, weight)
    assert weights.sum() == pytest.approx(1)
    cap = (1 - weight) / len(values) + weight / (tail * len(values))
    assert (weights <= cap * (1 + 1e-9)).all()
    assert (weights >= -1e-15).all()
    # Rockafellar and Uryasev: the largest over t of t - E[(t - N)+] / tail
    best = max(t - np.maximum(t - customers, 0).mean() / tail for t in customers)
    expected = (1 - weight) * customers.mean() + weight * best
    assert tail_mean(customers, tail, weight) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(maximize=Customers(organic=ORGANIC), subject_to=BUDGET),
        Plan(
            maximize=Customers(organic=ORGANIC),
            subject_to=[BUDGET, Group("g", ["channel 0", "channel 1"]).at_most(2e5)],
        ),
        Plan(minimize=BlendedCAC(fixed_cost=3e5, organic=ORGANIC)),
        Plan(minimize=Spend(organic=ORGANIC), subject_to=Customers(at_least=6000)),
        Plan(maximize=Profit(150, organic=ORGANIC, fixed_cost=1e5), subject_to=BUDGET),
    ],
)
def test_certified_and_no_worse_than_the_plan_for_the_mean(plan):
    found, plain = Pessimistic(plan, tail=0.2).solve(WORLD), plan.solve(WORLD)
    assert found.gap <= 1e-3
    worst = tail_mean(plan.evaluate(WORLD, found.spend).customers, 0.2)
    outlay = plan.fixed_cost + found.total_spend
    figure = {
        "Customers": worst,
        "BlendedCAC": outlay / worst,
        "Spend": found.total_spend,
        "Profit": 150 * worst - outlay,
    }[type(plan.objective).__name__]
    assert found.value == pytest.approx(figure, rel=1e-9)
    if isinstance(plan.objective, Spend):
        assert worst >= 6000 * (1 - 1e-9)
    else:
        sign = -1 if isinstance(plan.objective, BlendedCAC) else 1
        other = tail_mean(plan.evaluate(WORLD, plain.spend).customers, 0.2)
        spent = plan.fixed_cost + plain.total_spend
        theirs = {"Customers": other, "BlendedCAC": spent / other, "Profit": 150 * other - spent}
        assert sign * found.value >= sign * theirs[type(plan.objective).__name__] - 1e-9 * abs(found.value)


def test_no_allocation_beats_the_pessimistic_bound():
    plan = Plan(maximize=Customers(organic=ORGANIC), subject_to=BUDGET)
    bound = Pessimistic(plan).solve(WORLD).bound
    rng = np.random.default_rng(0)
    for _ in range(200):
        spend = dict(zip(WORLD, 1e6 * rng.dirichlet(np.ones(5)), strict=True))
        assert tail_mean(plan.evaluate(WORLD, spend).customers) <= bound


def test_a_promise_that_the_worst_cases_break_is_named():
    most = Plan(maximize=Customers(organic=ORGANIC), subject_to=BUDGET).solve(WORLD).customers
    promise = Customers(at_least=0.99 * most, organic=ORGANIC)
    plan = Plan(minimize=Spend(organic=ORGANIC), subject_to=[BUDGET, promise])
    with pytest.raises(InfeasiblePlan, match=r"'customers at least [\d,]+' cannot be kept in the worst 10.%"):
        Pessimistic(plan, tail=0.1).solve(WORLD)


def test_weight_zero_is_the_plain_plan():
    plan = Plan(maximize=Customers(organic=ORGANIC), subject_to=BUDGET)
    found = Pessimistic(plan, weight=0).solve(WORLD)
    assert found.value == pytest.approx(plan.solve(WORLD).value, rel=1e-6)


def test_pessimistic_cac_is_exceeded_no_more_often_than_the_tail():
    plan = Plan(minimize=BlendedCAC(fixed_cost=3e5, organic=ORGANIC), subject_to=Customers(at_least=6000))
    found = Pessimistic(plan, tail=0.1).solve(WORLD)
    assert plan.evaluate(WORLD, found.spend).probability_cac_at_most(found.value) >= 0.9


def test_a_steady_channel_is_preferred_to_an_uncertain_one():
    rng = np.random.default_rng(0)
    curves = ResponseCurves(
        {
            "steady": MichaelisMenten(np.full(400, 1000.0), 1e5),
            "wild": MichaelisMenten(1050 * np.exp(rng.normal(-0.32, 0.8, 400)), 1e5),
        }
    )
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=1e5))
    careful, plain = Pessimistic(plan).solve(curves), plan.solve(curves)
    assert careful.spend["steady"] > plain.spend["steady"] + 1e4


def test_the_frontier_trades_mean_for_tail():
    frame = risk_frontier(Plan(maximize=Customers(organic=ORGANIC), subject_to=BUDGET), WORLD, weights=(0, 0.5, 1))
    assert (np.diff(frame["pessimistic_customers"]) >= -1e-3 * frame["pessimistic_customers"].iloc[0]).all()
    assert (np.diff(frame["customers"]) <= 1e-3 * frame["customers"].iloc[0]).all()


def test_regret_is_zero_without_uncertainty_and_positive_with_it():
    plan = Plan(maximize=Customers(), subject_to=[BUDGET, Channel("channel 0").at_most(3e5)])
    sure = WORLD.take([0, 0, 0])
    assert expected_regret(plan, sure, plan.solve(sure).spend).mean <= 1e-6
    regret = expected_regret(plan, WORLD, plan.solve(WORLD).spend, draws=30)
    assert regret.mean > 0
    worse = expected_regret(plan, WORLD, dict.fromkeys(WORLD, 2e5), draws=30)
    assert worse.mean > regret.mean + regret.standard_error
    assert regret.standard_error > 0


def test_what_has_no_worst_case_is_refused():
    plan = Plan(maximize=Customers(), subject_to=BUDGET)
    with pytest.raises(BadInput, match="no draws"):
        Pessimistic(plan).solve(hill_world(1, 3))
    with pytest.raises(BadInput, match="groups"):
        Pessimistic(plan.replaced(subject_to=[BUDGET, Group("g", ["channel 0", "channel 1"]).cac_at_most(50)])).solve(
            WORLD
        )
    with pytest.raises(BadInput, match="tail"):
        Pessimistic(plan, tail=0)


def test_a_promise_beyond_the_worst_cases_is_refused():
    reach = Plan(maximize=Customers(organic=ORGANIC), subject_to=BUDGET).solve(WORLD)
    plan = Plan(minimize=Spend(organic=ORGANIC), subject_to=[BUDGET, Customers(at_least=reach.customers * 0.99)])
    with pytest.raises(InfeasiblePlan, match="worst"):
        Pessimistic(plan).solve(WORLD)


@pytest.mark.parametrize("tail", [1.0, 0.3, 1 / 7])
def test_draws_that_agree_have_no_worst_cases(tail):
    curves = hill_world(3, 3, "concave")
    same = ResponseCurves({c: Hill(np.full(7, x.saturation), x.half_saturation, x.slope) for c, x in curves.items()})
    plan = Plan(maximize=Customers(organic=100.0), subject_to=Budget(at_most=5e5))
    assert Pessimistic(plan, tail).solve(same).value == pytest.approx(plan.solve(curves).value, rel=2e-3)


def test_a_tail_of_all_draws_is_the_mean():
    curves = hill_world(3, 3, "mixed", draws=9)
    plan = Plan(maximize=Customers(organic=100.0), subject_to=Budget(at_most=5e5))
    assert Pessimistic(plan, 1.0).solve(curves).value == pytest.approx(plan.solve(curves).value, rel=2e-3)
