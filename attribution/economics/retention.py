"""Retention by channel with its uncertainty: draws of the shifted-beta-geometric model, thin channels pooled.

A channel is a point in the plane of its mean churn m = alpha / (alpha + beta) and its polarisation
p = 1 / (1 + alpha + beta), both on the scale of logits. Channels are drawn from one normal population there, whose
centre and spread are learnt from all of them, so that a channel of few customers leans on the others and one of many
does not. Everything is summed over grids, which is exact up to their mesh: no chains, nothing to converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit, logit, logsumexp

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.economics.shifted_beta_geometric import log_likelihood, survival
from attribution.errors import BadInput, Problem, UnknownChannel

__all__ = ["ELSEWHERE", "Retention", "fit_retention"]

ELSEWHERE = ""
"""What draws of the population are kept under: a channel that the cohorts do not know."""

_BOX = ((-9.0, 4.0), (-9.0, 3.0))  # logits of mean churn and of polarisation: 0.01 % to 98 %, and 0.01 % to 95 %
_NODES = 61
_DEEP = 12.0  # log likelihood below its peak where a grid ends
_CENTRES = ((-6.5, 1.0, 26), (-5.0, 1.0, 21))
_SPREADS = (np.array([0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.2, 1.8]), np.array([0.05, 0.2, 0.4, 0.7, 1.1, 1.6]))
_SCALE = (0.7, 0.7)  # of the half-normal belief on spreads


@dataclass(frozen=True, eq=False)
class Retention:
    """Draws of retention.

    Parameters
    ----------
    alpha, beta
        By channel, each of shape (draws,); under :data:`ELSEWHERE` those of a channel without cohorts.
    dispersion
        By channel, the variance of losses beyond that of independent customers, at least 1; intervals are as much wider
        as its root.
    observed
        By channel, the greatest age seen.
    months
        Months from one age to the next.
    """

    alpha: Mapping[str, Array]
    beta: Mapping[str, Array]
    dispersion: Mapping[str, float]
    observed: Mapping[str, int]
    months: int

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with cohorts."""
        return tuple(self.observed)

    def survival(self, channel: str, ages: int) -> Array:
        """Share still there at ages 0 to ``ages`` - 1, shape (draws, ages); of the population where there are no cohorts."""
        key = channel if channel in self.observed else ELSEWHERE
        return survival(self.alpha[key], self.beta[key], np.arange(ages))

    def mean_churn(self, channel: str) -> Array:
        """Share that leaves at the first age, shape (draws,)."""
        if channel not in self.observed:
            raise UnknownChannel(channel, self.observed, where="the cohort table")
        return np.asarray(self.alpha[channel] / (self.alpha[channel] + self.beta[channel]))


@dataclass(frozen=True, eq=False)
class _Grid:
    """Nodes on both axes of a channel's plane, and its log likelihood there."""

    churn: Array
    polar: Array
    log: Array

    @classmethod
    def of(cls, at_risk: Array, left: Array, dispersion: float) -> Self:
        """The part of the plane where the likelihood is not negligible, by looking closer twice."""
        box = _BOX
        for _ in range(4):
            churn, polar = (np.linspace(*side, _NODES) for side in box)
            log = log_likelihood(*_shapes(churn[:, None], polar[None, :]), at_risk, left) / dispersion
            near = log > log.max() - _DEEP
            box = (_span(churn, near.any(axis=1)), _span(polar, near.any(axis=0)))
        return cls(churn, polar, log - log.max())

    @property
    def mesh(self) -> tuple[float, float]:
        """Distance of nodes."""
        return float(self.churn[1] - self.churn[0]), float(self.polar[1] - self.polar[0])


def _span(nodes: Array, near: Array) -> tuple[float, float]:
    """The ends of what is near the peak, a node further out."""
    at = np.flatnonzero(near)
    return float(nodes[max(at[0] - 1, 0)]), float(nodes[min(at[-1] + 1, len(nodes) - 1)])


