"""Whether the KPI's level breaks at some week, which neither a trend nor a season nor media explain.

A step from each week on is added to what the model can explain, one at a time; the largest of their t statistics is
held against its distribution where there is no step. That is simulated for the very columns of the fit, with noise as
correlated from period to period as the residuals are, so that a slow wandering is not taken for one. A step makes them
correlate too, which costs little: its t statistic grows with its size, the limit does not.

References
----------
Andrews (1993), "Tests for Parameter Instability and Structural Change with Unknown Change Point", Econometrica 61(4).
"""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.posterior.beyond import basis_of, beyond, limit_of
from mmm.posterior.residuals import Residuals

__all__ = ["level_shift"]

_TRIM = 0.03
_CLIP = 4.0
_CHANCE = 0.01


def level_shift(residuals: Residuals) -> Finding:
    """The week from which the level is another, if any."""
    explained = basis_of(residuals.columns)
    rows = _candidates(residuals)
    steps = beyond(explained, (np.arange(len(residuals.scores))[:, None] >= rows).astype(float))
    lengths = np.sqrt((steps**2).sum(axis=0))
    free = lengths > 0.05 * np.sqrt(len(steps))  # a step that the model's own columns make is none
    name, none = "level_shift", "The level does not break at any week."
    if not free.any():
        return Finding(name, True, 0.0, None, none)
    rows, steps = rows[free], steps[:, free] / lengths[free]
    left = beyond(explained, np.clip(residuals.scores, -_CLIP, _CLIP)[:, None])[:, 0]
    along = steps.T @ left
    place = int(np.abs(along).argmax())
    rest = left - along[place] * steps[:, place]
    spare = max(len(left) - explained.shape[1] - 1, 1)
    sigma = float(np.sqrt((rest**2).sum() / spare))
    value, limit = abs(float(along[place])) / sigma, limit_of(left, steps, explained, _CHANCE)
    if value <= limit:
        return Finding(name, True, value, limit, none)
    size = float(along[place]) / lengths[free][place] * _unit(residuals)
    return Finding(name, False, value, limit, *_sentence(residuals, int(rows[place]), size))


def _sentence(residuals: Residuals, row: int, size: float) -> tuple[str, tuple[str, ...]]:
    share = size / float(residuals.observed.mean())
    pattern = (np.arange(len(residuals.scores)) >= row).astype(float)
    channels = residuals.moving_with(pattern)
    text = (
        f"From {residuals.dates[row].date().isoformat()} on the KPI is {percent(share, signed=True)} of its mean away "
        "from what trend, season and media explain. Something changed then: give it a control that is 1 from there "
        "on, or let the level wander (mmm.RandomWalk)."
    )
    if channels:
        text += (
            f" The spend of {', '.join(channels)} changed about then as well: the model credits it with part of the "
            "break, too much where both went the same way, too little where they parted."
        )
    return text, channels


def _candidates(residuals: Residuals) -> np.ndarray:
    """Rows at which a step may begin, a week apart, not near the ends."""
    periods = len(residuals.scores)
    edge = max(int(np.ceil(_TRIM * periods)), 4)
    return np.arange(edge, periods - edge + 1, residuals.panel.per_week)


def _unit(residuals: Residuals) -> float:
    """Customers that one unit of the scores stands for."""
    apart, scores = residuals.observed - residuals.expected, residuals.scores
    return float(np.abs(apart).sum() / max(np.abs(scores).sum(), 1e-300))
