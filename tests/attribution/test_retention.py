"""Retention against published figures, sums and worlds of known truth; value and payback by their laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from attribution import BadInput, UnknownChannel
from attribution.economics import Terms, customer_values, fit_retention, payback, read_cohorts, value_findings
from attribution.economics.margins import margins_of
from attribution.economics.retention_families import FAMILIES
from attribution.economics.retention_grid import Grid
from attribution.economics.shifted_beta_geometric import residual_lifetime, retention_rate, survival
from attribution.numbers import counted, percent

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
"""Fader and Hardie (2007), the High End segment, of 1,000 customers."""

positive = st.floats(0.05, 20.0)


def cohorts(active: list[float], channel: str = "tv", **more: object) -> pd.DataFrame:
    frame = pd.DataFrame({"month": "2026-01-01", "channel": channel, "age": range(len(active)), "active": active})
    return frame.assign(**more)


def fitted() -> tuple[float, float]:
    """The most likely alpha and beta of the published cohort."""
    before, left = np.array(HIGH_END[:-1], float), -np.diff(HIGH_END)
    most = minimize(
        lambda p: -log_likelihood(*np.exp(p), before, left), [0.0, 0.0], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11},
    )  # fmt: skip
    return tuple(np.exp(most.x))  # type: ignore[return-value]


def log_likelihood(alpha: float, beta: float, before: np.ndarray, left: np.ndarray, shape: float = 1.0) -> float:
    """Of the first family, by the symbols of its authors."""
    numbers = (np.log([alpha / beta]), -np.log([alpha + beta]), np.log([shape]))
    return float(FAMILIES[0].log_likelihood(numbers, before, left)[0])


def test_the_published_forecast_and_residual_lifetime() -> None:
    alpha, beta = fitted()
    assert (round(alpha, 3), round(beta, 3)) == (0.668, 3.806)
    assert survival(alpha, beta, range(8, 13)).round(3).tolist() == [0.46, 0.436, 0.414, 0.395, 0.378]
    assert round(float(residual_lifetime(alpha, beta, 0.1, renewals=7)), 3) == 7.530


@given(positive, positive, st.floats(0.02, 0.5), st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_residual_lifetime_is_the_sum_that_it_stands_for(alpha: float, beta: float, d: float, renewals: int) -> None:
    ages = np.arange(renewals, 6_000)
    share = np.concatenate([[1.0], np.cumprod(retention_rate(alpha, beta, np.arange(1, 6_001)))])  # no beta function
    direct = float((share[ages + 1] / share[renewals]) @ (1 + d) ** -(ages - renewals).astype(float))
    assert residual_lifetime(alpha, beta, d, renewals) == pytest.approx(direct, abs=1e-6)


@given(positive, positive, st.floats(0.3, 2.0))
@settings(max_examples=30, deadline=None)
def test_survival_is_the_product_of_retention_rates_and_falls(alpha: float, beta: float, shape: float) -> None:
    ages = np.arange(40)
    product = np.concatenate([[1.0], np.cumprod(retention_rate(alpha, beta, ages[1:]))])
    assert np.allclose(survival(alpha, beta, ages), product, atol=1e-9)
    assert (np.diff(survival(alpha, beta, ages, shape)) <= 0).all()
    assert survival(alpha, beta, [1], shape)[0] == pytest.approx(beta / (alpha + beta))


@given(positive, positive, st.floats(0.4, 1.8))
@settings(max_examples=20, deadline=None)
def test_the_likelihood_is_that_of_everybodys_exit(alpha: float, beta: float, shape: float) -> None:
    active = np.array([50.0, 30.0, 21.0, 20.0])
    share = survival(alpha, beta, range(4), shape)
    by_hand = -np.diff(active) @ np.log(-np.diff(share)) + active[-1] * np.log(share[-1])
    assert log_likelihood(alpha, beta, active[:-1], -np.diff(active), shape) == pytest.approx(by_hand, rel=1e-6)


def test_draws_hold_what_was_published_later() -> None:
    retention = fit_retention(read_cohorts(cohorts(HIGH_END)))
    later = [0.468, 0.445, 0.427, 0.409, 0.394]  # years 8 to 12 of the same customers
    low, high = np.quantile(retention.survival("tv", 13)[:, 8:], [0.05, 0.95], axis=0)
    assert ((low < later) & (later < high)).all()


def company(seed: int, channels: int = 6, size: int = 400) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    rows, truth = [], {}
    for number in range(channels):
        churn, polar = 1 / (1 + np.exp(rng.normal(2.2, 0.5))), rng.uniform(0.1, 0.35)
        size_ = 1 / polar - 1
        curve = survival(churn * size_, (1 - churn) * size_, range(24))
        truth[f"c{number}"] = curve
        for month in range(10):
            active = size
            for age in range(10 - month):
                active = rng.binomial(active, curve[age] / curve[age - 1]) if age else active
                rows.append((pd.Timestamp(2025, month + 1, 1), f"c{number}", age, active))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active"]), truth


def test_intervals_hold_the_truth_beyond_the_ages_seen() -> None:
    inside = []
    for seed in range(4):
        frame, truth = company(seed)
        retention = fit_retention(read_cohorts(frame), 600)
        for channel, curve in truth.items():
            low, high = np.quantile(retention.survival(channel, 24)[:, 23], [0.05, 0.95])
            inside.append(low <= curve[23] <= high)
    assert np.mean(inside) >= 0.8  # of 24 at a nominal 90 %


def told(curve: np.ndarray, size: int, months: int, rng: np.random.Generator) -> pd.DataFrame:
    """Monthly cohorts of one survival curve."""
    parts = []
    for month in range(months):
        active = [size]
        for age in range(1, months - month):
            active.append(rng.binomial(active[-1], curve[age] / curve[age - 1]))
        parts.append(cohorts(active).assign(month=f"2025-{month + 1:02d}-01"))
    return pd.concat(parts)


AGES = np.arange(36.0)
ODD = {
    "churn rises with age": lambda rng: (1 - rng.uniform(0.03, 0.06)) ** AGES**1.3,
    "churn falls with age": lambda rng: (1 - rng.uniform(0.08, 0.2)) ** AGES**0.6,
    "two kinds": lambda rng: 0.4 * (1 - rng.uniform(0.005, 0.02)) ** AGES + 0.6 * (1 - rng.uniform(0.15, 0.35)) ** AGES,
}


@pytest.mark.parametrize("made", ODD.values(), ids=ODD)
def test_intervals_hold_the_truth_where_customers_are_otherwise(made: object) -> None:
    rng, inside = np.random.default_rng(5), []
    for _ in range(2):
        curves = {f"c{i}": made(rng) for i in range(6)}  # type: ignore[operator]
        frame = pd.concat([told(c, 700, 12, rng).assign(channel=name) for name, c in curves.items()])
        values = customer_values(read_cohorts(frame), Terms(discount_rate=0.0, margin=1.0), 600)
        for name, curve in curves.items():
            low, high = np.quantile(values.value(name), [0.05, 0.95])
            inside.append(low <= curve.sum() <= high)
    assert np.mean(inside) >= 0.75  # of 12 at a nominal 90 %


@pytest.mark.parametrize("shape", [0.7, 1.0, 1.3])
@pytest.mark.parametrize("size", [300, 30_000])
def test_a_grid_holds_all_that_is_likely(shape: float, size: int) -> None:
    """Against the most likely curve at each polarisation: a ridge too narrow for a coarse mesh is followed."""
    curve = 0.96 ** np.arange(12.0) ** shape
    before, left = size * curve[:-1], -size * np.diff(curve)
    family = FAMILIES[0]
    grid = Grid.of(family, before, left, 1.0)

    def best(polar: float) -> float:
        def lost(p: np.ndarray) -> float:
            return -float(family.log_likelihood((p[:1], np.array([polar]), p[1:]), before, left)[0])

        return -minimize(lost, [-3.2, np.log(shape)], method="Nelder-Mead", options={"fatol": 1e-6}).fun

    for polar in (-8.5, -7.0, -6.0, -5.0):
        if best(polar) > grid.peak - 3:
            assert grid.nodes[1][0] <= polar <= grid.nodes[1][-1]


def test_the_families_are_what_they_say() -> None:
    """Against everybody's exit drawn one by one."""
    rng = np.random.default_rng(3)
    ages = np.arange(6.0)
    churn = rng.beta(0.8, 4.2, 200_000)
    logits = [np.array(v) for v in (np.log(0.8 / 4.2), -np.log(5.0), 0.0)]
    alone = np.exp(FAMILIES[0].log_survival(*logits, ages))
    assert np.allclose(alone, [(1 - churn) ** t @ np.ones(len(churn)) / len(churn) for t in ages], atol=0.004)
    assert np.allclose(alone, survival(0.8, 4.2, range(6)))
    two = FAMILIES[1].log_survival(
        *(np.log(p / (1 - p)) for p in (np.array(0.3), np.array(0.02), np.array(0.25))), ages
    )
    assert np.allclose(np.exp(two), 0.25 * 0.98**ages + 0.75 * 0.7**ages)


