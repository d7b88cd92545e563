"""R-hat and effective sample size of many parameters at once.

References
----------
Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), "Rank-normalization, folding, and localization: An improved
R-hat for assessing convergence of MCMC", Bayesian Analysis 16(2).
Geyer (1992), "Practical Markov chain Monte Carlo", Statistical Science 7(4).
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array

__all__ = ["ess_bulk", "ess_tail", "r_hat"]


def r_hat(draws: Array) -> Array:
    """Rank-normalised split R-hat, the larger of bulk and folded.

    Parameters
    ----------
    draws
        Shape (chains, draws, n).

    Returns
    -------
    Shape (n,); 1 for perfect mixing, NaN where a parameter does not move.
    """
    split = _split(draws)
    folded = np.abs(split - np.median(split, axis=(0, 1)))
    return np.asarray(np.fmax(_plain_r_hat(_rank_normal(split)), _plain_r_hat(_rank_normal(folded))))


def ess_bulk(draws: Array) -> Array:
    """Effective sample size of the rank-normalised draws, shape (n,)."""
    return _ess(_rank_normal(_split(draws)))


def ess_tail(draws: Array) -> Array:
    """The smaller effective sample size of the 5 % and 95 % points, shape (n,)."""
    low, high = np.quantile(draws, [0.05, 0.95], axis=(0, 1))
    below, above = _split((draws <= low).astype(float)), _split((draws <= high).astype(float))
    return np.asarray(np.fmin(_ess(below), _ess(above)))


def _split(draws: Array) -> Array:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]], axis=0)


def _rank_normal(draws: Array) -> Array:
    from scipy.special import ndtri

    flat = draws.reshape(-1, draws.shape[-1])
    ranks = np.empty_like(flat)
    for column in range(flat.shape[1]):
        _, place, counts = np.unique(flat[:, column], return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        ranks[:, column] = (last - (counts - 1) / 2)[place]
    return np.asarray(ndtri((ranks - 0.375) / (len(flat) + 0.25))).reshape(draws.shape)


def _plain_r_hat(draws: Array) -> Array:
    n = draws.shape[1]
    between = n * draws.mean(axis=1).var(axis=0, ddof=1)
    within = draws.var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((between / within + n - 1) / n))


def _autocovariance(draws: Array) -> Array:
    """Mean over chains of the autocovariance by lag, shape (draws, n)."""
    from scipy.fft import irfft, next_fast_len, rfft

    n = draws.shape[1]
    size = next_fast_len(2 * n)
    spectrum = rfft(draws - draws.mean(axis=1, keepdims=True), size, axis=1)
    return np.asarray(irfft(np.abs(spectrum) ** 2, size, axis=1)[:, :n].mean(axis=0) / n)


def _ess(draws: Array) -> Array:
    chains, n, count = draws.shape
    covariance = _autocovariance(draws)
    within = covariance[0] * n / (n - 1)
    variance = covariance[0] + (draws.mean(axis=1).var(axis=0, ddof=1) if chains > 1 else 0.0)
    sizes = np.full(count, np.nan)
    for column in np.flatnonzero(variance > 0):
        correlation = 1.0 - (within[column] - covariance[:, column]) / variance[column]
        correlation[0] = 1.0
        sizes[column] = chains * n / max(_autocorrelation_time(correlation), 1.0 / np.log10(chains * n))
    return sizes


def _autocorrelation_time(correlation: Array) -> float:
    """Geyer's initial monotone sequence: 2 x the sum of correlations - 1, cut where pairs turn negative."""
    usable = (len(correlation) - 3) // 2 * 2 + 2
    pairs = correlation[:usable:2] + correlation[1:usable:2]
    negative = np.flatnonzero(pairs < 0)
    kept = int(negative[0]) if len(negative) else len(pairs) - 1
    rest = max(float(correlation[2 * kept]), 0.0)
    return float(-1.0 + 2.0 * np.minimum.accumulate(pairs[:kept]).sum() + rest)
