"""Plans against hidden demand: every corner of the polyhedron on a grid of spend, the certificate, and laws."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import family_world, hill_world
from scipy.optimize import linprog

from attribution.errors import BadInput, InfeasiblePlan, UnknownChannel
from mmm.curves import ResponseCurves
from optimizer import (
    BlendedCAC,
    Budget,
    Cautious,
    Change,
    Channel,
    Customers,
    HiddenDemand,
    MaxCAC,
    Plan,
    Profit,
    Spend,
    Status,
)
from optimizer.solvers.cases import Biases

ORGANIC, FIXED = 1500.0, 2e5
WORST = "worst hidden demand"
_GAIN = st.floats(-50, 50)


def spread(curves: ResponseCurves, seed: int, total: float = 1e6) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return dict(zip(curves, (total * rng.dirichlet(np.full(len(curves), 3.0))).tolist(), strict=True))


def question(
    kind: str, curves: ResponseCurves, now: dict[str, float], within: tuple[float, float] = (0.4, 1.8)
) -> Plan:
    limits = [Channel(name).relative(*within) for name in curves]
    total = sum(now.values())
    if kind == "customers":
        return Plan(maximize=Customers(organic=ORGANIC), subject_to=[Budget(exactly=total), *limits], now=now)
    if kind == "profit":
        return Plan(maximize=Profit(90, organic=ORGANIC, fixed_cost=FIXED), subject_to=limits, now=now)
    as_many = Customers(at_least=ORGANIC + float(curves.customers(now).mean()), organic=ORGANIC)
    if kind == "spend":
        return Plan(minimize=Spend(organic=ORGANIC), subject_to=[as_many, *limits], now=now)
    objective = BlendedCAC(organic=ORGANIC, fixed_cost=FIXED)
    return Plan(minimize=objective, subject_to=[as_many, Budget(at_most=1.1 * total), *limits], now=now)


def corners(share: np.ndarray, credited: np.ndarray, in_all: float) -> np.ndarray:
    """All corners of 0 <= d <= share, credited @ d <= in_all: at most one d lies between its ends."""
    found = []
    for ends in product(*[(0.0, one) for one in share]):
        whole = np.array(ends)
        if credited @ whole <= in_all * (1 + 1e-12):
            found.append(whole)
        for free in range(len(share)):
            part = whole.copy()
            part[free] = 0.0
            left = (in_all - credited @ part) / credited[free]
            if 0 <= left <= share[free]:
                part[free] = left
                found.append(part)
    return np.array(found)


def figures(kind: str, spend: np.ndarray, change: np.ndarray, today: float, total: float) -> np.ndarray:
    """Improvement on today's figure of many spends, from the change of customers."""
    outlay = spend.sum(axis=-1)
    if kind == "customers":
        return change
    if kind == "profit":
        return 90 * change - (outlay - total)
    if kind == "spend":
        return total - outlay
    return (FIXED + total) / today - (FIXED + outlay) / (today + change)


@given(
    st.lists(st.tuples(_GAIN, st.floats(0, 1), st.just(0.0) | st.floats(0.1, 30)), min_size=1, max_size=6),
    st.floats(0, 60),
)
def test_the_worst_share_is_the_linear_programs(channels, in_all):
    gain, share, credited = np.array(channels).T
    multipliers = Biases(share, credited, in_all).worst(gain)
    dropped = 1 - multipliers
    assert (dropped >= -1e-12).all()
    assert (dropped <= share + 1e-12).all()
    assert credited @ dropped <= in_all + 1e-9
    exact = linprog(-gain, A_ub=credited[None], b_ub=[in_all], bounds=list(zip(0 * share, share, strict=True)))
    assert gain @ dropped == pytest.approx(-exact.fun, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("kind", ["customers", "profit", "cac", "spend"])
@pytest.mark.parametrize("shape", ["concave", "mixed", "s-shaped"])
@pytest.mark.parametrize("in_all", [1.0, 0.15])
def test_a_grid_of_spend_and_all_corners_agree(kind, shape, in_all):
    curves = hill_world(7, 3, shape)
    now = spread(curves, 3)
    plan = question(kind, curves, now)
    start, total = np.array(list(now.values())), sum(now.values())
    grids = [amount * np.linspace(0.4, 1.8, 57) for amount in start]
    if kind == "customers":
        two = np.stack(np.meshgrid(*grids[:2], indexing="ij"), axis=-1).reshape(-1, 2)
        spend = np.column_stack([two, total - two.sum(axis=1)])
        spend = spend[(spend[:, 2] >= grids[2][0]) & (spend[:, 2] <= grids[2][-1])]
    else:
        spend = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, 3)
    if kind == "cac":
        spend = spend[spend.sum(axis=1) <= 1.1 * total]
    credited = np.array([float(curve.mean(x)) for curve, x in zip(curves.values(), start, strict=True)])
    share = np.array([0.5, 0.5, 0.0])
    every = corners(share, credited, in_all * credited[:2].sum())
    won = [_at(curve, x) for curve, x in zip(curves.values(), spend.T, strict=True)]
    change = np.stack(won, axis=1) - credited
    least = (change @ (1 - every).T).min(axis=1)
    today = ORGANIC + credited.sum()
    kept = least >= 0 if kind in ("cac", "spend") else np.full(len(least), True)
    best = figures(kind, spend, least, today, total)[kept].max()
    found = HiddenDemand(plan, 0.5, list(curves)[:2], in_all).solve(curves, gap=2e-4)
    size = max(abs(plan.figures(curves, now)[0]), (kind == "profit") * (FIXED + total))
    assert found.bound >= best - 1e-9 * size
    assert found.worst >= best - 2e-4 * size - 1e-9
    assert found.status is Status.CERTIFIED
    ours = np.array([_at(curve, np.array([x]))[0] for curve, x in zip(curves.values(), found.spend, strict=True)])
    exact = ((ours - credited) @ (1 - every).T).min()
    assert found.worst == pytest.approx(figures(kind, found.spend.to_numpy(), exact, today, total), abs=1e-8 * size)
    if kind in ("cac", "spend"):
        assert exact >= -1e-7 * today


