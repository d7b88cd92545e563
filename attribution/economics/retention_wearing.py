"""Two kinds of customers who both leave more easily with age: drawn where the cohorts refute every simpler curve.

Where the simpler families fit, this one fits as well and parts later, so that as a third of equal standing it would
make intervals twice as wide for nothing. So it comes in where all channels together are far better told by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array, Ints
from attribution.economics.retention_families import FAMILIES, WEARING
from attribution.economics.retention_grid import Grid
from attribution.economics.retention_population import ELSEWHERE, Population

__all__ = ["drawn_as_wearing", "is_wearing"]

Exits = Mapping[str, tuple[Array, Array]]

_LOOKED = WEARING[2]  # near enough to the others to tell
_REFUTED = 6.0  # log likelihood of all channels by which it has to be better, for one number more
_CENTRES = np.linspace(WEARING[0].shape, WEARING[-1].shape, 19)
_SPREADS = np.array([0.01, 0.05, 0.1, 0.2])


def is_wearing(exits: Exits, dispersion: Mapping[str, float], simpler: Mapping[str, float]) -> bool:
    """Whether the cohorts refute the simpler families.

    Parameters
    ----------
    exits
        At risk and left, by channel.
    dispersion
        By channel.
    simpler
        Log likelihood of each channel's likeliest curve of :data:`FAMILIES`.
    """
    gained = (Grid.of(_LOOKED, *exits[name], dispersion[name]).peak - simpler[name] for name in exits)
    return sum(gained) > _REFUTED


def drawn_as_wearing(
    exits: Exits, dispersion: Mapping[str, float], draws: int, rng: np.random.Generator
) -> dict[str, tuple[Ints, Array]]:
    """Places in all families and numbers of draws, by channel; of one without cohorts under :data:`ELSEWHERE`.

    Each channel has a shape of its own, of one normal population, by the evidence of its cohorts for each shape.
    """
    numbers: dict[str, list[Array]] = {name: [] for name in (*exits, ELSEWHERE)}
    log = np.empty((len(exits), len(WEARING)))
    for place, family in enumerate(WEARING):
        grids = {name: Grid.of(family, *exits[name], dispersion[name]) for name in exits}
        population = Population.of(family, list(grids.values()), draws, rng)
        for row, (name, grid) in enumerate(grids.items()):
            drawn, log[row, place] = population.channel(grid, rng)
            numbers[name].append(drawn)
        numbers[ELSEWHERE].append(population.unseen(family, rng))
    shares = _shares(np.array([family.shape for family in WEARING]))
    mass = np.exp(log - log.max(axis=1, keepdims=True))
    told = np.log(mass @ shares.T).sum(axis=0)
    picked = shares[rng.choice(len(shares), size=draws, p=scipy.special.softmax(told))]
    weights = {name: picked * own for name, own in zip(exits, mass, strict=True)} | {ELSEWHERE: picked}
    return {name: _picked(each, weights[name], rng) for name, each in numbers.items()}


def _shares(shapes: Array) -> Array:
    """Mass at each shape by population of shapes, shape (populations, shapes)."""
    off = (shapes - _CENTRES[:, None, None]) / _SPREADS[:, None]
    mass = np.exp(-0.5 * off**2) * np.gradient(shapes)
    return np.asarray((mass / mass.sum(axis=2, keepdims=True)).reshape(-1, len(shapes)))


def _picked(numbers: list[Array], weights: Array, rng: np.random.Generator) -> tuple[Ints, Array]:
    """A shape for each draw in proportion to its weight, and the draw's numbers of that shape."""
    summed = np.cumsum(weights, axis=1)
    at = np.asarray((summed < (rng.random(len(summed)) * summed[:, -1])[:, None]).sum(axis=1), dtype=np.int64)
    return at + len(FAMILIES), np.stack(numbers)[at, np.arange(len(at))]
