"""Channels whose 90 % interval reaches from less than half to more than twice of what is known: ends fourfold apart.

There the draws themselves say that the median is more likely off by over a quarter than not.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from attribution.estimates import MEDIAN
from attribution.findings import Finding
from attribution.numbers import count

__all__ = ["rough_figures"]

_FOURFOLD = 4.0
_NAMED = 12  # channels of one sentence, the widest of more


def rough_figures(contributions: pd.DataFrame, whose: str, named: Collection[str] = ()) -> Finding:
    """Whether the ends of each channel's interval lie within fourfold of each other.

    Parameters
    ----------
    contributions
        Customers by channel, one row per draw.
    whose
        Whose draws they are, in words that begin the sentence.
    named
        Channels that need no second word.
    """
    points = contributions.quantile(list(MEDIAN.values())).set_axis(list(MEDIAN))
    low, high = points.loc["5%"].to_numpy(), points.loc["95%"].to_numpy()
    apart = pd.Series(high / np.maximum(low, 1e-12), points.columns)
    apart = apart[~apart.index.isin(list(named))]
    rough = [str(channel) for channel in apart.index if apart[channel] > _FOURFOLD]
    most = float(apart.max()) if len(apart) else 1.0
    if not rough:
        which = "no other channel's" if named else "no channel's"
        text = f"{whose}, {which} interval has ends that are more than fourfold apart."
        return Finding("rough_figures", True, most, _FOURFOLD, text)
    widest = rough if len(rough) <= _NAMED else list(apart[rough].nlargest(_NAMED).index)
    listed = "; ".join(
        f"{channel} {count(middle)} ({count(low)} to {count(high)})"
        for channel, (middle, low, high) in zip(widest, points[widest].to_numpy().T, strict=True)
    )
    if len(rough) > _NAMED:
        listed = f"{listed}; and {len(rough) - _NAMED} more"
    text = (
        f"{whose}, it is known only roughly what these channels brought in all weeks of the table; the ends of their "
        f"90 % intervals are more than fourfold apart: {listed}. Read the CAC of such a channel as its interval: its "
        "median is more likely than not off by over a quarter. A lift test settles it."
    )
    return Finding("rough_figures", False, most, _FOURFOLD, text, tuple(rough))
