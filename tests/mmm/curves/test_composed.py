"""Mixtures and tables: curves made of other curves, or of somebody else's figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.errors import BadInput
from mmm.curves import Exponential, Hill, MichaelisMenten, Mixture, Power, ResponseCurves, Tabulated
from mmm.curves.joined import joined

PARTS = [Hill([50.0, 60.0], 100.0, 2.0), MichaelisMenten(30.0, 80.0), Mixture([Exponential(5.0, 10.0)], [2.0])]
MIX = Mixture(PARTS, [0.5, 0.3, 0.2])
TABLE = Tabulated([0, 100, 300, 600], [0, 10, 50, 60])


@given(st.floats(0, 1e4))
def test_a_mixture_is_the_weighted_sum(spend):
    expected = 0.5 * PARTS[0](spend) + 0.3 * PARTS[1](spend) + 0.2 * PARTS[2](spend)
    np.testing.assert_allclose(MIX(spend), expected)
    slopes = 0.5 * PARTS[0].marginal(spend) + 0.3 * PARTS[1].marginal(spend) + 0.2 * PARTS[2].marginal(spend)
    np.testing.assert_allclose(MIX.marginal(spend), slopes)
    np.testing.assert_allclose(sum(a.weight * a.curve.mean(spend) for a in MIX.atoms()), MIX.mean(spend))


def test_a_mixture_behaves_as_a_curve():
    assert MIX.n_draws == 2
    assert MIX(np.ones((3, 4))).shape == (3, 4, 2)
    np.testing.assert_allclose(MIX.over(13)(1300.0), 13 * MIX(100.0))
    np.testing.assert_allclose(MIX.scaled(cost=2)(200.0), MIX(100.0))
    np.testing.assert_allclose(MIX.take([1])(100.0), MIX(100.0)[[1]])
    np.testing.assert_allclose(MIX(1e9), MIX.ceiling, rtol=1e-4)
    np.testing.assert_allclose(MIX.inflection, PARTS[0].inflection)
    assert ResponseCurves({"a": MIX, "b": Power(1.0, 0.5)}).to_frame()["channel"].value_counts()["a"] == 7


POOL = [Hill([50.0, 60.0, 9.0], [100.0, 90.0, 70.0], [2.0, 1.0, 0.7]), Exponential([5.0, 6.0], [10.0, 20.0])]


@pytest.mark.parametrize("spend", [0.0, 120.0, np.array([[0.0, 3.0], [500.0, 80.0]])])
def test_draws_of_several_families_are_each_those_of_their_own(spend):
    both = joined(POOL)
    assert [term.curve.live.tolist() for term in both.atoms()] == [[0, 1, 2], [3, 4]]
    whole = [np.concatenate(own, axis=-1) for own in zip(*(part.value_and_slope(spend) for part in POOL), strict=True)]
    np.testing.assert_array_equal(both.value_and_slope(spend), whole)
    each = np.asarray(spend)[..., None] + np.arange(5.0)
    parts = [part.at_draws(each[..., rows]) for part, rows in zip(POOL, (slice(0, 3), slice(3, 5)), strict=True)]
    whole = [np.concatenate(own, axis=-1) for own in zip(*parts, strict=True)]
    np.testing.assert_array_equal(both.at_draws(each), whole)


@given(st.floats(0, 1000))
def test_a_table_is_read_between_its_rows_and_not_beyond(spend):
    assert TABLE(spend) == pytest.approx(np.interp(spend, [0, 100, 300, 600], [0, 10, 50, 60]))


def test_slopes_and_turning_points_of_a_table():
    np.testing.assert_allclose(TABLE.marginal([50, 200, 400, 700]), [0.1, 0.2, 10 / 300, 0])
    assert TABLE.inflection == 100
    draws = Tabulated([0, 100, 300], [[0, 0], [30, 10], [50, 50]])
    np.testing.assert_allclose(draws.inflection, [0, 100])
    np.testing.assert_allclose(draws(200), [40, 30])
    np.testing.assert_allclose(draws.at_draws(np.array([[100.0, 300.0]]))[0], [[30, 50]])


def test_a_table_stretches_in_both_directions():
    np.testing.assert_allclose(TABLE.over(4)(800), 4 * TABLE(200))
    assert TABLE.stretched(1.0, np.array([1.0, 2.0]))(300) == pytest.approx([50, 100])


BAD = {
    "falling customers": lambda: Tabulated([0, 1, 2], [0, 5, 4]),
    "spend not sorted": lambda: Tabulated([0, 2, 1], [0, 1, 2]),
    "no zero row": lambda: Tabulated([1, 2], [1, 2]),
    "not finite": lambda: Tabulated([0, 1], [0, np.nan]),
    "lengths": lambda: Tabulated([0, 1, 2], [0, 1]),
    "one row": lambda: Tabulated([0], [0]),
    "words": lambda: Tabulated(["a", "b"], [0, 1]),
    "no parts": lambda: Mixture([]),
    "weights": lambda: Mixture(PARTS, [1.0]),
    "negative weight": lambda: Mixture(PARTS, [1.0, -1.0, 1.0]),
    "unpaired": lambda: Mixture([Hill([1.0, 2.0], 1.0), Hill([1.0, 2.0, 3.0], 1.0)]),
    "draws of the spend axis": lambda: TABLE.stretched(np.array([1.0, 2.0]), 1.0),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_and_mixtures_are_refused(case):
    with pytest.raises(BadInput, match="curve"):
        BAD[case]()


def test_faulty_rows_are_named():
    with pytest.raises(BadInput, match="rows 2, 4"):
        Tabulated([0, 1, 2, 3, 4], [0, 5, 4, 6, 5])
