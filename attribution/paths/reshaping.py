"""Journeys from journeys: channels left out or put first, for every model alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from attribution.errors import BadInput, UnknownChannel, UnknownName
from attribution.paths.array_touches import blocks_of
from attribution.paths.ibis_touches import IbisTouches
from attribution.paths.journeys import Journeys
from attribution.paths.paths import Paths
from attribution.paths.totals import remote_totals, summed
from attribution.paths.touches import Touches

__all__ = ["only", "prioritise", "without"]


def without(journeys: Journeys, *channels: str) -> Journeys:
    """The journeys as if some channels had left no touches.

    Parameters
    ----------
    journeys
        The paths.
    channels
        Names to leave out. Conversions of paths that had nothing else become untouched.

    Raises
    ------
    UnknownChannel
        For a name that no path holds.
    """
    stays = np.ones(len(journeys.channels))
    for channel in channels:
        stays[_id(journeys, channel)] = 0.0
    kept = _keeping(journeys, lambda touches: touches.of_channel(stays) > 0)
    if kept.totals["conversions"] == 0:
        raise BadInput("no conversion is left without these channels.")
    return kept


def prioritise(journeys: Journeys, priority: Mapping[str, int]) -> Journeys:
    """The journeys with only the most important touches of each path.

    Parameters
    ----------
    journeys
        The paths.
    priority
        Rank by channel, 1 before 2; a channel not named ranks 1. ``{"direct": 2}`` leaves direct touches out of all
        paths that hold anything else.

    Raises
    ------
    UnknownChannel
        For a name that no path holds.
    """
    rank = np.ones(len(journeys.channels))
    for channel, place in priority.items():
        rank[_id(journeys, channel)] = place

    def best(touches: Touches) -> Any:
        of_touch = touches.of_channel(rank)
        return of_touch == touches.path_min(of_touch)

    return _keeping(journeys, best)


def only(journeys: Journeys, **segments: str) -> Journeys:
    """The journeys of one value of a segment, or of several segments at once.

    Parameters
    ----------
    journeys
        The paths.
    segments
        Segment = value, such as ``geo="DE"``.

    Raises
    ------
    UnknownName
        For a segment or value that the journeys do not have.
    """
    for segment, value in segments.items():
        if segment not in journeys.categories:
            raise UnknownName(segment, journeys.categories, where="the segments of these journeys")
        if value not in journeys.categories[segment]:
            raise UnknownName(value, journeys.categories[segment], where=segment)
    if journeys.remote is not None:
        remote = journeys.remote.filter([journeys.remote[segment] == value for segment, value in segments.items()])
        return replace(journeys, remote=remote, totals=remote_totals(remote) | {"untouched": 0.0})
    codes = {segment: journeys.categories[segment].index(value) for segment, value in segments.items()}

    def chosen(paths: Paths) -> Paths:
        rows = np.logical_and.reduce([paths.labels[segment] == code for segment, code in codes.items()])
        return paths.take(np.flatnonzero(np.broadcast_to(rows, len(paths))))

    return _in_memory(journeys, chosen, untouched=0.0)


def _keeping(journeys: Journeys, condition: Callable[[Touches], Any]) -> Journeys:
    """The journeys without the touches that fail a condition; paths that lose all of theirs vanish."""
    if journeys.remote is not None:
        touches = IbisTouches(journeys.remote)
        remote = touches.keep(condition(touches))
        kept = replace(journeys, remote=remote, totals=remote_totals(remote))
    else:

        def passed(paths: Paths) -> Paths:
            flags = [condition(block) for block in blocks_of(paths)]
            return paths.keep(np.concatenate(flags)) if flags else paths

        kept = _in_memory(journeys, passed, untouched=0.0)
    lost = journeys.totals["conversions"] - kept.totals["conversions"]
    return replace(kept, totals=kept.totals | {"untouched": journeys.totals["untouched"] + lost})


def _in_memory(journeys: Journeys, change: Callable[[Paths], Paths], untouched: float) -> Journeys:
    if journeys.won is None or journeys.lost is None:
        raise BadInput("these journeys hold no paths.")
    won, lost = change(journeys.won), change(journeys.lost)
    return replace(journeys, won=won, lost=lost, totals=summed(won, lost) | {"untouched": untouched})


def _id(journeys: Journeys, channel: str) -> int:
    if channel not in journeys.channels:
        raise UnknownChannel(channel, journeys.channels, where="the journeys")
    return journeys.channels.index(channel)
