"""Gaps: how far groups of geos lie above their synthetic controls, in windows that the weights have not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array
from mmm.experiments.geo_weights import synthetic_weights

__all__ = ["DIFFERENCES", "Gaps", "History", "gaps_of", "group_rows", "history_of"]

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
    part
        Length of a block over that of the history.
    """

    scale: Array
    groups: Array
    donors: np.ndarray
    weights: Array
    level: Array
    blocks: Array
    part: float

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
        """Variance of what a window after the history shows, each group by its own blocks, shape (P,).

        A block is held against a history shorter by itself, a test against all of it: 1 + part / (1 - part) becomes
        1 + part. Squares are not taken about their mean: where nothing was tested, weights that have not seen a block
        are off by nothing on average.
        """
        return np.asarray((self.blocks**2).mean(axis=1) * (1 - self.part**2))


def group_rows(members: np.ndarray, scale: Array) -> Array:
    """Weights that make the scaled sum of a group of scaled series, shape (P, G), of members as 0/1."""
    sizes = members * scale
    return np.asarray(sizes / sizes.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class History:
    """A history cut into blocks, and what fits that leave each of them out need to know.

    Parameters
    ----------
    scale
        Mean KPI per period of each geo, shape (G,), by which all series are divided.
    mean
        Mean of each scaled series, which is 1, shape (G,).
    moments
        Covariance of the scaled series without the blocks of each fold, and at last of all of them, shape (F + 1, G,
        G).
    fold
        Which fold leaves a block out, shape (K,).
    inside, outside
        Mean of the scaled series in each block and in all others, shape (K, G).
    part
        Length of a block over that of the history.
    """

    scale: Array
    mean: Array
    moments: Array
    fold: np.ndarray
    inside: Array
    outside: Array
    part: float


def history_of(kpi: Array, length: int) -> History:
    """Cut a history into blocks.

    Parameters
    ----------
    kpi
        Shape (G, T); every geo has some.
    length
        Periods of a block, at most half of T; what does not fill a block at the beginning is only fitted.
    """
    scale = kpi.mean(axis=1)
    scaled = kpi / scale[:, None]
    periods = scaled.shape[1]
    count = periods // length
    edges = periods - length * np.arange(count, -1, -1)
    fold = np.arange(count) * min(count, _FITS) // count
    block = np.searchsorted(edges, np.arange(periods), side="right") - 1  # -1 before the first block
    kept = [~np.isin(block, np.flatnonzero(fold == one)) for one in range(fold[-1] + 1)]
    moments = np.stack([_covariance(scaled[:, rows]) for rows in (*kept, slice(None))])
    inside = scaled[:, edges[0] :].reshape(len(scaled), count, length).mean(axis=2).T
    outside = (scaled.sum(axis=1) - inside * length) / (periods - length)
    return History(scale, scaled.mean(axis=1), moments, fold, inside, outside, length / periods)


def gaps_of(history: History, members: np.ndarray, donors: np.ndarray, pull: float) -> Gaps:
    """Follow groups of geos over a history, and leave each block out once.

    Parameters
    ----------
    history
        The history.
    members
        Geos of each group, shape (P, G) of 0 and 1.
    donors
        Geos that may follow it, shape (P, G).
    pull
        Of the weights to equal ones.
    """
    groups = group_rows(members, history.scale)
    weights = synthetic_weights(history.moments, groups, donors, pull)
    away = (groups - weights)[history.fold]
    gap = np.einsum("kpg,kg->pk", away, history.inside - history.outside)
    level = groups @ history.inside.T - gap
    blocks = gap / np.maximum(level, _LEAST)
    own = (groups - weights[-1]) @ history.mean
    return Gaps(history.scale, groups, donors, weights[-1], own, blocks, history.part)


def _covariance(scaled: Array) -> Array:
    away = scaled - scaled.mean(axis=1, keepdims=True)
    return np.asarray(away @ away.T / away.shape[1])
