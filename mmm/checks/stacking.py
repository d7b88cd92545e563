"""stack: several models of one panel, weighed by their forecasts, as one posterior that does not hang on one guess."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.estimates import ends_of, interval_of
from attribution.findings import Finding
from attribution.numbers import percent
from attribution.shown import shown
from mmm.arrays import Array
from mmm.checks.backtest import Backtest, Origins, place_of_fits, rolling_origins
from mmm.checks.pool import Pool
from mmm.checks.stacking_weights import PoolScores, bootstrap, pool_scores
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.posterior import Posterior
from mmm.sampling.fit_many import fit_many

__all__ = ["Stack", "stack"]

_BLOCK_DAYS = 28
_REPLICATES = 400
_WHOLE = "whole panel"


@final
@shown
@dataclass(frozen=True, eq=False)
class Stack(Pool):
    """Posteriors of several models on one panel, mixed in proportion to how well each forecasts.

    Parameters
    ----------
    posteriors
        On the whole panel, by name of the model.
    backtests
        Forecasts of each model from the same origins.
    replicates
        Stacking weights under Bayesian bootstrap replicates of the unseen weeks, shape (R, K).
    scores
        Mean CRPS of each model alone under the same replicates, shape (R, K).
    """

    posteriors: Mapping[str, Posterior]
    backtests: Mapping[str, Backtest]
    replicates: Array
    scores: Array

    @property
    def weights(self) -> pd.Series:
        """Share of each model in the draws: its stacking weight averaged over the replicates."""
        return pd.Series(self.replicates.mean(axis=0), index=list(self.names), name="weight")

    @property
    def n_draws(self) -> int:
        """Number of draws of the mixture."""
        return min(posterior.n_draws for posterior in self.posteriors.values())

    @property
    def table(self) -> pd.DataFrame:
        """One row per model: weight with its 5 % and 95 % points, scores of its forecasts, distance from the best.

        ``crps``, ``mape`` and ``coverage`` are means over unseen periods; ``behind`` is the relative excess of the CRPS
        over the best model's, with 5 % and 95 % points.
        """
        behind = self._behind()
        rows = {}
        for place, name in enumerate(self.names):
            scored = self.backtests[name].summary().to_dict(orient="index")["model"]
            rows[name] = {
                "weight": float(self.weights[name]),
                **_ends("weight", self.replicates[:, place]),
                **{score: float(scored[score]) for score in ("crps", "mape", "coverage")},
                "behind": float(np.median(behind[:, place])),
                **_ends("behind", behind[:, place]),
                "converged": self.posteriors[name].converged,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")

    @property
    def diagnostics(self) -> tuple[Finding, ...]:
        """Whether one model forecasts best, and the findings of every model that has a part in the draws."""
        own = [
            replace(finding, text=f"{name}: {finding.text}")
            for name in self.picks
            for finding in (*self.posteriors[name].diagnostics, *self.backtests[name].findings)
        ]
        return (self.told_apart, *own)

    @property
    def told_apart(self) -> Finding:
        """Whether one model forecasts better than every other by more than chance, with the sentence that says so."""
        behind, best = self._behind(), self._best
        low = np.quantile(behind, 0.05, axis=0)
        near = [place for place in range(len(self.names)) if place != best and low[place] <= 0]
        share = [percent(weight) for weight in self.weights]
        first = f"{self.names[best]} ({share[best]} of the draws)"
        if not near:
            text = f"{first} forecasts unseen periods better than every other model."
        else:
            others = ", ".join(
                f"{self.names[p]} ({percent(float(np.median(behind[:, p])), signed=True, decimals=1)}, {share[p]})"
                for p in near
            )
            text = (
                f"Forecasts of unseen periods cannot tell {first} from {others}: in brackets the error beyond that of "
                f"{self.names[best]} and the share of the draws. What is concluded rests on all of them."
            )
        return Finding("models_told_apart", not near, float(len(near)), 0.0, text)

    @property
    def _best(self) -> int:
        return int(self.scores.mean(axis=0).argmin())

    def _behind(self) -> Array:
        """Relative excess of each model's CRPS over the best one's, by replicate, shape (R, K)."""
        return np.asarray(self.scores / self.scores[:, [self._best]] - 1.0)


def stack(
    panel: Panel,
    models: Mapping[str, Model],
    folds: int = 4,
    horizon: int = 13,
    draws: int = 1000,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
) -> Stack:
    """Fit several models, weigh them by their forecasts of unseen periods, and mix their posteriors.

    Weights are those of stacking (Yao et al. 2018) with the CRPS as score, averaged over Bayesian bootstrap replicates
    of blocks of four unseen weeks: where forecasts favour none, each keeps a part of the draws.

    Parameters
    ----------
    panel
        What was spent and what came of it.
    models
        By name; they may differ in anything, such as ``{"hill": Model(), "logistic": Model(saturation=...)}``.
    folds, horizon
        How many blocks of unseen periods, and how many periods in each.
    draws
        Per chain, of every fit.
    seed
        The same inputs and seed give the same stack.
    folder
        Where fits are kept, to be taken up again (:func:`mmm.fit_many`); nowhere where None.

    Raises
    ------
    BadInput
        Where there are fewer than two models, or the panel is too short for the folds.
    FitFailed
        Where a fit failed; names each with its reason.
    """
    if len(models) < 2:
        raise BadInput(Problem("stack", f"was given {len(models)} models.", remedy="name two or more to weigh."))
    origins = Origins(panel, folds, horizon)
    with place_of_fits(folder) as home:
        whole = fit_many(
            {f"{name}, {_WHOLE}": (panel, model) for name, model in models.items()},
            home,
            draws=draws,
            tune=draws,
            seed=seed,
        ).checked()
        posteriors = {name: whole[f"{name}, {_WHOLE}"] for name in models}
        backtests = rolling_origins(origins, models, draws, seed, home)
    replicates, scores = bootstrap(_scores(backtests), max(_BLOCK_DAYS // panel.days, 1), _REPLICATES, seed)
    return Stack(posteriors, backtests, replicates, scores)


def _ends(name: str, draws: Array) -> dict[str, float]:
    return dict(zip(ends_of(name), map(float, interval_of(draws).values()), strict=True))


def _scores(backtests: Mapping[str, Backtest]) -> PoolScores:
    tests = tuple(backtests.values())
    folds = zip(*(test.predicted for test in tests), strict=True)
    parts = [pool_scores(predicted, seen) for predicted, seen in zip(folds, tests[0].observed, strict=True)]
    return PoolScores(np.concatenate([part.error for part in parts]), np.concatenate([part.spread for part in parts]))
