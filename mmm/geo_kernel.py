"""The log density of the hierarchical model over geos and its gradient; built from the pieces of :mod:`mmm.kernel`.

Every geo has its own baseline, integrated out block by block, and its own values of the varying coordinates, those
of the common vector moved by a spread times a standard normal; a coordinate whose prior is another (the noise) stands
for itself in every geo. Touch this file whenever the kernel changes: the cache of compiled
code knows only its own file's date.

Layout of theta: the common coordinates (the last is log sigma), one log spread per varying coordinate, then what
varies, geo by geo.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from mmm.kernel import (
    LOGP_SIGNATURE,
    back,
    compiled,
    convolve,
    lag_weights,
    marginal_baseline,
    pointer,
    prior_terms,
    saturate,
    value_at,
)

__all__ = ["GEO_FIELDS", "c_geo_log_density", "geo_log_density"]

GEO_FIELDS = 20
_OK, _BAD_DENSITY, _BAD_GRADIENT = 0, 4, 3


@compiled
def _local(theta: Any, kinds: Any, values: Any, varying: Any, size: int, geo: int, own: Any, slopes: Any) -> None:
    """Natural values of one geo and their slopes by its coordinates."""
    count = varying.shape[0]
    for j in range(size):
        own[j] = theta[j]
    for h in range(count):
        place = size + count + geo * count + h
        if kinds[place] == 0:
            own[varying[h]] += values[size + h] * theta[place]
        else:
            own[varying[h]] = theta[place]
    for j in range(size):
        if kinds[j] == 0:
            slopes[j] = 1.0
        elif kinds[j] == 3:
            own[j] = 1.0 / (1.0 + np.exp(-own[j]))
            slopes[j] = own[j] * (1.0 - own[j])
        else:
            own[j] = np.exp(own[j])
            slopes[j] = own[j]


@compiled
def _respond(own: Any, media: Any, weeks: int, families: Any, slots: Any, lags: Any, curves: Any) -> None:
    """Lag weights and responses of one geo's channels."""
    stock = np.empty(weeks)
    for i in range(media.shape[0]):
        n, slot = families[i, 1], slots[i]
        p, q = value_at(own, slot[0]), value_at(own, slot[1])
        lag_weights(families[i, 0], p, q, lags[i, 0, :n], lags[i, 1, :n], lags[i, 2, :n])
        convolve(media[i], media.shape[1] - weeks, lags[i, 0, :n], stock)
        p, q = value_at(own, slot[2]), value_at(own, slot[3])
        saturate(families[i, 2], p, q, stock, curves[i, 0], curves[i, 1], curves[i, 2], curves[i, 3])


@compiled
def _add_mean(curves: Any, weight: float, mean: Any) -> None:
    weeks = curves.shape[2]
    for i in range(mean.shape[0]):
        level = 0.0
        for t in range(weeks):
            level += curves[i, 0, t]
        mean[i] += weight * level / weeks


@compiled
def _subtract_media(own: Any, slots: Any, curves: Any, mean: Any, left: Any) -> None:
    for i in range(mean.shape[0]):
        scale = own[slots[i, 4]] / mean[i]
        for t in range(left.shape[0]):
            left[t] -= scale * curves[i, 0, t]


@compiled
def _hand_back(
    theta: Any, kinds: Any, values: Any, varying: Any, size: int, geo: int, by_own: Any, own: Any, gradient: Any
) -> None:
    """Carry one geo's gradient by its own coordinates to common coordinates, spreads and what varies."""
    count = varying.shape[0]
    for j in range(size):
        gradient[j] += by_own[j] * own[j]
    for h in range(count):
        common, place, spread = varying[h], size + count + geo * count + h, values[size + h]
        by_shift = by_own[common] * own[common]
        if kinds[place] == 0:
            gradient[place] += by_shift * spread
            gradient[size + h] += by_shift * theta[place] * spread
        else:
            gradient[place] += by_shift
            gradient[common] -= by_shift


