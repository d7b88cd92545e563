"""Whether the KPI moves weeks after media work: dated later than it was won, or netted of what comes back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.arrays import Flags
from attribution.findings import Finding
from attribution.numbers import counted, decimal
from mmm.arrays import Array
from mmm.posterior.beyond import furthest
from mmm.posterior.residuals import Residuals

__all__ = ["after_spend"]

_LATEST = 6  # weeks
_EDGE = 16  # weeks on either side of a change of how the KPI is dated
_EVERY = 5  # weeks
_CHANCE = 0.01


def after_spend(residuals: Residuals) -> Finding:
    """Whether what media brought some weeks ago moves the KPI again, beside all that the fit explains.

    All media together, one to six weeks later, in the whole table, until some week or from it on.
    """
    week, brought = residuals.panel.per_week, _brought(residuals)
    asked = list(_questions(len(brought), week))
    patterns = np.column_stack([_late(brought, lag * week, where) for lag, where, _ in asked])
    found = furthest(patterns, residuals.observed, residuals.columns, _CHANCE) if brought.any() else None
    if found is None or not found.found:
        value, limit = (0.0, 0.0) if found is None else (abs(found.value), found.limit)
        return Finding("after_spend", True, value, limit, "The KPI moves when media work, not weeks after.")
    lag, _, (first, last) = asked[found.place]
    dates = residuals.dates
    span = f" from {dates[first]:%Y-%m-%d} on" if first else f" until {dates[last]:%Y-%m-%d}" if last else ""
    often = f"{counted(lag, 'week')} after media work{span} (t {decimal(found.value, 1)})"
    if found.value > 0:
        text = (
            f"The KPI rises {often}, beyond what carryover explains. Either it is dated later than customers were won, "
            "as by invoice, delivery or end of a trial, or media work with a delay: date the KPI by the day of the "
            "order, or set adstock=mmm.DelayedAdstock(). Until then the effect is looked for in the wrong weeks."
        )
    else:
        text = (
            f"The KPI falls {often}, beyond what carryover explains. Either returns and cancellations are taken off "
            "when they come, and not where they were ordered, or customers came earlier who would have come anyway. "
            "Date returns by their order; else channels bring less than they are credited with."
        )
    return Finding("after_spend", False, abs(found.value), found.limit, text, residuals.panel.media_names)


def _brought(residuals: Residuals) -> Array:
    return np.asarray(residuals.columns[:, -len(residuals.panel.media_names) :].sum(axis=1))


def _questions(periods: int, week: int) -> Iterator[tuple[int, Flags, tuple[int, int]]]:
    """Lag in weeks, the periods that are asked about, and the first or last of them where these are not all."""
    rows = np.arange(periods)
    for lag in range(1, _LATEST + 1):
        yield lag, rows >= 0, (0, 0)
        for at in range(_EDGE * week, periods - _EDGE * week + 1, _EVERY * week):
            yield lag, rows >= at, (at, 0)
            yield lag, rows < at, (0, at - 1)


def _late(brought: Array, lag: int, where: Flags) -> Array:
    """What media brought so many periods ago, about its mean in the periods asked about, 0 elsewhere."""
    late = np.concatenate([np.full(min(lag, len(brought)), brought.mean()), brought[: max(len(brought) - lag, 0)]])
    return np.where(where, late - late[where].mean(), 0.0)
