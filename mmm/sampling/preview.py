"""preview: the posterior's mode and a Gaussian around it (Laplace), in well under a second.

    θ ~ N(mode, H⁻¹),   H the curvature of -log density at the mode

The mode comes from L-BFGS on the kernel's gradient, H from central differences of that gradient. With the
eigendecomposition H = W λ Wᵀ draws are mode + W λ^(-1/2) z.
"""

from __future__ import annotations

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.fit_checks import GATE
from mmm.posterior.posterior import Posterior
from mmm.sampling.from_draws import assemble
from mmm.sampling.fused_density import FusedDensity
from mmm.sampling.prepared import prepare

__all__ = ["preview"]


def preview(panel: Panel, model: Model | None = None, draws: int = 1000, seed: int = 0) -> Posterior:
    """Approximate a posterior by its mode and curvature (Laplace), to look before one samples.

    The result answers everything that a sampled posterior does, but its intervals are rough and it never counts as
    converged: a finding named ``preview`` says so.

    Parameters
    ----------
    panel, model
        As in :func:`mmm.fit`.
    draws
        From the Gaussian around the mode.
    seed
        The same inputs and seed give the same draws.

    Raises
    ------
    BadInput
        As :func:`mmm.fit` does; also of a panel by geo, whose mode lies far from its posterior's middle.
    """
    if len(panel.geos) > 1:
        remedy = "fit it with draws=200, tune=300, or sum the geos."
        raise BadInput(Problem("preview", "a panel by geo has no mode that stands for its posterior.", remedy=remedy))
    prepared = prepare(panel, model)
    density = prepared.problem.fused()
    mode = _mode(density)
    spread = _spread(density, mode)
    noise = np.random.default_rng([seed, 0]).standard_normal((draws, density.size))
    theta = mode + noise @ spread.T
    text = "A preview around the posterior's mode, not a sample from it; fit before deciding on it."
    calm = {name: np.zeros((1, draws)) for name in ("diverging", "n_steps", "energy")}
    gate = tuple(Finding(name, False, None, None, text) for name in (*GATE, "preview"))
    return assemble(prepared, theta[None], calm, gate, seed)


def _mode(density: FusedDensity) -> Array:
    from scipy.optimize import minimize

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = density(theta)
        # a finite wall where the density is none, from which the line search turns back
        return (-value, -slope) if np.isfinite(value) else (1e10, np.zeros_like(theta))

    found = minimize(loss, density.centre, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxcor": 30})
    return np.asarray(found.x)


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
