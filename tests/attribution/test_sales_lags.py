"""CAC matched to a stated cycle: the shares of months, the customers laid back to the spend, and what is still open."""

from __future__ import annotations

import numpy as np
import pytest

from attribution import BadInput
from attribution.economics import SalesLags

TABLES = [{0: 0.35, 1: 0.4, 2: 0.25}, {0: 0.7, 1: 0.3}, {0: 0.05, 1: 0.15, 2: 0.3, 3: 0.3, 4: 0.2}]


@pytest.mark.parametrize("stated", TABLES)
def test_months_as_stated_are_those_that_weeks_make(stated: dict[int, float]) -> None:
    lags = SalesLags.by_month(stated)
    assert sum(lags.shares) == pytest.approx(1)
    assert min(lags.shares) >= 0
    assert np.allclose(lags.months(len(stated)), list(stated.values()), atol=0.012)


def test_months_that_random_people_make() -> None:
    """Against people whose spend lies anywhere in a month."""
    rng = np.random.default_rng(0)
    shares = np.array([0.1, 0.0, 0.3, 0.2, 0.25, 0.15])
    spent, late = rng.uniform(0, 365.25 / 12, 200_000), rng.choice(6, 200_000, p=shares)
    came = spent + 7 * (late + rng.uniform(0, 1, 200_000))
    month = np.bincount((came / (365.25 / 12)).astype(int), minlength=4) / 200_000
    assert np.allclose(SalesLags(tuple(shares)).months(4), month[:4], atol=0.005)


def made(weeks: int, shares: tuple[float, ...], rates: np.ndarray, spend: np.ndarray, seed: int) -> tuple:
    """Customers of each week's spend, and those who come in each week."""
    rng = np.random.default_rng(seed)
    won = rng.poisson((rates * spend).sum(axis=1))
    came = np.zeros(weeks + len(shares))
    for week, number in enumerate(won):
        came[week : week + len(shares)] += rng.multinomial(number, shares)
    return won, came[:weeks]


@pytest.mark.parametrize("seed", range(3))
def test_customers_are_laid_back_to_the_spend(seed: int) -> None:
    rng = np.random.default_rng([seed, 1])
    weeks, shares = 120, (0.1, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1)
    spend = np.exp(0.01 * np.arange(weeks)[:, None] + rng.normal(0, 0.3, (weeks, 2))) * 1e4
    won, came = made(weeks, shares, np.array([0.02, 0.05]), spend, seed)
    lags = SalesLags(shares)
    drawn = lags.caused(spend, np.repeat(came[None], 300, axis=0), seed)
    late = slice(len(shares), None)
    off = drawn.mean(axis=0)[late].sum() / won[late].sum() - 1
    assert abs(off) < 0.02
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    assert ((low <= won) & (won <= high))[late].mean() > 0.75
    naive, ours = (np.abs(each[late] / won[late] - 1).mean() for each in (came, drawn.mean(axis=0)))
    assert ours < 0.5 * naive
    assert lags.arrived(weeks)[-len(shares) :] == pytest.approx(np.cumsum(shares)[::-1])
    twice = lags.caused(2 * spend, np.repeat(came[None], 300, axis=0), seed)
    assert np.allclose(twice, drawn)  # another currency


def test_nobody_late_leaves_customers_where_they_came() -> None:
    rng = np.random.default_rng(2)
    spend = rng.uniform(1e3, 1e4, (60, 1))
    came = rng.poisson(0.1 * spend[:, 0]).astype(float)
    drawn = SalesLags.by_week({0: 1.0}).caused(spend, np.repeat(came[None], 200, axis=0))
    assert drawn.mean(axis=0).sum() == pytest.approx(came.sum(), rel=0.01)
    assert SalesLags.by_week({0: 1.0}).arrived(5).tolist() == [1] * 5


def test_spend_of_nothing_wins_nobody() -> None:
    nothing = SalesLags.by_week({0: 0.5, 1: 0.5}).caused(np.zeros((60, 2)), np.ones((10, 60)))
    assert not nothing.any()


@pytest.mark.parametrize(
    "stated", [{}, {0: 0.5}, {0: 0.5, 1: 0.9}, {-1: 0.5, 0: 0.5}, {0: 1.5, 1: -0.5}, {0: 35, 1: 65}]
)
def test_shares_that_are_none_are_refused(stated: dict[int, float]) -> None:
    for kind in (SalesLags.by_week, SalesLags.by_month):
        with pytest.raises(BadInput, match=r"1 together|state whole numbers from 0"):
            kind(stated)


def test_a_table_shorter_than_the_cycle_is_refused() -> None:
    lags = SalesLags.by_month({0: 0.2, 6: 0.8})
    with pytest.raises(BadInput, match="too few for a sales cycle"):
        lags.caused(np.ones((50, 1)), np.ones((10, 50)))
