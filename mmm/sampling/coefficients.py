"""Draws of the baseline's coefficients, which sampling integrates out, given everything else.

    r = Z c + e,   c ~ N(0, sigma² V²),   e ~ N(0, sigma²)      hence      c | r ~ N(P Zᵀ r, sigma² P),
    P = (Zᵀ Z + V⁻²)⁻¹ = V W (1 + λ)⁻¹ Wᵀ V                      with      V Zᵀ Z V = W λ Wᵀ

Along the eigenvectors W the coefficients are independent whatever sigma is: so one decomposition serves all draws.
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array

__all__ = ["coefficient_draws"]


def coefficient_draws(residual: Array, sigma: Array, matrix: Array, scale: Array, rng: np.random.Generator) -> Array:
    """Sample coefficients of a Gaussian regression whose prior scales with sigma.

    Parameters
    ----------
    residual
        KPI less media, shape (T, S).
    sigma
        Shape (S,).
    matrix
        Columns Z, shape (T, K).
    scale
        Prior standard deviation over sigma, shape (K,).
    rng
        Source of randomness.

    Returns
    -------
    Shape (S, K): draws of N(m, sigma² P) with P = (ZᵀZ + diag(scale)⁻²)⁻¹ and m = P Zᵀ residual.
    """
    scaled = matrix * scale
    squared, directions = np.linalg.eigh(scaled.T @ scaled)
    spread = scale[:, None] * directions  # columns: directions in which the posterior is independent
    size = 1.0 / np.sqrt(1.0 + np.maximum(squared, 0.0))[:, None]  # rounding can push an eigenvalue of 0 below it
    projected = spread.T @ (matrix.T @ residual)
    noise = rng.standard_normal(projected.shape)
    return np.asarray((spread @ (size**2 * projected + size * sigma * noise)).T)
