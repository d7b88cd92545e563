"""Power of geo tests, from placebo tests on the panel's own history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from mmm.arrays import Array
from mmm.experiments.geo_follow import best_pull
from mmm.experiments.geo_gaps import Gaps, history_of
from mmm.experiments.geo_spread import Spread, spread_of

__all__ = ["Placebos", "placebo_tests"]

_LEVEL = 0.95
_POWER = 0.8


@dataclass(frozen=True, eq=False)
class Placebos:
    """Candidate groups of geos, each tested in every block of the history, in which nothing was tested.

    Parameters
    ----------
    gaps
        Of the candidates.
    spread
        Standard error of each, drawn to that of all of them.
    ratios
        What each placebo test shows over its own standard error, which has not seen its block, shape (P, K).
    freedom
        Degrees of freedom of those.
    """

    gaps: Gaps
    spread: Spread
    ratios: Array
    freedom: float

    @property
    def size(self) -> float:
        """Share of all placebo tests that show an effect at 5 %: near .05 where the method holds on this history."""
        return float((np.abs(self.ratios) > self._limit).mean())

    def power(self, effect: float, candidate: int) -> float:
        """Share of all placebo tests that would show an effect, a share of the group's KPI, had there been one."""
        shift = effect / self.spread.error[candidate]
        return float((np.abs(self.ratios + shift) > self._limit).mean())

    def detectable(self, candidate: int) -> float:
        """Effect, as a share of the group's KPI, that four of five tests would show at 5 %."""
        shifts = self._limit - self.ratios
        return float(np.quantile(shifts, _POWER) * self.spread.error[candidate])

    @property
    def _limit(self) -> float:
        return float(special.stdtrit(self.freedom, 0.5 + _LEVEL / 2))


def placebo_tests(kpi: Array, members: np.ndarray, donors: np.ndarray, length: int) -> Placebos:
    """Test candidate groups in every block of the history by weights and errors that have not seen the block.

    Parameters
    ----------
    kpi
        Shape (G, T), with three blocks at least.
    members, donors
        Geos of each candidate and its controls, shape (P, G).
    length
        Periods of the test.
    """
    history = history_of(kpi, length)
    _, (gaps,) = best_pull(history, [(members, donors)])
    count = gaps.blocks.shape[1]
    sizes = gaps.sizes
    spread = spread_of(gaps.square, count, sizes, gaps.square, sizes)
    ratios, freedom = np.empty_like(gaps.blocks), np.inf
    for block in range(count):
        rest = np.delete(gaps.blocks, block, axis=1)  # about their mean, in which the block is
        square = rest.var(axis=1, ddof=1) * (1 - gaps.part) ** 2 * (1 + gaps.part)
        without = spread_of(square, count - 1, sizes, square, sizes)
        ratios[:, block] = gaps.blocks[:, block] * np.sqrt(1 - gaps.part**2) / without.error
        freedom = min(freedom, float(without.freedom.min()))
    return Placebos(gaps, spread, ratios, freedom)
