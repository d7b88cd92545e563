"""Sampling goes on: near misses are joined, others begin again, and waiting for other programs costs no budget."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from mmm.sampling import until_converged
from mmm.sampling.nuts import Draws, Settings

SETTINGS = Settings(draws=500, tune=300, chains=4, seed=7)
DENSITY = SimpleNamespace(centre=np.zeros(3), jitter=np.ones(3))


def chains(apart: float, seed: int, diverging: int = 0) -> Draws:
    """Independent draws of chains whose means differ."""
    theta = np.random.default_rng(seed).normal(size=(4, 500, 3)) + apart * np.array([-1, 1, -1, 1])[:, None, None]
    flags = np.arange(2000).reshape(4, 500) < diverging
    return Draws(theta, flags, np.ones((4, 500), dtype=np.int64), np.zeros((4, 500)))


@pytest.mark.parametrize(
    ("first", "kept"),
    [(chains(0.11, 1), 1000), (chains(0.9, 1), 500), (chains(0.0, 1, diverging=2), 500)],
    ids=["near miss", "chains apart", "divergences"],
)
def test_draws_of_a_near_miss_are_kept_and_others_are_not(
    first: Draws, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, asked = iter([first, chains(0.0, 2), chains(0.0, 3)]), []

    def run(*given: object) -> Draws:
        asked.append(given[2])
        return next(runs)

    monkeypatch.setattr(until_converged, "run", run)
    found = until_converged.sample_until_converged(DENSITY, SETTINGS)  # type: ignore[arg-type]
    assert all(one.passed for one in found.verdict)
    assert found.attempts == len(asked) == 2
    assert found.draws.theta.shape == (4, kept, 3)
    assert found.draws.diverging.shape == found.draws.energy.shape == (4, kept)
    assert np.array_equal(found.draws.theta[:, :500], first.theta) == (kept > 500)
    assert asked[1].seed != SETTINGS.seed or asked[1] != SETTINGS


def test_waiting_for_other_programs_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = {"monotonic": 10.0, "process_time": 3.0}
    clocks = SimpleNamespace(**{name: partial(passed.__getitem__, name) for name in passed})
    monkeypatch.setattr(until_converged, "time", clocks)
    clock = until_converged._worked(chains=1)
    passed["monotonic"] += 60.0
    assert clock() == 0.0
    passed["process_time"] += 20.0
    assert clock() == 20.0
    passed["process_time"] += 100.0  # of more threads than were asked for
    assert clock() == 60.0
