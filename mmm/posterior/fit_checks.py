"""Checks of a fit against what was observed, as Findings."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.arrays import Array
from mmm.posterior.after_spend import after_spend
from mmm.posterior.before_spend import before_spend
from mmm.posterior.effect_changes import effect_changes
from mmm.posterior.level_shift import level_shift
from mmm.posterior.monthly_misses import monthly_misses
from mmm.posterior.pauses import begin_or_end_once, pauses_unseen
from mmm.posterior.raised_together import raised_together
from mmm.posterior.residual_checks import autocorrelation, unexplained_weeks, yearly_misses
from mmm.posterior.residuals import Predictive, Residuals
from mmm.posterior.sign_checks import falls_with_spend
from mmm.posterior.single_weeks import single_weeks

__all__ = ["GATE", "check_residuals", "check_sense"]

GATE = ("r_hat", "ess_bulk", "ess_tail", "divergences")
"""Names of the findings that decide whether a fit has converged."""

_EXPLAINED = 0.5


def check_sense(observed: Array, predicted: Predictive, baseline: Array) -> tuple[Finding, ...]:
    """Whether a fit makes sense, by the likelihood's own predictive distribution.

    Parameters
    ----------
    observed
        KPI by period, shape (T,).
    predicted
        What the posterior expects, and draws of it with the likelihood's noise.
    baseline
        Posterior mean of the baseline, shape (T,).

    Notes
    -----
    The share of variance explained is that of the expectation in expectation and noise together (Gelman, Goodrich,
    Gabry, Vehtari 2019, "R-squared for Bayesian Regression Models"), so that one odd week which the likelihood allows
    for does not decide it.
    """
    low, high = np.quantile(predicted.drawn, [0.05, 0.95], axis=1)
    coverage = float(((observed >= low) & (observed <= high)).mean())
    margin = 3.0 * float(np.sqrt(0.09 / len(observed)))
    negative = float((baseline < 0).mean())
    moved = float(predicted.mean.mean(axis=1).var())
    noise = float((predicted.drawn - predicted.mean).var(axis=1).mean())
    explained = moved / max(moved + noise, 1e-300)
    return (
        Finding(
            "predictive_coverage",
            bool(coverage >= 0.9 - margin),
            coverage,
            0.9 - margin,
            f"{percent(coverage)} of the periods lie inside their 90 % predictive interval.",
        ),
        Finding(
            "baseline_positive",
            negative == 0.0,
            negative,
            0.0,
            "The baseline is positive throughout."
            if negative == 0
            else f"The baseline is negative in {percent(negative)} of the periods: media are credited with too much. "
            "Keep only weeks in which people could buy, name what else moves demand, or say what is known of a "
            "channel's CAC (mmm.CostPerCustomer).",
        ),
        Finding("r_squared", explained > _EXPLAINED, explained, _EXPLAINED, _said_of(explained)),
    )


def _said_of(explained: float) -> str:
    said = f"The model explains {percent(explained)} of the variance."
    if explained > _EXPLAINED:
        return said
    return f"{said} The rest follows nothing in the table: name what else moves demand (prices, promotions, stock)."


def check_residuals(residuals: Residuals) -> tuple[Finding, ...]:
    """Whether what a fit leaves of the KPI has a pattern: by lag, week of the year, from a week on, date or channel."""
    return (
        *autocorrelation(residuals),
        yearly_misses(residuals),
        monthly_misses(residuals),
        level_shift(residuals),
        unexplained_weeks(residuals),
        falls_with_spend(residuals),
        before_spend(residuals),
        after_spend(residuals),
        effect_changes(residuals),
        single_weeks(residuals),
        raised_together(residuals),
        pauses_unseen(residuals),
        begin_or_end_once(residuals),
    )
