"""Calibrated credit: Fieller's interval, laws of ratios, age, and factors that come back from their table."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution import Aging, BadInput, Bootstrap, Credit, Factor, calibrate, read_factors
from attribution.analysis.factor_table import factor_columns
from attribution.estimates import Estimate

Z = 1.6448536269514722
DAY = dt.date(2026, 3, 31)


def normal(mean: float, error: float) -> Estimate:
    return Estimate(mean, mean - Z * error, mean + Z * error)


def factor(effect: Estimate, credit: Estimate, channel: str = "search", until: dt.date = DAY) -> Factor:
    return Factor("Linear", channel, effect, credit, "experiment", until)


def credit_of(**conversions: float) -> Credit:
    series = pd.Series(conversions, dtype=float)
    return Credit("Linear", series, series)


def fieller(a: float, s: float, b: float, t: float) -> tuple[float, float]:
    """Ends of Fieller's interval of a / b, for independent normal errors s and t."""
    g = (Z * t / b) ** 2
    root = math.sqrt((1 - g) * s**2 + (a / b) ** 2 * t**2)
    return ((a / b - Z / b * root) / (1 - g), (a / b + Z / b * root) / (1 - g))


@pytest.mark.parametrize(
    ("a", "s", "b", "t"), [(150, 20, 300, 5), (150, 20, 300, 60), (-30, 40, 300, 45), (900, 10, 100, 12)]
)
def test_the_interval_is_fieller_s_where_errors_are_normal(a: float, s: float, b: float, t: float) -> None:
    own = factor(normal(a, s), normal(b, t)).estimate()
    low, high = fieller(a, s, b, t)
    assert own.point == a / b
    assert own.low == pytest.approx(low, abs=0.03 * (high - low))
    assert own.high == pytest.approx(high, abs=0.03 * (high - low))


def test_an_interval_runs_off_where_the_credit_may_be_none() -> None:
    assert factor(normal(100, 10), normal(20, 30)).estimate().high == math.inf


@given(scale=st.floats(0.01, 1e4), effect=st.floats(1, 1e5), credit=st.floats(1, 1e5))
def test_corrected_credit_scales_with_credit_and_not_with_its_unit(scale: float, effect: float, credit: float) -> None:
    own = factor(normal(effect, 0.1 * effect), normal(credit, 0.05 * credit))
    table = calibrate(credit_of(search=credit), [own]).table.loc["search"]
    assert table["estimate"] == pytest.approx(effect)
    more = calibrate(credit_of(search=scale * credit), [own]).table.loc["search"]
    other = replace(own, credit=Estimate(*(scale * value for value in vars(own.credit).values())))
    same = calibrate(credit_of(search=scale * credit), [other]).table.loc["search"]
    for name in ("estimate", "5%", "95%"):
        assert more[name] == pytest.approx(scale * table[name])
        assert same[name] == pytest.approx(table[name])


def test_errors_of_both_sides_and_of_the_report_widen() -> None:
    rng = np.random.default_rng(0)
    exact = factor(Estimate.exact(50.0), Estimate.exact(100.0))
    both = factor(normal(50, 5), normal(100, 10))
    draws = pd.DataFrame({"search": rng.normal(200, 20, 4_000)})
    sampled = Bootstrap(credit_of(search=200.0), {"conversions": draws})
    widths = []
    for report, own in ((credit_of(search=200.0), exact), (credit_of(search=200.0), both), (sampled, both)):
        row = calibrate(report, [own]).table.loc["search"]
        assert row["estimate"] == 100.0
        widths.append(row["95%"] - row["5%"])
    assert widths[0] == pytest.approx(0, abs=1e-9)
    assert widths[0] < widths[1] < widths[2]


def test_skewed_effects_keep_their_ends() -> None:
    own = factor(Estimate(100.0, 20.0, 400.0), Estimate.exact(50.0)).estimate()
    assert (own.low, own.high) == (pytest.approx(0.4, rel=0.05), pytest.approx(8.0, rel=0.03))


@given(days=st.integers(0, 3000), later=st.integers(1, 2000))
def test_a_factor_never_narrows_with_age_and_holds_while_fresh(days: int, later: int) -> None:
    own, aging = factor(normal(50, 5), normal(100, 3)), Aging(fresh=180, per_year=0.3, between=0.0)
    widths = [
        (each := own.estimate(aging, DAY + dt.timedelta(days=day))).high - each.low for day in (days, days + later)
    ]
    assert widths[1] >= widths[0] - 1e-12
    if days + later <= 180:
        assert widths[1] == widths[0]
    assert own.estimate(aging, DAY - dt.timedelta(days=days)) == own.estimate(aging, DAY + dt.timedelta(days=days))


