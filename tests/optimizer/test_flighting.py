"""Flights: what carryover, season and pacing do, against known answers and CVXPY."""

import re

import numpy as np
import pytest
from plan_worlds import hill_world

from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, UnknownChannel
from mmm.curves import Exponential, Hill, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Flight, Group, MaxCAC, Pacing, Plan, Profit, Spend, by_geo
from optimizer.weeks.schedules import QuadraticSteps, Schedules, linear_best

CURVES = ResponseCurves({"tv": Exponential(60, 3000), "search": Exponential(40, 1000), "social": Hill(50, 4000, 0.9)})
LAGS = {"tv": [0.5, 0.3, 0.2], "social": [0.8, 0.2]}
BUDGET = Budget(at_most=80_000)


def test_without_carryover_weeks_are_alike_and_add_up():
    plan = Plan(maximize=Customers(organic=10), subject_to=BUDGET)
    flight, static = Flight(CURVES, 8).solve(plan, gap=1e-6), plan.solve(CURVES.over(8), gap=1e-8)
    assert flight.customers == pytest.approx(static.customers, rel=1e-5)
    assert flight.spend.to_numpy() == pytest.approx(np.tile(static.spend.to_numpy() / 8, (8, 1)), rel=0.02)
    assert flight.after == 0


def test_an_allocation_on_the_frontier_is_the_same_for_every_question():
    flight = Flight(CURVES, 6, LAGS)
    most = flight.solve(Plan(maximize=Customers(organic=5), subject_to=BUDGET))
    back = flight.solve(Plan(minimize=Spend(organic=5), subject_to=[BUDGET, Customers(at_least=most.customers * 0.95)]))
    assert back.gap <= 2e-3
    assert back.customers >= most.customers * 0.95 * (1 - 1e-9)
    again = flight.solve(Plan(maximize=Customers(organic=5), subject_to=Budget(at_most=back.total_spend)))
    assert again.customers == pytest.approx(most.customers * 0.95, rel=2e-3)
    price = flight.solve(Plan(minimize=BlendedCAC(fixed_cost=9000, organic=5), subject_to=BUDGET))
    capped = flight.solve(
        Plan(maximize=Customers(fixed_cost=9000, organic=5), subject_to=[BUDGET, MaxCAC(price.blended_cac * 1.1)])
    )
    assert price.gap <= 2e-3
    assert capped.blended_cac <= price.blended_cac * 1.1 * (1 + 1e-9)
    assert capped.customers > price.customers
    profit = flight.solve(Plan(maximize=Profit(200, organic=5), subject_to=BUDGET))
    assert profit.gap <= 1e-3


@pytest.mark.parametrize("pace", [0.05, 0.5])
def test_a_conic_program_agrees(pace):
    import cvxpy as cp

    weeks, season = 7, np.linspace(0.6, 1.4, 7)
    curves = CURVES.without("social")
    spend = cp.Variable((2, weeks), nonneg=True)
    terms = []
    for index, (channel, curve) in enumerate(curves.items()):
        weight = np.asarray(LAGS.get(channel, [1.0]))
        for week in range(weeks + 2):
            reached = sum(weight[week - t] * spend[index, t] for t in range(weeks) if 0 <= week - t < len(weight))
            value = season[week] if week < weeks else 1.0
            rate = np.log(2) / float(curve.half_saturation)
            if not isinstance(reached, int):
                terms.append(value * float(curve.saturation) * (1 - cp.exp(-rate * reached)))
    mean = cp.sum(spend, axis=1, keepdims=True) / weeks
    rules = [cp.sum(spend) <= 40_000, cp.abs(spend[:, 1:] - spend[:, :-1]) <= pace * mean @ np.ones((1, weeks - 1))]
    problem = cp.Problem(cp.Maximize(cp.sum(cp.hstack(terms))), rules)
    problem.solve(solver=cp.CLARABEL)
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=40_000), Pacing(pace)])
    found = Flight(curves, weeks, {"tv": LAGS["tv"]}, season=season, future=0.0).solve(plan, gap=1e-6)
    assert found.customers == pytest.approx(problem.value, rel=1e-5)
    assert found.bound >= problem.value * (1 - 1e-7)
    steps = found.spend.diff().abs().iloc[1:]
    assert (steps <= pace * found.spend.mean() * (1 + 1e-6)).to_numpy().all()


def test_no_schedule_beats_the_bound():
    plan = Plan(maximize=Customers(), subject_to=[BUDGET, Group("g", ["tv", "social"]).at_most(50_000)])
    flight = Flight(CURVES, 5, LAGS)
    found = flight.solve(plan)
    response = flight.response(found.future)
    assert found.gap <= 1e-3
    assert found.spend[["tv", "social"]].to_numpy().sum() <= 50_000 * (1 + 1e-6)
    rng = np.random.default_rng(0)
    for _ in range(200):
        spend = rng.dirichlet(np.ones(15)).reshape(3, 5) * 80_000
        spend[[0, 2]] *= min(1, 50_000 / spend[[0, 2]].sum())
        assert response.customers(spend).sum() <= found.bound


