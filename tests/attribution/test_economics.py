"""Unit economics: the identities between their readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution import BadInput, UnknownChannel, economics

money, people = st.floats(0, 1e9), st.floats(1, 1e6)


@given(money, money, people, st.floats(0, 0.99))
def test_paid_cac_is_blended_cac_over_the_paid_share(spend, fixed, customers, organic):
    blended = economics.blended_cac(spend, customers, fixed)
    paid = economics.paid_cac(spend, customers, organic * customers, fixed)
    np.testing.assert_allclose(paid, blended / (1 - organic), rtol=1e-9)


@given(st.lists(st.tuples(money, people), min_size=1, max_size=6))
def test_blended_cac_is_the_mean_of_channels_weighted_by_customers(rows):
    index = [f"c{i}" for i in range(len(rows))]
    spend, customers = (pd.Series([row[i] for row in rows], index) for i in (0, 1))
    cac = economics.channel_cac(spend, customers)
    blended = economics.blended_cac(spend.sum(), customers.sum())
    np.testing.assert_allclose((cac * customers).sum() / customers.sum(), blended, rtol=1e-9)


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=24), st.floats(0.01, 0.99))
def test_margin_earned_by_payback_is_the_cost(margin, share):
    cost = share * sum(margin)
    months = economics.payback_months(cost, margin)
    earned = np.interp(months, np.arange(len(margin) + 1), np.concatenate([[0], np.cumsum(margin)]))
    np.testing.assert_allclose(earned, cost, rtol=1e-9)
    assert economics.payback_months(sum(margin) * 1.001, margin) == np.inf
    assert economics.payback_months(0.0, margin) == 0


def test_draws_go_through_as_arrays():
    customers = np.array([100.0, 200.0, 400.0])
    cac = economics.blended_cac(1_000, customers)
    np.testing.assert_allclose(cac, [10, 5, 2.5])
    np.testing.assert_allclose(economics.ltv_to_cac(30.0, cac), [3, 6, 12])
    np.testing.assert_allclose(economics.payback_months(cac, [5.0, 5.0, 5.0]), [2, 1, 0.5])
    low, high = economics.interval(cac)
    assert low < 5 < high


def test_discounting_counts_months():
    assert economics.lifetime_value([0] * 12 + [110.0], discount_rate=0.1) == pytest.approx(100)


def test_nothing_and_something_over_nothing():
    cac = economics.channel_cac({"a": 5.0}, pd.Series({"a": 0.0, "b": 0.0, "c": 2.0}))
    assert cac["a"] == np.inf
    assert np.isnan(cac["b"])
    assert cac["c"] == 0


def test_faulty_spend_is_refused():
    customers = pd.Series({"tv": 1.0})
    with pytest.raises(UnknownChannel, match="'tv'"):
        economics.channel_cac({"tvv": 1.0}, customers)
    with pytest.raises(BadInput, match="missing"):
        economics.channel_cac({"tv": np.nan}, customers)
    with pytest.raises(BadInput, match="negative"):
        economics.channel_cac({"tv": -1.0}, customers)
    with pytest.raises(BadInput, match="twice"):
        economics.channel_cac(pd.Series([1.0, 2.0], ["tv", "tv"]), customers)
    with pytest.raises(BadInput, match="discount_rate"):
        economics.lifetime_value([1.0], discount_rate=-1)


@given(money, st.lists(st.floats(-1e3, 1e6), min_size=1, max_size=5), st.floats(0, 1e4), money)
def test_a_business_reads_draws_one_by_one(spend, paid, organic, fixed):
    business = economics.Business(fixed, organic)
    customers = business.customers(np.array(paid))
    expected = [float(economics.blended_cac(spend, n, fixed)) if n > 0 else np.inf for n in customers]
    np.testing.assert_array_equal(business.cac(spend, customers), expected)
    assert [float(business.cac(spend, n)) for n in customers] == expected


@given(money, people, st.floats(0, 1e4), money, st.floats(0.1, 1e4))
def test_the_linear_reading_of_a_ceiling_is_the_ceiling(spend, paid, organic, fixed, cac):
    business = economics.Business(fixed, organic)
    reached = float(business.cac(spend, business.customers(paid)))
    if reached < cac * (1 - 1e-9):
        assert spend <= cac * paid + business.allowance(cac)
    if reached > cac * (1 + 1e-9):
        assert spend > cac * paid + business.allowance(cac)


def test_without_customers_there_is_no_end_to_cac():
    assert economics.Business().cac(0.0, 0.0) == np.inf
    assert economics.Business(10.0).cac(5.0, -1.0) == np.inf
