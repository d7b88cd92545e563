"""The shifted-beta-geometric model of retention: everybody has a churn of their own, and beta says how they differ.

Survival, retention and expected residual lifetime in closed form (Fader and Hardie, "How to project customer
retention", 2007, and "Customer-base valuation in a contractual setting", 2010; their symbols alpha, beta, d). A shape
other than 1 lets the churn of each customer fall or rise with age as well (Fader, Hardie, Liu, Davin and Steenburgh,
"How to project customer retention revisited", 2018: the beta-discrete-Weibull, their c).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from attribution.arrays import Array
from attribution.errors import BadInput

__all__ = ["residual_lifetime", "retention_rate", "survival"]


def survival(alpha: ArrayLike, beta: ArrayLike, ages: ArrayLike, shape: ArrayLike = 1.0) -> Array:
    """Share of customers still there at each age: B(alpha, beta + t^c) / B(alpha, beta).

    Parameters
    ----------
    alpha, beta
        Above 0, shape (...).
    ages
        Whole ages from 0, shape (ages,).
    shape
        c, shape (...): 1 for the shifted beta-geometric, below 1 where a customer who stays grows more loyal.

    Returns
    -------
    ndarray
        Shape (..., ages).

    Examples
    --------
    >>> survival(0.6681, 3.8061, [8, 9, 10, 11, 12]).round(3).tolist()
    [0.46, 0.436, 0.414, 0.395, 0.378]
    """
    a, b, c = (np.asarray(_positive(one), dtype=float)[..., None] for one in (alpha, beta, shape))
    return np.asarray(np.exp(_log_survival(a, b, np.asarray(ages, dtype=float) ** c)))


def _log_survival(alpha: Array, beta: Array, at: Array) -> Array:
    from scipy.special import gammaln

    return np.asarray(gammaln(beta + at) - gammaln(alpha + beta + at) + gammaln(alpha + beta) - gammaln(beta))


def retention_rate(alpha: ArrayLike, beta: ArrayLike, age: ArrayLike) -> Array:
    """Share of those there at an age less 1 who stay to the age: (beta + t - 1) / (alpha + beta + t - 1)."""
    a, b, t = (np.asarray(one, dtype=float) for one in (alpha, beta, age))
    return np.asarray((b + t - 1) / (a + b + t - 1))


def residual_lifetime(alpha: ArrayLike, beta: ArrayLike, discount: float, renewals: int = 0) -> Array:
    """Discounted expected residual lifetime (DERL), in periods, of a customer about to renew.

    Parameters
    ----------
    alpha, beta
        Shape (...).
    discount
        Per period, above 0: 0.1 for 10 %.
    renewals
        Times the customer has renewed so far; the next decision is imminent, and its period counts in full.

    Returns
    -------
    ndarray
        Shape (...).

    Examples
    --------
    >>> round(float(residual_lifetime(0.6681, 3.8061, 0.10, renewals=7)), 2)
    7.53
    """
    from scipy.special import hyp2f1

    if not 0 < discount < np.inf:
        raise BadInput("discount must be above 0; undiscounted, the lifetime of the most loyal may have no end.")
    a, b = (np.asarray(_positive(one), dtype=float) for one in (alpha, beta))
    tail = hyp2f1(1.0, b + renewals + 1, a + b + renewals + 1, 1 / (1 + discount))
    return np.asarray(retention_rate(a, b, renewals + 1) * tail)


def _positive(value: ArrayLike) -> Any:
    if not (np.asarray(value, dtype=float) > 0).all():
        raise BadInput("alpha and beta of a retention curve are above 0.")
    return value
