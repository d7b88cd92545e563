"""Journeys from journeys: channels left out or put first, for every model alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attribution.bookkeeping import summed
from attribution.errors import BadInput, UnknownChannel, UnknownName
from attribution.journeys import Journeys
from attribution.paths import Paths

__all__ = ["only", "prioritise", "without"]


def without(journeys: Journeys, *channels: str) -> Journeys:
    """The journeys as if some channels had left no touches.

    Parameters
    ----------
    journeys
        Paths in memory.
    channels
        Names to leave out. Conversions of paths that had nothing else become untouched.

    Raises
    ------
    UnknownChannel
        For a name that no path holds.
    """
    gone = [_id(journeys, channel) for channel in channels]
    won, lost = _parts(journeys)
    kept = [paths.keep(~np.isin(paths.channel, gone)) for paths in (won, lost)]
    totals = summed(*kept)
    untouched = journeys.totals["untouched"] + journeys.totals["conversions"] - totals["conversions"]
    if totals["conversions"] == 0:
        raise BadInput("no conversion is left without these channels.")
    return replace(journeys, won=kept[0], lost=kept[1], totals=totals | {"untouched": untouched})


def prioritise(journeys: Journeys, priority: Mapping[str, int]) -> Journeys:
    """The journeys with only the most important touches of each path.

    Parameters
    ----------
    journeys
        Paths in memory.
    priority
        Rank by channel, 1 before 2; a channel not named ranks 1. ``{"direct": 2}`` leaves direct touches out of all
        paths that hold anything else.

    Raises
    ------
    UnknownChannel
        For a name that no path holds.
    """
    rank = np.ones(len(journeys.channels), dtype=np.int64)
    for channel, place in priority.items():
        rank[_id(journeys, channel)] = place
    kept = []
    for paths in _parts(journeys):
        if not len(paths):
            kept.append(paths)
            continue
        of_touch = rank[paths.channel]
        best = np.minimum.reduceat(of_touch, paths.first[:-1])
        kept.append(paths.keep(of_touch == np.repeat(best, paths.lengths)))
    return replace(
        journeys, won=kept[0], lost=kept[1], totals=summed(*kept) | {"untouched": journeys.totals["untouched"]}
    )


def only(journeys: Journeys, **segments: str) -> Journeys:
    """The journeys of one value of a segment, or of several segments at once.

    Parameters
    ----------
    journeys
        Paths in memory.
    segments
        Segment = value, such as ``geo="DE"``.

    Raises
    ------
    UnknownName
        For a segment or value that the journeys do not have.
    """
    kept = list(_parts(journeys))
    for segment, value in segments.items():
        if segment not in journeys.categories:
            raise UnknownName(segment, journeys.categories, where="the segments of these journeys")
        if value not in journeys.categories[segment]:
            raise UnknownName(value, journeys.categories[segment], where=segment)
        code = journeys.categories[segment].index(value)
        kept = [paths.take(np.flatnonzero(paths.labels[segment] == code)) for paths in kept]
    return replace(journeys, won=kept[0], lost=kept[1], totals=summed(*kept) | {"untouched": 0.0})


def _id(journeys: Journeys, channel: str) -> int:
    if channel not in journeys.channels:
        raise UnknownChannel(channel, journeys.channels, where="the journeys")
    return journeys.channels.index(channel)


def _parts(journeys: Journeys) -> tuple[Paths, Paths]:
    if journeys.won is None or journeys.lost is None:
        raise BadInput("these journeys stay in their engine; filter the touchpoints there before building them.")
    return journeys.won, journeys.lost
