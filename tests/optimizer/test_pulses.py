"""Flights of S-shaped curves: climbs stay below the truth, promises are kept exactly, bounds hold against all grids."""

import sys
from itertools import count, product
from types import SimpleNamespace

import numpy as np
import pytest
from plan_worlds import hill_world

from attribution.errors import BadInput, InfeasiblePlan
from attribution.numbers import gap
from mmm.curves import Hill, Logistic, Mixture, ResponseCurves, Tabulated
from optimizer import BlendedCAC, Budget, Channel, Customers, MaxCAC, Pacing, Plan, Profit, Spend
from optimizer.weeks.flight import Flight
from optimizer.weeks.pulses import Pulses

WORLD = hill_world(0, 5, "mixed", budget=1e6 / 52)
LAGS = {channel: [0.6, 0.3, 0.1] for channel in WORLD}
SEASON = 1 + 0.3 * np.sin(np.arange(8) / 8 * 6)
FLIGHT = Flight(WORLD, 8, LAGS, season=SEASON, future=0.0)
BUDGET = Budget(at_most=150_000)
PATIENT = 120.0  # seconds that no search here needs: they end by their gap, on a busy machine too
TWO = ResponseCurves({"a": Hill(60, 4000, 2.5), "b": Hill(40, 3000, 1.8)})


@pytest.mark.parametrize("seed", range(3))
def test_touching_curves_stay_below_and_touch(seed):
    rng = np.random.default_rng(seed)
    response = FLIGHT.response()
    spend = rng.uniform(0, 6000, (5, 8)) * (rng.random((5, 8)) < 0.7)
    under = response.touching(spend)
    assert under.customers(spend).sum() == pytest.approx(response.customers(spend).sum(), rel=1e-5)
    for _ in range(50):
        other = rng.uniform(0, 20_000, (5, 8)) * (rng.random((5, 8)) < rng.random())
        assert under.customers(other).sum() <= response.customers(other).sum() + 1e-3
        height, gradient = under.tangent(other)
        third = rng.uniform(0, 20_000, (5, 8))
        plane = height + (gradient * (third - other)).sum()
        assert under.customers(third).sum() <= plane + 1e-3  # concave


@pytest.mark.parametrize(("lags", "gap"), [([1.0], 1e-3), ([0.7, 0.3], 1e-2)])
def test_bound_and_plan_against_all_schedules_of_a_grid(lags, gap):
    flight = Flight(TWO, 3, dict.fromkeys(TWO, lags), season=[1.0, 1.2, 0.8], future=0.0)
    response, steps = flight.response(), np.arange(9) * 1500.0
    schedules = np.array([s for s in product(steps, repeat=6) if sum(s) <= 12_000]).reshape(-1, 2, 3)
    won = np.array([response.customers(s).sum() for s in schedules])
    most = flight.solve(Plan(maximize=Customers(), subject_to=Budget(at_most=12_000)), gap, PATIENT)
    assert most.customers >= won.max() * (1 - 1e-6)
    assert most.bound >= max(most.customers, won.max())
    assert most.gap <= gap
    totals = schedules.sum(axis=(1, 2))
    goal = 0.8 * won.max()
    least = flight.solve(
        Plan(minimize=Spend(), subject_to=[Budget(at_most=12_000), Customers(at_least=goal)]), gap, PATIENT
    )
    assert least.total_spend <= totals[won >= goal].min() * (1 + 1e-6)
    assert least.bound <= min(least.total_spend, totals[won >= goal].min())
    cheap = flight.solve(
        Plan(minimize=BlendedCAC(fixed_cost=5000, organic=10), subject_to=Budget(at_most=12_000)), gap, PATIENT
    )
    assert cheap.blended_cac <= ((5000 + totals) / (10 + won)).min() * (1 + 1e-6)
    assert cheap.bound <= min(cheap.blended_cac, ((5000 + totals) / (10 + won)).min())


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_promise_is_kept_and_hardly_exceeded(share):
    most = FLIGHT.solve(Plan(maximize=Customers(organic=50), subject_to=BUDGET), time_limit=0).customers
    plan = Plan(minimize=Spend(organic=50), subject_to=[BUDGET, Customers(at_least=share * most)])
    found = FLIGHT.solve(plan, gap=0.05, time_limit=PATIENT)  # the one share hulls alone reach, the other switches
    assert share * most * (1 - 1e-6) <= found.customers <= share * most * 1.002
    assert found.bound <= found.total_spend


