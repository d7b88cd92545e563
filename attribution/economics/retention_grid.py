"""What a channel's cohorts say of its retention: a likelihood on a grid that is fine where it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.economics.shifted_beta_geometric import log_likelihood

__all__ = ["BOX", "Grid", "dispersion_of"]

BOX = ((-9.0, 4.0), (-9.0, 3.0))
"""Logits of mean churn and of polarisation that are looked at: 0.01 % to 98 %, and 0.01 % to 95 %."""

_COARSE, _FINE, _SHAPES = 17, 33, 13
_DEEP = 12.0  # log likelihood below its peak where a grid ends
_ODD = (-1.2, 1.2)  # logarithms of shapes
_NEAR_ONE = 0.4  # standard deviation of the belief on them
_LEAST = 3  # cohorts from which a channel's own dispersion counts


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes of a channel's mean churn, polarisation and shape, and the likelihood there times the belief on the shape.

    Parameters
    ----------
    churn, polar, shape
        Logits, logits and logarithms, evenly apart.
    mass
        Shape (churn, polar, shape), 1 at its peak.
    """

    churn: Array
    polar: Array
    shape: Array
    mass: Array

    @classmethod
    def of(cls, at_risk: Array, left: Array, dispersion: float) -> Self:
        """The part of the box where the likelihood is not negligible, by looking closer several times.

        Parameters
        ----------
        at_risk, left
            As :meth:`Cohorts.exits` gives them.
        dispersion
            By which the log likelihood is divided.
        """
        from scipy.special import expit

        box: tuple[tuple[float, float], ...] = (*BOX, _ODD)
        for nodes in (_COARSE, _COARSE, _COARSE, _FINE):
            churn, polar, shape = (np.linspace(*side, n) for side, n in zip(box, (nodes, nodes, _SHAPES), strict=True))
            size = np.exp(-polar)[None, :, None]
            alpha, beta = expit(churn)[:, None, None] * size, expit(-churn)[:, None, None] * size
            log = log_likelihood(alpha, beta, at_risk, left, np.exp(shape)) / dispersion
            log = log - 0.5 * (shape / _NEAR_ONE) ** 2
            near = log > log.max() - _DEEP
            axes = zip((churn, polar, shape), ((1, 2), (0, 2), (0, 1)), strict=True)
            box = tuple(_span(axis, near.any(axis=others)) for axis, others in axes)
        return cls(churn, polar, shape, np.exp(log - log.max()))


def _span(nodes: Array, near: Array) -> tuple[float, float]:
    """The ends of what is near the peak, a node further out."""
    at = np.flatnonzero(near)
    return float(nodes[max(at[0] - 1, 0)]), float(nodes[min(at[-1] + 1, len(nodes) - 1)])


def dispersion_of(cohorts: Cohorts) -> dict[str, float]:
    """Variance of whole cohorts' losses over that of independent customers, by channel; at least 1.

    A cohort's losses are held against the rates of its channel at each age, summed over its ages, for what sets a
    cohort apart does so at all of them. Channels lean on the dispersion of all in proportion to their cohorts.
    """
    squares, freedom = {}, {}
    for channel in cohorts.channels:
        at_risk, left = cohorts.exits(channel)
        rate = np.divide(left, at_risk, out=np.zeros_like(left), where=at_risk > 0)
        rows = cohorts.of(channel)
        rows = rows[rows["age"] > 0]
        p, risk = rate[rows["age"].to_numpy(dtype=int) - 1], rows["before"].to_numpy(dtype=float)
        off = rows["before"].to_numpy(dtype=float) - rows["active"].to_numpy(dtype=float) - risk * p
        sums = rows.assign(off=off, variance=risk * p * (1 - p)).groupby("month")[["off", "variance"]].sum()
        told = sums[sums["variance"] > 1.0]
        squares[channel] = float((told["off"] ** 2 / told["variance"]).sum())
        freedom[channel] = max(len(told) - 1, 0)
    pooled = sum(squares.values()) / max(sum(freedom.values()), 1)
    own = {c: (squares[c] + _LEAST * pooled) / (freedom[c] + _LEAST) for c in squares}
    return {channel: max(1.0, value) for channel, value in own.items()}
