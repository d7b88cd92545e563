"""Rates of a funnel with intervals that know how much rates vary between periods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array
from attribution.economics.funnel import Funnel

__all__ = ["funnel_rates", "rate_draws"]

_MOST_LASTING = 0.9


def funnel_rates(funnel: Funnel) -> pd.DataFrame:
    """One row per channel and step.

    Counts of a step vary more from period to period than chance alone would have it; by how much is estimated
    (``dispersion``, 1 for chance alone; deviations that last from one period to the next count for more). Intervals
    are Wilson's with as many fewer people, and Student's quantiles for the few periods that told it.

    Parameters
    ----------
    funnel
        Checked counts.

    Returns
    -------
    ``channel``, ``before``, ``after``, ``entered``, ``passed``, ``lost``, ``rate``, ``rate_low``, ``rate_high`` (90 %),
    ``dispersion`` (NaN where one period tells nothing of it), ``effective`` (people that the rate is as sure as) and
    ``open`` (people beside those who entered, of whom it is too early to say).
    """
    rows = []
    for channel, before, after in funnel.steps():
        counts = funnel.counts(channel, before, after)
        entered, passed = float(counts["entered"].sum()), float(counts["passed"].sum())
        dispersion = _dispersion(counts)
        effective = entered / (dispersion if dispersion == dispersion else 1.0)
        low, high = _wilson(passed / entered, effective, _quantile(len(counts)))
        row = (channel, before, after, entered, passed, entered - passed, passed / entered, low, high)
        rows.append((*row, dispersion, effective, funnel.open(before, after)))
    names = ["channel", "before", "after", "entered", "passed", "lost", "rate", "rate_low", "rate_high"]
    return pd.DataFrame(rows, columns=[*names, "dispersion", "effective", "open"])


def rate_draws(rate: float, effective: float, draws: int, rng: np.random.Generator) -> Array:
    """Draws of a rate that is as sure as so many people make it (Jeffreys' prior), shape (draws,)."""
    return np.asarray(rng.beta(rate * effective + 0.5, (1 - rate) * effective + 0.5, draws))


def _dispersion(counts: pd.DataFrame) -> float:
    """Variance between periods against that of chance, at least 1."""
    entered, passed = (counts[name].to_numpy(dtype=float) for name in ("entered", "passed"))
    seen = entered > 0
    entered, passed = entered[seen], passed[seen]
    rate = passed.sum() / entered.sum()
    if len(entered) < 2:
        return np.nan
    if not 0 < rate < 1:
        return 1.0
    residual = (passed - rate * entered) / np.sqrt(entered * rate * (1 - rate))
    return max(1.0, float(residual @ residual / (len(residual) - 1)) * lasting(residual))


def lasting(residual: Array) -> float:
    """By how much the variance of a mean exceeds that of independent terms, by their lag of one."""
    square = float(residual @ residual)
    if len(residual) < 8 or square <= 0:
        return 1.0
    kept = float(np.clip(residual[1:] @ residual[:-1] / square, 0.0, _MOST_LASTING))
    return (1 + kept) / (1 - kept)


def _quantile(periods: int) -> float:
    return float(scipy.special.stdtrit(periods - 1, 0.95) if periods > 1 else scipy.special.ndtri(0.95))


def _wilson(rate: float, people: float, z: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a rate."""
    shrunk = 1 + z * z / people
    middle = (rate + z * z / (2 * people)) / shrunk
    half = z / shrunk * np.sqrt(rate * (1 - rate) / people + z * z / (4 * people * people))
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)
