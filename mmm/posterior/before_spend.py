"""Whether the KPI moves a week before a channel's spend does, though no effect comes before its cause."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import decimal
from mmm.arrays import Array
from mmm.posterior.residuals import Residuals
from mmm.posterior.sign_checks import t_beside

__all__ = ["before_spend"]

_LIMIT = 3.0


def before_spend(residuals: Residuals) -> Finding:
    """Channels whose spend of the week to come goes with the KPI of this one, beside all that the fit explains.

    The spend of this week and of the one before stand beside it, so that spend which lasts is not taken for it.
    """
    panel, week = residuals.panel, residuals.panel.per_week
    spend = np.sqrt(panel.media.sum(axis=0))
    inner = slice(week, len(spend) - week)
    near = np.column_stack([spend[inner], spend[: -2 * week]])
    beside = np.column_stack([_moving(residuals.columns[inner]), _moving(near), np.ones(len(near))])
    ahead = spend[2 * week :]
    values = {
        name: t_beside(ahead[:, at], residuals.observed[inner], beside) if len(beside) > beside.shape[1] + 1 else 0.0
        for at, name in enumerate(panel.media_names)
    }
    late = {name: value for name, value in values.items() if value > _LIMIT}
    most = max(values.values(), default=0.0)
    if not late:
        return Finding("before_spend", True, most, _LIMIT, "With no channel does the KPI move before its spend.")
    told = ", ".join(f"{name} (t {decimal(value, 1)})" for name, value in late.items())
    text = (
        f"The KPI rises a week before the spend of these does, all else held: {told}. Either the spend is booked later "
        "than it was seen, as by invoice, or the KPI is dated earlier than it was won: give both by the day on which "
        "they happened. Or budgets follow what came in: then part of what a channel is credited with is demand."
    )
    return Finding("before_spend", False, most, _LIMIT, text, tuple(late))


def _moving(columns: Array) -> Array:
    """The columns that move, about their mean."""
    away = columns - columns.mean(axis=0)
    return np.asarray(away[:, np.abs(away).max(axis=0) > 1e-9 * np.abs(columns).max(axis=0)])
