"""An objective of one's own goes wherever the four built in go, or is refused with a sentence."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from plan_worlds import SHAPES, hill_world

import optimizer
from attribution.errors import BadInput, IllPosedPlan
from mmm.curves import Hill, ResponseCurves
from optimizer import (
    BlendedCAC,
    Budget,
    BudgetChange,
    Channel,
    Customers,
    Flight,
    LiftTest,
    LowerValue,
    Objective,
    Pessimistic,
    Plan,
    Profit,
    Spend,
)
from optimizer.question.goal import Goal
from optimizer.solvers.conic import Conic

VALUE = 120.0
BUSINESS = {"organic": 800.0, "fixed_cost": 2e5}


@dataclass(frozen=True)
class Delight(Objective):
    """Customers less a thousandth of the spend, or any such trade: a profit in other words and another unit."""

    per_customer: float = VALUE
    per_spend: float = 1.0
    organic: float = 800.0
    fixed_cost: float = 2e5

    @property
    def wants(self):
        return "maximize"

    @property
    def unit(self):
        return "of delight"

    def goal(self, setting):
        constant = self.per_customer * setting.organic - self.per_spend * setting.fixed_cost
        return Goal.linear(setting, self.per_customer, self.per_spend, constant=constant)


SCALES = [1.0, 1e-3]  # of a delight against a unit of currency
LIMITS = [[], [Budget(at_most=6e5)], [Budget(at_most=1e6), Customers(at_least=4000)]]


def pair(scale, limits=(), curves=None):
    now = None if curves is None else dict.fromkeys(curves, 1e5)
    profit = Plan(maximize=Profit(VALUE, **BUSINESS), subject_to=limits, now=now)
    return profit, profit.replaced(objective=Delight(VALUE * scale, scale))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("limits", LIMITS, ids=["free", "budget", "promise"])
def test_it_is_solved_certified_and_priced_as_profit_is(scale, shape, limits):
    curves = hill_world(5, 5, shape)
    profit, delight = pair(scale, limits)
    theirs, ours = profit.solve(curves, gap=1e-6), delight.solve(curves, gap=1e-6)
    assert ours.value / scale == pytest.approx(theirs.value, rel=2e-6)
    assert ours.bound / scale >= theirs.value * (1 - 1e-12)
    assert ours.gap <= 1e-6
    assert ours.blended_cac == pytest.approx(theirs.blended_cac, rel=1e-3)
    if shape == "concave":
        assert ours.spend.to_numpy() == pytest.approx(theirs.spend.to_numpy(), rel=1e-3, abs=1.0)
        assert (ours.shadow_prices / scale).to_numpy() == pytest.approx(theirs.shadow_prices.to_numpy(), rel=1e-3)
    proof = delight.certify(curves, theirs.spend, gap=1e-6)
    assert proof.is_allowed
    assert proof.gap <= 2e-6


def test_it_is_explained_in_its_own_words():
    curves = hill_world(5, 5, "concave")
    _, delight = pair(1.0, [Budget(at_most=3e5)])
    assert any("of delight" in line for line in delight.solve(curves).explain())


def test_the_other_engine_and_the_frontier_take_it():
    curves = ResponseCurves({"a": Hill(3000, 2e5, 1), "b": Hill(2000, 1e5, 0.8)})
    profit, delight = pair(1e-3, [Budget(at_most=3e5)])
    ours = delight.solve(curves, engine=Conic())
    assert ours.spend.to_numpy() == pytest.approx(profit.solve(curves, gap=1e-8).spend.to_numpy(), rel=1e-3)
    budgets = [1e5, 2e5]
    assert delight.frontier(curves, budgets)["customers"].to_numpy() == pytest.approx(
        profit.frontier(curves, budgets)["customers"].to_numpy()
    )


@pytest.mark.parametrize(
    ("scale", "shape", "limits"),
    [(SCALES[0], "concave", LIMITS[1]), (SCALES[-1], "s-shaped", LIMITS[1]), (SCALES[-1], "concave", LIMITS[2])],
)
def test_it_flies(scale, shape, limits):
    curves = hill_world(4, 3, shape, budget=1e6 / 6)
    flight = Flight(curves, 6, {channel: [0.6, 0.3, 0.1] for channel in curves})
    profit, delight = pair(scale, limits)
    fly = partial(flight.solve, gap=1e-3, time_limit=3.0)
    theirs, ours = fly(profit), fly(delight)
    slack = 1e-3 if shape == "concave" else max(theirs.gap, ours.gap)
    assert ours.value / scale == pytest.approx(theirs.value, rel=2 * slack)
    assert ours.bound / scale >= theirs.value * (1 - 1e-9)


def test_flights_of_worthless_customers_are_least_spend():
    curves = hill_world(4, 3, "concave", budget=1e6 / 6)
    flight = Flight(curves, 6)
    limits = [Budget(at_most=1e6), Customers(at_least=4000)]
    cheap = flight.solve(Plan(minimize=Spend(**BUSINESS), subject_to=limits))
    ours = flight.solve(Plan(maximize=Delight(0.0, 1.0), subject_to=limits))
    assert ours.total_spend == pytest.approx(cheap.total_spend, rel=2e-3)
    assert ours.value == pytest.approx(-ours.total_spend - 2e5)


def test_the_worst_cases_regret_scenarios_and_tests_take_it():
    scale = SCALES[-1]
    curves = hill_world(6, 4, "mixed", draws=60)
    profit, delight = pair(scale, [Budget(at_most=6e5)], curves)
    theirs, ours = Pessimistic(profit).solve(curves), Pessimistic(delight).solve(curves)
    assert ours.value / scale == pytest.approx(theirs.value, rel=2e-3)
    regret = [optimizer.expected_regret(plan, curves, theirs.spend, draws=5).mean for plan in (profit, delight)]
    assert regret[1] == pytest.approx(regret[0], rel=1e-3)
    table, other = (optimizer.compare(plan, curves, [BudgetChange(-0.2)]).frame for plan in (profit, delight))
    assert (other["value"] / scale).to_numpy() == pytest.approx(table["value"].to_numpy(), rel=2e-3)
    worth = [optimizer.value_of_tests(plan, curves, LiftTest(standard_error=50.0)) for plan in (profit, delight)]
    assert (worth[1]["value"] / scale).to_numpy() == pytest.approx(worth[0]["value"].to_numpy(), rel=1e-2, abs=1.0)


def test_its_draws_average_to_its_figure():
    curves = hill_world(6, 4, "mixed", draws=60)
    organic = np.random.default_rng(0).normal(800, 50, 60)
    for objective in (Delight(organic=organic), Profit(VALUE, organic, 2e5), Customers(organic=organic)):
        plan = Plan(maximize=objective, subject_to=Budget(at_most=5e5))
        found = plan.solve(curves)
        draws = plan.figures(curves, found.spend)
        assert draws.shape == (60,)
        assert draws.mean() == pytest.approx(found.value, rel=1e-9)
    cac = Plan(minimize=BlendedCAC(2e5, organic), subject_to=Budget(at_most=5e5))
    spend = cac.solve(curves).spend
    assert cac.figures(curves, spend) == pytest.approx(cac.evaluate(curves, spend).blended_cac, rel=1e-12)


@pytest.mark.parametrize("wrong", [Delight(-1.0, 1.0), Delight(1.0, -1.0), Delight(np.nan, 1.0)])
def test_goals_without_a_proof_are_refused_at_once(wrong):
    curves = hill_world(6, 4, "mixed", draws=10)
    plan = Plan(maximize=wrong, subject_to=Budget(at_most=5e5), now=dict.fromkeys(curves, 1e5))
    asked = [
        lambda: plan.solve(curves),
        lambda: Flight(curves, 4).solve(plan),
        lambda: Pessimistic(plan).solve(curves),
        lambda: optimizer.value_of_tests(plan, curves, LiftTest()),
    ]
    for ask in asked:
        with pytest.raises(BadInput, match="Delight"):
            ask()


def test_values_it_does_not_state_are_not_lowered():
    with pytest.raises(BadInput, match="customer's value"):
        LowerValue(0.2).applied(Plan(maximize=Delight()), hill_world(1, 3))


def test_spend_that_costs_it_nothing_needs_a_limit():
    @dataclass(frozen=True)
    class FreeTv(Delight):
        def goal(self, setting):
            costs = np.ones(len(setting.channels))
            costs[0] = 0.0
            return Goal.linear(setting, self.per_customer, costs)

    curves = hill_world(5, 3, "concave")
    with pytest.raises(IllPosedPlan, match="costs the objective nothing"):
        Plan(maximize=FreeTv()).solve(curves)
    first = next(iter(curves))
    found = Plan(maximize=FreeTv(), subject_to=Channel(first).at_most(9e5)).solve(curves)
    assert found.spend[first] == pytest.approx(9e5)
    with pytest.raises(BadInput, match="one cost of spend"):
        Flight(curves, 4).solve(Plan(maximize=FreeTv(), subject_to=Budget(at_most=1e5)))
