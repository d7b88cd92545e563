"""Drift: whether gaps wander off, so that a test after the history is further away than blocks within it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array

__all__ = ["SURE", "Drift", "drift_of"]

SURE = 2.5
"""Standard deviations by which a ratio of variances has to exceed 1 before it counts."""


@dataclass(frozen=True)
class Drift:
    """How much further windows are off than the blocks of a history are from each other.

    Parameters
    ----------
    ratio
        Of the variances, 1 where nothing drifts.
    limit
        Ratio that chance alone rarely exceeds.
    """

    ratio: float
    limit: float

    @property
    def times(self) -> float:
        """By how much standard errors widen: the root of the ratio where it exceeds its limit, else 1."""
        return float(np.sqrt(self.ratio)) if self.ratio > self.limit else 1.0


def drift_of(blocks: Array, independent: float) -> Drift:
    """The drift of groups, from the last third of their blocks.

    Parameters
    ----------
    blocks
        Gaps of the groups by block, shape (P, K), K of 3 or more.
    independent
        How many groups' worth of evidence that is: fewer than P where groups overlap.
    """
    count = blocks.shape[1]
    centred = blocks - blocks.mean(axis=1, keepdims=True)
    usual = (centred**2).sum(axis=1) / (count - 1)
    last = np.arange(count - max(count // 3, 1), count)
    before = np.cumsum(centred, axis=1)[:, last - 1] / last
    forward = (centred[:, last] - before) ** 2 / (1 + 1 / last)
    ratio = float(forward.mean() / max(float(usual.mean()), 1e-300))
    return Drift(ratio, 1 + SURE * float(np.sqrt(2 / max(independent * len(last), 1.0))))
