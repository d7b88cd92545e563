"""Credit per conversion: which channels each single conversion goes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.models.heuristic import Heuristic
from attribution.models.markov import Markov
from attribution.models.model import Model
from attribution.paths.ibis_touches import PATH, IbisTouches
from attribution.paths.journeys import Journeys
from attribution.paths.touches import Touches
from attribution.reading.dialects import in_doubles, moment_of

if TYPE_CHECKING:
    import ibis

__all__ = ["credit_per_conversion"]

Shares = Callable[[Touches], tuple[Any, Any]]


def credit_per_conversion(journeys: Journeys, model: Model) -> pd.DataFrame | ibis.Table:
    """One row per conversion and channel.

    Where an engine keeps the journeys, the rows stay there too, as an Ibis table: ``execute()`` fetches them, the
    connection's ``create_table("credit", table)`` writes them down beside the log.

    Parameters
    ----------
    journeys
        Paths from a log.
    model
        A rule of thumb, weights of one's own, :class:`attribution.Shapley` or :class:`attribution.Markov`. The first
        three credit conversion by conversion, and the rows sum to their credit. A Markov model credits totals: here
        each conversion is split over the different channels of its path in proportion to their removal effects (its
        value, to the removal effects on value). These rows sum to the conversions, but by channel not to the model's
        credit, which may give a channel less than the conversions that met no other.

    Returns
    -------
    pandas.DataFrame or ibis.Table
        ``user``, ``time`` (UTC), ``channel``, ``conversions``, ``value``.

    Raises
    ------
    BadInput
        For a model of totals alone, or aggregated paths.
    """
    if not journeys.timed:
        raise BadInput("credit per conversion needs single conversions: build the journeys from touchpoints.")
    shares = _shares(journeys, model)
    return _in_memory(journeys, shares) if journeys.remote is None else _in_engine(journeys, journeys.remote, shares)


def _shares(journeys: Journeys, model: Model) -> Shares:
    """Shares of each touch in the conversions and in the value of its path."""
    if isinstance(model, Heuristic):
        model.check(journeys)

        def by_weight(touches: Touches) -> tuple[Any, Any]:
            share = model.share(touches, journeys.channels)
            return share, share

        return by_weight
    if not isinstance(model, Markov):
        raise BadInput(f"{model.name} credits totals, not single conversions; use a heuristic, Shapley or Markov.")
    credit = model(journeys)
    effects = [np.asarray(effect, dtype=float) for effect in (credit.removal_effect, credit.removal_effect_value)]

    def by_effect(touches: Touches) -> tuple[Any, Any]:
        conversions, value = (_proportional(touches, effect) for effect in effects)
        return conversions, value

    return by_effect


def _proportional(touches: Touches, effect: np.ndarray[Any, Any]) -> Any:
    """Shares in proportion to the channels' effects, at the first touch of each channel; 0 where none has any."""
    weight = touches.newcomer() * touches.of_channel(effect)
    total = touches.path_sum(weight)
    return touches.choose(total > 0, weight / touches.choose(total > 0, total, 1.0), 0.0)


def _in_memory(journeys: Journeys, shares: Shares) -> pd.DataFrame:
    if journeys.won is None or journeys.ends is None or journeys.won.source is None:
        raise BadInput("these journeys hold no conversions.")
    parts, start = [], 0
    for touches in journeys.blocks(converting=True):
        share, share_of_value = shares(touches)
        path = np.cumsum(touches.opens) - 1 + start
        sums = {"conversions": share * touches.conversions, "value": share_of_value * touches.value}
        frame = pd.DataFrame({"path": path, "channel": touches.channel, **sums})
        parts.append(frame.groupby(["path", "channel"], as_index=False).sum())
        start = int(path[-1]) + 1
    table = pd.concat(parts, ignore_index=True)
    table = table[table["conversions"] > 0]
    source = journeys.won.source[table["path"].to_numpy()]
    ends = journeys.ends.execute()
    return pd.DataFrame(
        {
            "user": ends["user"].to_numpy()[source],
            "time": pd.to_datetime(ends["time"].to_numpy()[source], unit="us", utc=True),
            "channel": np.array(journeys.channels, dtype=object)[table["channel"].to_numpy()],
            "conversions": table["conversions"].to_numpy(),
            "value": table["value"].to_numpy(),
        }
    )


def _in_engine(journeys: Journeys, remote: ibis.Table, shares: Shares) -> ibis.Table:
    touches = IbisTouches(remote.filter(remote.conversions > 0))
    share, share_of_value = shares(touches)
    table = touches.with_columns(credited=share * touches.conversions, earned=share_of_value * touches.value)
    sums = table.group_by([*PATH, "ended", "channel"]).aggregate(
        conversions=table.credited.sum(), value=table.earned.sum()
    )
    named = sums.filter(sums.conversions > 0).select(
        user=sums.user,
        time=moment_of(sums.ended, remote),
        channel=sums.channel.cases(*enumerate(journeys.channels)),
        conversions=sums.conversions,
        value=sums.value,
    )
    return in_doubles(named)
