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

__all__ = ["and_then", "only", "prioritise", "without"]

_NONE_UNTOUCHED = {"untouched": 0.0, "untouched_value": 0.0}


def without(journeys: Journeys, *channels: str) -> Journeys:
    """The journeys of the same log without the touches of some channels.

    Journeys from touchpoints are made of the log again, so that silences, sessions, windows and segments are those of a
    log in which these touches never stood; what was done to the journeys since (:func:`only`, :func:`prioritise`,
    periods and cohorts) is done again. Aggregated paths lose the channels' steps, which is all that can be known.

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
    BadInput
        No conversion is left.
    """
    for channel in channels:
        _id(journeys, channel)
    if len(channels) == 0:
        return journeys
    if set(channels) >= set(journeys.channels):
        raise BadInput("no channel is left without these channels.")
    if journeys.rebuilt is not None:
        return journeys.rebuilt(channels)
    stays = np.ones(len(journeys.channels))
    stays[[_id(journeys, channel) for channel in channels]] = 0.0
    kept = _keeping(journeys, lambda touches: touches.of_channel(stays) > 0)
    if kept.totals["conversions"] == 0:
        raise BadInput("no conversion is left without these channels.")
    return _renumbered(kept, tuple(np.flatnonzero(stays)))


def _renumbered(journeys: Journeys, stay: tuple[int, ...]) -> Journeys:
    """The journeys with the channels that stay, numbered from 0."""
    new = np.zeros(len(journeys.channels), dtype=np.int64)
    new[list(stay)] = np.arange(len(stay))

    def renumbered(paths: Paths) -> Paths:
        return replace(paths, channel=new.astype(paths.channel.dtype)[paths.channel])

    named = tuple(journeys.channels[old] for old in stay)
    if journeys.won is None or journeys.lost is None:
        return journeys
    return replace(journeys, channels=named, won=renumbered(journeys.won), lost=renumbered(journeys.lost))


def and_then(journeys: Journeys, step: Callable[[Journeys], Journeys]) -> Callable[[tuple[str, ...]], Journeys] | None:
    """How journeys are made of the log without some channels where one more step follows."""
    made = journeys.rebuilt
    return None if made is None else lambda channels: step(made(channels))


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

    def again(fewer: Journeys) -> Journeys:
        left = {channel: place for channel, place in priority.items() if channel in fewer.channels}
        return prioritise(fewer, left)

    return replace(_keeping(journeys, best), rebuilt=and_then(journeys, again))


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
    rebuilt = and_then(journeys, lambda fewer: only(fewer, **segments))
    if journeys.remote is not None:
        remote = journeys.remote.filter([journeys.remote[segment] == value for segment, value in segments.items()])
        return replace(journeys, remote=remote, totals=remote_totals(remote) | _NONE_UNTOUCHED, rebuilt=rebuilt)
    codes = {segment: journeys.categories[segment].index(value) for segment, value in segments.items()}

    def chosen(paths: Paths) -> Paths:
        rows = np.logical_and.reduce([paths.labels[segment] == code for segment, code in codes.items()])
        return paths.take(np.flatnonzero(np.broadcast_to(rows, len(paths))))

    return replace(_in_memory(journeys, chosen), rebuilt=rebuilt)


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

        kept = _in_memory(journeys, passed)
    more = {
        left: journeys.totals[left] + journeys.totals[name] - kept.totals[name]
        for left, name in (("untouched", "conversions"), ("untouched_value", "value"))
    }
    return replace(kept, totals=kept.totals | more)


def _in_memory(journeys: Journeys, change: Callable[[Paths], Paths]) -> Journeys:
    if journeys.won is None or journeys.lost is None:
        raise BadInput("these journeys hold no paths.")
    won, lost = change(journeys.won), change(journeys.lost)
    return replace(journeys, won=won, lost=lost, totals=summed(won, lost) | _NONE_UNTOUCHED)


def _id(journeys: Journeys, channel: str) -> int:
    if channel not in journeys.channels:
        raise UnknownChannel(channel, journeys.channels, where="the journeys")
    return journeys.channels.index(channel)
