"""Simulation-based calibration: whether posterior intervals hold the truth as often as they say.

Parameters are drawn from the prior and a KPI from the model at each draw; the model is fitted to every KPI. Where
density, sampler and the baseline's recovery are right, the rank of each true value among its posterior draws is
uniform. The KPI is made by the NumPy formulas of :mod:`mmm.posterior.media`, so the compiled kernel is held against
them.

References
----------
Talts, Betancourt, Simpson, Vehtari, Gelman (2018), "Validating Bayesian Inference Algorithms with Simulation-Based
Calibration".
Cook, Gelman, Rubin (2006), "Validation of Software for Bayesian Models Using Posterior Quantiles", Journal of
Computational and Graphical Statistics 15(3).
Modrák et al. (2023), "Simulation-Based Calibration Checking for Bayesian Computation: The Choice of Test Quantities
Shapes Sensitivity", Bayesian Analysis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import significant
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.level import sampled
from mmm.model.model import Model
from mmm.posterior.posterior import Posterior
from mmm.sampling.fit import first_run
from mmm.sampling.from_draws import assemble
from mmm.sampling.prepared import Prepared, Stated, prepare
from mmm.sampling.until_converged import sample_until_converged

__all__ = ["Calibration", "simulated_ranks"]

_BINS = 8
_SECONDS = 20.0  # for each fit to converge; some draws from the prior are harder than data that one would fit


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranks of true values among posterior draws.

    Parameters
    ----------
    ranks
        One row per simulated KPI, one column per quantity: how many of its posterior draws lie below the truth.
    draws
        How many there are; the ranks run from 0 to this number.
    converged
        Whether each fit passed the convergence gate.
    """

    ranks: pd.DataFrame
    draws: int
    converged: tuple[bool, ...]

    def p_values(self) -> pd.Series:
        """Chance of ranks as uneven as these if they were uniform, by quantity.

        Thrice the least of three: chi-square over eight bins for any shape, and for normal scores of the ranks their
        mean (draws off to one side) and the sum of their squares (draws too narrow or too wide; Cook et al. 2006).
        """
        from scipy.special import chdtrc, ndtr, ndtri

        fits = len(self.ranks)
        places = self.ranks.to_numpy() * _BINS // (self.draws + 1)
        counts = np.stack([(places == place).sum(axis=0) for place in range(_BINS)])
        uneven = chdtrc(_BINS - 1, ((counts - fits / _BINS) ** 2).sum(axis=0) * _BINS / fits)
        even = ndtri((np.arange(self.draws + 1) + 0.5) / (self.draws + 1))
        scores = even[self.ranks.to_numpy()] / even.std()
        aside = 2 * ndtr(-np.abs(scores.sum(axis=0)) / np.sqrt(fits))
        wide = chdtrc(fits, (scores**2).sum(axis=0))
        least = np.min([uneven, aside, 2 * np.minimum(wide, 1 - wide)], axis=0)
        return pd.Series(np.minimum(3 * least, 1.0), index=self.ranks.columns)

    def finding(self, false_alarm: float = 0.001) -> Finding:
        """Whether all ranks pass for uniform, a wrong alarm being no likelier than ``false_alarm`` for all together."""
        values = self.p_values()
        worst, limit = str(values.idxmin()), false_alarm / len(values)
        least = float(values.min())
        chance = f"p = {significant(least)} over {len(self.ranks)} fits"
        text = f"The ranks of {worst} are the least even of {len(values)}, {chance}."
        return Finding("calibration", least >= limit, least, limit, text)


