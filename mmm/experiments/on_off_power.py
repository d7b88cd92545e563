"""What an on/off test would see: runs without effect on what the fitted model left of the past, and with one added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import ndtr

from mmm.arrays import Array
from mmm.experiments.on_off_design import OnOffDesign
from mmm.experiments.randomised import Contrast, retention_of
from mmm.experiments.schedules import admissible, exposure, periods_of
from mmm.posterior.posterior import Posterior

__all__ = ["POWER", "History", "Outlook", "outlook"]

POWER = 0.8
_SIZE = 0.05
_BEYOND, _POWERED = 1.959964, 0.841621  # normal quantiles of 97.5 and 80 %
_LEAD = 13  # weeks before the test that say where the level stood
_RUNS = 400
_SCHEDULES, _FEW_SCHEDULES = 400, 60
_SHAPES = 25
_EFFECTS = np.linspace(0.0, 8.0, 33)  # in standard errors


@dataclass(frozen=True, eq=False)
class History:
    """What the fitted model left of the panel's past, all geos together.

    Parameters
    ----------
    residuals
        Customers by period, shape (T,), with the spread that the model expects of single periods to come.
    days
        Of a period.
    next_day
        First day after the panel.
    """

    residuals: Array
    days: int
    next_day: pd.Timestamp

    @classmethod
    def of(cls, posterior: Posterior) -> Self:
        """From a fit.

        A fit follows its own weeks and leaves less of them than of the coming ones: residuals are stretched to the
        noise that the posterior expects, never shrunk.
        """
        fitted = posterior.fitted()
        left = (fitted["observed"] - fitted["mean"]).to_numpy(dtype=float)
        expected = float(posterior.organic(posterior.panel.per_week).noise.std())
        stretched = left * max(expected / max(float(left.std()), 1e-300), 1.0)
        return cls(stretched, posterior.panel.days, posterior.panel.after(1)[0])

    @property
    def per_week(self) -> int:
        """Periods of a week."""
        return 7 // self.days

    @property
    def lead(self) -> int:
        """Periods before a test that its reading looks at."""
        return _LEAD * self.per_week

    @cached_property
    def retention(self) -> float:
        """Correlation of the residuals from period to period."""
        return retention_of(self.residuals)

    @property
    def spread(self) -> float:
        """Standard deviation of what is new in a period."""
        return float(self.residuals.std()) * float(np.sqrt(1 - self.retention**2))

    def holds(self, periods: int) -> bool:
        """Whether a test of that length, and the weeks before it, can be laid into the past."""
        return len(self.residuals) >= periods + self.lead


@dataclass(frozen=True)
class Outlook:
    """What a design would see.

    Parameters
    ----------
    design
        The design.
    error
        Standard error of the effect of a period under full exposure.
    felt
        Periods of full exposure that the test amounts to.
    carryover_error
        Standard deviation of the measured total's ratio to the true one, as the draws' carryover differs.
    likely_power
        By the normal distribution.
    power, size, detectable
        By runs on the past: of the believed effect, of none, and the effect shown with 80 %; NaN without runs.
    """

    design: OnOffDesign
    error: float
    felt: float
    carryover_error: float
    likely_power: float
    power: float = np.nan
    size: float = np.nan
    detectable: float = np.nan

    def total_error(self, effect: float) -> float:
        """Standard error of the customers over the test, carryover that is not as assumed included.

        Few schedules need a larger effect than the normal distribution asks for; then what runs showed counts.
        """
        shown = abs(self.detectable) / (_BEYOND + _POWERED)
        error = shown if np.isfinite(shown) and shown > self.error else self.error
        return float(np.hypot(error, effect * self.carryover_error)) * self.felt


def outlook(design: OnOffDesign, history: History, carryover: Array, effect: float, runs: int = _RUNS) -> Outlook:
    """What a design would see of an effect per period.

    Parameters
    ----------
    design
        Its schedule, block and weights count.
    history
        The past.
    carryover
        Lag weights by draw, shape (lags, S).
    effect
        Customers per period under full exposure.
    runs
        Tests laid into the past; none where 0.
    """
    every = admissible(len(design.schedule), design.seed)
    place = int(np.flatnonzero((every == design.schedule).all(axis=1))[0])
    most = min(_SCHEDULES if runs else _FEW_SCHEDULES, len(every))
    rows = np.unique(np.r_[place, np.linspace(0, len(every) - 1, most).astype(int)])
    changed = periods_of(every[rows], design.block)
    own = int(np.searchsorted(rows, place))

    def felt(weights: Array, which: Array) -> Array:
        return exposure(which, weights, history.lead, design.after)

    seen = felt(np.array(design.weights), changed)
    time = np.linspace(-1, 1, seen.shape[1])
    contrast = Contrast.between(seen, np.column_stack([np.ones_like(time), time]), history.retention)
    error = history.spread * float(np.sqrt(np.mean(contrast.sizes**-2.0)))
    off = _misread(contrast, own, seen[own], carryover, lambda weights: felt(weights, changed[own : own + 1])[0])
    total = float(np.hypot(error, effect * off))
    likely = float(ndtr(abs(effect) / total - _BEYOND) + ndtr(-abs(effect) / total - _BEYOND))
    found = Outlook(design, error, float(seen[own].sum()), off, likely)
    return found if not runs else _tried(found, contrast, history, effect, runs)


def _misread(contrast: Contrast, own: int, seen: Array, carryover: Array, felt: Callable[[Array], Array]) -> float:
    """Standard deviation over draws of measured over true total, read with the assumed carryover."""
    draws = carryover[:, :: max(carryover.shape[1] // _SHAPES, 1)].T
    ratios = []
    for weights in draws:
        true = felt(weights)
        slope = float(contrast.scores(true)[own] / contrast.sizes[own])
        ratios.append(slope * seen.sum() / true.sum())
    return float(np.sqrt(np.mean((np.array(ratios) - 1) ** 2)))


def _tried(found: Outlook, contrast: Contrast, history: History, effect: float, runs: int) -> Outlook:
    """The outlook with what runs on the past showed, every run in a window and by a schedule drawn anew."""
    rng = np.random.default_rng([found.design.seed, 13])
    length = contrast.directions.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(history.residuals, length).T
    starts = rng.integers(windows.shape[1], size=runs)
    drawn = rng.integers(len(contrast.sizes), size=runs)
    scores = contrast.scores(windows[:, starts])
    slopes = contrast.directions @ (contrast.directions[drawn] * contrast.sizes[drawn, None]).T
    own = (drawn, np.arange(runs))

    def shown(effect: float) -> float:
        """Share of runs with an effect that are significant."""
        moved = np.abs(scores + effect * slopes)
        extreme = (moved >= moved[own] * (1 - 1e-9)).mean(axis=0)
        return float((extreme <= _SIZE).mean())

    effects = _EFFECTS * found.error
    curve = np.maximum.accumulate([shown(one) for one in effects])
    reached = np.flatnonzero(curve >= POWER)
    detectable = np.inf
    if len(reached):
        last = int(reached[0])
        span = slice(max(last - 1, 0), last + 1)
        detectable = float(np.interp(POWER, curve[span], effects[span]))
    detectable = float(np.copysign(detectable, effect))
    return Outlook(
        found.design, found.error, found.felt, found.carryover_error, found.likely_power,
        shown(effect), shown(0.0), detectable,
    )  # fmt: skip
