"""Unit economics: CAC in its four readings, lifetime value, payback and LTV:CAC.

Numbers go in as floats or as arrays over draws, and come out in the same shape, so that an interval of customers
becomes an interval of CAC. Currency and periods are the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from attribution.errors import BadInput, UnknownChannel

__all__ = [
    "blended_cac",
    "channel_cac",
    "interval",
    "lifetime_value",
    "ltv_to_cac",
    "marginal_cac",
    "paid_cac",
    "payback_months",
]

Array = NDArray[np.float64]


def _ratio(spend: ArrayLike, customers: ArrayLike) -> Array:
    top, bottom = np.broadcast_arrays(np.asarray(spend, dtype=float), np.asarray(customers, dtype=float))
    if np.any(top < 0) or np.any(bottom < 0):
        raise BadInput("spend and customers must not be negative; book refunds and churn apart.")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(top / bottom)


def blended_cac(spend: ArrayLike, customers: ArrayLike, fixed_cost: ArrayLike = 0.0) -> Array:
    """All marketing cost over all new customers, organic ones included.

    Parameters
    ----------
    spend
        Media spend, in currency.
    customers
        All new customers of the same time.
    fixed_cost
        Salaries, tools and agencies, in currency.

    Examples
    --------
    >>> float(blended_cac(90_000, 1_000, fixed_cost=10_000))
    100.0
    """
    return _ratio(np.asarray(spend, dtype=float) + np.asarray(fixed_cost, dtype=float), customers)


def paid_cac(spend: ArrayLike, customers: ArrayLike, organic: ArrayLike, fixed_cost: ArrayLike = 0.0) -> Array:
    """All marketing cost over the new customers that are not organic.

    Examples
    --------
    >>> float(paid_cac(90_000, 1_000, organic=400))
    150.0
    """
    return blended_cac(spend, np.asarray(customers, dtype=float) - np.asarray(organic, dtype=float), fixed_cost)


def channel_cac(spend: pd.Series | Mapping[str, float], customers: pd.Series) -> pd.Series:
    """Spend of each channel over the customers credited to it.

    Parameters
    ----------
    spend
        Currency by channel; a channel left out counts as free.
    customers
        Credited customers by channel.

    Returns
    -------
    pandas.Series
        By channel of ``customers``: infinite with spend and no credit, NaN with neither.

    Raises
    ------
    UnknownChannel
        For spend on a channel without an entry in ``customers``.
    BadInput
        Negative or missing spend.
    """
    given = pd.Series(spend, dtype=float)
    for channel in given.index:
        if channel not in customers.index:
            raise UnknownChannel(channel, customers.index, where="spend")
    if not given.index.is_unique:
        raise BadInput("spend names a channel twice; sum it by channel first.")
    if given.isna().any():
        raise BadInput(f"spend of {given.index[given.isna()][0]!r} is missing; write 0 where nothing was spent.")
    aligned = given.reindex(customers.index, fill_value=0.0)
    return pd.Series(_ratio(aligned, customers), index=customers.index, name="cac")


def marginal_cac(extra_spend: ArrayLike, extra_customers: ArrayLike) -> Array:
    """Cost of the next customer: extra spend over the extra customers it brings; infinite where it brings none."""
    return _ratio(extra_spend, extra_customers)


def lifetime_value(margin: ArrayLike, discount_rate: float = 0.0) -> Array:
    """Discounted margin of one customer over the months given.

    Parameters
    ----------
    margin
        Contribution margin per acquired customer in each month of age, shape (..., months), in currency. It already
        holds retention: revenue of a cohort over its original customers, times the margin rate.
    discount_rate
        Per year, 0.1 for 10 %; month m counts (1 + rate)^(-m / 12).

    Returns
    -------
    ndarray
        Shape (...,).

    Examples
    --------
    >>> float(lifetime_value([10.0, 8.0, 6.0]))
    24.0
    """
    flow = np.asarray(margin, dtype=float)
    if discount_rate <= -1:
        raise BadInput("discount_rate must be above -1; write 0.1 for 10 % a year.")
    months = np.arange(flow.shape[-1])
    return np.asarray((flow * (1 + discount_rate) ** (-months / 12)).sum(axis=-1))


def payback_months(cac: ArrayLike, margin: ArrayLike) -> Array:
    """Months until the margin of a customer has paid for the acquisition.

    Parameters
    ----------
    cac
        Currency, shape (...).
    margin
        Margin per customer in each month of age, shape (..., months).

    Returns
    -------
    ndarray
        With fractions of a month; infinite where the months given do not suffice.

    Examples
    --------
    >>> float(payback_months(15.0, [10.0, 10.0, 10.0]))
    1.5
    """
    flow = np.asarray(margin, dtype=float)
    cost = np.broadcast_to(
        np.asarray(cac, dtype=float)[..., None], np.broadcast_shapes((*np.shape(cac), 1), (*flow.shape[:-1], 1))
    )
    earned = np.cumsum(np.broadcast_to(flow, cost.shape[:-1] + flow.shape[-1:]), axis=-1)
    reached = earned >= cost
    month = np.argmax(reached, axis=-1)
    at = np.take_along_axis(earned, month[..., None], axis=-1)[..., 0]
    gained = np.take_along_axis(np.broadcast_to(flow, earned.shape), month[..., None], axis=-1)[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = month + 1 - np.where(gained > 0, (at - cost[..., 0]) / gained, 0.0)
    return np.where(reached.any(axis=-1), np.where(cost[..., 0] <= 0, 0.0, exact), np.inf)


def ltv_to_cac(lifetime_value: ArrayLike, cac: ArrayLike) -> Array:
    """Lifetime value over cost of acquisition; 3 is the usual wish.

    Examples
    --------
    >>> float(ltv_to_cac(300.0, 100.0))
    3.0
    """
    return _ratio(lifetime_value, cac)


def interval(draws: ArrayLike, level: float = 0.9) -> tuple[Array, Array]:
    """Equal-tailed interval over the first axis of draws.

    Examples
    --------
    >>> low, high = interval([0.0, 1.0, 2.0, 3.0, 4.0], level=0.5)
    >>> float(low), float(high)
    (1.0, 3.0)
    """
    tail = (1 - level) / 2
    low, high = np.quantile(np.asarray(draws, dtype=float), [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)
