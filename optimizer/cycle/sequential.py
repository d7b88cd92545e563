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
    tilts = [np.clip(_tilts(series), -_STEEPEST, _STEEPEST) for series in watched.values()]
    steps = {name: np.clip(_steps(series), -_CLIP, _CLIP) for name, series in watched.items()}
    limits = _limits(tilts, rate, np.random.default_rng([seed, 11]))
    suspicion = {name: _suspicion(series) for name, series in watched.items()}
    return Test({name: scores(series) for name, series in watched.items()}, limits, suspicion, steps)


def scores(series: Series) -> Array:
    """The largest logarithm of a likelihood ratio of one figure by week, shape (T,)."""
    tilts, steps = np.clip(_tilts(series), -_STEEPEST, _STEEPEST), np.clip(_steps(series)[None], -_CLIP, _CLIP)
    return np.array([_gains(tilts, steps, week).max() for week in range(steps.shape[1])])


def _tilts(series: Series) -> Array:
    """Every suspicion's shift in independent steps, shape (suspects, first weeks, weeks)."""
    shifts = np.array(list(series.shifts.values()))
    root = np.linalg.cholesky(series.quiet.covariance)
    flat = solve_triangular(root, shifts.reshape(-1, shifts.shape[-1]).T, lower=True).T
    return np.asarray(flat.reshape(shifts.shape))


def _steps(series: Series) -> Array:
    """New information by week, shape (T,)."""
    root = np.linalg.cholesky(series.quiet.covariance)
    return np.asarray(solve_triangular(root, series.observed - series.quiet.mean, lower=True))


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


def _suspicion(series: Series) -> dict[str, float]:
    """Each suspect's part of the likelihood of all in the last week, whole steps and shifts."""
    names, weeks = list(series.shifts), len(series.observed)
    gains = _gains(_tilts(series), _steps(series)[None], weeks - 1)[0]
    weights = np.exp(gains - gains.max()).reshape(len(names), -1).sum(axis=1)
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))
