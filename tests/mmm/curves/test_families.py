"""Laws that every curve family keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.errors import BadInput
from mmm.curves import (
    Exponential,
    Hill,
    Logistic,
    MichaelisMenten,
    Power,
    exponential,
    hill,
    logistic,
    michaelis_menten,
    power,
)

positive = st.floats(1e-3, 1e6)
families = st.one_of(
    st.builds(Hill, positive, positive, st.floats(0.3, 5)),
    st.builds(Logistic, positive, positive),
    st.builds(MichaelisMenten, positive, positive),
    st.builds(Exponential, positive, positive),
    st.builds(Power, positive, st.floats(0.1, 1.0)),
)
FORMULAS = {
    Hill: hill,
    Logistic: logistic,
    MichaelisMenten: michaelis_menten,
    Exponential: exponential,
    Power: power,
}


def scale(curve):
    return float(getattr(curve, "half_saturation", 1.0))


@given(families, st.floats(1e-2, 20))
def test_class_and_formula_agree(curve, share):
    spend = share * scale(curve)
    expected = FORMULAS[type(curve)](spend, *(float(v) for v in curve.parameters.values()))
    assert curve(spend) == pytest.approx(expected, rel=1e-9)


@given(families, st.floats(1e-2, 6))
def test_slope_is_the_derivative_of_the_value(curve, share):
    spend = share * scale(curve)
    step = 1e-5 * spend
    numeric = (curve(spend + step) - curve(spend - step)) / (2 * step)
    assert curve.marginal(spend) == pytest.approx(numeric, rel=2e-4, abs=1e-9 * curve(spend) / spend)


@given(families)
def test_curves_start_at_zero_and_rise(curve):
    values = curve(scale(curve) * np.linspace(0, 8, 50))
    assert values[0] == 0
    assert (np.diff(values) >= -1e-12 * values[-1]).all()


@given(families)
def test_convex_before_the_inflection_and_concave_after(curve):
    bend = float(curve.inflection)
    slopes = curve.marginal(bend + scale(curve) * np.linspace(1e-3, 5, 60))
    assert (np.diff(slopes) <= 1e-9 * slopes[:-1]).all()
    if bend:
        slopes = curve.marginal(bend * np.linspace(1e-3, 1, 60))
        assert (np.diff(slopes) >= -1e-9 * slopes[1:]).all()


@given(st.one_of(st.builds(f, positive, positive) for f in (Hill, Logistic, MichaelisMenten, Exponential)))
def test_half_saturation_brings_half_of_the_ceiling(curve):
    assert curve(curve.half_saturation) == pytest.approx(curve.ceiling / 2, rel=1e-12)
    assert curve(1e12 * scale(curve)) == pytest.approx(curve.ceiling, rel=1e-6)


@given(families, st.floats(1, 60), st.floats(1e-3, 10))
def test_a_horizon_of_equal_weeks_brings_weeks_times_the_customers(curve, weeks, share):
    weekly = share * scale(curve)
    assert curve.over(weeks)(weeks * weekly) == pytest.approx(weeks * curve(weekly), rel=1e-9)
    assert curve.over(weeks).marginal(weeks * weekly) == pytest.approx(curve.marginal(weekly), rel=1e-9)


@given(families, st.floats(0.2, 5), st.floats(1e-3, 10))
def test_dearer_media_bring_what_cheaper_spend_brought(curve, cost, share):
    spend = share * scale(curve)
    assert curve.scaled(cost=cost)(spend * cost) == pytest.approx(curve(spend), rel=1e-9)
    assert curve.scaled(effect=cost)(spend) == pytest.approx(cost * curve(spend), rel=1e-9)


@given(st.integers(1, 5), st.integers(0, 3))
def test_draws_are_the_last_axis(draws, rows):
    ceilings = np.arange(1.0, draws + 1)
    curve = Hill(ceilings, 10.0, 2.0)
    spend = np.full((rows, 2), 10.0)
    assert curve(spend).shape == (rows, 2, draws)
    assert curve.mean(spend).shape == (rows, 2)
    assert curve.take([draws - 1])(10.0) == pytest.approx([draws / 2])
    np.testing.assert_allclose(curve.mean(10.0), ceilings.mean() / 2)


@pytest.mark.parametrize("family", [Hill, Logistic, MichaelisMenten, Exponential, Power])
@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, [[1.0]], [], "many"])
def test_bad_parameters_are_named(family, bad):
    with pytest.raises(BadInput, match=family.__name__):
        family(bad, 0.5)


def test_every_bad_parameter_is_reported_at_once():
    with pytest.raises(BadInput) as caught:
        Hill([1.0, 2.0], -1.0, [1.0, 2.0, np.nan])
    assert {"half_saturation", "slope"} <= {problem.column for problem in caught.value.problems}


def test_returns_to_scale_above_one_are_refused():
    with pytest.raises(BadInput, match="exponent"):
        Power(1.0, 1.1)


@pytest.mark.parametrize("spend", [-1.0, [1.0, np.nan]])
def test_impossible_spend_is_refused(spend):
    with pytest.raises(BadInput, match="spend"):
        Hill(1.0, 1.0)(spend)


def test_parameters_cannot_be_changed_behind_the_curve():
    ceilings = np.array([1.0, 2.0])
    curve = Hill(ceilings, 1.0)
    ceilings[0] = 99.0
    assert curve.saturation[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        curve.saturation[0] = 5.0


def test_formulas_pass_tensors_through():
    import pytensor
    import pytensor.tensor as pt

    spend = pt.dvector("spend")
    points = np.array([0.5, 2.0, 7.0])
    for family, arguments in ((hill, (9.0, 2.0, 1.7)), (logistic, (9.0, 2.0)), (michaelis_menten, (9.0, 2.0)),
                              (exponential, (9.0, 2.0)), (power, (9.0, 0.5))):  # fmt: skip
        symbolic = family(spend, *arguments)
        with pytensor.config.change_flags(mode="FAST_COMPILE"):
            np.testing.assert_allclose(symbolic.eval({spend: points}), family(points, *arguments), rtol=1e-12)
