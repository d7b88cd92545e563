"""Validation: forecasts of periods that a model did not see, against a seasonal naive forecast and no media."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from mmm.baseline import design
from mmm.conjugate import coefficient_draws
from mmm.fitting import fit
from mmm.panel import Panel
from mmm.posterior import Posterior
from mmm.priors import Array
from mmm.scoring import Scores, score
from mmm.specification import Model

__all__ = ["Backtest", "hold_out", "predict", "rolling_origin"]

_TOTAL_LIMIT = 0.15


@dataclass(frozen=True, eq=False)
class Backtest:
    """Scores of forecasts from several origins.

    Parameters
    ----------
    table
        One row per origin and forecaster: ``origin`` (first day forecast), ``forecaster`` (model, seasonal_naive,
        no_media), crps, mape, coverage, total_error, total_covered, and for the model ``converged``.
    observed, predicted
        What happened and the model's draws, by origin: shapes (horizon,) and (horizon, S).
    """

    table: pd.DataFrame
    observed: tuple[Array, ...]
    predicted: tuple[Array, ...]

    def summary(self) -> pd.DataFrame:
        """Mean scores by forecaster; ``total_error`` as mean absolute."""
        table = self.table.assign(
            total_error=self.table["total_error"].abs(), total_covered=self.table["total_covered"].astype(float)
        )
        return table.groupby("forecaster", sort=False)[
            ["crps", "mape", "coverage", "total_error", "total_covered"]
        ].mean()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Whether the model beats both other forecasts, and whether its intervals hold."""
        means = {str(name): dict(row) for name, row in self.summary().iterrows()}
        model = {name: float(value) for name, value in means["model"].items()}
        points = sum(len(values) for values in self.observed)
        limit = 0.9 - 3.0 * float(np.sqrt(0.09 / points))
        text = f"{model['coverage']:.0%} of {points} unseen periods lie inside their 90 % interval."
        found = [Finding("holdout_coverage", model["coverage"] >= limit, model["coverage"], limit, text)]
        for name, label in (("seasonal_naive", "last year's figures"), ("no_media", "a model without media")):
            ratio = model["crps"] / float(means[name]["crps"])
            text = f"Forecast error is {ratio:.2f} times that of {label} (CRPS on unseen periods)."
            found.append(Finding(f"beats_{name}", ratio < 1.0, ratio, 1.0, text))
        missed = model["total_error"]
        text = f"Unseen totals were missed by {missed:.1%} on average."
        return (*found, Finding("holdout_total", missed < _TOTAL_LIMIT, missed, _TOTAL_LIMIT, text))


def predict(posterior: Posterior, coming: Panel) -> Array:
    """Predictive draws of the KPI for the periods after a posterior's panel, their spend and controls known.

    Parameters
    ----------
    posterior
        Fitted on the periods before.
    coming
        The periods that follow at once, with at least the posterior's channels.

    Returns
    -------
    Shape (periods, S), in customers.
    """
    chosen = coming.with_channels(posterior.channels)
    rng = np.random.default_rng([posterior.seed, 5])
    past, model = posterior.panel, posterior.model
    total = np.zeros((chosen.periods, posterior.n_draws))
    for geo, cell in enumerate(posterior.cells):
        terms = design(past, model.trend, model.seasons, chosen.dates, chosen.controls[geo])
        mean = terms.matrix @ cell.coefficients.T
        for place, channel in enumerate(cell.channels):
            coming_driver = chosen.media[geo, :, place] / past.media_units[geo, place]
            mean = mean + channel.contribution(np.concatenate([channel.media, coming_driver]))[-chosen.periods :]
        total += model.likelihood.predict(rng, mean, cell.sigma, cell.unit) * cell.unit
    return total


def hold_out(panel: Panel, model: Model | None = None, horizon: int = 13, seed: int = 0) -> Backtest:
    """Fit without the last ``horizon`` periods and forecast them."""
    return rolling_origin(panel, model, folds=1, horizon=horizon, seed=seed)


def rolling_origin(
    panel: Panel,
    model: Model | None = None,
    folds: int = 4,
    horizon: int = 13,
    draws: int = 500,
    seed: int = 0,
) -> Backtest:
    """Forecast the last ``folds`` x ``horizon`` periods, each block from all that came before it.

    Parameters
    ----------
    panel, model
        As in :func:`mmm.fit`.
    folds, horizon
        How many origins, and how many periods after each.
    draws
        Per chain of each fit.
    seed
        The same inputs and seed give the same scores.

    Raises
    ------
    BadInput
        Where the panel is too short for that.
    """
    model = Model() if model is None else model
    first = panel.periods - folds * horizon
    if first < 52 * 7 // panel.days:
        remedy = "lower folds or horizon, or lengthen the panel."
        raise BadInput(Problem("panel", f"leaves {first} periods before the first forecast.", remedy=remedy))
    rows, observed, predicted = [], [], []
    for origin in range(first, panel.periods, horizon):
        past, coming = panel.select(0, origin), panel.select(origin, origin + horizon)
        posterior = fit(past, model, draws=draws, tune=draws, seed=seed)
        drawn, happened = predict(posterior, coming), coming.kpi.sum(axis=0)
        observed.append(happened)
        predicted.append(drawn)
        start = coming.dates[0]
        rows.append(_row(start, "model", score(drawn, happened), posterior.converged))
        rows.append(_row(start, "seasonal_naive", score(_seasonal_naive(past, coming, seed), happened), True))
        rows.append(_row(start, "no_media", score(_no_media(past, coming, model, seed), happened), True))
    return Backtest(pd.DataFrame(rows), tuple(observed), tuple(predicted))


def _row(origin: pd.Timestamp, forecaster: str, scores: Scores, converged: bool) -> dict[str, object]:
    return {"origin": origin, "forecaster": forecaster, **asdict(scores), "converged": converged}


def _seasonal_naive(past: Panel, coming: Panel, seed: int) -> Array:
    """The same weeks of last year, with the spread of such differences in the past; shape (periods, 2000)."""
    year = round(364 / past.days)
    history = past.kpi.sum(axis=0)
    places = past.periods + np.arange(coming.periods) - year
    centre = history[np.where(places < past.periods, places, places - year)]
    lag = year if past.periods > year + 8 else 1
    spread = float(np.std(history[lag:] - history[:-lag]))
    rng = np.random.default_rng([seed, 6])
    return np.asarray(centre[:, None] + spread * rng.standard_normal((coming.periods, 2000)))


def _no_media(past: Panel, coming: Panel, model: Model, seed: int) -> Array:
    """The model's baseline alone, fitted to the whole KPI; shape (periods, 2000)."""
    outcome = past.kpi.sum(axis=0)
    unit = float(outcome.mean())
    kpi = outcome / unit
    here = design(past, model.trend, model.seasons)
    there = design(past, model.trend, model.seasons, coming.dates, coming.controls[0])
    fitted = here.matrix @ np.linalg.lstsq(here.matrix, kpi, rcond=1e-8)[0]
    spare = max(len(kpi) - here.matrix.shape[1], 1)
    rng = np.random.default_rng([seed, 7])
    variance = ((kpi - fitted) ** 2).sum() / rng.chisquare(spare, 2000)
    sigma = np.sqrt(variance)
    scale = here.sd / float(np.sqrt(np.median(variance)))
    drawn = coefficient_draws(np.repeat(kpi[:, None], 2000, axis=1), sigma, here.matrix, scale, rng)
    mean = there.matrix @ drawn.T
    return np.asarray((mean + sigma * rng.standard_normal(mean.shape)) * unit)
