"""Whether controls of the coming weeks stay near what the weekly table holds of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import significant
from mmm import Panel

__all__ = ["coming_controls"]

_SPANS = 1.0
_SHOWN = 3


def coming_controls(panel: Panel, upcoming: pd.DataFrame | dict[str, pd.DataFrame]) -> Finding:
    """A control or organic channel that leaves its range by more than the whole range is another unit, or unheard of.

    So is one of 0 and 1 alone that is anything else.

    Parameters
    ----------
    panel
        The weekly table.
    upcoming
        Controls and volumes of the coming weeks, of several markets by market.
    """
    tables = upcoming if isinstance(upcoming, dict) else dict.fromkeys(panel.geos, upcoming)
    far = []
    for place, geo in enumerate(panel.geos):
        for name in tables[geo]:
            low, high, coming = *_range(panel, place, str(name)), tables[geo][name].to_numpy(dtype=float)
            away = np.maximum(coming - high, low - coming) / max(high - low, 1e-9 * max(abs(high), 1e-300))
            worst = int(np.argmax(away))
            if away[worst] > (_SPANS if (low, high) != (0.0, 1.0) else 0.0):
                where = f" in {geo}" if len(panel.geos) > 1 else ""
                far.append((float(away[worst]), f"{name}{where}, {_said(coming[worst], low, high)}"))
    far.sort(key=lambda one: -one[0])
    text = "Controls of the coming weeks stay near those of the weekly table."
    if far:
        more = f" and {len(far) - _SHOWN} more" if len(far) > _SHOWN else ""
        text = (
            f"Far from anything in the weekly table: {'; '.join(said for _, said in far[:_SHOWN])}{more}. The forecast "
            "carries their effect on as if it grew without end. Correct the unit, or read the plan's totals as a guess."
        )
    return Finding("coming_controls", not far, far[0][0] if far else 0.0, _SPANS, text)


def _range(panel: Panel, geo: int, name: str) -> tuple[float, float]:
    if name in panel.control_names:
        seen = panel.controls[geo, :, panel.control_names.index(name)]
    elif name in panel.media_names:
        seen = panel.media[geo, :, panel.media_names.index(name)]
    else:
        return -np.inf, np.inf
    return float(seen.min()), float(seen.max())


def _said(coming: float, low: float, high: float) -> str:
    return f"{significant(coming)} where the table holds {significant(low)} to {significant(high)}"
