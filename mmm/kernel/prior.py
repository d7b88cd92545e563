"""Natural values of the sampled coordinates, and the priors' terms."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.jit import inlined

__all__ = ["level_terms", "prior_terms"]


@inlined
def prior_terms(theta: Any, kinds: Any, first: Any, second: Any, values: Any, slopes: Any, gradient: Any) -> float:
    """Natural values, their slopes by coordinate, and the log prior with its gradient.

    Writes ``values``, ``slopes`` and ``gradient``; returns the log prior without its constants.
    """
    total = 0.0
    for j in range(theta.shape[0]):
        x, kind, a, b = theta[j], kinds[j], first[j], second[j]
        if kind == 0:
            z = (x - a) / b
            total -= 0.5 * z * z
            values[j], slopes[j], gradient[j] = x, 1.0, -z / b
        elif kind == 1 or kind == 6:
            z = (x - a) / b
            total -= 0.5 * z * z
            values[j] = np.exp(x)
            slopes[j], gradient[j] = values[j], -z / b
        elif kind == 2:
            v = np.exp(x)
            z = v / a
            total += x - 0.5 * z * z
            values[j], slopes[j], gradient[j] = v, v, 1.0 - z * z
        elif kind == 3:
            softplus = np.log1p(np.exp(-abs(x)))
            log_v = min(x, 0.0) - softplus
            log_w = -max(x, 0.0) - softplus
            v = np.exp(log_v)
            total += a * log_v + b * log_w
            values[j], slopes[j], gradient[j] = v, v * np.exp(log_w), a * np.exp(log_w) - b * v
        elif kind == 4:
            v = np.exp(x)
            total += a * x - b * v
            values[j], slopes[j], gradient[j] = v, v, a - b * v
        else:
            values[j], slopes[j], gradient[j] = x, 1.0, 0.0
    return total


@inlined
def level_terms(theta: Any, kinds: Any, first: Any, second: Any, precision: float, gradient: Any) -> float:
    """What the log prior gains because coordinates of kind 6 share a level; adds to ``gradient``.

    x_c = a_c + level + s_c z_c with level ~ N(0, 1 / precision) and z_c ~ N(0, 1). The terms of each x_c alone stand in
    :func:`prior_terms`; integrating the level out adds h² / (2 (precision + sum 1 / s_c²)) with
    h = sum (x_c - a_c) / s_c².
    """
    pull, whole = 0.0, precision
    for j in range(theta.shape[0]):
        if kinds[j] == 6:
            weight = 1.0 / (second[j] * second[j])
            pull += weight * (theta[j] - first[j])
            whole += weight
    for j in range(theta.shape[0]):
        if kinds[j] == 6:
            gradient[j] += pull / (whole * second[j] * second[j])
    return 0.5 * pull * pull / whole
