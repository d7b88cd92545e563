"""The stress library: every shock is its own what-if, costs are paired, and what cannot be kept has its best beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
import optimizer
from attribution.errors import BadInput
from optimizer import (
    Budget,
    Channel,
    ChannelOff,
    ConversionChange,
    CostInflation,
    Customers,
    DemandChange,
    Group,
    OrganicShift,
    Plan,
    Stress,
    compare,
    stress,
)
from optimizer.scenarios.stress import COMPETITOR

CHANNELS = ("tv", "search", "social")
DRAWS = 40


def curves_of(rng: np.random.Generator) -> mmm.ResponseCurves:
    noise = np.exp(rng.normal(0, 0.2, (3, DRAWS)))
    return mmm.ResponseCurves(
        {name: mmm.Hill(size * noise[place], 9e4) for place, (name, size) in enumerate(zip(CHANNELS, (3e3, 2.5e3, 2e3), strict=True))}
    )  # fmt: skip


def plan_of(organic: np.ndarray, *limits: object, at_least: float | None = None, budget: float = 4.5e5) -> Plan:
    caps = [Channel(name).at_most(1.5e5) for name in CHANNELS]
    promise = [] if at_least is None else [Customers(at_least=at_least)]
    objective = optimizer.BlendedCAC(fixed_cost=5e4, organic=organic)
    return Plan(minimize=objective, subject_to=[Budget(at_most=budget), *caps, *promise, *limits],
                now=dict.fromkeys(CHANNELS, 1e5))  # fmt: skip


@pytest.fixture
def organic() -> np.ndarray:
    return np.random.default_rng(1).normal(2000, 100, DRAWS)


@pytest.fixture
def curves() -> mmm.ResponseCurves:
    return curves_of(np.random.default_rng(0))


@pytest.mark.parametrize("by", [-0.3, -0.1, 0.2])
def test_conversion_scales_every_customer_and_demand_the_market(
    by: float, curves: mmm.ResponseCurves, organic: np.ndarray
) -> None:
    plan = plan_of(organic, at_least=2500.0)
    spend = dict.fromkeys(CHANNELS, 8e4)
    before = plan.evaluate(curves, spend)
    changed, bent = ConversionChange(by).applied(plan, curves)
    assert changed.evaluate(bent, spend).customers == pytest.approx((1 + by) * before.customers)
    smaller, less = DemandChange(by).applied(plan, curves)
    outcome = smaller.evaluate(less, {name: (1 + by) * amount for name, amount in spend.items()})
    assert outcome.customers == pytest.approx((1 + by) * before.customers)
    for name in CHANNELS:  # the first customer costs what it cost
        assert less[name].mean_marginal(0.0) == pytest.approx(curves[name].mean_marginal(0.0))
    for bad in (ConversionChange, DemandChange):
        with pytest.raises(BadInput):
            bad(-1.0)


def test_a_shift_of_organic_customers_is_drawn_with_them(curves: mmm.ResponseCurves, organic: np.ndarray) -> None:
    shift = -0.1 * organic
    changed, same = OrganicShift("shock", shift).applied(plan_of(organic, at_least=2500.0), curves)
    assert same is curves
    assert changed.organic == pytest.approx(0.9 * organic)
    assert changed.fixed_cost == 5e4


def test_every_shock_has_the_answer_that_it_has_when_asked_alone(
    curves: mmm.ResponseCurves, organic: np.ndarray
) -> None:
    plan = plan_of(organic, at_least=4200.0)
    shocks = Stress(competitor=OrganicShift("rival", -50.0))
    stressed = stress(plan, curves, shocks)
    frame = stressed.to_frame().set_index("scenario")
    assert len(frame) == 1 + 5 + 2 * len(CHANNELS)
    scenarios = [CostInflation(0.3), ConversionChange(-0.15), DemandChange(-0.1), OrganicShift("rival", -50.0),
                 ChannelOff("tv"), CostInflation({"tv": 0.3})]  # fmt: skip
    alone = compare(plan, curves, scenarios).frame
    for name in alone.index[1:]:
        own = frame.loc["tv cost +30%" if name.startswith("tv cost") else name]
        assert own["customers"] == pytest.approx(alone.loc[name, "customers"], rel=1e-6)
        assert own["blended_cac"] == pytest.approx(alone.loc[name, "blended_cac"], rel=1e-6)
        assert own["customers_change"] == pytest.approx(own["customers"] - frame.loc["plan", "customers"])
        assert own["blended_cac_change"] == pytest.approx(own["blended_cac"] - frame.loc["plan", "blended_cac"])
    assert frame.loc["plan", ["customers_change", "customers_change_low", "blended_cac_change_high"]].eq(0).all()
    assert list(frame.index[~frame["kept"]]) == ["budget -20%"]  # the plan spends the least that keeps its promise
    assert frame.loc["budget -20%", "spend"] <= 0.8 * frame.loc["plan", "spend"] * (1 + 1e-9)
    assert stressed.spend_frame().loc["search off", "search"] == 0


def test_costs_are_of_paired_draws(curves: mmm.ResponseCurves, organic: np.ndarray) -> None:
    stressed = stress(plan_of(organic, at_least=2500.0), curves)
    (answer,) = [one for one in stressed.answers if one.name == "conversion -15%"]
    assert answer.outcome is not None
    change = answer.customers_change(stressed.plan)
    draws = answer.outcome.customers - stressed.plan.customers
    assert (change.low, change.high) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])))
    assert change.high - change.low < np.ptp(np.quantile(answer.outcome.customers, [0.05, 0.95])) * 2


def test_a_promise_that_breaks_is_named_with_the_best_that_can_be_had(
    curves: mmm.ResponseCurves, organic: np.ndarray
) -> None:
    most = Plan(maximize=Customers(organic=organic), subject_to=plan_of(organic).subject_to).solve(curves).customers
    stressed = stress(plan_of(organic, at_least=0.98 * most), curves)
    answers = {one.name: one for one in stressed.answers}
    broken = answers["conversion -15%"]
    assert not broken.kept
    assert "customers at least" in broken.problem
    assert broken.outcome is not None
    assert broken.outcome.expected_customers == pytest.approx(0.85 * most, rel=2e-3)
    assert answers[COMPETITOR].outcome is None
    assert "no control stands for competitors" in answers[COMPETITOR].problem


def test_the_shock_itself_is_no_limit_that_may_give_way(curves: mmm.ResponseCurves, organic: np.ndarray) -> None:
    most = Plan(maximize=Customers(organic=organic), subject_to=plan_of(organic).subject_to).solve(curves).customers
    plan = plan_of(organic, at_least=0.98 * most)
    ways = {one.name: one.problem.partition("give way: ")[2] for one in stress(plan, curves).answers}
    for name, shock in (
        ("budget -20%", "budget at most"),
        ("tv off", "tv exactly 0"),
        ("search off", "search exactly"),
    ):
        assert "customers at least" in ways[name]
        assert shock not in ways[name]
    asked = compare(plan, curves, [ChannelOff("tv")]).frame.loc["tv off", "problem"]
    assert "'tv exactly 0'" in asked
    assert "tv exactly 0" not in asked.partition("give way: ")[2]


def test_a_floor_of_a_group_is_put_aside_and_named_where_its_channel_fails(
    curves: mmm.ResponseCurves, organic: np.ndarray
) -> None:
    floor = Group("screens", ["tv", "social"]).at_least(1.6e5)
    own = Channel("tv").at_least(2e4)
    stressed = stress(plan_of(organic, floor, own, at_least=2500.0), curves)
    answers = {one.name: one for one in stressed.answers}
    assert answers["tv off"].outcome is not None
    assert answers["tv off"].outcome.spend["tv"] == 0
    assert "limits of screens" in answers["tv off"].problem
    assert answers["search off"].kept


def test_a_plan_without_a_budget_can_be_stressed(curves: mmm.ResponseCurves, organic: np.ndarray) -> None:
    plan = plan_of(organic, at_least=3000.0)
    free = plan.without(Budget)
    stressed = stress(free, curves)
    assert all(one.outcome is not None for one in stressed.answers if one.name != COMPETITOR)


def test_channels_of_several_markets_fail_together(curves: mmm.ResponseCurves, organic: np.ndarray) -> None:
    together = Group("both in all markets", ["tv", "search"]).at_least(5e4)
    groups = {"both": ["tv", "search"], "social": ["social"]}
    stressed = stress(
        plan_of(organic, together, Channel("social").at_least(1e4), at_least=2100.0), curves, groups=groups
    )
    answers = {one.name: one for one in stressed.answers}
    assert answers["both off"].kept
    spend = answers["both off"].outcome.spend
    assert spend[["tv", "search"]].eq(0).all()
    assert len(answers) == 5 + 2 * 2


def test_a_library_stays_readable(organic: np.ndarray) -> None:
    spend = pd.Series({f"channel {number}": 1000.0 + number for number in range(40)})
    names = [one.name for one in Stress().scenarios(plan_of(organic), spend)]
    assert len(names) == len(set(names)) == 28
    assert "channel 39 off" in names
    assert "channel 3 off" not in names
    assert len(Stress(channels=0).scenarios(plan_of(organic), spend)) == 4
