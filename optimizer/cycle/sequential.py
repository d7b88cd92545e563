"""A sequential test: is something wrong since some week, at a stated rate of false alarms.

Each week the likelihood of every suspicion is held against that of a quiet world, and the largest ratio over
suspicions and weeks in which they may have begun is the score (Lai, 1998, IEEE Transactions on Information Theory 44,
2917-2929). Quiet weeks are one joint normal distribution: its covariance holds what all weeks share, such as curves
that the fit has wrong, and neighbouring weeks that err alike; the Cholesky factor makes independent steps of them. The
limit of each week is that which a fixed part of quiet worlds that had no alarm before exceeds (dynamic probability
control limits: Zhang and Woodall, 2015, Statistics in Medicine 34, 3336-3348), so that the rate holds whenever one
looks, whatever was spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from attribution.arrays import Array

__all__ = ["QUARTER", "Quiet", "Series", "Test", "scores", "sequential"]

QUARTER = 13
_CLIP = 2.5  # of one week's step, in standard deviations: no single week decides
_STEEPEST = 2.0  # below that, or a cut step would speak against a large shift
_WORLDS = 5_000
_BACK = 13


@dataclass(frozen=True, eq=False)
class Quiet:
    """What a figure is by week where nothing is wrong: a normal distribution.

    Parameters
    ----------
    mean
        Shape (T,).
    covariance
        Shape (T, T): of what is not known, and of the noise.
    """

    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class Series:
    """One figure that is watched.

    Parameters
    ----------
    observed
        By week, shape (T,).
    quiet
        What it is where nothing is wrong.
    shifts
        Suspect -> what it moves the figure by in each week where it began in a week: shape (T, T), first week by week.
    """

    observed: Array
    quiet: Quiet
    shifts: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Test:
    """What the sequential test says of every week.

    Parameters
    ----------
    scores
        Name of a figure -> largest logarithm of the likelihood ratio by week, shape (T,).
    limits
        By week, shape (T,), one for all figures.
    suspicion
        Name of a figure -> suspect -> its part of the likelihood of all suspects in the last week.
    steps
        Name of a figure -> standardised new information of each week, shape (T,): standard normal in a quiet world.
    """

    scores: Mapping[str, Array]
    limits: Array
    suspicion: Mapping[str, Mapping[str, float]]
    steps: Mapping[str, Array]

    def alarms(self, name: str) -> Array:
        """Weeks in which a figure exceeds the limit, shape (T,)."""
        return np.asarray(self.scores[name] > self.limits)


def sequential(watched: Mapping[str, Series], rate: float, seed: int = 0) -> Test:
    """Test all figures together, so that quiet worlds give a false alarm on any of them at the stated rate.

    Parameters
    ----------
    watched
        Figures by name, of the same weeks.
    rate
        Part of quiet quarters (13 weeks) with an alarm.
    seed
        Of the quiet worlds that are drawn for the limits.
    """
    whole = {name: _independent(series) for name, series in watched.items()}
    cut = {name: _cut(*each) for name, each in whole.items()}
    limits = _limits([tilts for tilts, _ in cut.values()], rate, np.random.default_rng([seed, 11]))
    return Test(
        {name: _scores(*each) for name, each in cut.items()},
        limits,
        {name: _suspicion(list(watched[name].shifts), *each) for name, each in whole.items()},
        {name: steps for name, (_, steps) in cut.items()},
    )


def scores(series: Series) -> Array:
    """The largest logarithm of a likelihood ratio of one figure by week, shape (T,)."""
    return _scores(*_cut(*_independent(series)))


def _independent(series: Series) -> tuple[Array, Array]:
    """Every suspicion's shift in independent steps, (suspects, first weeks, weeks), and the steps themselves, (T,)."""
    root = np.linalg.cholesky(series.quiet.covariance)
    shifts = np.array(list(series.shifts.values()))
    table = np.vstack([series.observed - series.quiet.mean, shifts.reshape(-1, shifts.shape[-1])])
    flat = solve_triangular(root, table.T, lower=True).T
    return flat[1:].reshape(shifts.shape), flat[0]


def _cut(tilts: Array, steps: Array) -> tuple[Array, Array]:
    """The same where no single week decides."""
    return np.clip(tilts, -_STEEPEST, _STEEPEST), np.clip(steps, -_CLIP, _CLIP)


def _scores(tilts: Array, steps: Array) -> Array:
    return np.array([_gains(tilts, steps[None], week).max() for week in range(len(steps))])


def _gains(tilts: Array, steps: Array, week: int) -> Array:
    """Logarithm of the likelihood ratio up to a week of what began in the last quarter, shape (worlds, suspicions)."""
    first = max(week + 1 - _BACK, 0)
    open_ = tilts[:, first : week + 1, first : week + 1].reshape(-1, week + 1 - first)
    return np.asarray(steps[:, first : week + 1] @ open_.T - (open_**2).sum(axis=1) / 2)


def _limits(tilts: Sequence[Array], rate: float, rng: np.random.Generator) -> Array:
    weeks = tilts[0].shape[-1]
    hazard = 1 - (1 - rate) ** (1 / QUARTER)
    worlds: Array = np.clip(rng.standard_normal((len(tilts), _WORLDS, weeks)), -_CLIP, _CLIP)
    limits = np.zeros(weeks)
    for week in range(weeks):
        best = np.max([_gains(own, drawn, week).max(axis=1) for own, drawn in zip(tilts, worlds, strict=True)], axis=0)
        limits[week] = np.quantile(best, 1 - hazard)
        worlds = worlds[:, best <= limits[week]]
    return limits


def _suspicion(names: Sequence[str], tilts: Array, steps: Array) -> dict[str, float]:
    """Each suspect's part of the likelihood of all in the last week, whole steps and shifts."""
    gains = _gains(tilts, steps[None], len(steps) - 1)[0]
    weights = np.exp(gains - gains.max()).reshape(len(names), -1).sum(axis=1)
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))
