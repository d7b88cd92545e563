"""Which readings the periods allow: differences of leave-one-out scores against their standard errors, and weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from mmm.arrays import Array

__all__ = ["Standing", "Verdict", "compared", "log_score_weights"]

_STANDARD_ERRORS = 2.0
_LEAST = 4.0  # a smaller difference in log score has no standard error to rely on (Sivula et al. 2020)
_STEPS = 500


class Verdict(Enum):
    """What the periods say of a reading."""

    STANDS = "stands"
    BETTER = "fits better"
    REFUTED = "refuted"
    UNSETTLED = "chains disagree"


@dataclass(frozen=True)
class Standing:
    """A reading's score against the model's own.

    Parameters
    ----------
    difference
        In log predictive density of periods left out, summed; positive where the reading predicts better.
    standard_error
        Of the difference.
    verdict
        What follows.
    """

    difference: float
    standard_error: float
    verdict: Verdict


def compared(own: Array, other: Array) -> Standing:
    """Compare log predictive densities of the same periods, both of shape (T,).

    A difference counts beyond two standard errors, and beyond 4 in all: below that the standard error itself is too
    uncertain (Sivula, Magnusson, Matamoros, Vehtari 2020, "Uncertainty in Bayesian leave-one-out cross-validation based
    model comparison").
    """
    each = other - own
    difference, error = float(each.sum()), float(np.sqrt(len(each)) * each.std())
    clear = abs(difference) > max(_STANDARD_ERRORS * error, _LEAST)
    verdict = Verdict.STANDS if not clear else Verdict.BETTER if difference > 0 else Verdict.REFUTED
    return Standing(difference, error, verdict)


def log_score_weights(log_density: Array) -> Array:
    """Weights of the mixture that best predicts the periods left out (Yao et al. 2018, log score).

    Parameters
    ----------
    log_density
        By period and model, shape (T, K).

    Returns
    -------
    Shape (K,), summing to one.
    """
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    weights = np.full(density.shape[1], 1.0 / density.shape[1])
    for _ in range(_STEPS):  # each step of expectation and maximisation raises the score
        weights = np.asarray(weights * (density / (density @ weights)[:, None]).mean(axis=0))
    return weights
