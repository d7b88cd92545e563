"""What-ifs change what they say and nothing else."""

import numpy as np
import pytest
from plan_worlds import hill_world

from attribution.errors import BadInput, UnknownChannel
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, MaxCAC, Plan, Profit
from optimizer.scenarios import (
    BudgetChange,
    BudgetOf,
    ChannelOff,
    CostInflation,
    FixedCost,
    LowerValue,
    NewChannel,
    Promise,
    PromiseChange,
    Together,
    compare,
    scenario_frontiers,
)

CURVES = hill_world(11, 5, "mixed", draws=40)
PLAN = Plan(
    maximize=Customers(organic=500, fixed_cost=1e5),
    subject_to=[Budget(at_most=8e5), Channel("channel 1").at_least(5e4)],
    now=dict.fromkeys(CURVES, 1e5),
)


def test_budget_change_scales_the_budget_only():
    plan, curves = BudgetChange(0.25).applied(PLAN, CURVES)
    assert plan.subject_to == (Budget(at_most=1e6), PLAN.subject_to[1])
    assert curves is CURVES


def test_channel_off_overrides_its_own_floor():
    plan, curves = ChannelOff("channel 1").applied(PLAN, CURVES)
    assert plan.solve(curves).spend["channel 1"] == 0


def test_dearer_media_is_a_stretched_curve():
    _, curves = CostInflation({"channel 2": 0.5}).applied(PLAN, CURVES)
    np.testing.assert_allclose(curves["channel 2"](1.5e5), CURVES["channel 2"](1e5))
    assert curves["channel 0"] is CURVES["channel 0"]
    _, everywhere = CostInflation(1.0).applied(PLAN, CURVES)
    doubled = Plan(maximize=Customers(), subject_to=Budget(at_most=16e5)).solve(everywhere, gap=1e-6)
    same = Plan(maximize=Customers(), subject_to=Budget(at_most=8e5)).solve(CURVES, gap=1e-6)
    assert doubled.customers == pytest.approx(same.customers, rel=1e-5)


def test_a_new_channel_borrows_the_expected_curve_and_adds_doubt():
    plan, curves = NewChannel("podcast", like="channel 0", size=0.5, at_most=2e4).applied(PLAN, CURVES)
    spend = np.array([1e4, 1e5])
    ratio = curves["podcast"](0.5 * spend) / (0.5 * CURVES["channel 0"](spend))
    assert ratio.mean() == pytest.approx(1)
    assert ratio.std() > 0.1
    assert plan.solve(curves).spend["podcast"] <= 2e4 * (1 + 1e-9)
    assert plan.now is not None
    assert plan.now["podcast"] == 0


def test_lower_value_reaches_profit_and_ceilings():
    profit, _ = LowerValue(0.2).applied(Plan(maximize=Profit(100, organic=3)), CURVES)
    assert profit.objective.value_per_customer == pytest.approx(80)
    capped, _ = LowerValue(0.2).applied(Plan(maximize=Customers(), subject_to=MaxCAC(50)), CURVES)
    assert capped.subject_to == (MaxCAC(40),)
    one, two = Channel("channel 1"), Group("pair", ["channel 1", "channel 2"])
    ceilings = [cap for part in (one, two) for cap in (part.cac_at_most(50), part.marginal_cac_at_most(50))]
    lower = [cap for part in (one, two) for cap in (part.cac_at_most(40), part.marginal_cac_at_most(40))]
    capped, _ = LowerValue(0.2).applied(Plan(maximize=Customers(), subject_to=ceilings), CURVES)
    assert capped.subject_to == tuple(lower)
    with pytest.raises(BadInput, match="value"):
        LowerValue(0.2).applied(PLAN, CURVES)


