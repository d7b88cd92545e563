"""What all geos share in single periods: an effect of its own, sampled whitened.

Geos share u = Qᵀ a by period, with Q the basis and loadings a ~ N(0, spread²). Given what media leave of geo g's KPI,
left_g, and precisions trust_g of its noise for reference, the loadings would have the posterior

    a ~ N(Q Σ_g trust_g left_g / precision, 1 / precision),   precision = 1 / spread² + Σ_g trust_g

so the sampler moves whitened z with a = that mean + z / √precision. The change of variables costs the log density
log √precision per loading, and moves slopes from a back to media, spread and z.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.jit import inlined, merged

__all__ = ["pull_on_shared", "share"]


@inlined
def _loadings(basis: Any, series: Any, out: Any) -> None:
    """Products of a series with each row of the basis."""
    for q in range(basis.shape[0]):
        total = 0.0
        for t in range(basis.shape[1]):
            total += basis[q, t] * series[t]
        out[q] = total


@inlined
def _composed(basis: Any, weights: Any, out: Any) -> None:
    """Sum of the basis' rows so weighted."""
    for t in range(basis.shape[1]):
        out[t] = 0.0
    for q in range(basis.shape[0]):
        for t in range(basis.shape[1]):
            out[t] += weights[q] * basis[q, t]


@merged
def share(left: Any, trust: Any, spread: float, whitened: Any, basis: Any, loads: Any, shared: Any) -> float:
    """What all geos share in each period into ``shared``, its loadings into ``loads``; returns their precision.

    Loadings stand about the mean that the KPI gives them where each geo's noise is its reference, so that ``whitened``
    is nearly standard normal whether geos share much or nothing, and moves with no geo's noise.
    """
    precision = 1.0 / (spread * spread)
    shared[:] = 0.0
    for g in range(left.shape[0]):
        precision += trust[g]
        for t in range(shared.shape[0]):
            shared[t] += trust[g] * left[g, t]
    _loadings(basis, shared, loads)
    for q in range(loads.shape[0]):
        loads[q] = loads[q] / precision + whitened[q] / np.sqrt(precision)
    _composed(basis, loads, shared)
    return precision


@merged
def pull_on_shared(
    trust: Any, spread: float, whitened: Any, basis: Any, loads: Any, precision: float, pulls: Any, by_whitened: Any
) -> tuple[float, float]:
    """Log density of what is shared, and its slope by the spread.

    Turns ``pulls`` from slopes by the KPI's mean into those by what media bring, and writes slopes by ``whitened``.
    """
    weeks, count = pulls.shape[1], loads.shape[0]
    pull, along = np.empty(count), np.zeros(weeks)
    for g in range(pulls.shape[0]):
        for t in range(weeks):
            along[t] += pulls[g, t]
    _loadings(basis, along, pull)
    squares, by_precision, root = 0.0, -0.5 * count / precision, np.sqrt(precision)
    for q in range(count):
        squares += loads[q] * loads[q]
        pull[q] -= loads[q] / (spread * spread)
        by_precision += pull[q] * (0.5 * whitened[q] / root - loads[q]) / precision
        by_whitened[q] = pull[q] / root
    _composed(basis, pull, along)
    for g in range(pulls.shape[0]):
        for t in range(weeks):
            pulls[g, t] -= trust[g] / precision * along[t]
    total = -0.5 * squares / (spread * spread) - count * (np.log(spread) + 0.5 * np.log(precision))
    return total, (squares / (spread * spread) - count - 2.0 * by_precision / (spread * spread)) / spread
