"""Checks of what a fit leaves: neighbours alike, the same weeks every year, weeks that nothing explains."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.findings import Finding
from attribution.numbers import amount, decimal
from mmm.arrays import Array
from mmm.posterior.residuals import Residuals

__all__ = ["autocorrelation", "lagged", "unexplained_weeks", "yearly_misses"]

_NEIGHBOURS, _WEEK, _YEAR = 0.4, 0.25, 0.4
_UNEXPLAINED = 4.0
_YEARLY = 3.5
_SHOWN = 8
_NEAR = 4


def autocorrelation(residuals: Residuals) -> tuple[Finding, ...]:
    """Whether residuals a period apart, a week apart (daily panels) and a year apart are alike."""
    per_week, periods = residuals.panel.per_week, len(residuals.scores)
    limits = {"residual_autocorrelation": (1, _NEIGHBOURS, "neighbouring periods")}
    if per_week > 1:
        limits["residual_autocorrelation_week"] = (7, _WEEK, "the same days of neighbouring weeks")
    if periods >= 130 * per_week:
        limits["residual_autocorrelation_year"] = (52 * per_week, _YEAR, "periods 52 weeks apart")
    remedies = {
        1: " Something that lasts is missing, so intervals are too narrow: a control, or a wandering level "
        "(mmm.RandomWalk).",
        7: " The week has a pattern that its season does not hold, as where it changes over the year.",
        52 * per_week: " The year has a pattern that its season does not hold: raise the season's order, or give the "
        "weeks a control or a holiday calendar.",
    }
    findings = []
    for name, (lag, limit, which) in limits.items():
        alike = lagged(residuals.scores, lag)
        alone = alike if lag > 1 else abs(alike)  # periods far apart that differ share no season
        passed = alone < limit
        text = f"Residuals of {which} correlate by {decimal(alike, 2)}."
        findings.append(Finding(name, passed, alone, limit, text + ("" if passed else remedies[lag])))
    return tuple(findings)


def unexplained_weeks(residuals: Residuals) -> Finding:
    """Periods whose KPI lies beyond four standard deviations of what the model expects, by date."""
    far = np.flatnonzero(np.abs(residuals.scores) > _UNEXPLAINED)
    worst = float(np.abs(residuals.scores).max())
    if not len(far):
        return Finding("unexplained_weeks", True, worst, _UNEXPLAINED, "The model expects every period's KPI.")
    kpi, expected = residuals.observed, residuals.expected
    dates = [
        f"{residuals.dates[row].date().isoformat()} ({amount(kpi[row])}, expected {amount(expected[row])})"
        for row in far[:_SHOWN]
    ]
    more = f" and {len(far) - _SHOWN} more" if len(far) > _SHOWN else ""
    mask = np.isin(np.arange(len(kpi)), far).astype(float)
    channels = residuals.moving_with(mask)
    text = (
        f"No part of the model explains {', '.join(dates)}{more}. Where data are wrong, correct them; where something "
        "happened, give it a control that is 1 in those periods, or use mmm.StudentTLikelihood()."
    )
    if channels:
        text += (
            f" The spend of {', '.join(channels)} stood out in them as well: where both did the same, it is credited "
            "with too much, else with too little."
        )
    return Finding("unexplained_weeks", False, worst, _UNEXPLAINED, text, channels)


def yearly_misses(residuals: Residuals) -> Finding:
    """Whether the same weeks of the year are missed in every year."""
    weeks, scores = _by_year(residuals)
    worst, first, width = _most_missed(scores)
    beside = scores[:, np.abs(np.arange(scores.shape[1]) - first - (width - 1) / 2) > width / 2 + _NEAR]
    worst /= max(1.0, float(np.nanstd(beside))) if beside.size else 1.0  # where tails are heavy sums spread further
    if abs(worst) <= _YEARLY:
        text = "No week of the year is missed year after year."
        if not len(scores):
            text = "Less than two years: whether weeks are missed every year cannot be seen."
        return Finding("yearly_misses", True, abs(worst), _YEARLY, text)
    members = np.isin(weeks, np.arange(first, first + width))
    near = np.isin(weeks, np.arange(first - _NEAR, first + width + _NEAR) % 52)  # where a season misses, it errs beside
    patterns = [pattern.astype(float) for pattern in (members, near)]
    channels = tuple(dict.fromkeys(name for pattern in patterns for name in residuals.moving_with(pattern)))
    text = (
        f"The KPI is {'above' if worst > 0 else 'below'} what the model expects in the same weeks of every year: "
        f"{', '.join(_spans(residuals, members))}. Give these weeks a control or a holiday calendar "
        "(panel.with_holidays), or raise the order of the season."
    )
    if channels:
        text += (
            f" The spend of {', '.join(channels)} moves with these weeks or those beside them: what the season lacks "
            "is credited to it, too much where its spend rose with demand, too little where it fell."
        )
    return Finding("yearly_misses", False, abs(worst), _YEARLY, text, channels)


def lagged(scores: Array, lag: int) -> float:
    """Correlation of scores so many periods apart, single ones clipped at four."""
    clipped = np.clip(scores - scores.mean(), -_UNEXPLAINED, _UNEXPLAINED)
    spread = float((clipped**2).mean())
    return float((clipped[lag:] * clipped[:-lag]).mean()) / spread if spread > 0 else 0.0


def _by_year(residuals: Residuals) -> tuple[np.ndarray, Array]:
    """Week of the year of each period, shape (T,), and score by year and week, NaN where none, shape (Y, 53).

    Those of days are summed over the square root of their number. All are brought to a robust standard deviation of
    one between weeks.
    """
    dates = residuals.dates
    weeks = (dates.day_of_year.to_numpy() - 1) // 7
    years = dates.year.to_numpy() - dates.year[0]
    count, total = np.zeros((years[-1] + 1, 53)), np.zeros((years[-1] + 1, 53))
    np.add.at(count, (years, weeks), 1.0)
    np.add.at(total, (years, weeks), np.clip(residuals.scores, -_UNEXPLAINED, _UNEXPLAINED))
    with np.errstate(invalid="ignore"):
        table = total / np.sqrt(count)  # of one variance, however many days a week has at the turn of the year
    if (count > 0).sum() < 2 * 52:
        return weeks, np.zeros((0, 53))
    known = table[count > 0]
    spread = 1.4826 * float(np.median(np.abs(known - np.median(known))))
    return weeks, (table - np.median(known)) / max(spread, 1e-12)


def _most_missed(scores: Array) -> tuple[float, int, int]:
    """The z of the weeks missed most, their first and their number: one week, or a run of four.

    Only runs that every year misses on the same side count, so that one odd week is no pattern.
    """
    best = (0.0, 0, 1)
    if not len(scores):
        return best
    for width in (1, 4):
        for first in range(53 - width + 1):
            block = scores[:, first : first + width]
            each = np.array([row[~np.isnan(row)].mean() for row in block if not np.isnan(row).all()])
            known = int((~np.isnan(block)).sum())
            if len(each) < 2 or abs(np.sign(each).sum()) < len(each) or np.abs(each).min() < 0.5:
                continue
            z = float(np.nansum(block)) / np.sqrt(known)
            best = (z, first, width) if abs(z) > abs(best[0]) else best
    return best


def _spans(residuals: Residuals, members: np.ndarray) -> Iterator[str]:
    """First and last day of each run of periods, of every year."""
    dates, rows = residuals.dates, np.flatnonzero(members)
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        first, last = dates[run[0]].date().isoformat(), dates[run[-1]].date().isoformat()
        yield first if first == last else f"{first} to {last}"
