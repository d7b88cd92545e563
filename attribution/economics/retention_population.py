"""The population of channels: a normal distribution of a family's numbers, learnt from all channels together.

Its centre and spread on each of the three axes are summed over a grid, exact up to its mesh. A channel of few customers
leans on the population and one of many does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array, Ints
from attribution.economics.retention_families import Axis, Family
from attribution.economics.retention_grid import Grid

__all__ = ["ELSEWHERE", "Population"]

ELSEWHERE = ""
"""What draws of the population are kept under: a channel that the cohorts do not know."""

_CENTRES = 11
_TINY = 1e-25  # smaller ones slow the sums down


@dataclass(frozen=True, eq=False)
class Population:
    """Draws of the population given all channels.

    Parameters
    ----------
    centre, spread
        Shape (draws, 3).
    """

    centre: Array
    spread: Array

    @classmethod
    def of(cls, family: Family, grids: list[Grid], draws: int, rng: np.random.Generator) -> Self:
        """Draws of centre and spread on all axes.

        Parameters
        ----------
        grids
            One for each channel.
        """
        hyper = [_hyper(axis, [grid.nodes[i] for grid in grids]) for i, axis in enumerate(family.axes)]
        total = hyper[0][2][:, None, None] + hyper[1][2][None, :, None] + hyper[2][2][None, None, :]
        for grid in grids:
            first, second, third = (_weights(n, h[0], h[1]) for n, h in zip(grid.nodes, hyper, strict=True))
            summed = np.tensordot(first, grid.mass, axes=(1, 0))  # populations, second, third
            summed = np.tensordot(summed, third, axes=(2, 1))  # populations, second, populations
            summed = np.tensordot(summed, second, axes=(1, 1)).swapaxes(1, 2)
            total += np.log(np.maximum(summed, _TINY))
        mass = np.cumsum(np.exp(total - total.max()).ravel())
        at = np.searchsorted(mass, rng.random(draws) * mass[-1])
        picked = np.unravel_index(np.minimum(at, mass.size - 1), total.shape)
        centre, spread = (np.column_stack([h[i][p] for h, p in zip(hyper, picked, strict=True)]) for i in (0, 1))
        return cls(centre, spread)

    def channel(self, grid: Grid, rng: np.random.Generator) -> tuple[Array, float]:
        """One draw of a channel's numbers for each draw of the population, and the logarithm of what it expected.

        Numbers are spread evenly within their mesh; shape (draws, 3).
        """
        a, b, c = (_weights(grid.nodes[i], self.centre[:, i], self.spread[:, i]) for i in range(3))
        flat = grid.mass.reshape(-1, grid.mass.shape[2])
        within = (c @ flat.T).reshape(len(c), *grid.mass.shape[:2])  # one product: many small ones wait for each other
        plane = (within @ b[:, :, None])[:, :, 0]
        evidence = (a * plane).sum(axis=1)
        i = _picked(a * plane, rng)
        d = np.arange(len(i))
        j = _picked(b * within[d, i], rng)
        k = _picked(c * grid.mass[i, j], rng)
        mesh = [nodes[1] - nodes[0] for nodes in grid.nodes]
        numbers = np.column_stack([nodes[at] for nodes, at in zip(grid.nodes, (i, j, k), strict=True)])
        numbers = numbers + rng.uniform(-0.5, 0.5, numbers.shape) * mesh
        return numbers, grid.peak + float(np.log(max(evidence.mean(), _TINY)))

    def unseen(self, family: Family, rng: np.random.Generator) -> Array:
        """Numbers of a channel that nobody has seen, shape (draws, 3)."""
        numbers = rng.normal(self.centre, self.spread)
        low, high = np.transpose([axis.ends for axis in family.axes])
        return np.asarray(np.clip(numbers, low, high))


def _hyper(axis: Axis, nodes: list[Array]) -> tuple[Array, Array, Array]:
    """Centres and spreads along an axis, and the logarithm of the belief in each pair.

    Centres are looked at where channels have their likelihood, a mesh further out.
    """
    low, high = axis.centre
    low = max(low, min(min(one[0] for one in nodes), high - 1.0))
    high = min(high, max(max(one[-1] for one in nodes), low + 1.0))
    spreads = np.asarray(axis.spreads)
    centre, spread = np.meshgrid(np.linspace(low, high, _CENTRES), spreads, indexing="ij")
    belief = np.log(np.gradient(spreads)) - 0.5 * (spreads / axis.scale) ** 2
    total = np.tile(belief - scipy.special.logsumexp(belief), _CENTRES) - 0.5 * (centre.ravel() / axis.near) ** 2
    return centre.ravel(), spread.ravel(), np.asarray(total)


def _weights(nodes: Array, centre: Array, spread: Array) -> Array:
    """Mass that each population gives to each node's stretch, populations x nodes."""
    half = (nodes[1] - nodes[0]) / 2
    ends = np.concatenate([nodes - half, [nodes[-1] + half]])
    mass = np.diff(scipy.special.ndtr((ends - centre[:, None]) / spread[:, None]), axis=1)
    return np.asarray(np.maximum(mass, _TINY))


def _picked(mass: Array, rng: np.random.Generator) -> Ints:
    """A place in each row, in proportion to its mass."""
    summed = np.cumsum(mass, axis=1)
    level = rng.random(len(mass)) * summed[:, -1]
    return np.asarray((summed < level[:, None]).sum(axis=1), dtype=np.int64)