def test_the_cohorts_say_whether_customers_are_of_two_kinds() -> None:
    rng = np.random.default_rng(8)
    two = told(ODD["two kinds"](rng), 20_000, 12, rng)
    one = told(ODD["churn rises with age"](rng), 20_000, 12, rng)
    assert fit_retention(read_cohorts(two)).two_kinds("tv") > 0.9
    assert fit_retention(read_cohorts(one)).two_kinds("tv") < 0.1


WORN = {"all wear out": 1.2, "two kinds": 1.0}


@pytest.mark.parametrize("shape", WORN.values(), ids=WORN)
def test_kinds_who_all_leave_more_easily_with_age_are_seen_by_all_channels_together(shape: float) -> None:
    rng, inside = np.random.default_rng(4), []
    curves = {}
    for i in range(5):
        share, loyal, loose = rng.uniform(0.3, 0.6), rng.uniform(0.005, 0.02), rng.uniform(0.15, 0.35)
        at = AGES**shape
        curves[f"c{i}"] = share * (1 - loyal) ** at + (1 - share) * (1 - loose) ** at
    frame = pd.concat([told(c, 800, 12, rng).assign(channel=name) for name, c in curves.items()])
    values = customer_values(read_cohorts(frame), Terms(discount_rate=0.0, margin=1.0), 500)
    assert values.retention.wearing == (shape > 1)
    finding = {one.name: one for one in value_findings(values)}["both_kinds_wear_out"]
    assert finding.passed == (shape == 1)
    for name, curve in curves.items():
        low, high = np.quantile(values.value(name), [0.05, 0.95])
        inside.append(low <= curve.sum() <= high)
    assert sum(inside) >= 4
    assert values.retention.two_kinds("c0") > 0.9
    assert np.isfinite(values.value("elsewhere")).all()


