"""The log density of the hierarchical model over geos and its gradient, of the pieces that a national panel's has.

Every geo g has its own baseline, integrated out block by block, and its own values of the varying coordinates,

    θ_gh = θ_h + spread_h · z_gh,   z_gh ~ N(0, 1)

so that spread and departures are nearly independent where data say little of a geo (non-centred); a coordinate whose
prior is another (the noise) stands for itself in every geo. Responses are scaled by their mean over all geos,

    s_gi = share_gi / Σ_g w_g mean_t r_gi(t)

with w_g the share of geo g in the KPI, so a geo that spends more per head gains more.

Layout of theta: the common coordinates (the last is log sigma), one log spread per varying coordinate, then what
varies, geo by geo; where geos share what moves single periods, the logarithm of its spread and its whitened loadings.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np

from mmm.kernel.channel import back, respond, weights_of
from mmm.kernel.codes import BETA, NORMAL
from mmm.kernel.jit import LOGP_SIGNATURE, STAMP, entry, merged, pointer
from mmm.kernel.lift import pulled
from mmm.kernel.noise import marginal_baseline
from mmm.kernel.prior import level_terms, prior_terms
from mmm.kernel.shared import pull_on_shared, share

__all__ = ["GEO_FIELDS", "geo_entry", "geo_log_density"]

GEO_FIELDS = 28
_OK, _BAD_DENSITY, _BAD_GRADIENT = 0, 4, 3


@merged
def _local(theta: Any, kinds: Any, values: Any, varying: Any, size: int, geo: int, own: Any, slopes: Any) -> None:
    """Natural values of one geo and their slopes by its coordinates."""
    count = varying.shape[0]
    for j in range(size):
        own[j] = theta[j]
    for h in range(count):
        place = size + count + geo * count + h
        if kinds[place] == NORMAL:
            own[varying[h]] += values[size + h] * theta[place]
        else:
            own[varying[h]] = theta[place]
    for j in range(size):
        if kinds[j] == NORMAL:
            slopes[j] = 1.0
        elif kinds[j] == BETA:
            own[j] = 1.0 / (1.0 + np.exp(-own[j]))
            slopes[j] = own[j] * (1.0 - own[j])
        else:  # the others are all sampled as logarithms
            own[j] = np.exp(own[j])
            slopes[j] = own[j]


@merged
def _respond(
    own: Any, media: Any, frequency: Any, families: Any, slots: Any, drivers: Any, lags: Any, curves: Any
) -> None:
    """Lag weights and responses of one geo's channels."""
    for i in range(media.shape[0]):
        family, slot = families[i], slots[i]
        weights_of(own, family, slot, lags[i])
        respond(own, family, slot, lags[i, 0, : family[1]], media[i], frequency[i], drivers[i], curves[i])


@merged
def _add_mean(curves: Any, weight: float, mean: Any) -> None:
    weeks = curves.shape[2]
    for i in range(mean.shape[0]):
        level = 0.0
        for t in range(weeks):
            level += curves[i, 0, t]
        mean[i] += weight * level / weeks


@merged
def _subtract_media(own: Any, slots: Any, curves: Any, mean: Any, left: Any) -> None:
    for i in range(mean.shape[0]):
        scale = own[slots[i, 4]] / mean[i]
        for t in range(left.shape[0]):
            left[t] -= scale * curves[i, 0, t]


@merged
def _leave(kpi: Any, own: Any, slots: Any, curves: Any, mean: Any, left: Any) -> None:
    """KPI less media of every geo into ``left``."""
    for g in range(kpi.shape[0]):
        for t in range(kpi.shape[1]):
            left[g, t] = kpi[g, t]
        _subtract_media(own[g], slots, curves[g], mean, left[g])