def _at(curve, spend: np.ndarray) -> np.ndarray:
    power = (spend / curve.half_saturation) ** curve.slope
    return curve.saturation * power / (1 + power)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["customers", "profit", "cac"]), st.floats(0, 1), st.floats(0, 1))
def test_no_spend_beats_the_bound_and_plain_is_never_safer(seed, kind, strength, in_all):
    curves = hill_world(seed, 4, ("concave", "mixed", "s-shaped")[seed % 3], draws=12)
    now = spread(curves, seed)
    plan = question(kind, curves, now)
    against = HiddenDemand(plan, strength, in_all=in_all)
    found = against.solve(curves, gap=5e-3)
    size = abs(plan.figures(curves, now).mean())
    assert found.status is Status.CERTIFIED
    assert found.worst <= found.bound + 1e-12 * size
    assert found.worst >= -1e-9 * size  # today keeps its promises, and is no worse than today
    assert not plan.missed(curves, found.spend)
    if not found.plain_missed:
        assert found.plain_worst <= found.bound + 1e-9 * size
    rng = np.random.default_rng(seed)
    for _ in range(20):
        spend = {name: amount * rng.uniform(0.4, 1.8) for name, amount in now.items()}
        if kind == "customers":
            factor = sum(now.values()) / sum(spend.values())
            spend = {name: amount * factor for name, amount in spend.items()}
        figure = against.improvement(curves, spend)
        assert figure[WORST] <= figure.iloc[0] + 1e-9 * size
        dropped = against.shares(curves, spend)
        kept = not plan.missed(curves, spend) and not _fewer(curves, now, spend, dropped, kind)
        if kept:
            assert figure[WORST] <= found.bound + 1e-9 * size


def _fewer(curves, now, spend, dropped: pd.Series, kind: str) -> bool:
    """Whether a promise of as many customers as today is broken under the worst demand."""
    change = [float(c.mean(spend[n])) - float(c.mean(now[n])) for n, c in curves.items()]
    return kind == "cac" and float((1 - dropped.to_numpy()) @ np.array(change)) < 0


@pytest.mark.parametrize("kind", ["customers", "profit", "cac"])
def test_without_hidden_demand_it_is_the_plain_plan(kind):
    curves = hill_world(11, 5, "mixed", draws=20)
    plan = question(kind, curves, spread(curves, 1))
    for against in (HiddenDemand(plan, 0.0), HiddenDemand(plan, 0.8, in_all=0.0)):
        found = against.solve(curves, gap=1e-4)
        size = abs(plan.figures(curves, plan.now).mean())
        assert found.worst == pytest.approx(found.improvement.iloc[0], abs=1e-9 * size)
        assert found.worst == pytest.approx(found.plain_improvement.iloc[0], abs=1.1e-3 * size)
        assert abs(found.price) <= 1.1e-3 * size


@pytest.mark.parametrize("kind", ["customers", "profit", "cac"])
def test_stronger_demand_is_never_better(kind):
    curves = hill_world(4, 5, "mixed", draws=20)
    plan = question(kind, curves, spread(curves, 2))
    size = abs(plan.figures(curves, plan.now).mean())
    worst = [HiddenDemand(plan, strength).solve(curves, gap=1e-4).worst for strength in (0.0, 0.2, 0.4, 0.7, 1.0)]
    assert (np.diff(worst) <= 1.1e-4 * size).all()
    worst = [HiddenDemand(plan, 0.5, in_all=most).solve(curves, gap=1e-4).worst for most in (0.0, 0.1, 0.3, 1.0)]
    assert (np.diff(worst) <= 1.1e-4 * size).all()
    worst = [HiddenDemand(plan, 0.5, list(curves)[:some]).solve(curves, gap=1e-4).worst for some in (1, 3, 5)]
    assert (np.diff(worst) <= 1.1e-4 * size).all()