def test_one_kind_of_rising_churn_is_no_case_for_it() -> None:
    rng = np.random.default_rng(6)
    curves = [ODD["churn rises with age"](rng) for _ in range(5)]
    frame = pd.concat([told(curve, 800, 12, rng).assign(channel=f"c{i}") for i, curve in enumerate(curves)])
    assert not fit_retention(read_cohorts(frame), 300).wearing


def test_curves_that_fit_alike_and_differ_later_are_told() -> None:
    frame = pd.concat([cohorts([60, 48, 41, 37, 34], f"c{i}") for i in range(3)])
    values = customer_values(read_cohorts(frame), Terms(horizon=60, margin=1.0))
    one = {one.name: one for one in value_findings(values)}["retention_curves_agree"]
    assert not one.passed
    assert set(one.channels) <= {"c0", "c1", "c2"}
    assert "if customers are of two kinds" in one.text
    short = customer_values(read_cohorts(frame), Terms(horizon=5, margin=1.0))
    assert {one.name: one for one in value_findings(short)}["retention_curves_agree"].passed


def test_a_thin_channel_leans_on_the_others_and_a_thick_one_does_not() -> None:
    thick = [cohorts([10_000, 9_000, 8_200, 7_600, 7_100], f"c{i}") for i in range(5)]
    frame = pd.concat([*thick, cohorts([10, 5, 4], "thin"), cohorts([20_000, 10_000, 6_000], "other")])
    retention = fit_retention(read_cohorts(frame))
    assert retention.mean_churn("thin").mean() < 0.4  # its own rate is 0.5
    assert abs(retention.mean_churn("other").mean() - 0.5) < 0.02


