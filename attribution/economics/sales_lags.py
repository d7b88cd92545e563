"""CAC matched to a sales cycle that is stated: how many customers come how long after the spend, without a log.

Customers of a week come of the spend of that week and of those before it, in the shares stated. What a channel's
unit of spend wins changes slowly from week to week, by a random walk whose steps are learnt from how well spend
foretells who comes; with it customers are laid back to the spend, and those of the last weeks who are still to come are
completed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array
from attribution.errors import BadInput
from attribution.shown import shown

__all__ = ["SalesLags"]

_WHOLE = 0.011  # off 1 that the shares may be together, for people round
_LEAST = 26  # weeks beside those of the cycle
_LEVEL = 1.0  # standard deviation of a channel's customers by unit of spend, over that of all
_STEPS = (0.001, 0.003, 0.01, 0.03, 0.1)  # of the random walk, over the same
_NOISES = (0.1, 0.5, 1.0, 2.0, 5.0, 20.0)  # variance of a week's customers over their number
_FARTHEST = 520
_MONTH = 365.25 / 12 / 7  # weeks
_FINE = 60  # looks within a month and within a week
_SMOOTH = 0.1  # of lags, against the shares of months as stated, which are rounded


@shown
@dataclass(frozen=True)
class SalesLags:
    """A stated sales cycle.

    Parameters
    ----------
    shares
        Of the customers that a week's spend wins, those who come in it, a week later, two weeks later and so on.
    """

    shares: tuple[float, ...]

    @classmethod
    def by_week(cls, shares: Mapping[int, float]) -> Self:
        """Of lag in weeks -> share.

        Raises
        ------
        BadInput
            Lags or shares below 0, or shares that are not 1 together.
        """
        return cls(tuple(_checked(shares)))

    @classmethod
    def by_month(cls, shares: Mapping[int, float]) -> Self:
        """Of lag in calendar months -> share, by the smoothest lags in weeks that make these shares.

        Examples
        --------
        >>> lags = SalesLags.by_month({0: 0.35, 1: 0.4, 2: 0.25})
        >>> [round(float(share), 2) for share in lags.months(3)]
        [0.35, 0.4, 0.25]
        """
        stated = np.asarray(_checked(shares))
        weeks = int(np.ceil(len(stated) * _MONTH))
        bent = _SMOOTH * np.diff(np.eye(weeks), 2, axis=0)
        sides = np.vstack([_months_of_weeks(weeks, len(stated) + 1), bent])
        told, _ = scipy.optimize.nnls(sides, np.concatenate([stated, np.zeros(1 + len(bent))]))
        return cls(tuple(told / told.sum()))

    def months(self, number: int) -> Array:
        """Share of customers who come in the month of the spend, in the next one and so on, shape (number,)."""
        return np.asarray(_months_of_weeks(len(self.shares), number) @ np.asarray(self.shares))

    @property
    def mean(self) -> float:
        """Weeks from spend to customer, in the mean."""
        return float(np.arange(len(self.shares)) @ np.asarray(self.shares))

    def arrived(self, weeks: int) -> Array:
        """Share of each week's customers who have come by the end of the last one, shape (weeks,)."""
        share = np.cumsum(self.shares)
        return np.asarray(share[np.minimum(np.arange(weeks)[::-1], len(share) - 1)])

    def caused(self, spend: Array, customers: Array, seed: int = 0) -> Array:
        """Draws of the customers that each week's spend wins, whenever they come, of all channels together.

        Parameters
        ----------
        spend
            Currency, shape (weeks, channels), without gaps.
        customers
            Who came by these channels in each week: draws of them, shape (draws, weeks).
        seed
            Of the draws.

        Returns
        -------
        numpy.ndarray
            Shape (draws, weeks).

        Raises
        ------
        BadInput
            Too few weeks beside those of the cycle.
        """
        late, weeks = len(self.shares) - 1, len(spend)
        if weeks - late < _LEAST:
            raise BadInput(f"{weeks} weeks are too few for a sales cycle of {late + 1}: {late + _LEAST} are needed.")
        spend = spend[:, spend.sum(axis=0) > 0]
        came = customers[:, late:]
        if not spend.size or not came.mean() > 0:
            return np.zeros(customers.shape)
        arrives = np.sum([share * np.eye(weeks, k=-lag) for lag, share in enumerate(self.shares)], axis=0)[late:]
        effects = np.stack([arrives * money for money in spend.T])  # channel, week of coming, week of spend
        rng = np.random.default_rng([seed, 12])
        rates, noise = _rates(effects, came, rng)
        won = np.einsum("dct,tc->dt", np.maximum(rates, 0.0), spend)
        return np.asarray(np.maximum(won + rng.normal(size=won.shape) * np.sqrt(noise[:, None] * won), 0.0))


