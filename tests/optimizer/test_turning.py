"""Where moves turn around, and first steps, of plans with fees, for the worst cases and against hidden demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plan_worlds import hill_world

from mmm.curves import ResponseCurves
from optimizer import (
    Budget,
    Channel,
    Customers,
    Fee,
    Group,
    HiddenDemand,
    Pessimistic,
    Plan,
    Profit,
    Robust,
    first_step,
    tail_mean,
    tipping_points,
)

ORGANIC = 60_000.0


def world(seed: int) -> tuple[Plan, ResponseCurves]:
    rng = np.random.default_rng([seed, 3])
    curves = hill_world(seed, 4, "concave", draws=40)
    now = dict(zip(curves, rng.dirichlet(3 * np.ones(4)) * 8e5, strict=True))
    limits = [Budget(at_most=8.4e5), *(Channel(name).at_most(2.5 * amount) for name, amount in now.items())]
    return Plan(maximize=Customers(organic=ORGANIC), subject_to=limits, now=now), curves


def asked_of(kind: str, plan: Plan, organic) -> Pessimistic | Robust | Plan:
    """The question written out by hand, with other organic customers."""
    names = list(plan.now)
    fees = [Fee("agency", names[:2], [(0, 1e4), (3e5, 4e4)])] if kind == "fees" else []
    if kind == "fees":
        aim = Profit(160.0, organic=organic)
        return Plan(maximize=aim, subject_to=plan.subject_to, now=plan.now, fees=fees)
    other = Plan(maximize=Customers(organic=organic), subject_to=plan.subject_to, now=plan.now)
    return Pessimistic(other, 0.25) if kind == "risk" else Robust(HiddenDemand(other, 0.4))


@pytest.mark.parametrize("kind", ["risk", "robust", "fees"])
@pytest.mark.parametrize("seed", range(2))
def test_plans_solved_anew_change_sides_at_the_factor(kind: str, seed: int) -> None:
    plan, curves = world(seed)
    question = asked_of(kind, plan, ORGANIC)
    spend = question.solve(curves, gap=1e-5).spend
    found = tipping_points(question, curves, spend)
    moved = [c for c in curves if abs(spend[c] - plan.now[c]) > 5e-4 * max(spend[c], plan.now[c])]
    assert [one.channel for one in found] == moved

    def move(one, factor: float) -> float:
        scaled = curves.with_curve(one.channel, curves[one.channel].scaled(effect=factor))
        organic = ORGANIC + (1 - factor) * curves[one.channel](one.now)
        anew = asked_of(kind, plan, organic).solve(scaled, gap=1e-6)
        return (anew.spend[one.channel] - one.now) / (one.planned - one.now)

    for one in found:
        if not np.isfinite(one.factor) or not 0.05 < one.factor < 4:
            continue
        near = 1.15 if one.is_raised else 1 / 1.15
        assert move(one, one.factor / near) < 0.05
        assert move(one, one.factor * near) > 0.01
        brought = np.abs(curves[one.channel](one.planned) - curves[one.channel](one.now))
        beyond = brought < one.factor * brought.mean() if one.is_raised else brought > one.factor * brought.mean()
        assert one.probability == pytest.approx(beyond.mean())


@pytest.mark.parametrize("kind", ["risk", "robust", "fees"])
def test_a_first_step_stays_within_what_was_tried_and_its_share_is_of_the_question_s_own_figure(kind: str) -> None:
    plan, curves = world(5)
    question = asked_of(kind, plan, ORGANIC)
    best = question.solve(curves)
    tried = {name: 1.05 * amount for name, amount in plan.now.items()}
    step = first_step(question, curves, best.spend, tried)
    assert step is not None
    assert all(step.allocation.spend[name] <= tried[name] * (1 + 1e-9) for name in tried)
    assert set(step.beyond) == {name for name in tried if best.spend[name] > tried[name] * (1 + 1e-6)}
    if kind == "risk":
        totals = [
            tail_mean(ORGANIC + curves.customers(spend), 0.25)
            for spend in (plan.now, step.allocation.spend, best.spend)
        ]
        assert step.share == pytest.approx((totals[1] - totals[0]) / (totals[2] - totals[0]))
    assert 0 < step.share <= 1 + 1e-6
    assert step.allocation.value <= best.bound * (1 + 1e-9)
    plainly = replace(question, plan=plan) if kind == "risk" else question
    assert first_step(plainly, curves, plan.now, tried) is None


@pytest.mark.parametrize("kind", ["plain", "risk"])
def test_a_cap_on_the_channel_s_own_cac_does_not_pass_for_a_reason_to_move_it(kind: str) -> None:
    curves = hill_world(2, 3, "concave", draws=30)
    names = list(curves)
    now = dict.fromkeys(names, 2e5)
    limits = [Budget(at_most=6e5), *(Channel(name).at_most(5e5) for name in names)]
    free = Plan(maximize=Customers(organic=ORGANIC), subject_to=limits, now=now)

    def told(plan: Plan) -> dict[str, float]:
        asked = Pessimistic(plan, 0.3) if kind == "risk" else plan
        return {one.channel: one.factor for one in tipping_points(asked, curves, asked.solve(curves).spend)}

    factors = told(free)
    raised = next(name for name in names if 0 < factors.get(name, np.nan) < 1)
    at_plan = float(free.solve(curves).spend[raised])
    won = np.sort(curves[raised](at_plan))[:9].mean() if kind == "risk" else curves[raised].mean(at_plan)
    caps = [Channel(raised).cac_at_most(1.02 * at_plan / float(won))]
    last = float(1 / curves[raised].mean_marginal(at_plan))
    caps += [Channel(raised).marginal_cac_at_most(1.02 * last), Group("all", names).marginal_cac_at_most(1.5 * last)]
    for cap in caps:
        capped = free.replaced(subject_to=[*limits, cap])
        assert told(capped)[raised] == pytest.approx(factors[raised], rel=0.05)
