"""Monte Carlo error: how far a figure made of draws would move if they were drawn again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit  # Student's quantiles; scipy.stats takes a second to load

from mmm.arrays import Array

__all__ = ["PARTS", "half_width", "means_without", "rows_without"]

PARTS = 20
"""Blocks of draws, each left out once: several of each chain, so that what chains do not agree on counts."""


def rows_without(draws: int, parts: int = PARTS) -> tuple[npt.NDArray[np.intp], ...]:
    """Rows that remain where each of some blocks of consecutive draws is left out in turn."""
    every = np.arange(draws)
    return tuple(np.setdiff1d(every, block, assume_unique=True) for block in np.array_split(every, min(parts, draws)))


def means_without(values: Array, parts: int = PARTS) -> Array:
    """Means of draws, shape (draws, ...), where each of some blocks is left out in turn: shape (parts, ...)."""
    blocks = np.array_split(values, min(parts, len(values)))
    total, count = values.sum(axis=0), len(values)
    return np.array([(total - block.sum(axis=0)) / max(count - len(block), 1) for block in blocks])


def half_width(without: Array) -> Array:
    """Half of the 90 % interval of a figure's Monte Carlo error, by the jackknife.

    Parameters
    ----------
    without
        The figure where each block of draws is left out in turn, shape (parts, ...); of one part nothing is known.

    References
    ----------
    Künsch (1989), "The Jackknife and the Bootstrap for General Stationary Observations", Annals of Statistics 17(3).
    """
    parts = len(without)
    if parts < 2:
        return np.full(np.shape(without)[1:], np.nan)
    spread = np.sqrt((parts - 1) / parts * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    return np.asarray(stdtrit(parts - 1, 0.95) * spread)
