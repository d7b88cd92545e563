"""Follow: test geos and placebos against synthetic controls, the pull of the weights chosen by blocks left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

import numpy as np

from mmm.arrays import Array
from mmm.experiments.geo_drift import Drift, drift_of, wider
from mmm.experiments.geo_gaps import DIFFERENCES, Gaps, History, gaps_of, history_of
from mmm.experiments.geo_spread import Spread, spread_of

__all__ = ["PULLS", "Followed", "best_pull", "follow"]

PULLS = (0.0, 0.001, 0.01, 0.1, 1.0, DIFFERENCES)
"""Pulls to equal weights that are tried: from least squares alone to difference in differences."""

_PLACEBOS = 60
_ALONE = 3  # controls below which no placebo is left donors enough


@dataclass(frozen=True, eq=False)
class Followed:
    """Test groups and groups of controls as placebos, all followed by controls.

    Parameters
    ----------
    tested, placebos
        Gaps of either.
    spread
        Standard errors of the tested groups.
    placebo_spread
        Those of the placebos, made alike.
    drift
        How gaps drift; standard errors are widened for it.
    independent
        How many placebos there would be without overlap.
    pull
        That of the weights.
    """

    tested: Gaps
    placebos: Gaps
    spread: Spread
    placebo_spread: Spread
    drift: Drift
    independent: float
    pull: float

    def beside(self, kpi: Array) -> Drift:
        """How much further placebos lie from their controls in a window than over the history; kpi of shape (G, N)."""
        if not len(self.placebos.groups):
            return Drift(1.0, 1.0, 1.0)
        others = self.placebos.blocks.shape[1] - 1
        usual = others * self.placebos.square * self.drift.times**2
        return wider(self.placebos.effect(kpi) ** 2, 1, usual, others, self.independent)

    def judged(self, kpi: Array) -> Followed:
        """The same with standard errors as wide as placebos need them to be in a window, of shape (G, N)."""
        times = self.beside(kpi).times
        return replace(self, spread=self.spread.widened(times), placebo_spread=self.placebo_spread.widened(times))


def follow(kpi: Array, members: np.ndarray, controls: np.ndarray, length: int, pull: float | None = None) -> Followed:
    """Follow groups of geos by control geos over a history.

    Parameters
    ----------
    kpi
        Before the test, shape (G, T).
    members
        Geos of each tested group, shape (P, G) of 0 and 1.
    controls
        Which geos are controls, shape (G,).
    length
        Periods of the window that is to be judged.
    pull
        Of the weights to equal ones; None for the one of :data:`PULLS` that :func:`best_pull` finds.
    """
    history = history_of(kpi, length)
    pool = np.broadcast_to(controls, members.shape)
    count = int(np.median(members.sum(axis=1)))
    placebos = _placebos(min(count, int(controls.sum()) // 2), np.flatnonzero(controls), len(controls))
    donors = controls & ~placebos.astype(bool)
    both = ((members, pool), (placebos, donors))[: 1 + bool(len(placebos))]
    chosen, (gaps, *rest) = best_pull(history, both, PULLS if pull is None else (pull,))
    untested = rest[0] if rest else gaps_of(history, placebos, donors, chosen)
    blocks, square, sizes = gaps.blocks.shape[1], untested.square, untested.sizes
    alone = float(controls.sum() / placebos.sum(axis=1).mean()) if len(placebos) else float(len(members))
    drift = drift_of(untested.blocks if len(placebos) else gaps.blocks, alone)
    alike = slice(None) if 2 * count <= controls.sum() else slice(0)  # smaller groups vary more
    spread = spread_of(gaps.square, blocks, gaps.sizes, square[alike], sizes[alike])
    beside = spread_of(square, blocks, sizes, square, sizes)
    return Followed(gaps, untested, spread.widened(drift.times), beside.widened(drift.times), drift, alone, chosen)


def best_pull(
    history: History, followed: Sequence[tuple[np.ndarray, np.ndarray]], pulls: Sequence[float] = PULLS
) -> tuple[float, list[Gaps]]:
    """The pull under which blocks left out of the history are met best, and the gaps that it gives.

    ``followed`` holds members and donors of the tested groups and of placebos; either weighs alike, so that neither a
    test geo that few others resemble nor the luck of its few blocks decides alone. Each block's own gap is that under
    the pull which the other blocks choose: the smallest of several errors would owe a part of that to luck.
    """
    tried = [[gaps_of(history, *groups, pull) for groups in followed] for pull in pulls]
    best = int(np.argmin([sum(float(np.log(gaps.square + 1e-300).mean()) for gaps in one) for one in tried]))
    others = np.argmin([np.sum([_error_without(gaps.blocks) for gaps in one], axis=0) for one in tried], axis=0)
    met = []
    for at, gaps in enumerate(tried[best]):
        every = np.stack([one[at].blocks for one in tried])
        met.append(replace(gaps, blocks=every[others, :, np.arange(len(others))].T))
    return pulls[best], met


def _error_without(blocks: Array) -> Array:
    """Mean log square of all blocks but each one, shape (K,), of gaps of shape (P, K)."""
    left = (blocks**2).sum(axis=1, keepdims=True) - blocks**2
    return np.asarray(np.log(np.maximum(left, 0.0) + 1e-300).mean(axis=0))


def _placebos(count: int, pool: np.ndarray, geos: int) -> np.ndarray:
    """Groups of so many controls each, shape (Q, G) of 0 and 1; none where too few donors would be left."""
    if len(pool) - count < _ALONE:
        return np.zeros((0, geos))
    if comb(len(pool), count) <= _PLACEBOS or count == 1:
        groups = np.array(list(combinations(pool, count)))
    else:
        rng = np.random.default_rng(len(pool))
        groups = np.array([rng.choice(pool, count, replace=False) for _ in range(_PLACEBOS)])
    members = np.zeros((len(groups), geos))
    members[np.arange(len(groups))[:, None], groups] = 1.0
    return members
