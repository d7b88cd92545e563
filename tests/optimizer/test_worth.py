"""What a plan is worth against today: recomputed from raw draws, for every aim, in worlds of many kinds."""

import numpy as np
import pandas as pd
import pytest
from plan_worlds import SHAPES, hill_world

from attribution.errors import BadInput
from mmm.curves import Hill, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, MaxCAC, Objective, Plan, Profit, Spend, worth
from optimizer.question.goal import Goal
from optimizer.question.limits import Side

VALUE, FIXED, DRAWS = 150.0, 2e5, 40


class Reach(Objective):
    """Customers less a two-hundredth of the spend."""

    wants, unit = "maximize", "of reach"
    organic = 900.0

    def goal(self, setting):
        return Goal.linear(setting, per_customer=1.0, per_spend=0.005, constant=setting.organic)


def by_values(channels):
    """A value for each channel, 100, 101 and so on."""
    return {channel: 100.0 + place for place, channel in enumerate(channels)}


AIMS = {
    "cac": lambda organic, names: BlendedCAC(organic=organic, fixed_cost=FIXED),
    "customers": lambda organic, names: Customers(organic=organic, fixed_cost=FIXED),
    "spend": lambda organic, names: Spend(organic=organic, fixed_cost=FIXED),
    "profit": lambda organic, names: Profit(VALUE, organic=organic, fixed_cost=FIXED),
    "values": lambda organic, names: Profit(
        by_values(names), organic=organic, fixed_cost=FIXED, value_per_organic=90.0
    ),
    "own": lambda organic, names: Reach(),
}


def world(seed, aim):
    rng = np.random.default_rng([seed, 5])
    curves = hill_world(seed, int(rng.integers(2, 7)), SHAPES[seed % 3], DRAWS)
    now = dict(zip(curves, rng.dirichlet(np.ones(len(curves))) * 8e5, strict=True))
    organic = rng.normal(4000, 300, DRAWS)
    if aim == "own":
        organic = np.full(DRAWS, 900.0)
    objective = AIMS[aim](organic, list(curves))
    plan = Plan(minimize=objective, now=now) if objective.wants == "minimize" else Plan(maximize=objective, now=now)
    spend = dict(zip(curves, rng.dirichlet(np.ones(len(curves))) * rng.uniform(4e5, 1.2e6), strict=True))
    return plan, curves, organic, spend


def drawn(curves, organic, spend, aim):
    """The aim's figure by draw, from nothing but the curves."""
    paid = {channel: np.broadcast_to(curve(spend[channel]), (DRAWS,)) for channel, curve in curves.items()}
    total, customers = sum(spend.values()), organic + sum(paid.values())
    if aim == "values":
        value = 90.0 * organic + sum(by_values(curves)[channel] * won for channel, won in paid.items())
        return value - FIXED - total
    return {
        "cac": (FIXED + total) / customers,
        "customers": customers,
        "spend": np.full(DRAWS, total),
        "profit": VALUE * customers - FIXED - total,
        "own": customers - 0.005 * total,
    }[aim]


@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("seed", range(6))
def test_differences_are_those_of_the_same_draws(seed, aim):
    plan, curves, organic, spend = world(seed, aim)
    found = worth(plan, curves, spend).aim
    today, planned = (drawn(curves, organic, at, aim) for at in (plan.now, spend))
    change = planned - today
    np.testing.assert_allclose([found.change.low, found.change.high], np.quantile(change, [0.05, 0.95]), rtol=1e-9)
    better = change < 0 if plan.objective.wants == "minimize" else change > 0
    assert found.probability_better == np.mean(better)
    if aim != "cac":
        np.testing.assert_allclose(
            [found.before.point, found.after.point, found.change.point],
            [today.mean(), planned.mean(), change.mean()],
            rtol=1e-9,
        )
    else:
        ratios = [
            (FIXED + sum(at.values())) / drawn(curves, organic, at, "customers").mean() for at in (plan.now, spend)
        ]
        np.testing.assert_allclose([found.before.point, found.after.point], ratios)
        assert found.change.point == found.after.point - found.before.point


