"""Fees in steps: the plan is the best over every combination of steps, its figures count what is due, nothing else."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, UnknownChannel
from mmm.curves import Hill, ResponseCurves
from optimizer import (
    BlendedCAC,
    Budget,
    BudgetChange,
    Channel,
    ChannelOff,
    Customers,
    Fee,
    Group,
    MaxCAC,
    Objective,
    Plan,
    Profit,
    Spend,
    compare,
    worth,
)

CHANNELS = ("tv", "search", "social")


def world(seed: int) -> tuple[ResponseCurves, tuple[Fee, ...], list]:
    rng = np.random.default_rng(seed)
    curves = ResponseCurves(
        {
            name: Hill(rng.uniform(300, 1200), rng.uniform(2e4, 1e5), rng.choice([0.7, 1.0, 1.0, 2.5]))
            for name in CHANNELS
        }
    )
    agency = Fee("agency", list(rng.choice(CHANNELS, 2, replace=False)),
                 [(0, rng.uniform(0, 8e3)), (rng.uniform(2e4, 1e5), rng.uniform(8e3, 2e4))])  # fmt: skip
    entry = Fee("entry", str(rng.choice(CHANNELS)), [(0, rng.uniform(1e3, 3e4))])
    limits = [Channel(name).at_most(rng.uniform(5e4, 2e5)) for name in CHANNELS]
    if rng.random() < 0.5:
        limits.append(Budget(at_most=rng.uniform(8e4, 2e5)))
    if rng.random() < 0.4:
        limits.append(Channel(str(rng.choice(CHANNELS))).zero_or_at_least(rng.uniform(1e4, 5e4)))
    return curves, (agency, entry), limits


def objective(seed: int, **business: float) -> Objective:
    return [BlendedCAC(**business), Profit(250.0, **business), BlendedCAC(**business)][seed % 3]


def by_enumeration(plan: Plan, curves: ResponseCurves, fees: tuple[Fee, ...]) -> float:
    """The best over every combination of steps, each a plan without fees whose fixed cost holds them."""
    sign = 1.0 if plan.objective.wants == "maximize" else -1.0
    best = -np.inf
    for chosen in product(*(range(len(fee.steps) + 1) for fee in fees)):
        extra, limits = 0.0, []
        for fee, step in zip(fees, chosen, strict=True):
            group = Group(fee.name, fee.channels)
            if step:
                extra += fee.steps[step - 1][1]
                limits.append(group.at_least(fee.steps[step - 1][0]))
            if step < len(fee.steps):
                limits.append(group.at_most(fee.steps[step][0]))
        business = {"fixed_cost": plan.fixed_cost + extra, "organic": plan.organic}
        aim = Profit(250.0, **business) if isinstance(plan.objective, Profit) else BlendedCAC(**business)
        try:
            value = plan.replaced(objective=aim, subject_to=[*plan.subject_to, *limits]).solve(curves, gap=1e-5).value
        except InfeasiblePlan:
            continue
        except IllPosedPlan:  # nothing spent is the cheapest there
            value = (plan.fixed_cost + extra) / plan.organic
        best = max(best, sign * value)
    return sign * best


@pytest.mark.parametrize("seed", range(24))
def test_the_plan_is_the_best_over_all_steps(seed: int) -> None:
    curves, fees, limits = world(seed)
    aim = objective(seed, fixed_cost=150_000.0, organic=300.0)
    word = {aim.wants: aim}
    free = Plan(**word, subject_to=limits)
    oracle = by_enumeration(free, curves, fees)
    found = Plan(**word, subject_to=limits, fees=fees).solve(curves, gap=1e-4)
    assert found.value == pytest.approx(oracle, rel=2e-4)
    sign = 1.0 if aim.wants == "maximize" else -1.0
    assert sign * found.bound >= sign * oracle - 1e-5 * abs(oracle)
    assert found.gap <= 1e-4
    outlay = 150_000 + found.spend.sum() + sum(fee.due(dict(found.spend)) for fee in fees)
    assert found.blended_cac == pytest.approx(outlay / found.customers)
    assert outlay == pytest.approx(150_000 + found.spend.sum() + by_hand(fees, found.spend))


def by_hand(fees: tuple[Fee, ...], spend: pd.Series) -> float:
    total = 0.0
    for fee in fees:
        amount = sum(spend[name] for name in fee.channels)
        dues = [price for above, price in fee.steps if amount > above * (1 + 1e-8)]
        total += dues[-1] if dues else 0.0
    return total


@pytest.mark.parametrize("seed", range(12))
def test_no_random_spend_beats_the_bound(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    curves, fees, limits = world(seed)
    aim = objective(seed, fixed_cost=100_000.0, organic=200.0)
    plan = Plan(**{aim.wants: aim}, subject_to=limits, fees=fees)
    best = plan.solve(curves)
    for _ in range(150):
        spend = pd.Series(rng.uniform(0, 1.5e5, 3) * (rng.random(3) < 0.7), CHANNELS)
        said = plan.against(best, curves, spend)
        customers = 200 + float(curves.customers(spend).mean())
        outlay = 100_000 + spend.sum() + by_hand(fees, spend)
        own = 250 * customers - outlay if isinstance(aim, Profit) else outlay / customers
        assert said.value == pytest.approx(own)
        if said.is_allowed:
            assert said.gap >= -1e-9


def test_a_ceiling_on_the_blended_cac_counts_the_fees() -> None:
    curves = ResponseCurves({"tv": Hill(900, 60_000), "search": Hill(500, 20_000)})
    agency = Fee("agency", ["tv", "search"], [(0, 3_000), (60_000, 25_000)])
    limits = [Budget(at_most=120_000), MaxCAC(140)]
    plan = Plan(maximize=Customers(), subject_to=limits, fees=[agency])
    found = plan.solve(curves)
    free = Plan(maximize=Customers(), subject_to=limits).solve(curves)
    assert (found.spend.sum() + agency.due(dict(found.spend))) / found.customers <= 140 * (1 + 1e-9)
    assert found.customers < free.customers
    assert [str(miss.limit) for miss in plan.missed(curves, free.spend)] == ["blended CAC at most 140"]
    with pytest.raises(InfeasiblePlan, match=r"with its fees \(agency\), though one would without them"):
        plan.replaced(
            subject_to=[Budget(at_least=100_000, at_most=120_000), MaxCAC(free.blended_cac)]
        ).solve(curves)  # fmt: skip


def test_a_fee_that_is_too_dear_keeps_a_channel_out_and_a_step_holds_spend_at_its_edge() -> None:
    curves = ResponseCurves({"tv": Hill(900, 60_000), "search": Hill(500, 20_000)})
    base = Plan(minimize=BlendedCAC(100_000, 100.0), subject_to=[])
    without = base.solve(curves)
    dear = Plan(minimize=base.objective, fees=[Fee("search", "search", [(0, 60_000)])]).solve(curves)
    assert without.spend["search"] > 0
    assert dear.spend["search"] == 0
    edge = float(without.spend["tv"]) * 0.9
    step = Plan(minimize=base.objective, fees=[Fee("tv", "tv", [(edge, 4_000)])]).solve(curves)
    assert step.spend["tv"] == pytest.approx(edge)
    assert any("spend under the fee of tv" in label for label in step.shadow_prices.index)


def test_evaluations_worth_and_what_ifs_count_the_fees() -> None:
    curves = ResponseCurves({"tv": Hill(np.array([800.0, 1000.0]), 60_000), "search": Hill(500, 20_000)})
    now = {"tv": 70_000.0, "search": 0.0}
    fee = Fee("search", "search", [(0, 5_000)])
    plan = Plan(minimize=BlendedCAC(50_000, 100.0), subject_to=[Budget(at_most=90_000)], now=now, fees=[fee])
    best = plan.solve(curves)
    found = worth(plan, curves, best.spend)
    cac = next(one for one in found.figures if one.name == "blended CAC")
    assert best.spend["search"] > 0
    assert plan.evaluate(curves, best.spend).fixed_cost == 55_000
    assert plan.evaluate(curves, now).fixed_cost == 50_000
    assert cac.after.point == pytest.approx(best.blended_cac)
    assert cac.before.point == pytest.approx(120_000 / (100 + curves.customers(now).mean()))
    draws = plan.figures(curves, best.spend)
    assert draws == pytest.approx((55_000 + best.total_spend) / (100 + curves.customers(best.spend)))
    asked = compare(plan, curves, [ChannelOff("search"), BudgetChange(-0.2)])
    assert asked.frame.loc[ChannelOff("search").name, "blended_cac"] >= best.blended_cac
    frontier = plan.frontier(curves, [80_000])
    spend = frontier.filter(like="spend:").iloc[0].rename(lambda name: name.removeprefix("spend:"))
    outlay = 50_000 + 80_000 + fee.due(dict(spend))
    assert frontier["blended_cac"].iloc[0] == pytest.approx(outlay / frontier["customers"].iloc[0])


@pytest.mark.parametrize(
    ("channels", "steps", "said"),
    [
        ([], [(0, 1)], "has no channels"),
        (["tv"], [], "needs steps"),
        (["tv"], [(0, -1)], "from 0 upwards"),
        (["tv"], [(0, np.nan)], "from 0 upwards"),
        (["tv"], [(5, 1), (5, 2)], "do not rise"),
        (["tv"], [(5, 2), (6, 1)], "fees that fall"),
    ],
)
def test_fees_that_make_no_sense_are_refused(channels: list[str], steps: list, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Fee("agency", channels, steps)


def test_what_fees_do_not_go_with_is_refused() -> None:
    fee = Fee("agency", ["tv"], [(0, 5)])
    with pytest.raises(BadInput, match="no part of the media spend"):
        Plan(minimize=Spend(), subject_to=[Customers(at_least=5)], fees=[fee])
    with pytest.raises(UnknownChannel, match="radio"):
        Plan(
            maximize=Customers(), subject_to=[Budget(at_most=5)], fees=[Fee("x", ["radio"], [(0, 5)])]
        ).solve({"tv": Hill(3, 4)})  # fmt: skip
