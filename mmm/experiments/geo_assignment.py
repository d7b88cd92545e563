"""Assignments: which geos a test changes, drawn at random within strata of size or within matched pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmm.arrays import Array

__all__ = ["Assign", "matched_pairs", "stratified"]

Assign = Callable[[Array, tuple[float, ...], np.random.Generator], np.ndarray]
"""KPI by geo and period, shape (G, T), share of the market of each cell, generator -> cell by geo, -1 for controls."""


def stratified(kpi: Array, shares: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """Cells drawn within strata of geos of like size, so that each cell has large and small ones as the market has.

    Parameters
    ----------
    kpi
        Shape (G, T).
    shares
        Share of the geos that each cell gets, together below 1; every cell gets one at least.
    rng
        Generator of the draw.

    Returns
    -------
    Place of each geo's cell, -1 for controls, shape (G,).
    """
    geos = len(kpi)
    order = np.argsort(-kpi.mean(axis=1), kind="stable")
    wanted = np.maximum(np.round(np.array(shares) * geos).astype(int), 1)
    found = np.full(geos, -1)
    strata = np.array_split(order, max(int(wanted.max()), 1))
    for cell, count in enumerate(wanted):
        for stratum in rng.permutation(len(strata))[:count]:
            free = [geo for geo in strata[stratum] if found[geo] < 0]
            if free:
                found[rng.choice(free)] = cell
    return found


def matched_pairs(kpi: Array, shares: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """Cells drawn by tossing a coin in each of some pairs of geos whose history is alike; the others are controls.

    Pairs are made greedily, those first whose series, each over its mean, differ least. Arguments and result are those
    of :func:`stratified`.
    """
    geos = len(kpi)
    scaled = kpi / kpi.mean(axis=1, keepdims=True)
    square = (scaled**2).mean(axis=1)
    apart = square[:, None] + square[None] - 2 * scaled @ scaled.T / scaled.shape[1]
    first, second = np.triu_indices(geos, 1)
    used, pairs = np.zeros(geos, dtype=bool), []
    for place in np.argsort(apart[first, second], kind="stable"):
        one, other = first[place], second[place]
        if not (used[one] or used[other]):
            used[one] = used[other] = True
            pairs.append((int(one), int(other)))
    found, free = np.full(geos, -1), list(rng.permutation(len(pairs)))
    for cell, share in enumerate(shares):
        for _ in range(max(round(share * geos), 1)):
            if free:
                found[pairs[free.pop()][int(rng.integers(2))]] = cell
    return found
