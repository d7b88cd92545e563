"""Pareto-smoothed importance weights: the largest weights replaced by what a fitted tail expects of them.

The M largest of S ratios are taken to come from a generalised Pareto distribution beyond the next one; their ranks'
quantiles of the fitted distribution take their place. Its shape k says how far the weights may be trusted: above 0.7
their mean settles too slowly to be used.

References
----------
Vehtari, Simpson, Gelman, Yao, Gabry (2024), "Pareto Smoothed Importance Sampling", JMLR 25.
Zhang and Stephens (2009), "A New and Efficient Estimation Method for the Generalized Pareto Distribution",
Technometrics 51(3).
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array

__all__ = ["smoothed"]

_LEAST_TAIL = 5
_PRIOR_WEIGHT, _PRIOR_SHAPE = 10.0, 0.5  # a weak prior on k, worth ten points at one half


def smoothed(log_ratios: Array) -> tuple[Array, float]:
    """Smooth the importance ratios of one expectation.

    Parameters
    ----------
    log_ratios
        Up to a constant, shape (S,).

    Returns
    -------
    Logarithms of the weights, which sum to one, shape (S,), and the tail's shape k; infinite where the tail is too
    short to fit.
    """
    values = log_ratios - log_ratios.max()
    size = len(values)
    wanted = int(np.ceil(min(0.2 * size, 3.0 * np.sqrt(size))))
    cut = np.sort(values)[-wanted - 1] if wanted < size else -np.inf
    last = np.flatnonzero(values > cut)  # fewer than wanted where draws repeat
    last = last[np.argsort(values[last])]
    if len(last) < _LEAST_TAIL:
        even = float(np.ptp(values)) < 1e-9
        return values - np.logaddexp.reduce(values), -np.inf if even else np.inf
    shape, scale = _pareto(np.exp(values[last]) - np.exp(cut))
    beyond = -np.log1p(-(np.arange(len(last)) + 0.5) / len(last))
    expected = np.exp(cut) + scale * (beyond if abs(shape) < 1e-12 else np.expm1(shape * beyond) / shape)
    values[last] = np.minimum(np.log(expected), 0.0)
    return values - np.logaddexp.reduce(values), shape


def _pareto(excess: Array) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution of rising excesses, by an average over a profile."""
    size = len(excess)
    grid = 30 + int(np.sqrt(size))
    quarter = excess[int(size / 4 + 0.5) - 1]
    theta = (1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3.0 * quarter) + 1.0 / excess[-1]
    shapes = np.log1p(-theta[:, None] * excess).mean(axis=1)
    profile = size * (np.log(-theta / shapes) - shapes - 1.0)
    weights = np.exp(profile - np.logaddexp.reduce(profile))
    middle = float(weights @ theta)
    shape = float(np.log1p(-middle * excess).mean())
    scale = -shape / middle
    return (size * shape + _PRIOR_WEIGHT * _PRIOR_SHAPE) / (size + _PRIOR_WEIGHT), scale