@pytest.mark.parametrize("aim", AIMS)
def test_today_against_itself_is_nothing_exactly_and_no_chance_is_given(aim):
    plan, curves, _, _ = world(3, aim)
    found = worth(plan, curves, plan.now, value_per_customer=VALUE)
    for figure in (found.aim, *found.figures):
        assert (figure.change.point, figure.change.low, figure.change.high) == (0, 0, 0)
        assert np.isnan(figure.probability_better)
    assert found.naive == ()
    assert not found.today_misses


@pytest.mark.parametrize("aim", AIMS)
def test_every_aim_is_among_its_figures_once(aim):
    plan, curves, _, spend = world(1, aim)
    found = worth(plan, curves, spend, value_per_customer=VALUE)
    names = [figure.name for figure in found.figures]
    assert len(set(names)) == len(names)
    assert {"customers", "spend", "blended CAC", "profit"} <= set(names)
    assert found.aim == next(figure for figure in found.figures if figure.name == found.aim.name)
    frame = found.to_frame()
    assert list(frame.loc[frame["against"] == "today", "figure"]) == names


@pytest.mark.parametrize("seed", range(6))
def test_todays_mix_at_the_plans_spend_is_today_scaled(seed):
    plan, curves, organic, spend = world(seed, "cac")
    (mix,) = worth(plan, curves, spend).naive
    factor = sum(spend.values()) / sum(plan.now.values())
    scaled = {channel: amount * factor for channel, amount in plan.now.items()}
    np.testing.assert_allclose(mix.spend, list(scaled.values()))
    theirs, ours, today = (drawn(curves, organic, at, "cac") for at in (scaled, spend, plan.now))
    assert mix.rival.probability_better == np.mean(ours < theirs)
    np.testing.assert_allclose(mix.rival.change.high, np.quantile(ours - theirs, 0.95))
    assert mix.against_today.probability_better == np.mean(theirs < today)
    by_name = {figure.name: figure for figure in mix.figures}
    assert by_name["spend"].change.point == pytest.approx(0, abs=1e-6)
    assert np.isnan(by_name["spend"].probability_better)
    # at one spend fewer customers are a higher CAC, draw by draw
    assert by_name["customers"].probability_better == by_name["blended CAC"].probability_better


def test_where_cutting_everything_lowers_the_cac_the_flat_cut_says_so():
    rng = np.random.default_rng(0)
    curves = ResponseCurves(
        {"tv": Hill(rng.lognormal(7, 0.2, 400), 6e4), "radio": Hill(rng.lognormal(6, 0.2, 400), 3e4)}
    )
    now = {"tv": 2e5, "radio": 1e5}
    plan = Plan(minimize=BlendedCAC(organic=3000.0), subject_to=[Budget(exactly=2.7e5)], now=now)
    found = worth(plan, curves, {"tv": 1.7e5, "radio": 1e5})
    assert found.aim.probability_better > 0.99
    assert found.naive[0].against_today.probability_better > 0.99
    assert found.naive[0].rival.probability_better < 0.99


def test_credit_makes_a_plan_of_the_same_spend_and_unseen_channels_keep_their_share():
    curves = {"tv": Power(10, 0.5), "search": Power(12, 0.5), "radio": Power(4, 0.5)}
    plan = Plan(maximize=Customers(), now={"tv": 500.0, "search": 300.0, "radio": 200.0})
    spend = {"tv": 800.0, "search": 600.0, "radio": 600.0}
    credit = {"tv": 10.0, "search": 30.0, "direct": 500.0}
    mix, last = worth(plan, curves, spend, credit={"last touch": credit}).naive
    assert dict(mix.spend) == {"tv": 1000.0, "search": 600.0, "radio": 400.0}
    assert dict(last.spend) == pytest.approx({"tv": 400.0, "search": 1200.0, "radio": 400.0})
    assert last.name == "last touch"


@pytest.mark.parametrize("credit", [{"tv": -1.0}, {"tv": np.nan}, {"tv": 0.0}, {"direct": 5.0}, {}])
def test_credit_that_says_nothing_is_refused(credit):
    plan = Plan(maximize=Customers(), now={"tv": 500.0, "search": 300.0})
    curves = {"tv": Power(10, 0.5), "search": Power(12, 0.5)}
    with pytest.raises(BadInput, match="credit 'last touch'"):
        worth(plan, curves, {"tv": 100.0}, credit={"last touch": credit})