@pytest.mark.parametrize("pace", [0.2, np.inf])
def test_quadratic_steps_asked_one_after_another_are_each_the_best(pace):
    """Where gain and curvature leave no schedule uphill, by a linear program; whatever was asked before."""
    rng = np.random.default_rng(3)
    channels, weeks, lags = 4, 6, 3
    totals = np.vstack([np.ones(channels), np.eye(channels)])
    schedules = Schedules(
        weeks, np.full(channels, 40.0), np.full(channels, 150.0), totals, np.array([300.0, *np.full(channels, 150.0)]),
        np.full(channels, pace),
    )  # fmt: skip
    spreads = [np.zeros((weeks + lags - 1, weeks)) for _ in range(channels)]
    for matrix in spreads:
        for week in range(weeks):
            matrix[week : week + lags, week] = rng.dirichlet(np.ones(lags))
    steps = QuadraticSteps(spreads, schedules)
    for size in (1.0, 1e-6, 1e4, 1.0):
        gain = size * rng.uniform(-0.2, 1.0, (channels, weeks))
        curvature = -size * rng.uniform(0, 0.05, (channels, weeks + lags - 1)) * (rng.random((channels, 1)) < 0.8)
        spend = rng.uniform(0, 10, (channels, weeks))
        best = steps.best(gain, curvature, spend)
        moved = [m @ (b - s) for m, b, s in zip(spreads, best, spend, strict=True)]
        slope = gain + np.array([m.T @ (k * a) for m, k, a in zip(spreads, curvature, moved, strict=True)])
        ahead = linear_best(schedules, slope)[1] - float((slope * best).sum())
        assert ahead <= 1e-5 * float(np.abs(slope * best).sum())
        assert best.sum() <= 300 * (1 + 1e-6)


@pytest.mark.parametrize(
    "objective", [Spend(organic=10.0), BlendedCAC(5000.0, organic=10.0), Profit(60.0, organic=10.0)]
)
def test_what_is_said_to_be_attainable_is_where_spend_goes_on(objective):
    """With a future that follows from the schedule, which is looked for without a proof."""
    flight = Flight(CURVES, 5, LAGS)

    def asked(customers):
        limits = [BUDGET, Customers(at_least=customers, organic=10.0)]
        return flight.solve(Plan(**{objective.wants: objective}, subject_to=limits))

    with pytest.raises(InfeasiblePlan, match="attainable") as refused:
        asked(1e4)
    most = float(re.search(r"at most ([\d,.]+) are", str(refused.value))[1].replace(",", ""))
    assert asked(0.98 * most).customers >= 0.98 * most * (1 - 1e-9)
    with pytest.raises(InfeasiblePlan):
        asked(1.02 * most)


def test_carryover_past_the_horizon_counts_and_is_shown():
    line = ResponseCurves({"tv": Power(0.01, 1.0)})
    found = Flight(line, 2, {"tv": [0.5, 0.5]}, weekly_most=100).solve(
        Plan(maximize=Customers(), subject_to=Budget(at_most=200))
    )
    assert found.within == pytest.approx(1.5)
    assert found.after == pytest.approx(0.5)


def test_what_the_past_carries_in_is_shown_apart_and_saturates():
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=20_000))
    fresh = Flight(CURVES, 4, LAGS).solve(plan)
    after = Flight(CURVES, 4, LAGS, history={"tv": [9000.0, 9000.0]}).solve(plan)
    carried = 60 * (1 - 2 ** (-np.array([0.5 * 9000, 0.2 * 9000]) / 3000)).sum()
    assert after.carried_in == pytest.approx(carried)
    assert fresh.carried_in == 0
    assert after.customers < fresh.customers
    assert after.spend["tv"].iloc[0] < fresh.spend["tv"].iloc[0]


def test_money_goes_where_the_season_is():
    season = np.array([1.0, 1.0, 3.0, 1.0])
    found = Flight(CURVES, 4, season=season).solve(Plan(maximize=Customers(), subject_to=Budget(at_most=10_000)))
    assert found.spend.sum(axis=1).idxmax() == 3


def test_carryover_that_differs_between_draws():
    rng = np.random.default_rng(1)
    curves = ResponseCurves({"a": Exponential(rng.uniform(50, 70, 20), 3000.0), "b": Exponential(40.0, 1000.0)})
    decay = rng.uniform(0.2, 0.6, 20)
    lags = np.array([1 - decay, decay * (1 - decay), decay**2])
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=30_000))
    flight = Flight(curves, 5, {"a": lags})
    found = flight.solve(plan)
    assert found.gap <= 1e-3
    assert flight.missed(plan, found.spend, found.future) == ()
    flight = Flight(curves, 5, {"a": lags}, future=0.0)
    found = flight.solve(plan)
    one = [Flight(curves.take([d]), 5, {"a": lags[:, d]}).response() for d in range(20)]
    expected = np.mean([response.customers(found.spend.to_numpy().T).sum() for response in one])
    assert found.customers == pytest.approx(expected)


