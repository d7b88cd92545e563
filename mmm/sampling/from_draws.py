"""From a panel and a model to the density that is sampled, and from draws in its coordinates to a posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.model import Model, NormalLikelihood
from mmm.posterior.media import Drivers, media_draws
from mmm.posterior.posterior import Posterior
from mmm.sampling.coefficients import coefficient_draws
from mmm.sampling.fused_density import FusedDensity, fuse
from mmm.sampling.national_problem import Problem as Standard
from mmm.sampling.national_problem import standardise
from mmm.sampling.usable import active, panel_findings, parameter_count

if TYPE_CHECKING:
    from mmm.sampling.geo_problem import GeoProblem

__all__ = ["Stated", "assemble", "fused", "stated", "usable"]

Stated: TypeAlias = "Standard | GeoProblem"
"""A panel and a model in the kernel's units."""


def stated(panel: Panel, model: Model) -> Stated:
    """A usable panel and a model about it in the kernel's units, national or by geo."""
    if len(panel.geos) == 1:
        return standardise(panel, model)
    from mmm.sampling.geo_problem import standardise_geos  # compiles a kernel of its own

    return standardise_geos(panel, model)


def fused(problem: Stated) -> FusedDensity:
    """The log density of either kind, in memory for the kernel."""
    if isinstance(problem, Standard):
        return fuse(problem)
    from mmm.sampling.geo_problem import fuse_geos

    return fuse_geos(problem)


def assemble(
    problem: Stated,
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
    rng = np.random.default_rng([seed, 1])
    if isinstance(problem, Standard):
        values = problem.layout.natural(theta)
        values["baseline"] = _baseline(problem, kept, model, values, rng)
    else:
        values = problem.natural(theta)
        values["baseline"] = _baselines(problem, kept, model, theta, values, rng)
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
    """Coefficients of a national baseline, shape (chains, draws, K)."""
    flat = _flat({name: table for name, table in values.items() if name != "baseline"})
    (residual,) = _without_media(problem.kpi[None], panel, model, flat)
    if isinstance(model.likelihood, NormalLikelihood):
        drawn = coefficient_draws(residual, flat["sigma"], problem.design.matrix, problem.scale, rng)
    else:
        drawn = problem.explicit.coefficients(residual, values["baseline"].reshape(residual.shape[1], -1))
    return drawn.reshape(*values["sigma"].shape, -1)


def _baselines(
    problem: GeoProblem, panel: Panel, model: Model, theta: Array, values: dict[str, Array], rng: np.random.Generator
) -> Array:
    """Coefficients of every geo's baseline, shape (chains, draws, G, K)."""
    flat = _flat({name.removeprefix("geo_"): table for name, table in values.items() if name.startswith("geo_")})
    left = _without_media(problem.kpi, panel, model, flat)
    left -= problem.shared(theta.reshape(-1, theta.shape[-1]), left)
    drawn = [
        coefficient_draws(residual, flat["sigma"][:, geo], terms.matrix, problem.scale[geo], rng)
        for geo, (residual, terms) in enumerate(zip(left, problem.designs, strict=True))
    ]
    baseline = np.stack(drawn, axis=1)
    return baseline.reshape(*theta.shape[:2], *baseline.shape[1:])


def _flat(values: dict[str, Array]) -> dict[str, Array]:
    """Tables with the chains joined."""
    return {name: table.reshape(-1, *table.shape[2:]) for name, table in values.items()}


def _without_media(kpi: Array, panel: Panel, model: Model, flat: dict[str, Array]) -> Array:
    """What media leave of the KPI, shape (G, T, S)."""
    left = np.repeat(kpi[:, :, None], len(flat["sigma"]), axis=2)
    for geo, channels in enumerate(media_draws(model.families(panel), flat, Drivers.of(panel))):
        for channel in channels:
            left[geo] -= channel.contribution()
    return left
