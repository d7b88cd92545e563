"""Channels whose whole effect is that of one week, as of a week of much else in which much was spent."""

from __future__ import annotations

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.posterior.residuals import Residuals

__all__ = ["single_weeks"]

_PART, _TIMES = 0.25, 5.0


def single_weeks(residuals: Residuals) -> Finding:
    """Whether a channel is credited with a quarter of all it brought, or more, in one week of little of its spend.

    Little is less than a fifth of that part, in the week in which most was spent. A fit that takes one high week for
    the channel's shape leaves it nothing in all others.
    """
    panel = residuals.panel
    whole = panel.periods // panel.per_week * panel.per_week
    found = []
    worst = 0.0
    for place, name in enumerate(panel.media_names):
        brought, spent = (
            series[:whole].reshape(-1, panel.per_week).sum(axis=1)
            for series in (residuals.columns[:, place - len(panel.media_names)], panel.media[:, :, place].sum(axis=0))
        )
        if not (brought.sum() > 0 and spent.sum() > 0):
            continue
        row, share = int(brought.argmax()), float(brought.max() / brought.sum())
        worst = max(worst, share)
        if share > _PART and share > _TIMES * spent.max() / spent.sum():
            found.append((name, row * panel.per_week, share, float(spent[row] / spent.sum())))
    text = "No channel is credited with a quarter of its effect in a single week of little spend."
    if found:
        told = "; ".join(
            f"{name} with {percent(share)} of all it brought in the week of {panel.dates[row]:%Y-%m-%d}, with "
            f"{percent(spent)} of its spend"
            for name, row, share, spent in found
        )
        text = (
            f"Credited with a quarter or more in a single week of little spend: {told}. What else happened in that "
            "week is taken for the channel's effect, and all its other weeks count for little. Correct the KPI where "
            "it is wrong; where something happened, give it a control that is 1 in that week."
        )
    return Finding("single_weeks", not found, worst, _PART, text, tuple(name for name, *_ in found))