def test_all_in_doubt_leaves_only_moves_between_what_is_sure():
    curves = hill_world(4, 4, "concave")
    now = spread(curves, 2)
    found = HiddenDemand(question("customers", curves, now), 1.0).solve(curves, gap=1e-5)
    assert found.worst == pytest.approx(0.0, abs=1e-5 * (ORGANIC + float(curves.customers(now).mean())))
    np.testing.assert_allclose(found.spend, list(now.values()), rtol=2e-2)


def test_a_channel_in_doubt_is_never_given_more_than_when_it_is_believed():
    curves = family_world(3)
    now = spread(curves, 5)
    plan = question("customers", curves, now)
    plain = plan.solve(curves).spend
    up = str((plain / pd.Series(now)).idxmax())
    found = HiddenDemand(plan, {up: 0.6}).solve(curves)
    assert found.spend[up] < plain[up]
    assert found.plain_worst < found.worst
    assert found.price >= -1e-3 * plan.figures(curves, now).mean()


def test_prices_of_entry_and_limits_on_all_changes_hold():
    curves = hill_world(5, 4, "s-shaped")
    now = {**spread(curves, 4), "channel 1": 0.0}
    total = sum(now.values())
    limits = [Channel("channel 0").zero_or_at_least(2e5, at_most=6e5), Channel("channel 1").zero_or_at_least(1e5)]
    limits += [Budget(exactly=total), Change(total=0.5 * total)]
    plan = Plan(maximize=Customers(organic=ORGANIC), subject_to=limits, now=now)
    found = HiddenDemand(plan, 0.4).solve(curves, gap=2e-3)
    assert found.spend["channel 1"] == 0 or found.spend["channel 1"] >= 1e5 * (1 - 1e-9)
    assert (found.spend - pd.Series(now)).abs().sum() <= 0.5 * total * (1 + 1e-9)
    assert found.spend["channel 0"] == 0 or found.spend["channel 0"] >= 2e5 * (1 - 1e-9)
    assert found.worst >= found.plain_worst - 1e-9


def test_a_ceiling_on_the_cac_holds_under_the_worst_demand():
    curves = hill_world(6, 4, "concave")
    now = spread(curves, 6)
    today = ORGANIC + float(curves.customers(now).mean())
    cap = 1.05 * (FIXED + sum(now.values())) / today
    organic = Customers(organic=ORGANIC, fixed_cost=FIXED)
    limits = [MaxCAC(cap), *(Channel(name).relative(0.5, 3) for name in curves)]
    plan = Plan(maximize=organic, subject_to=limits, now=now)
    found = HiddenDemand(plan, 0.5).solve(curves)
    won = today + found.worst
    assert (FIXED + found.spend.sum()) / won <= cap * (1 + 1e-8)
    assert found.plain_missed  # the plain plan spends up to the ceiling as modelled
    assert found.spend.sum() < found.plain.sum()


def test_a_profit_of_nothing_today_is_no_reason_to_search_forever():
    curves = hill_world(12, 5, "mixed")
    now = spread(curves, 12)
    even = 90 * (ORGANIC + float(curves.customers(now).mean())) - sum(now.values())
    objective = Profit(90, organic=ORGANIC, fixed_cost=even)
    plan = Plan(maximize=objective, subject_to=[Channel(name).relative(0.4, 1.8) for name in curves], now=now)
    assert abs(plan.figures(curves, now)[0]) < 1e-6
    found = HiddenDemand(plan, 0.5).solve(curves)
    assert found.status is Status.CERTIFIED
    outlay = even + sum(now.values())
    assert found.bound - found.worst <= 1e-3 * outlay * (1 + 1e-9)
    assert found.gap == pytest.approx((found.bound - found.worst) / outlay)


