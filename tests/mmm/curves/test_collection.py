"""ResponseCurves: a mapping that knows its draws."""

import numpy as np
import pytest

from attribution.errors import BadInput, UnknownChannel
from mmm.curves import Hill, MichaelisMenten, Power, ResponseCurves

CURVES = ResponseCurves({"tv": Hill([50.0, 70.0], 100.0), "search": MichaelisMenten(30.0, [100.0, 50.0])})


def test_customers_add_up_draw_by_draw():
    np.testing.assert_allclose(CURVES.customers({"tv": 100, "search": 100}), [25 + 15, 35 + 20])
    np.testing.assert_allclose(CURVES.customers({"tv": 100}), [25, 35])


def test_numbers_have_no_draws():
    plain = ResponseCurves({"a": Power(2.0, 0.5)})
    assert plain.n_draws == 0
    assert plain.customers({"a": 9}) == pytest.approx([6.0])


@pytest.mark.parametrize("use", [lambda: CURVES["serch"], lambda: CURVES.customers({"serch": 1}),
                                 lambda: CURVES.without("serch")])  # fmt: skip
def test_unknown_channels_offer_the_nearest(use):
    with pytest.raises(UnknownChannel, match="Did you mean 'search'"):
        use()


def test_a_mapping_in_order():
    assert CURVES.channels == ("tv", "search") == tuple(CURVES)
    assert "radio" not in CURVES
    assert CURVES.without("tv").channels == ("search",)
    assert CURVES.with_curve("radio", Hill(1, 1)).channels == ("tv", "search", "radio")


def test_draws_must_be_paired():
    with pytest.raises(BadInput, match="different numbers of draws"):
        ResponseCurves({"a": Hill([1.0, 2.0], 1.0), "b": Hill([1.0, 2.0, 3.0], 1.0)})


@pytest.mark.parametrize("curves", [{}, {"a": 3.0}])
def test_what_is_no_curve_is_refused(curves):
    with pytest.raises(BadInput):
        ResponseCurves(curves)


def test_taking_draws_keeps_them_paired():
    np.testing.assert_allclose(CURVES.take([1]).customers({"tv": 100, "search": 100}), [55])


def test_horizon_and_frame():
    week, quarter = CURVES.customers({"tv": 10, "search": 20}), CURVES.over(13).customers({"tv": 130, "search": 260})
    np.testing.assert_allclose(quarter, 13 * week)
    frame = CURVES.to_frame()
    assert list(frame.columns) == ["channel", "family", "parameter", "mean", "low", "high"]
    row = frame.query("channel == 'tv' and parameter == 'saturation'").iloc[0]
    assert (row["mean"], row["family"]) == (60.0, "Hill")
    assert row["low"] < row["mean"] < row["high"]
