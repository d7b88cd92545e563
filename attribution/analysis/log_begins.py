"""From when on a path's first touch is its first, where a log begins among people who are on their way already.

Who was on the way when the log begins seems to begin with the next touch: lags are too short, and the first months seem
to win customers whom earlier spend won. How many these are is learnt by cutting the log again where everybody's touches
before the cut are known: around its middle, at several places, for what is seen at one may be of that time alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.arrays import Array
from attribution.estimates import Estimate
from attribution.paths.paths import Paths

__all__ = ["CUTS", "FEW", "FirstTouches", "begun_before", "certain_from"]

_DAY = 86_400_000_000  # microseconds
_MONTH = 30  # days
FEW = 0.02
"""Of a month's customers who may have begun before the log, below which its first touches are believed."""
CUTS = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Where the log is cut, as shares of its time."""
_DRAWS = 100  # of each cut
_SURE = 0.95


@dataclass(frozen=True)
class FirstTouches:
    """What cuts say of the log's own beginning.

    Parameters
    ----------
    days
        After the log begins, from which first touches are believed: by nineteen of twenty draws of all cuts.
    begun_before
        Of the customers who seem to begin in the log's first 30 days, the share who began before it, with its 90 %
        interval.
    """

    days: int
    begun_before: Estimate


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


def certain_from(won: Paths, first: int, last: int, seed: int = 0) -> FirstTouches:
    """From when on first touches are believed, and how many are false at first.

    Customers of each day after each cut are drawn again, as independent ones are, and so are those of the log's own
    first days, so that draws differ as chance and as the cuts do.

    Parameters
    ----------
    won
        Paths that converted.
    first, last
        Ends of the log, in microseconds since 1970.
    seed
        Of the draws.
    """
    rng = np.random.default_rng([seed, 14])
    begins = np.asarray(won.conversions, dtype=float)[(won.began - first) // _DAY < _MONTH]
    own = max(round(float(begins.sum())), 1)
    days, shares = [], []
    for place in CUTS:
        cut = first + int((last - first) * place)
        every, false = begun_before(won, cut)
        known = rng.poisson(every - false, (_DRAWS, len(every)))
        drawn = rng.poisson(false, known.shape)
        month = known.sum(axis=1) * _MONTH / max((last - cut) / _DAY, 1.0)
        to_come = np.cumsum(np.pad(drawn, ((0, 0), (0, 1)))[:, ::-1], axis=1)[:, ::-1]
        days.append(np.argmax(to_come <= FEW * month[:, None], axis=1))
        early = drawn[:, :_MONTH].sum(axis=1)
        share = early / np.maximum(early + known[:, :_MONTH].sum(axis=1), 1.0)
        shares.append(rng.binomial(own, share) / own)
    later = float(np.quantile(np.concatenate(days), _SURE, method="inverted_cdf"))
    return FirstTouches(int(later), Estimate.of(np.concatenate(shares)))
