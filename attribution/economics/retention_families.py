"""Kinds of retention curves, each of three numbers: churn spread by a beta distribution, and two kinds of customers.

A family says where its numbers lie, and what share of customers is still there. The numbers are logits and
logarithms, so that a population of channels may be taken to be normal in them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import final

import numpy as np
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array

__all__ = ["FAMILIES", "WEARING", "Axis", "BetaWeibull", "Family", "TwoKinds"]


@dataclass(frozen=True, eq=False)
class Axis:
    """One number of a family.

    Parameters
    ----------
    ends
        Between which it is looked for.
    nodes
        Of the finest mesh.
    spreads
        Standard deviations of the population of channels that are looked at.
    scale
        Of the half-normal belief on them.
    centre
        Ends of the population's centre.
    near
        Standard deviation of the belief that the centre is 0; infinite for none.
    """

    ends: tuple[float, float]
    nodes: int
    spreads: tuple[float, ...]
    scale: float
    centre: tuple[float, float]
    near: float = np.inf


class Family(ABC):
    """A kind of retention curve."""

    axes: tuple[Axis, Axis, Axis]

    @abstractmethod
    def log_survival(self, first: Array, second: Array, third: Array, age: Array | float) -> Array:
        """Logarithm of the share still there at an age, for numbers and ages of shapes that broadcast."""

    def log_likelihood(self, numbers: tuple[Array, Array, Array], at_risk: Array, left: Array) -> Array:
        """Log likelihood of cohorts of any mix of ages, censored where they end.

        Parameters
        ----------
        numbers
            Of shapes that broadcast.
        at_risk, left
            Customers at risk before each age from 1 on, and those who left, each of shape (ages,).
        """
        total = np.zeros(np.broadcast_shapes(*(one.shape for one in numbers)))
        before = np.zeros_like(total)
        for age, (risk, gone) in enumerate(zip(at_risk, left, strict=True), start=1):
            now = self.log_survival(*numbers, float(age))
            step = np.minimum(now - before, -1e-300)
            total = total + (risk - gone) * step + gone * np.log(-np.expm1(step))
            before = now
        return np.asarray(total)


@final
@dataclass(frozen=True, eq=False)
class BetaWeibull(Family):
    """Churn of customers is beta distributed and may fall or rise with age: the beta-discrete-Weibull.

    Numbers: logit of the mean churn alpha / (alpha + beta), logit of the polarisation 1 / (1 + alpha + beta), logarithm
    of the shape c, 0 for the shifted beta-geometric.
    """

    axes: tuple[Axis, Axis, Axis] = field(
        default=(
            Axis((-9.0, 4.0), 25, (0.07, 0.2, 0.4, 0.7, 1.1, 1.8), 0.7, (-6.5, 1.0)),
            Axis((-9.0, 3.0), 25, (0.1, 0.3, 0.6, 1.0, 1.6), 0.7, (-8.5, 1.0)),
            Axis((-1.2, 1.2), 13, (0.04, 0.12, 0.25, 0.45), 0.3, (-1.0, 1.0), 0.3),
        )
    )

    def log_survival(self, first: Array, second: Array, third: Array, age: Array | float) -> Array:
        """Gamma functions of alpha, beta and the age to the shape."""
        size = np.exp(-second)  # alpha + beta = 1 / p - 1
        beta, at = scipy.special.expit(-first) * size, np.asarray(age) ** np.exp(third)
        log_gamma = scipy.special.gammaln
        return np.asarray(log_gamma(beta + at) - log_gamma(size + at) + log_gamma(size) - log_gamma(beta))


@final
@dataclass(frozen=True, eq=False)
class TwoKinds(Family):
    """Some customers stay long and others do not, each kind with one churn at all ages, or one that rises with age.

    Numbers: logits of the churn of those who leave easily, of the churn of the loyal, and of the share of the loyal.

    Parameters
    ----------
    shape
        Of both kinds' survival, as of a discrete Weibull distribution: 1 for one churn at all ages.
    """

    shape: float = 1.0

    axes: tuple[Axis, Axis, Axis] = field(
        default=(
            Axis((-6.0, 3.0), 25, (0.1, 0.25, 0.5, 0.9), 0.7, (-4.0, 1.0)),
            Axis((-9.0, 0.0), 25, (0.1, 0.3, 0.7, 1.3), 0.7, (-7.0, -2.0)),
            Axis((-4.0, 4.0), 25, (0.1, 0.3, 0.6, 1.1), 0.7, (-2.5, 2.5), 1.2),
        )
    )

    def log_survival(self, first: Array, second: Array, third: Array, age: Array | float) -> Array:
        """Two geometric curves of the age to the shape, weighed."""
        log_expit, at = scipy.special.log_expit, np.asarray(age) ** self.shape
        loose, loyal = log_expit(-first) * at, log_expit(-second) * at
        return np.asarray(np.logaddexp(log_expit(third) + loyal, log_expit(-third) + loose))


FAMILIES: tuple[Family, ...] = (BetaWeibull(), TwoKinds())
"""Between which the cohorts decide."""

WEARING: tuple[TwoKinds, ...] = tuple(TwoKinds(shape=shape) for shape in (1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5))
"""Two kinds that both leave more easily with age: for cohorts that no family of :data:`FAMILIES` fits."""
