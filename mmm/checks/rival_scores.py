"""Which readings the periods allow: differences of leave-one-out scores against their standard errors, and weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from mmm.arrays import Array

__all__ = ["Standing", "Verdict", "bootstrapped_weights", "compared"]

_STANDARD_ERRORS = 2.0
_LEAST = 4.0  # a smaller difference in log score has no standard error to rely on (Sivula et al. 2020)
_WORLDS = 1000


class Verdict(Enum):
    """What the periods say of a reading; that it is set aside says whoever asks something of it."""

    STANDS = "stands"
    BETTER = "fits better"
    REFUTED = "refuted"
    UNSETTLED = "chains disagree"
    SET_ASIDE = "set aside"


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


def bootstrapped_weights(log_density: Array) -> Array:
    """How often each model would predict best, had other periods been seen (pseudo-BMA+, Yao et al. 2018, section 3.4).

    Periods are weighed at random (Bayesian bootstrap); in each such world models share by the exponential of their
    score. A lead that hangs on few periods is thereby worth little.

    Parameters
    ----------
    log_density
        By period and model, shape (T, K).

    Returns
    -------
    Shape (K,), summing to one.

    References
    ----------
    Yao, Vehtari, Simpson, Gelman (2018), "Using Stacking to Average Bayesian Predictive Distributions", Bayesian
    Analysis 13(3).
    """
    periods = len(log_density)
    seen = periods * np.random.default_rng(0).dirichlet(np.ones(periods), _WORLDS)
    scores = seen @ log_density
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray((shares / shares.sum(axis=1, keepdims=True)).mean(axis=0))