def test_comparison_tells_what_changes_and_what_cannot_be():
    scenarios = [BudgetChange(0.2), BudgetChange(-0.2), ChannelOff("channel 0"), Promise(1e7),
                 Together(BudgetChange(0.2), CostInflation(0.2))]  # fmt: skip
    result = compare(PLAN, CURVES, scenarios)
    frame = result.frame
    assert frame.index[0] == "as planned"
    assert frame.loc["as planned", "customers_change"] == 0
    assert frame.loc["budget +20%", "customers_change"] > 0 > frame.loc["budget -20%", "customers_change"]
    assert frame.loc["channel 0 off", "customers_change"] <= 0
    assert "at most" in frame.loc["promise of 10,000,000", "problem"]
    assert "promise of 10,000,000" not in result.allocations
    both = "budget +20% and media cost +20%"
    assert frame.loc[both, "customers"] == pytest.approx(frame.loc["as planned", "customers"], rel=5e-3)
    assert result.spend.sum(axis=1).to_numpy() == pytest.approx(frame["spend"].dropna().to_numpy())
    assert (frame["customers_low"].dropna() < frame["customers_high"].dropna()).all()


def test_a_name_used_twice_is_refused_and_a_name_of_its_own_helps():
    with pytest.raises(BadInput, match=r"more than one is called 'budget \+20%'"):
        compare(PLAN, CURVES, [BudgetChange(0.2), BudgetChange(0.2)])
    with pytest.raises(BadInput, match="'as planned' is the plan as it is"):
        compare(PLAN, CURVES, [Together(BudgetChange(0.2), called="as planned")])
    found = compare(PLAN, CURVES, [BudgetChange(0.2), Together(BudgetChange(0.2), called="again")])
    assert found.frame.loc["again", "customers"] == found.frame.loc["budget +20%", "customers"]


def test_a_question_that_cannot_be_asked_is_a_row_and_a_faulty_plan_an_error():
    found = compare(PLAN, CURVES, [LowerValue(0.2), ChannelOff("no such"), BudgetChange(0.2)])
    assert "customer's value" in found.frame.loc["customer value -20%", "problem"]
    assert "unknown channel 'no such'" in found.frame.loc["no such off", "problem"]
    assert found.frame.loc["budget +20%", "problem"] == ""
    with pytest.raises(BadInput, match="unknown channel"):
        compare(PLAN.replaced(subject_to=[Channel("no such").at_most(1)]), CURVES, [BudgetChange(0.2)])


def test_business_changes_reach_objective_and_promise():
    assert FixedCost(7e4).applied(PLAN, CURVES)[0].fixed_cost == 7e4
    today = PLAN.evaluate(CURVES, PLAN.now).expected_customers
    assert PromiseChange(0.02).applied(PLAN, CURVES)[0].subject_to[-1] == Customers(at_least=1.02 * today)
    budgets: list[list[Budget]] = [[], [Budget(2e5, at_least=1e5)], [Budget(exactly=5)]]
    moved = [BudgetOf(3e5).applied(PLAN.replaced(subject_to=part), CURVES)[0].subject_to[0] for part in budgets]
    assert moved == [Budget(3e5), Budget(3e5, at_least=1e5), Budget(exactly=3e5)]
    with pytest.raises(BadInput, match="today's spend"):
        PromiseChange(0.1).applied(Plan(maximize=Customers(), subject_to=Budget(1e5)), CURVES)


def test_frontiers_by_scenario():
    frame = scenario_frontiers(PLAN, CURVES, [CostInflation(0.3)], [4e5, 8e5])
    wide = frame.pivot_table(index="budget", columns="scenario", values="customers")
    assert (wide["as planned"] > wide["media cost +30%"]).all()


@pytest.mark.parametrize("scenario", [ChannelOff("chanel 1"), CostInflation({"chanel 1": 0.1}),
                                      NewChannel("new", like="chanel 1")])  # fmt: skip
def test_unknown_channels_offer_the_nearest(scenario):
    with pytest.raises(UnknownChannel, match="Did you mean 'channel 1'"):
        scenario.applied(PLAN, CURVES)


def test_impossible_changes_are_refused():
    with pytest.raises(BadInput):
        BudgetChange(-1.0)
    with pytest.raises(BadInput):
        CostInflation(-1.5)
    with pytest.raises(BadInput, match="already"):
        NewChannel("channel 0", like="channel 1").applied(PLAN, CURVES)
    with pytest.raises(BadInput, match="no budget"):
        BudgetChange(0.1).applied(Plan(minimize=BlendedCAC(fixed_cost=1e5)), CURVES)
