"""One pass over events, part by part: sorted by user and time, and folded into paths as arrays.

The rules are those of :class:`attribution.paths.path_rules.PathRules`; the Ibis reading of the same rules is
:func:`attribution.paths.path_rules.touches_of`, and a test holds the two against each other.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from attribution.arrays import Array, Codes, Flags, Ints, Keys
from attribution.paths.partition import PARTS, Parts, cut
from attribution.paths.path_rules import BUCKETS, DAY
from attribution.paths.paths import Paths, joined, narrow
from attribution.paths.workers import WORKERS

__all__ = ["Ends", "Folded", "Grammar", "fold"]

_AT_ONCE = 100_000
_BITS = 64
_HALF = np.uint64(32)


@dataclass(frozen=True)
class Ends:
    """What ends paths, by user and time: hash of the user, microseconds since 1970, conversions and value."""

    user: Keys
    time: Ints
    conversions: Array
    value: Array


@dataclass(frozen=True)
class Grammar:
    """How to read the packed events.

    An event is a user's hash and a number that holds the time, in microseconds since ``epoch``, above ``bits`` bits
    of code. The highest code is a conversion, the others are kinds of touch.

    Parameters
    ----------
    channel
        Channel id of each code.
    window
        Lookback of each code, in microseconds.
    gap
        Silence that ends a path, in microseconds.
    bits, epoch
        See above.
    """

    channel: Ints
    window: Ints
    gap: int
    bits: int
    epoch: int

    @property
    def conversion(self) -> int:
        """Code of a conversion."""
        return len(self.channel)


@dataclass(frozen=True, eq=False)
class Folded:
    """Paths that converted, paths that did not, and how many touches were exact repeats.

    ``kind`` holds the code of each path's first touch as a label until segments are made of it.
    """

    won: Paths
    lost: Paths
    repeats: int


def fold(touches: Parts, ends: Ends, grammar: Grammar) -> list[Folded]:
    """Paths of each part, to be joined once the events are let go.

    Parameters
    ----------
    touches
        By part.
    ends
        The conversions, sorted by user and time.
    grammar
        How to read the touches.
    """
    edges = cut(ends.user)
    steps = (
        np.linspace(0, PARTS, max(2, min(PARTS + 1, (len(touches) + len(ends.user)) // _AT_ONCE))).astype(int).tolist()
    )

    def folded(start: int, stop: int) -> Folded:
        user, event = touches.between(start, stop)
        own = slice(int(edges[start]), int(edges[stop]))
        converted = ((ends.time[own] - grammar.epoch) << grammar.bits) + grammar.conversion
        user, event = np.concatenate([user, ends.user[own]]), np.concatenate([event, converted])
        return _fold_part(*_in_order(user, event), grammar, ends, own.start)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(folded, steps[:-1], steps[1:]))


def _in_order(user: Keys, event: Ints) -> tuple[Keys, Ints]:
    """Users in rising order, and each one's events in rising order.

    A user's number within the part and an event share 64 bits, which processors sort fast; as many users as the bits
    above the event can number are sorted at once.
    """
    order = _order(user)
    user = user[order]
    owner = np.zeros(len(user), dtype=np.int64)
    np.cumsum(user[1:] != user[:-1], out=owner[1:])
    width = int(event.max(initial=0)).bit_length()
    at_once = 1 << min(_BITS - width, 32)
    edges = np.searchsorted(owner, np.arange(0, int(owner[-1:].sum()) + 1, at_once)).tolist()
    key = owner.view(np.uint64)
    key <<= np.uint64(width)
    key |= event[order].view(np.uint64)
    for start, stop in pairwise([*edges, len(key)]):
        key[start:stop].sort()
    key &= np.uint64((1 << width) - 1)
    return user, key.view(np.int64)


def _order(user: Keys) -> Ints:
    """Rows in the order of their users: by the bits that fit beside a row's number, and by all of them if need be."""
    bits = np.uint64(len(user).bit_length())
    key = user >> bits
    key <<= bits
    key |= np.arange(len(user), dtype=np.uint64)
    key.sort()
    key &= (np.uint64(1) << bits) - np.uint64(1)
    order = key.view(np.int64)
    ranked = user[order]
    return order if (ranked[1:] >= ranked[:-1]).all() else np.argsort(user)


@dataclass(frozen=True, eq=False)
class _Events:
    """Events of whole users in order: code, path, time to the path's end; and by path, when it ends and its bucket."""

    code: Codes
    path: Ints
    wait: Ints
    ended: Ints
    bucket: NDArray[np.uint16]


def _fold_part(user: Keys, packed: Ints, grammar: Grammar, ends: Ends, passed: int) -> Folded:
    """Paths of whole users; ``passed`` conversions belong to users of earlier parts."""
    starts = np.ones(len(user), dtype=bool)
    np.not_equal(user[1:], user[:-1], out=starts[1:])
    repeats = np.count_nonzero((packed[1:] == packed[:-1]) & ~starts[1:])
    code = (packed & ((1 << grammar.bits) - 1)).astype(narrow(grammar.conversion))
    time = packed >> grammar.bits
    wins = code == grammar.conversion
    starts[1:] |= wins[:-1]
    starts[1:] |= (time[1:] - time[:-1]) > grammar.gap
    begin = np.flatnonzero(starts)
    last = np.append(begin[1:], len(user))[: len(begin)] - 1
    bucket = ((user[begin] >> _HALF) * np.uint64(BUCKETS) >> _HALF).astype(np.uint16)  # rises with the user's hash
    path, ended, won = np.cumsum(starts) - 1, time[last], wins[last]
    events = _Events(code, path, ended[path] - time, ended, bucket)
    of_won = won[path]
    waiting = np.flatnonzero(of_won & ~wins)
    late = events.wait[waiting] > grammar.window[code[waiting]]
    lost, expired = (_paths(events, rows, grammar) for rows in (~of_won, waiting[late]))
    converted = _paths(events, waiting[~late], grammar, np.cumsum(won) - 1 + passed)
    return Folded(_valued(converted, ends), joined([lost, expired]), int(repeats))


def _paths(events: _Events, rows: Ints | Flags, grammar: Grammar, number: Ints | None = None) -> Paths:
    """Paths of the touches at some rows; without their value where a conversion, whose number is given, ends them."""
    path, wait, code = events.path[rows], events.wait[rows], events.code[rows]
    edges = np.flatnonzero(path[1:] != path[:-1]) + 1
    first = np.concatenate([[0], edges, [len(path)]]) if len(path) else np.zeros(1, dtype=np.int64)
    owner, count = path[first[:-1]], len(first) - 1
    ended = events.ended[owner]
    if number is None and (short := wait[first[1:] - 1]).any():  # what would have converted ends with its last touch
        ended -= short
        wait -= np.repeat(short, np.diff(first))
    channel = grammar.channel.astype(narrow(int(grammar.channel.max(initial=0))))
    return Paths(
        channel=channel[code],
        first=first,
        conversions=np.broadcast_to(np.float64(0.0), count),
        nulls=np.broadcast_to(np.float64(1.0 if number is None else 0.0), count),
        value=np.broadcast_to(np.float64(0.0), count),
        age=wait / DAY,
        ended=ended + grammar.epoch,
        labels={"bucket": events.bucket[owner], "kind": code[first[:-1]]},
        source=np.broadcast_to(np.int64(-1), count) if number is None else number[owner],
    )


def _valued(won: Paths, ends: Ends) -> Paths:
    return replace(won, conversions=ends.conversions[won.source], value=ends.value[won.source])
