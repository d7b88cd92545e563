"""Likelihoods: the Gaussian baseline integrated out, and the others with the baseline among the coordinates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmm.kernel.jit import inlined

__all__ = ["explicit_baseline", "marginal_baseline"]

_FLOOR = 1e-6  # least share of the mean KPI that a count can be expected to have
_FEW = 400


@inlined
def marginal_baseline(left: Any, projection: Any, precision: float) -> float:
    """Turns the residual ``left`` into (I - Bᵀ B) left / sigma² in place, B of shape (R, T); leftᵀ times that."""
    rank, weeks = projection.shape
    smooth = np.zeros(weeks)
    for k in range(rank):
        loading = 0.0
        for t in range(weeks):
            loading += projection[k, t] * left[t]
        for t in range(weeks):
            smooth[t] += loading * projection[k, t]
    quadratic = 0.0
    for t in range(weeks):
        pull = (left[t] - smooth[t]) * precision
        quadratic += left[t] * pull
        left[t] = pull
    return quadratic


@inlined
def _digamma(x: float) -> float:
    """Derivative of the logarithm of the gamma function for x > 0: recurrence to 6, then the asymptotic series."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
    return float(shift + np.log(x) - 0.5 / x - series)


@inlined
def _student_t(freedom: float, sigma: float, left: Any) -> tuple[float, float]:
    """Log density of residuals ``left`` and its slope by sigma; turns ``left`` into the slope by the mean."""
    weeks = left.shape[0]
    total = weeks * (
        math.lgamma(0.5 * (freedom + 1.0)) - math.lgamma(0.5 * freedom) - 0.5 * np.log(freedom * np.pi) - np.log(sigma)
    )
    by_sigma = -weeks / sigma
    for t in range(weeks):
        z = left[t] / sigma
        pull = (freedom + 1.0) * z / (freedom + z * z)
        total -= 0.5 * (freedom + 1.0) * np.log1p(z * z / freedom)
        by_sigma += pull * z / sigma
        left[t] = pull / sigma
    return total, by_sigma


@inlined
def _negative_binomial(unit: float, dispersion: float, kpi: Any, left: Any) -> tuple[float, float]:
    """As :func:`_student_t`, for counts: the KPI times ``unit``, rounded."""
    shape = 1.0 / (dispersion * dispersion)
    total, by_shape = 0.0, 0.0
    lgamma_shape, digamma_shape = math.lgamma(shape), _digamma(shape)
    for t in range(left.shape[0]):
        share = kpi[t] - left[t]
        inside = share > _FLOOR
        mu = unit * (share if inside else _FLOOR)
        count = np.rint(kpi[t] * unit)
        both = shape + mu
        excess = np.log1p(mu / shape)
        total += count * np.log(mu) - math.lgamma(count + 1.0) - shape * excess
        by_shape += mu / both - excess - count / both
        if count <= _FEW:  # term by term: close to Poisson the shape is huge and its gamma functions cancel
            for j in range(int(count)):
                total += np.log((shape + j) / both)
                by_shape += 1.0 / (shape + j)
        else:
            total += math.lgamma(count + shape) - lgamma_shape - count * np.log(both)
            by_shape += _digamma(count + shape) - digamma_shape
        left[t] = unit * (count / mu - (count + shape) / both) if inside else 0.0
    return total, -2.0 * by_shape * shape / dispersion


@inlined
def explicit_baseline(
    values: Any, design: Any, sd: Any, regression: Any, spread: Any, kpi: Any, noise: Any, left: Any, by_value: Any
) -> float:
    """Log likelihood and log prior of a baseline whose whitened coefficients stand last among the values.

    The coefficients are what a regression of the residual gives, plus ``spread`` times the whitened ones: so these
    are close to independent of all else, whatever media take away. The noise parameter stands before them.

    Parameters
    ----------
    values
        Natural values.
    design, sd
        Columns of the baseline as rows, shape (K, T), and their prior standard deviations.
    regression, spread
        Shapes (K, T) and (K, K).
    kpi, noise
        As :func:`mmm.kernel.density.log_density` takes them.
    left
        KPI less media; turned into the slope by what media bring.
    by_value
        Gradient by natural values, added to.
    """
    count, weeks = design.shape
    place = values.shape[0] - 1 - count
    coefficients = np.zeros(count)
    total = 0.0
    for k in range(count):
        for t in range(weeks):
            coefficients[k] += regression[k, t] * left[t]
        for j in range(count):
            coefficients[k] += spread[k, j] * values[place + 1 + j]
        total -= 0.5 * (coefficients[k] / sd[k]) ** 2
    for k in range(count):
        for t in range(weeks):
            left[t] -= design[k, t] * coefficients[k]
    if noise[0] == 1.0:
        fit, by_noise = _student_t(noise[1], values[place], left)
    else:
        fit, by_noise = _negative_binomial(noise[1], values[place], kpi, left)
    by_value[place] += by_noise
    slopes = np.empty(count)
    for k in range(count):
        slopes[k] = -coefficients[k] / (sd[k] * sd[k])
        for t in range(weeks):
            slopes[k] += design[k, t] * left[t]
    for k in range(count):
        for j in range(count):
            by_value[place + 1 + j] += spread[k, j] * slopes[k]
        for t in range(weeks):
            left[t] -= regression[k, t] * slopes[k]
    return total + fit
