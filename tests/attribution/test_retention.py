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
from attribution.economics.shifted_beta_geometric import log_likelihood, residual_lifetime, retention_rate, survival
from attribution.numbers import percent

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
"""Fader and Hardie (2007), the High End segment, of 1,000 customers."""

positive = st.floats(0.05, 20.0)


def cohorts(active: list[float], channel: str = "tv", **more: object) -> pd.DataFrame:
    frame = pd.DataFrame({"month": "2026-01-01", "channel": channel, "age": range(len(active)), "active": active})
    return frame.assign(**more)


def fitted() -> tuple[float, float]:
    """The most likely alpha and beta of the published cohort."""
    before, left = np.array(HIGH_END[:-1], float), -np.diff(HIGH_END)
    found = minimize(
        lambda p: -float(log_likelihood(*np.exp(p), before, left)), [0.0, 0.0], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11},
    )  # fmt: skip
    return tuple(np.exp(found.x))  # type: ignore[return-value]


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
        assert back.sentence == f"never within {len(flow)} months"


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
