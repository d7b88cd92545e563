"""Where a move turns around: plans solved anew with the channel's effect scaled change sides at the factor told."""

import numpy as np
import pytest
from plan_worlds import SHAPES, hill_world

from attribution.errors import BadInput
from mmm.curves import Exponential, Hill, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, Plan, Profit, Spend, tipping_points

ORGANIC, FIXED = 60_000.0, 9e6  # organic customers leave room to take away what a channel would bring more


def objective(seed, organic):
    return [
        Customers(organic=organic, fixed_cost=FIXED),
        BlendedCAC(organic=organic, fixed_cost=FIXED),
        Profit(160.0, organic=organic, fixed_cost=FIXED),
        Spend(organic=organic, fixed_cost=FIXED),
    ][seed % 4]


def question(seed, shape):
    rng = np.random.default_rng([seed, 8])
    curves = hill_world(seed, int(rng.integers(3, 6)), shape, 30)
    names = list(curves)
    now = dict(zip(names, rng.dirichlet(3 * np.ones(len(names))) * 8e5, strict=True))
    organic = ORGANIC
    reached = organic + float(np.mean(curves.customers(now)))
    limits = [Budget(at_most=8e5 * rng.uniform(0.9, 1.1)), Customers(at_least=organic + 0.9 * (reached - organic))]
    limits += [Channel(name).at_most(2 * amount + 1e4) for name, amount in now.items()]
    if rng.random() < 0.4:
        limits.append(Group("pair", names[:2]).at_least(0.7 * sum(now[name] for name in names[:2])))
    if rng.random() < 0.4:
        limits.append(Channel(names[-1]).zero_or_at_least(0.5 * now[names[-1]]))
    aim = objective(seed, organic)
    return (Plan(minimize=aim, subject_to=limits, now=now) if aim.wants == "minimize" else
            Plan(maximize=aim, subject_to=limits, now=now)), curves, organic  # fmt: skip


def with_organic(plan, organic):
    aim = type(plan.objective)(**{**vars(plan.objective), "organic": organic})
    return plan.replaced(objective=aim)


def move_at(plan, curves, organic, one, factor):
    """The channel's move in a plan solved anew, its effect about today so many times as large; 1 for the plan's own."""
    counted = float(curves[one.channel].mean(one.now))
    scaled = curves.with_curve(one.channel, curves[one.channel].scaled(effect=factor))
    found = with_organic(plan, organic + (1 - factor) * counted).solve(scaled, gap=1e-6)
    return (found.spend[one.channel] - one.now) / (one.planned - one.now)


def turns_around(plan, curves, organic, one):
    """Whether the move is there short of the factor and gone beyond it, as far as a solver's own slack lets one see."""
    near = 1.05 if one.is_raised else 1 / 1.05
    halfway, before, beyond = np.sqrt(one.factor), one.factor * near, one.factor / near
    return (
        move_at(plan, curves, organic, one, beyond) < 0.05
        and move_at(plan, curves, organic, one, before) > -0.01
        and (abs(np.log(one.factor)) < 0.1 or move_at(plan, curves, organic, one, halfway) > 0.02)
    )


@pytest.mark.parametrize("seed", [0, 1, 26, 3, 4, 17, 6, 19, 8, 9, 22, 35])  # each objective with each shape
def test_plans_solved_anew_change_sides_at_the_factor(seed):
    plan, curves, organic = question(seed, SHAPES[seed % 3])
    spend = plan.solve(curves, gap=1e-5).spend
    found = tipping_points(plan, curves, spend)
    moved = [c for c in curves if abs(spend[c] - plan.now[c]) > 5e-4 * max(spend[c], plan.now[c])]
    assert [one.channel for one in found] == moved
    for one in found:
        if not np.isnan(one.factor):
            told = np.clip(one.factor, 0.1, 3.5)  # beyond that the organic customers of these worlds do not reach
            assert told == one.factor or move_at(plan, curves, organic, one, told) > 0
            assert told != one.factor or turns_around(plan, curves, organic, one)


