"""Weights of synthetic controls: many small least squares over non-negative weights at once, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from mmm.arrays import Array
from mmm.kernel.kept import kept_function

__all__ = ["synthetic_weights"]

_TRIES = 3  # exchanges of all that break a sign before only the last one is exchanged, which always ends


def synthetic_weights(moments: Array, groups: Array, donors: np.ndarray, pull: float) -> Array:
    """Non-negative weights of donors that follow a group of geos, demeaned, by block principal pivoting.

    Minimises the mean square of ``group - weights @ donors`` over the periods that the moments are of, plus ``pull``
    times the geos' mean variance times the squared distance of the weights from equal ones. Weights need not sum to
    one.

    Parameters
    ----------
    moments
        Covariance of the geos over the periods of each fit, shape (F, G, G).
    groups
        What is followed: weights of the geos, shape (P, G).
    donors
        Which geos may follow, shape (P, G).
    pull
        0 for least squares alone; a large number for equal weights, which is difference in differences.

    Returns
    -------
    Shape (F, P, G); zero where a geo is no donor.

    References
    ----------
    Kim and Park (2011), Fast nonnegative matrix factorization: an active-set-like method and comparisons, section 4.
    """
    square, which = np.ascontiguousarray(moments, dtype=float), np.ascontiguousarray(donors, dtype=np.bool_)
    return np.asarray(_pivoted(square, np.ascontiguousarray(groups, dtype=float), which, float(pull)))


@kept_function
def _pivoted(moments: Array, groups: Array, donors: np.ndarray, pull: float) -> Array:  # pragma: no cover
    fits, geos = moments.shape[0], moments.shape[1]
    weights = np.zeros((fits, groups.shape[0], geos))
    for place in range(groups.shape[0]):
        allowed = np.flatnonzero(donors[place])
        count = len(allowed)
        positive = np.ones(count, dtype=np.bool_)  # kept from fit to fit, which differ by a few periods
        for fit in range(fits):
            whole = moments[fit]
            ridge = (pull + 1e-9) * np.trace(whole) / geos + 1e-300
            square, right = np.empty((count, count)), np.empty(count)
            for row in range(count):
                right[row] = ridge / count
                for geo in range(geos):
                    right[row] += whole[allowed[row], geo] * groups[place, geo]
                for column in range(count):
                    square[row, column] = whole[allowed[row], allowed[column]]
                square[row, row] += ridge
            found = _nonnegative(square, right, positive)
            for row in range(count):
                weights[fit, place, allowed[row]] = found[row]
    return weights


@nb.njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _nonnegative(square: Array, right: Array, positive: np.ndarray) -> Array:  # pragma: no cover
    """Least ``x @ square @ x / 2 - right @ x`` over x >= 0; ``positive`` is where to begin and becomes where x > 0."""
    count = len(right)
    solved = np.zeros(count)
    least, tries = count + 1, _TRIES
    for _ in range(50 * count):
        inside = np.flatnonzero(positive)
        solved[:] = 0.0
        if len(inside) > 0:
            solved[inside] = np.linalg.solve(_part(square, inside), right[inside])
        breaks = _broken(square, right, solved, positive)
        wrong = breaks.sum()
        if wrong == 0:
            break
        if wrong < least:
            least, tries = wrong, _TRIES
        elif tries > 0:
            tries -= 1
        else:
            last = np.flatnonzero(breaks)[-1]
            breaks[:] = False
            breaks[last] = True
        for row in range(count):
            if breaks[row]:
                positive[row] = not positive[row]
    return np.maximum(solved, 0.0)


@nb.njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _part(square: Array, inside: np.ndarray) -> Array:  # pragma: no cover
    part = np.empty((len(inside), len(inside)))
    for row in range(len(inside)):
        for column in range(len(inside)):
            part[row, column] = square[inside[row], inside[column]]
    return part


@nb.njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _broken(square: Array, right: Array, solved: Array, positive: np.ndarray) -> np.ndarray:  # pragma: no cover
    """Which weights have the wrong sign, or would rise from zero."""
    limit = 1e-10 * np.abs(right).max()
    slope = square @ solved - right
    breaks = np.zeros(len(right), dtype=np.bool_)
    for row in range(len(right)):
        breaks[row] = solved[row] < 0.0 if positive[row] else slope[row] < -limit
    return breaks
