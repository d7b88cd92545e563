"""How well a fit predicts each period from all others, without fitting again.

Given the parameters θ, a normal KPI with an integrated baseline has residuals r = y - media with the precision
Q = (I - B Bᵀ) / sigma², and period i given all others is normal with

    mean_i = y_i - (Q r)_i / Q_ii,   variance_i = 1 / Q_ii

(Bürkner, Gabry, Vehtari 2021, section 2.1): the baseline's coefficients are integrated out again without period i.
Under the other likelihoods periods are independent given the parameters. What remains is the average over θ as the
other periods alone would have it, by importance weights 1 / p(y_i | y_-i, θ), Pareto-smoothed (Vehtari, Gelman, Gabry
2017).

References
----------
Vehtari, Gelman, Gabry (2017), "Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC",
Statistics and Computing 27.
Bürkner, Gabry, Vehtari (2021), "Efficient leave-one-out cross-validation for Bayesian non-factorized normal and
Student-t models", Computational Statistics 36.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mmm.arrays import Array
from mmm.checks.pareto_smoothing import smoothed
from mmm.posterior.posterior import Posterior
from mmm.sampling.prepared import prepare

__all__ = ["LeftOut", "leave_one_out", "left_out_normal"]

_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Log predictive density of each period given all others.

    Parameters
    ----------
    log_density
        In units of the mean KPI, or of counts under a likelihood of counts, shape (T,).
    shape
        Of the importance weights' tail, shape (T,); above 0.7 the figure of a period is rough.
    """

    log_density: Array
    shape: Array

    @property
    def total(self) -> float:
        """Sum over the periods: the expected log predictive density (elpd)."""
        return float(self.log_density.sum())

    @classmethod
    def averaged(cls, given: Array) -> Self:
        """From log densities of each period given all others and the parameters, by draw, shape (T, S)."""
        density, shape = np.empty(len(given)), np.empty(len(given))
        for period, values in enumerate(given):
            weights, shape[period] = smoothed(-values)
            density[period] = np.logaddexp.reduce(weights + values)
        return cls(density, shape)


def leave_one_out(posterior: Posterior) -> LeftOut:
    """Log predictive densities of a national fit's periods, each left out; of at most about 1000 draws."""
    rows = np.arange(0, posterior.n_draws, max(posterior.n_draws // _DRAWS, 1))
    (cell,), likelihood = posterior.cells, posterior.model.likelihood
    kpi, sigma = posterior.panel.kpi[0] / cell.unit, cell.sigma[rows]
    if likelihood.integrates:
        media = np.sum([channel.contribution()[:, rows] for channel in cell.channels], axis=0)
        without_tests = replace(posterior.model, lift_tests=())  # they cost time and leave the baseline as it is
        columns = prepare(posterior.panel, without_tests).problem.columns
        mean, noise = left_out_normal(kpi, kpi[:, None] - media, sigma, columns)
    else:
        mean, noise = cell.mean()[:, rows], np.broadcast_to(sigma, (len(kpi), len(rows)))
    return LeftOut.averaged(likelihood.log_density(kpi[:, None], mean, noise, cell.unit))


def left_out_normal(kpi: Array, residual: Array, sigma: Array, columns: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each period given all others and the parameters.

    Parameters
    ----------
    kpi
        Shape (T,).
    residual
        KPI less media by draw, shape (T, S).
    sigma
        Shape (S,).
    columns
        B of the precision (I - B Bᵀ) / sigma², shape (T, R).

    Returns
    -------
    Both of shape (T, S).
    """
    own = 1.0 - (columns**2).sum(axis=1)
    pulled = residual - columns @ (columns.T @ residual)
    return kpi[:, None] - pulled / own[:, None], sigma / np.sqrt(own)[:, None]
