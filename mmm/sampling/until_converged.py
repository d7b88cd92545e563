"""Sampling that goes on by itself until the convergence gate passes or the time is spent.

    run -> gate -> done, or run again
        a near miss        as before from another seed, whose draws join those that there are
        divergences        from the start at the next higher target of acceptance, that is smaller steps
        R-hat, ESS         from the start with 1.5 to 4 times the draws, by how far the least ESS falls short of 400
        the last two       with half as much tuning again

A near miss has no divergence, R-hat below 1.05 and half of the effective draws: among many parameters the largest R-hat
of chains that agree passes its limit by chance. Every run counts as chains of its own for the gate.

Limits are those of Vehtari et al. (2021): R-hat below 1.01, 100 effective draws for each of four chains.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from attribution.findings import Finding
from attribution.numbers import amount, decimal
from mmm.arrays import Array
from mmm.posterior.fit_checks import GATE
from mmm.sampling.convergence import ess_bulk, ess_tail, r_hat
from mmm.sampling.nuts import ChainProgress, Draws, Progress, Settings, Target, cores_for, run

__all__ = ["ESS_LIMIT", "R_HAT_LIMIT", "Sampled", "gate", "sample_until_converged"]

R_HAT_LIMIT = 1.01
ESS_LIMIT = 400.0
_MOST_ATTEMPTS = 6
_APART = 1_000_003  # between the seeds of runs that are joined
_ACCEPT = (0.8, 0.95, 0.99)
_NEAR_R_HAT, _NEAR_ESS = 1.05, 0.5 * ESS_LIMIT


@dataclass(frozen=True, eq=False)
class Sampled:
    """What sampling ended with.

    Parameters
    ----------
    draws
        Of the last finished attempt, and of those that it joined.
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
    """Sample; where the gate fails, sample on, or again with smaller steps or more draws.

    Divergences call for smaller steps, few effective draws for more of them. The first run always finishes; further
    ones only within ``time_budget`` seconds, of which those do not count in which other programs kept it waiting: what
    comes out does not hang on what else the machine does.
    """
    begun, clock = time.monotonic(), _worked(settings.chains)
    done: Sampled | None = None
    joined: list[Draws] = []
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        if done is not None and clock() >= time_budget:
            break
        tell, most = _watch(progress, attempt, begun), None if done is None else time_budget
        draws = run(density, _starts(density.centre, density.jitter), settings, tell, most, clock)
        if draws is None:
            break
        joined.append(draws)
        theta = np.concatenate([one.theta for one in joined])
        verdict = gate(theta, np.concatenate([one.diverging for one in joined]))
        done = Sampled(_one_after_another(joined), settings, verdict, attempt, time.monotonic() - begun)
        if all(finding.passed for finding in verdict):
            break
        if _near(verdict):
            settings = replace(settings, seed=settings.seed + _APART)
        else:
            settings, joined = _next(settings, verdict), []
    assert done is not None  # noqa: S101  the first run has no time limit
    return replace(done, seconds=time.monotonic() - begun)


def _worked(chains: int) -> Callable[[], float]:
    """A clock of the seconds since now in which the process had its cores, or of all where those are fewer."""
    begun, worked, cores = time.monotonic(), time.process_time(), cores_for(chains)
    return lambda: min(time.monotonic() - begun, (time.process_time() - worked) / cores)


def _near(verdict: tuple[Finding, ...]) -> bool:
    values = {finding.name: float(finding.value or 0.0) for finding in verdict}
    r_hat_, bulk, tail, diverging = (values[name] for name in GATE)
    return diverging == 0 and r_hat_ < _NEAR_R_HAT and min(bulk, tail) > _NEAR_ESS


def _one_after_another(runs: Sequence[Draws]) -> Draws:
    """Chains of several runs, each behind the one of the run before."""
    parts = ("theta", "diverging", "steps", "energy")
    return Draws(*(np.concatenate([getattr(one, part) for one in runs], axis=1) for part in parts))


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