def test_a_channel_without_cohorts_is_less_certain_than_any() -> None:
    frame, _ = company(3)
    values = customer_values(read_cohorts(frame), Terms(margin=1.0))
    spreads = [np.std(values.value(channel)) for channel in values.cohorts.channels]
    assert np.std(values.value("podcast")) > max(spreads)


def test_cohorts_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(0)

    def made(swing: float) -> pd.DataFrame:
        parts = []
        for month in range(1, 11):
            stay = 1 - 0.1 * np.exp(swing * rng.normal())
            parts.append(
                cohorts([1000, *np.floor(1000 * stay ** np.arange(1, 6))]).assign(month=f"2025-{month:02d}-01")
            )
        return pd.concat(parts)

    calm, torn = (fit_retention(read_cohorts(made(swing))) for swing in (0.0, 0.4))
    assert torn.dispersion["tv"] > 5 * calm.dispersion["tv"]
    assert np.std(torn.mean_churn("tv")) > 2 * np.std(calm.mean_churn("tv"))


@pytest.mark.parametrize("active", [[100], [100, 100, 100], [100, 0], [1, 1], [100, 0, 0], [3e6, 2.9e6]])
def test_extreme_cohorts_have_finite_values(active: list[float]) -> None:
    frame = pd.concat([cohorts(active), cohorts([500, 400, 350], "other")])
    value = customer_values(read_cohorts(frame), Terms(margin=1.0)).value("tv")
    assert np.isfinite(value).all()
    assert (value >= 1.0).all()  # the month of acquisition
    assert (value <= 36.0).all()


def test_without_any_second_month_there_is_no_retention() -> None:
    with pytest.raises(BadInput, match="no age beyond 0"):
        fit_retention(read_cohorts(cohorts([100])))
    with pytest.raises(UnknownChannel):
        fit_retention(read_cohorts(cohorts([100, 90]))).mean_churn("tw")


def test_values_grow_with_margin_in_proportion_and_fall_with_the_discount() -> None:
    made = read_cohorts(cohorts([1000, 800, 700]))
    plain, double = (customer_values(made, Terms(margin=m)).value("tv") for m in (10.0, 20.0))
    assert np.allclose(double, 2 * plain)
    assert (customer_values(made, Terms(margin=10.0, discount_rate=0.3)).value("tv") < plain).all()
    undiscounted = customer_values(made, Terms(margin=10.0, discount_rate=0.0, horizon=1)).value("tv")
    assert np.allclose(undiscounted, 10.0)


def test_what_was_seen_and_what_is_carried_on_make_the_value() -> None:
    values = customer_values(read_cohorts(cohorts([1000, 800, 700], margin=[50_000, 8_000, 7_000])))
    row = values.to_frame().iloc[0]
    assert row["within_observed_ages"] + row["extrapolated"] == pytest.approx(row["lifetime_value"])
    survived = values.retention.survival("tv", 3).mean(axis=0)
    discount = 1.1 ** (-np.arange(3) / 12)
    assert row["within_observed_ages"] == pytest.approx(50 + 10 * float(survived[1:] @ discount[1:]), rel=0.02)


@pytest.mark.parametrize("period", [1, 3, 12])
def test_a_horizon_counts_months_whatever_the_period(period: int) -> None:
    made = read_cohorts(cohorts([1000, 1000, 1000]), months=period)
    value = customer_values(made, Terms(horizon=12, margin=1.0, discount_rate=0.0)).value("tv").mean()
    assert value == pytest.approx(12 / period, rel=0.1)