def simulated_ranks(panel: Panel, model: Model, fits: int = 64, draws: int = 63, seed: int = 0) -> Calibration:
    """Fit KPIs made from the prior, and rank what made them among the posterior draws.

    Parameters
    ----------
    panel
        Its media, controls and calendar are taken as they are, its KPI sets the scale of the prior only.
    model
        What is checked. Of counts only where the prior's expectation stays above zero, which is near enough: given
        such a KPI the posterior hardly reaches below.
    fits
        How many KPIs are made.
    draws
        To how many draws each posterior is thinned; one less than a multiple of eight.
    seed
        The same inputs and seed give the same ranks.

    Raises
    ------
    BadInput
        Where ``draws`` does not fit the bins, or the prior brings hardly any count.
    """
    if (draws + 1) % _BINS:
        remedy = f"give draws one less than a multiple of {_BINS}."
        text = f"has {draws} draws to rank among."
        raise BadInput(Problem("calibration", text, remedy=remedy))
    prepared = prepare(panel, model)
    problem = prepared.problem
    rng = np.random.default_rng([seed, 9])
    truth = _truth(prepared, fits, rng)
    mean = _means(truth)
    alone = [
        model.likelihood.predict(rng, one, cell.sigma, cell.unit) for one, cell in zip(mean, truth.cells, strict=True)
    ]
    made = np.stack(alone) + problem.shared_prior({name: truth.flat(name) for name in truth.draws}, rng)
    known = dict(_quantities(truth))
    known["misfit"] = ((made - mean) ** 2).sum(axis=(0, 1))
    rows, converged = [], []
    for fit in range(fits):
        kpi = np.ascontiguousarray(made[..., fit].reshape(problem.kpi.shape))
        quantities, fine = _refitted(prepared.with_kpi(kpi), draws, seed + fit)
        rows.append({name: int((values < known[name][fit]).sum()) for name, values in quantities.items()})
        converged.append(fine)
    return Calibration(pd.DataFrame(rows), draws, tuple(converged))


def _truth(prepared: Prepared, fits: int, rng: np.random.Generator) -> Posterior:
    """Draws from the prior; of counts, which nothing below zero can bring, those whose expectation stays above it."""
    panel, model, problem = prepared.panel, prepared.model, prepared.problem
    if not model.likelihood.counts:
        return Posterior(panel, model, _prior(problem, fits, rng), {}, ())
    drawn = Posterior(panel, model, _prior(problem, 16 * fits, rng), {}, ())
    possible = np.flatnonzero(_means(drawn).min(axis=(0, 1)) > 0)[:fits]
    if len(possible) < fits:
        remedy = "tighten the priors of the baseline, or ask for fewer fits."
        raise BadInput(Problem("calibration", "hardly any draw from the prior stays above zero.", remedy=remedy))
    return replace(drawn, draws={name: table[:, possible] for name, table in drawn.draws.items()})


def _prior(problem: Stated, fits: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draws of every parameter from its prior, of shape (1, fits, ...)."""
    drawn = sampled(problem.priors, rng, fits)
    columns = [prior.coordinate(column) for prior, column in zip(problem.priors, drawn.T, strict=True)]
    theta = np.stack(columns, axis=1)[None]
    values = problem.natural(theta)
    values["baseline"] = problem.baseline_sd(values) * rng.standard_normal((1, fits, *problem.scale.shape))
    return values


def _means(posterior: Posterior) -> Array:
    """Expected KPI in units of each geo's mean, shape (G, T, S)."""
    return np.stack([cell.mean() for cell in posterior.cells])


def _refitted(prepared: Prepared, draws: int, seed: int) -> tuple[dict[str, Array], bool]:
    """Thinned posterior draws of every quantity for one KPI, and whether the fit converged."""
    problem, panel = prepared.problem, prepared.panel
    settings = first_run(panel, 500 * min(len(panel.geos), 2), 500, 2, seed)
    sampled = sample_until_converged(problem.fused(), settings, time_budget=_SECONDS)
    length = sampled.draws.theta.shape[0] * sampled.draws.theta.shape[1]
    theta = sampled.draws.theta.reshape(1, length, -1)[:, (np.arange(draws) + 0.5).astype(int) * length // draws]
    posterior = assemble(prepared, theta, {}, sampled.verdict, seed)
    quantities = dict(_quantities(posterior))
    quantities["misfit"] = ((np.atleast_2d(problem.kpi)[..., None] - _means(posterior)) ** 2).sum(axis=(0, 1))
    return quantities, posterior.converged


def _quantities(posterior: Posterior) -> Iterator[tuple[str, Array]]:
    """Every parameter that moves, by name; shape (S,)."""
    for name in posterior.draws:
        table = posterior.flat(name)
        for place in range(int(np.prod(table.shape[1:]))):
            values = table.reshape(len(table), -1)[:, place]
            if not np.isnan(values).any():
                yield (f"{name} {place + 1}" if table.ndim > 1 else name), values
