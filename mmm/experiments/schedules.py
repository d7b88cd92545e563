"""Schedules of an on/off test: which blocks of weeks are changed, and what of a change is felt in each period."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array

__all__ = ["FEWEST_BLOCKS", "admissible", "drawn", "exposure", "periods_of"]

FEWEST_BLOCKS = 8
"""Below this no schedule is rarer than one in twenty, and nothing could be significant at 5 %."""

_ENUMERATED = 13_000  # 16 blocks and fewer
_KEPT = 2_000
_ENOUGH = 60

Schedules = npt.NDArray[np.int8]


@lru_cache(maxsize=128)
def admissible(blocks: int, seed: int) -> Schedules:
    """Every schedule that the draw may give, each as likely as any other, shape (N, blocks), 1 where spend is changed.

    Half of the blocks are changed, and no more than two (three where that leaves too few) in a row are alike: long runs
    cannot be separated from a trend. Of many blocks 2,000 are taken at random, by the seed.
    """
    rng = np.random.default_rng([seed, 11])
    half = blocks // 2
    if math.comb(blocks, half) <= _ENUMERATED:
        chosen = np.array(list(itertools.combinations(range(blocks), half)))
        every = np.zeros((len(chosen), blocks), dtype=np.int8)
        np.put_along_axis(every, chosen, np.int8(1), axis=1)
    else:
        every = rng.permuted(np.tile(np.arange(blocks) < half, (8 * _KEPT, 1)), axis=1).astype(np.int8)
    kept = next((found for longest in (2, 3) if len(found := every[_runs(every) <= longest]) >= _ENOUGH), every)
    if len(kept) > _KEPT:
        kept = kept[rng.choice(len(kept), _KEPT, replace=False)]
    kept.setflags(write=False)
    return kept


def drawn(blocks: int, seed: int) -> tuple[int, ...]:
    """The schedule of a test: one of those admissible, by its seed."""
    every = admissible(blocks, seed)
    return tuple(int(block) for block in every[np.random.default_rng([seed, 12]).integers(len(every))])


def periods_of(schedules: Schedules, block: int) -> Array:
    """Schedules by period, shape (N, blocks x block)."""
    return np.repeat(schedules, block, axis=1).astype(float)


def exposure(changed: Array, weights: Array, lead: int, after: int) -> Array:
    """What of the change is felt in each period: 1 where it has lasted for as long as carryover does.

    Parameters
    ----------
    changed
        1 where spend is changed, shape (N, W).
    weights
        Lag weights of the channel's carryover, its own period's first, shape (lags,).
    lead, after
        Periods before and after the schedule.

    Returns
    -------
    Shape (N, lead + W + after).
    """
    padded = np.pad(changed, ((0, 0), (lead, after)))
    felt = np.zeros_like(padded)
    for lag, weight in enumerate(weights[: padded.shape[1]]):
        felt[:, lag:] += weight * padded[:, : padded.shape[1] - lag]
    return felt


def _runs(schedules: Schedules) -> npt.NDArray[np.intp]:
    """Length of the longest run of like blocks, shape (N,)."""
    run = np.ones(len(schedules), dtype=np.intp)
    longest = run.copy()
    for block in range(1, schedules.shape[1]):
        run = np.where(schedules[:, block] == schedules[:, block - 1], run + 1, 1)
        longest = np.maximum(longest, run)
    return longest