def _shapes(churn: Array, polar: Array) -> tuple[Array, Array]:
    """Alpha and beta of logits."""
    size = np.exp(-polar)  # alpha + beta = 1 / p - 1
    return np.asarray(expit(churn) * size), np.asarray(expit(-churn) * size)


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
    dispersion = {channel: _dispersion(cohorts, channel, *exits[channel]) for channel in exits}
    grids = [_Grid.of(*exits[channel], dispersion[channel]) for channel in exits]
    rng = np.random.default_rng([seed, 5])
    (centre_1, spread_1), (centre_2, spread_2) = _population(grids, draws, rng)
    alpha, beta = {}, {}
    for channel, grid in zip(exits, grids, strict=True):
        churn, polar = _drawn(grid, (centre_1, spread_1), (centre_2, spread_2), rng)
        alpha[channel], beta[channel] = _shapes(churn, polar)
    free = [np.clip(rng.normal(c, s), *side) for c, s, side in zip((centre_1, centre_2), (spread_1, spread_2), _BOX, strict=True)]
    alpha[ELSEWHERE], beta[ELSEWHERE] = _shapes(*free)
    return Retention(alpha, beta, dispersion, {c: cohorts.oldest(c) for c in exits}, cohorts.months)


def _hyper(axis: int) -> tuple[Array, Array, Array]:
    """Centres and spreads of the population along one axis, and the logarithm of the belief in each pair."""
    low, high, number = _CENTRES[axis]
    centre, spread = (side.ravel() for side in np.meshgrid(np.linspace(low, high, number), _SPREADS[axis], indexing="ij"))
    width = np.gradient(_SPREADS[axis])
    belief = np.log(np.tile(width, number)) - 0.5 * (spread / _SCALE[axis]) ** 2
    return centre, spread, belief


def _weights(nodes: Array, centre: Array, spread: Array) -> Array:
    """Mass that each population gives to each node's stretch, populations x nodes."""
    from scipy.special import ndtr

    half = (nodes[1] - nodes[0]) / 2
    ends = np.concatenate([nodes - half, [nodes[-1] + half]])
    mass = np.diff(ndtr((ends - centre[:, None]) / spread[:, None]), axis=1)
    return np.asarray(np.maximum(mass, 1e-300))


Pair = tuple[Array, Array]


def _population(grids: list[_Grid], draws: int, rng: np.random.Generator) -> tuple[Pair, Pair]:
    """Draws of the population's centre and spread on both axes, given all channels."""
    (c1, s1, b1), (c2, s2, b2) = _hyper(0), _hyper(1)
    total = b1[:, None] + b2[None, :]
    for grid in grids:
        first, second = _weights(grid.churn, c1, s1), _weights(grid.polar, c2, s2)
        total = total + np.log(np.maximum(first @ np.exp(grid.log) @ second.T, 1e-300))
    mass = np.exp(total - logsumexp(total)).ravel()
    i, j = np.divmod(rng.choice(mass.size, size=draws, p=mass / mass.sum()), len(c2))
    return (c1[i], s1[i]), (c2[j], s2[j])


def _drawn(grid: _Grid, first: Pair, second: Pair, rng: np.random.Generator) -> tuple[Array, Array]:
    """One draw of a channel for each draw of the population, spread evenly within the mesh."""
    likelihood = np.exp(grid.log)
    rows, columns = _weights(grid.churn, *first), _weights(grid.polar, *second)
    along = rows * (columns @ likelihood.T)
    i = _picked(along, rng)
    j = _picked(columns * likelihood[i], rng)
    jitter = rng.uniform(-0.5, 0.5, (2, len(i)))
    return grid.churn[i] + jitter[0] * grid.mesh[0], grid.polar[j] + jitter[1] * grid.mesh[1]


def _picked(mass: Array, rng: np.random.Generator) -> Array:
    """A place in each row, in proportion to its mass."""
    summed = np.cumsum(mass, axis=1)
    level = rng.random(len(mass)) * summed[:, -1]
    return np.asarray((summed < level[:, None]).sum(axis=1))


def _dispersion(cohorts: Cohorts, channel: str, at_risk: Array, left: Array) -> float:
    """Variance of losses by cohort and age over the binomial one, around the rate of all cohorts at that age."""
    rows = cohorts.of(channel)
    rows = rows[rows["age"] > 0]
    rate = np.divide(left, at_risk, out=np.zeros_like(left), where=at_risk > 0)
    p = rate[rows["age"].to_numpy(dtype=int) - 1]
    risk, gone = rows["before"].to_numpy(dtype=float), (rows["before"] - rows["active"]).to_numpy(dtype=float)
    variance = risk * p * (1 - p)
    told = variance > 1.0
    freedom = told.sum() - len(np.unique(rows["age"].to_numpy()[told]))
    if freedom < 5:
        return 1.0
    return max(1.0, float(((gone - risk * p)[told] ** 2 / variance[told]).sum() / freedom))
