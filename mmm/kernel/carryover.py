"""Lag weights of the adstock families and weighted sums over lags, with their slopes.

Weights w over the lags l = 0, 1, ... are scaled to sum to one; before that they are

    geometric         p^l
    delayed           p^((l - q)²)
    Weibull density   u^(p - 1) exp(-u^p) with u = (l + 1) / q
    Weibull survival  the product over k <= l of exp(-(k / q)^p)
    none              1 for l = 0

and their slopes follow by d(w / W) = (dw - (w / W) dW) / W, with W the sum of the weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.codes import DELAYED, GEOMETRIC, NO_ADSTOCK, WEIBULL_CDF, WEIBULL_PDF
from mmm.kernel.jit import inlined

__all__ = ["convolve", "lag_weights", "weight_gradient"]


@inlined
def _normalise(w: Any, dp: Any, dq: Any) -> None:
    lags = w.shape[0]
    total, total_p, total_q = 0.0, 0.0, 0.0
    for lag in range(lags):
        total += w[lag]
        total_p += dp[lag]
        total_q += dq[lag]
    for lag in range(lags):
        w[lag] /= total
        dp[lag] = (dp[lag] - w[lag] * total_p) / total
        dq[lag] = (dq[lag] - w[lag] * total_q) / total


@inlined
def lag_weights(family: int, p: float, q: float, w: Any, dp: Any, dq: Any) -> None:
    """Lag weights that sum to one, and their slopes by both parameters; written into ``w``, ``dp`` and ``dq``.

    Not-a-number where no family has this code.
    """
    lags = w.shape[0]
    for lag in range(lags):
        w[lag], dp[lag], dq[lag] = 0.0, 0.0, 0.0
    if family == NO_ADSTOCK:
        w[0] = 1.0
        return
    if family == GEOMETRIC:
        power, before = 1.0, 0.0  # before: p^(l - 1), so that the slope l p^(l - 1) needs no division by p near 0
        for lag in range(lags):
            w[lag] = power
            dp[lag] = before * lag
            before = power
            power *= p
    elif family == DELAYED:
        log_p = np.log(p)
        for lag in range(lags):
            d = lag - q
            w[lag] = np.exp(d * d * log_p)
            dp[lag] = w[lag] * d * d / p
            dq[lag] = -2.0 * w[lag] * d * log_p
    elif family == WEIBULL_PDF:
        for lag in range(lags):
            log_u = np.log((lag + 1.0) / q)
            power = np.exp(p * log_u)
            w[lag] = np.exp((p - 1.0) * log_u - power)
            dp[lag] = w[lag] * log_u * (1.0 - power)
            dq[lag] = w[lag] * (p * power - (p - 1.0)) / q
    elif family == WEIBULL_CDF:
        hazard, by_p, by_q = 0.0, 0.0, 0.0
        for lag in range(lags):
            if lag > 0:
                log_u = np.log(lag / q)
                power = np.exp(p * log_u)
                hazard += power
                by_p += power * log_u
                by_q -= power * p / q
            w[lag] = np.exp(-hazard)
            dp[lag] = -w[lag] * by_p
            dq[lag] = -w[lag] * by_q
    else:
        w[:] = np.nan
    _normalise(w, dp, dq)


@inlined
def convolve(x: Any, start: int, w: Any, out: Any) -> None:
    """Weighted sums over lags of ``x`` from row ``start`` on, written into ``out``."""
    n = out.shape[0]
    for t in range(n):
        out[t] = 0.0
    for lag in range(w.shape[0]):
        weight = w[lag]
        window = x[start - lag : start - lag + n]  # a slice, so that no index can be negative and loops vectorise
        for t in range(n):
            out[t] += weight * window[t]


@inlined
def weight_gradient(x: Any, start: int, h: Any, da: Any, dp: Any, dq: Any) -> tuple[float, float]:
    """Gradient by both adstock parameters, given the pull ``h`` on the response and its slope ``da`` by the stock.

    Leaves the pull on the stock in ``da``.
    """
    n = h.shape[0]
    by_p, by_q = 0.0, 0.0
    for t in range(n):
        da[t] *= h[t]
    for lag in range(dp.shape[0]):
        total = 0.0
        window = x[start - lag : start - lag + n]
        for t in range(n):
            total += da[t] * window[t]
        by_p += total * dp[lag]
        by_q += total * dq[lag]
    return by_p, by_q
