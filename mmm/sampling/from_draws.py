"""From draws in the sampled coordinates to a posterior."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attribution.findings import Finding
from mmm.arrays import Array
from mmm.posterior.media import Drivers, media_draws
from mmm.posterior.posterior import Posterior
from mmm.sampling.prepared import Prepared

__all__ = ["assemble"]


def assemble(
    prepared: Prepared,
    theta: Array,
    statistics: dict[str, npt.NDArray[Any]],
    verdict: tuple[Finding, ...],
    seed: int,
) -> Posterior:
    """A posterior from draws in the sampled coordinates; draws the coefficients that were integrated out.

    Parameters
    ----------
    prepared
        What was sampled.
    theta
        Shape (chains, draws, n).
    statistics, verdict, seed
        Handed on.
    """
    values = prepared.problem.natural(theta)
    flat = {name: table.reshape(-1, *table.shape[2:]) for name, table in values.items()}
    flat_theta = theta.reshape(-1, theta.shape[-1])
    rng = np.random.default_rng([seed, 1])
    baseline = prepared.problem.baseline(flat_theta, flat, _without_media(prepared, flat), rng)
    values["baseline"] = baseline.reshape(*theta.shape[:2], *baseline.shape[1:])
    said = (*verdict, *prepared.findings)
    return Posterior(prepared.panel, prepared.model, values, statistics, said, seed, dict(prepared.information))


def _without_media(prepared: Prepared, flat: dict[str, Array]) -> Array:
    """What media leave of the KPI, shape (G, T, S)."""
    panel, kpi = prepared.panel, np.atleast_2d(prepared.problem.kpi)
    own = {name.removeprefix("geo_"): table for name, table in flat.items() if name.startswith("geo_")} or flat
    left = np.repeat(kpi[:, :, None], len(flat["sigma"]), axis=2)
    for geo, channels in enumerate(media_draws(prepared.model.families(panel), own, Drivers.of(panel))):
        for channel in channels:
            left[geo] -= channel.contribution()
    return left
