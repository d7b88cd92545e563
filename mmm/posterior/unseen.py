"""Unseen: what a posterior expects of periods that it was not fitted to, their spend and controls known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.baseline import wandering
from mmm.posterior.media import shared_noise
from mmm.posterior.posterior import Posterior

__all__ = ["Unseen", "unseen"]


@dataclass(frozen=True, eq=False)
class Unseen:
    """What is expected of the periods after a panel, all geos together, in customers.

    Parameters
    ----------
    mean
        Expected KPI by draw, shape (T, S).
    drawn
        The same with the noise of single periods, shape (T, S).
    brought
        Expected customers that each channel with spend brings, carryover included, shape (C, T).
    """

    mean: Array
    drawn: Array
    brought: Array


def unseen(posterior: Posterior, coming: Panel) -> Unseen:
    """What a posterior expects of the periods that follow its panel at once.

    Parameters
    ----------
    posterior
        Fitted on the periods before.
    coming
        The periods, with at least the posterior's channels.
    """
    chosen = coming.with_channels(posterior.channels, posterior.organic_channels)
    rng = np.random.default_rng([posterior.seed, 5])
    past, model, draws = posterior.panel, posterior.model, posterior.n_draws
    expected, drawn = np.zeros((chosen.periods, draws)), np.zeros((chosen.periods, draws))
    brought = np.zeros((len(posterior.channels), chosen.periods))
    for geo, cell in enumerate(posterior.cells):
        terms = model.design(past, geo, chosen.dates, chosen.controls[geo])
        mean = terms.matrix @ cell.coefficients.T
        mean = mean + wandering(past, model.trends, chosen.dates, draws, rng)
        for place, channel in enumerate(cell.channels):
            driver = chosen.media[geo, :, place] / past.media_units[geo, place]
            often = chosen.frequency[geo, :, place] if chosen.frequency is not None and past.by_reach[place] else None
            gained = channel.coming(driver, often)
            mean = mean + gained
            if place < len(brought):
                brought[place] += gained.mean(axis=1) * cell.unit
        expected += mean * cell.unit
        drawn += model.likelihood.predict(rng, mean, cell.sigma, cell.unit) * cell.unit
    return Unseen(expected, drawn + shared_noise(posterior.cells, chosen.periods, rng), brought)
