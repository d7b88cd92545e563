"""Weights by which forecasts of several models make the best joint forecast, and how sure those weights are.

Stacking chooses weights on the simplex so that the mixture of the models' predictive distributions scores best on data
they did not see. The score here is the CRPS, which needs nothing but draws and is a quadratic of the weights:

    CRPS(w) = sum_k w_k E|X_k - y| - 1/2 sum_kl w_k w_l E|X_k - X_l|,

convex on the simplex because E|X_k - X_l| is a kernel of negative type. Weights of a single optimum jump to a corner
even where two models forecast alike, so they are averaged over Bayesian bootstrap replicates of the blocks of time.

References
----------
Yao, Vehtari, Simpson, Gelman (2018), "Using Stacking to Average Bayesian Predictive Distributions", Bayesian Analysis
13(3), sections 2.2 and 3.
Gneiting and Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102(477).
Rubin (1981), "The Bayesian Bootstrap", Annals of Statistics 9(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array

__all__ = ["PoolScores", "bootstrap", "distance", "pool_scores", "stacking_weights"]

_STEPS = 2000


def distance(first: Array, second: Array) -> float:
    """E|X - Y| for two independent ensembles, shapes (S,) and (R,), in one sort.

    >>> distance(np.array([0.0, 2.0]), np.array([1.0, 5.0]))
    2.5
    """
    ordered = np.sort(second)
    below = np.searchsorted(ordered, first)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    size, total = len(ordered), sums[-1]
    return float(np.mean(first * (2 * below - size) + total - 2 * sums[below]) / size)


@dataclass(frozen=True, eq=False)
class PoolScores:
    """What the CRPS of every mixture of K models is made of, by period.

    Parameters
    ----------
    error
        E|X_k - y|, shape (T, K).
    spread
        E|X_k - X_l|, shape (T, K, K).
    """

    error: Array
    spread: Array

    @property
    def single(self) -> Array:
        """CRPS of each model alone, shape (T, K)."""
        return np.asarray(self.error - 0.5 * np.einsum("tkk->tk", self.spread))

    def of(self, weights: Array) -> Array:
        """CRPS of the mixture with these weights, shape (T,)."""
        return np.asarray(self.error @ weights - 0.5 * np.einsum("k,tkl,l->t", weights, self.spread, weights))


def pool_scores(predicted: Sequence[Array], observed: Array) -> PoolScores:
    """Scores of K models' draws, each of shape (T, S_k), against what happened, shape (T,)."""
    count, periods = len(predicted), len(observed)
    error = np.stack([np.abs(drawn - observed[:, None]).mean(axis=1) for drawn in predicted], axis=1)
    spread = np.zeros((periods, count, count))
    for period in range(periods):
        for k in range(count):
            for m in range(k, count):
                spread[period, k, m] = spread[period, m, k] = distance(predicted[k][period], predicted[m][period])
    return PoolScores(error, spread)


def stacking_weights(error: Array, spread: Array) -> Array:
    """The point of the simplex with the least mean score, for many problems at once.

    Accelerated projected gradients; each step projects on the simplex.

    Parameters
    ----------
    error, spread
        Mean scores of R problems, shapes (R, K) and (R, K, K).

    Returns
    -------
    Shape (R, K); rows sum to one.
    """
    tangent = np.eye(error.shape[1]) - 1.0 / error.shape[1]
    largest = np.linalg.eigvalsh(-tangent @ spread @ tangent)[:, -1:]
    step = 1.0 / np.maximum(largest, 1e-9 * np.abs(error).max(axis=1, keepdims=True) + 1e-300)
    weights = before = np.full_like(error, 1.0 / error.shape[1])
    momentum = 1.0
    for _ in range(_STEPS):
        faster = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        ahead = weights + (momentum - 1.0) / faster * (weights - before)
        slope = error - np.einsum("rkl,rl->rk", spread, ahead)
        before, weights, momentum = weights, _on_simplex(ahead - step * slope), faster
        if np.abs(weights - ahead).max() < 1e-10:  # a fixed point of the step
            break
    return weights


def bootstrap(scores: PoolScores, block: int, replicates: int, seed: int) -> tuple[Array, Array]:
    """Stacking weights, and mean score of each model alone, under Bayesian bootstrap replicates of blocks of time.

    Parameters
    ----------
    scores
        By period.
    block
        Periods that are taken together, because errors of neighbouring periods are alike.
    replicates, seed
        How many, and of what randomness.

    Returns
    -------
    Both of shape (replicates, K).
    """
    periods = len(scores.error)
    owner = np.arange(periods) // block
    rng = np.random.default_rng([seed, 8])
    parts = rng.dirichlet(np.ones(owner[-1] + 1), replicates)[:, owner]
    parts /= parts.sum(axis=1, keepdims=True)
    error, spread = parts @ scores.error, np.einsum("rt,tkl->rkl", parts, scores.spread)
    return stacking_weights(error, spread), parts @ scores.single


def _on_simplex(points: Array) -> Array:
    """The nearest points of the simplex, row by row (Held, Wolfe and Crowder 1974)."""
    ordered = np.sort(points, axis=1)[:, ::-1]
    excess = (np.cumsum(ordered, axis=1) - 1.0) / np.arange(1, points.shape[1] + 1)
    last = (ordered > excess).sum(axis=1) - 1
    return np.asarray(np.maximum(points - excess[np.arange(len(points)), last][:, None], 0.0))
