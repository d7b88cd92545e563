"""Natural values of the sampled coordinates, and the priors' terms.

A coordinate x stands for the natural value v, with constants a and b and the logarithm of dv/dx counted in:

    normal       v = x             -((x - a) / b)² / 2
    log-normal   v = exp(x)        -((x - a) / b)² / 2
    half-normal  v = exp(x)        x - (v / a)² / 2
    beta         v = 1/(1+e^-x)    a log v + b log(1 - v)
    gamma        v = exp(x)        a x - b v
    flat         v = x             0
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.codes import AROUND_LEVEL, BETA, FLAT, GAMMA, HALF_NORMAL, LOG_NORMAL, NORMAL
from mmm.kernel.jit import inlined

__all__ = ["level_terms", "prior_terms"]


@inlined
def prior_terms(theta: Any, kinds: Any, first: Any, second: Any, values: Any, slopes: Any, gradient: Any) -> float:
    """Natural values, their slopes by coordinate, and the log prior with its gradient.

    Writes ``values``, ``slopes`` and ``gradient``; returns the log prior without its constants,
    not-a-number where no family has a coordinate's code.
    """
    total = 0.0
    for j in range(theta.shape[0]):
        x, kind, a, b = theta[j], kinds[j], first[j], second[j]
        if kind == NORMAL:
            z = (x - a) / b
            total -= 0.5 * z * z
            values[j], slopes[j], gradient[j] = x, 1.0, -z / b
        elif kind in (LOG_NORMAL, AROUND_LEVEL):
            z = (x - a) / b
            total -= 0.5 * z * z
            values[j] = np.exp(x)
            slopes[j], gradient[j] = values[j], -z / b
        elif kind == HALF_NORMAL:
            v = np.exp(x)
            z = v / a
            total += x - 0.5 * z * z
            values[j], slopes[j], gradient[j] = v, v, 1.0 - z * z
        elif kind == BETA:
            # log v and log(1 - v) from the side on which nothing cancels and nothing overflows
            softplus = np.log1p(np.exp(-abs(x)))
            log_v = min(x, 0.0) - softplus
            log_w = -max(x, 0.0) - softplus
            v = np.exp(log_v)
            total += a * log_v + b * log_w
            values[j], slopes[j], gradient[j] = v, v * np.exp(log_w), a * np.exp(log_w) - b * v
        elif kind == GAMMA:
            v = np.exp(x)
            total += a * x - b * v
            values[j], slopes[j], gradient[j] = v, v, a - b * v
        elif kind == FLAT:
            values[j], slopes[j], gradient[j] = x, 1.0, 0.0
        else:
            total = np.nan
    return total


@inlined
def level_terms(theta: Any, kinds: Any, first: Any, second: Any, precision: float, gradient: Any) -> float:
    """What the log prior gains because some coordinates share a level: h² / (2 (precision + sum 1 / s_c²)).

    h = sum (x_c - a_c) / s_c² over those; :mod:`mmm.model.level` derives it. Adds to ``gradient``.
    """
    pull, whole = 0.0, precision
    for j in range(theta.shape[0]):
        if kinds[j] == AROUND_LEVEL:
            weight = 1.0 / (second[j] * second[j])
            pull += weight * (theta[j] - first[j])
            whole += weight
    for j in range(theta.shape[0]):
        if kinds[j] == AROUND_LEVEL:
            gradient[j] += pull / (whole * second[j] * second[j])
    return 0.5 * pull * pull / whole
