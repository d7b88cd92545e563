"""Lag weights of the adstock families and weighted sums over lags, with their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

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
    """Lag weights that sum to one, and their slopes by both parameters; written into ``w``, ``dp`` and ``dq``."""
    lags = w.shape[0]
    for lag in range(lags):
        w[lag], dp[lag], dq[lag] = 0.0, 0.0, 0.0
    if family == 0:
        w[0] = 1.0
        return
    if family == 1:
        power, before = 1.0, 0.0
        for lag in range(lags):
            w[lag] = power
            dp[lag] = before * lag
            before = power
            power *= p
    elif family == 2:
        log_p = np.log(p)
        for lag in range(lags):
            d = lag - q
            w[lag] = np.exp(d * d * log_p)
            dp[lag] = w[lag] * d * d / p
            dq[lag] = -2.0 * w[lag] * d * log_p
    elif family == 3:
        for lag in range(lags):
            log_u = np.log((lag + 1.0) / q)
            power = np.exp(p * log_u)
            w[lag] = np.exp((p - 1.0) * log_u - power)
            dp[lag] = w[lag] * log_u * (1.0 - power)
            dq[lag] = w[lag] * (p * power - (p - 1.0)) / q
    else:
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
