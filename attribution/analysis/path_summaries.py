"""Whole paths summed up: the commonest ones, which channels meet the same people, and who assists.

Steps within paths, their lengths and the time that they take are in :mod:`attribution.analysis.flow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.arrays import Array, Keys
from attribution.errors import BadInput
from attribution.models.heuristic import FirstTouch, LastTouch
from attribution.models.shapley import ShapleyRate
from attribution.models.sums_by_key import Tally
from attribution.paths.journeys import Journeys
from attribution.paths.paths import Paths
from attribution.paths.touches import Touches

if TYPE_CHECKING:
    import ibis

__all__ = ["assists", "channel_overlap", "top_paths"]

THEN, WITH = " > ", " + "
_BITS = 62


def top_paths(journeys: Journeys, most: int = 20) -> pd.DataFrame:
    """The paths that convert most often.

    Parameters
    ----------
    journeys
        The paths.
    most
        Number of paths.

    Returns
    -------
    pandas.DataFrame
        ``path`` (channels in order with ``>`` between them, ``+`` between those of one moment), ``touches``,
        ``conversions``, ``nulls`` (such paths that did not convert) and ``value``; by conversions, then by path.

    Examples
    --------
    >>> paths = pd.DataFrame({"path": ["tv > search", "tv"], "conversions": [3, 1]})
    >>> top_paths(Journeys.from_paths(paths))["path"].tolist()
    ['tv > search', 'tv']
    """
    if most < 1:
        raise BadInput(f"top_paths needs a number of paths of 1 or more, not {most}.")
    if journeys.remote is not None:
        table = _in_engine(journeys, journeys.remote, most)
    else:
        parts = [_counted(paths, journeys.channels) for paths in (journeys.won, journeys.lost) if paths is not None]
        table = _named(parts, most)
    measures = ["conversions", "nulls", "value"]
    table = table.astype({"touches": int} | dict.fromkeys(measures, float))
    ordered = table.sort_values(["conversions", "path"], ascending=[False, True], ignore_index=True)
    return ordered[["path", "touches", *measures]].head(most)


def _counted(paths: Paths, channels: tuple[str, ...]) -> tuple[pd.DataFrame, Paths, tuple[str, ...]]:
    """Sums by a number that stands for the whole path, with a row that has this path."""
    rng = np.random.default_rng(0)
    longest = int(paths.lengths.max(initial=0))
    factor = rng.integers(1, 2**63, size=longest, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    step = np.arange(len(paths.channel)) - np.repeat(paths.first[:-1], paths.lengths)
    letter = paths.channel.astype(np.uint64) * np.uint64(2) + np.uint64(3)
    if paths.tied is not None:
        letter += paths.tied
    key: Keys = np.add.reduceat(letter * factor[step], paths.first[:-1]) if len(paths) else np.zeros(0, np.uint64)
    frame = pd.DataFrame({"key": key, "row": np.arange(len(paths))})
    frame = frame.assign(conversions=paths.conversions, nulls=paths.nulls, value=paths.value)
    grouped = frame.groupby("key").agg(
        row=("row", "first"), conversions=("conversions", "sum"), nulls=("nulls", "sum"), value=("value", "sum")
    )
    return grouped, paths, channels


def _named(parts: list[tuple[pd.DataFrame, Paths, tuple[str, ...]]], most: int) -> pd.DataFrame:
    (won, paths, channels), (lost, _, _) = parts
    won = won[won["conversions"] > 0]
    won = won.assign(nulls=won["nulls"].add(lost["nulls"].reindex(won.index, fill_value=0.0)))
    edge = won["conversions"].nlargest(most).min() if len(won) else 0.0
    chosen = won[won["conversions"] >= edge]
    lengths = paths.lengths[chosen["row"].to_numpy()]
    return chosen.assign(path=[_text(paths, row, channels) for row in chosen["row"]], touches=lengths)


def _text(paths: Paths, row: int, channels: tuple[str, ...]) -> str:
    at = slice(int(paths.first[row]), int(paths.first[row + 1]))
    ids = paths.channel[at].tolist()
    tied = [False] * len(ids) if paths.tied is None else paths.tied[at].tolist()
    return "".join((WITH if same else THEN) + channels[channel] for channel, same in zip(ids, tied, strict=True))[3:]


def _in_engine(journeys: Journeys, remote: ibis.Table, most: int) -> pd.DataFrame:
    import ibis

    named = remote.channel.cases(*enumerate(journeys.channels), else_="")
    joint = (remote.step == remote.place).ifelse(THEN, WITH)
    told = remote.mutate(letter=joint.concat(named))
    whole = told.group_by(["user", "part", "expired"]).aggregate(
        path=told.letter.group_concat("", order_by=told.step),
        touches=told.count(),
        conversions=told.conversions.max(),
        nulls=told.nulls.max(),
        value=told.value.max(),
    )
    sums = whole.group_by(["path", "touches"]).aggregate(
        conversions=whole.conversions.sum(), nulls=whole.nulls.sum(), value=whole.value.sum()
    )
    best = sums.filter(sums.conversions > 0).order_by([ibis.desc("conversions"), "path"]).limit(most).execute()
    return pd.DataFrame(best.assign(path=best["path"].str[3:]))


def channel_overlap(journeys: Journeys) -> pd.DataFrame:
    """Conversions whose paths hold both of two channels.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    pandas.DataFrame
        Channels x channels; on the diagonal the conversions that the channel touched at all.

    Raises
    ------
    BadInput
        More than 62 channels.
    """
    if len(journeys.channels) > _BITS:
        raise BadInput(f"channel_overlap takes up to {_BITS} channels, not {len(journeys.channels)}; group them first.")
    tally = ShapleyRate().tally(journeys)
    members = tally.items["members"].to_numpy(dtype=np.int64)
    holds = ((members[:, None] >> np.arange(len(journeys.channels))) & 1).astype(float)
    both = holds.T @ (holds * tally.total()["conversions"][0][:, None])
    index = pd.Index(journeys.channels, name="channel")
    return pd.DataFrame(both, index=index, columns=list(journeys.channels))


def assists(journeys: Journeys) -> pd.DataFrame:
    """Who opens, who closes, and who is there without closing.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    pandas.DataFrame
        By channel: ``touched`` (conversions whose path holds it), ``first`` and ``last`` (conversions that it opened
        and closed; shared where touches share a moment), ``alone`` (no other channel was there), ``assisted``
        (``touched`` less ``last``), ``assists_per_last`` (infinite where it closes nothing), and ``touched_value`` and
        ``assisted_value``.
    """

    def count(touches: Touches) -> pd.DataFrame:
        first = touches.newcomer()
        single = touches.choose(touches.path_sum(first) == 1, 1.0, 0.0)
        sums = {"conversions": touches.conversions * first, "value": touches.value * first}
        return touches.group((), {"channel": touches.channel}, sums | {"nulls": touches.conversions * first * single})

    tally = Tally.gathered(journeys.blocks(converting=True), count)
    at = tally.items["channel"].to_numpy(dtype=np.int64)
    sums: dict[str, Array] = {}
    for name, values in tally.total().items():
        sums[name] = np.zeros(len(journeys.channels))
        sums[name][at] = values[0]
    opened, closed = FirstTouch()(journeys), LastTouch()(journeys)
    last: Any = closed.conversions.to_numpy()
    assisted = np.maximum(0.0, sums["conversions"] - last)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_last = assisted / last
    return pd.DataFrame(
        {
            "touched": sums["conversions"],
            "first": opened.conversions.to_numpy(),
            "last": last,
            "alone": sums["nulls"],
            "assisted": assisted,
            "assists_per_last": per_last,
            "touched_value": sums["value"],
            "assisted_value": np.maximum(0.0, sums["value"] - closed.value.to_numpy()),
        },
        index=pd.Index(journeys.channels, name="channel"),
    )
