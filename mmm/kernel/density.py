"""The whole log density with its gradient, callable from Python and, by pointer, from samplers.

    log density = log prior(θ) + log p(KPI | Σ_i s_i r_i(t)) + log p(lift tests),   s_i = share_i / mean_t r_i(t)

with r_i the response of channel i (``channel``). One sweep forwards keeps what each step saw, one backwards hands the
slopes back: by the KPI's mean (``noise``), by scales and responses, by each channel's parameters, by coordinates.

A share is that of the whole panel, so the scale moves with the mean response: beside its direct pull every response
gets one through that mean, the same in all weeks.

Layout
------
theta : (n,)
    Unconstrained coordinates: the channels' parameters, log of the noise, and whitened coefficients of a baseline that
    is not integrated out.
media : (C + M, P + T)
    What drives each channel, in units of its mean, then what would have driven the channel of each lift test without
    it; the first P columns come before the first modelled week.
frequency : (C + M, P + T)
    Average frequency of channels measured by reach and frequency, whose media are reach; no meaning for others.
families : (C, 5)
    Adstock code, number of lags, saturation code, 1 for reach and frequency, and periods in a week.
slots : (C, 5)
    Where in theta a channel's first and second adstock parameter, first and second saturation parameter and its
    share of the KPI stand; -1 where its family has none.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np

from mmm.kernel import ahead
from mmm.kernel.channel import back, respond, weights_of
from mmm.kernel.codes import NORMAL_NOISE
from mmm.kernel.jit import EXPAND_SIGNATURE, LOGP_SIGNATURE, STAMP, entry, merged, pointer
from mmm.kernel.lift import pulled
from mmm.kernel.noise import explicit_baseline, marginal_baseline
from mmm.kernel.prior import level_terms, prior_terms

__all__ = ["FIELDS", "compile_ahead", "entries", "log_density"]


@merged
def _forward(
    values: Any, media: Any, frequency: Any, families: Any, slots: Any, tests: Any, drivers: Any, lags: Any, curves: Any
) -> None:
    """Lag weights and response of every series.

    ``drivers`` (C + M, P + T) receives what carries over, ``lags`` (C, 3, L) weights and their slopes, ``curves``
    (C + M, 4, T) response and its slopes.
    """
    channels = families.shape[0]
    for r in range(media.shape[0]):
        i = r if r < channels else tests[r - channels, 0]
        if r < channels:
            weights_of(values, families[i], slots[i], lags[i])
        weights = lags[i, 0, : families[i, 1]]
        respond(values, families[i], slots[i], weights, media[r], frequency[r], drivers[r], curves[r])


@merged
def _subtract(values: Any, slots: Any, curves: Any, level: Any, left: Any) -> None:
    """Mean response and scale of every channel into ``level`` (2, C); takes what media bring from ``left``."""
    weeks = left.shape[0]
    for i in range(slots.shape[0]):
        total = 0.0
        for t in range(weeks):
            total += curves[i, 0, t]
        level[0, i] = total / weeks
        level[1, i] = values[slots[i, 4]] / level[0, i]
        for t in range(weeks):
            left[t] -= level[1, i] * curves[i, 0, t]


@merged
def _lift_tests(curves: Any, level: Any, tests: Any, measured: Any, by_scale: Any, pulls: Any) -> float:
    """Log density of the lift tests; slopes by what each brought into ``pulls``, by scales into ``by_scale``."""
    channels, count = level.shape[1], tests.shape[0]
    differences, away = np.zeros(count), np.empty(count)
    for m in range(count):
        i = tests[m, 0]
        for t in range(tests[m, 1], tests[m, 2]):
            differences[m] += curves[i, 0, t] - curves[channels + m, 0, t]
        away[m] = level[1, i] * differences[m] - measured[m, 0]
    total = pulled(away, measured, pulls)
    for m in range(count):
        by_scale[tests[m, 0]] += pulls[m] * differences[m]
    return total


@merged
def _pull_on_channel(
    i: int, curves: Any, level: Any, tests: Any, pull: Any, pulls: Any, by_scale: Any, own: Any
) -> None:
    """Slope by a channel's response into ``own``, that by its scale added to ``by_scale``."""
    weeks = pull.shape[0]
    for t in range(weeks):
        by_scale[i] += pull[t] * curves[i, 0, t]
    through_mean = by_scale[i] * level[1, i] / (level[0, i] * weeks)
    for t in range(weeks):
        own[t] = level[1, i] * pull[t] - through_mean
    for m in range(tests.shape[0]):
        if tests[m, 0] == i:
            for t in range(tests[m, 1], tests[m, 2]):
                own[t] += pulls[m] * level[1, i]


