"""fit: from a panel and a model to a posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from mmm.conjugate import coefficient_draws
from mmm.likelihood import fuse
from mmm.media import Drivers, media_draws
from mmm.nuts import Progress, Settings
from mmm.panel import Panel
from mmm.posterior import Posterior
from mmm.priors import Array
from mmm.readiness import active, panel_findings, parameter_count
from mmm.sampling import Sampled, sample_until_converged
from mmm.specification import Model, NormalLikelihood
from mmm.standard import Problem as Standard
from mmm.standard import standardise

if TYPE_CHECKING:
    from mmm.geo import GeoProblem

__all__ = ["assemble", "fit", "usable"]


def fit(
    panel: Panel,
    model: Model | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    time_budget: float = 300.0,
) -> Posterior:
    """Sample the posterior of a model on a panel.

    Sampling goes on by itself, with smaller steps or more draws, until R-hat < 1.01, bulk and tail effective sample
    sizes > 400 and no transition diverges, or until ``time_budget`` is spent. Whether it succeeded stands in
    ``posterior.converged`` and, as findings, in ``posterior.diagnostics``; it never raises for that.

    Parameters
    ----------
    panel
        What was spent and what came of it.
    model
        Assumptions; :class:`Model` with its defaults where None.
    draws, tune, chains
        Length of the first run, per chain.
    seed
        The same inputs and seed give the same draws.
    progress
        Called a few times a second with a :class:`Progress`.
    time_budget
        Seconds after which no further run begins or goes on. The first run always finishes.

    Raises
    ------
    BadInput
        Where the panel has no spend at all, or fewer rows than the model has parameters.
    """
    model = Model() if model is None else model
    settings = Settings(draws, tune, chains, seed)
    kept = usable(panel, model)
    model = model.about(panel, kept)
    if len(panel.geos) > 1:
        from mmm.geo import fuse_geos, standardise_geos  # compiles a kernel of its own

        problem = standardise_geos(kept, model)
        careful = replace(settings, target_accept=0.95)  # below it some worlds diverge, and it costs hardly more
        sampled = sample_until_converged(fuse_geos(problem), careful, progress, time_budget)
        values = _geo_values(problem, kept, model, sampled.draws.theta, seed)
        findings = (*sampled.verdict, *panel_findings(panel, model))
        posterior = Posterior(kept, model, values, _statistics(sampled), findings, seed)
    else:
        national = standardise(kept, model)
        sampled = sample_until_converged(fuse(national), settings, progress, time_budget)
        posterior = assemble(national, panel, model, sampled.draws.theta, _statistics(sampled), sampled.verdict, seed)
    information = {"attempts": sampled.attempts, "target_accept": sampled.settings.target_accept}
    return replace(posterior, information=information)


def _statistics(sampled: Sampled) -> dict[str, npt.NDArray[Any]]:
    return {
        "diverging": sampled.draws.diverging,
        "n_steps": sampled.draws.steps,
        "energy": sampled.draws.energy,
    }


def _geo_values(problem: GeoProblem, panel: Panel, model: Model, theta: Array, seed: int) -> dict[str, Array]:
    """Common and local parameters by name, what all geos share, and the coefficients of each geo's baseline."""
    values = problem.layout.natural(theta[..., : problem.layout.size])
    del values["baseline"]
    local = problem.local(theta)
    flat = {name: table.reshape(-1, *table.shape[2:]) for name, table in local.items()}
    rng = np.random.default_rng([seed, 1])
    left = np.repeat(problem.kpi[:, :, None], len(flat["sigma"]), axis=2)
    for geo, channels in enumerate(media_draws(model.families(panel), flat, Drivers.of(panel))):
        for channel in channels:
            left[geo] -= channel.contribution()
    spread, shared = problem.shared(theta.reshape(-1, theta.shape[-1]), left)
    drawn = [
        coefficient_draws(residual - shared, flat["sigma"][:, geo], terms.matrix, problem.scale[geo], rng)
        for geo, (residual, terms) in enumerate(zip(left, problem.designs, strict=True))
    ]
    baseline = np.stack(drawn, axis=1)
    values["baseline"] = baseline.reshape(*theta.shape[:2], *baseline.shape[1:])
    values["common"] = spread.reshape(theta.shape[:2])
    own = ((problem.weights * local["sigma"]) ** 2).sum(axis=-1)
    values["sigma"] = np.sqrt(own + values["common"] ** 2)
    return {**values, **{f"geo_{name}": table for name, table in local.items()}}


def assemble(
    problem: Standard,
    panel: Panel,
    model: Model,
    theta: Array,
    statistics: dict[str, npt.NDArray[Any]],
    verdict: tuple[Finding, ...],
    seed: int,
) -> Posterior:
    """A posterior from draws in the sampled coordinates; draws the coefficients that were integrated out.

    Parameters
    ----------
    problem
        Of the usable panel and the model.
    panel, model
        As given.
    theta
        Shape (chains, draws, n).
    statistics, verdict, seed
        Handed on.
    """
    kept = usable(panel, model)
    values = problem.layout.natural(theta)
    values["baseline"] = _baseline(problem, kept, model, values, np.random.default_rng([seed, 1]))
    return Posterior(kept, model, values, statistics, (*verdict, *panel_findings(panel, model)), seed)


def usable(panel: Panel, model: Model) -> Panel:
    """The panel with the channels that spent anything, and the organic ones that did anything.

    Raises
    ------
    BadInput
        Where no channel did, or the panel has fewer rows than the model has parameters.
    """
    chosen = active(panel)
    if not chosen.channels:
        remedy = "name the right spend columns; a model without media has nothing to say."
        raise BadInput(Problem("panel", "no channel has any spend.", remedy=remedy))
    count, rows = parameter_count(chosen, model.about(panel, chosen)), chosen.kpi.size
    if rows < count:
        remedy = "lengthen the panel, join channels, drop controls or lower the season's order."
        raise BadInput(Problem("panel", f"has {rows} rows, fewer than the model's {count} parameters.", remedy=remedy))
    return chosen


def _baseline(
    problem: Standard, panel: Panel, model: Model, values: dict[str, Array], rng: np.random.Generator
) -> Array:
    shape = values["sigma"].shape
    flat = {name: table.reshape(-1, *table.shape[2:]) for name, table in values.items() if name != "baseline"}
    residual = np.repeat(problem.kpi[:, None], len(flat["sigma"]), axis=1)
    for channel in media_draws(model.families(panel), flat, Drivers.of(panel))[0]:
        residual -= channel.contribution()
    if isinstance(model.likelihood, NormalLikelihood):
        drawn = coefficient_draws(residual, flat["sigma"], problem.design.matrix, problem.scale, rng)
    else:
        drawn = problem.explicit.coefficients(residual, values["baseline"].reshape(residual.shape[1], -1))
    return drawn.reshape(*shape, -1)
