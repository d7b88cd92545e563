"""fit: from a panel and a model to a posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.posterior import Posterior
from mmm.sampling.from_draws import assemble
from mmm.sampling.nuts import Progress, Settings
from mmm.sampling.prepared import prepare
from mmm.sampling.preview import preview as look_around_the_mode
from mmm.sampling.until_converged import Sampled, sample_until_converged
from mmm.sampling.usable import require_kinds, require_lengths
from mmm.sampling.watching import watched

__all__ = ["first_run", "fit"]

_LENGTHS, _GEO_LENGTHS = (1000, 1000), (1300, 500)  # draws and tuning of each chain


def fit(
    panel: Panel,
    model: Model | None = None,
    draws: int | None = None,
    tune: int | None = None,
    chains: int = 4,
    seed: int = 0,
    progress: bool | Callable[[Progress], None] | None = None,
    time_budget: float = 300.0,
    preview: bool = False,
) -> Posterior:
    """Sample the posterior of a model on a panel.

    Sampling goes on by itself, longer, with smaller steps or more draws, until R-hat < 1.01, bulk and tail effective
    sample sizes > 400 and no transition diverges, or until ``time_budget`` is spent. Whether it succeeded stands in
    ``posterior.converged`` and, as findings, in ``posterior.diagnostics``; it never raises for that.

    Parameters
    ----------
    panel
        What was spent and what came of it.
    model
        Assumptions; :class:`Model` with its defaults where None.
    draws, tune, chains
        Length of the first run, per chain. Where None 1000 of each, and of several geos 1300 after 500: among their
        many parameters the largest R-hat of shorter chains passes its limit by chance.
    seed
        The same inputs and seed give the same draws on one machine; another processor rounds differently.
    progress
        True for a bar; or a function, called a few times a second with a :class:`Progress`; it stops sampling by
        raising KeyboardInterrupt.
    time_budget
        Seconds after which no further run begins or goes on; those in which other programs kept this one waiting do
        not count. The first run always finishes.
    preview
        Only look around the mode, as :func:`mmm.preview` does: a fraction of a second, and never converged.

    Raises
    ------
    BadInput
        Where the panel has no spend at all, or fewer rows than the model has parameters; a preview also where it has
        several geos. Where a geo's KPI is zero throughout, or counts are asked for and the KPI is none.
    """
    require_kinds(panel, model)
    require_lengths(draws=draws, tune=tune, chains=chains, seed=seed)
    if preview:
        return look_around_the_mode(panel, model, draws or _LENGTHS[0], seed)
    settings = first_run(panel, draws, tune, chains, seed)
    prepared = prepare(panel, model)
    with watched(progress, "Sampling", _told) as watch:
        sampled = sample_until_converged(prepared.problem.fused(), settings, watch, time_budget)
    posterior = assemble(prepared, sampled.draws.theta, _statistics(sampled), sampled.verdict, seed)
    facts = {"attempts": sampled.attempts, "target_accept": sampled.settings.target_accept}
    return replace(posterior, information={**posterior.information, **facts})


def first_run(panel: Panel, draws: int | None, tune: int | None, chains: int, seed: int) -> Settings:
    """How a fit of this panel begins; lengths that are None are chosen."""
    several = len(panel.geos) > 1
    usual = _GEO_LENGTHS if several else _LENGTHS
    accept = 0.95 if several else 0.85  # less costs second attempts: decision 0013
    return Settings(usual[0] if draws is None else draws, usual[1] if tune is None else tune, chains, seed, accept)


def _told(state: Progress) -> tuple[float, str]:
    again = f", attempt {state.attempt}" if state.attempt > 1 else ""
    left = f"{state.remaining:.0f} s left, " if 1 <= state.remaining < float("inf") else ""
    return state.share, f"{left}{state.divergences} divergences{again}"


def _statistics(sampled: Sampled) -> dict[str, npt.NDArray[Any]]:
    return {
        "diverging": sampled.draws.diverging,
        "n_steps": sampled.draws.steps,
        "energy": sampled.draws.energy,
    }
