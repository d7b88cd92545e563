"""Where curves reach half of their ceiling, and where their slope falls to a value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.curves import Exponential, Hill, Logistic, MichaelisMenten, Mixture, Power, Tabulated, inverse
from mmm.curves.inverse import spend_at_slope, spend_scale

amounts, powers = st.floats(1e-6, 1e9), st.floats(0.3, 5)
saturating = st.one_of(
    st.builds(Hill, amounts, amounts, powers),
    *(st.builds(family, amounts, amounts) for family in (Logistic, MichaelisMenten, Exponential)),
)
laws = settings(max_examples=60, deadline=None, derandomize=True)


@laws
@given(saturating)
def test_the_scale_is_the_spend_at_half_saturation(curve):
    assert spend_scale(curve) == pytest.approx(float(curve.half_saturation), rel=1e-10)


@laws
@given(saturating, st.floats(1.1, 20))
def test_the_slope_at_the_last_spend_is_what_was_asked(curve, share):
    spend = share * max(float(np.max(curve.inflection)), spend_scale(curve))
    asked = float(curve.mean_marginal(spend))
    if asked <= 0:
        return
    ((first, last),) = spend_at_slope(curve, asked)
    assert last == pytest.approx(spend, rel=1e-6)
    assert first <= last
    if first > 0:
        assert float(curve.mean_marginal(first)) == pytest.approx(asked, rel=1e-6)


def test_averages_over_draws_and_sums_of_curves_have_scales_too():
    rng = np.random.default_rng(0)
    many = Hill(900 * np.exp(rng.normal(0, 0.2, 50)), 6e4 * np.exp(rng.normal(0, 0.2, 50)), 1.5)
    for curve in (many, Mixture([Hill(300, 3000, 1), Hill(2000, 120_000, 8)], [1.0, 1.0])):
        assert float(curve.mean(spend_scale(curve))) == pytest.approx(float(np.mean(curve.ceiling)) / 2, rel=1e-9)


def test_curves_without_a_ceiling_or_steep_at_zero():
    assert spend_scale(Power(3.0, 0.5)) == 1.0
    assert spend_at_slope(Power(3.0, 0.5), 0.75)[0] == pytest.approx((0.0, 4.0))  # 1.5 / sqrt(x)
    assert spend_at_slope(Hill(1.0, 1.0, 1.0), 5.0) == ()
    assert spend_at_slope(Power(3.0, 0.5), 1e12)[0][1] >= 0
    assert spend_at_slope(Power(3.0, 1.0), 2.0) == ((0.0, np.inf),)


@pytest.mark.parametrize("cost", [1e-6, 1.0, 1e12])
def test_the_currency_moves_the_spend_and_nothing_else(cost):
    for curve, slope in ((Power(3.0, 0.5), 0.01), (Hill(900, 6e4, 4), 0.01), (Tabulated([0, 5, 9], [0, 1, 8]), 1.0)):
        here, there = spend_at_slope(curve, slope), spend_at_slope(curve.scaled(cost=cost), slope / cost)
        assert np.array(there) / cost == pytest.approx(np.array(here), rel=1e-9)


def test_a_sum_that_is_steep_twice_has_two_stretches():
    for curve in (
        Mixture([Hill(300, 3000, 1), Hill(2000, 120_000, 8)], [1.0, 1.0]),
        Tabulated([0, 1e4, 5e4, 9e4, 2e5], [0, 200, 250, 900, 950]),
        Mixture([Hill(500, 2e4, 40), Hill(500, 2e5, 40)], [1.0, 1.0]),  # each steep on a few per cent of its spend
    ):
        stretches = spend_at_slope(curve, 0.01)
        spend = np.linspace(1, 3e5, 20_001)
        steep = curve.mean_marginal(spend) >= 0.01
        inside = np.zeros_like(steep)
        for low, high in stretches:
            inside |= (spend >= low) & (spend <= high)
        assert len(stretches) == 2
        assert (inside == steep).mean() > 0.9995  # a table's row belongs to the unit before it


def test_stretches_of_one_curve_are_worked_out_once_and_another_equal_curve_has_its_own(monkeypatch):
    asked = []
    grid = inverse._grid
    monkeypatch.setattr(inverse, "_grid", lambda curve: asked.append(curve) or grid(curve))
    one, same, other = Hill(900.0, 60_000.0), Hill(900.0, 60_000.0), Hill(900.0, 30_000.0)
    for _ in range(3):
        assert spend_at_slope(one, 0.004) == spend_at_slope(same, 0.004) != spend_at_slope(other, 0.004)
    spend_at_slope(one, 0.005)
    assert [id(curve) for curve in asked] == [id(one), id(same), id(other), id(one)]
