"""From when on a path's first touch is its first, where a log begins among people who are on their way already.

Who was on the way when the log begins seems to begin with the next touch: lags are too short, and the first months seem
to win customers whom earlier spend won. How many these are is learnt by cutting the log once more, in its middle, where
everybody's touches before the cut are known.
"""

from __future__ import annotations

import numpy as np

from attribution.arrays import Array
from attribution.paths.paths import Paths

__all__ = ["FEW", "begun_before", "certain_from"]

_DAY = 86_400_000_000  # microseconds
_MONTH = 30  # days
FEW = 0.02
"""Of a month's customers who may have begun before the log, below which its first touches are believed."""


def begun_before(won: Paths, cut: int) -> tuple[Array, Array]:
    """Conversions of paths that would begin in each day after a cut: of all, and of those that began before it.

    Parameters
    ----------
    won
        Paths that converted.
    cut
        Microseconds since 1970.
    """
    owner = np.repeat(np.arange(len(won)), won.lengths)
    moment = np.asarray(won.ended)[owner] - np.rint(np.asarray(won.age) * _DAY).astype(np.int64)
    after = np.flatnonzero(moment >= cut)
    path, first = np.unique(owner[after], return_index=True)  # touches of a path stand in order
    day = (moment[after[first]] - cut) // _DAY
    weight, before = np.asarray(won.conversions, dtype=float)[path], won.began[path] < cut
    days = int(day.max(initial=-1)) + 1
    every = np.bincount(day, weight, days).astype(float)  # without any, NumPy counts in whole numbers
    return every, np.bincount(day[before], weight[before], days).astype(float)


def certain_from(won: Paths, first: int, last: int) -> tuple[int, float]:
    """Days after the log begins from which first touches are believed, and how many are false at first.

    Parameters
    ----------
    won
        Paths that converted.
    first, last
        Ends of the log, in microseconds since 1970.

    Returns
    -------
    tuple
        Days, and of those who seem to begin in the log's first 30 days the share that began before it.
    """
    cut = first + (last - first) // 2
    every, false = begun_before(won, cut)
    month = (every - false).sum() * _MONTH / max((last - cut) / _DAY, 1.0)
    to_come = np.cumsum(np.append(false, 0.0)[::-1])[::-1]
    return int(np.argmax(to_come <= FEW * month)), float(false[:_MONTH].sum() / max(every[:_MONTH].sum(), 1.0))