@merged
def _likelihood(left: Any, shared: Any, columns: Any, own: Any, by_own: Any, pulls: Any) -> float:
    """Log density of the KPI; its slope by the mean into ``pulls``, by noise added to ``by_own``."""
    weeks, noise = left.shape[1], own.shape[1] - 1
    total = 0.0
    for g in range(left.shape[0]):
        sigma = own[g, noise]
        for t in range(weeks):
            pulls[g, t] = left[g, t] - shared[t]
        quadratic = marginal_baseline(pulls[g], columns[g], 1.0 / (sigma * sigma))
        total -= weeks * np.log(sigma) + 0.5 * quadratic
        by_own[g, noise] += (quadratic - weeks) / sigma
    return total


@merged
def _by_scales(pulls: Any, own: Any, slots: Any, curves: Any, mean: Any, by_own: Any, by_mean: Any) -> None:
    """Slopes by each channel's share in each geo and by its mean response, added."""
    for g in range(pulls.shape[0]):
        for i in range(mean.shape[0]):
            by_scale = 0.0
            for t in range(pulls.shape[1]):
                by_scale += pulls[g, t] * curves[g, i, 0, t]
            by_own[g, slots[i, 4]] += by_scale / mean[i]
            by_mean[i] -= by_scale * own[g, slots[i, 4]] / (mean[i] * mean[i])


@merged
def _respond_otherwise(
    own: Any,
    media: Any,
    frequency: Any,
    families: Any,
    slots: Any,
    tests: Any,
    series: Any,
    lags: Any,
    drivers: Any,
    curves: Any,
) -> None:
    """Responses of the tested channels in the tested geos had there been no test."""
    for s in range(series.shape[0]):
        i, g = tests[series[s, 0], 0], series[s, 1]
        weights = lags[g, i, 0, : families[i, 1]]
        respond(own[g], families[i], slots[i], weights, media[s], frequency[s], drivers[s], curves[s])


@merged
def _lift_tests(
    own: Any,
    slots: Any,
    curves: Any,
    others: Any,
    mean: Any,
    weights: Any,
    tests: Any,
    series: Any,
    measured: Any,
    by_own: Any,
    by_mean: Any,
    pulls: Any,
) -> float:
    """Log density of the lift tests; slopes by what each gained into ``pulls``, by scales and means added."""
    gained, differences = np.zeros(tests.shape[0]), np.zeros(series.shape[0])
    for s in range(series.shape[0]):
        m, g = series[s, 0], series[s, 1]
        i = tests[m, 0]
        for t in range(tests[m, 1], tests[m, 2]):
            differences[s] += curves[g, i, 0, t] - others[s, 0, t]
        differences[s] *= weights[g] / mean[i]
        gained[m] += own[g, slots[i, 4]] * differences[s]
    for m in range(tests.shape[0]):
        gained[m] -= measured[m, 0]
    total = pulled(gained, measured, pulls)
    for s in range(series.shape[0]):
        m, g = series[s, 0], series[s, 1]
        i = tests[m, 0]
        by_own[g, slots[i, 4]] += pulls[m] * differences[s]
        by_mean[i] -= pulls[m] * own[g, slots[i, 4]] * differences[s] / mean[i]
    return total


@merged
def _pull_on_channel(
    g: int,
    i: int,
    share: float,
    mean: Any,
    weights: Any,
    by_mean: Any,
    tests: Any,
    series: Any,
    by_test: Any,
    pull: Any,
    along: Any,
) -> None:
    """Slope by a channel's response in one geo into ``along``, given that by what it brings."""
    scale, through = share / mean[i], by_mean[i] * weights[g] / along.shape[0]
    for t in range(along.shape[0]):
        along[t] = scale * pull[t] + through
    for s in range(series.shape[0]):
        m = series[s, 0]
        if series[s, 1] == g and tests[m, 0] == i:
            for t in range(tests[m, 1], tests[m, 2]):
                along[t] += by_test[m] * weights[g] * scale


@merged
def _pull_on_otherwise(test: Any, pull: float, along: Any) -> None:
    """Slope by the response that a test is held against, over its window."""
    for t in range(test[1], test[2]):
        along[t] = -pull


