"""Plans against known answers and against the dynamic-programming oracle."""

import numpy as np
import pytest
from plan_worlds import family_world, hill_world, instance, oracle

import optimizer
from mmm.curves import Hill, MichaelisMenten, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, MaxCAC, Plan, Profit, Spend, Status

SQUARE_ROOTS = ResponseCurves({"a": Power(3.0, 0.5), "b": Power(4.0, 0.5)})


def test_square_roots_have_a_closed_form():
    # max 3 sqrt(x) + 4 sqrt(y), x + y = B: spend in the ratio 9 : 16, customers 5 sqrt(B), price 5 / (2 sqrt(B))
    found = Plan(maximize=Customers(), subject_to=Budget(at_most=10_000)).solve(SQUARE_ROOTS)
    assert found.spend.to_dict() == pytest.approx({"a": 3600, "b": 6400}, rel=1e-6)
    assert found.customers == pytest.approx(500)
    assert found.bound >= 500 * (1 - 1e-12)
    assert found.shadow_prices["budget at most 10,000"] == pytest.approx(5 / 200)
    assert found.marginal_cac.to_numpy() == pytest.approx([40, 40])


def test_least_blended_cac_has_a_closed_form():
    # (F + S) / (5 sqrt(S)) is least at S = F
    found = Plan(minimize=BlendedCAC(fixed_cost=900)).solve(SQUARE_ROOTS)
    assert found.total_spend == pytest.approx(900, rel=1e-4)
    assert found.blended_cac == pytest.approx(1800 / 150, rel=1e-9)
    assert found.bound == pytest.approx(12, rel=1e-3)
    assert found.bound <= 12 * (1 + 1e-12)


def test_least_spend_and_most_profit_have_closed_forms():
    promised = Plan(minimize=Spend(), subject_to=Customers(at_least=500)).solve(SQUARE_ROOTS)
    assert promised.total_spend == pytest.approx(10_000)
    profit = Plan(maximize=Profit(value_per_customer=20)).solve(SQUARE_ROOTS)  # 100 sqrt(S) - S at S = 2500
    assert profit.value == pytest.approx(2500)
    assert profit.total_spend == pytest.approx(2500, rel=1e-5)
    by_channel = Plan(maximize=Profit(value_per_customer={"a": 40, "b": 20})).solve(SQUARE_ROOTS)
    assert by_channel.spend.to_dict() == pytest.approx({"a": 60**2, "b": 40**2}, rel=1e-5)


def test_most_customers_under_a_cac_ceiling():
    # S = C 5 sqrt(S) at S = (5 C)^2
    found = Plan(maximize=Customers(), subject_to=MaxCAC(30)).solve(SQUARE_ROOTS)
    assert found.total_spend == pytest.approx(150**2, rel=1e-6)
    assert found.blended_cac == pytest.approx(30)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_the_oracle_never_beats_the_bound(seed):
    world = instance(seed)
    truth, found = oracle(world, steps=600), world.plan().solve(world.curves)
    assert found.gap <= 1e-3
    assert found.bound >= (truth.reached[-1] + world.organic) * (1 - 1e-12)
    assert found.value <= (truth.at_most[-1] + world.organic) * (1 + 1e-12)
    assert found.total_spend <= world.budget * (1 + 1e-9)
    for members, cap in world.groups:
        assert found.spend[list(members)].sum() <= cap * (1 + 1e-9)
    used = found.spend[(world.entry > 0) & (found.spend > 0).to_numpy()]
    assert (used >= world.entry[[list(world.curves).index(c) for c in used.index]] * (1 - 1e-9)).all()


