"""Laws of optimal plans."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_worlds import SHAPES, hill_world

from mmm.curves import ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, MaxCAC, Plan, Profit, Spend

laws = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
few = settings(laws, max_examples=6)
seeds = st.integers(0, 10_000)
shapes = st.sampled_from(SHAPES)


def money(curves, factor):
    return ResponseCurves({channel: curve.scaled(cost=factor) for channel, curve in curves.items()})


def questions(curves, currency=1.0):
    """One plan of each kind, all amounts in a currency."""
    names = list(curves)
    limits = [
        Budget(at_most=1e6 * currency),
        Channel(names[0]).between(5e4 * currency, 3e5 * currency),
        Group("some", names[1:3]).at_most(2.5e5 * currency),
    ]
    business = {"organic": 800.0, "fixed_cost": 2e5 * currency}
    return [
        Plan(maximize=Customers(**business), subject_to=limits),
        Plan(minimize=BlendedCAC(**business), subject_to=limits),
        Plan(minimize=Spend(**business), subject_to=[*limits, Customers(at_least=3000)]),
        Plan(maximize=Customers(**business), subject_to=[*limits, MaxCAC(90 * currency)]),
        Plan(maximize=Profit(120 * currency, **business), subject_to=limits),
    ]


@few
@given(seeds, shapes, st.floats(-4, 4))
def test_the_currency_does_not_matter(seed, shape, power):
    curves, factor = hill_world(seed, 5, shape), 10.0**power
    for ours, theirs in zip(questions(curves), questions(curves, factor), strict=True):
        here, there = ours.solve(curves, gap=1e-6), theirs.solve(money(curves, factor), gap=1e-6)
        assert there.customers == pytest.approx(here.customers, rel=1e-5)
        assert there.blended_cac == pytest.approx(here.blended_cac * factor, rel=1e-5)
        assert there.gap <= 1e-6
    names = list(curves)
    concave = Plan(maximize=Customers(), subject_to=Budget(at_most=1e6)).solve(curves, gap=1e-6)
    other = Plan(maximize=Customers(), subject_to=Budget(at_most=1e6 * factor)).solve(money(curves, factor), gap=1e-6)
    if shape == "concave":
        assert (other.spend[names] / factor).to_numpy() == pytest.approx(concave.spend[names].to_numpy(), rel=1e-4)


@few
@given(seeds, shapes, st.sampled_from([-4, 3, 9]))
def test_the_unit_of_customers_does_not_matter(seed, shape, power):
    """A KPI may be counted in thousands or, as with revenue and clicks, in billions."""
    curves, factor = hill_world(seed, 5, shape), 10.0**power
    scaled = ResponseCurves({channel: curve.scaled(effect=factor) for channel, curve in curves.items()})
    limits = [Budget(at_most=1e6), Group("some", list(curves)[1:3]).at_most(2.5e5)]
    here = Plan(minimize=BlendedCAC(2e5, 800.0), subject_to=limits).solve(curves, gap=1e-6)
    there = Plan(minimize=BlendedCAC(2e5, 800.0 * factor), subject_to=limits).solve(scaled, gap=1e-6)
    assert there.gap <= 1e-6
    assert there.blended_cac * factor == pytest.approx(here.blended_cac, rel=1e-5)
    most = Plan(maximize=Customers(), subject_to=limits)
    assert most.solve(scaled, gap=1e-6).customers == pytest.approx(
        most.solve(curves, gap=1e-6).customers * factor, rel=1e-5
    )


@laws
@given(seeds, shapes, st.randoms(use_true_random=False))
def test_the_order_of_channels_does_not_matter(seed, shape, random):
    curves = hill_world(seed, 6, shape)
    names = list(curves)
    random.shuffle(names)
    shuffled = ResponseCurves({name: curves[name] for name in names})
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=8e5), Group("g", list(curves)[:3]).at_most(3e5)])
    here, there = plan.solve(curves, gap=1e-6), plan.solve(shuffled, gap=1e-6)
    assert there.customers == pytest.approx(here.customers, rel=1e-6)


@laws
@given(seeds, shapes, st.integers(2, 4))
def test_repeating_every_draw_changes_nothing(seed, shape, times):
    curves = hill_world(seed, 4, shape, draws=7)
    repeated = curves.take(np.tile(np.arange(7), times))
    plan = Plan(minimize=BlendedCAC(fixed_cost=1e5, organic=10), subject_to=Budget(at_most=8e5))
    here, there = plan.solve(curves, gap=1e-6), plan.solve(repeated, gap=1e-6)
    assert there.value == pytest.approx(here.value, rel=1e-6)


@pytest.mark.parametrize("kind", ["customers", "spend", "profit", "blended CAC"])
@settings(laws, max_examples=2)
@given(seeds)
def test_prices_are_derivatives(kind, seed):
    curves = hill_world(seed, 6, "concave")
    names = list(curves)

    def solved(budget, group, most, promise):
        limits = [Channel(names[0]).at_most(most), Group("g", names[1:4]).at_most(group)]
        if kind == "spend":
            plan = Plan(minimize=Spend(organic=100), subject_to=[*limits, Customers(at_least=promise)])
        elif kind == "blended CAC":
            plan = Plan(
                minimize=BlendedCAC(fixed_cost=1e5, organic=100), subject_to=[*limits, Customers(at_least=promise)]
            )
        else:
            goal = Customers(organic=100) if kind == "customers" else Profit(500, organic=100)
            plan = Plan(maximize=goal, subject_to=[*limits, Budget(at_most=budget)])
        return plan.solve(curves, gap=1e-9)

    reference = Plan(maximize=Customers(organic=100), subject_to=Budget(at_most=6e5)).solve(curves)
    base = [6e5, 0.6 * reference.spend[names[1:4]].sum(), 0.5 * reference.spend[names[0]], 0.8 * reference.customers]
    found = solved(*base)
    for place, word in enumerate(("budget", "g at most", f"{names[0]} at most", "customers")):
        prices = [price for name, price in found.shadow_prices.items() if name.startswith(word)]
        step = 1e-3 * base[place]
        up, down = list(base), list(base)
        up[place] += step
        down[place] -= step
        slope = (solved(*up).value - solved(*down).value) / (2 * step)
        assert sum(prices) == pytest.approx(slope, rel=2e-2, abs=1e-6 * abs(found.value) / base[place])


@laws
@given(seeds)
def test_the_frontier_of_concave_curves_is_concave(seed):
    curves = hill_world(seed, 5, "concave")
    plan = Plan(maximize=Customers(organic=50), subject_to=Channel("channel 0").at_most(2e5))
    frame = plan.frontier(curves, np.linspace(1e5, 1e6, 7), gap=1e-8)
    gains = np.diff(frame["customers"])
    assert (gains >= 0).all()
    assert (np.diff(gains) <= 1e-6 * frame["customers"].iloc[-1]).all()
    assert (frame["bound"] >= frame["customers"]).all()


@laws
@given(seeds, shapes)
def test_relaxing_a_limit_never_hurts(seed, shape):
    curves = hill_world(seed, 5, shape)
    names = list(curves)
    tight = [Budget(at_most=5e5), Channel(names[0]).at_most(5e4), Group("g", names[1:3]).at_most(1e5)]
    looser = [
        [Budget(at_most=6e5), *tight[1:]],
        [tight[0], Channel(names[0]).at_most(9e4), tight[2]],
        tight[:2],
    ]
    before = Plan(maximize=Customers(), subject_to=tight).solve(curves)
    for limits in looser:
        after = Plan(maximize=Customers(), subject_to=limits).solve(curves)
        assert after.bound >= before.value * (1 - 1e-12)
        assert after.value >= before.value * (1 - 1e-3)


@laws
@given(seeds, shapes)
def test_the_last_customer_costs_the_same_everywhere(seed, shape):
    curves = hill_world(seed, 6, shape)
    found = Plan(minimize=BlendedCAC(fixed_cost=3e5, organic=200), subject_to=Budget(at_most=1e6)).solve(curves)
    inner = found.marginal_cac[found.spend > 1]
    assert np.ptp(inner) <= 1e-4 * inner.mean()
    if found.total_spend < 1e6 * (1 - 1e-6):  # unconstrained: the last customer costs what the average one does
        assert inner.mean() == pytest.approx(found.blended_cac, rel=1e-3)


@laws
@given(seeds)
def test_marginal_cac_is_at_least_average_cac_on_concave_curves(seed):
    curves = hill_world(seed, 5, "concave")
    found = Plan(maximize=Customers(), subject_to=Budget(at_most=7e5)).solve(curves)
    assert (found.marginal_cac >= found.spend / found.paid_customers * (1 - 1e-9)).all()


@laws
@given(seeds, shapes)
def test_all_objectives_lie_on_one_frontier(seed, shape):
    curves = hill_world(seed, 5, shape)
    most = Plan(maximize=Customers(organic=100), subject_to=Budget(at_most=6e5)).solve(curves, gap=1e-5)
    back = Plan(minimize=Spend(organic=100), subject_to=Customers(at_least=most.customers)).solve(curves, gap=1e-5)
    assert back.total_spend <= most.total_spend * (1 + 1e-4)
    assert back.bound <= most.total_spend * (1 + 1e-9)
