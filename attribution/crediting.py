"""Credit per conversion: which channels each single conversion goes to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.heuristic import Heuristic
from attribution.journeys import Journeys

__all__ = ["credit_per_conversion"]


def credit_per_conversion(journeys: Journeys, model: Heuristic) -> pd.DataFrame:
    """One row per conversion and channel; a frame that any engine takes back.

    Parameters
    ----------
    journeys
        Paths in memory, from a log.
    model
        A rule of thumb, weights of one's own, or :class:`attribution.Shapley`. A Markov model credits totals only.

    Returns
    -------
    pandas.DataFrame
        ``user``, ``time`` (UTC), ``channel``, ``conversions``, ``value``: they sum to the model's credit.

    Raises
    ------
    BadInput
        For a Markov model, or aggregated paths.
    """
    if not isinstance(model, Heuristic):
        raise BadInput(f"{model.name} credits totals, not single conversions; use a heuristic or Shapley.")
    if journeys.won is None or journeys.ends is None or journeys.won.source is None:
        raise BadInput("credit per conversion needs journeys from touchpoints, held in memory.")
    parts, start = [], 0
    for touches in journeys.blocks(converting=True):
        weight = model.weight(touches, journeys.channels)
        weight = weight if model.sums_to_one else weight / touches.path_sum(weight)
        path = np.cumsum(touches.is_first) - 1 + start
        sums = {"conversions": weight * touches.conversions, "value": weight * touches.value}
        frame = pd.DataFrame({"path": path, "channel": touches.channel, **sums})
        parts.append(frame.groupby(["path", "channel"], as_index=False).sum())
        start = int(path[-1]) + 1
    table = pd.concat(parts, ignore_index=True)
    table = table[table["conversions"] > 0]
    path = table["path"].to_numpy()
    ends = journeys.ends.execute()
    return pd.DataFrame(
        {
            "user": ends["user"].to_numpy()[journeys.won.source[path]],
            "time": pd.to_datetime(ends["time"].to_numpy()[journeys.won.source[path]], unit="us", utc=True),
            "channel": np.array(journeys.channels, dtype=object)[table["channel"].to_numpy()],
            "conversions": table["conversions"].to_numpy(),
            "value": table["value"].to_numpy(),
        }
    )
