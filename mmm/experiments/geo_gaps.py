"""Gaps: how far groups of geos lie above their synthetic controls, in windows that the weights have not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array
from mmm.experiments.geo_weights import synthetic_weights

__all__ = ["DIFFERENCES", "PULL", "Gaps", "gaps_of", "group_rows"]

PULL = 0.1
"""How far weights are drawn to equal ones, see :func:`mmm.experiments.geo_weights.synthetic_weights`."""

DIFFERENCES = 1e6
"""A pull that leaves equal weights: difference in differences."""

_FITS = 26  # blocks past so many share a fit
_LEAST = 0.05  # of the usual level: below it a share of the level says nothing


@dataclass(frozen=True, eq=False)
class Gaps:
    """Groups of geos against their synthetic controls over a history.

    Parameters
    ----------
    scale
        Mean KPI per period of each geo over the history, shape (G,), by which all series are divided.
    groups, donors
        What is followed and by whom, shape (P, G).
    weights
        Of the fit to all of the history, shape (P, G).
    level
        Mean gap over the history, shape (P,).
    blocks
        Mean gap of each block of the history less that of the rest, by weights that have not seen the block, over the
        block's own synthetic level, shape (P, K): what a test of a block's length shows where nothing was tested.
    """

    scale: Array
    groups: Array
    donors: np.ndarray
    weights: Array
    level: Array
    blocks: Array

    def synthetic(self, kpi: Array) -> Array:
        """KPI that the synthetic controls give the groups, in customers, shape (P, N), of a KPI of shape (G, N)."""
        scaled = kpi / self.scale[:, None]
        return np.asarray((self.weights @ scaled + self.level[:, None]) * self.sizes[:, None])

    def observed(self, kpi: Array) -> Array:
        """KPI of the groups, shape (P, N)."""
        return np.asarray((self.groups > 0) @ kpi)

    def effect(self, kpi: Array) -> Array:
        """What a window shows, as a share of its synthetic level, shape (P,)."""
        without = self.synthetic(kpi).sum(axis=1)
        least = _LEAST * self.sizes * kpi.shape[1]
        return np.asarray((self.observed(kpi).sum(axis=1) - without) / np.maximum(without, least))

    @property
    def sizes(self) -> Array:
        """KPI per period of each group over the history, shape (P,)."""
        return np.asarray((self.groups > 0) @ self.scale)

    @property
    def square(self) -> Array:
        """Variance of what a window of a block's length shows, each group by its own blocks, shape (P,)."""
        count = self.blocks.shape[1]
        return np.asarray(self.blocks.var(axis=1, ddof=1) * (1 - 1 / count) ** 2 * (1 + 1 / count))


def group_rows(members: np.ndarray, scale: Array) -> Array:
    """Weights that make the scaled sum of a group of scaled series, shape (P, G), of members as 0/1."""
    sizes = members * scale
    return np.asarray(sizes / sizes.sum(axis=1, keepdims=True))


def gaps_of(history: Array, members: np.ndarray, donors: np.ndarray, length: int, pull: float = PULL) -> Gaps:
    """Follow groups of geos over a history, and leave each block out once.

    Parameters
    ----------
    history
        KPI before the test, shape (G, T); every geo has some.
    members
        Geos of each group, shape (P, G) of 0 and 1.
    donors
        Geos that may follow it, shape (P, G).
    length
        Periods of a block, at most half of T; what does not fill a block at the beginning is only fitted.
    pull
        Of the weights to equal ones.
    """
    scale = history.mean(axis=1)
    scaled = history / scale[:, None]
    groups = group_rows(members, scale)
    periods = scaled.shape[1]
    count = periods // length
    edges = periods - length * np.arange(count, -1, -1)
    folds = np.array_split(np.arange(count), min(count, _FITS))
    kept = np.ones((len(folds) + 1, periods), dtype=bool)
    for fold, blocks in enumerate(folds):
        kept[fold, edges[blocks[0]] : edges[blocks[-1] + 1]] = False
    weights = synthetic_weights(np.stack([_covariance(scaled[:, rows]) for rows in kept]), groups, donors, pull)
    found = np.empty((len(groups), count))
    for fold, blocks in enumerate(folds):
        away = (groups - weights[fold]) @ scaled
        for block in blocks:
            own = np.zeros(periods, dtype=bool)
            own[edges[block] : edges[block + 1]] = True
            gap = away[:, own].mean(axis=1) - away[:, ~own].mean(axis=1)
            found[:, block] = gap / np.maximum((groups @ scaled[:, own]).mean(axis=1) - gap, _LEAST)
    level = (groups - weights[-1]) @ scaled.mean(axis=1)
    return Gaps(scale, groups, donors, weights[-1], level, found)


def _covariance(scaled: Array) -> Array:
    away = scaled - scaled.mean(axis=1, keepdims=True)
    return np.asarray(away @ away.T / away.shape[1])
