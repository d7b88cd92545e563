"""Whether the KPI is missed where months or quarters begin or end: booked then, paid then, or pushed then."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import decimal
from mmm.arrays import Array
from mmm.posterior.beyond import furthest
from mmm.posterior.residuals import Residuals

__all__ = ["monthly_misses"]

_CHANCE = 0.0025
_DAYS = 3  # of a daily table, at either end of a month


def monthly_misses(residuals: Residuals) -> Finding:
    """Whether periods with the first or last day of months, or of quarters, lie beside all that the fit explains."""
    asked = list(_ends(residuals.dates, residuals.panel.days))
    patterns = np.column_stack([pattern for _, pattern in asked])
    found = furthest(patterns, residuals.observed, residuals.columns, _CHANCE)
    if not found.found:
        text = "The KPI is not missed where months begin or end."
        return Finding("monthly_misses", True, abs(found.value), found.limit, text)
    when, pattern = asked[found.place]
    channels = residuals.moving_with(pattern)
    text = (
        f"The KPI is {'above' if found.value > 0 else 'below'} what the model expects where {when} (t "
        f"{decimal(found.value, 1)}). Where customers are booked or invoiced then, date them by the day of the order; "
        "where more is bought then, as on payday, give those periods a control that is 1 in them."
    )
    if channels:
        text += f" The spend of {', '.join(channels)} moves with them: what is missed is credited to it."
    return Finding("monthly_misses", False, abs(found.value), found.limit, text, channels)


def _ends(dates: pd.DatetimeIndex, days: int) -> Iterator[tuple[str, Array]]:
    """What begins or ends, and in which periods; the turn of the year, which has reasons of its own, is left out."""
    last = dates + pd.Timedelta(days=days - 1)
    near = pd.Timedelta(days=_DAYS - 1 if days == 1 else 0)
    turn = (last + near + pd.Timedelta(days=7)).year != (dates - near - pd.Timedelta(days=7)).year
    for what, code in (("months", "M"), ("quarters", "Q")):
        begin = last.to_period(code) != (dates - near - pd.Timedelta(days=1)).to_period(code)
        end = (last + near + pd.Timedelta(days=1)).to_period(code) != dates.to_period(code)
        yield f"{what} begin", np.asarray(begin & ~turn, dtype=float)
        yield f"{what} end", np.asarray(end & ~turn, dtype=float)
