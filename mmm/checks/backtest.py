"""Validation: forecasts of periods that a model did not see, against a seasonal naive forecast and no media."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import decimal, percent
from attribution.shown import shown
from mmm.arrays import Array
from mmm.checks.last_weeks import known_at_end
from mmm.checks.naive_forecasts import no_media, seasonal_naive
from mmm.checks.scores import Scores, score
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.model.ranges import require_number, whole
from mmm.posterior.posterior import Posterior
from mmm.posterior.unseen import unseen
from mmm.sampling.fit_many import Fits, fit_many

__all__ = ["Backtest", "Origins", "hold_out", "place_of_fits", "predict", "rolling_origin", "rolling_origins"]

_TOTAL_LIMIT = 0.15


@shown
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
        """Whether the fits converged, beat both other forecasts, and kept to their intervals."""
        means = {str(name): dict(row) for name, row in self.summary().iterrows()}
        model = {name: float(value) for name, value in means["model"].items()}
        points = sum(len(values) for values in self.observed)
        limit = 0.9 - 3.0 * float(np.sqrt(0.09 / points))
        text = f"{percent(model['coverage'])} of {points} unseen periods lie inside their 90 % interval."
        findings = [
            self._converged,
            Finding("holdout_coverage", model["coverage"] >= limit, model["coverage"], limit, text),
        ]
        for name, label in (("seasonal_naive", "last year's figures"), ("no_media", "a model without media")):
            ratio = model["crps"] / float(means[name]["crps"])
            text = f"Forecast error is {decimal(ratio, 2)} times that of {label} (CRPS on unseen periods)."
            findings.append(Finding(f"beats_{name}", ratio < 1.0, ratio, 1.0, text))
        naive = float(means["seasonal_naive"]["mape"])
        missed, by_last_year = (percent(share, decimals=1) for share in (model["mape"], naive))
        text = f"Single unseen periods were missed by {missed} on average, by last year's figures {by_last_year}."
        findings.append(Finding("holdout_mape", model["mape"] < naive, model["mape"], naive, text))
        total = model["total_error"]
        text = f"Unseen totals were missed by {percent(total, decimals=1)} on average."
        return (*findings, Finding("holdout_total", total < _TOTAL_LIMIT, total, _TOTAL_LIMIT, text))

    @property
    def _converged(self) -> Finding:
        fits = self.table[self.table["forecaster"] == "model"]
        missing = int((~fits["converged"].astype(bool)).sum())
        text = f"{len(fits) - missing} of {len(fits)} fits to the periods before converged."
        return Finding("holdout_converged", missing == 0, float(missing), 0.0, text)


@dataclass(frozen=True, eq=False)
class Origins:
    """The last periods of a panel in blocks, each to be forecast from all that came before it.

    Parameters
    ----------
    panel
        As given.
    folds, horizon
        How many blocks, and how many periods in each.

    Raises
    ------
    BadInput
        Where less than a year would stand before the first block.
    """

    panel: Panel
    folds: int = 4
    horizon: int = 13

    def __post_init__(self) -> None:
        require_number(self.folds, whole(1), "folds")
        require_number(self.horizon, whole(1), "horizon")
        first = self.panel.periods - self.folds * self.horizon
        if first < 52 * 7 // self.panel.days:
            remedy = "lower folds or horizon, or lengthen the panel."
            raise BadInput(Problem("panel", f"leaves {first} periods before the first forecast.", remedy=remedy))

    @property
    def blocks(self) -> tuple[tuple[Panel, Panel], ...]:
        """What is known at each origin, and what comes."""
        panel, first = self.panel, self.panel.periods - self.folds * self.horizon
        starts = range(first, panel.periods, self.horizon)
        return tuple((panel.select(0, start), panel.select(start, start + self.horizon)) for start in starts)


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
    return unseen(posterior, coming).drawn


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
    folder: str | os.PathLike[str] | None = None,
) -> Backtest:
    """Forecast the last ``folds`` x ``horizon`` periods, each block from all that came before it.

    Lift tests that ended after an origin are not known there and play no part in its fit.

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
    folder
        Where fits are kept, to be taken up again (:func:`mmm.fit_many`); nowhere where None.

    Raises
    ------
    BadInput
        Where the panel is too short for that.
    """
    origins = Origins(panel, folds, horizon)
    return rolling_origins(origins, {"model": Model() if model is None else model}, draws, seed, folder)["model"]


def rolling_origins(
    origins: Origins,
    models: Mapping[str, Model],
    draws: int = 500,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
) -> dict[str, Backtest]:
    """The backtest of every model from the same origins.

    Parameters
    ----------
    origins
        What is forecast from what.
    models
        By name.
    draws, seed, folder
        As in :func:`rolling_origin`.

    Raises
    ------
    FitFailed
        Where a fit failed; names each with its reason.
    """
    jobs = {
        _job(name, past): (past, known_at_end(model, past))
        for name, model in models.items()
        for past, _ in origins.blocks
    }
    with place_of_fits(folder) as home:
        fits = fit_many(jobs, home, draws=draws, tune=draws, seed=seed).checked()
        return {name: _backtest(name, model, origins, fits, seed) for name, model in models.items()}


def _job(name: str, past: Panel) -> str:
    return f"{name} before {past.after(1)[0].date().isoformat()}"


def place_of_fits(folder: str | os.PathLike[str] | None) -> AbstractContextManager[str | os.PathLike[str]]:
    """A folder to keep fits in: the one given, or one that is removed at the end."""
    return tempfile.TemporaryDirectory() if folder is None else nullcontext(folder)


def _backtest(name: str, model: Model, origins: Origins, fits: Fits, seed: int) -> Backtest:
    rows, observed, predicted = [], [], []
    for past, coming in origins.blocks:
        posterior = fits[_job(name, past)]
        drawn, happened = predict(posterior, coming), coming.kpi.sum(axis=0)
        observed.append(happened)
        predicted.append(drawn)
        start = coming.dates[0]
        rows.append(_row(start, "model", score(drawn, happened), posterior.converged))
        rows.append(_row(start, "seasonal_naive", score(seasonal_naive(past, coming, seed), happened), True))
        rows.append(_row(start, "no_media", score(no_media(past, coming, model, seed), happened), True))
    return Backtest(pd.DataFrame(rows), tuple(observed), tuple(predicted))


def _row(origin: pd.Timestamp, forecaster: str, scores: Scores, converged: bool) -> dict[str, object]:
    return {"origin": origin, "forecaster": forecaster, **asdict(scores), "converged": converged}
