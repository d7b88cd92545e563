"""Lift tests against what the weekly data predict for them, and against each other.

Without any test the model predicts for the tests gains g ~ N(ĝ, Σ); each measured its own, y_m = g_m + e_m with
standard error s_m. A test's z is its distance from what data and the other tests predict for it, over the root of both
variances. Where |z| exceeds its limit, the test's variance becomes the one under which its result is most likely,

    s_m² <- (y_m - ĝ_m)² - τ_m²,   τ_m² the variance of the prediction,

which puts it one standard deviation away, as DerSimonian and Laird's moment estimate does for a study between others.
So a test moves the fit by τ / |z|: the further off, the less. Tests are taken one by one, the furthest first; tests of
the same days never vouch for each other. Those that share controls err together, by ρ: of two such the second adds
(1 - ρ) / (1 + ρ) of the precision that a test by itself would add, and so much it counts as a witness of the first. One
error told twice vouches for nothing, and both are weighed as either alone would be.

For the weight, weekly data are doubted: Σ is widened by a factor of each channel's own with standard deviation
``doubt``, because their intervals do not know of spend that follows demand. Findings speak of the data as they are.

References
----------
DerSimonian, Laird (1986), "Meta-analysis in clinical trials", Controlled Clinical Trials 7(3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from mmm.data.lift_checks import same_weeks
from mmm.data.lift_tests import LiftTest
from mmm.data.observed_tests import Observed
from mmm.data.panel import Panel
from mmm.posterior.media import ChannelDraws

__all__ = ["Evidence", "Pair", "gains"]

_SAME = 1e-6  # share of an error below which two are taken for one


def gains(
    observed: Observed, panel: Panel, cells: Sequence[Sequence[ChannelDraws] | Mapping[int, ChannelDraws]]
) -> Array:
    """What draws of media say that lift tests gained, in customers.

    Parameters
    ----------
    observed
        The tests on the panel's axes.
    panel
        Of the draws.
    cells
        Draws by geo of each channel, or of those that have a test, by place.

    Returns
    -------
    Shape (M, S).
    """
    units, means = panel.media_units, panel.kpi.mean(axis=1)
    total = np.zeros((len(observed.places), len(cells[0][observed.places[0, 0]].share)))
    for (m, geo), otherwise in zip(observed.series, observed.otherwise, strict=True):
        place, begin, end = observed.places[m]
        channel = cells[geo][place]
        without = channel.contribution(otherwise / units[geo, place])
        total[m] += (channel.contribution() - without)[begin:end].sum(axis=0) * means[geo]
    return total


@dataclass(frozen=True)
class Pair:
    """Two tests of a channel, by number from 0, and how far apart they are in standard deviations."""

    one: int
    other: int
    z: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is measured and what is predicted without any test.

    Parameters
    ----------
    tests
        As they were given.
    measured, error
        Customers gained and standard errors, shape (M,).
    predicted, covariance
        Mean and covariance of the predictions, shapes (M,) and (M, M).
    interval
        Their 5 % and 95 % points, shape (2, M).
    correlation
        Of the tests' errors, shape (M, M): the identity but for tests that share controls.
    """

    tests: tuple[LiftTest, ...]
    measured: Array
    error: Array
    predicted: Array
    covariance: Array
    interval: Array
    correlation: Array

    @property
    def z(self) -> Array:
        """Distance of each test from what weekly data alone predict, shape (M,)."""
        return np.asarray((self.measured - self.predicted) / np.sqrt(self.covariance.diagonal() + self.error**2))

    def weighed(self, limit: float, doubt: float) -> Array:
        """Standard errors with which the tests enter, shape (M,)."""
        error = self.error.copy()
        doubted = self._doubted(doubt)
        left = set(range(len(error)))
        while left:
            distances = {m: self._distance(m, error, doubted) for m in left}
            furthest = max(distances, key=lambda m: abs(distances[m][0]) / np.hypot(distances[m][1], error[m]))
            away, spread = distances[furthest]
            if abs(away) <= limit * np.hypot(spread, error[furthest]):
                break
            error[furthest] = np.sqrt(away**2 - spread**2)
            left.remove(furthest)
        return error

    def pairs(self) -> Iterator[Pair]:
        """Every two tests of a channel that do not share days.

        The second is brought to the first's size by the ratio of the gains that the model predicts for them, so that
        tests of other sizes are compared along the channel's curve; how unsure that ratio is counts as well.
        """
        for b in range(len(self.tests)):
            for a in range(b):
                one, other = self.tests[a], self.tests[b]
                if one.channel == other.channel and not same_weeks(one, other):
                    yield Pair(a, b, self._apart(a, b))

    def _apart(self, a: int, b: int) -> float:
        ratio = self.predicted[a] / self.predicted[b]
        contrast = np.array([1.0, -ratio])
        places = np.ix_([a, b], [a, b])
        relative = contrast @ self.covariance[places] @ contrast / self.predicted[a] ** 2
        seen = self.measured[[a, b]] * [1.0, ratio]
        errors = self.error[[a, b]] * contrast
        curve = max(relative, 0.0) * np.mean(seen) ** 2
        spread = np.sqrt(errors @ self.correlation[places] @ errors + curve)
        return float((seen[0] - seen[1]) / max(spread, _SAME * np.abs(errors).max()))

    def _doubted(self, doubt: float) -> Array:
        alike = np.array([[a.channel == b.channel for b in self.tests] for a in self.tests])
        return np.asarray(self.covariance + doubt**2 * alike * np.outer(self.predicted, self.predicted))

    def _distance(self, m: int, error: Array, covariance: Array) -> tuple[float, float]:
        """Distance of a test from what data and other tests predict for it, and that prediction's spread."""
        others = self._witnesses(m)
        between, places, shared = covariance[m, others], np.ix_(others, others), self.correlation[m, others]
        errors = error[others] * np.sqrt((1 + shared) / (1 - shared))
        noise = self.correlation[places] * np.outer(errors, errors) + np.diag((_SAME * errors) ** 2)
        weights = np.linalg.solve(covariance[places] + noise, between)
        mean = self.predicted[m] + weights @ (self.measured[others] - self.predicted[others])
        return float(self.measured[m] - mean), float(np.sqrt(max(covariance[m, m] - weights @ between, 0.0)))

    def _witnesses(self, m: int) -> npt.NDArray[np.int64]:
        own, alone = self.tests[m], self.correlation[m] < 1 - _SAME
        others = [k for k, test in enumerate(self.tests) if k != m and alone[k] and not same_weeks(own, test)]
        return np.array(others, dtype=int)
