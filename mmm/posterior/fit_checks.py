"""Checks of a fit against what was observed, as Findings."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import decimal, percent
from mmm.arrays import Array

__all__ = ["GATE", "check_sense"]

GATE = ("r_hat", "ess_bulk", "ess_tail", "divergences")
"""Names of the findings that decide whether a fit has converged."""


def check_sense(observed: Array, mean: Array, low: Array, high: Array, baseline: Array) -> tuple[Finding, ...]:
    """Whether a fit makes sense.

    Parameters
    ----------
    observed
        KPI by period, shape (T,).
    mean, low, high
        Posterior predictive mean and 5 % and 95 % points, shape (T,).
    baseline
        Posterior mean of the baseline, shape (T,).
    """
    coverage = float(((observed >= low) & (observed <= high)).mean())
    margin = 3.0 * float(np.sqrt(0.09 / len(observed)))
    negative = float((baseline < 0).mean())
    residual = observed - mean
    spread = float((residual**2).sum())
    carry = float((residual[1:] * residual[:-1]).sum() / spread) if spread > 0 else 0.0
    explained = 1.0 - spread / max(float(((observed - observed.mean()) ** 2).sum()), 1e-300)
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
            else f"The baseline is negative in {percent(negative)} of the periods: media are credited with too much.",
        ),
        Finding(
            "residual_autocorrelation",
            abs(carry) < 0.4,
            carry,
            0.4,
            f"Residuals of neighbouring periods correlate by {decimal(carry, 2)}.",
        ),
        Finding(
            "r_squared", explained > 0.5, explained, 0.5, f"The model explains {percent(explained)} of the variance."
        ),
    )
