"""A sequential test: is something wrong since some week, at a stated rate of false alarms.

Each week the likelihood of every suspicion is held against that of a quiet world. The mean of these ratios over
suspects and weeks in which they may have begun, weighed beforehand, is a martingale of mean 1 in a quiet world, so that
it ever exceeds 1 / rate with at most that rate (Ville's inequality; Howard, Ramdas, McAuliffe and Sekhon, 2020,
Probability Surveys 17, 257-317), whenever one looks and whatever was spent. Quiet weeks are one joint normal
distribution: its covariance holds what all weeks share, such as curves that the fit has wrong, and neighbouring weeks
that err alike; the Cholesky factor makes independent steps of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.arrays import Array

__all__ = ["QUARTER", "Quiet", "Series", "Test", "sequential"]

QUARTER = 13
_CLIP = 2.5  # of one week's step, in standard deviations: no single week decides
_STEEPEST = 2.0  # below that, or a cut step would speak against a large shift
_FIRST = 0.5  # of the weight of all beginnings falls on the first quarter, half of what is left on each after it


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
        Name of a figure -> logarithm of the mean likelihood ratio by week, shape (T,).
    limit
        One for all figures and weeks: 1 / rate for each of them, in logarithms.
    suspicion
        Name of a figure -> suspect -> its part of the likelihood of all suspects in the last week.
    steps
        Name of a figure -> standardised new information of each week, shape (T,): standard normal in a quiet world.
    """

    scores: Mapping[str, Array]
    limit: float
    suspicion: Mapping[str, Mapping[str, float]]
    steps: Mapping[str, Array]

    def alarms(self, name: str) -> Array:
        """Weeks in which a figure exceeds the limit, shape (T,)."""
        return np.asarray(self.scores[name] > self.limit)


def sequential(watched: Mapping[str, Series], rate: float) -> Test:
    """Test all figures together, so that quiet worlds give a false alarm on any of them at most at the stated rate.

    Parameters
    ----------
    watched
        Figures by name, of the same weeks.
    rate
        Probability of an alarm, on any figure and in any week, where nothing is wrong.
    """
    whole = {name: _independent(series) for name, series in watched.items()}
    cut = {name: _cut(*each) for name, each in whole.items()}
    return Test(
        {name: _scores(*each) for name, each in cut.items()},
        float(np.log(len(watched) / rate)),
        {name: _suspicion(list(watched[name].shifts), *each) for name, each in whole.items()},
        {name: steps for name, (_, steps) in cut.items()},
    )


def _independent(series: Series) -> tuple[Array, Array]:
    """Every suspicion's shift in independent steps, (suspects, first weeks, weeks), and the steps themselves, (T,)."""
    root = np.linalg.cholesky(series.quiet.covariance)
    shifts = np.array(list(series.shifts.values()))
    table = np.vstack([series.observed - series.quiet.mean, shifts.reshape(-1, shifts.shape[-1])])
    flat = np.linalg.solve(root, table.T).T  # SciPy's triangular one takes longer to load than to save
    return flat[1:].reshape(shifts.shape), flat[0]


def _cut(tilts: Array, steps: Array) -> tuple[Array, Array]:
    """The same where no single week decides."""
    return np.clip(tilts, -_STEEPEST, _STEEPEST), np.clip(steps, -_CLIP, _CLIP)


def _gains(tilts: Array, steps: Array) -> Array:
    """Logarithm of every suspicion's likelihood ratio up to each week, (suspects, first weeks, weeks)."""
    return np.asarray(np.cumsum(tilts * steps - tilts**2 / 2, axis=-1))


def _scores(tilts: Array, steps: Array) -> Array:
    """Logarithm of the mean ratio by week: beginnings weighed by quarter, those yet to come at a ratio of 1."""
    gains = _gains(tilts, steps)
    suspects, weeks, _ = gains.shape
    weights = _FIRST ** (np.arange(weeks) // QUARTER + 1) / QUARTER
    by_start = np.logaddexp.reduce(gains, axis=0) - np.log(suspects)  # first weeks x weeks
    begun = np.logaddexp.reduce(by_start + np.log(weights)[:, None], axis=0)
    return np.asarray(np.logaddexp(begun, np.log1p(-weights.sum())))


def _suspicion(names: Sequence[str], tilts: Array, steps: Array) -> dict[str, float]:
    """Each suspect's part of the likelihood of all in the last week, whole steps and shifts."""
    gains = _gains(tilts, steps)[:, -QUARTER:, -1]
    weights = np.exp(gains - gains.max()).sum(axis=1)
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))