@merged
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
        if kinds[place] == NORMAL:
            gradient[place] += by_shift * spread
            gradient[size + h] += by_shift * theta[place] * spread
        else:  # the geo's own coordinate alone counts; what the common one was given above is taken back
            gradient[place] += by_shift
            gradient[common] -= by_shift


@merged
def geo_log_density(
    theta: Any,
    kinds: Any,
    first: Any,
    second: Any,
    media: Any,
    frequency: Any,
    kpi: Any,
    columns: Any,
    weights: Any,
    families: Any,
    slots: Any,
    varying: Any,
    otherwise: Any,
    otherwise_frequency: Any,
    tests: Any,
    series: Any,
    measured: Any,
    basis: Any,
    trust: Any,
    level: Any,
    gradient: Any,
) -> float:
    """Log density (without constants) at ``theta``; its gradient is written into ``gradient``.

    Parameters
    ----------
    theta, kinds, first, second
        Coordinates, shape (n,), with the code and constants of each one's prior.
    media, frequency
        Drivers, and how often each person reached was reached, shape (G, C, P + T).
    kpi
        KPI in units of each geo's mean, shape (G, T).
    columns
        B of each geo's integrated baseline, shape (G, R, T).
    weights
        Share of each geo in the KPI, shape (G,).
    families, slots
        As in :func:`mmm.kernel.density.log_density`.
    varying
        Places of the coordinates that vary between geos, shape (H,).
    otherwise, otherwise_frequency
        As ``media`` and ``frequency``, of each tested geo of each lift test without the test, shape (S, P + T).
    tests, series, measured
        Channel, first row and row past the last of each lift test, shape (M, 3); test and geo of each series, (S, 2);
        customers gained in units of all geos' mean KPI together, and the precision of the tests' errors, (M, 1 + M).
    basis
        Orthonormal series of which consists what all geos share in single periods, shape (Q, T); Q = 0 where nothing.
    trust
        Precision of each geo's own noise for reference, shape (G,).
    level
        Precision of the logarithm of the level that shares have in common, shape (1,).
    """
    geos, channels, weeks = media.shape[0], media.shape[1], kpi.shape[1]
    lead = media.shape[2] - weeks
    n, count = theta.shape[0], varying.shape[0]
    shared = basis.shape[0]
    size = n - count * (geos + 1) - shared - min(shared, 1)
    values, slopes = np.empty(n), np.empty(n)
    total = prior_terms(theta, kinds, first, second, values, slopes, gradient)
    total += level_terms(theta, kinds, first, second, level[0], gradient)
    longest = 1
    for i in range(channels):
        longest = max(longest, families[i, 1])
    own, own_slopes = np.empty((geos, size)), np.empty((geos, size))
    lags, curves = np.empty((geos, channels, 3, longest)), np.empty((geos, channels, 4, weeks))
    drivers = np.empty(media.shape)
    by_own, mean, by_mean = np.zeros((geos, size)), np.zeros(channels), np.zeros(channels)
    for g in range(geos):
        _local(theta, kinds, values, varying, size, g, own[g], own_slopes[g])
        _respond(own[g], media[g], frequency[g], families, slots, drivers[g], lags[g], curves[g])
        _add_mean(curves[g], weights[g], mean)
    pulls, by_test = np.empty((geos, weeks)), np.empty(tests.shape[0])
    left, common = np.empty((geos, weeks)), np.zeros(weeks)
    _leave(kpi, own, slots, curves, mean, left)
    place = size + count * (geos + 1)
    whitened, loads = theta[n - shared :], np.empty(shared)
    precision = share(left, trust, values[place], whitened, basis, loads, common) if shared > 0 else 1.0
    total += _likelihood(left, common, columns, own, by_own, pulls)
    if shared > 0:
        by_whitened = np.empty(shared)
        density, by_spread = pull_on_shared(trust, values[place], whitened, basis, loads, precision, pulls, by_whitened)
        total += density
        gradient[place] += by_spread * slopes[place]
        gradient[n - shared :] += by_whitened
    _by_scales(pulls, own, slots, curves, mean, by_own, by_mean)
    others, other_drivers = np.empty((series.shape[0], 4, weeks)), np.empty(otherwise.shape)
    _respond_otherwise(own, otherwise, otherwise_frequency, families, slots, tests, series, lags, other_drivers, others)
    total += _lift_tests(own, slots, curves, others, mean, weights, tests, series, measured, by_own, by_mean, by_test)
    along = np.empty(weeks)
    for g in range(geos):
        for i in range(channels):
            _pull_on_channel(g, i, own[g, slots[i, 4]], mean, weights, by_mean, tests, series, by_test, pulls[g], along)
            back(
                by_own[g],
                families[i],
                slots[i],
                drivers[g, i],
                lead,
                along,
                curves[g, i],
                lags[g, i, :, : families[i, 1]],
            )
    for s in range(series.shape[0]):
        i, g = tests[series[s, 0], 0], series[s, 1]
        along[:] = 0.0
        pull = by_test[series[s, 0]] * weights[g] * own[g, slots[i, 4]] / mean[i]
        _pull_on_otherwise(tests[series[s, 0]], pull, along)
        back(
            by_own[g], families[i], slots[i], other_drivers[s], lead, along, others[s], lags[g, i, :, : families[i, 1]]
        )
    for g in range(geos):
        _hand_back(theta, kinds, values, varying, size, g, by_own[g], own_slopes[g], gradient)
    return float(total)


