"""Weights of synthetic controls: many small least squares over non-negative weights at once, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from mmm.arrays import Array
from mmm.kernel.kept import kept_function

__all__ = ["synthetic_weights"]

_TRIES = 3  # exchanges of all that break a sign before only the last one is exchanged, which always ends
# plain loops written out where they are called: whoever reads a test first waits for the compiler, and for NumPy's
# functions a matrix at a time it takes four times as long
_inside = nb.njit(nogil=True, inline="always")


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
    allowed, positive, breaks = np.empty(geos, np.int64), np.empty(geos, np.bool_), np.empty(geos, np.bool_)
    square, part = np.empty((geos, geos)), np.empty((geos, geos))
    right, solved = np.empty(geos), np.empty(geos)
    for place in range(groups.shape[0]):
        count = 0
        for geo in range(geos):
            if donors[place, geo]:
                allowed[count], positive[count] = geo, True  # which are positive is kept from fit to fit
                count += 1
        for fit in range(fits):
            variance = 0.0
            for geo in range(geos):
                variance += moments[fit, geo, geo]
            ridge = (pull + 1e-9) * variance / geos + 1e-300
            for row in range(count):
                right[row] = ridge / count
                for geo in range(geos):
                    right[row] += moments[fit, allowed[row], geo] * groups[place, geo]
                for column in range(count):
                    square[row, column] = moments[fit, allowed[row], allowed[column]]
                square[row, row] += ridge
            _nonnegative(count, square, right, positive, breaks, part, solved)
            for row in range(count):
                weights[fit, place, allowed[row]] = max(solved[row], 0.0)
    return weights


@_inside  # type: ignore[untyped-decorator, unused-ignore]
def _nonnegative(
    count: int, square: Array, right: Array, positive: np.ndarray, breaks: np.ndarray, part: Array, solved: Array
) -> None:  # pragma: no cover
    """Least ``x @ square @ x / 2 - right @ x`` over x >= 0; ``positive``: where to begin, then where x > 0."""
    limit = 0.0
    for row in range(count):
        limit = max(limit, 1e-10 * abs(right[row]))
    least, tries = count + 1, _TRIES
    for _ in range(50 * count):
        _solve(count, square, right, positive, part, solved)
        wrong, last = 0, 0
        for row in range(count):  # the wrong sign, or would rise from zero
            slope = -right[row]
            for column in range(count):
                slope += square[row, column] * solved[column]
            breaks[row] = solved[row] < 0.0 if positive[row] else slope < -limit
            if breaks[row]:
                wrong, last = wrong + 1, row
        if wrong == 0:
            break
        if wrong < least:
            least, tries = wrong, _TRIES
        elif tries > 0:
            tries -= 1
        else:
            positive[last] = not positive[last]
            continue
        for row in range(count):
            positive[row] = positive[row] != breaks[row]


@_inside  # type: ignore[untyped-decorator, unused-ignore]
def _solve(
    count: int, square: Array, right: Array, positive: np.ndarray, part: Array, solved: Array
) -> None:  # pragma: no cover
    """The weights that are positive, by Cholesky's factor in ``part``; all others are zero."""
    for row in range(count):
        solved[row] = 0.0
        if not positive[row]:
            continue
        total = right[row]
        for column in range(row + 1):
            if positive[column]:
                rest = square[row, column]
                for before in range(column):
                    if positive[before]:
                        rest -= part[row, before] * part[column, before]
                if column < row:
                    part[row, column] = rest / part[column, column]
                    total -= part[row, column] * solved[column]
                else:
                    part[row, row] = np.sqrt(rest)
        solved[row] = total / part[row, row]
    for row in range(count - 1, -1, -1):
        if positive[row]:
            for later in range(row + 1, count):
                if positive[later]:
                    solved[row] -= part[later, row] * solved[later]
            solved[row] /= part[row, row]
