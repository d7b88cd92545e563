"""The log density of the mix model and its gradient as compiled loops; plain arrays in, plain arrays out.

The sampled vector is first mapped to natural values with the priors' terms (:func:`prior_terms`), then one reverse
sweep through adstock, saturation and the marginalised Gaussian baseline gives the likelihood and its gradient
(:func:`log_density`). :func:`c_log_density` is the same for samplers that call by pointer. ``mmm.model`` builds the
same density as a PyMC graph; a test holds the two together. Compiled code is cached under this file's date, so all of
it stays in this file.

Layout
------
theta : (n,)
    Unconstrained coordinates; the last one is log sigma.
media : (C, P + T)
    What drives each channel, in units of its mean; the first P columns come before the first modelled week.
slots : (C, 5)
    Where in theta a channel's first and second adstock parameter, first and second saturation parameter and its
    share of the KPI stand; -1 where its family has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba as nb
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "EXPAND_SIGNATURE",
    "FIELDS",
    "LOGP_SIGNATURE",
    "back",
    "c_expand",
    "c_log_density",
    "compiled",
    "convolve",
    "lag_weights",
    "log_density",
    "marginal_baseline",
    "pointer",
    "prior_terms",
    "saturate",
    "value_at",
]

_FAST = {"reassoc", "contract", "arcp", "nsz"}  # not nnan: overflow must stay visible to the sampler
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile with numba: cached on disk, without the interpreter's lock, division by zero giving infinity."""
    return cast(_Function, nb.njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")(function))


_FLOOR = 1e-6  # least share of the mean KPI that a count can be expected to have
_FEW = 400
_LN2 = np.log(2.0)
_LN3 = np.log(3.0)


@compiled
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
        elif kind == 1:
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
        else:
            v = np.exp(x)
            total += a * x - b * v
            values[j], slopes[j], gradient[j] = v, v, a - b * v
    return total


@compiled
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


@compiled
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


@compiled
def _hill(p: float, q: float, a: Any, s: Any, da: Any, dp: Any, dq: Any) -> None:
    log_p = np.log(p)
    for t in range(a.shape[0]):
        if a[t] <= 0.0:
            s[t], da[t], dp[t], dq[t] = 0.0, 0.0, 0.0, 0.0
        else:
            gap = np.log(a[t]) - log_p
            v = 1.0 / (1.0 + np.exp(-q * gap))
            slope = v * (1.0 - v)
            s[t], da[t], dp[t], dq[t] = v, slope * q / a[t], -slope * q / p, slope * gap


@compiled
def _logistic(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        e = np.exp(-_LN3 * a[t] / p)
        v = (1.0 - e) / (1.0 + e)
        slope = 0.5 * (1.0 - v * v) * _LN3 / p
        s[t], da[t], dp[t] = v, slope, -slope * a[t] / p


@compiled
def _michaelis_menten(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        d = 1.0 / (a[t] + p)
        s[t], da[t], dp[t] = a[t] * d, p * d * d, -a[t] * d * d


@compiled
def _exponential(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        e = np.exp(-_LN2 * a[t] / p)
        s[t], da[t], dp[t] = 1.0 - e, e * _LN2 / p, -e * _LN2 * a[t] / (p * p)


@compiled
def _power(p: float, a: Any, s: Any, da: Any, dp: Any) -> None:
    for t in range(a.shape[0]):
        if a[t] <= 0.0:
            s[t], da[t], dp[t] = 0.0, 0.0, 0.0
        else:
            log_a = np.log(a[t])
            v = np.exp(p * log_a)
            s[t], da[t], dp[t] = v, p * v / a[t], v * log_a


@compiled
def saturate(family: int, p: float, q: float, a: Any, s: Any, da: Any, dp: Any, dq: Any) -> None:
    """Saturated response to adstock ``a`` and its slopes by adstock and both parameters, written in place."""
    for t in range(a.shape[0]):
        dq[t] = 0.0
    if family == 1:
        _hill(p, q, a, s, da, dp, dq)
    elif family == 2:
        _logistic(p, a, s, da, dp)
    elif family == 3:
        _michaelis_menten(p, a, s, da, dp)
    elif family == 4:
        _exponential(p, a, s, da, dp)
    elif family == 5:
        _power(p, a, s, da, dp)
    else:
        for t in range(a.shape[0]):
            s[t], da[t], dp[t] = a[t], 1.0, 0.0


@compiled
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


@compiled
def _weight_gradient(x: Any, start: int, h: Any, da: Any, dp: Any, dq: Any) -> tuple[float, float]:
    n = h.shape[0]
    by_p, by_q = 0.0, 0.0
    pull = np.empty(n)
    for t in range(n):
        pull[t] = h[t] * da[t]
    for lag in range(dp.shape[0]):
        total = 0.0
        window = x[start - lag : start - lag + n]
        for t in range(n):
            total += pull[t] * window[t]
        by_p += total * dp[lag]
        by_q += total * dq[lag]
    return by_p, by_q


@compiled
def _weighted(h: Any, dp: Any, dq: Any) -> tuple[float, float]:
    by_p, by_q = 0.0, 0.0
    for t in range(h.shape[0]):
        by_p += h[t] * dp[t]
        by_q += h[t] * dq[t]
    return by_p, by_q


@compiled
def value_at(values: Any, slot: int) -> float:
    """A channel's parameter, 0 where its family has none."""
    return values[slot] if slot >= 0 else 0.0


@compiled
def _add(gradient: Any, slot: int, amount: float) -> None:
    if slot >= 0:
        gradient[slot] += amount


@compiled
def _forward(values: Any, media: Any, families: Any, slots: Any, lags: Any, curves: Any, level: Any, left: Any) -> None:
    """Lag weights, response and scale of every channel; subtracts what media bring from ``left``.

    ``lags`` (C, 3, L) receives weights and their slopes, ``curves`` (C, 4, T) response and its slopes by adstock and
    both parameters, ``level`` (2, C) the mean response and the scale.
    """
    weeks = left.shape[0]
    stock = np.empty(weeks)
    for i in range(media.shape[0]):
        n, slot = families[i, 1], slots[i]
        p, q = value_at(values, slot[0]), value_at(values, slot[1])
        lag_weights(families[i, 0], p, q, lags[i, 0, :n], lags[i, 1, :n], lags[i, 2, :n])
        convolve(media[i], media.shape[1] - weeks, lags[i, 0, :n], stock)
        p, q = value_at(values, slot[2]), value_at(values, slot[3])
        saturate(families[i, 2], p, q, stock, curves[i, 0], curves[i, 1], curves[i, 2], curves[i, 3])
        total = 0.0
        for t in range(weeks):
            total += curves[i, 0, t]
        level[0, i] = total / weeks
        level[1, i] = values[slot[4]] / level[0, i]
        for t in range(weeks):
            left[t] -= level[1, i] * curves[i, 0, t]


@compiled
def marginal_baseline(left: Any, projection: Any, precision: float) -> float:
    """Turns the residual ``left`` into (I - B Bᵀ) left / sigma² in place; returns leftᵀ times that."""
    weeks, rank = projection.shape
    loading = np.zeros(rank)
    for t in range(weeks):
        for k in range(rank):
            loading[k] += projection[t, k] * left[t]
    quadratic = 0.0
    for t in range(weeks):
        smooth = 0.0
        for k in range(rank):
            smooth += projection[t, k] * loading[k]
        pull = (left[t] - smooth) * precision
        quadratic += left[t] * pull
        left[t] = pull
    return quadratic


@compiled
def _digamma(x: float) -> float:
    """Derivative of the logarithm of the gamma function for x > 0: recurrence to 6, then the asymptotic series."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
    return float(shift + np.log(x) - 0.5 / x - series)


@compiled
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


@compiled
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


@compiled
def _explicit_baseline(values: Any, place: int, design: Any, kpi: Any, noise: Any, left: Any, by_value: Any) -> float:
    """Log likelihood with the baseline's coefficients among the values, after the noise parameter at ``place``.

    Turns the residual ``left`` into the slope by the mean; adds the gradients of noise and coefficients.
    """
    weeks, count = design.shape
    for t in range(weeks):
        for k in range(count):
            left[t] -= design[t, k] * values[place + 1 + k]
    if noise[0] == 1.0:
        total, by_noise = _student_t(noise[1], values[place], left)
    else:
        total, by_noise = _negative_binomial(noise[1], values[place], kpi, left)
    by_value[place] += by_noise
    for t in range(weeks):
        for k in range(count):
            by_value[place + 1 + k] += design[t, k] * left[t]
    return total


@compiled
def _lift_tests(
    values: Any,
    families: Any,
    slots: Any,
    lags: Any,
    curves: Any,
    level: Any,
    tests: Any,
    measured: Any,
    otherwise: Any,
    by_value: Any,
    by_scale: Any,
    pulls: Any,
) -> float:
    """Log density of the lift tests; adds the gradient through the series without the test.

    What flows through the series with the test is left in ``pulls`` (M,) and ``by_scale`` (C,).
    """
    weeks = curves.shape[2]
    lead = otherwise.shape[1] - weeks
    total = 0.0
    for m in range(tests.shape[0]):
        i, begin = tests[m, 0], tests[m, 1]
        span, n, slot = tests[m, 2] - begin, families[i, 1], slots[i]
        stock, kept, along = np.empty(span), np.empty((4, span)), np.empty(span)
        convolve(otherwise[m], lead + begin, lags[i, 0, :n], stock)
        p, q = value_at(values, slot[2]), value_at(values, slot[3])
        saturate(families[i, 2], p, q, stock, kept[0], kept[1], kept[2], kept[3])
        difference = 0.0
        for t in range(span):
            difference += curves[i, 0, begin + t] - kept[0, t]
        z = (level[1, i] * difference - measured[m, 0]) / measured[m, 1]
        total -= 0.5 * z * z
        pulls[m] = -z / measured[m, 1]
        by_scale[i] += pulls[m] * difference
        for t in range(span):
            along[t] = -pulls[m] * level[1, i]
        back(by_value, slot, otherwise[m], lead + begin, along, kept, lags[i, 1, :n], lags[i, 2, :n])
    return total


@compiled
def back(by_value: Any, slot: Any, x: Any, start: int, pull: Any, curve: Any, wp: Any, wq: Any) -> None:
    """Add the gradient by a channel's parameters, given the pull on its response, shape (T,)."""
    p, q = _weight_gradient(x, start, pull, curve[1], wp, wq)
    _add(by_value, slot[0], p)
    _add(by_value, slot[1], q)
    p, q = _weighted(pull, curve[2], curve[3])
    _add(by_value, slot[2], p)
    _add(by_value, slot[3], q)


@compiled
def log_density(
    theta: Any,
    kinds: Any,
    first: Any,
    second: Any,
    media: Any,
    kpi: Any,
    columns: Any,
    noise: Any,
    families: Any,
    slots: Any,
    tests: Any,
    measured: Any,
    otherwise: Any,
    gradient: Any,
) -> float:
    """Log density (without constants) at ``theta``; its gradient is written into ``gradient``.

    Parameters
    ----------
    theta, kinds, first, second
        Coordinates, shape (n,), with the code and constants of each one's prior.
    media
        Drivers, shape (C, P + T).
    kpi
        KPI in units of its mean, shape (T,).
    columns
        Where the baseline is integrated out, B of shape (T, R), so that the precision is (I - B Bᵀ) / sigma²; else the
        columns of the baseline, whose coefficients stand at the end of theta.
    noise
        Code of the likelihood (0 normal and integrated, 1 Student-t, 2 negative binomial) and its constant: degrees of
        freedom, or the mean KPI, shape (2,).
    families
        Adstock code, number of lags and saturation code of each channel, shape (C, 3).
    slots
        Places of the channels' parameters in theta, shape (C, 5).
    tests
        Channel, first row and row past the last of each lift test, shape (M, 3).
    measured
        Customers gained and standard error of each lift test, in units of the mean KPI, shape (M, 2).
    otherwise
        The tested channel's driver had there been no test, shape (M, P + T).
    """
    n, channels, weeks = theta.shape[0], media.shape[0], kpi.shape[0]
    lead = media.shape[1] - weeks
    values, slopes, by_value = np.empty(n), np.empty(n), np.zeros(n)
    total = prior_terms(theta, kinds, first, second, values, slopes, gradient)
    longest = 1
    for i in range(channels):
        longest = max(longest, families[i, 1])
    lags = np.empty((channels, 3, longest))
    curves, level, pull = np.empty((channels, 4, weeks)), np.empty((2, channels)), kpi.copy()
    _forward(values, media, families, slots, lags, curves, level, pull)
    if noise[0] == 0.0:
        sigma = values[n - 1]
        quadratic = marginal_baseline(pull, columns, 1.0 / (sigma * sigma))
        total -= weeks * np.log(sigma) + 0.5 * quadratic
        by_value[n - 1] = (quadratic - weeks) / sigma
    else:
        total += _explicit_baseline(values, n - 1 - columns.shape[1], columns, kpi, noise, pull, by_value)
    by_scale, pulls = np.zeros(channels), np.zeros(tests.shape[0])
    total += _lift_tests(
        values, families, slots, lags, curves, level, tests, measured, otherwise, by_value, by_scale, pulls
    )
    own = np.empty(weeks)
    for i in range(channels):
        for t in range(weeks):
            by_scale[i] += pull[t] * curves[i, 0, t]
        by_value[slots[i, 4]] += by_scale[i] / level[0, i]
        through_mean = by_scale[i] * level[1, i] / (level[0, i] * weeks)
        for t in range(weeks):
            own[t] = level[1, i] * pull[t] - through_mean
        for m in range(tests.shape[0]):
            if tests[m, 0] == i:
                for t in range(tests[m, 1], tests[m, 2]):
                    own[t] += pulls[m] * level[1, i]
        n_lags = families[i, 1]
        back(by_value, slots[i], media[i], lead, own, curves[i], lags[i, 1, :n_lags], lags[i, 2, :n_lags])
    for j in range(n):
        gradient[j] += by_value[j] * slopes[j]
    return float(total)


LOGP_SIGNATURE = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)
EXPAND_SIGNATURE = types.int64(
    types.uint64, types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr
)
FIELDS = 18
_OK, _BAD_DENSITY, _BAD_GRADIENT = 0, 4, 3


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def pointer(_context: Any, address: Any) -> Any:
    """An address as a pointer."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@nb.cfunc(LOGP_SIGNATURE, cache=True)
def c_log_density(n, theta_, gradient_, density_, numbers_):  # type: ignore[no-untyped-def]
    """Log density and gradient for nutpie: theta in, gradient and density out, arrays found through ``numbers_``."""
    u = nb.carray(numbers_, (FIELDS,), dtype=np.int64)
    channels, columns, weeks, rank, tests = u[0], u[1], u[2], u[3], u[4]
    gradient = nb.carray(gradient_, (n,))
    density = nb.carray(density_, (1,))
    value = log_density(
        nb.carray(theta_, (n,)),
        nb.carray(pointer(u[5]), (n,), dtype=np.int64),
        nb.carray(pointer(u[6]), (n,), dtype=np.float64),
        nb.carray(pointer(u[7]), (n,), dtype=np.float64),
        nb.carray(pointer(u[8]), (channels, columns), dtype=np.float64),
        nb.carray(pointer(u[9]), (weeks,), dtype=np.float64),
        nb.carray(pointer(u[10]), (weeks, rank), dtype=np.float64),
        nb.carray(pointer(u[11]), (2,), dtype=np.float64),
        nb.carray(pointer(u[12]), (channels, 3), dtype=np.int64),
        nb.carray(pointer(u[13]), (channels, 5), dtype=np.int64),
        nb.carray(pointer(u[14]), (tests, 3), dtype=np.int64),
        nb.carray(pointer(u[15]), (tests, 2), dtype=np.float64),
        nb.carray(pointer(u[16]), (tests, columns), dtype=np.float64),
        gradient,
    )
    density[0] = value
    if not np.isfinite(value):
        return _BAD_DENSITY
    for j in range(n):
        if not np.isfinite(gradient[j]):
            return _BAD_GRADIENT
    return _OK


@nb.cfunc(EXPAND_SIGNATURE, cache=True)
def c_expand(_n, wide, theta_, out_, _numbers):  # type: ignore[no-untyped-def]
    """Hand a draw through unchanged."""
    theta, out = nb.carray(theta_, (wide,)), nb.carray(out_, (wide,))
    for j in range(wide):
        out[j] = theta[j]
    return 0
