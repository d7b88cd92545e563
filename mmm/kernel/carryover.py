"""Lag weights of the adstock families and weighted sums over lags, with their slopes.

Weights w over the lags l = 0, 1, ... periods, n of which make a week, are scaled to sum to one; before that they are

    geometric         p^(l / n)
    delayed           p^((l / n - q)²)
    Weibull density   u^(p - 1) exp(-u^p) with u = (l + 1) / (n q)
    Weibull survival  the product over k <= l of exp(-(k / (n q))^p / n)
    none              1 for l = 0

and their slopes follow by d(w / W) = (dw - (w / W) dW) / W, with W the sum of the weights.

Over days a window is long. There the sums of the geometric family follow from those of the day before: with the factor
r from day to day, L lags, and weights w that sum to one, a(t) = Σ_l w_l x(t - l) and b(t) = Σ_l l w_l x(t - l) obey

    a(t) = r a(t - 1) + w_0 x(t) - r w_{L-1} x(t - L)
    b(t) = r (a(t - 1) + b(t - 1)) - L r w_{L-1} x(t - L)

and the slope of w_l is w_l (l - Σ l w_l) times a factor alike for all lags.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.codes import DELAYED, GEOMETRIC, NO_ADSTOCK, WEIBULL_CDF, WEIBULL_PDF
from mmm.kernel.jit import inlined

__all__ = ["carry", "convolve", "lag_weights", "weight_gradient"]


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
def _geometric(per_week: int, p: float, w: Any, dp: Any) -> None:
    lags = w.shape[0]
    if per_week > 1:
        root, power = p ** (1.0 / per_week), 1.0
        for lag in range(lags):
            w[lag] = power
            dp[lag] = power * lag / (per_week * p) if lag > 0 else 0.0
            power *= root
        return
    power, before = 1.0, 0.0  # before: p^(l - 1), so that the slope l p^(l - 1) needs no division by p near 0
    for lag in range(lags):
        w[lag] = power
        dp[lag] = before * lag
        before = power
        power *= p


@inlined
def lag_weights(family: int, per_week: int, p: float, q: float, w: Any, dp: Any, dq: Any) -> None:
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
        _geometric(per_week, p, w, dp)
    elif family == DELAYED:
        log_p = np.log(p)
        for lag in range(lags):
            d = lag / per_week - q
            w[lag] = np.exp(d * d * log_p)
            dp[lag] = w[lag] * d * d / p
            dq[lag] = -2.0 * w[lag] * d * log_p
    elif family == WEIBULL_PDF:
        log_first = -np.log(per_week * q)
        first = np.exp(p * log_first)
        for lag in range(lags):  # against the first, so that not all vanish where the scale is short
            log_lag = np.log(lag + 1.0)
            log_u = log_lag + log_first
            power = np.exp(p * log_u)
            w[lag] = np.exp((p - 1.0) * log_lag - (power - first))
            dp[lag] = w[lag] * (log_lag - power * log_u + first * log_first)
            dq[lag] = w[lag] * p * (power - first) / q
    elif family == WEIBULL_CDF:
        hazard, by_p, by_q = 0.0, 0.0, 0.0
        for lag in range(lags):
            if lag > 0:
                log_u = np.log(lag / (per_week * q))
                power = np.exp(p * log_u) / per_week
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
def _by_recursion(family: Any) -> bool:
    return bool(family[0] == GEOMETRIC and family[4] > 1)


@inlined
def carry(family: Any, x: Any, start: int, w: Any, out: Any) -> None:
    """As :func:`convolve`, in the way that suits a channel's family; ``x`` must not be negative."""
    if not _by_recursion(family):
        convolve(x, start, w, out)
        return
    lags, ratio = w.shape[0], w[1] / w[0]
    stock = 0.0
    for lag in range(lags):
        stock += w[lag] * x[start - lag]
    out[0] = stock
    gone = ratio * w[lags - 1]
    for t in range(1, out.shape[0]):
        stock = max(ratio * stock + (w[0] * x[start + t] - gone * x[start + t - lags]), 0.0)  # rounding may go below
        out[t] = stock


@inlined
def _retention_gradient(x: Any, start: int, pull: Any, w: Any, dp: Any) -> float:
    """Gradient by the retention of a geometric family over days, given the pull on the stock."""
    lags, ratio = w.shape[0], w[1] / w[0]
    stock, moment = 0.0, 0.0
    for lag in range(lags):
        stock += w[lag] * x[start - lag]
        moment += lag * w[lag] * x[start - lag]
    by_stock, by_moment = stock * pull[0], moment * pull[0]
    gone = ratio * w[lags - 1]
    for t in range(1, pull.shape[0]):
        left = gone * x[start + t - lags]
        moment = ratio * (stock + moment) - lags * left
        stock = ratio * stock + (w[0] * x[start + t] - left)
        by_stock += pull[t] * stock
        by_moment += pull[t] * moment
    mean = dp[0] / w[0]
    return float((dp[1] / w[1] - mean) * by_moment + mean * by_stock)


@inlined
def weight_gradient(family: Any, x: Any, start: int, h: Any, da: Any, w: Any, dp: Any, dq: Any) -> tuple[float, float]:
    """Gradient by both adstock parameters, given the pull ``h`` on the response and its slope ``da`` by the stock.

    Leaves the pull on the stock in ``da``.
    """
    n = h.shape[0]
    by_p, by_q = 0.0, 0.0
    for t in range(n):
        da[t] *= h[t]
    if _by_recursion(family):
        return _retention_gradient(x, start, da, w, dp), 0.0
    for lag in range(dp.shape[0]):
        total = 0.0
        window = x[start - lag : start - lag + n]
        for t in range(n):
            total += da[t] * window[t]
        by_p += total * dp[lag]
        by_q += total * dq[lag]
    return by_p, by_q
