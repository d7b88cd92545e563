"""Retention by channel with its uncertainty: draws of the shifted-beta-geometric model, thin channels pooled.

A channel is a point in the plane of its mean churn m = alpha / (alpha + beta) and its polarisation
p = 1 / (1 + alpha + beta), both on the scale of logits. Channels are drawn from one normal population there, whose
centre and spread are learnt from all of them, so that a channel of few customers leans on the others and one of many
does not. Whether churn falls or rises with a customer's age beside that (the shape) is seldom told by the ages seen,
and decides what comes after them; each channel has a shape of its own, believed to be near 1. Everything is summed over
grids, which is exact up to their mesh: no chains, nothing to converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attribution.arrays import Array, Ints
from attribution.economics.cohorts import Cohorts
from attribution.economics.retention_grid import BOX, Grid, dispersion_of
from attribution.economics.shifted_beta_geometric import survival
from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.shown import shown

__all__ = ["ELSEWHERE", "Retention", "fit_retention"]

ELSEWHERE = ""
"""What draws of the population are kept under: a channel that the cohorts do not know."""

_CENTRES = ((-6.5, 1.0, 26), (-5.0, 1.0, 21))
_SPREADS = (np.array([0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.2, 1.8]), np.array([0.05, 0.2, 0.4, 0.7, 1.1, 1.6]))
_SCALE = (0.7, 0.7)  # of the half-normal belief on spreads

Pair = tuple[Array, Array]


@shown
@dataclass(frozen=True, eq=False)
class Retention:
    """Draws of retention.

    Parameters
    ----------
    alpha, beta, shape
        By channel, each of shape (draws,); under :data:`ELSEWHERE` those of a channel without cohorts.
    dispersion
        By channel, the variance of losses over that of independent customers, at least 1; intervals are as much wider
        as its root.
    observed
        By channel, the greatest age seen.
    months
        Months from one age to the next.
    """

    alpha: Mapping[str, Array]
    beta: Mapping[str, Array]
    shape: Mapping[str, Array]
    dispersion: Mapping[str, float]
    observed: Mapping[str, int]
    months: int

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with cohorts."""
        return tuple(self.observed)

    def survival(self, channel: str, ages: int) -> Array:
        """Share still there at ages 0 to ``ages`` - 1, shape (draws, ages).

        A channel without cohorts has that of the population.
        """
        key = channel if channel in self.observed else ELSEWHERE
        return survival(self.alpha[key], self.beta[key], np.arange(ages), self.shape[key])

    def mean_churn(self, channel: str) -> Array:
        """Share that leaves at the first age, shape (draws,)."""
        if channel not in self.observed:
            raise UnknownChannel(channel, self.observed, where="the cohort table")
        return np.asarray(self.alpha[channel] / (self.alpha[channel] + self.beta[channel]))


def fit_retention(cohorts: Cohorts, draws: int = 1000, seed: int = 0) -> Retention:
    """Draws of retention of every channel, given all cohorts.

    Parameters
    ----------
    cohorts
        A checked cohort table.
    draws
        How many.
    seed
        The same seed gives the same draws.

    Raises
    ------
    BadInput
        No cohort was seen beyond the month of its acquisition.

    Examples
    --------
    >>> import pandas as pd
    >>> from attribution.economics import read_cohorts
    >>> table = pd.DataFrame({"month": "2026-01-01", "channel": "tv", "age": [0, 1, 2, 3]})
    >>> retention = fit_retention(read_cohorts(table.assign(active=[1000, 869, 743, 653])))
    >>> bool(0.55 < retention.survival("tv", 5)[:, 4].mean() < 0.62)
    True
    """
    exits = {channel: cohorts.exits(channel) for channel in cohorts.channels}
    if not any(risk.sum() > 0 for risk, _ in exits.values()):
        text = "holds no age beyond 0, so nothing says how long customers stay."
        raise BadInput(Problem("cohorts", text, "age", remedy="wait for a second month, or give older cohorts."))
    dispersion = dispersion_of(cohorts)
    grids = {channel: Grid.of(*exits[channel], dispersion[channel]) for channel in exits}
    rng = np.random.default_rng([seed, 5])
    from scipy.special import expit  # dear to load, and few runs have cohorts

    first, second = _population(list(grids.values()), draws, rng)
    logits = {channel: _drawn(grid, first, second, rng) for channel, grid in grids.items()}
    shapes = np.array([shape for _, _, shape in logits.values()])
    logits[ELSEWHERE] = (
        np.clip(rng.normal(*first), *BOX[0]),
        np.clip(rng.normal(*second), *BOX[1]),
        shapes[rng.integers(len(shapes), size=draws), np.arange(draws)],
    )
    size = {channel: np.exp(-polar) for channel, (_, polar, _) in logits.items()}  # alpha + beta = 1 / p - 1
    return Retention(
        {channel: expit(churn) * size[channel] for channel, (churn, _, _) in logits.items()},
        {channel: expit(-churn) * size[channel] for channel, (churn, _, _) in logits.items()},
        {channel: np.exp(shape) for channel, (_, _, shape) in logits.items()},
        dispersion,
        {channel: cohorts.oldest(channel) for channel in exits},
        cohorts.months,
    )