def test_s_shapes_are_bounded_with_an_honest_gap():
    curves = hill_world(5, 4, "mixed", budget=20_000)
    flight = Flight(curves, 6, {channel: [0.7, 0.3] for channel in curves})
    found = flight.solve(Plan(maximize=Customers(), subject_to=Budget(at_most=120_000)))
    response = flight.response(found.future)
    rng = np.random.default_rng(0)
    for _ in range(100):
        spend = rng.dirichlet(np.full(24, 0.5)).reshape(4, 6) * 120_000
        assert response.customers(spend).sum() <= found.bound * (1 + 1e-9)
    assert 0 <= found.gap < 0.3


def test_geos_are_channels_of_their_own():
    curves = by_geo({"north": {"tv": Exponential(60, 3000)}, "south": {"tv": Exponential(30, 3000)}})
    assert curves.channels == ("tv @ north", "tv @ south")
    plan = Plan(maximize=Customers(), subject_to=Group("tv", curves.channels).at_most(20_000))
    spend = Flight(curves, 4, weekly_most=10_000).solve(plan).spend.sum()
    assert spend["tv @ north"] > spend["tv @ south"]
    assert spend.sum() == pytest.approx(20_000, rel=1e-5)


def test_channel_bounds_hold_over_the_weeks():
    plan = Plan(
        maximize=Customers(), subject_to=[BUDGET, Channel("tv").between(1000, 5000), Channel("search").fixed(3000)]
    )
    spend = Flight(CURVES, 5, weekly_most={"social": 2000}).solve(plan).spend
    assert spend["tv"].sum() == pytest.approx(5000, rel=1e-5)
    assert spend["search"].sum() == pytest.approx(3000, rel=1e-5)
    assert spend["social"].max() <= 2000 * (1 + 1e-6)


REFUSED = {
    "promise out of reach": (InfeasiblePlan, lambda: Flight(CURVES, 3).solve(
        Plan(minimize=Spend(), subject_to=[BUDGET, Customers(at_least=1e4)]))),
    "limits contradict": (InfeasiblePlan, lambda: Flight(CURVES, 3, weekly_most=10).solve(
        Plan(maximize=Customers(), subject_to=Budget(exactly=50_000)))),
    "nothing limits": (IllPosedPlan, lambda: Flight(CURVES, 3).solve(Plan(maximize=Customers()))),
    "no promise": (IllPosedPlan, lambda: Flight(CURVES, 3).solve(Plan(minimize=Spend(), subject_to=BUDGET))),
    "zero is cheapest": (IllPosedPlan, lambda: Flight(CURVES, 3).solve(
        Plan(minimize=BlendedCAC(organic=100), subject_to=BUDGET))),
    "unknown channel": (UnknownChannel, lambda: Flight(CURVES, 3, {"tvv": [1.0]})),
    "negative lag": (BadInput, lambda: Flight(CURVES, 3, {"tv": [1.0, -1.0]})),
    "season of other length": (BadInput, lambda: Flight(CURVES, 3, season=[1.0])),
    "entry price": (BadInput, lambda: Flight(CURVES, 3).solve(
        Plan(maximize=Customers(), subject_to=[BUDGET, Channel("tv").zero_or_at_least(100)]))),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(case):
    error, ask = REFUSED[case]
    with pytest.raises(error) as caught:
        ask()
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize("slope", [1.0, 2.5])
@pytest.mark.parametrize(
    "plan",
    [
        Plan(maximize=Customers()),
        Plan(minimize=BlendedCAC(fixed_cost=20_000)),
        Plan(maximize=Profit(300)),
    ],
    ids=["customers", "cac", "profit"],
)
def test_what_a_week_may_spend_limits_a_flight_of_plain_curves(plan, slope):
    curves = {"tv": Hill(90, 6000, slope), "search": Hill(50, 2000, slope)}
    limited = Flight(curves, 4, weekly_most=3000).solve(plan, time_limit=2.0)
    totals = [Channel(channel).at_most(12_000) for channel in curves]
    stated = Flight(ResponseCurves(curves), 4, weekly_most=3000).solve(plan.replaced(subject_to=totals), time_limit=2.0)
    assert (limited.spend.to_numpy() <= 3000 * (1 + 1e-9)).all()
    assert limited.value == pytest.approx(stated.value, rel=2 * max(limited.gap, stated.gap, 1e-6))
