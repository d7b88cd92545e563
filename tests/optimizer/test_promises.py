"""No plan leaves the house that breaks a promise as it was stated, and none is refused that could be kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plan_worlds import hill_world

import optimizer.plan
from attribution.errors import BadInput, BrokenPromise, InfeasiblePlan
from mmm.curves import Hill, MichaelisMenten, Mixture, Power, ResponseCurves, Tabulated
from optimizer import (
    BlendedCAC,
    Budget,
    Change,
    Channel,
    ChannelOff,
    Conic,
    Customers,
    Flight,
    Group,
    MaxCAC,
    NewChannel,
    Pacing,
    Pessimistic,
    Plan,
    Profit,
    Spend,
    compare,
)
from optimizer.solvers.branch import Outcome
from optimizer.solvers.engines import Hulls

TWO = ResponseCurves({"a": Hill(900, 60_000, 1), "b": Hill(500, 20_000, 1)})
NOW = {"a": 50_000.0, "b": 10_000.0}
AB = Group("ab", ["a", "b"])

# a limit, spend that keeps it but for a hair, and what moves it across
KINDS = {
    "budget at most": (Budget(at_most=90_000), (60_000, 30_000)),
    "budget at least": (Budget(at_least=90_000), (60_000, 30_000)),
    "budget exactly": (Budget(exactly=90_000), (60_000, 30_000)),
    "channel at most": (Channel("a").at_most(60_000), (60_000, 30_000)),
    "channel at least": (Channel("a").at_least(60_000), (60_000, 30_000)),
    "channel fixed": (Channel("a").fixed(60_000), (60_000, 30_000)),
    "channel against now": (Channel("a").relative(0.9, 1.2), (60_000, 30_000)),
    "group at most": (AB.at_most(90_000), (60_000, 30_000)),
    "share at least": (Channel("a").share(at_least=2 / 3), (60_000, 30_000)),
    "share at most": (Channel("b").share(at_most=1 / 3), (60_000, 30_000)),
    "entry": (Channel("a").zero_or_at_least(60_000), (60_000, 30_000)),
    "change of each": (Change(at_most=0.2), (60_000, 10_000)),
    "change in all": (Change(total=30_000), (60_000, 30_000)),
    "blended CAC": (MaxCAC(90_000 / 750), (60_000, 30_000)),
    "CAC of a group": (AB.cac_at_most(90_000 / 750), (60_000, 30_000)),
    "marginal CAC": (Channel("a").marginal_cac_at_most(120_000**2 / 54e6), (60_000, 30_000)),
    "customers": (Customers(at_least=750), (60_000, 30_000)),
}


def misses(limit, spend):
    plan = Plan(maximize=Customers(), subject_to=limit, now=NOW)
    return plan.missed(TWO, dict(zip(TWO, spend, strict=True)))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_promise_is_held_to_a_billionth_of_its_figure(kind):
    limit, spend = KINDS[kind]
    assert not misses(limit, spend)
    inside, outside = [], []
    for place in range(2):
        for sign in (1, -1):
            moved = np.array(spend, dtype=float)
            moved[place] *= 1 + sign * 1e-10
            inside.append(misses(limit, moved))
            moved[place] *= 1 + sign * 1e-6
            outside.append(misses(limit, moved))
    assert not any(inside)
    assert any(outside)
    broken = next(found for found in outside if found)
    assert broken[0].by > 0


class Sloppy(Hulls):
    """An engine that hands out what it likes."""

    factor = np.array([1 + 1e-6, 1.0])

    def run(self, program, flat, gap, time_limit):
        found = super().run(program, flat, gap, time_limit)
        spend = found.spend * self.factor
        return Outcome(spend, program.goal.score(spend, flat.mean(spend)), found.bound, 1, True)


def test_a_plan_that_breaks_a_promise_is_an_error_and_no_plan():
    limits = [Budget(at_most=90_000)]
    with pytest.raises(BrokenPromise, match=r"budget at most 90,000 \(by 0\.0"):
        Plan(maximize=Customers(), subject_to=limits).solve(TWO, engine=Sloppy())
    closed = Sloppy()
    closed.factor = np.array([0.5, 1.0])
    entry = [*limits, Channel("a").zero_or_at_least(50_000)]
    with pytest.raises(BrokenPromise, match="a zero or at least 50,000"):
        Plan(maximize=Customers(), subject_to=entry).solve(TWO, engine=closed)
    assert BrokenPromise(["x"]).exit_code == 5


def test_figures_that_are_not_those_of_the_spend_are_an_error(monkeypatch):
    told = optimizer.plan.Plan.described

    def flattered(self, *arguments):
        found = told(self, *arguments)
        return replace(found, value=found.value * (1 + 1e-6))

    monkeypatch.setattr(optimizer.plan.Plan, "described", flattered)
    for goal in (Customers(organic=5), Profit(300, organic=5), Spend(), BlendedCAC(1e4, 5)):
        asked = {goal.wants: goal}
        with pytest.raises(BrokenPromise, match=r"stated .* truly"):
            Plan(**asked, subject_to=[Budget(exactly=90_000)]).solve(TWO)


def test_anybodys_spend_is_told_what_it_breaks_and_by_how_much():
    limits = [Budget(at_most=90_000), MaxCAC(125), Channel("b").share(at_most=0.2), Customers(at_least=720)]
    plan = Plan(maximize=Customers(), subject_to=limits)
    won = 900 * 7 / 13 + 500 * 3 / 5
    assert plan.certify(TWO, {"a": 70_000, "b": 30_000}).broken == pytest.approx(
        {"budget at most 90,000": 10_000, "blended CAC at most 125": 1e5 / won - 125, "b share at most 20.0%": 0.1}
    )
    assert plan.certify(TWO, {"a": 20_000}).broken == pytest.approx({"customers at least 720": 720 - 225})
    assert not plan.certify(TWO, plan.solve(TWO).spend).broken


def flights():
    curves = ResponseCurves({"tv": Hill(90, 6000, 1), "web": MichaelisMenten(60, 2000)})
    lags, past = {"tv": [0.5, 0.3, 0.2]}, {"tv": [4000.0, 9000.0]}
    limits = [Budget(at_most=60_000), Pacing(0.2), Channel("tv").share(at_least=0.6)]
    return Flight(curves, 8, lags, np.linspace(0.7, 1.4, 8), past, 7000.0), limits


def test_schedules_are_held_to_weekly_limits_pace_and_totals():
    flight, limits = flights()
    plan = Plan(maximize=Customers(organic=10), subject_to=limits)
    found = flight.solve(plan)
    assert not flight.missed(plan, found.spend)
    for cell, by in (((3, "tv"), 1.001), ((3, "web"), 0.5), ((0, "tv"), -1.0)):
        spend = found.spend.copy()
        spend.loc[spend.index[cell[0]], cell[1]] *= by
        assert flight.missed(plan, spend), cell
    names = {miss.limit.subject.name for miss in flight.missed(plan, found.spend * 1.5)}
    assert names == {"budget", "tv per week"} | ({"web per week"} if found.spend["web"].max() > 7000 / 1.5 else set())


@pytest.mark.parametrize("goal", [Spend(organic=10), BlendedCAC(5e4, 10), Profit(900, 10)])
def test_promised_schedules_keep_their_promise_to_a_billionth(goal):
    flight, limits = flights()
    most = flight.solve(Plan(maximize=Customers(organic=10), subject_to=limits)).customers
    plan = Plan(**{goal.wants: goal}, subject_to=[*limits, Customers(at_least=0.9 * most)])
    found = flight.solve(plan)
    assert found.customers >= 0.9 * most * (1 - 1e-9)
    assert not flight.missed(plan, found.spend)


def test_flights_without_a_budget_take_their_limit_from_the_weeks_and_curves_from_a_mapping():
    flight = Flight({"tv": Hill(90, 6000, 1)}, 8, weekly_most=5000)
    assert flight.solve(Plan(maximize=Customers())).total_spend == pytest.approx(40_000)
    promise = flight.solve(Plan(minimize=Spend(), subject_to=Customers(at_least=200)))
    assert promise.customers == pytest.approx(200, rel=1e-3)
    own = Flight({"tv": Hill(90, 6000, 1)}, 8, weekly_most={"tv": 5000})
    best = own.solve(Plan(maximize=Profit(200))).spend["tv"].to_numpy()
    assert 90 * 6000 / (6000 + best) ** 2 * 200 == pytest.approx(np.ones(8), rel=1e-2)


def test_what_ifs_and_worst_cases_pass_the_same_check(monkeypatch):
    curves = hill_world(3, 4, "mixed", draws=40)
    names = list(curves)
    limits = [Budget(at_most=8e5), Channel(names[0]).zero_or_at_least(3e5), Group("g", names[1:3]).share(at_most=0.4)]
    plan = Plan(maximize=Customers(), subject_to=limits, now=dict.fromkeys(names, 2e5))
    table = compare(plan, curves, [ChannelOff(names[1]), NewChannel("new", like=names[0], at_most=1e5)])
    for spend in (table.spend.iloc[0], Pessimistic(plan).solve(curves).spend):
        assert not plan.missed(curves, spend.reindex(names))
    seen = []
    monkeypatch.setattr(optimizer.plan, "refuse_broken", seen.append)
    compare(plan, curves, [ChannelOff(names[1]), NewChannel("new", like=names[0], at_most=1e5)])
    assert seen == [(), (), ()]


def test_the_other_engine_is_held_to_the_same():
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=90_000), MaxCAC(115), AB.at_least(1000)])
    assert not plan.missed(TWO, plan.solve(TWO, engine=Conic()).spend)


# a group's cap, a tightening row and a promise, each with a price of entry beyond what they leave
@pytest.mark.parametrize(
    "limits",
    [
        [AB.at_most(150_000), Channel("a").zero_or_at_least(200_000)],
        [Budget(at_most=150_000), Channel("b").at_least(1000), Channel("a").zero_or_at_least(149_500)],
        [Budget(at_most=150_000), Channel("a").marginal_cac_at_most(1000), Channel("a").zero_or_at_least(150_001)],
        [Budget(exactly=150_000), Channel("a").zero_or_at_least(160_000), Channel("b").zero_or_at_least(140_000)],
    ],
)
def test_a_price_of_entry_survives_whatever_tightens_bounds(limits):
    found = Plan(maximize=Customers(), subject_to=limits).solve(TWO)
    assert found.spend["a"] == 0
    assert found.spend["b"] <= 150_000 * (1 + 1e-9)


def test_a_channel_without_a_ceiling_keeps_its_price_of_entry():
    # no budget: the ceiling comes from the promise, and must not cut into the price of entry
    limits = [Customers(at_least=450), Channel("a").zero_or_at_least(2e6)]
    found = Plan(minimize=Spend(), subject_to=limits).solve(TWO)
    assert found.spend["a"] == 0
    assert float(TWO["b"](found.spend["b"])) == pytest.approx(450)


def least_spend(promise):
    split = np.linspace(0, 1, 20_001)
    low, high = 0.0, 1e7
    for _ in range(100):
        total = (low + high) / 2
        won = (TWO["a"](total * split) + TWO["b"](total * (1 - split))).max()
        low, high = (total, high) if won < promise else (low, total)
    return high


@pytest.mark.parametrize("budget", [22_000, 10_000, 100])
def test_what_a_promise_would_cost_does_not_depend_on_the_budget_that_forbids_it(budget):
    plan = Plan(minimize=Spend(), subject_to=[Budget(at_most=budget), Customers(at_least=500)])
    with pytest.raises(InfeasiblePlan, match="budget at most") as caught:
        plan.solve(TWO)
    said = float(str(caught.value).split("allow at least ")[1].split(" there")[0].replace(",", ""))
    assert said == pytest.approx(least_spend(500), rel=2e-4)


def test_other_limits_that_forbid_a_promise_are_put_aside_whole():
    # the group's cap tightens both of its channels: without it the promise costs what it costs
    plan = Plan(minimize=Spend(), subject_to=[AB.at_most(10_000), Customers(at_least=500)])
    with pytest.raises(InfeasiblePlan, match="ab at most 10,000") as caught:
        plan.solve(TWO)
    said = float(str(caught.value).split("allow at least ")[1].split(" there")[0].replace(",", ""))
    assert said == pytest.approx(least_spend(500), rel=2e-4)
    # a share that tightens nothing, and a budget that closes a price of entry
    entry = [Budget(at_most=50_000), Channel("a").zero_or_at_least(120_000), Customers(at_least=480)]
    with pytest.raises(InfeasiblePlan, match="budget at most 50,000") as caught:
        Plan(minimize=Spend(), subject_to=entry).solve(TWO)
    said = float(str(caught.value).split("allow at least ")[1].split(" there")[0].replace(",", ""))
    assert said == pytest.approx(120_000, rel=2e-4)  # a alone brings 600


TWICE = Mixture([Hill(300, 3000, 1), Hill(2000, 120_000, 8)], [1.0, 1.0])


@pytest.mark.parametrize("budget", [3_000, 60_000, 100_000, 400_000])
@pytest.mark.parametrize("cost", [1e-3, 1.0, 1e9])
def test_caps_on_marginal_cac_hold_where_the_slope_falls_and_rises_again(budget, cost):
    for curve in (TWICE, Tabulated([0, 1e4, 5e4, 9e4, 2e5], [0, 200, 250, 900, 950])):
        curves = {"m": curve.scaled(cost=cost)}
        limits = [Budget(at_most=budget * cost), Channel("m").marginal_cac_at_most(100 * cost)]
        found = Plan(maximize=Customers(), subject_to=limits).solve(curves)
        grid = np.linspace(1, budget, 50_001)
        steep = np.maximum(curve.mean_marginal(grid), curve.mean_marginal(grid * (1 - 1e-9))) >= 1 / 100
        best = float(curve(grid[steep]).max(initial=0.0))
        assert found.customers == pytest.approx(best, rel=1e-3)
        spend = found.spend["m"] / cost
        assert curve.mean_marginal(spend * np.array([1 - 1e-9, 1, 1 + 1e-9])).max() >= (1 - 1e-9) / 100


@pytest.mark.parametrize("cost", [1e-2, 1.0, 1e7, 1e12])
def test_curves_without_a_ceiling_are_capped_in_any_currency(cost):
    curves = {"p": Power(3.0, 0.5).scaled(cost=cost)}
    limits = [Budget(at_most=1e6 * cost), Channel("p").marginal_cac_at_most(100 * cost)]
    found = Plan(maximize=Customers(), subject_to=limits).solve(curves)
    assert found.spend["p"] / cost == pytest.approx(22_500)  # 1.5 / sqrt(x) = 1 / 100
    promise = Plan(minimize=Spend(), subject_to=Customers(at_least=3e4)).solve(curves)
    assert promise.total_spend / cost == pytest.approx(1e8, rel=1e-3)
    group = Plan(maximize=Customers(fixed_cost=10 * cost), subject_to=Group("p", ["p"]).cac_at_most(200 * cost))
    assert group.solve(curves).total_spend / cost == pytest.approx(600.0**2, rel=2e-3)  # sqrt(x) / 3 = 200


def test_a_plateau_inside_a_gap_makes_no_plan_infeasible():
    stairs = Tabulated([0, 1, 2, 3, 4], [0, 10, 10, 20, 20])
    limits = [Budget(exactly=6.5), Channel("a").marginal_cac_at_most(0.2), Channel("b").zero_or_at_least(3.5, 4.0)]
    found = Plan(minimize=BlendedCAC(1.0), subject_to=limits).solve(
        {"a": stairs, "b": Hill(5, 1), "c": Power(0.0, 0.5)}
    )
    assert found.total_spend == pytest.approx(6.5)
    assert not 1.0 + 1e-9 < found.spend["a"] < 2.0 - 1e-9


def test_money_that_must_be_spent_on_dead_curves_is_spent():
    dead = {"a": Tabulated([0, 1, 2], [0, 0, 0])}
    assert Plan(minimize=Spend(), subject_to=Budget(at_least=1e9)).solve(dead).total_spend == pytest.approx(1e9)


def test_the_least_cac_without_business_is_not_nothing_for_nothing():
    curves = {"a": Hill(8, 0.05, 5), "b": MichaelisMenten(0.4, 0.2)}
    limits = [Budget(at_most=0.2), Channel("a").zero_or_at_least(0.08), AB.cac_at_most(0.3)]
    found = Plan(minimize=BlendedCAC(), subject_to=limits).solve(curves)
    grid = np.linspace(0.08, 0.2, 10_001)
    assert found.blended_cac == pytest.approx(float((grid / curves["a"](grid)).min()), rel=1e-3)


@pytest.mark.parametrize("limit", [Change(at_most=0.3), Change(at_most=2.0), Channel("b").relative(0.8, 1.5)])
def test_a_share_of_no_spend_is_refused_and_not_nothing_unasked(limit):
    now = {"a": 50_000.0, "b": 0.0}
    with pytest.raises(BadInput, match="no current spend"):
        Plan(maximize=Customers(), subject_to=[Budget(at_most=1e5), limit], now=now).solve(TWO)


def test_a_channel_without_spend_is_planned_within_a_limit_of_its_own():
    now = {"a": 50_000.0, "b": 0.0}
    base = [Budget(at_most=1e5), Change(at_most=0.3)]
    new = Plan(maximize=Customers(), subject_to=[*base, Channel("b").at_most(20_000)], now=now)
    assert new.solve(TWO).spend.to_dict() == pytest.approx({"a": 65_000, "b": 20_000})
    out = Plan(maximize=Customers(), subject_to=[*base, Channel("b").zero()], now=now)
    assert out.solve(TWO).spend["b"] == 0
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=1e5), Change(at_most=0.3)], now=NOW)
    table = compare(plan, TWO, [NewChannel("c", like="b"), NewChannel("d", like="b", at_most=5_000)])
    assert "no current spend" in table.frame["problem"].iloc[1]
    assert table.spend["d"].iloc[-1] == pytest.approx(5_000)


def test_a_schedule_of_a_table_of_weeks_is_read_by_its_labels():
    weeks = pd.Index(pd.date_range("2026-01-05", periods=4, freq="7D"), name="week")
    flight = Flight(TWO, weeks, weekly_most=1000.0)
    found = flight.solve(Plan(maximize=Customers()))
    assert found.spend.to_numpy() == pytest.approx(np.full((4, 2), 1000.0))


@pytest.mark.parametrize("slope", [1.0002, 1.002, 1.02])
@pytest.mark.parametrize("cost", [1e-2, 1.0, 1e8])
def test_a_cap_on_marginal_cac_of_a_curve_that_is_steep_from_its_first_unit(slope, cost):
    for curve in (Hill(900, 6_000, slope), Mixture([Hill(900, 6_000, slope), Hill(500, 90_000, 1)], [1.0, 1.0])):
        curves = {"a": curve.scaled(cost=cost)}
        limits = [Budget(at_most=9_000 * cost), Channel("a").marginal_cac_at_most(9.0 * cost)]
        found = Plan(maximize=Customers(), subject_to=limits).solve(curves)
        grid = np.geomspace(1e-6, 9_000, 20_001)
        best = float(curve(grid[curve.mean_marginal(grid) >= 1 / 9.0]).max(initial=0.0))
        assert found.customers == pytest.approx(best, rel=2e-3)
