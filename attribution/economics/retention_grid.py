"""What a channel's cohorts say of a family's numbers: a likelihood on a grid that is fine where it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.economics.retention_families import Family

__all__ = ["Grid", "dispersion_of"]

_COARSE, _LOOKS = 13, 6
_KEPT = 0.04  # of the nodes at least, for a ridge runs between those of a coarse mesh
_DEEP = 12.0  # log likelihood below its peak where a grid ends
_LEAST = 3  # cohorts from which a channel's own dispersion counts


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes of a channel's three numbers, and the likelihood there.

    Parameters
    ----------
    nodes
        Of each axis, evenly apart.
    mass
        One axis for each number, 1 at the peak.
    peak
        Log likelihood there.
    """

    nodes: tuple[Array, Array, Array]
    mass: Array
    peak: float

    @classmethod
    def of(cls, family: Family, at_risk: Array, left: Array, dispersion: float) -> Self:
        """The part of the family's box where the likelihood is not negligible, by looking closer several times.

        Parameters
        ----------
        at_risk, left
            As :meth:`Cohorts.exits` gives them.
        dispersion
            By which the log likelihood is divided.
        """
        ends = [axis.ends for axis in family.axes]
        for look in range(_LOOKS + 1):
            count = [axis.nodes if look == _LOOKS else _COARSE for axis in family.axes]
            x, y, z = (np.linspace(*side, n) for side, n in zip(ends, count, strict=True))
            numbers = (x[:, None, None], y[None, :, None], z[None, None, :])
            log = family.log_likelihood(numbers, at_risk, left) / dispersion
            near = log > min(log.max() - _DEEP, np.quantile(log, 1 - _KEPT))
            ends = [
                _span(axis, near.any(axis=others))
                for axis, others in zip((x, y, z), ((1, 2), (0, 2), (0, 1)), strict=True)
            ]
        return cls((x, y, z), np.exp(np.maximum(log - log.max(), -60.0)), float(log.max()))


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
