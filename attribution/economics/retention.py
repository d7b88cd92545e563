"""Retention by channel with its uncertainty: draws of curves of two families, thin channels pooled.

A family of curves has three numbers (:mod:`attribution.economics.retention_families`), and channels are drawn from one
population of them, so that a channel of few customers leans on the others. How much each family is to be believed, the
cohorts say: by channel, and through all channels together; where they do not say, draws are of both, and intervals as
wide as the two are apart. Everything is summed over grids: no chains, nothing to converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array, Ints
from attribution.economics.cohorts import Cohorts
from attribution.economics.retention_families import FAMILIES, WEARING
from attribution.economics.retention_grid import Grid, dispersion_of
from attribution.economics.retention_population import ELSEWHERE, Population
from attribution.economics.retention_wearing import drawn_as_wearing, is_wearing
from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.shown import shown

__all__ = ["ELSEWHERE", "Retention", "RetentionDraws", "fit_retention"]

_SHARES = np.linspace(0.01, 0.99, 50)  # of channels that are of the first family


@shown
@dataclass(frozen=True, eq=False)
class RetentionDraws:
    """Draws of one channel's retention.

    Parameters
    ----------
    family
        Which of :data:`FAMILIES` and then :data:`WEARING` each draw is of, shape (draws,).
    numbers
        The three of its family, shape (draws, 3).
    """

    family: Ints
    numbers: Array

    def survival(self, ages: int) -> Array:
        """Share still there at ages 0 to ``ages`` - 1, shape (draws, ages)."""
        log = np.zeros((len(self.family), ages))
        for place, family in enumerate((*FAMILIES, *WEARING)):
            mine = self.family == place
            first, second, third = self.numbers[mine].T[:, :, None]
            log[mine] = family.log_survival(first, second, third, np.arange(ages, dtype=float))
        return np.exp(log)


@shown
@dataclass(frozen=True, eq=False)
class Retention:
    """Draws of retention.

    Parameters
    ----------
    draws
        By channel; under :data:`ELSEWHERE` those of a channel without cohorts.
    dispersion
        By channel, the variance of losses over that of independent customers, at least 1; intervals are as much wider
        as its root.
    observed
        By channel, the greatest age seen.
    months
        Months from one age to the next.
    """

    draws: Mapping[str, RetentionDraws]
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
        return self.draws[key].survival(ages)

    def mean_churn(self, channel: str) -> Array:
        """Share that leaves at the first age, shape (draws,)."""
        if channel not in self.observed:
            raise UnknownChannel(channel, self.observed, where="the cohort table")
        return np.asarray(1.0 - self.survival(channel, 2)[:, 1])

    def two_kinds(self, channel: str) -> float:
        """Share of draws by which customers are of two kinds, of one churn each, rather than all of their own."""
        key = channel if channel in self.observed else ELSEWHERE
        return float((self.draws[key].family > 0).mean())

    @property
    def wearing(self) -> bool:
        """Whether the cohorts refute both families, for customers of two kinds who all leave more easily with age."""
        return bool((self.draws[ELSEWHERE].family >= len(FAMILIES)).any())


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
    rng = np.random.default_rng([seed, 5])
    numbers: dict[str, list[Array]] = {name: [] for name in (*exits, ELSEWHERE)}
    expected: dict[str, list[float]] = {name: [] for name in exits}
    likeliest = dict.fromkeys(exits, -np.inf)
    for family in FAMILIES:
        grids = {name: Grid.of(family, *exits[name], dispersion[name]) for name in exits}
        population = Population.of(family, list(grids.values()), draws, rng)
        for name, grid in grids.items():
            drawn, evidence = population.channel(grid, rng)
            numbers[name].append(drawn)
            expected[name].append(evidence)
            likeliest[name] = max(likeliest[name], grid.peak)
        numbers[ELSEWHERE].append(population.unseen(family, rng))
    if is_wearing(exits, dispersion, likeliest):
        worn = drawn_as_wearing(exits, dispersion, draws, rng)
        drawn_of = {name: RetentionDraws(*each) for name, each in worn.items()}
    else:
        log = {name: np.array(each) for name, each in expected.items()}
        share = _shares(list(log.values()), draws, rng)
        drawn_of = {name: _mixed(numbers[name], share, log.get(name, np.zeros(2)), rng) for name in numbers}
    return Retention(
        drawn_of,
        dispersion,
        {channel: cohorts.oldest(channel) for channel in exits},
        cohorts.months,
    )


def _shares(log: list[Array], draws: int, rng: np.random.Generator) -> Array:
    """Draws of how many channels are of each family, shape (draws, 2)."""
    prior = np.column_stack([_SHARES, 1 - _SHARES])
    total = np.sum([scipy.special.logsumexp(np.log(prior) + each, axis=1) for each in log], axis=0)
    mass = np.exp(total - total.max())
    return np.asarray(prior[rng.choice(len(prior), size=draws, p=mass / mass.sum())])


def _mixed(numbers: list[Array], share: Array, log: Array, rng: np.random.Generator) -> RetentionDraws:
    """Each draw of one family, in proportion to its share and to what the channel's cohorts say of it."""
    weight = share * np.exp(log - log.max())
    second = (rng.random(len(share)) * weight.sum(axis=1) > weight[:, 0]).astype(np.int64)
    picked = np.where(second[:, None] == 1, numbers[1], numbers[0])
    return RetentionDraws(second, picked)
