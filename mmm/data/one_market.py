"""All geos of a panel as one market."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmm.data.panel import Panel

__all__ = ["one_market"]


def one_market(panel: Panel) -> Panel:
    """A panel's geos summed; controls weighed by the KPI, contacts per person by reach."""
    if len(panel.geos) == 1:
        return panel
    reach = panel.media.sum(axis=0, keepdims=True)
    frequency = panel.frequency
    if frequency is not None:
        reached = np.nansum(panel.media * frequency, axis=0, keepdims=True)
        often = np.divide(reached, reach, out=np.ones_like(reach), where=reach > 0)
        frequency = np.where(np.isnan(frequency).all(axis=(0, 1)), np.nan, often)
    sizes = panel.kpi.mean(axis=1)
    return replace(
        panel,
        geos=("national",),
        kpi=panel.kpi.sum(axis=0, keepdims=True),
        spend=panel.spend.sum(axis=0, keepdims=True),
        media=reach,
        controls=np.average(panel.controls, axis=0, weights=sizes)[None],
        before=panel.before.sum(axis=0, keepdims=True),
        population=None,
        frequency=frequency,
    )
