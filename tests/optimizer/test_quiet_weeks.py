"""Quiet weeks: what is expected of them covers what comes, and grows with level, doubt and neighbours that err alike."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.posterior.unseen import Unseen
from optimizer.cycle.quiet_weeks import autocorrelation, by_the_model, by_the_past

RNG = np.random.default_rng(8)


def lasting(weeks: int, alike: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, np.sqrt(1 - alike**2), weeks)
    noise[0] = rng.normal()
    for week in range(1, weeks):
        noise[week] += alike * noise[week - 1]
    return noise


@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_sums_of_coming_weeks_lie_inside_their_interval_as_often_as_they_should(alike: float) -> None:
    inside = []
    for _ in range(300):
        spend = RNG.normal(0, 0.3, 56)
        logs = 3.0 + 0.8 * spend + 0.1 * lasting(56, alike, RNG)
        columns = np.column_stack([np.ones(56), spend])
        quiet = by_the_past(logs[:52], columns[:52], columns[52:], np.array([0.0, 1.0]), np.zeros(4))
        inside.append(abs((logs[52:] - quiet.mean).sum()) < 1.645 * np.sqrt(quiet.covariance.sum()))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.06)


def test_weeks_that_say_nothing_and_few_counts_widen_the_interval() -> None:
    columns, few = np.ones((40, 1)), np.array([0.0, 0.5, 1e4])
    quiet = by_the_past(RNG.normal(0, 0.1, 40), columns, np.ones((3, 1)), np.zeros(1), few)
    spread = np.diag(quiet.covariance)
    assert spread[1] - spread[0] == pytest.approx(0.5, rel=0.05)
    assert spread[2] > 9e3


def unseen_of(mean: np.ndarray) -> Unseen:
    return Unseen(mean, mean, np.zeros((0, len(mean))))


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_noise_of_all_customers_grows_with_the_level_as_far_as_the_fit_s_does(power: float) -> None:
    level = np.linspace(500, 4000, 150)
    kpi = level + RNG.normal(0, 0.05 * level**power * 1000 ** (1 - power))
    fitted = np.repeat(level[:, None], 50, axis=1)
    coming = unseen_of(np.repeat(np.array([[1000.0], [8000.0]]), 50, axis=1))
    quiet = by_the_model(coming, fitted, kpi)
    spread = np.sqrt(np.diag(quiet.covariance))
    assert spread[0] == pytest.approx(50, rel=0.25)
    assert spread[1] / spread[0] == pytest.approx(8.0**power, rel=0.15)


def test_doubt_that_weeks_share_is_in_every_pair_of_them() -> None:
    fitted = np.full((100, 200), 1000.0)
    doubt = RNG.normal(1000, 80, 200)
    quiet = by_the_model(unseen_of(np.tile(doubt, (4, 1))), fitted, 1000 + RNG.normal(0, 10, 100))
    off = quiet.covariance[~np.eye(4, dtype=bool)]
    np.testing.assert_allclose(off, np.var(doubt, ddof=1), rtol=0.1)


@pytest.mark.parametrize("alike", [0.0, 0.4, 0.8])
def test_the_autocorrelation_of_residuals(alike: float) -> None:
    told = np.mean([autocorrelation(lasting(150, alike, RNG), 1) for _ in range(40)])
    assert told == pytest.approx(alike, abs=0.08)
    assert autocorrelation(np.zeros(10), 1) == 0.0
