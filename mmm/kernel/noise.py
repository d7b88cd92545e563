"""Likelihoods: the Gaussian baseline integrated out, and the others with the baseline among the coordinates.

Normal, y = m + Z c + e with coefficients c ~ N(0, sigma² V²) and noise e ~ N(0, sigma²): integrating c out leaves the
residual y - m the precision (I - Bᵀ B) / sigma², with B of as many rows as Z has columns, computed once.

Student-t of f degrees:  log t(z) = ... - (f + 1) / 2 · log(1 + z² / f), with z = (y - mean) / sigma.

Negative binomial of mean mu and shape r = 1 / dispersion², for a count n:

    log p = n log mu - log n! - r log(1 + mu / r) + [log Γ(n + r) - log Γ(r) - n log(r + mu)]

Close to Poisson r is huge, and both the bracket and its slope by r are small differences of huge numbers. With
Stirling's series log Γ(x) = (x - 1/2) log x - x + log(2π) / 2 + S(x) the large parts cancel on paper, which leaves

    (r - 1/2) log(1 + n / r) - n + n log(1 + (n - mu) / (r + mu)) + S(n + r) - S(r)

and likewise r times the slope by r, with ψ(x) = log x - 1 / (2 x) - D(x); neither loses more digits than n itself has.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmm.kernel.codes import NEGATIVE_BINOMIAL, STUDENT_T
from mmm.kernel.jit import inlined

__all__ = ["explicit_baseline", "marginal_baseline"]

_FLOOR = 1e-6  # least share of the mean KPI that a count can be expected to have
_STIRLING = 10.0  # from here on six terms of the series are exact to the last bits


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
def _rest(x: float) -> float:
    """S(x), what Stirling's formula leaves of log Γ(x), for x >= 10."""
    r = 1.0 / (x * x)
    return float((1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * 691 / 360360))))) / x)


@inlined
def _rest_slope(x: float) -> float:
    """D(x) = log x - 1 / (2 x) - ψ(x), for x >= 10."""
    r = 1.0 / (x * x)
    return float(r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760))))))


@inlined
def _digamma(x: float) -> float:
    """Derivative of the logarithm of the gamma function for x > 0: recurrence to 10, then the asymptotic series."""
    shift = 0.0
    while x < _STIRLING:
        shift -= 1.0 / x
        x += 1.0
    return float(shift + np.log(x) - 0.5 / x - _rest_slope(x))


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
    """As :func:`_student_t`, for counts: the KPI times ``unit``, which rounding frees of the division's last bits."""
    shape = 1.0 / (dispersion * dispersion)
    near = shape >= _STIRLING
    rest, rest_slope = (_rest(shape), _rest_slope(shape)) if near else (math.lgamma(shape), _digamma(shape))
    total, by_log_shape = 0.0, 0.0
    for t in range(left.shape[0]):
        share = kpi[t] - left[t]
        inside = share > _FLOOR
        mu = unit * (share if inside else _FLOOR)
        count = np.rint(kpi[t] * unit)
        both = shape + mu
        excess = shape * np.log1p(mu / shape)
        total += count * np.log(mu) - math.lgamma(count + 1.0) - excess
        by_log_shape += shape * (mu - count) / both - excess
        if near:
            longer = np.log1p(count / shape)
            total += (shape - 0.5) * longer - count + count * np.log1p((count - mu) / both)
            total += _rest(count + shape) - rest
            by_log_shape += shape * longer + 0.5 * count / (count + shape)
            by_log_shape += shape * (rest_slope - _rest_slope(count + shape))
        else:
            total += math.lgamma(count + shape) - rest - count * np.log(both)
            by_log_shape += shape * (_digamma(count + shape) - rest_slope)
        left[t] = unit * shape * (count - mu) / (mu * both) if inside else 0.0
    return total, -2.0 * by_log_shape / dispersion


@inlined
def _fit(noise: Any, parameter: float, kpi: Any, left: Any) -> tuple[float, float]:
    """As :func:`_student_t`, of the likelihood with this code; not-a-number where there is none."""
    if noise[0] == STUDENT_T:
        return _student_t(noise[1], parameter, left)
    if noise[0] == NEGATIVE_BINOMIAL:
        return _negative_binomial(noise[1], parameter, kpi, left)
    return np.nan, 0.0


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
    fit, by_noise = _fit(noise, values[place], kpi, left)
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
