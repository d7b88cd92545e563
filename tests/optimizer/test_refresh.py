"""What moved between two runs: parts that sum, figures that agree with a second fit of pencil and paper, and switching."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import norm

from attribution.errors import BadInput
from attribution.estimates import Estimate
from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Pessimistic, Plan, Profit, Spend
from optimizer.cycle.belief import ALL, Belief, shares
from optimizer.cycle.monte_carlo import half_width, means_without, rows_without
from optimizer.cycle.overlap import density_overlap, interval_overlap
from optimizer.cycle.refresh import REST, churn, what_moved
from optimizer.cycle.switching import SwitchingCost, switch

NAMES = ("tv", "search", "radio")
NOW = pd.Series({"tv": 60_000.0, "search": 20_000.0, "radio": 20_000.0})


def curves(seed: int, draws: int = 120, names: tuple[str, ...] = NAMES) -> ResponseCurves:
    rng = np.random.default_rng(seed)
    half = {name: 20_000.0 * (place + 1) for place, name in enumerate(names)}
    return ResponseCurves({name: Hill(500 * np.exp(rng.normal(0, 0.3, draws)), half[name]) for name in names})


def belief(seed: int, because: str, draws: int = 120, names: tuple[str, ...] = NAMES) -> Belief:
    rng = np.random.default_rng([seed, 1])
    plan = pd.Series(rng.uniform(0, 50_000, len(names)), index=list(names))
    without = pd.DataFrame(rng.uniform(0.9, 1.1, (4, len(names))) * plan.to_numpy(), columns=list(names))
    own = curves(seed, draws, names)
    return Belief(because, own, rng.normal(2000, 50, draws), plan, without, fixed_cost=float(rng.uniform(0, 9_999)))


# parts


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=6), st.floats(1e-3, 1e6))
def test_parts_sum_to_every_change_in_any_currency(seeds: list[int], unit: float) -> None:
    beliefs = [belief(seed, f"step {place}" * bool(place), 40) for place, seed in enumerate(seeds)]
    scaled = [
        replace(
            one,
            curves=ResponseCurves({name: one.curves[name].scaled(cost=unit) for name in NAMES}),
            plan=one.plan * unit,
            plans_without=one.plans_without * unit,
            fixed_cost=one.fixed_cost * unit,
        )
        for one in beliefs
        if one.plan is not None and one.plans_without is not None
    ]
    carried = beliefs[0].plan * 1.1 * unit, beliefs[-1].plan.iloc[::-1] * unit  # type: ignore[union-attr,operator]
    frame = what_moved(scaled, NOW * unit, carried).to_frame()
    parts = frame.filter(like="part: ")
    size = np.maximum(frame["old"].abs(), frame["new"].abs())
    assert (np.abs(parts.sum(axis=1) - frame["change"]) <= 1e-9 * size).all()
    assert (np.abs(frame["new"] - frame["old"] - frame["change"]) <= 1e-12 * size).all()
    plain = what_moved(beliefs, NOW, tuple(plan / unit for plan in carried)).to_frame()  # type: ignore[arg-type]
    money = frame["figure"].isin(["cac", "marginal_cac", "blended_cac", "planned_spend"])
    np.testing.assert_allclose(frame["new"], plain["new"] * np.where(money, unit, 1.0), rtol=1e-9)
    np.testing.assert_allclose(frame["overlap"], plain["overlap"], atol=1e-9)


def test_figures_are_those_of_the_curves_at_the_spend_that_all_are_asked_about() -> None:
    old, new = belief(1, ""), belief(2, "weeks")
    rows = {(row.channel, row.figure): row for row in what_moved([old, new], NOW).rows}
    won = {name: old.curves[name](NOW[name]).mean() for name in NAMES}
    for name in NAMES:
        assert rows[name, "customers"].old.point == pytest.approx(won[name])
        assert rows[name, "cac"].old.point == pytest.approx(NOW[name] / won[name])
        step = old.curves[name].mean(NOW[name] + 1.0) - old.curves[name].mean(NOW[name])
        assert rows[name, "marginal_cac"].old.point == pytest.approx(1 / step, rel=1e-3)
    total = sum(won.values()) + np.mean(old.organic)  # type: ignore[arg-type]
    assert rows[ALL, "blended_cac"].old.point == pytest.approx((NOW.sum() + old.fixed_cost) / total)
    assert rows[ALL, "planned_spend"].new.point == pytest.approx(new.plan.sum())  # type: ignore[union-attr]


def test_the_same_belief_moves_nothing_and_overlaps_wholly() -> None:
    one = belief(3, "")
    frame = what_moved([one, replace(one, because="seed")], NOW).to_frame()
    assert not frame["change"].any()
    assert not frame["part: seed"].any()
    assert frame["monte_carlo"].eq(0).all()
    np.testing.assert_allclose(frame["overlap"].dropna(), 1.0)
    np.testing.assert_allclose(frame["density_overlap"].dropna(), 1.0, atol=1e-3)


def test_a_channel_of_one_belief_alone_is_left_out_and_so_are_totals() -> None:
    old, new = belief(1, "", names=("tv", "search")), belief(2, "weeks")
    rows = what_moved([old, new], NOW).rows
    told = {(row.channel, row.figure) for row in rows}
    assert ("radio", "cac") not in told
    assert ("radio", "planned_share") in told  # a plan that gives nothing to a channel that it does not know
    assert {figure for channel, figure in told if channel == ALL} == {"planned_spend"}


def test_a_step_that_does_not_know_a_channel_or_has_no_plan_hands_its_part_to_the_next() -> None:
    steps = [belief(1, ""), replace(belief(2, "weeks", names=("tv", "search")), plan=None), belief(3, "prior")]
    rows = {(row.channel, row.figure): row for row in what_moved(steps, NOW).rows}
    for key in (("radio", "cac"), ("tv", "planned_share")):
        assert rows[key].parts["weeks"] == 0
        assert rows[key].parts["prior"] == pytest.approx(rows[key].change)
    assert rows["tv", "cac"].parts["weeks"] != 0


def test_what_plans_rest_on_beside_the_beliefs_is_the_rest() -> None:
    old, new = belief(1, ""), belief(2, "weeks")
    assert old.plan is not None
    assert new.plan is not None
    moved = what_moved([old, new], NOW, (old.plan, new.plan * pd.Series({"tv": 2.0, "search": 1.0, "radio": 1.0})))
    assert moved.parts == ("weeks", REST)
    assert what_moved([old, new], NOW, (old.plan * (1 + 1e-11), new.plan)).parts == ("weeks",)  # a table's rounding
    row = next(row for row in moved.rows if row.channel == ALL and row.figure == "planned_spend")
    assert row.parts[REST] == pytest.approx(new.plan["tv"])


@pytest.mark.parametrize("names", [[], [""], ["weeks", "weeks"]])
def test_steps_say_what_changed_in_words_of_their_own(names: list[str]) -> None:
    with pytest.raises(BadInput, match="what_moved"):
        what_moved([belief(1, ""), *(belief(2, name) for name in names)], NOW)


def test_churn_is_half_of_what_shares_move() -> None:
    old, new = pd.Series({"a": 50.0, "b": 50.0}), pd.Series({"a": 80.0, "c": 120.0})
    assert churn(old, new) == pytest.approx((0.1 + 0.5 + 0.6) / 2)
    assert churn(old, old * 3) == pytest.approx(0.0)
    assert churn(old, pd.Series({"c": 1.0})) == pytest.approx(1.0)
    assert shares(pd.Series({"a": 0.0})).iloc[0]["a"] == 0


# Monte Carlo error and overlap


@pytest.mark.parametrize("held", [0.0, 0.6])
def test_monte_carlo_error_is_what_drawing_again_moves(held: float) -> None:
    rng, widths, means = np.random.default_rng(4), [], []
    for _ in range(300):
        noise = lfilter([1.0], [1.0, -held], rng.normal(size=2000))  # draws that hang together, as a chain's do
        means.append(1 / (10 + noise.mean()))
        widths.append(float(half_width(1 / means_without(10 + noise))))
    assert np.mean(widths) / (1.645 * np.std(means)) == pytest.approx(1.0, abs=0.15)


def test_draws_left_out_are_each_left_out_once() -> None:
    rows = rows_without(103, 4)
    assert sum(len(np.setdiff1d(np.arange(103), part)) for part in rows) == 103
    values = np.random.default_rng(1).normal(size=(103, 2))
    np.testing.assert_allclose(means_without(values, 4), [values[part].mean(axis=0) for part in rows])
    assert np.isnan(half_width(means_without(np.ones(1))))


def test_overlap_of_normal_densities_is_the_known_area() -> None:
    rng = np.random.default_rng(5)
    for shift in (0.0, 0.5, 2.0, 8.0):
        found = density_overlap(rng.normal(size=20_000), rng.normal(shift, 1, 20_000))
        assert found == pytest.approx(2 * norm.cdf(-shift / 2), abs=0.02)
    assert density_overlap(np.ones(5), np.ones(5)) == 1
    assert density_overlap(np.ones(5), 2 * np.ones(5)) == 0


def test_overlap_of_intervals() -> None:
    assert interval_overlap(Estimate(1, 0, 2), Estimate(1, 1, 4)) == pytest.approx(0.25)
    assert interval_overlap(Estimate(1, 0, 1), Estimate(1, 2, 3)) == 0
    assert interval_overlap(Estimate(1, 1, 1), Estimate(1, 1, 1)) == 1
    assert np.isnan(interval_overlap(Estimate(1, 0, np.inf), Estimate(1, 2, 3)))


# switching

ORGANIC = np.random.default_rng(6).normal(300, 10, 120)


def plan(**objective: object) -> Plan:
    return Plan(**objective, subject_to=[Budget(at_most=100_000), Customers(at_least=500)], now=NOW)  # type: ignore[arg-type]


AIMS = [
    plan(minimize=BlendedCAC(fixed_cost=10_000, organic=ORGANIC)),
    plan(maximize=Profit(200, organic=ORGANIC)),
    plan(maximize=Customers(organic=ORGANIC)),
    plan(minimize=Spend(organic=ORGANIC)),
]


@pytest.mark.parametrize("asked", AIMS, ids=lambda one: type(one.objective).__name__)
def test_a_plan_is_left_only_for_more_than_that_costs(asked: Plan) -> None:
    before, known = curves(7), curves(8, 120)
    last, best = asked.solve(before).spend, asked.solve(known)
    if asked.missed(known, last):
        last = last * 1.2
    free = switch(asked, known, best, last)
    sign = 1 if asked.objective.wants == "maximize" else -1
    assert free.gain == pytest.approx(sign * (best.value - asked.certify(known, free.kept).value))
    assert 0 < free.gain <= free.most
    assert free.cost == free.cost_in_aim == 0
    costs = [switch(asked, known, best, last, SwitchingCost(moved, 100 * moved)) for moved in (0.001, 0.1, 10.0)]
    assert [one.cost for one in costs] == sorted(one.cost for one in costs)
    assert [one.probability for one in costs] == sorted((one.probability for one in costs), reverse=True)
    assert [one.gain for one in costs] == pytest.approx([free.gain] * 3)
    for one in costs:
        assert one.advised == (one.gain > one.cost_in_aim + max(one.error, one.most - one.gain))
    assert costs[-1].is_settled
    assert not costs[-1].advised


def test_the_cost_is_outlay_of_the_new_plan() -> None:
    asked, known = AIMS[0], curves(8)
    best, last = asked.solve(known), asked.solve(curves(7)).spend * 1.01
    last = last[["radio", "tv", "search"]]
    one = switch(asked, known, best, last, SwitchingCost(0.05, 700))
    up, down = (best.spend - last).clip(lower=0).sum(), (last - best.spend).clip(lower=0).sum()
    assert one.moved == pytest.approx(max(up, down))
    assert one.cost == pytest.approx(0.05 * one.moved + 700 * len(one.touched))
    assert one.cost_in_aim == pytest.approx(one.cost / best.customers, rel=0.01)
    profit = AIMS[1]
    best = profit.solve(known)
    one = switch(profit, known, best, last, SwitchingCost(0.05))
    assert one.cost_in_aim == pytest.approx(one.cost)


def test_the_same_plan_is_nothing_to_switch() -> None:
    asked, known = AIMS[0], curves(8)
    best = asked.solve(known)
    one = switch(asked, known, best, best.spend * (1 + 1e-10), SwitchingCost(0.1, 100))
    assert not one.is_new
    assert not one.advised
    assert np.isnan(one.probability)


def test_a_last_plan_that_breaks_new_limits_is_kept_as_near_as_they_allow() -> None:
    known = curves(8)
    last = pd.Series({"tv": 50_000.0, "search": 25_000.0, "radio": 25_000.0})
    tight = Plan(maximize=Customers(), subject_to=[Budget(at_most=100_000), Channel("tv").at_most(30_000)], now=NOW)
    one = switch(tight, known, tight.solve(known), last)
    assert [str(miss.limit) for miss in one.broken] == ["tv at most 30,000"]
    assert not tight.missed(known, one.kept)
    assert one.kept["tv"] == pytest.approx(30_000)
    assert not one.is_whole
    assert one.gain >= 0
    smaller = Plan(maximize=Customers(), subject_to=[Budget(exactly=80_000)], now=NOW)
    one = switch(smaller, known, smaller.solve(known), last)
    np.testing.assert_allclose(one.kept, last * 0.8, rtol=1e-9)  # its mix at the new money, not the new plan
    fixed = Plan(maximize=Customers(), subject_to=[Channel(name).between(9_000, 9_000) for name in NAMES], now=NOW)
    one = switch(fixed, known, fixed.solve(known), last, SwitchingCost(9.0))
    assert one.is_gone
    assert one.advised  # whatever it costs


def test_plans_that_no_proof_tells_apart_are_no_reason_to_switch() -> None:
    asked, known = AIMS[2], curves(8)
    near = asked.solve(known, gap=1e-5).spend
    far = asked.solve(known, gap=0.05)
    moved = near + 200 * pd.Series({"tv": 1.0, "search": -1.0, "radio": 0.0})
    best = replace(far, spend=near, value=asked.certify(known, near).value)
    one = switch(asked, known, best, moved)
    assert 0 < one.gain < one.within
    assert one.is_new
    assert not one.advised


def test_a_near_miss_is_kept_and_said() -> None:
    known, last = curves(8), pd.Series({"tv": 50_000.0, "search": 25_000.0, "radio": 25_000.0})
    asked = Plan(maximize=Customers(), subject_to=[Budget(exactly=100_300)], now=NOW)
    one = switch(asked, known, asked.solve(known), last)
    assert one.is_whole
    assert one.broken
    np.testing.assert_allclose(one.kept, last)


def test_a_plan_for_the_worst_cases_is_held_by_its_own_figure() -> None:
    known = curves(8)
    asked = Pessimistic(plan(maximize=Customers(organic=ORGANIC)), 0.2)
    best, last = asked.solve(known), pd.Series({"tv": 50_000.0, "search": 25_000.0, "radio": 25_000.0})
    one = switch(asked, known, best, last)
    assert one.gain == pytest.approx(best.value - asked.against(best, known, last).value)


def test_a_channel_without_a_curve_gets_nothing_now() -> None:
    asked, known = AIMS[0], curves(8)
    last = pd.Series({"tv": 50_000.0, "search": 25_000.0, "radio": 25_000.0, "gone": 9_000.0})
    assert "gone" not in switch(asked, known, asked.solve(known), last).kept


@pytest.mark.parametrize("wrong", [{"moved": -0.1}, {"channel": np.inf}, {"moved": np.nan}])
def test_a_cost_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="SwitchingCost"):
        SwitchingCost(**wrong)