def _entry(stamp: str) -> Any:
    """The function that samplers call by pointer; ``stamp`` keys its cache."""

    @entry(LOGP_SIGNATURE)
    def called(n, theta_, gradient_, density_, numbers_):  # type: ignore[no-untyped-def]
        _ = stamp
        u = nb.carray(numbers_, (GEO_FIELDS,), dtype=np.int64)
        geos, channels, columns, weeks, rank, count = u[0], u[1], u[2], u[3], u[4], u[5]
        tests, series, shared = u[6], u[7], u[8]
        gradient = nb.carray(gradient_, (n,))
        density = nb.carray(density_, (1,))
        value = geo_log_density(
            nb.carray(theta_, (n,)),
            nb.carray(pointer(u[9]), (n,), dtype=np.int64),
            nb.carray(pointer(u[10]), (n,), dtype=np.float64),
            nb.carray(pointer(u[11]), (n,), dtype=np.float64),
            nb.carray(pointer(u[12]), (geos, channels, columns), dtype=np.float64),
            nb.carray(pointer(u[13]), (geos, channels, columns), dtype=np.float64),
            nb.carray(pointer(u[14]), (geos, weeks), dtype=np.float64),
            nb.carray(pointer(u[15]), (geos, rank, weeks), dtype=np.float64),
            nb.carray(pointer(u[16]), (geos,), dtype=np.float64),
            nb.carray(pointer(u[17]), (channels, 5), dtype=np.int64),
            nb.carray(pointer(u[18]), (channels, 5), dtype=np.int64),
            nb.carray(pointer(u[19]), (count,), dtype=np.int64),
            nb.carray(pointer(u[20]), (series, columns), dtype=np.float64),
            nb.carray(pointer(u[21]), (series, columns), dtype=np.float64),
            nb.carray(pointer(u[22]), (tests, 3), dtype=np.int64),
            nb.carray(pointer(u[23]), (series, 2), dtype=np.int64),
            nb.carray(pointer(u[24]), (tests, 1 + tests), dtype=np.float64),
            nb.carray(pointer(u[25]), (shared, weeks), dtype=np.float64),
            nb.carray(pointer(u[26]), (geos,), dtype=np.float64),
            nb.carray(pointer(u[27]), (1,), dtype=np.float64),
            gradient,
        )
        density[0] = value
        if not np.isfinite(value):
            return _BAD_DENSITY
        for j in range(n):
            if not np.isfinite(gradient[j]):
                return _BAD_GRADIENT
        return _OK

    return called


@cache
def geo_entry() -> Any:
    """Log density and gradient for samplers, arrays reached through a table of addresses."""
    return _entry(STAMP)
