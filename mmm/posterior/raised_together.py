"""Weeks in which channels are raised at once, and the KPI by more than they bring: a promotion that nobody named."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import counted, decimal
from mmm.arrays import Array
from mmm.posterior.beyond import furthest
from mmm.posterior.residuals import Residuals
from mmm.posterior.sign_checks import t_beside

__all__ = ["raised_together"]

_LIMIT = 2.5
_ABOUT = 9  # weeks whose middle a channel's spend of a week is held against
_MOST = 0.5  # of the channels that spend
_RAISED, _MIDDLE = (0.25, 0.35), 0.2
_FEWEST, _OFTEN = 3, 1 / 3  # weeks, and their part of the table
_TOLD = 4
_CHANCE = 0.02  # that some pair goes so far where there is nothing
_AT_MOST = 2.0


def raised_together(residuals: Residuals) -> Finding:
    """Whether the KPI rises by more than media bring in the weeks in which most channels are raised at once.

    Those weeks stand beside all that the fit explains, three ways: half of the channels a quarter above what they
    spend about then, or a third above it, or the channel in the middle by a fifth and more, as far as it goes. Effects
    that add up, as they do in a fit, leave nothing to such weeks, and saturation less than that.
    """
    panel = residuals.panel
    most, when, above = 0.0, np.zeros(panel.periods, dtype=bool), _above(residuals)
    for pattern in _patterns(above):
        weeks = int((pattern > 0).sum()) / panel.per_week
        if _FEWEST <= weeks <= _OFTEN * panel.periods / panel.per_week:
            value = t_beside(pattern, residuals.observed, residuals.columns)
            if value > most:
                most, when = value, pattern > 0
    if most <= _LIMIT:
        return _by_two(residuals, above, most)
    often = (np.nan_to_num(above[when]) > _RAISED[0]).mean(axis=0)
    least = min(_MOST, float(often.max()))
    names = tuple(name for name, share in zip(panel.media_names, often, strict=True) if share >= least)
    largest = np.sort(np.argsort(-np.where(when, np.nan_to_num(above).mean(axis=1), -np.inf))[:_TOLD])
    dates = ", ".join(f"{panel.dates[row]:%Y-%m-%d}" for row in largest)
    periods = counted(int(when.sum()), "period")
    text = (
        "When most channels are raised at once, the KPI rises by more than they bring at other times: demand may be "
        f"taken for their effect (t {decimal(most, 1)}). It is so in {periods}, most of all {dates}. Either something "
        "raised demand then and spend went along, as with a promotion or a launch: give all of its weeks, by its own "
        "calendar and not only those named here, a control that is 1 in them. Or spend "
        f"follows demand: a lift test tells. What demand did in them is credited to {', '.join(names)}. If there was "
        "nothing but media, these work better together than the model can say."
    )
    return Finding("raised_together", False, most, _LIMIT, text, names)


def _by_two(residuals: Residuals, above: Array, most: float) -> Finding:
    """Whether the KPI rises by more than media bring where two channels alone are raised at once."""
    panel = residuals.panel
    pairs, patterns = [], []
    for first, second in combinations(range(above.shape[1]), 2):
        less = np.clip(np.nan_to_num(np.minimum(above[:, first], above[:, second])), 0.0, _AT_MOST)
        weeks = int((less > _RAISED[0]).sum()) / panel.per_week
        if _FEWEST <= weeks <= _OFTEN * panel.periods / panel.per_week:
            pairs += [(first, second)] * 2
            patterns += [less, (less > _RAISED[0]) * 1.0]
    found = furthest(np.column_stack(patterns), residuals.observed, residuals.columns, _CHANCE) if pairs else None
    if found is None or not found.found or found.value < 0:
        text = "Weeks in which channels are raised at once bring what the channels bring."
        return Finding("raised_together", True, most, _LIMIT, text)
    names = tuple(panel.media_names[place] for place in pairs[found.place])
    when = patterns[found.place]
    largest = np.sort(np.argsort(-when, kind="stable")[: min(_TOLD, int((when > 0).sum()))])
    dates = ", ".join(f"{panel.dates[row]:%Y-%m-%d}" for row in largest)
    text = (
        f"When {names[0]} and {names[1]} are raised at once, the KPI rises by more than they bring at other times (t "
        f"{decimal(found.value, 1)}), as with a promotion in which they take part. Such weeks are {dates}. Give all "
        "weeks of that promotion, by its own calendar, a control that is 1 in them, else what it did is credited to "
        "these channels. If there was nothing but media, the two work better together than the model can say."
    )
    return Finding("raised_together", False, found.value, found.limit, text, names)


def _above(residuals: Residuals) -> Array:
    """How far each channel's spend lies above its middle of the weeks about, shape (T, C), as a ratio less 1.

    Days are held against the same day of those weeks. Not a number where either is nothing.
    """
    panel = residuals.panel
    spend = panel.media.sum(axis=0)
    weeks = -(-panel.periods // panel.per_week)
    padded = np.full((weeks * panel.per_week, spend.shape[1]), np.nan)
    padded[: panel.periods] = spend
    by_day = pd.DataFrame(padded.reshape(weeks, -1))
    middle = by_day.rolling(_ABOUT, center=True, min_periods=_ABOUT // 2).median().to_numpy().reshape(padded.shape)
    middle = middle[: panel.periods]
    known = (spend > 0) & (middle > 0)
    return np.where(known, spend / np.where(known, middle, 1.0) - 1, np.nan)


def _patterns(above: Array) -> Iterator[Array]:
    """The ways to say that most channels are raised in a period, each of shape (T,)."""
    spends = np.isfinite(above).sum(axis=1)
    several = spends > 1
    for least in _RAISED:
        yield np.where(several, (np.nan_to_num(above) > least).sum(axis=1) >= np.maximum(_MOST * spends, 2), 0.0)
    known = np.where(several[:, None], above, 0.0)
    yield np.clip(np.log1p(np.nanmedian(known, axis=1)) - np.log1p(_MIDDLE), 0.0, None)