def test_margins_are_stated_once() -> None:
    with pytest.raises(BadInput, match="a margin is stated beside it"):
        customer_values(read_cohorts(cohorts([10, 9], margin=1.0)), Terms(margin=2.0))
    with pytest.raises(BadInput, match="does not say what customers earn"):
        customer_values(read_cohorts(cohorts([10, 9])))
    with pytest.raises(BadInput, match="lacks tv"):
        customer_values(read_cohorts(cohorts([10, 9])), Terms(margin={"radio": 2.0}))


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=20), st.floats(0.1, 400))
def test_the_cost_is_back_when_the_margin_says_so(flow: list[float], cac: float) -> None:
    back = payback(cac, [flow])
    months = back.months.point
    if np.isfinite(months):
        whole = int(months)
        earned = sum(flow[:whole]) + (months - whole) * (flow[whole] if whole < len(flow) else 0.0)
        assert earned == pytest.approx(cac, rel=1e-6)
        assert back.never == 0
    else:
        assert sum(flow) < cac
        assert back.never == 1
        assert back.sentence == f"never within {counted(len(flow), 'month')}"


def test_never_is_said_with_its_chance() -> None:
    flow = np.array([[10.0, 10.0]] * 30 + [[1.0, 1.0]] * 70)
    assert payback(15.0, flow).sentence == f"never within 2 months ({percent(0.3)} that it does)"
    assert payback(15.0, flow[:40]).sentence.endswith("to never)")


def test_a_forecast_that_misses_is_told() -> None:
    """Customers of whom half leave at age 6, as after a contract of half a year."""
    rows = []
    for month in range(1, 13):
        active = 1000.0
        for age in range(13 - month):
            active = round(active * (1.0 if age == 0 else 0.5 if age == 6 else 0.98))
            rows.append((f"2025-{month:02d}-01", "tv", age, active))
    frame = pd.DataFrame(rows, columns=["month", "channel", "age", "active"])
    told = {one.name: one for one in value_findings(customer_values(read_cohorts(frame), Terms(margin=1.0)))}
    assert not told["retention_forecast"].passed
    assert told["retention_forecast"].channels == ("tv",)
    frame, _ = company(1)
    told = {one.name: one for one in value_findings(customer_values(read_cohorts(frame), Terms(margin=1.0)))}
    assert told["retention_forecast"].passed


def one_cohort(margin: np.ndarray, active: np.ndarray, month: str = "2025-01-01") -> pd.DataFrame:
    ages = np.arange(len(active))
    return pd.DataFrame({"month": month, "channel": "tv", "age": ages, "active": active, "margin": margin * active})


def test_margins_of_one_cohort_are_as_unsure_as_its_ages_differ() -> None:
    """Customers who stay, of whom each earns another amount at every age: what is unsure is the margin alone."""
    held = []
    for seed in range(25):
        rng = np.random.default_rng([seed, 3])
        active = np.full(12, 400.0)
        margin = 10 + 40 * rng.normal(size=12) / np.sqrt(active)
        alone = read_cohorts(one_cohort(margin, active), negative_margins=True)
        level = margins_of(alone, seed=seed).at("tv", 2)[:, 1]
        held.append(np.quantile(level, 0.05) <= 10 <= np.quantile(level, 0.95))
        assert 0.5 < level.std() / (40 / np.sqrt(400 * 11)) < 2
    assert 0.75 <= np.mean(held) <= 0.99
    two = read_cohorts(pd.concat([one_cohort(active / 40, active), one_cohort(active / 40, active, "2025-02-01")]))
    alone = read_cohorts(one_cohort(active / 40, active))
    for made, told in ((alone, False), (two, True)):
        found = {finding.name: finding for finding in value_findings(customer_values(made))}
        assert found["margins_of_several_cohorts"].passed == told


@pytest.mark.parametrize(("period", "horizon"), [(3, 4), (12, 6), (12, 18)])
def test_a_horizon_that_ends_within_an_age_is_refused(period: int, horizon: int) -> None:
    """A year's margin is none of half a year."""
    made = read_cohorts(cohorts([1000, 1000, 1000]), months=period)
    with pytest.raises(BadInput, match=f"a horizon of {horizon} months ends within one"):
        customer_values(made, Terms(horizon=horizon, margin=1.0))


def test_where_everybody_left_a_value_is_not_known_to_the_cent() -> None:
    """Nobody of twenty stayed, and of the next twenty somebody may, who then earns something."""
    made = read_cohorts(one_cohort(np.array([10.0, 0.0]), np.array([20.0, 0.0])))
    value = customer_values(made, Terms(horizon=12)).value("tv")
    assert value.min() >= 10.0
    assert np.quantile(value, 0.95) > 10.2
