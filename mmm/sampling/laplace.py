"""Laplace: a density's mode, its curvature there, and draws from the Gaussian that has both.

    θ ~ N(mode, H⁻¹),   H the curvature of -log density at the mode

The mode comes from L-BFGS on the kernel's gradient, H from central differences of that gradient. With the
eigendecomposition H = W λ Wᵀ draws are mode + W λ^(-1/2) z.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from mmm.sampling.fused_density import FusedDensity

__all__ = ["around_mode"]


def around_mode(
    density: FusedDensity, draws: int, rng: np.random.Generator, held: npt.NDArray[np.int64] | None = None
) -> Array:
    """Draws from the Gaussian around a density's mode, shape (draws, n).

    Parameters
    ----------
    density
        What is approximated.
    draws
        How many.
    rng
        Source of randomness.
    held
        Coordinates that stay where chains start, for a density whose mode in all of them stands for nothing.
    """
    free = np.setdiff1d(np.arange(density.size), [] if held is None else held)
    mode = _mode(density, free)
    theta = np.repeat(mode[None], draws, axis=0)
    theta[:, free] += rng.standard_normal((draws, len(free))) @ _spread(density, mode, free).T
    return theta


def _mode(density: FusedDensity, free: npt.NDArray[np.int64]) -> Array:
    from scipy.optimize import minimize

    mode = density.centre.copy()

    def loss(theta: Array) -> tuple[float, Array]:
        mode[free] = theta
        value, slope = density(mode)
        # a finite wall where the density is none, from which the line search turns back
        return (-value, -slope[free]) if np.isfinite(value) else (1e10, np.zeros_like(theta))

    found = minimize(loss, density.centre[free], jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxcor": 30})
    mode[free] = found.x
    return mode


def _spread(density: FusedDensity, mode: Array, free: npt.NDArray[np.int64]) -> Array:
    """A square root of the inverse curvature at the mode, directions of no curvature held to unit spread."""
    step = 1e-4
    curvature = np.empty((len(free), len(free)))
    for row, place in enumerate(free):
        shift = np.zeros_like(mode)
        shift[place] = step
        curvature[row] = (density(mode - shift)[1] - density(mode + shift)[1])[free] / (2 * step)
    # halves of both triangles, for differences are not quite symmetric; a direction in which the density is flatter
    # than a standard normal, or even rises, gets the prior's usual width, so that no draw runs away
    values, directions = np.linalg.eigh((curvature + curvature.T) / 2)
    return np.asarray(directions / np.sqrt(np.maximum(values, 1.0)))
