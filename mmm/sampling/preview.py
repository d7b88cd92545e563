"""preview: the posterior's mode and a Gaussian around it (``laplace``), in well under a second."""

from __future__ import annotations

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.fit_checks import GATE
from mmm.posterior.posterior import Posterior
from mmm.sampling.from_draws import assemble
from mmm.sampling.laplace import around_mode
from mmm.sampling.prepared import prepare
from mmm.sampling.usable import require_kinds

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
    require_kinds(panel, model)
    if len(panel.geos) > 1:
        remedy = "fit it with draws=200, tune=300, or sum the geos."
        raise BadInput(Problem("preview", "a panel by geo has no mode that stands for its posterior.", remedy=remedy))
    prepared = prepare(panel, model)
    theta = around_mode(prepared.problem.fused(), draws, np.random.default_rng([seed, 0]))
    text = "A preview around the posterior's mode, not a sample from it; fit before deciding on it."
    calm = {name: np.zeros((1, draws)) for name in ("diverging", "n_steps", "energy")}
    gate = tuple(Finding(name, False, None, None, text) for name in (*GATE, "preview"))
    return assemble(prepared, theta[None], calm, gate, seed)
