"""Robust: the plan against hidden demand as a plan, against every corner of the polyhedron and plans solved anew."""

from __future__ import annotations

import numpy as np
import pytest
from plan_worlds import hill_world
from test_hidden_demand import FIXED, ORGANIC, corners, figures, question, spread

from attribution.errors import BadInput
from mmm.curves import Hill, ResponseCurves
from optimizer import Budget, Channel, Customers, Fee, HiddenDemand, MaxCAC, Plan, Robust

KINDS = ("customers", "profit", "spend", "blended CAC")


def figure_today(kind: str, curves: ResponseCurves, now: dict[str, float]) -> float:
    won, total = ORGANIC + float(curves.customers(now).mean()), sum(now.values())
    return {"customers": won, "profit": 90 * won - total - FIXED, "spend": total}.get(kind, (FIXED + total) / won)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("in_all", [1.0, 0.3])
def test_the_figure_is_today_and_the_worst_corner(kind: str, in_all: float) -> None:
    for seed in range(2):
        curves = hill_world(seed, 3, "concave", draws=8)
        now = spread(curves, seed)
        plan = question(kind, curves, now)
        robust = Robust(HiddenDemand(plan, 0.5, in_all=in_all))
        found = robust.solve(curves)
        credited = np.array([float(curves[name].mean(now[name])) for name in curves])
        change = np.array([float(curves[name].mean(found.spend[name])) for name in curves]) - credited
        worst = corners(np.full(3, 0.5), credited, in_all * credited.sum())
        won = ((1 - worst) * change).sum(axis=1)
        today = ORGANIC + credited.sum()
        gains = figures(kind, np.broadcast_to(found.spend, (len(won), 3)), won, today, sum(now.values()))
        sign = 1 if kind in ("customers", "profit") else -1
        assert found.value == pytest.approx(figure_today(kind, curves, now) + sign * gains.min(), rel=1e-9)
        assert sign * (found.bound - found.value) >= -1e-9 * abs(found.value)
        assert found.gap <= 1e-3 * (1 + 1e-6)
        # what anybody spends is held against the same bound, and breaks the promise where its worst corner does
        rng = np.random.default_rng(seed)
        for _ in range(4):
            spend = {name: now[name] * rng.uniform(0.5, 1.7) for name in curves}
            moved = np.array([float(curves[name].mean(spend[name])) for name in curves]) - credited
            least = ((1 - worst) * moved).sum(axis=1)
            said = robust.against(found, curves, spend)
            own = figures(kind, np.broadcast_to(list(spend.values()), (len(least), 3)), least, today, sum(now.values()))
            assert said.value == pytest.approx(figure_today(kind, curves, now) + sign * own.min(), rel=1e-9)
            if said.is_allowed:
                assert said.gap >= -1e-9
            if kind in ("spend", "blended CAC"):
                missed = any(str(name).startswith("customers") for name in said.broken)
                assert missed == (least.min() < -1e-9 * today)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_a_price_is_what_another_limit_does_to_the_worst_figure(kind: str, seed: int) -> None:
    curves = hill_world(seed, 4, "concave")
    now = spread(curves, seed)
    total, today = sum(now.values()), ORGANIC + float(curves.customers(now).mean())

    def solved(shift: float):
        plan = question(kind, curves, now, within=(0.3, 3.0))
        if kind == "customers":
            budget = Budget(exactly=1.1 * total * (1 + shift))
            plan = plan.replaced(subject_to=[*plan.without(Budget).subject_to, budget])
        elif kind in ("spend", "blended CAC"):
            plan = plan.without(Budget).replaced(
                subject_to=[
                    *plan.without(Customers, Budget).subject_to,
                    Customers(at_least=1.03 * today * (1 + shift), organic=ORGANIC),
                ]
            )
        else:
            plan = plan.replaced(subject_to=[*plan.subject_to, Budget(at_most=0.9 * total * (1 + shift))])
        return Robust(HiddenDemand(plan, 0.4)).solve(curves, gap=1e-7)

    middle = solved(0.0)
    figure = {"customers": 1.1 * total, "profit": 0.9 * total}.get(kind, 1.03 * today)
    shared = [price for price in middle.prices if price.limit.figure == pytest.approx(figure)]
    step = 1e-3
    up, down = (solved(side * step).value for side in (1, -1))
    if not shared:
        assert up == pytest.approx(middle.value, rel=1e-5)
        return
    scale = figure * step
    assert (up - middle.value) / scale == pytest.approx(shared[0].per_unit, rel=0.02)
    assert (middle.value - down) / scale == pytest.approx(shared[0].below, rel=0.02)


def test_without_doubt_it_is_the_plan_and_full_doubt_raises_nothing() -> None:
    for seed in range(3):
        curves = hill_world(seed, 3, "mixed")
        now = spread(curves, seed)
        plan = question("customers", curves, now)
        plain = plan.solve(curves)
        assert Robust(HiddenDemand(plan, 0.0)).solve(curves).value == pytest.approx(plain.value, rel=2e-3)
        doubtful = Robust(HiddenDemand(question("profit", curves, now), 1.0)).solve(curves)
        assert all(doubtful.spend[name] <= now[name] * (1 + 1e-9) for name in curves)


def test_a_ceiling_on_the_blended_cac_holds_under_the_worst_demand() -> None:
    curves, now = (
        ResponseCurves({"tv": Hill(900, 60_000), "search": Hill(500, 20_000)}),
        {"tv": 30_000, "search": 20_000},
    )
    today = 100 + float(curves.customers(now).mean())
    cap = 50_000 / today * 1.1
    plan = Plan(maximize=Customers(organic=100), subject_to=[MaxCAC(cap), Channel("tv").at_most(200_000)], now=now)
    found = Robust(HiddenDemand(plan, 0.5)).solve(curves)
    assert found.total_spend / found.value <= cap * (1 + 1e-9)
    assert found.customers > found.value
    assert plan.solve(curves).total_spend > found.total_spend


def test_fees_are_refused() -> None:
    fee = Fee("agency", ["tv"], [(0, 5)])
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=5)], now={"tv": 1}, fees=[fee])
    with pytest.raises(BadInput, match="no fees in steps"):
        Robust(HiddenDemand(plan))