@merged
def log_density(
    theta: Any,
    kinds: Any,
    first: Any,
    second: Any,
    media: Any,
    frequency: Any,
    kpi: Any,
    columns: Any,
    level: Any,
    noise: Any,
    sd: Any,
    regression: Any,
    spread: Any,
    families: Any,
    slots: Any,
    tests: Any,
    measured: Any,
    gradient: Any,
) -> float:
    """Log density (without constants) at ``theta``; its gradient is written into ``gradient``.

    Parameters
    ----------
    theta, kinds, first, second
        Coordinates, shape (n,), with the code and constants of each one's prior.
    media, frequency
        Drivers, and how often each person reached was reached, shape (C + M, P + T).
    kpi
        KPI in units of its mean, shape (T,).
    columns
        Where the baseline is integrated out, B of shape (R, T), so that the precision is (I - Bᵀ B) / sigma²; else the
        columns of the baseline as rows.
    level
        Precision of the logarithm of the level that shares have in common, shape (1,).
    noise
        Code of the likelihood (0 normal and integrated, 1 Student-t, 2 negative binomial) and its constant: degrees of
        freedom, or the mean KPI, shape (2,).
    sd, regression, spread
        Of a baseline that is not integrated out, as :func:`mmm.kernel.noise.explicit_baseline` takes them.
    families, slots
        Codes of the channels' families, shape (C, 5), and places of their parameters in theta, shape (C, 5).
    tests
        Channel, first row and row past the last of each lift test, shape (M, 3).
    measured
        Customers gained by each lift test, in units of the mean KPI, and the precision of the tests' errors, shape
        (M, 1 + M).
    """
    n, channels, weeks, lead = theta.shape[0], families.shape[0], kpi.shape[0], media.shape[1] - kpi.shape[0]
    values, slopes, by_value = np.empty(n), np.empty(n), np.zeros(n)
    total = prior_terms(theta, kinds, first, second, values, slopes, gradient)
    total += level_terms(theta, kinds, first, second, level[0], gradient)
    longest = 1
    for i in range(channels):
        longest = max(longest, families[i, 1])
    drivers, lags = np.empty(media.shape), np.empty((channels, 3, longest))
    curves, level = np.empty((media.shape[0], 4, weeks)), np.empty((2, channels))
    _forward(values, media, frequency, families, slots, tests, drivers, lags, curves)
    pull = np.empty(weeks)
    for t in range(weeks):
        pull[t] = kpi[t]
    _subtract(values, slots, curves, level, pull)
    if noise[0] == NORMAL_NOISE:
        sigma = values[n - 1]
        quadratic = marginal_baseline(pull, columns, 1.0 / (sigma * sigma))
        total -= weeks * np.log(sigma) + 0.5 * quadratic
        by_value[n - 1] = (quadratic - weeks) / sigma
    else:
        total += explicit_baseline(values, columns, sd, regression, spread, kpi, noise, pull, by_value)
    by_scale, pulls, own = np.zeros(channels), np.zeros(tests.shape[0]), np.empty(weeks)
    total += _lift_tests(curves, level, tests, measured, by_scale, pulls)
    for r in range(media.shape[0]):
        i = r if r < channels else tests[r - channels, 0]
        if r < channels:
            _pull_on_channel(i, curves, level, tests, pull, pulls, by_scale, own)
            by_value[slots[i, 4]] += by_scale[i] / level[0, i]
        else:
            for t in range(weeks):
                inside = tests[r - channels, 1] <= t < tests[r - channels, 2]
                own[t] = -pulls[r - channels] * level[1, i] if inside else 0.0
        back(by_value, families[i], slots[i], drivers[r], lead, own, curves[r], lags[i, :, : families[i, 1]])
    for j in range(n):
        gradient[j] += by_value[j] * slopes[j]
    return float(total)


FIELDS = 24
_OK, _BAD_DENSITY, _BAD_GRADIENT = 0, 4, 3


def _entries(stamp: str) -> tuple[Any, Any]:
    """The functions that samplers call by pointer; ``stamp`` keys their cache."""

    @entry(LOGP_SIGNATURE)
    def called(n, theta_, gradient_, density_, numbers_):  # type: ignore[no-untyped-def]
        _ = stamp
        u = nb.carray(numbers_, (FIELDS,), dtype=np.int64)
        channels, columns, rank, weeks, count, tests = u[0], u[1], u[2], u[3], u[4], u[5]
        series = channels + tests
        gradient = nb.carray(gradient_, (n,))
        density = nb.carray(density_, (1,))
        value = log_density(
            nb.carray(theta_, (n,)),
            nb.carray(pointer(u[6]), (n,), dtype=np.int64),
            nb.carray(pointer(u[7]), (n,), dtype=np.float64),
            nb.carray(pointer(u[8]), (n,), dtype=np.float64),
            nb.carray(pointer(u[9]), (series, columns), dtype=np.float64),
            nb.carray(pointer(u[10]), (series, columns), dtype=np.float64),
            nb.carray(pointer(u[11]), (weeks,), dtype=np.float64),
            nb.carray(pointer(u[12]), (rank, weeks), dtype=np.float64),
            nb.carray(pointer(u[13]), (1,), dtype=np.float64),
            nb.carray(pointer(u[14]), (2,), dtype=np.float64),
            nb.carray(pointer(u[15]), (count,), dtype=np.float64),
            nb.carray(pointer(u[16]), (count, weeks), dtype=np.float64),
            nb.carray(pointer(u[17]), (count, count), dtype=np.float64),
            nb.carray(pointer(u[18]), (channels, 5), dtype=np.int64),
            nb.carray(pointer(u[19]), (channels, 5), dtype=np.int64),
            nb.carray(pointer(u[20]), (tests, 3), dtype=np.int64),
            nb.carray(pointer(u[21]), (tests, 1 + tests), dtype=np.float64),
            gradient,
        )
        density[0] = value
        if not np.isfinite(value):
            return _BAD_DENSITY
        for j in range(n):
            if not np.isfinite(gradient[j]):
                return _BAD_GRADIENT
        return _OK

    @entry(EXPAND_SIGNATURE)
    def expand(_n, wide, theta_, out_, _numbers):  # type: ignore[no-untyped-def]
        _ = stamp
        theta, out = nb.carray(theta_, (wide,)), nb.carray(out_, (wide,))
        for j in range(wide):
            out[j] = theta[j]
        return 0

    return called, expand


@cache
def _declared() -> tuple[Any, Any]:
    return _entries(STAMP)


def compile_ahead() -> None:
    """Begin to compile the kernel of national panels in a process of its own, unless its code is kept."""
    if not all(one.is_kept for one in _declared()):
        ahead.begin()


def entries() -> tuple[Any, Any]:
    """Log density and gradient for samplers, arrays reached through a table of addresses; and a draw handed through."""
    ahead.join()
    return _declared()
