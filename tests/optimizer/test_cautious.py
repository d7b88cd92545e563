"""The cautious plan: a grid of spend under every reading, its certificate, and laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import family_world, hill_world

from attribution.errors import BadInput, InfeasiblePlan
from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Cautious, Channel, Customers, Plan, Profit, Status

FIXED = 2e5
Readings = dict[str, tuple[Plan, ResponseCurves]]


def disturbed(curves: ResponseCurves, rng: np.random.Generator, by: float) -> ResponseCurves:
    """Other curves of the same channels: other ceilings, other half saturations."""

    def factor() -> float:
        return float(np.exp(rng.normal(0, by)))

    return ResponseCurves(
        {name: Hill(c.saturation * factor(), c.half_saturation * factor(), c.slope) for name, c in curves.items()}
    )


def asked(
    kind: str, shape: str, seed: int, readings: int, channels: int = 3, by: float = 0.5, draws: int = 0
) -> tuple[Readings, dict[str, float]]:
    """The same question on several sets of curves, each with organic customers of its own."""
    rng = np.random.default_rng(seed)
    base = hill_world(seed, channels, shape, draws)
    now = dict(zip(base, (1e6 * rng.dirichlet(np.full(channels, 3.0))).tolist(), strict=True))
    made: Readings = {}
    for number in range(readings):
        curves, organic = disturbed(base, rng, by), float(rng.uniform(800, 2500))
        limits = [Channel(name).relative(0.5, 1.6) for name in base]
        if kind == "customers":
            budget = Budget(exactly=sum(now.values()))
            plan = Plan(maximize=Customers(organic=organic), subject_to=[budget, *limits], now=now)
        elif kind == "profit":
            plan = Plan(maximize=Profit(90, organic=organic, fixed_cost=FIXED), subject_to=limits, now=now)
        else:
            as_many = Customers(at_least=organic + float(curves.customers(now).mean()), organic=organic)
            objective = BlendedCAC(organic=organic, fixed_cost=FIXED)
            plan = Plan(minimize=objective, subject_to=[as_many, *limits], now=now)
        made[f"reading {number}"] = plan, curves
    return made, now


def size_of(readings: Readings, now: dict[str, float]) -> float:
    figures = [abs(float(plan.figures(curves, now).mean())) for plan, curves in readings.values()]
    is_profit = any(isinstance(plan.objective, Profit) for plan, _ in readings.values())
    return max(*figures, is_profit * (FIXED + sum(now.values())))


@pytest.mark.parametrize("kind", ["customers", "profit", "cac"])
@pytest.mark.parametrize("shape", ["concave", "mixed", "s-shaped"])
@pytest.mark.parametrize("seed", [3, 4])
def test_a_grid_of_spend_under_every_reading_agrees(kind, shape, seed):
    readings, now = asked(kind, shape, seed, 3)
    start, size = np.array(list(now.values())), size_of(readings, now)
    grids = [amount * np.linspace(0.5, 1.6, 45) for amount in start]
    if kind == "customers":
        two = np.stack(np.meshgrid(*grids[:2], indexing="ij"), axis=-1).reshape(-1, 2)
        spend = np.column_stack([two, start.sum() - two.sum(axis=1)])
        spend = spend[(spend[:, 2] >= grids[2][0]) & (spend[:, 2] <= grids[2][-1])]
    else:
        spend = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, 3)
    gains, kept = [], np.full(len(spend), True)
    for plan, curves in readings.values():
        won = plan.organic + sum(_at(curve, x) for curve, x in zip(curves.values(), spend.T, strict=True))
        today = plan.organic + sum(float(curve.mean(x)) for curve, x in zip(curves.values(), start, strict=True))
        outlay = spend.sum(axis=1)
        if kind == "customers":
            gains.append(won - today)
        elif kind == "profit":
            gains.append(90 * (won - today) - (outlay - start.sum()))
        else:
            gains.append((FIXED + start.sum()) / today - (FIXED + outlay) / won)
            kept &= won >= today
    best = np.min(gains, axis=0)[kept].max()
    found = Cautious(readings).solve(gap=2e-4)
    assert found.status is Status.CERTIFIED
    assert found.bound >= best - 1e-9 * size
    assert found.worst >= best - 2e-4 * size
    assert found.worst == pytest.approx(found.improvement.min(), abs=1e-9 * size)
    for name, (plan, curves) in readings.items():
        sign = -1 if kind == "cac" else 1
        figure = plan.figures(curves, found.spend).mean() - plan.figures(curves, now).mean()
        assert found.improvement[name] == pytest.approx(sign * figure, abs=1e-9 * size)
        assert not plan.missed(curves, found.spend)


def _at(curve: Hill, spend: np.ndarray) -> np.ndarray:
    power = (spend / curve.half_saturation) ** curve.slope
    return np.asarray(curve.saturation * power / (1 + power))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["customers", "profit", "cac"]), st.integers(1, 5), st.floats(0, 1))
def test_no_reading_calls_it_worse_than_today_and_no_spend_beats_the_bound(seed, kind, count, by):
    shape = ("concave", "mixed", "s-shaped")[seed % 3]
    readings, now = asked(kind, shape, seed, count, channels=4, by=by, draws=8)
    question, size = Cautious(readings), size_of(readings, now)
    found = question.solve(gap=5e-3)
    assert found.improvement.min() >= -1e-9 * size
    assert found.status is Status.CERTIFIED
    assert found.worst <= found.bound + 1e-12 * size
    rng = np.random.default_rng(seed)
    for _ in range(20):
        spend = {name: amount * rng.uniform(0.5, 1.6) for name, amount in now.items()}
        if kind == "customers":
            spend = {name: amount * sum(now.values()) / sum(spend.values()) for name, amount in spend.items()}
        if not any(plan.missed(curves, spend) for plan, curves in readings.values()):
            assert question.improvement(spend).min() <= found.bound + 1e-9 * size


@pytest.mark.parametrize("kind", ["customers", "profit", "cac"])
def test_one_reading_or_the_same_twice_is_its_own_plan(kind):
    readings, now = asked(kind, "mixed", 5, 1, channels=5, draws=15)
    ((plan, curves),) = readings.values()
    own = plan.solve(curves, gap=1e-4)
    for asking in (readings, {"once": (plan, curves), "twice": (plan, curves)}):
        found = Cautious(asking).solve(gap=1e-4)
        assert found.worst == pytest.approx(found.plain_improvement.iloc[0], abs=2.1e-4 * size_of(readings, now))
        assert found.plain.to_numpy() == pytest.approx(own.spend.to_numpy())


@pytest.mark.parametrize("kind", ["customers", "profit", "cac"])
def test_a_further_reading_is_never_better(kind):
    readings, now = asked(kind, "mixed", 9, 5, channels=4)
    names = list(readings)
    worst = [Cautious({n: readings[n] for n in names[:k]}).solve(gap=1e-4).worst for k in range(1, 6)]
    assert (np.diff(worst) <= 1.1e-4 * size_of(readings, now)).all()


def test_where_two_readings_contradict_each_other_the_plan_is_todays():
    curves = family_world(2)
    now = dict.fromkeys(curves, 2e5)
    plan = Plan(
        maximize=Customers(organic=100.0),
        subject_to=[Budget(exactly=1e6), *(Channel(name).relative(0.5, 1.5) for name in curves)],
        now=now,
    )
    slope = pd.Series({name: float(curve.mean_marginal(2e5)) for name, curve in curves.items()})
    up, down = slope.idxmax(), slope.idxmin()
    two = {name: curves[name] for name in (up, down)}
    swapped = ResponseCurves({up: two[down], down: two[up]})
    pair = plan.replaced(
        subject_to=[Budget(exactly=4e5), *(Channel(name).relative(0.5, 1.5) for name in (up, down))],
        now={up: 2e5, down: 2e5},
    )
    found = Cautious({"one": (pair, ResponseCurves(two)), "other": (pair, swapped)}).solve(gap=1e-6)
    assert found.worst == pytest.approx(0.0, abs=1e-3)
    assert found.plain_worst < 0
    assert found.price > 0
    np.testing.assert_allclose(found.spend, 2e5, rtol=1e-2)


def test_what_cannot_be_asked_is_refused():
    readings, now = asked("customers", "concave", 1, 2)
    (first, curves), (second, others) = readings.values()
    with pytest.raises(BadInput, match="no readings"):
        Cautious({})
    with pytest.raises(BadInput, match="same question"):
        Cautious({"a": (first, curves), "b": (second.replaced(now=dict.fromkeys(now, 1e5)), others)})
    with pytest.raises(BadInput, match="same question"):
        Cautious({"a": (first, curves), "b": (asked("profit", "concave", 1, 1)[0]["reading 0"])})
    lost = second.replaced(subject_to=[*second.subject_to, Customers(at_least=1e9, organic=second.organic)])
    with pytest.raises(InfeasiblePlan, match="all readings"):
        Cautious({"a": (first, curves), "b": (lost, others)}).solve()


def test_readings_may_differ_in_families():
    curves = family_world(4)
    now = dict.fromkeys(curves, 2e5)
    limits = [Budget(exactly=1e6), *(Channel(name).relative(0.5, 1.5) for name in curves)]
    plan = Plan(maximize=Customers(organic=500.0), subject_to=limits, now=now)
    hills = ResponseCurves({name: Hill(2 * float(c.mean(2e5)), 2e5, 1.0) for name, c in curves.items()})
    question = Cautious({"families": (plan, curves), "hills": (plan, hills)})
    found = question.solve(gap=1e-4)
    own = [question.improvement(plan.solve(one).spend).min() for one in (curves, hills)]
    assert found.worst >= max(own) - 1e-9
    assert found.status is Status.CERTIFIED


@pytest.mark.parametrize("kind", ["customers", "profit", "cac"])
@pytest.mark.parametrize("seed", [6, 7, 8])
def test_a_known_plan_is_never_better_at_worst(kind, seed):
    readings, now = asked(kind, "mixed", seed, 3, channels=5)
    question, size = Cautious(readings), size_of(readings, now)
    fine = question.solve(gap=1e-5)
    found = question.solve(gap=0.2, tried=[fine.spend])
    assert found.worst >= fine.worst - 1e-9 * size
    assert found.worst >= question.solve(gap=0.2).worst - 1e-9 * size


def test_a_known_plan_that_breaks_a_promise_or_limit_is_not_taken():
    readings, now = asked("cac", "concave", 2, 3)
    question = Cautious(readings)
    without = question.solve(gap=1e-4)
    for spend in (dict.fromkeys(now, 0.0), {name: 9 * amount for name, amount in now.items()}):
        found = question.solve(gap=1e-4, tried=[spend])
        assert found.worst == pytest.approx(without.worst, abs=2e-4 * size_of(readings, now))
        assert not any(plan.missed(curves, found.spend) for plan, curves in readings.values())