@pytest.mark.parametrize("strength", [0.0, 1e-3, 0.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_gap_closes_where_one_case_is_the_worst_of_all(strength, seed):
    # every channel is worth its end or its stationary point under that case alone, nothing binds besides
    curves = hill_world(seed, 6, "concave")
    now = spread(curves, seed)
    limits = [Channel(name).at_most(3 * amount) for name, amount in now.items()]
    plan = Plan(maximize=Profit(400, organic=ORGANIC), subject_to=limits, now=now)
    found = HiddenDemand(plan, strength).solve(curves, gap=1e-5)
    assert found.status is Status.CERTIFIED


@pytest.mark.parametrize("trace", [1e-6, 1e-12, 1e-200])
@pytest.mark.parametrize("seed", [0, 2])
def test_a_trace_of_organic_customers_changes_no_proof(seed, trace):
    curves = hill_world(seed, 4, "s-shaped")
    now = spread(curves, seed)
    half = Customers(at_least=0.5 * float(curves.customers(now).mean()))

    def asked(organic):
        return Plan(minimize=BlendedCAC(5e4, organic=organic), subject_to=[Budget(at_most=1.1e6), half], now=now)

    without, traced = (HiddenDemand(asked(organic)).solve(curves) for organic in (0.0, trace))
    assert without.status is traced.status is Status.CERTIFIED
    assert (traced.worst, traced.bound) == pytest.approx((without.worst, without.bound), rel=1e-6)
    weaker = ResponseCurves({name: curve.scaled(effect=0.9) for name, curve in curves.items()})
    readings = {"one": (asked(trace), curves), "weaker": (asked(trace), weaker)}
    assert Cautious(readings).solve().status is Status.CERTIFIED


@pytest.mark.parametrize("kind", ["profit", "cac", "spend"])
def test_without_upper_limits_it_is_the_plan_within_wide_ones(kind):
    curves = hill_world(10, 4, "mixed")
    now = spread(curves, 10)
    plan = question(kind, curves, now, (0.4, 1.8))
    open_ended = plan.replaced(subject_to=[one for one in plan.subject_to if isinstance(one, Customers)])
    wide = [*open_ended.subject_to, *(Channel(name).at_most(2e7) for name in curves)]
    found, within = (
        HiddenDemand(one, 0.4).solve(curves, gap=1e-4) for one in (open_ended, plan.replaced(subject_to=wide))
    )
    size = abs(plan.figures(curves, now)[0])
    assert found.worst == pytest.approx(within.worst, abs=2e-4 * size)
    assert found.bound <= within.bound + 2e-4 * size


def test_money_may_be_counted_in_any_unit():
    curves = hill_world(8, 4, "mixed")
    now = spread(curves, 8)
    found = HiddenDemand(question("customers", curves, now), 0.5, in_all=0.3).solve(curves, gap=1e-5)
    cents = ResponseCurves({n: type(c)(c.saturation, 100 * c.half_saturation, c.slope) for n, c in curves.items()})
    later = {name: 100 * amount for name, amount in now.items()}
    other = HiddenDemand(question("customers", cents, later), 0.5, in_all=0.3).solve(cents, gap=1e-5)
    assert other.worst == pytest.approx(found.worst, abs=2e-5 * (ORGANIC + float(curves.customers(now).mean())))


def test_what_cannot_be_asked_is_refused():
    curves = hill_world(1, 3, "concave")
    now = spread(curves, 1)
    plan = question("customers", curves, now)
    for strength, in_all in ((1.2, 1.0), (-0.1, 1.0), (0.5, 2.0), (np.nan, 1.0)):
        with pytest.raises(BadInput, match="shares from 0 to 1"):
            HiddenDemand(plan, strength, in_all=in_all)
    with pytest.raises(BadInput, match="twice"):
        HiddenDemand(plan, {"channel 0": 0.5}, ["channel 0"])
    with pytest.raises(UnknownChannel, match="channel 1"):
        HiddenDemand(plan, 0.5, ["chanel 1"]).solve(curves)
    budget = Budget(at_most=1e6)
    with pytest.raises(BadInput, match="today"):
        HiddenDemand(Plan(maximize=Customers(), subject_to=[budget])).solve(curves)
    more = Customers(at_least=1.1 * float(curves.customers(now).mean()))
    open_ended = Plan(minimize=Spend(), subject_to=[Channel("channel 0").at_most(1e5), more], now=now)
    with pytest.raises(BadInput, match="no upper limit on channel 1, channel 2"):
        HiddenDemand(open_ended).solve(curves)
    with pytest.raises(BadInput, match="gap"):
        HiddenDemand(plan).solve(curves, gap=-1)


def test_a_promise_that_hidden_demand_would_break_is_refused():
    curves = hill_world(2, 3, "concave")
    now = spread(curves, 2)
    free = question("customers", curves, now)
    most = free.solve(curves).customers
    plan = free.replaced(objective=Spend(organic=ORGANIC)).with_promise(at_least=0.999 * most)
    plan = plan.replaced(subject_to=[Customers(at_least=0.999 * most, organic=ORGANIC), *free.subject_to])
    plan.solve(curves)
    with pytest.raises(InfeasiblePlan, match="hidden demand"):
        HiddenDemand(plan, 0.5).solve(curves)
