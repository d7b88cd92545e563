"""The fused kernel and the PyMC graph, sampled by nutpie's own front end, give one posterior."""

import numpy as np
import pytest

import mmm
from mmm.sampling.convergence import ess_bulk
from mmm.sampling.prepared import prepare

pytestmark = pytest.mark.long

MODELS = {
    "normal": mmm.Model(saturation=mmm.MichaelisMentenSaturation(), season=mmm.Season(order=1)),
    "student": mmm.Model(
        saturation=mmm.MichaelisMentenSaturation(),
        season=mmm.Season(order=1),
        likelihood=mmm.StudentTLikelihood(),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_kernel_and_graph_give_one_posterior(company, name):
    """Means and spreads of every media parameter agree within five Monte Carlo standard errors."""
    import nutpie

    from mmm.sampling.pymc_graph import (
        build,  # not above: workers that load ArviZ at the same time write one file of its own
    )

    frame, _ = company(weeks=80, seed=2)
    panel = mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search"], ["price"])
    fitted = mmm.fit(panel, MODELS[name], draws=1000, tune=500, seed=1)
    compiled = nutpie.compile_pymc_model(build(panel, MODELS[name]), backend="numba")
    sampled = nutpie.sample(compiled, draws=1000, tune=500, chains=4, seed=1, progress_bar=False).posterior
    pairs = [(fitted.draws["sigma"][..., None], sampled["sigma"].to_numpy()[..., None])]
    for block in prepare(panel, MODELS[name]).layout.blocks:
        label = f"{block.name}_{type(block.priors[0]).__name__}_{block.start}"
        pairs.append((fitted.draws[block.name][..., list(block.channels)], sampled[label].to_numpy()))
    for ours, theirs in pairs:
        for one, other in ((ours, theirs), (ours**2, theirs**2)):
            error = np.sqrt(sum(draws.var(axis=(0, 1)) / ess_bulk(draws) for draws in (one, other)))
            assert (np.abs(one.mean(axis=(0, 1)) - other.mean(axis=(0, 1))) < 5 * error).all()
