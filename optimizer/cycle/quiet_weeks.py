"""What coming weeks are where nothing is wrong: of all customers by the model, of one figure by its own past."""

from __future__ import annotations

import numpy as np

from attribution.arrays import Array
from mmm.posterior.unseen import Unseen
from optimizer.cycle.sequential import Quiet

__all__ = ["LEAST_HISTORY", "autocorrelation", "by_the_model", "by_the_past"]

LEAST_HISTORY = 26
_HIGHEST = 0.9
_ROUNDS = 5
_POWERS = (0.0, 0.5, 1.0)  # of the level, that noise may grow with
_FIRST_SD = 0.5  # of a slope about what is expected of it


def by_the_model(expected: Unseen, fitted: Array, kpi: Array) -> Quiet:
    """All customers of unseen weeks, by the draws of a fit.

    The noise is as large as what the fit leaves unexplained, freed of what its parameters took out of that, grows with
    the level of customers as far as that does, and neighbouring weeks err as much alike.

    Parameters
    ----------
    expected
        Of the unseen weeks.
    fitted, kpi
        Expected and observed customers of the weeks that were fitted, shapes (T0, S) and (T0,).
    """
    level, coming = np.maximum(fitted.mean(axis=1), 1e-9), np.maximum(expected.mean.mean(axis=1), 1e-9)
    left = kpi - level
    power = min(
        _POWERS, key=lambda power: np.log(np.mean((left / level**power) ** 2)) / 2 + power * np.log(level).mean()
    )
    parameters = min(float(fitted.var(axis=1).sum() / max(left.var(), 1e-300)), len(left) / 2)
    unexplained = left / level**power
    spread = np.sqrt((unexplained**2).sum() / (len(left) - parameters)) + 1e-12
    alike = autocorrelation(unexplained, parameters)
    ahead = alike ** np.arange(1, len(coming) + 1) * unexplained[-1]
    noise = _noise(np.asarray(spread * coming**power), alike)
    covariance = np.cov(expected.mean).reshape(noise.shape) + noise
    return Quiet(coming + ahead * coming**power, covariance)


def by_the_past(past: Array, columns: Array, coming: Array, usual: Array, few: Array) -> Quiet:
    """A figure of unseen weeks by a regression on its past, with neighbouring weeks that err alike.

    Parameters
    ----------
    past
        The figure, shape (T0,).
    columns, coming
        What it may depend on, past and unseen, shapes (T0, K) and (T, K); the first column is the level.
    usual
        Slope expected of each column, shape (K,); that of the level is left to the figure.
    few
        Variance of an unseen week that counts alone make, shape (T,).
    """
    prior = np.full(columns.shape[1], _FIRST_SD**-2)
    prior[0] = 1e-6
    spread, alike = float(np.var(past - past.mean())) + 1e-12, 0.0
    slopes, inverse = np.array(usual), np.diag(1 / prior)
    for _ in range(_ROUNDS):
        table, answer = _whitened(columns, alike), _whitened(past[:, None], alike)[:, 0]
        inverse = np.asarray(np.linalg.inv(table.T @ table / spread + np.diag(prior)))
        slopes = np.asarray(inverse @ (table.T @ answer / spread + prior * usual))
        left = past - columns @ slopes
        free = max(len(past) - columns.shape[1], 1)
        alike = autocorrelation(left, columns.shape[1])
        spread = float((_whitened(left[:, None], alike)[:, 0] ** 2).sum() / free) + 1e-12
    sd = np.sqrt(np.full(len(coming), spread / (1 - alike**2)))
    ahead = alike ** np.arange(1, len(coming) + 1)
    covariance = coming @ inverse @ coming.T + _noise(sd, alike) + np.diag(few)
    return Quiet(coming @ slopes + ahead * left[-1], covariance)


def autocorrelation(left: Array, parameters: float) -> float:
    """Correlation of neighbouring residuals, from 0 to 0.9, freed of what so many parameters take out of it."""
    if len(left) < 3 or not left.any():
        return 0.0
    alike = float(left[1:] @ left[:-1] / (left @ left)) + (1 + parameters) / len(left)
    return float(np.clip(alike, 0.0, _HIGHEST))


def _noise(sd: Array, alike: float) -> Array:
    """Covariance of the noise of coming weeks, the last one before them known."""
    weeks = np.arange(1, len(sd) + 1)
    shape = alike ** np.abs(weeks[:, None] - weeks) - alike ** (weeks[:, None] + weeks) if alike else np.eye(len(sd))
    return np.asarray(sd[:, None] * sd * shape)


def _whitened(table: Array, alike: float) -> Array:
    return np.asarray(np.vstack([table[:1] * np.sqrt(1 - alike**2), table[1:] - alike * table[:-1]]))
