"""Errors that cells of a geo test owe to the controls that they share."""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from mmm.experiments.geo_follow import Followed
from mmm.experiments.geo_gaps import History

__all__ = ["parts_shared", "shared_correlation"]

_STEPS = 100


def shared_correlation(own: Followed, history: History, controls: np.ndarray) -> Array:
    """Correlation of the cells' errors.

    Each geo errs by itself, as much as its blocks lie off those of all controls; a cell's error is then a sum over its
    geos less one over the controls by their weights, and the latter is what cells have in common. Few blocks say little
    of a correlation, so what the cells' own blocks show is drawn to that: it counts as so many observations as there
    are controls.

    Parameters
    ----------
    own
        Cells and placebos as followed.
    history
        The history, cut into blocks of the test's length.
    controls
        Which geos are controls, shape (G,).

    Returns
    -------
    Shape (cells, cells).
    """
    gaps = own.tested
    off = history.inside - history.inside[:, controls].mean(axis=1, keepdims=True)
    away = gaps.groups - gaps.weights
    made = (away * off.var(axis=0)) @ away.T
    made /= np.sqrt(np.outer(made.diagonal(), made.diagonal()))
    seen = np.atleast_2d(np.corrcoef(gaps.blocks))
    held, blocks = float(controls.sum()), gaps.blocks.shape[1] - 1.0
    return np.asarray((held * made + blocks * seen) / (held + blocks))


def parts_shared(correlation: Array) -> Array:
    """Part of each cell's standard error, 0 to 1, whose products between cells come nearest to their correlations.

    One error that all cells share in different parts: a factor by least squares on what stands beside the diagonal
    (Harman and Jones, 1966, Factor analysis by minimizing residuals). Of two cells the product is exact.
    """
    count = len(correlation)
    beside = np.maximum(correlation, 0.0) * ~np.eye(count, dtype=bool)
    parts = np.sqrt(beside.max(axis=1, initial=0.0))
    for _ in range(_STEPS):
        for cell in range(count):
            others = float(parts @ parts - parts[cell] ** 2)
            parts[cell] = min(float(beside[cell] @ parts) / others, 1.0) if others > 0 else 0.0
    return np.asarray(parts)