@pytest.mark.parametrize("seed", range(6))
def test_probabilities_are_shares_of_the_draws(seed):
    plan, curves, _ = question(seed, "concave")
    for one in tipping_points(plan, curves, plan.solve(curves).spend):
        if not np.isfinite(one.factor):
            continue
        brought = np.abs(curves[one.channel](one.planned) - curves[one.channel](one.now))
        ratio = brought / brought.mean()
        expected = np.mean(ratio < one.factor if one.is_raised else ratio > one.factor)
        assert one.probability == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_factors_do_not_depend_on_the_currency_or_the_order_of_channels(scale):
    plan, curves, organic = question(0, "concave")
    first = {one.channel: one.factor for one in tipping_points(plan, curves, plan.solve(curves).spend)}
    budget = 8e5 * scale
    now = {channel: amount * scale for channel, amount in reversed(plan.now.items())}
    turned = ResponseCurves({channel: curves[channel].scaled(cost=scale) for channel in reversed(list(curves))})
    base = Plan(maximize=Customers(organic=organic), subject_to=[Budget(at_most=8e5)], now=plan.now)
    other = Plan(maximize=Customers(organic=organic), subject_to=[Budget(at_most=budget)], now=now)
    one, two = (
        {point.channel: point.factor for point in tipping_points(p, c, p.solve(c, gap=1e-6).spend)}
        for p, c in ((base, curves), (other, turned))
    )
    assert first
    assert set(one) == set(two)
    for channel in one:
        assert one[channel] == pytest.approx(two[channel], rel=1e-3)


def test_without_limits_a_profit_turns_where_the_next_customer_costs_her_value():
    curves = {"tv": Power(10.0, 0.5), "search": Power(20.0, 0.5)}
    plan = Plan(maximize=Profit(40.0), now={"tv": 10_000.0, "search": 90_000.0})
    by_name = {one.channel: one for one in tipping_points(plan, curves, plan.solve(curves).spend)}
    # 40 f 10 / (2 sqrt(10,000)) = 1, and 40 f 20 / (2 sqrt(90,000)) = 1
    assert by_name["tv"].factor == pytest.approx(0.5, rel=1e-3)
    assert by_name["tv"].is_raised
    assert by_name["search"].factor == pytest.approx(0.75, rel=1e-3)


def test_a_move_that_limits_ask_for_has_no_tipping_point():
    curves = {"tv": Power(10.0, 0.5), "search": Power(20.0, 0.5)}
    now = {"tv": 10_000.0, "search": 10_000.0}
    plan = Plan(maximize=Customers(), subject_to=[Channel("tv").at_most(8_000.0), Budget(at_most=20_000)], now=now)
    tv, search = tipping_points(plan, curves, plan.solve(curves).spend)
    assert np.isnan(tv.factor)
    assert np.isnan(tv.probability)
    assert "whatever tv brings" in tv.sentence
    assert search.factor == 0.0  # the money of tv is free: any customer is worth it
    assert search.probability == 0.0


def test_only_the_largest_moves_where_so_many_are_asked_for():
    plan, curves, _ = question(0, "concave")
    spend = plan.solve(curves).spend
    every = tipping_points(plan, curves, spend)
    two = tipping_points(plan, curves, spend, largest=2)
    sizes = sorted((abs(one.planned - one.now) for one in every), reverse=True)
    assert [one for one in every if abs(one.planned - one.now) >= sizes[1]] == list(two)


def test_todays_spend_is_needed():
    with pytest.raises(BadInput, match="needs today's spend"):
        tipping_points(Plan(maximize=Customers()), {"tv": Power(10.0, 0.5)}, {"tv": 1.0})


def test_nothing_moved_nothing_told():
    curves = {"tv": Hill(900, 60_000), "search": Hill(500, 20_000)}
    now = {"tv": 60_000.0, "search": 20_000.0}
    plan = Plan(maximize=Customers(), subject_to=[Channel(c).fixed(a) for c, a in now.items()], now=now)
    assert tipping_points(plan, curves, plan.solve(curves).spend) == ()


@pytest.mark.parametrize("today", [1e6, 7.1e6, 7.3e6, 2e7])
def test_a_channel_that_is_used_up_is_cut_whatever_it_brings_within_reason_and_without_a_warning(today):
    curves = {"tv": Exponential(900.0, 10_000.0), "search": Exponential(500.0, 2_000_000.0)}
    now = {"tv": today, "search": 100_000.0}
    plan = Plan(
        maximize=Customers(),
        subject_to=[Budget(at_most=today + 100_000), Channel("tv").at_least(0.99 * today)],
        now=now,
    )
    first = tipping_points(plan, curves, {"tv": 0.99 * today, "search": 100_000 + 0.01 * today})[0]
    assert first.factor > 1e6 or np.isnan(first.factor)
