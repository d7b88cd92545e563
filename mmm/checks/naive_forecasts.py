"""Forecasts that a mix model must beat: last year's figures, and the model without media."""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.baseline import design
from mmm.model.model import Model
from mmm.sampling.coefficients import coefficient_draws

__all__ = ["DRAWS", "no_media", "seasonal_naive"]

DRAWS = 2000


def seasonal_naive(past: Panel, coming: Panel, seed: int = 0) -> Array:
    """The same weeks of last year, with the spread of such differences in the past; shape (periods, 2000)."""
    year = round(364 / past.days)
    history = past.kpi.sum(axis=0)
    places = past.periods + np.arange(coming.periods) - year
    centre = history[np.where(places < past.periods, places, places - year)]
    lag = year if past.periods > year + 8 else 1
    spread = float(np.std(history[lag:] - history[:-lag]))
    rng = np.random.default_rng([seed, 6])
    return np.asarray(centre[:, None] + spread * rng.standard_normal((coming.periods, DRAWS)))


def no_media(past: Panel, coming: Panel, model: Model, seed: int = 0) -> Array:
    """The model's baseline alone, fitted to the whole KPI of each geo; shape (periods, 2000)."""
    rng = np.random.default_rng([seed, 7])
    total = np.zeros((coming.periods, DRAWS))
    for geo in range(len(past.geos)):
        total += _baseline_only(past, coming, model, geo, rng)
    return total


def _baseline_only(past: Panel, coming: Panel, model: Model, geo: int, rng: np.random.Generator) -> Array:
    unit = float(past.kpi[geo].mean())
    kpi = past.kpi[geo] / unit
    here = design(past, model.trend, model.seasons(past), controls=past.controls[geo])
    there = design(past, model.trend, model.seasons(past), coming.dates, coming.controls[geo])
    fitted = here.matrix @ np.linalg.lstsq(here.matrix, kpi, rcond=1e-8)[0]
    spare = max(len(kpi) - here.matrix.shape[1], 1)
    variance = ((kpi - fitted) ** 2).sum() / rng.chisquare(spare, DRAWS)
    sigma = np.sqrt(variance)
    scale = here.sd / float(np.sqrt(np.median(variance)))
    drawn = coefficient_draws(np.repeat(kpi[:, None], DRAWS, axis=1), sigma, here.matrix, scale, rng)
    mean = there.matrix @ drawn.T
    return np.asarray((mean + sigma * rng.standard_normal(mean.shape)) * unit)
