"""CAC in its readings: blended, paid, by channel and marginal; the one place that divides cost by customers.

Numbers go in as floats or as arrays over draws, and come out in the same shape, so that an interval of customers
becomes an interval of CAC. Currency and periods are the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from attribution.arrays import Array
from attribution.errors import BadInput, UnknownChannel
from attribution.shown import shown

__all__ = ["Business", "blended_cac", "channel_cac", "cost_per", "marginal_cac", "paid_cac"]


@shown
@dataclass(frozen=True)
class Business:
    """What acquisition costs and wins whatever is spent on media: the other half of the blended CAC.

    Parameters
    ----------
    fixed_cost
        Salaries, tools and agencies, in currency.
    organic
        Customers who come without the media spend; a number, or draws of shape (draws,).

    Examples
    --------
    >>> business = Business(fixed_cost=10_000, organic=400)
    >>> float(business.cac(90_000, business.customers(600)))
    100.0
    """

    fixed_cost: float = 0.0
    organic: Any = 0.0

    def outlay(self, spend: Any) -> Any:
        """All cost of acquisition: fixed cost and media spend, a number or an array of amounts."""
        return self.fixed_cost + spend

    def customers(self, paid: Any) -> Any:
        """All customers: the organic ones and those whom media win."""
        return self.organic + paid

    def allowance(self, cac: float) -> Any:
        """Media spend that a blended CAC leaves before anybody is won: cac x organic - fixed cost.

        Spend <= cac x paid customers + allowance says that the blended CAC is at most ``cac``, and is linear.
        """
        return cac * self.organic - self.fixed_cost

    def cac(self, spend: Any, customers: Any) -> Any:
        """Blended CAC: outlay over all customers, organic ones included; infinite where nobody comes.

        Numbers or arrays that broadcast. Draws of a forecast may fall below zero, which counts as nobody.
        """
        won = np.asarray(customers, dtype=float)
        is_some = won > 0
        return np.where(is_some, self.outlay(spend) / np.where(is_some, won, 1.0), np.inf)[()]


def cost_per(spend: ArrayLike, customers: ArrayLike) -> Array:
    """Spend over customers: infinite for spend on nobody, NaN for neither; negative figures are refused."""
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
    return cost_per(np.asarray(spend, dtype=float) + np.asarray(fixed_cost, dtype=float), customers)


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
    return pd.Series(cost_per(aligned, customers), index=customers.index, name="cac")


def marginal_cac(extra_spend: ArrayLike, extra_customers: ArrayLike) -> Array:
    """Cost of the next customer: extra spend over the extra customers it brings; infinite where it brings none."""
    return cost_per(extra_spend, extra_customers)
