"""Whether a step of a funnel lately passes fewer than its own past lets expect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy  # which loads its parts where they are first used: reading a plan file needs none

from attribution.arrays import Array
from attribution.economics.funnel import ALL, Funnel
from attribution.economics.funnel_rates import lasting

__all__ = ["funnel_drops"]

_WINDOW, _YEAR = 28, 365  # days: what counts as lately, and how long a past has to be that tells of season
_LEAST_PAST = 8
_LEVEL = 0.05  # that any step of a steady funnel is called a drop


def funnel_drops(funnel: Funnel) -> pd.DataFrame:
    """One row per channel and step with a past long enough: the last four weeks, or the last period where it is longer.

    The logarithm of the rate is expected to be that of the past, with a season of one wave a year where the past
    holds a year. The interval knows the spread between periods and how long deviations last. All steps together call
    a drop in a steady funnel once in twenty times.

    Parameters
    ----------
    funnel
        Checked counts.

    Returns
    -------
    ``channel``, ``before``, ``after``, ``periods`` (that are lately), ``rate``, ``expected``, ``expected_low``,
    ``expected_high`` (90 %), ``probability`` (of so low a rate or a lower one, were nothing amiss), ``seasonal`` and
    ``dropped``. Empty where no step has eight periods of past.
    """
    recent = max(1, round(_WINDOW / funnel.days))
    steps = [step for step in funnel.steps() if step[0] != ALL or len(funnel.channels) == 1]
    rows = [row for step in steps if (row := _step(funnel, step, recent)) is not None]
    names = ["channel", "before", "after", "periods", "rate", "expected", "expected_low", "expected_high"]
    frame = pd.DataFrame(rows, columns=[*names, "probability", "seasonal"])
    return frame.assign(dropped=frame["probability"] < _LEVEL / max(len(frame), 1))


def _step(funnel: Funnel, step: tuple[str, str, str], recent: int) -> tuple[object, ...] | None:
    counts = funnel.counts(*step)
    counts = counts[counts["entered"] > 0]
    if len(counts) < _LEAST_PAST + recent:
        return None
    dates = pd.DatetimeIndex(counts.index)
    past = slice(0, len(counts) - recent)
    seasonal = bool((dates[past][-1] - dates[0]).days >= _YEAR)
    design = _design(dates, seasonal)
    passed, entered = counts["passed"].to_numpy(dtype=float), counts["entered"].to_numpy(dtype=float)
    logs, weights = np.log((passed + 0.5) / (entered + 0.5)), passed + 0.5
    expected, spread, freedom = _predicted(logs, weights, design, past)
    lately = slice(len(counts) - recent, None)
    seen = float(np.average(logs[lately], weights=weights[lately]))
    half = float(scipy.special.stdtrit(freedom, 0.95)) * spread
    rates = np.minimum(np.exp([seen, expected, expected - half, expected + half]), 1.0).tolist()
    return (*step, recent, *rates, float(scipy.special.stdtr(freedom, (seen - expected) / spread)), seasonal)


def _design(dates: pd.DatetimeIndex, seasonal: bool) -> Array:
    angle = 2 * np.pi * np.asarray(dates.day_of_year) / 365.25
    columns = [np.ones(len(dates)), *([np.sin(angle), np.cos(angle)] if seasonal else [])]
    return np.column_stack(columns)


def _predicted(logs: Array, weights: Array, design: Array, past: slice) -> tuple[float, float, int]:
    """Mean and standard error of the last periods' log rate, by weighted least squares on the past; and freedom."""
    own = design[past] * np.sqrt(weights[past])[:, None]
    target = logs[past] * np.sqrt(weights[past])
    inverse = np.linalg.pinv(own.T @ own)
    residual = target - own @ (inverse @ (own.T @ target))
    freedom = len(target) - design.shape[1]
    chance = 1 - float(np.exp(np.average(logs[past], weights=weights[past])))  # of a count among those who entered
    variance = max(float(residual @ residual) / freedom, chance, 1e-12) * lasting(residual)
    later = slice(past.stop, None)
    mean_row = np.average(design[later], axis=0, weights=weights[later])
    spread = variance * (1 / weights[later].sum() + mean_row @ inverse @ mean_row)
    return float(mean_row @ inverse @ (own.T @ target)), float(np.sqrt(spread)), freedom