def _hyper(axis: int) -> tuple[Array, Array, Array]:
    """Centres and spreads of the population along one axis, and the logarithm of the belief in each pair."""
    low, high, number = _CENTRES[axis]
    centre, spread = np.meshgrid(np.linspace(low, high, number), _SPREADS[axis], indexing="ij")
    belief = np.log(np.gradient(_SPREADS[axis])) - 0.5 * (_SPREADS[axis] / _SCALE[axis]) ** 2
    return centre.ravel(), spread.ravel(), np.tile(belief, number)


def _weights(nodes: Array, centre: Array, spread: Array) -> Array:
    """Mass that each population gives to each node's stretch, populations x nodes."""
    from scipy.special import ndtr

    half = (nodes[1] - nodes[0]) / 2
    ends = np.concatenate([nodes - half, [nodes[-1] + half]])
    mass = np.diff(ndtr((ends - centre[:, None]) / spread[:, None]), axis=1)
    return np.asarray(np.maximum(mass, 1e-300))


def _population(grids: list[Grid], draws: int, rng: np.random.Generator) -> tuple[Pair, Pair]:
    """Draws of the population's centre and spread on both axes, given all channels."""
    from scipy.special import logsumexp

    (c1, s1, b1), (c2, s2, b2) = _hyper(0), _hyper(1)
    total = b1[:, None] + b2[None, :]
    for grid in grids:
        first, second = _weights(grid.churn, c1, s1), _weights(grid.polar, c2, s2)
        total = total + np.log(np.maximum(first @ grid.mass.sum(axis=2) @ second.T, 1e-300))
    mass = np.exp(total - logsumexp(total)).ravel()
    i, j = np.divmod(rng.choice(mass.size, size=draws, p=mass / mass.sum()), len(c2))
    return (c1[i], s1[i]), (c2[j], s2[j])


def _drawn(grid: Grid, first: Pair, second: Pair, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """One draw of a channel for each draw of the population: logits of churn and polarisation, logarithm of the shape.

    Each is spread evenly within its mesh.
    """
    plane = grid.mass.sum(axis=2)
    rows, columns = _weights(grid.churn, *first), _weights(grid.polar, *second)
    i = _picked(rows * (columns @ plane.T), rng)
    j = _picked(columns * plane[i], rng)
    k = _picked(grid.mass[i, j], rng)
    spread = rng.uniform(-0.5, 0.5, (3, len(i)))
    return (
        grid.churn[i] + spread[0] * (grid.churn[1] - grid.churn[0]),
        grid.polar[j] + spread[1] * (grid.polar[1] - grid.polar[0]),
        grid.shape[k] + spread[2] * (grid.shape[1] - grid.shape[0]),
    )


def _picked(mass: Array, rng: np.random.Generator) -> Ints:
    """A place in each row, in proportion to its mass."""
    summed = np.cumsum(mass, axis=1)
    level = rng.random(len(mass)) * summed[:, -1]
    return np.asarray((summed < level[:, None]).sum(axis=1), dtype=np.int64)