def _checked(shares: Mapping[int, float]) -> list[float]:
    total, example = float(sum(shares.values())), "{0: 0.35, 1: 0.4, 2: 0.25}"
    if not all(0 <= lag <= _FARTHEST and float(lag).is_integer() for lag in shares):
        named = ", ".join(f"{lag:g}" for lag in list(shares)[:5])
        raise BadInput(f"lags are {named}; state whole numbers from 0 to {_FARTHEST}: {example}.")
    if not all(share >= 0 for share in shares.values()) or not abs(total - 1) <= _WHOLE:
        raise BadInput(
            f"shares of customers by lag are {total:.4g} together; state lags from 0 on, and shares none of which is "
            f"below 0 and that are 1 together: {example}."
        )
    return [shares.get(lag, 0.0) / total for lag in range(int(max(shares)) + 1)]


def _months_of_weeks(weeks: int, months: int) -> Array:
    """Share of those who come so many weeks later, who come so many calendar months later, shape (months, weeks)."""
    within = (np.arange(_FINE) + 0.5) / _FINE
    when = _MONTH * within[:, None, None] + np.arange(weeks)[None, :, None] + within[None, None, :]
    return np.array([(np.floor(when / _MONTH) == month).mean(axis=(0, 2)) for month in range(months)])


def _rates(effects: Array, came: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draws of customers by unit of spend, shape (draws, channels, weeks of spend), and of noise, given who came.

    Steps and noise are drawn by their evidence; given these, draws of the walk are moved to agree with who came.
    """
    flat = effects.sum(axis=2)  # of a rate that stays, by channel and week of coming
    level = float(came.mean(axis=0).sum() / flat.sum())
    expected = np.maximum(level * flat.sum(axis=0), 1e-6 * level * flat.sum(axis=0).max())
    walk = np.minimum.outer(np.arange(effects.shape[2]), np.arange(effects.shape[2])).astype(float)
    walked = np.stack([one @ walk for one in effects])
    steady, moving = flat.T @ flat, np.einsum("cas,cbs->ab", walked, effects)
    off = came.mean(axis=0) - expected
    log, factors = [], []
    pairs = np.array([(step, noise) for step in _STEPS for noise in _NOISES])
    for steps, noises in pairs:
        covariance = level**2 * (_LEVEL**2 * steady + steps**2 * moving) + np.diag(noises * expected)
        factors.append(scipy.linalg.cho_factor(covariance, lower=True))
        half = scipy.linalg.solve_triangular(factors[-1][0], off, lower=True)
        log.append(-0.5 * half @ half - np.log(np.diag(factors[-1][0])).sum())
    evidence = np.exp(np.array(log) - max(log))
    picked = rng.choice(len(pairs), size=len(came), p=evidence / evidence.sum())
    step, noise = pairs[picked].T
    start, walks = rng.normal(size=(len(came), len(effects), 1)), rng.normal(size=(len(came), *effects.shape[::2]))
    walks[:, :, 0] = 0.0
    rates = level * (1 + _LEVEL * start + step[:, None, None] * np.cumsum(walks, axis=2))
    left = (
        came
        - np.einsum("cas,dcs->da", effects, rates)
        - rng.normal(size=came.shape) * np.sqrt(noise[:, None] * expected)
    )
    weights = np.empty_like(left)
    for place in np.unique(picked):
        weights[picked == place] = scipy.linalg.cho_solve(factors[place], left[picked == place].T).T
    moved = np.einsum("da,cas->dcs", weights, walked) * step[:, None, None] ** 2
    return np.asarray(rates + level**2 * (moved + _LEVEL**2 * (weights @ flat.T)[:, :, None])), noise
