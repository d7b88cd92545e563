"""The saturation families with their slopes, written as vector loops.

s(a) for adstock a >= 0 in units of mean spend, with half-saturation p (for the power family its exponent):

    Hill              1 / (1 + (p / a)^q), as a logistic function of q log(a / p)
    logistic          tanh(log(3) / 2 · a / p)
    Michaelis-Menten  a / (a + p)
    exponential       1 - 2^(-a / p)
    power             a^p
    none              a
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.codes import EXPONENTIAL, HILL, LOGISTIC, MICHAELIS_MENTEN, NO_SATURATION, POWER
from mmm.kernel.elementary import exp, log
from mmm.kernel.jit import inlined

__all__ = ["saturate"]

_LN2 = np.log(2.0)
_LN3 = np.log(3.0)
_LEAST = 1e-300  # stands for no adstock at all under logarithms; what comes of it is then set to 0


@inlined
def _hill(p: float, q: float, a: Any, s: Any, da: Any, dp: Any, dq: Any) -> None:
    log_p = np.log(p)
    for t in range(a.shape[0]):
        x = max(a[t], _LEAST)
        some = 1.0 if a[t] > 0.0 else 0.0
        gap = log(x) - log_p
        v = some / (1.0 + exp(-q * gap))
        slope = v * (1.0 - v)
        s[t], da[t], dp[t], dq[t] = v, slope * q / x, -slope * q / p, slope * gap


@inlined
def _logistic(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        e = exp(-_LN3 * a[t] / p)
        v = (1.0 - e) / (1.0 + e)
        slope = 0.5 * (1.0 - v * v) * _LN3 / p
        s[t], da[t], dp[t] = v, slope, -slope * a[t] / p


@inlined
def _michaelis_menten(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        d = 1.0 / (a[t] + p)
        s[t], da[t], dp[t] = a[t] * d, p * d * d, -a[t] * d * d


@inlined
def _exponential(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        e = exp(-_LN2 * a[t] / p)
        s[t], da[t], dp[t] = 1.0 - e, e * _LN2 / p, -e * _LN2 * a[t] / (p * p)


@inlined
def _power(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        x = max(a[t], _LEAST)
        some = 1.0 if a[t] > 0.0 else 0.0
        log_a = log(x)
        v = some * exp(p * log_a)
        s[t], da[t], dp[t] = v, p * v / x, v * log_a


@inlined
def saturate(family: int, p: float, q: float, a: Any, s: Any, da: Any, dp: Any, dq: Any) -> None:
    """Saturated response to ``a`` and its slopes by ``a`` and both parameters, written in place.

    Not-a-number where no family has this code.
    """
    for t in range(a.shape[0]):
        dq[t] = 0.0
    if family == HILL:
        _hill(p, q, a, s, da, dp, dq)
    elif family == LOGISTIC:
        _logistic(p, a, s, da, dp)
    elif family == MICHAELIS_MENTEN:
        _michaelis_menten(p, a, s, da, dp)
    elif family == EXPONENTIAL:
        _exponential(p, a, s, da, dp)
    elif family == POWER:
        _power(p, a, s, da, dp)
    elif family == NO_SATURATION:
        for t in range(a.shape[0]):
            s[t], da[t], dp[t] = a[t], 1.0, 0.0
    else:
        s[:] = np.nan
