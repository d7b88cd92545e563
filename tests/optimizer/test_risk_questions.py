"""The worst cases with fees, caps on the CAC of channels and values by channel, against grids of all spends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attribution.errors import BadInput, InfeasiblePlan
from mmm.curves import Hill, Mixture, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Fee, Group, MaxCAC, Pessimistic, Plan, Profit
from optimizer.uncertainty.tail import tail_mean
from optimizer.uncertainty.worst_cac import in_worst_draws

TAIL, MOST, STEPS = 0.25, 120_000.0, 61
NAMES = ("tv", "search")
GRID = np.stack(np.meshgrid(*[np.linspace(0, MOST, STEPS)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)


def world(seed: int, draws: int = 20) -> tuple[ResponseCurves, np.ndarray]:
    rng = np.random.default_rng([seed, 11])
    tops = {"tv": 900 * np.exp(rng.normal(0, 0.5, draws)), "search": 700 * np.exp(rng.normal(0, 0.15, draws))}
    halves = {"tv": 60_000 * rng.uniform(0.7, 1.4), "search": 30_000 * rng.uniform(0.7, 1.4)}
    curves = ResponseCurves({name: Hill(tops[name], halves[name], 1.0) for name in NAMES})
    return curves, rng.normal(500, 40, draws)


def lowest(draws: np.ndarray) -> np.ndarray:
    """Mean of the worst quarter along the last axis, by sorting."""
    share = round(TAIL * draws.shape[-1])
    return np.sort(draws, axis=-1)[..., :share].mean(axis=-1)


def paid(curves: ResponseCurves) -> np.ndarray:
    """Customers by grid point, channel and draw."""
    return np.stack([curves[name](GRID[:, place]) for place, name in enumerate(NAMES)], axis=1)


def held(plan: Plan, curves: ResponseCurves, scores: np.ndarray) -> None:
    """The plan is certified, what it says is so, and no grid point does better than its bound."""
    found = Pessimistic(plan, TAIL).solve(curves)
    sign = 1.0 if plan.objective.wants == "maximize" else -1.0
    best = scores.max()
    assert found.gap <= 1e-3 * (1 + 1e-6)
    assert sign * found.value >= best - 1e-3 * abs(best)
    assert sign * found.bound >= best - 1e-9 * abs(best)
    assert Pessimistic(plan, TAIL).against(found, curves, found.spend).value == pytest.approx(found.value, rel=1e-9)


def due(fees: tuple[Fee, ...]) -> np.ndarray:
    return np.array([sum(fee.due(dict(zip(NAMES, spend, strict=True))) for fee in fees) for spend in GRID.tolist()])


@pytest.mark.parametrize(("kind", "seed"), [("customers under a cap", 0), ("profit", 1), ("blended CAC", 0)])
def test_fees_in_the_worst_cases_are_those_of_every_step(kind: str, seed: int) -> None:
    curves, organic = world(seed)
    fees = (Fee("agency", NAMES, [(0, 5_000), (90_000, 25_000)]), Fee("tool", "tv", [(20_000, 8_000)]))
    worst = lowest(organic + paid(curves).sum(axis=1))
    outlay = GRID.sum(axis=1) + due(fees)
    caps = [Channel(name).at_most(MOST) for name in NAMES]
    if kind == "profit":
        plan = Plan(maximize=Profit(200.0, organic=organic), subject_to=caps, fees=fees)
        held(plan, curves, 200 * worst - outlay)
    elif kind == "blended CAC":
        aim = BlendedCAC(organic=organic, fixed_cost=3e4)
        promise = Customers(at_least=850, organic=organic)
        plan = Plan(minimize=aim, subject_to=[*caps, promise], fees=fees)
        held(plan, curves, np.where(worst >= 850, -(3e4 + outlay) / worst, -np.inf))
    else:
        plan = Plan(maximize=Customers(organic=organic), subject_to=[*caps, MaxCAC(85.0)], fees=fees)
        held(plan, curves, np.where(outlay / worst <= 85.0, worst, -np.inf))


@pytest.mark.parametrize("seed", range(2))
def test_the_worst_cases_of_values_by_channel_are_those_of_the_profit(seed: int) -> None:
    curves, organic = world(seed)
    values = {"tv": 260.0, "search": 120.0}
    aim = Profit(values, organic=organic, value_per_organic=90.0, fixed_cost=2e4)
    profit = 260 * paid(curves)[:, 0] + 120 * paid(curves)[:, 1] + 90 * organic - GRID.sum(axis=1)[:, None] - 2e4
    plan = Plan(maximize=aim, subject_to=[Channel(name).at_most(MOST) for name in NAMES])
    held(plan, curves, lowest(profit))
    fee = (Fee("agency", NAMES, [(0, 3_000), (100_000, 15_000)]),)
    with_fee = Plan(maximize=aim, subject_to=plan.subject_to, fees=fee)
    held(with_fee, curves, lowest(profit) - due(fee))


@pytest.mark.parametrize("seed", range(2))
def test_a_cap_on_a_channel_s_cac_holds_in_its_own_worst_draws(seed: int) -> None:
    curves, organic = world(seed)
    each = paid(curves)
    cap = float(np.quantile(GRID[1:, 0] / np.maximum(lowest(each[1:, 0]), 1e-9), 0.4))
    total = lowest(organic + each.sum(axis=1))
    inside = (GRID.sum(axis=1) <= 150_000) & (GRID[:, 0] <= cap * lowest(each[:, 0]))
    limits = [Budget(at_most=150_000), Channel("tv").cac_at_most(cap), Channel("search").at_most(MOST)]
    plan = Plan(maximize=Customers(organic=organic), subject_to=limits)
    held(plan, curves, np.where(inside, total, -np.inf))
    question = Pessimistic(plan, TAIL)
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(GRID), 8):
        spend = dict(zip(NAMES, GRID[place].tolist(), strict=True))
        broken = any("CAC" in str(miss.limit) for miss in question.missed(curves, spend))
        assert broken == (GRID[place, 0] > cap * lowest(each[place, 0]))
    # a price is what a higher cap does
    found = question.solve(curves, gap=1e-6)
    price = found.price_of(next(iter(Plan(maximize=Customers(), subject_to=limits[1]).program(curves).rows)).limit)
    raised = Plan(
        maximize=Customers(organic=organic), subject_to=[limits[0], Channel("tv").cac_at_most(cap * 1.01), limits[2]]
    )
    change = Pessimistic(raised, TAIL).solve(curves, gap=1e-6).value - found.value
    assert change / (0.01 * cap) == pytest.approx(price, rel=0.15, abs=1e-4 * found.value / cap)


def s_shaped(seed: int) -> Hill:
    rng = np.random.default_rng(seed)
    return Hill(900 * np.exp(rng.normal(0, 0.3, 20)), 60_000, 1.5 + rng.random(20))


@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize("make", [s_shaped, lambda seed: Mixture([s_shaped(seed), Hill(60, 500, 1)], [1.0, 1.0])])
def test_the_stretches_are_where_the_cap_holds(make: Callable[[int], Hill], seed: int) -> None:
    curve = make(seed)
    spends = np.geomspace(1, 1e7, 500)
    cost = spends / lowest(np.atleast_2d(curve(spends)))
    for cap in (0.9 * cost.min(), 1.02 * cost.min(), float(np.median(cost))):
        part = in_worst_draws(Channel("tv").cac_at_most(cap), ResponseCurves({"tv": curve}), TAIL, 1.0)
        known = np.zeros(len(spends), dtype=bool)
        for low, high in part.stretches:  # type: ignore[attr-defined]
            known |= (spends >= low) & (spends <= high)
        clear = np.abs(cost / cap - 1) > 1e-9
        assert (known == (cost <= cap))[clear].all()


def test_what_stays_refused_says_why() -> None:
    curves, organic = world(0)
    group = Group("both", NAMES).cac_at_most(90)
    with pytest.raises(BadInput, match="ceilings on the CAC of groups"):
        Pessimistic(Plan(maximize=Customers(organic=organic), subject_to=[Budget(at_most=1e5), group])).solve(curves)
    aim = Profit({"tv": 90.0, "search": 80.0}, organic=organic, value_per_organic=0.0)
    promised = Plan(maximize=aim, subject_to=[Budget(at_most=1e5), Customers(at_least=600)])
    with pytest.raises(BadInput, match="where customers count by channel"):
        Pessimistic(promised).solve(curves)
    spend_it = Plan(
        maximize=Customers(organic=organic), subject_to=[Channel("tv").fixed(1e5), Channel("tv").cac_at_most(9)]
    )
    with pytest.raises(InfeasiblePlan, match="read in the worst"):
        Pessimistic(spend_it, TAIL).solve(curves)
    fee = Fee("agency", NAMES, [(0, 1e6)])
    dear = Plan(maximize=Customers(organic=organic), subject_to=[MaxCAC(50.0), Customers(at_least=700)], fees=[fee])
    with pytest.raises(InfeasiblePlan):
        Pessimistic(dear).solve(curves)


def test_the_tail_mean_of_the_tests_is_the_package_s() -> None:
    draws = np.random.default_rng(0).normal(size=40)
    assert lowest(draws) == pytest.approx(tail_mean(draws, TAIL))