@pytest.mark.parametrize("seed", range(1, 60, 6))
def test_the_oracle_never_beats_the_other_objectives(seed):
    world = instance(seed)
    truth = oracle(world, steps=600)
    limits = [Budget(at_most=world.budget), *world.limits()]
    cac = (world.fixed_cost + truth.spend) / (world.organic + truth.reached)
    found = Plan(minimize=BlendedCAC(world.fixed_cost, world.organic), subject_to=limits).solve(world.curves)
    assert found.gap <= 1e-3
    assert found.bound <= cac.min() * (1 + 1e-12)
    promise = world.organic + 0.7 * truth.reached[-1]
    enough = truth.spend[np.argmax(world.organic + truth.reached >= promise)]
    cheap = Plan(minimize=Spend(organic=world.organic), subject_to=[Customers(at_least=promise), *limits])
    found = cheap.solve(world.curves)
    assert found.bound <= enough * (1 + 1e-12)
    assert found.customers >= promise * (1 - 1e-9)
    assert found.gap <= 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_every_family_with_and_without_draws(seed):
    curves = family_world(seed)
    found = Plan(maximize=Customers(), subject_to=Budget(at_most=1e6)).solve(curves, gap=1e-9)
    inner = found.marginal_cac[found.spend > 0]
    assert np.ptp(inner) <= 1e-3 * inner.mean()
    assert found.gap <= 1e-9


def test_plans_without_any_limit_on_spend_are_finite():
    curves = hill_world(4, 6, "mixed")
    free = Plan(minimize=BlendedCAC(fixed_cost=2e5, organic=500)).solve(curves)
    wide = [Channel(channel).at_most(1e7) for channel in curves]
    capped = Plan(minimize=BlendedCAC(fixed_cost=2e5, organic=500), subject_to=wide).solve(curves)
    assert free.blended_cac == pytest.approx(capped.blended_cac, rel=2e-3)
    assert free.bound == pytest.approx(capped.bound, rel=2e-3)


def test_shares_fixed_amounts_and_changes_hold():
    curves = hill_world(7, 6, "concave")
    names = list(curves)
    now = dict.fromkeys(names, 1e5)
    plan = Plan(
        maximize=Customers(),
        subject_to=[
            Budget(exactly=6e5),
            Group("pair", names[:2]).share(at_least=0.4, at_most=0.5),
            Channel(names[2]).fixed(30_000),
            Channel(names[3]).relative(0.9, 1.1),
            Channel(names[4]).zero(),
            optimizer.Change(total=4e5),
        ],
        now=now,
    )
    found = plan.solve(curves)
    assert found.total_spend == pytest.approx(6e5)
    assert 0.4 - 1e-9 <= found.spend[names[:2]].sum() / 6e5 <= 0.5 + 1e-9
    assert found.spend[names[2]] == pytest.approx(30_000)
    assert 0.9e5 * (1 - 1e-9) <= found.spend[names[3]] <= 1.1e5 * (1 + 1e-9)
    assert found.spend[names[4]] == 0
    assert (found.spend - 1e5).abs().sum() <= 4e5 * (1 + 1e-6)
    assert found.gap <= 1e-3


def test_change_per_channel_stays_near_now():
    curves = hill_world(8, 5, "mixed")
    now = {channel: 1e5 * (i + 1) for i, channel in enumerate(curves)}
    found = Plan(maximize=Customers(), subject_to=optimizer.Change(at_most=0.2), now=now).solve(curves)
    share = found.spend / [now[channel] for channel in found.spend.index]
    assert share.between(0.8 - 1e-9, 1.2 + 1e-9).all()


def test_caps_on_a_groups_cac_hold_on_average_and_at_the_margin():
    curves = hill_world(9, 6, "mixed")
    names = list(curves)
    budget = Budget(at_most=1e6)
    free = Plan(maximize=Customers(), subject_to=budget).solve(curves)
    group = Group("half", names[:3])
    cost = free.spend[names[:3]].sum() / free.paid_customers[names[:3]].sum()
    average = Plan(maximize=Customers(), subject_to=[budget, group.cac_at_most(0.8 * cost)]).solve(curves)
    assert average.spend[names[:3]].sum() / average.paid_customers[names[:3]].sum() <= 0.8 * cost * (1 + 1e-8)
    assert average.customers < free.customers
    limit = 0.5 * float(free.marginal_cac[names[:3]].min())
    margin = Plan(maximize=Customers(), subject_to=[budget, group.marginal_cac_at_most(limit)]).solve(curves)
    used = margin.spend[names[:3]] > 0
    assert (margin.marginal_cac[names[:3]][used] <= limit * (1 + 1e-6)).all()


