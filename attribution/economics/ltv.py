"""What a customer is worth: lifetime value, payback and LTV:CAC."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attribution.arrays import Array
from attribution.economics.cac import cost_per
from attribution.errors import BadInput

__all__ = ["interval", "lifetime_value", "ltv_to_cac", "payback_months"]


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
    if not discount_rate > -1:
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
    return cost_per(lifetime_value, cac)


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