@compiled
def geo_log_density(
    theta: Any,
    kinds: Any,
    first: Any,
    second: Any,
    media: Any,
    kpi: Any,
    columns: Any,
    weights: Any,
    families: Any,
    slots: Any,
    varying: Any,
    gradient: Any,
) -> float:
    """Log density (without constants) at ``theta``; its gradient is written into ``gradient``.

    Parameters
    ----------
    theta, kinds, first, second
        Coordinates, shape (n,), with the code and constants of each one's prior.
    media
        Drivers, shape (G, C, P + T).
    kpi
        KPI in units of each geo's mean, shape (G, T).
    columns
        B of each geo's integrated baseline, shape (G, T, R).
    weights
        Share of each geo in the KPI, shape (G,).
    families, slots
        As in :func:`mmm.kernel.log_density`.
    varying
        Places of the coordinates that vary between geos, shape (H,).
    """
    geos, channels, weeks = media.shape[0], media.shape[1], kpi.shape[1]
    lead = media.shape[2] - weeks
    n, count = theta.shape[0], varying.shape[0]
    size = n - count * (geos + 1)
    values, slopes = np.empty(n), np.empty(n)
    total = prior_terms(theta, kinds, first, second, values, slopes, gradient)
    longest = 1
    for i in range(channels):
        longest = max(longest, families[i, 1])
    own, own_slopes = np.empty((geos, size)), np.empty((geos, size))
    lags, curves = np.empty((geos, channels, 3, longest)), np.empty((geos, channels, 4, weeks))
    by_own, mean, by_mean = np.zeros((geos, size)), np.zeros(channels), np.zeros(channels)
    for g in range(geos):
        _local(theta, kinds, values, varying, size, g, own[g], own_slopes[g])
        _respond(own[g], media[g], weeks, families, slots, lags[g], curves[g])
        _add_mean(curves[g], weights[g], mean)
    pulls = np.empty((geos, weeks))
    for g in range(geos):
        pull = pulls[g]
        for t in range(weeks):
            pull[t] = kpi[g, t]
        _subtract_media(own[g], slots, curves[g], mean, pull)
        sigma = own[g, size - 1]
        quadratic = marginal_baseline(pull, columns[g], 1.0 / (sigma * sigma))
        total -= weeks * np.log(sigma) + 0.5 * quadratic
        by_own[g, size - 1] += (quadratic - weeks) / sigma
        for i in range(channels):
            by_scale = 0.0
            for t in range(weeks):
                by_scale += pull[t] * curves[g, i, 0, t]
            by_own[g, slots[i, 4]] += by_scale / mean[i]
            by_mean[i] -= by_scale * own[g, slots[i, 4]] / (mean[i] * mean[i])
    along = np.empty(weeks)
    for g in range(geos):
        for i in range(channels):
            scale, through = own[g, slots[i, 4]] / mean[i], by_mean[i] * weights[g] / weeks
            for t in range(weeks):
                along[t] = scale * pulls[g, t] + through
            lag = families[i, 1]
            back(by_own[g], slots[i], media[g, i], lead, along, curves[g, i], lags[g, i, 1, :lag], lags[g, i, 2, :lag])
        _hand_back(theta, kinds, values, varying, size, g, by_own[g], own_slopes[g], gradient)
    return float(total)


@nb.cfunc(LOGP_SIGNATURE, cache=True)
def c_geo_log_density(n, theta_, gradient_, density_, numbers_):  # type: ignore[no-untyped-def]
    """Log density and gradient for nutpie: theta in, gradient and density out, arrays found through ``numbers_``."""
    u = nb.carray(numbers_, (GEO_FIELDS,), dtype=np.int64)
    geos, channels, columns, weeks, rank, count = u[0], u[1], u[2], u[3], u[4], u[5]
    gradient = nb.carray(gradient_, (n,))
    density = nb.carray(density_, (1,))
    value = geo_log_density(
        nb.carray(theta_, (n,)),
        nb.carray(pointer(u[6]), (n,), dtype=np.int64),
        nb.carray(pointer(u[7]), (n,), dtype=np.float64),
        nb.carray(pointer(u[8]), (n,), dtype=np.float64),
        nb.carray(pointer(u[9]), (geos, channels, columns), dtype=np.float64),
        nb.carray(pointer(u[10]), (geos, weeks), dtype=np.float64),
        nb.carray(pointer(u[11]), (geos, weeks, rank), dtype=np.float64),
        nb.carray(pointer(u[12]), (geos,), dtype=np.float64),
        nb.carray(pointer(u[13]), (channels, 3), dtype=np.int64),
        nb.carray(pointer(u[14]), (channels, 5), dtype=np.int64),
        nb.carray(pointer(u[15]), (count,), dtype=np.int64),
        gradient,
    )
    density[0] = value
    if not np.isfinite(value):
        return _BAD_DENSITY
    for j in range(n):
        if not np.isfinite(gradient[j]):
            return _BAD_GRADIENT
    return _OK
