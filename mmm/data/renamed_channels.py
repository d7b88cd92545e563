"""Channels of which one begins where another ends: one channel under two names, by the look of it."""

from __future__ import annotations

from attribution.findings import Finding
from attribution.reading.looks import taken_over
from mmm.data.panel import Panel

__all__ = ["renamed_channels"]

_SHOWN = 5


def renamed_channels(panel: Panel) -> Finding:
    """Whether a channel ends for good where another begins, at about the same spend.

    Parameters
    ----------
    panel
        Of which each column of spend that runs for four periods or more is looked at, all markets together.
    """
    spend = {name: panel.spend[:, :, at].sum(axis=0) for at, name in enumerate(panel.channels)}
    found = sorted((old, new, f"{panel.dates[row]:%Y-%m-%d}") for old, new, row in taken_over(spend))
    text = "No channel begins where another ends."
    if found:
        listed = "; ".join(f"{new} begins on {day} where {old} ends" for old, new, day in found[:_SHOWN])
        text = (
            f"One channel under two names, by the look of it: {listed}. Each is then learnt from half of the weeks, "
            "and the plan has no past for the new one. Write both under one name, or leave it if they differ."
        )
    channels = tuple(dict.fromkeys(name for old, new, _ in found for name in (old, new)))
    return Finding("renamed_channels", not found, float(len(found)), 0.0, text, channels)
