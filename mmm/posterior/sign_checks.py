"""Whether the KPI falls where a channel's effect rises, which a model of effects above nothing cannot say.

The KPI is regressed on the fit's own columns: the baseline's, and what each channel brought, free to take any sign. A
channel's t statistic is shortened by how alike neighbouring residuals are, so that slow misses are not taken for it.
"""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import decimal
from mmm.arrays import Array
from mmm.posterior.beyond import basis_of, beyond
from mmm.posterior.residuals import Residuals

__all__ = ["falls_with_spend", "t_beside"]

_LIMIT = -3.0
_OWN = 0.05  # of a channel's movement: where less is its own, nothing can be said of it
_CLIP = 4.0


def falls_with_spend(residuals: Residuals) -> Finding:
    """Channels with whose effect the KPI falls, beyond what chance does."""
    names = residuals.panel.media_names
    values = {name: _statistic(residuals, len(names) - place) for place, name in enumerate(names)}
    against = {name: value for name, value in values.items() if value < _LIMIT}
    least = min(values.values(), default=0.0)
    if not against:
        text = "With no channel's effect does the KPI fall."
        return Finding("falls_with_spend", True, least, _LIMIT, text)
    told = ", ".join(f"{name} (t {decimal(value, 1)})" for name, value in against.items())
    text = (
        f"The KPI falls where the effect of these rises, all else held: {told}. The model lets no channel take "
        "customers, so what it credits them with is what is left of the prior, and others may be credited with too "
        "much or too little. Either they take customers, or they are used where demand is weak for a reason that no "
        "control holds: name the reason as a control, or test them before money moves."
    )
    return Finding("falls_with_spend", False, least, _LIMIT, text, tuple(against))


def _statistic(residuals: Residuals, from_end: int) -> float:
    """The t statistic of one channel's effect, 0 where its movement is that of the other columns."""
    place = residuals.columns.shape[1] - from_end
    return t_beside(residuals.columns[:, place], residuals.observed, np.delete(residuals.columns, place, axis=1))


def t_beside(own: Array, kpi: Array, others: Array) -> float:
    """The t statistic of a column, shape (T,), in a regression of the KPI on it and others, shape (T, K).

    It is shortened by how alike neighbouring residuals are, and 0 where the column moves as the others do.
    """
    known = basis_of(others)
    x, y = beyond(known, own - own.mean()), beyond(known, kpi - kpi.mean())
    length, spare = float(np.sqrt((x**2).sum())), len(kpi) - known.shape[1] - 1
    if spare < 1 or length <= _OWN * float(np.sqrt(((own - own.mean()) ** 2).sum())):
        return 0.0
    x = x / length
    rest = y - (x @ y) * x
    scale = _CLIP * float(np.sqrt((rest**2).sum() / spare))
    y = y - rest + np.clip(rest, -scale, scale)  # one odd week must not decide it
    along = float(x @ y)
    rest = y - along * x
    squares = max(float((rest**2).sum()), 1e-300)
    alike = float(np.clip((rest[1:] * rest[:-1]).sum() / squares, 0.0, 0.95))
    return along / float(np.sqrt(squares / spare)) * float(np.sqrt((1.0 - alike) / (1.0 + alike)))
