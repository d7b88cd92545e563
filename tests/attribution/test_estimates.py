"""An estimate has one vocabulary, whichever table it comes from, and a cost is a ratio of totals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from attribution.drawing.dot_rows import Marks
from attribution.estimates import INTERVAL, Estimate, column_names, interval_of

DRAWS = st_numpy.arrays(float, st.integers(2, 60), elements=st.floats(0.1, 1e6))


@given(DRAWS, st.floats(1, 1e9))
def test_a_cost_is_spend_over_expected_customers_inside_its_interval(customers: np.ndarray, spend: float) -> None:
    cost, won = Estimate.cost(spend, customers), Estimate.of(customers)
    assert cost.point == pytest.approx(spend / customers.mean())
    assert (cost.low, cost.high) == pytest.approx((spend / won.high, spend / won.low))
    assert cost.low <= cost.high


def test_a_cost_without_spend_or_customers_is_none_and_may_be_endless() -> None:
    for nothing in (Estimate.cost(0.0, np.ones(5)), Estimate.cost(10.0, np.zeros(5))):
        assert not nothing.known
        assert nothing.written() == "–"
    assert math.isinf(Estimate.cost(10.0, np.array([0.0] * 5 + [1.0] * 5)).high)


@pytest.mark.parametrize("few", [1, 4])
def test_a_cost_is_none_where_hardly_any_draw_has_a_customer(few: int) -> None:
    rare = Estimate.cost(10.0, np.array([0.0] * (100 - few) + [1.0] * few))
    assert not rare.known
    assert Estimate.cost(10.0, np.array([0.0] * 90 + [1.0] * 10)).low == 10.0


def test_a_blended_cost_of_nothing_is_nothing_where_somebody_comes() -> None:
    assert Estimate.blended(0.0, np.array([3.0, 5.0])) == Estimate.exact(0.0)
    assert not Estimate.blended(0.0, np.zeros(2)).known
    assert Estimate.blended(8.0, np.array([3.0, 5.0])) == Estimate.cost(8.0, np.array([3.0, 5.0]))


@given(DRAWS, st.floats(0.1, 0.99))
def test_the_interval_holds_its_share_of_the_draws(draws: np.ndarray, mass: float) -> None:
    found = Estimate.of(draws, mass)
    inside = np.mean((draws >= found.low) & (draws <= found.high))
    assert inside >= mass - 2 / len(draws)
    assert dict(zip(INTERVAL, np.quantile(draws, [0.05, 0.95]), strict=True)) == interval_of(draws)


@pytest.mark.parametrize("point", ["estimate", "mean", "median"])
@pytest.mark.parametrize("ends", [("5%", "95%"), ("low", "high")])
def test_every_vocabulary_of_a_summary_is_read_alike(point: str, ends: tuple[str, str]) -> None:
    table = pd.DataFrame([[2.0, 1.0, 3.0], [5.0, 4.0, 7.0]], index=["tv", "radio"], columns=[point, *ends])
    assert column_names(table) == (point, *ends)
    assert Estimate.at(table, "radio") == Estimate(5.0, 4.0, 7.0)
    marks = Marks.of(table, "view")
    assert (marks.mean["tv"], marks.low["tv"], marks.high["tv"]) == (2.0, 1.0, 3.0)


def test_a_summary_with_several_points_gives_the_one_asked_for() -> None:
    table = pd.DataFrame({"mean": [9.0], "median": [2.0], "5%": [1.0], "95%": [3.0]}, index=["tv"])
    assert Estimate.at(table, "tv", "median") == Estimate(2.0, 1.0, 3.0)
    assert Estimate.at(table, "tv").flat("cac") == {"cac": 9.0, "cac_low": 1.0, "cac_high": 3.0}