def test_without_todays_spend_there_is_nothing_to_hold_against():
    with pytest.raises(BadInput, match="against today's spend"):
        worth(Plan(maximize=Customers()), {"tv": Power(10, 0.5)}, {"tv": 100.0})


@pytest.mark.parametrize("seed", range(8))
def test_promises_are_kept_as_often_as_in_the_raw_draws(seed):
    rng = np.random.default_rng([seed, 6])
    plan, curves, organic, spend = world(seed, "customers")
    names = list(curves)
    reached = drawn(curves, organic, spend, "customers")
    promise, cap = float(np.quantile(reached, rng.uniform(0.1, 0.9))), float(rng.uniform(60, 200))
    marginal = float(rng.uniform(80, 400))
    limits = [
        Customers(at_least=promise),
        MaxCAC(cap),
        Group("some", names[:2]).cac_at_most(cap),
        Channel(names[-1]).marginal_cac_at_most(marginal),
        Budget(at_most=1e9),
    ]
    found = worth(plan.replaced(subject_to=limits), curves, spend, value_per_customer=VALUE).promises
    assert len(found) == 5  # not the budget: it is certain
    for side, at in (("plan", spend), ("today", plan.now)):
        customers = drawn(curves, organic, at, "customers")
        cac = (FIXED + sum(at.values())) / customers
        group = sum(at[name] for name in names[:2]) / sum(curves[name](at[name]) for name in names[:2])
        slope = curves[names[-1]].marginal(at[names[-1]])
        expected = [customers >= promise, cac <= cap, group <= cap, 1 / slope <= marginal, VALUE / cac >= 3]
        assert [getattr(one, side) for one in found] == [np.mean(kept) for kept in expected]


def test_a_promise_that_today_breaks_is_told():
    rng = np.random.default_rng(1)
    curves = ResponseCurves(
        {"tv": Hill(rng.lognormal(7, 0.2, 100), 6e4), "radio": Hill(rng.lognormal(7, 0.2, 100), 3e4)}
    )
    now = {"tv": 4e5, "radio": 1e5}
    loose, plan = (
        Plan(maximize=Customers(organic=2000.0), subject_to=[MaxCAC(cap), Budget(at_most=6e5)], now=now)
        for cap in (1e6, 100.0)
    )
    assert not worth(loose, curves, now).today_misses
    found = worth(plan, curves, plan.solve(curves).spend)
    assert [miss.limit.subject.name for miss in found.today_misses] == ["blended CAC"]
    assert found.today_misses[0].limit.side is Side.AT_MOST
    assert found.promises[0].today < 0.1 < 0.3 < found.promises[0].plan < 0.7
    assert not found.promises[0].today_expected
    assert found.aim.probability_better < 0.5  # fewer customers: the cap asks for that


def test_a_budget_that_today_breaks_is_told_too():
    curves = {"tv": Power(10, 0.5), "search": Power(12, 0.5)}
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=700)], now={"tv": 500.0, "search": 300.0})
    found = worth(plan, curves, plan.solve(curves).spend)
    assert [str(miss.limit) for miss in found.today_misses] == ["budget at most 700"]
    assert found.promises == ()


def test_draws_in_which_nobody_comes_are_costs_without_end():
    curves = ResponseCurves({"tv": Hill(np.full(20, 50.0), 100)})
    organic = np.linspace(-60, 130, 20)
    plan = Plan(minimize=BlendedCAC(organic=organic), now={"tv": 50.0})
    found = worth(plan, curves, {"tv": 100.0}).aim
    assert found.before.high == np.inf
    assert not np.isnan([found.change.low, found.change.high, found.probability_better]).any()


def test_plain_numbers_give_plain_differences():
    curves = {"tv": Power(10, 0.5), "search": Power(12, 0.5)}
    plan = Plan(maximize=Profit(40.0, organic=50.0), now={"tv": 400.0, "search": 400.0})
    found = worth(plan, curves, {"tv": 900.0, "search": 100.0})
    assert found.aim.change.point == found.aim.change.low == found.aim.change.high
    assert found.aim.change.point == pytest.approx(40 * (300 + 120 - 200 - 240) - 200)
    assert found.aim.probability_better == 0.0
    assert isinstance(found.to_frame(), pd.DataFrame)