def test_a_factor_of_another_quarter_is_less_sure_than_its_own_days_even_while_fresh() -> None:
    own, aging = factor(normal(500, 1e-6), normal(100, 1e-6)), Aging(between=0.2)
    same, month, quarter, later = (own.estimate(aging, DAY + dt.timedelta(days=d)) for d in (0, 30, 92, 180))
    assert same.high - same.low < 1e-3
    assert same.high < month.high < quarter.high
    assert quarter == later
    assert (quarter.high - quarter.low) / (2 * 1.645) == pytest.approx(0.2 * 5, rel=0.03)


def test_intervals_hold_where_factors_differ_between_quarters_as_they_are_said_to() -> None:
    """Factors that differ by 12 % from quarter to quarter, measured in one with an error of 10 % and used in another."""
    rng, inside = np.random.default_rng(4), []
    for _ in range(150):
        first, second = 0.5 * np.exp(0.12 * rng.normal(size=2) / math.sqrt(2))
        measured = factor(normal(100 * rng.normal(first, 0.1 * first), 10 * first), normal(100, 1))
        each = measured.estimate(Aging(), DAY + dt.timedelta(days=120))
        inside.append(each.low <= second <= each.high)
    assert 0.83 <= np.mean(inside) <= 0.97


def test_a_factor_of_nothing_widens_too() -> None:
    own = factor(normal(0, 5), normal(100, 3))
    old = own.estimate(Aging(), DAY + dt.timedelta(days=2000))
    assert old.high - old.low > own.estimate().high - own.estimate().low


def test_channels_without_a_factor_have_no_estimate() -> None:
    table = calibrate(credit_of(search=10.0, tv=5.0), [factor(normal(5, 1), normal(10, 1))]).table
    assert table["estimate"].isna().to_dict() == {"search": False, "tv": True}
    assert table.loc["tv", "source"] == ""


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    inside, worlds = 0, 250
    for _ in range(worlds):
        true, seen = rng.uniform(20, 200), rng.uniform(100, 400)
        measured, counted, later = (rng.normal(m, s) for m, s in ((true, 15), (seen, 20), (2 * seen, 40)))
        own = factor(normal(measured, 15), normal(counted, 20))
        report = Bootstrap(
            credit_of(search=later), {"conversions": pd.DataFrame({"search": rng.normal(later, 40, 200)})}
        )
        row = calibrate(report, [own]).table.loc["search"]
        inside += row["5%"] <= 2 * true <= row["95%"]
    assert 0.85 < inside / worlds < 0.96


def test_factors_come_back_from_their_table(tmp_path) -> None:
    own = [factor(normal(50, 5), normal(100, 3)), factor(Estimate(9.0, 1.0, 30.0), normal(70, 2), "tv")]
    frame = pd.DataFrame(map(factor_columns, own))
    frame.to_csv(tmp_path / "calibration.csv", index=False)
    assert read_factors(frame) == tuple(own)
    assert read_factors(tmp_path / "calibration.csv") == tuple(own)


BAD = {
    "no credit": ({"credit": 0.0, "credit_low": 0.0}, "is not above 0"),
    "negative credit": ({"credit": -1.0, "credit_low": -2.0}, "is not above 0"),
    "ends swapped": ({"effect_low": 90.0, "effect_high": 10.0}, "is outside 90 to 10"),
    "a day to come": ({"until": "2095-01-01"}, "lies in the future"),
    "no day": ({"until": "soon"}, "until"),
    "no number": ({"effect": "many"}, "effect"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_name_row_and_column(case: str) -> None:
    good = pd.DataFrame([factor_columns(factor(normal(50, 5), normal(100, 3)))] * 2).assign(channel=["tv", "search"])
    change, said = BAD[case]
    bad = good.astype(object)
    for name, value in change.items():
        bad.loc[1, name] = value
    with pytest.raises(BadInput, match=said):
        read_factors(bad)


def test_bad_questions() -> None:
    own = factor(normal(50, 5), normal(100, 3))
    with pytest.raises(BadInput, match=r"no factor is of 'Markov' credit; there are factors of Linear"):
        calibrate(replace(credit_of(search=1.0), model="Markov"), [own])
    with pytest.raises(BadInput, match="'search' has two"):
        calibrate(credit_of(search=1.0), [own, own])
    with pytest.raises(BadInput, match=r"unknown channel 'serch'.*did you mean 'search'"):
        calibrate(credit_of(search=1.0), [replace(own, channel="serch")])
    for fresh, drift, between in ((-1.0, 0.3, 0.1), (100.0, math.nan, 0.1), (math.inf, 0.1, 0.1), (100.0, 0.3, -0.1)):
        with pytest.raises(BadInput, match="Aging"):
            Aging(fresh, drift, between)
