"""Laplace: a density's mode, its curvature there, and draws from the Gaussian that has both.

    θ ~ N(mode, H⁻¹),   H the curvature of -log density at the mode

The mode comes from L-BFGS on the kernel's gradient, H from central differences of that gradient. With the
eigendecomposition H = W λ Wᵀ draws are mode + W λ^(-1/2) z.
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from mmm.sampling.fused_density import FusedDensity

__all__ = ["around_mode"]


def around_mode(density: FusedDensity, draws: int, rng: np.random.Generator) -> Array:
    """Draws from the Gaussian around a density's mode, shape (draws, n).

    Parameters
    ----------
    density
        What is approximated.
    draws
        How many.
    rng
        Source of randomness.
    """
    mode = _mode(density)
    return np.asarray(mode + rng.standard_normal((draws, density.size)) @ _spread(density, mode).T)


def _mode(density: FusedDensity) -> Array:
    from scipy.optimize import minimize

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = density(theta)
        # a finite wall where the density is none, from which the line search turns back
        return (-value, -slope) if np.isfinite(value) else (1e10, np.zeros_like(theta))

    optimum = minimize(loss, density.centre, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxcor": 30})
    return np.asarray(optimum.x)


def _spread(density: FusedDensity, mode: Array) -> Array:
    """A square root of the inverse curvature at the mode, directions of no curvature held to unit spread."""
    size, step = len(mode), 1e-4
    curvature = np.empty((size, size))
    for place in range(size):
        shift = step * np.eye(size)[place]
        curvature[place] = (density(mode - shift)[1] - density(mode + shift)[1]) / (2 * step)
    # halves of both triangles, for differences are not quite symmetric; a direction in which the density is flatter
    # than a standard normal, or even rises, gets the prior's usual width, so that no draw runs away
    values, directions = np.linalg.eigh((curvature + curvature.T) / 2)
    return np.asarray(directions / np.sqrt(np.maximum(values, 1.0)))
