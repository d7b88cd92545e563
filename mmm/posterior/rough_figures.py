"""Channels of which the draws themselves say that their figure is rather off by more than a quarter than not."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from attribution.estimates import MEDIAN
from attribution.findings import Finding
from attribution.numbers import count, percent

__all__ = ["rough_figures"]

_A_QUARTER, _EVEN = 0.25, 0.5


def rough_figures(contributions: pd.DataFrame, whose: str, named: Collection[str] = ()) -> Finding:
    """Whether each channel's customers are known to a quarter: with at least even odds, by the draws.

    Parameters
    ----------
    contributions
        Customers by channel, one row per draw.
    whose
        Whose draws they are, in words that begin the sentence.
    named
        Channels that need no second word.
    """
    medians = contributions.median()
    off = (medians / contributions - 1.0).abs() > _A_QUARTER
    odds = off.mean()[medians > 0]
    rough = [str(channel) for channel in odds.index[odds > _EVEN] if channel not in named]
    most = float(odds.max()) if len(odds) else 0.0
    if not rough:
        which = "no other channel's" if named else "no channel's"
        text = f"{whose}, {which} customers are more likely off by over a quarter than not."
        return Finding("rough_figures", True, most, _EVEN, text)
    points = contributions[rough].quantile(list(MEDIAN.values())).to_numpy().T
    listed = "; ".join(
        f"{channel} {count(middle)} customers ({count(low)} to {count(high)}; {percent(float(odds[channel]))})"
        for channel, (middle, low, high) in zip(rough, points, strict=True)
    )
    text = (
        f"{whose}, these figures are more likely off by over a quarter than not: {listed}. Read the CAC of such a "
        "channel as its interval, not as its median; a lift test settles it."
    )
    return Finding("rough_figures", False, most, _EVEN, text, tuple(rough))
