"""Whether media work otherwise from some week on: another price or offer, a rival, spend that is booked otherwise."""

from __future__ import annotations

import numpy as np

from attribution.arrays import Ints
from attribution.findings import Finding
from attribution.numbers import decimal
from mmm.arrays import Array
from mmm.posterior.beyond import Furthest, furthest
from mmm.posterior.residuals import Residuals

__all__ = ["effect_changes"]

_EDGE, _EVERY = 16, 3  # weeks on either side, and between those that are asked about
_CHANCE = 0.005


def effect_changes(residuals: Residuals) -> Finding:
    """Whether what all media, or one channel, are credited with goes otherwise with the KPI from some week on.

    Their movement since then stands beside all that the fit explains, about its own mean, so that a shift of the level
    is not taken for it.
    """
    panel = residuals.panel
    names, week = panel.media_names, panel.per_week
    rows = np.arange(_EDGE * week, panel.periods - _EDGE * week + 1, _EVERY * week)
    name, none = "effect_changes", "No channel works otherwise from some week on."
    if not len(rows):
        return Finding(name, True, 0.0, None, none)
    brought = residuals.columns[:, -len(names) :]
    together, alone = (_asked(residuals, each, rows) for each in (brought.sum(axis=1, keepdims=True), brought))
    beside = abs(alone.value) * together.limit > abs(together.value) * alone.limit
    found = alone if beside else together
    if not found.found:
        return Finding(name, True, abs(found.value), found.limit, none)
    who = (names[found.place // len(rows)],) if beside else names
    day = panel.dates[rows[found.place % len(rows)]]
    what = f"{who[0]} brings" if beside else "media together bring"
    text = (
        f"From about {day:%Y-%m-%d} on {what} {'more' if found.value > 0 else 'less'} for the same spend than before "
        f"(t {decimal(found.value, 1)}): another price or offer, a rival, another audience, or spend or KPI booked in "
        "another way. Figures and plan rest on a mean of both times: bring the booking to one way where it changed, "
        "else a lift test tells what holds now."
    )
    return Finding(name, False, abs(found.value), found.limit, text, who)


def _asked(residuals: Residuals, brought: Array, rows: Ints) -> Furthest:
    patterns = np.column_stack([_since(each, int(row)) for each in brought.T for row in rows])
    return furthest(patterns, residuals.observed, residuals.columns, _CHANCE)


def _since(brought: Array, row: int) -> Array:
    """What was brought from a row on about its mean there, 0 before."""
    return np.concatenate([np.zeros(row), brought[row:] - brought[row:].mean()])