def test_gaps_are_a_few_per_cent_without_time_and_said():
    plans = [
        Plan(maximize=Customers(organic=50), subject_to=BUDGET),
        Plan(minimize=BlendedCAC(organic=50, fixed_cost=3e4), subject_to=BUDGET),
        Plan(maximize=Profit(120, organic=50, fixed_cost=3e4), subject_to=BUDGET),
    ]
    for plan in plans:
        found = FLIGHT.solve(plan, time_limit=0)
        assert found.gap < 0.06
        assert gap(found.gap) in found.verdict


@pytest.mark.parametrize("limit", [0, 3, 8])
def test_the_search_ends_soon_after_its_time(limit, monkeypatch):
    """By a clock that goes on one second with each look at it; up to three times the limit is for gaps above 5 %."""
    clock = count()
    monkeypatch.setattr(sys.modules[Pulses.__module__], "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    found = FLIGHT.solve(Plan(minimize=Spend(organic=50), subject_to=[BUDGET, Customers(at_least=3000)]), 1e-9, limit)
    assert limit < next(clock) <= 3 * limit + 10
    assert found.gap > 1e-9
    assert found.bound <= found.total_spend


def test_a_ceiling_is_kept_and_one_that_cannot_hold_names_the_lowest():
    cheapest = FLIGHT.solve(Plan(minimize=BlendedCAC(organic=50, fixed_cost=3e4), subject_to=BUDGET), time_limit=0)
    ceiling = cheapest.blended_cac * 1.1
    goal = Customers(organic=50, fixed_cost=3e4)
    found = FLIGHT.solve(Plan(maximize=goal, subject_to=[BUDGET, MaxCAC(ceiling)]), time_limit=0)
    assert found.blended_cac <= ceiling * (1 + 1e-6)
    assert found.customers > cheapest.customers
    with pytest.raises(InfeasiblePlan, match="cannot go below"):
        FLIGHT.solve(Plan(maximize=goal, subject_to=[BUDGET, MaxCAC(cheapest.bound * 0.9)]), time_limit=0)


def test_limits_of_channels_hold():
    channel = WORLD.channels[1]
    plan = Plan(maximize=Customers(), subject_to=[BUDGET, Channel(channel).at_most(20_000)])
    found = FLIGHT.solve(plan, time_limit=0)
    assert found.spend[channel].sum() <= 20_000 * (1 + 1e-6)
    assert found.total_spend <= 150_000 * (1 + 1e-6)


def test_a_promise_beyond_the_hulls_is_refused_with_what_they_allow():
    with pytest.raises(InfeasiblePlan, match="are attainable"):
        FLIGHT.solve(Plan(minimize=Spend(), subject_to=[BUDGET, Customers(at_least=1e6)]), time_limit=0)


def test_ceilings_beside_other_objectives_are_refused():
    with pytest.raises(BadInput, match="MaxCAC"):
        FLIGHT.solve(Plan(maximize=Profit(100), subject_to=[BUDGET, MaxCAC(50)]), time_limit=0)


def test_a_profit_keeps_its_promise():
    plan = Plan(maximize=Profit(1.0, organic=50), subject_to=[BUDGET, Customers(at_least=1500)])
    found = FLIGHT.solve(plan, time_limit=0)
    assert found.customers >= 1500 * (1 - 1e-6)
    assert found.bound >= found.value


def test_switches_close_the_gap_of_hulls_for_any_curve_with_a_past():
    draws = np.random.default_rng(1).uniform(0.8, 1.2, (2, 3))
    curves = ResponseCurves(
        {
            "hill": Hill(60 * draws[0], 3500 * draws[1], 2.2),
            "logistic": Logistic(30.0, 2500.0),
            "mixture": Mixture([Hill(25.0, 4500.0, 2.5), Hill(7.0, 800.0, 0.8)]),
            "table": Tabulated([0, 2000, 4000, 8000], [0, 3, 20, 25]),
        }
    )
    lags = {channel: [0.6, 0.3, 0.1] for channel in curves}
    past = {"hill": [3000.0, 5000.0], "mixture": [1000.0]}
    flight = Flight(curves, 4, lags, season=[1.2, 0.8, 1.4, 0.9], history=past, weekly_most=9000, future=0.0)
    for plan in (
        Plan(maximize=Customers(organic=20), subject_to=[Budget(at_most=30_000), Pacing(0.8)]),
        Plan(minimize=BlendedCAC(8000, organic=20), subject_to=Budget(at_most=30_000)),
    ):
        hulls, found = flight.solve(plan, time_limit=0), flight.solve(plan, gap=6e-3, time_limit=PATIENT)
        assert found.gap <= 6e-3 < hulls.gap
        assert abs(found.bound - found.value) < abs(hulls.bound - found.value)