def test_certify_bounds_anybodys_allocation():
    world = instance(3)
    plan = world.plan()
    rng = np.random.default_rng(0)
    best = plan.solve(world.curves)
    for _ in range(5):
        spend = world.upper * rng.random(len(world.upper)) * 0.3
        spend *= min(1, world.budget / spend.sum())
        proof = plan.certify(world.curves, dict(zip(world.curves, spend, strict=True)))
        assert proof.is_allowed
        assert proof.value <= best.bound * (1 + 1e-12)
        assert proof.gap == pytest.approx((proof.bound - proof.value) / proof.value)
    broken = plan.certify(world.curves, dict.fromkeys(world.curves, world.budget))
    assert any("budget" in name for name in broken.broken)
    assert broken.broken[next(iter(broken.broken))] > 0


def test_a_local_search_would_be_trapped_but_the_plan_is_not():
    # two identical S-shapes and money for one: the even split is a stationary point and far from best
    curve = Hill(1000, 100_000, 6)
    curves = ResponseCurves({"a": curve, "b": curve})
    found = Plan(maximize=Customers(), subject_to=Budget(at_most=120_000)).solve(curves)
    assert found.spend.max() == pytest.approx(120_000)
    assert found.customers == pytest.approx(float(curve(120_000)))
    assert found.customers > 1.5 * 2 * float(curve(60_000))


def test_mean_over_draws_is_what_counts():
    curves = hill_world(2, 5, "mixed", draws=50)
    found = Plan(maximize=Customers(organic=10), subject_to=Budget(at_most=8e5)).solve(curves)
    assert found.customers == pytest.approx(10 + curves.customers(found.spend).mean(), rel=1e-12)


def test_frame_and_explanation_speak_of_the_plan():
    curves = ResponseCurves({"tv": MichaelisMenten(900, 60_000), "late": Hill(30, 500_000, 3)})
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=50_000)], now={"tv": 40_000.0, "late": 10_000.0})
    found = plan.solve(curves)
    frame = found.to_frame()
    assert frame["change"].to_dict() == pytest.approx({"tv": 10_000, "late": -10_000})
    text = " ".join(found.explain())
    assert "raising it by 1,000 adds" in text
    assert "late gets nothing" in text
    assert "Certified" in found.status.value
    assert "<table" in found._repr_html_()


def test_where_nothing_pays_the_plan_is_nothing_and_its_distance_a_figure():
    curves = {"a": Hill(0.01, 1e5, 1), "b": Hill(0.02, 1e5, 3)}
    found = Plan(maximize=Profit(10.0), subject_to=[Group("ab", list(curves)).cac_at_most(1e5)]).solve(curves)
    assert found.total_spend == 0
    assert found.gap <= 1
    assert found.status is not Status.STOPPED  # the search came to its end
    assert len(repr(found)) < 200


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1.0])
def test_the_headline_keeps_the_digits_of_small_money(unit):
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=32_500 * unit))
    curves = {"a": Hill(900, 60_000 * unit, 1)}
    spend = plan.solve(curves).explain()[0].split(" ")[1]
    assert float(spend.replace(",", "")) == pytest.approx(32_500 * unit, rel=1e-2)


@pytest.mark.parametrize("digits", [2, 6, 12])
def test_a_plan_written_down_and_read_again_is_not_better_than_the_best(digits):
    curves = {"a": Hill(900, 60_000, 1), "b": Hill(500, 20_000, 1)}
    plan = Plan(maximize=Customers(organic=10), subject_to=[Budget(at_most=100_000)])
    best = plan.solve(curves, gap=1e-9)
    written = {channel: float(np.floor(spend * 10**digits) / 10**digits) for channel, spend in best.spend.items()}
    told = plan.against(best, curves, written)
    assert told.is_allowed
    assert told.gap >= 0
    assert "from the best; keeps every promise" in str(told)
    over = plan.against(best, curves, {"a": 80_000, "b": 40_000})
    assert over.gap < 0
    assert "better than the best allowed; breaks budget at most 100,000" in str(over)
