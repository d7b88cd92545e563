"""Drift: whether gaps are wider in later windows than in the others, judged group by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from mmm.arrays import Array

__all__ = ["Drift", "drift_of", "wider"]

_SURE = 2.5  # standard deviations by which a mean ratio has to exceed 1 before it counts
_MOST = 20.0  # logarithm of a ratio of variances past which a test says nothing


@dataclass(frozen=True)
class Drift:
    """How much further off some windows are than others.

    Parameters
    ----------
    ratio
        Mean over groups of the square of these windows over that of all of the group's, 1 where they are alike.
    limit
        Ratio that chance alone rarely exceeds.
    times
        By how much standard errors widen: 1 up to the limit, beyond it the root of the ratio of variances under which
        these windows would be as usual, e^10 at most.
    """

    ratio: float
    limit: float
    times: float


def drift_of(blocks: Array, independent: float) -> Drift:
    """The drift of groups: the last third of their blocks, each against those before it, and the others likewise.

    Parameters
    ----------
    blocks
        Gaps of the groups by block, shape (P, K), K of 3 or more.
    independent
        How many groups' worth of evidence that is: fewer than P where groups overlap.
    """
    steps = np.arange(1, blocks.shape[1])
    before = np.cumsum(blocks, axis=1)[:, :-1] / steps
    squares = (blocks[:, 1:] - before) ** 2 / (1 + 1 / steps)  # Helmert's contrasts
    last = max(blocks.shape[1] // 3, 1)
    rest = squares.shape[1] - last
    return wider(squares[:, -last:].sum(axis=1), last, squares[:, :-last].sum(axis=1), rest, independent)


def wider(some: Array, count: int, rest: Array, others: int, independent: float) -> Drift:
    """Whether squares of some windows exceed those of others.

    Where all are draws of one normal distribution, a group's share of ``some`` in its sum of squares is a beta variable
    of count / 2 and others / 2, whatever the group's variance: few windows make no long tail, and one group that varies
    more than the others does not speak for them.

    Parameters
    ----------
    some, rest
        Sum of squares of the windows in question and of the others, by group, shape (P,).
    count, others
        How many squares either sums.
    independent
        How many groups' worth of evidence that is.
    """
    whole = count + others
    deviation = np.sqrt(2 * others / (count * (whole + 2)) / independent)
    ratio, limit = _ratio(some, rest) * whole / count, 1 + _SURE * float(deviation)
    if ratio <= limit:
        return Drift(ratio, limit, 1.0)

    def beyond(log: float) -> float:
        return _ratio(some * np.exp(-log), rest) * whole / count - 1

    log = optimize.brentq(beyond, 0, _MOST) if beyond(_MOST) < 0 else _MOST
    return Drift(ratio, limit, float(np.exp(log / 2)))


def _ratio(some: Array, rest: Array) -> float:
    """Mean share of some squares in all; groups without any say nothing."""
    whole = some + rest
    return float((some[whole > 0] / whole[whole > 0]).mean()) if (whole > 0).any() else 0.0
