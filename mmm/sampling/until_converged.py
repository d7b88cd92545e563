"""Sampling that goes on by itself until the convergence gate passes or the time is spent.

    run -> gate -> done, or run again from the start with
        divergences        the next higher target of acceptance, that is smaller steps
        R-hat, ESS         1.5 to 4 times the draws, by how far the least ESS falls short of 400
        either             half as much tuning again

Limits are those of Vehtari et al. (2021): R-hat below 1.01, 100 effective draws for each of four chains.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from attribution.findings import Finding
from attribution.numbers import amount, decimal
from mmm.arrays import Array
from mmm.posterior.fit_checks import GATE
from mmm.sampling.convergence import ess_bulk, ess_tail, r_hat
from mmm.sampling.nuts import ChainProgress, Draws, Progress, Settings, Target, run

__all__ = ["ESS_LIMIT", "R_HAT_LIMIT", "Sampled", "gate", "sample_until_converged"]

R_HAT_LIMIT = 1.01
ESS_LIMIT = 400.0
_MOST_ATTEMPTS = 6
_ACCEPT = (0.8, 0.95, 0.99)


@dataclass(frozen=True, eq=False)
class Sampled:
    """What sampling ended with.

    Parameters
    ----------
    draws
        Of the last finished attempt.
    settings
        Of that attempt.
    verdict
        The gate's findings on it.
    attempts
        How many runs finished.
    seconds
        Wall time of all.
    """

    draws: Draws
    settings: Settings
    verdict: tuple[Finding, ...]
    attempts: int
    seconds: float


def gate(theta: Array, diverging: npt.NDArray[Any]) -> tuple[Finding, ...]:
    """The findings of :data:`mmm.posterior.fit_checks.GATE`, in its order.

    Parameters
    ----------
    theta
        Draws, shape (chains, draws, n).
    diverging
        Shape (chains, draws).
    """
    worst = float(np.nan_to_num(r_hat(theta), nan=np.inf).max())
    bulk = float(np.nan_to_num(ess_bulk(theta), nan=0.0).min())
    tail = float(np.nan_to_num(ess_tail(theta), nan=0.0).min())
    count = int(np.sum(diverging))
    verdicts = (
        (worst < R_HAT_LIMIT, worst, R_HAT_LIMIT, f"Largest R-hat {decimal(worst, 4)}: chains agree below 1.01."),
        (bulk > ESS_LIMIT, bulk, ESS_LIMIT, f"Smallest bulk effective sample size {amount(bulk)}."),
        (tail > ESS_LIMIT, tail, ESS_LIMIT, f"Smallest tail effective sample size {amount(tail)}."),
        (count == 0, float(count), 0.0, f"{count} divergent transitions."),
    )
    return tuple(Finding(name, *verdict) for name, verdict in zip(GATE, verdicts, strict=True))


def sample_until_converged(
    density: Target,
    settings: Settings,
    progress: Callable[[Progress], None] | None = None,
    time_budget: float = 300.0,
) -> Sampled:
    """Sample; where the gate fails, sample again with smaller steps or more draws.

    Divergences call for smaller steps, few effective draws for more of them. The first run always finishes; further
    ones only within ``time_budget`` seconds.
    """
    begun = time.monotonic()
    done: Sampled | None = None
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        left = None if done is None else time_budget - (time.monotonic() - begun)
        if left is not None and left <= 0:
            break
        draws = run(density, _starts(density.centre, density.jitter), settings, _watch(progress, attempt, begun), left)
        if draws is None:
            break
        verdict = gate(draws.theta, draws.diverging)
        done = Sampled(draws, settings, verdict, attempt, time.monotonic() - begun)
        if all(finding.passed for finding in verdict):
            break
        settings = _next(settings, verdict)
    assert done is not None  # noqa: S101  the first run has no time limit
    return replace(done, seconds=time.monotonic() - begun)


def _starts(centre: Array, jitter: Array) -> Callable[[int], Array]:
    def start(seed: int) -> Array:
        return np.asarray(centre + np.random.default_rng(seed).normal(0.0, jitter))

    return start


def _watch(
    progress: Callable[[Progress], None] | None, attempt: int, begun: float
) -> Callable[[tuple[ChainProgress, ...]], None] | None:
    if progress is None:
        return None
    report, started = progress, time.monotonic()

    def watch(chains: tuple[ChainProgress, ...]) -> None:
        now = time.monotonic()
        report(Progress(attempt, chains, now - begun, now - started))

    return watch


def _next(settings: Settings, verdict: tuple[Finding, ...]) -> Settings:
    failed = {finding.name for finding in verdict if not finding.passed}
    accept = settings.target_accept
    if "divergences" in failed:
        accept = next((value for value in _ACCEPT if value > accept), accept)
    draws = settings.draws
    if failed - {"divergences"} or accept == settings.target_accept:
        # 1.4: the next run should pass with room to spare, for ESS itself varies from run to run
        least = min(float(finding.value or 0.0) for finding in verdict if finding.name.startswith("ess"))
        draws = int(np.ceil(draws * np.clip(1.4 * ESS_LIMIT / max(least, 1.0), 1.5, 4.0)))
    return replace(settings, draws=draws, tune=3 * settings.tune // 2, target_accept=accept)
