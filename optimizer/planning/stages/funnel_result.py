"""What a funnel says, for the outputs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from attribution.economics import ALL, Funnel
from attribution.findings import Finding
from attribution.numbers import percent

__all__ = ["FunnelResult"]


@dataclass(frozen=True, eq=False)
class FunnelResult:
    """A funnel and what it says.

    Parameters
    ----------
    funnel
        The counts.
    rates
        As :func:`attribution.economics.funnel_rates`; with a plan also what a point more is worth.
    drops
        As :func:`attribution.economics.funnel_drops`.
    """

    funnel: Funnel
    rates: pd.DataFrame
    drops: pd.DataFrame

    @property
    def finding(self) -> Finding:
        """Whether a step lately passes fewer than its own past lets expect."""
        if self.drops.empty:
            text = "No step of the funnel has the eight periods of past that a drop is held against."
            return Finding("funnel_drop", True, None, None, text)
        fell = self.drops[self.drops["dropped"]].sort_values("probability")
        told = [_fell(row) for _, row in fell.iterrows()]
        text = f"Lately fewer pass than before, {'; '.join(told)}." if told else "No step of the funnel fell lately."
        channels = tuple(dict.fromkeys(str(name) for name in fell["channel"] if name != ALL))
        return Finding("funnel_drop", fell.empty, float(len(fell)), 0.0, text, channels)


def _fell(row: pd.Series) -> str:
    whose = "" if row["channel"] == ALL else f" of {row['channel']}"
    seen, low, high = (percent(row[name], decimals=2) for name in ("rate", "expected_low", "expected_high"))
    return f"{row['before']} to {row['after']}{whose}: {seen} where {low} to {high} was to be expected"
