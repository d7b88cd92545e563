"""How people move through journeys: steps between channels, lengths of paths, time until the conversion.

Each is a group-by on whatever holds the touches; what comes back is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.errors import BadInput

if TYPE_CHECKING:
    from attribution.paths.journeys import Journeys

__all__ = ["CONVERSION", "NULL", "START", "days_to_conversion", "path_lengths", "step_shares"]

START, CONVERSION, NULL = "(start)", "(conversion)", "(no conversion)"
_HOURS = 24


def step_shares(journeys: Journeys) -> pd.DataFrame:
    """Where paths go next.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    pandas.DataFrame
        Share of the steps from each row (start, then channels) that lead to each column (channels, conversion, no
        conversion); rows sum to 1.

    Examples
    --------
    >>> from attribution import Journeys
    >>> paths = pd.DataFrame({"path": ["tv > search", "tv"], "conversions": [3, 0], "nulls": [0, 1]})
    >>> step_shares(Journeys.from_paths(paths, nulls="nulls")).loc["tv", "search"].item()
    0.75
    """
    from attribution.models.markov import Markov

    tally = Markov(order=1).tally(journeys)
    sums = {name: values[0] for name, values in tally.total().items()}
    before, state, last = (tally.items[name].to_numpy(dtype=int) for name in ("before", "state", "last"))
    size = len(journeys.channels)
    steps = np.zeros((size + 1, size + 2))
    np.add.at(steps, (before, state - 1), sums["conversions"] + sums["nulls"])
    ends = last == 1
    for place, outcome in enumerate(("conversions", "nulls")):
        np.add.at(steps, (state[ends], size + place), sums[outcome][ends])
    totals = steps.sum(axis=1, keepdims=True)
    shares = np.divide(steps, totals, out=np.zeros_like(steps), where=totals > 0)
    return pd.DataFrame(shares, [START, *journeys.channels], [*journeys.channels, CONVERSION, NULL])


def path_lengths(journeys: Journeys) -> pd.DataFrame:
    """Paths by number of touches.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    pandas.DataFrame
        Index: touches. Columns: ``conversions`` and ``nulls``, paths that did not convert.
    """
    parts = [
        block.group(
            (), {"touches": block.length}, {"conversions": block.conversions, "nulls": block.nulls}, block.opens
        )
        for block in journeys.blocks()
    ]
    return pd.concat(parts).astype(float).groupby("touches").sum().rename(index=int)


def days_to_conversion(journeys: Journeys) -> pd.Series:
    """Conversions by days from the path's first touch, to the hour.

    Parameters
    ----------
    journeys
        The paths, with times.

    Returns
    -------
    pandas.Series
        Index: days. Values: conversions.

    Raises
    ------
    BadInput
        If the paths have no times.
    """
    if not journeys.timed:
        raise BadInput("days_to_conversion: aggregated paths have no times. Remedy: Journeys.from_touchpoints.")
    parts = []
    for block in journeys.blocks(converting=True):
        hours = block.whole(block.age * _HOURS)
        parts.append(block.group((), {"hours": hours}, {"conversions": block.conversions}, block.opens))
    counted = pd.concat(parts).astype(float).groupby("hours")["conversions"].sum()
    return counted.rename(index=lambda hours: hours / _HOURS)
