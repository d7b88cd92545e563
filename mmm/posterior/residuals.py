"""What a fit leaves of the KPI, period by period, on one scale whatever the likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.model import Likelihood
from mmm.posterior.media import Cell, shared_noise

__all__ = ["Predictive", "Residuals", "normal_scores", "predictive"]

_DRAWS = 400
_MOVES = 0.25


@dataclass(frozen=True, eq=False)
class Predictive:
    """What a posterior expects of each period, all geos together, in customers, shapes (T, S).

    Parameters
    ----------
    mean
        Expected KPI.
    drawn
        The same with the noise of single periods.
    """

    mean: Array
    drawn: Array


def predictive(likelihood: Likelihood, cells: tuple[Cell, ...], rng: np.random.Generator) -> Predictive:
    """Draws of a panel's KPI from the posterior predictive distribution."""
    periods, draws = len(cells[0].matrix), len(cells[0].sigma)
    mean, drawn = np.zeros((periods, draws)), np.zeros((periods, draws))
    for cell in cells:
        expected = cell.mean()
        mean += expected * cell.unit
        drawn += likelihood.predict(rng, expected, cell.sigma, cell.unit) * cell.unit
    return Predictive(mean, drawn + shared_noise(cells, periods, rng))


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of a fit, with what is needed to ask where they come from.

    Parameters
    ----------
    panel
        What was fitted.
    expected
        Posterior mean of the KPI of all geos, shape (T,).
    scores
        Normal scores of the KPI under its predictive distribution, shape (T,): standard normal where the model holds.
    columns
        What the model can explain: the baseline's columns and what each channel brought, shape (T, K).
    """

    panel: Panel
    expected: Array
    scores: Array
    columns: Array

    @property
    def observed(self) -> Array:
        """KPI of all geos, shape (T,)."""
        return np.asarray(self.panel.kpi.sum(axis=0))

    @property
    def dates(self) -> pd.DatetimeIndex:
        """First day of each period."""
        return self.panel.dates

    def moving_with(self, pattern: Array) -> tuple[str, ...]:
        """Channels whose driver moves with a pattern of shape (T,), by weekly correlation freed of a trend."""
        media = self.panel.media.sum(axis=0)
        table = _weekly(np.column_stack([pattern, media]), self.panel.per_week)
        line = np.column_stack([np.ones(len(table)), np.arange(len(table))])
        table = table - line @ np.linalg.lstsq(line, table, rcond=None)[0]
        norms = np.sqrt((table**2).sum(axis=0))
        along = np.divide(table.T @ table[:, 0], norms * norms[0], out=np.zeros(len(norms)), where=norms > 0)
        return tuple(name for name, r in zip(self.panel.media_names, along[1:], strict=True) if abs(r) > _MOVES)


def normal_scores(panel: Panel, likelihood: Likelihood, cells: tuple[Cell, ...], drawn: Predictive) -> Array:
    """The standard normal values that are as far in their tails as the KPI is in its predictive distribution, (T,).

    So Student-t noise forgives what it expects, and counts their own variance. Of several geos the sum is held against
    the normal distribution of its predictive mean and variance.
    """
    from scipy.special import logsumexp, ndtri_exp  # dear to load, and reading tables needs none of it

    if len(cells) > 1:
        total = panel.kpi.sum(axis=0)
        return np.asarray((total - drawn.mean.mean(axis=1)) / drawn.drawn.std(axis=1))
    (cell,) = cells
    every = slice(None, None, max(len(cell.sigma) // _DRAWS, 1))
    mean, noise = drawn.mean[:, every] / cell.unit, cell.sigma[every]
    below, above = likelihood.log_tails(panel.kpi[0][:, None] / cell.unit, mean, noise, cell.unit)
    low, high = (logsumexp(tail, axis=1) - np.log(tail.shape[1]) for tail in (below, above))
    scores = np.where(low < high, ndtri_exp(np.minimum(low, -1e-300)), -ndtri_exp(np.minimum(high, -1e-300)))
    return np.asarray(scores)


def _weekly(table: Array, per_week: int) -> Array:
    whole = len(table) // per_week * per_week
    return np.asarray(table[:whole].reshape(-1, per_week, table.shape[1]).sum(axis=1))
