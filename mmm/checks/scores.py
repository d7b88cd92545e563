"""Scores of probabilistic forecasts.

References
----------
Gneiting and Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102(477).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array

__all__ = ["Scores", "crps", "score"]


def crps(draws: Array, observed: Array) -> Array:
    """Continuous ranked probability score of an ensemble, E|X - y| - E|X - X'| / 2; less is better.

    Parameters
    ----------
    draws
        Shape (T, S).
    observed
        Shape (T,).

    Returns
    -------
    Shape (T,), in the unit of the observations. For a single draw it is the absolute error.
    """
    ordered = np.sort(draws, axis=1)
    size = ordered.shape[1]
    distance = np.abs(ordered - observed[:, None]).mean(axis=1)
    rank = 2.0 * np.arange(1, size + 1) - size - 1.0
    return np.asarray(distance - (ordered * rank).sum(axis=1) / size**2)


@dataclass(frozen=True)
class Scores:
    """How a forecast did.

    Parameters
    ----------
    crps
        Mean over periods.
    mape
        Mean absolute error of the mean forecast, over the mean of what happened.
    coverage
        Share of periods inside the central 90 % interval.
    total_error
        Error of the horizon's total, over the total.
    total_covered
        Whether the total lies inside its 90 % interval.
    """

    crps: float
    mape: float
    coverage: float
    total_error: float
    total_covered: bool


def score(draws: Array, observed: Array) -> Scores:
    """Score draws of shape (T, S) against what happened, shape (T,)."""
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    centre, total = draws.mean(axis=1), float(observed.sum())
    bounds = np.quantile(draws.sum(axis=0), [0.05, 0.95])
    return Scores(
        crps=float(crps(draws, observed).mean()),
        mape=float(np.abs(centre - observed).mean() / max(observed.mean(), 1e-300)),
        coverage=float(((observed >= low) & (observed <= high)).mean()),
        total_error=float(centre.sum() - total) / max(total, 1e-300),
        total_covered=bool(bounds[0] <= total <= bounds[1]),
    )
