"""Tests of conversion rates: sizes as published, error held however often one looks, shares of visitors checked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import mmm
from attribution.errors import BadInput, UnknownName
from mmm.experiments.conversion_rates import Arm, arms_from_frame, mixture, ratio_metric, visitors_needed
from mmm.experiments.rate_readout import read_rates, worth_of_lift


@pytest.mark.parametrize(
    ("rate", "other", "power", "visitors"),
    [(0.50, 0.75, 0.90, 77), (0.10, 0.12, 0.80, 3841), (0.05, 0.06, 0.80, 8158)],  # R's power.prop.test, rounded up
)
def test_sample_sizes_are_those_of_r(rate: float, other: float, power: float, visitors: int) -> None:
    assert visitors_needed(rate, other / rate - 1, power).per_arm == pytest.approx(visitors, abs=1)


def test_the_stated_power_comes_true() -> None:
    rng = np.random.default_rng(0)
    plan = visitors_needed(0.08, 0.15)
    shown = []
    for _ in range(400):
        arms = [Arm(name, plan.per_arm, rng.binomial(plan.per_arm, rate)) for name, rate in (("a", 0.08), ("b", 0.092))]
        shown.append(read_rates(arms).comparisons[0].p_value <= 0.05)
    assert np.mean(shown) == pytest.approx(0.8, abs=0.05)


@given(st.floats(0.01, 0.4), st.floats(0.05, 0.5), st.integers(2, 6))
def test_larger_lifts_and_fewer_arms_need_fewer_visitors(rate: float, lift: float, arms: int) -> None:
    plan = visitors_needed(rate, lift, arms=arms)
    assert plan.per_arm >= visitors_needed(rate, 1.2 * lift, arms=arms).per_arm
    assert plan.per_arm <= visitors_needed(rate, lift, arms=arms + 1).per_arm
    assert plan.per_arm < plan.per_arm_at_any_time < 4 * plan.per_arm
    assert plan.days(plan.per_arm * arms)[0] == 1


@pytest.mark.parametrize("size", [0.05, 0.01])
def test_the_boundary_is_where_the_evidence_is_one_over_the_size(size: float) -> None:
    for part in (0.01, 0.3, 1.0, 5.0):
        z, k = mixture(part, size)
        assert np.exp(z**2 / 2 * k / (1 + k)) / np.sqrt(1 + k) == pytest.approx(1 / size)
        drawn = np.random.default_rng(1).normal(0, np.sqrt(k), 400_000)  # the mixture of likelihood ratios itself
        assert np.mean(np.exp(drawn * z - drawn**2 / 2)) == pytest.approx(1 / size, rel=0.15) or k > 4
        assert z > norm.ppf(1 - size / 2)


def test_looking_often_shows_nothing_more_often_than_stated() -> None:
    rng = np.random.default_rng(2)
    visitors = 500 * np.arange(1, 61)
    always = once = 0
    for _ in range(80):
        counts = np.cumsum(rng.binomial(500, 0.06, (2, 60)), axis=1)
        read = [
            read_rates([Arm("a", n, a), Arm("b", n, b)], planned=60_000).comparisons[0]
            for n, a, b in zip(visitors[::8], counts[0][::8], counts[1][::8], strict=True)
        ]
        always += any(one.e_value >= 20 for one in read)
        once += any(one.p_value <= 0.05 for one in read)
    assert always / 80 <= 0.05
    assert once / 80 > 0.12


def test_the_interval_at_any_time_holds_the_one_that_is_read_once() -> None:
    for planned in (500, 20_000, 10**6):
        one = read_rates([Arm("a", 5000, 300), Arm("b", 5100, 350)], planned=planned).comparisons[0]
        assert one.always_low < one.low < one.lift < one.high < one.always_high
        assert (one.e_value >= 20) == (one.always_low > 0 or one.always_high < 0)
        assert one.difference_low < one.difference < one.difference_high


def test_several_arms_are_corrected() -> None:
    arms = [Arm("a", 4000, 200), Arm("b", 4000, 245), Arm("c", 4000, 205), Arm("d", 4000, 250)]
    several = read_rates(arms).to_frame().set_index("arm")
    for arm in arms[1:]:
        alone = read_rates([arms[0], arm]).comparisons[0]
        assert several["p_value"][arm.name] >= alone.p_value
        assert several["always_low"][arm.name] < alone.always_low
    alone = sorted(read_rates([arms[0], arm]).comparisons[0].p_value for arm in arms[1:])
    assert several["p_value"].min() == pytest.approx(3 * alone[0])


def test_shares_of_visitors_are_checked() -> None:
    fine = read_rates([Arm("a", 10_000, 500), Arm("b", 10_050, 500)])
    lost = read_rates([Arm("a", 10_000, 500), Arm("b", 9_400, 500)])
    asked = read_rates([Arm("a", 18_000, 500), Arm("b", 2_010, 50)], {"a": 0.9, "b": 0.1})
    assert [one.findings[0].passed for one in (fine, lost, asked)] == [True, False, True]
    assert "do not use the result" in lost.findings[0].text
    with pytest.raises(UnknownName):
        read_rates([Arm("a", 10, 5), Arm("b", 10, 5)], {"a": 1, "bb": 1})
    with pytest.raises(BadInput, match="name every arm"):
        read_rates([Arm("a", 10, 5), Arm("b", 10, 5)], {"a": 1})


def test_few_conversions_say_nothing_at_any_time() -> None:
    read = read_rates([Arm("a", 100, 0), Arm("b", 100, 12)])
    assert read.comparisons[0].e_value == 1.0
    assert not read.findings[1].passed
    assert "not shown" in read.sentences[0] or "one time" in read.sentences[0]
    assert read_rates([Arm("a", 100, 0), Arm("b", 100, 0)]).comparisons[0].p_value == 1.0


def test_revenue_per_visitor_is_welch() -> None:
    rng = np.random.default_rng(3)
    values = {name: rng.gamma(0.2, 50, 4000) * (rng.random(4000) < 0.1) for name in "ab"}
    arms = [Arm(name, 4000, (one > 0).sum(), one.sum(), (one**2).sum()) for name, one in values.items()]
    one = read_rates(arms).comparisons[0]
    error = np.sqrt(sum(values[name].var() / 4000 for name in "ab"))
    assert one.revenue == pytest.approx(values["b"].mean() - values["a"].mean())
    assert one.revenue_high - one.revenue == pytest.approx(1.959964 * error)


def test_a_ratio_metric_s_error_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(4)
    sessions = 1 + rng.poisson(2, 3000)
    orders = rng.binomial(sessions, rng.beta(2, 20, 3000))
    ratio, error = ratio_metric(orders, sessions)
    picks = rng.integers(3000, size=(400, 3000))
    assert ratio == pytest.approx(orders.sum() / sessions.sum())
    assert error == pytest.approx((orders[picks].sum(axis=1) / sessions[picks].sum(axis=1)).std(), rel=0.12)
    with pytest.raises(BadInput):
        ratio_metric(orders[:1], sessions[:1])


def test_a_lift_is_worth_its_customers_at_the_same_spend() -> None:
    one = read_rates([Arm("a", 10**7, 10**6), Arm("b", 10**7, 11 * 10**5)]).comparisons[0]
    worth = worth_of_lift(one, np.full(50, 2000.0), 100_000.0, through=0.5)
    assert worth.gained.point == pytest.approx(100, rel=0.01)
    assert worth.cac_before.point == pytest.approx(50)
    assert worth.cac_after.point == pytest.approx(100_000 / 2100, rel=0.001)
    assert worth.cac_change.point == pytest.approx(100_000 / 2100 - 50, rel=0.02)
    with pytest.raises(BadInput):
        worth_of_lift(one, np.full(50, 2000.0), 100_000.0, through=0.0)


def test_days_of_an_arm_are_summed_and_tables_checked() -> None:
    frame = pd.DataFrame(
        {
            "day": ["2026-01-05", "2026-01-05", "2026-01-06", "2026-01-06"],
            "arm": ["today", "new", "today", "new"],
            "visitors": [100, 110, 90, 95],
            "conversions": [5, 9, 4, 7],
        }
    )
    assert arms_from_frame(frame) == (Arm("today", 190, 9), Arm("new", 205, 16))
    for bad, said in (
        (frame.drop(columns="visitors"), "visitors"),
        (frame[frame["arm"] == "new"], "one arm"),
        (frame.assign(conversions=1000), "at most one conversion"),
        (frame.assign(visitors=["a", 1, 2, 3]), "visitors"),
        (frame.assign(conversions=frame["visitors"]), "as large as visitors in every row"),
        (frame.assign(revenue=900.0, revenue_squares=1.0), "cannot be below"),
    ):
        with pytest.raises(BadInput, match=said):
            mmm.arms_from_frame(bad)
    with pytest.raises(BadInput, match="no test"):
        visitors_needed(0.5, 1.5)


@pytest.mark.parametrize(("rate", "lift"), [(0.03, 5.0), (0.2, 3.0), (0.03, 0.1)])
def test_as_many_visitors_as_planned_let_the_running_test_speak(rate: float, lift: float) -> None:
    planned, rng = visitors_needed(rate, lift), np.random.default_rng(0)
    each = planned.per_arm_at_any_time
    came = rng.binomial(each, [rate, rate * (1 + lift)], (200, 2))
    arms = [(Arm("today", each, float(one)), Arm("new", each, float(other))) for one, other in came]
    shown = [read_rates(pair, planned=2 * each).comparisons[0].e_value >= 20 for pair in arms]
    assert np.mean(shown) >= 0.8 - 0.06
