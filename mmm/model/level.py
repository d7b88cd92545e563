"""The level that channels' shares have in common: what it adds to a prior of single parameters.

log share_c = log median_c + level + sigma_c z_c with level ~ N(0, tau²) and z_c ~ N(0, 1). With the level integrated
out the log shares are normal with covariance diag(sigma²) + tau² 1 1ᵀ, so their log density is that of each alone plus
h² / (2 (1 / tau² + sum 1 / sigma_c²)) - log(1 + tau² sum 1 / sigma_c²) / 2 (Sherman and Morrison, 1950), where
h = sum (log share_c - log median_c) / sigma_c².
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attribution.errors import BadInput, Problem
from mmm.arrays import Array
from mmm.model.priors import AroundLevel, Flat, Prior

__all__ = ["level_constant", "level_precision", "sampled"]


def level_precision(priors: Sequence[Prior]) -> float:
    """1 / tau² of the level that priors share; 1 where none does.

    Raises
    ------
    BadInput
        Where they state different ones.
    """
    stated = {prior.level for prior in priors if isinstance(prior, AroundLevel)}
    if len(stated) > 1:
        raise BadInput(Problem("priors", f"share one level but state different spreads of it: {sorted(stated)}."))
    return stated.pop() ** -2.0 if stated else 1.0


def level_constant(priors: Sequence[Prior]) -> float:
    """What sharing a level adds to the log density's constant."""
    weight = sum(prior.sigma**-2.0 for prior in priors if isinstance(prior, AroundLevel))
    return -0.5 * math.log1p(weight / level_precision(priors))


def sampled(priors: Sequence[Prior], rng: np.random.Generator, size: int) -> Array:
    """Joint draws on the natural scale, shape (size, len(priors)): one level a draw for all priors around it.

    Zeros of what has no prior of its own.
    """
    level = rng.standard_normal(size)

    def drawn(prior: Prior) -> Array:
        if isinstance(prior, Flat):
            return np.zeros(size)
        if isinstance(prior, AroundLevel):
            return np.asarray(prior.median * np.exp(prior.level * level + prior.sigma * rng.standard_normal(size)))
        return prior.sample(rng, size)

    return np.stack([drawn(prior) for prior in priors], axis=1)
