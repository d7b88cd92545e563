"""One pass over events, part by part: sorted by user and time, and folded into paths as arrays.

The rules are those of :class:`attribution.paths.path_rules.PathRules`; the Ibis reading of the same rules is
:func:`attribution.paths.engine_paths.touches_of`, and a test holds the two against each other.
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
    """Conversions, by user and time: hash of the user, microseconds since 1970, conversions, value, and whether it ends
    a path.
    """

    user: Keys
    time: Ints
    conversions: Array
    value: Array
    closes: Flags


@dataclass(frozen=True)
class Grammar:
    """How to read the packed events.

    An event is a user's hash and a number that holds the time, in microseconds since ``epoch``, above ``within`` bits
    for the order of touches of one moment, above ``bits`` bits of code. The two highest codes are conversions, of which
    the last ends a path; the others are kinds of touch.

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
    within
        See above; 0 where touches of one moment have no order.
    rank
        Rank of each code, of which a path keeps the least; None where all are alike.
    weight
        Weight of each code; None where all weigh 1.
    """

    channel: Ints
    window: Ints
    gap: int
    bits: int
    epoch: int
    within: int = 0
    rank: Ints | None = None
    weight: Array | None = None

    @property
    def conversion(self) -> int:
        """Code of a conversion that leaves its touches to later ones; the next code is one that ends its path."""
        return len(self.channel)

    def packed(self, ends: Ends, own: slice) -> Ints:
        """Events of some conversions, which come after the touches of their moment."""
        moment = ((ends.time[own] - self.epoch) << self.within) + ((1 << self.within) - 1)
        return (moment << self.bits) + self.conversion + ends.closes[own]


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
        user = np.concatenate([user, ends.user[own]])
        event = np.concatenate([event, grammar.packed(ends, own)])
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
    """Events of whole users in order: code, path, time to the path's end, and moment; and by path, when it ends and its
    bucket. Moments are None where no two events share one.
    """

    code: Codes
    path: Ints
    wait: Ints
    moment: Ints | None
    ended: Ints
    bucket: NDArray[np.uint16]

    def at(self, rows: Ints | Flags) -> _Events:
        """Some of the events."""
        moment = None if self.moment is None else self.moment[rows]
        return replace(self, code=self.code[rows], path=self.path[rows], wait=self.wait[rows], moment=moment)


def _fold_part(user: Keys, packed: Ints, grammar: Grammar, ends: Ends, passed: int) -> Folded:
    """Paths of whole users; ``passed`` conversions belong to users of earlier parts."""
    starts = np.ones(len(user), dtype=bool)
    np.not_equal(user[1:], user[:-1], out=starts[1:])
    repeats = np.count_nonzero((packed[1:] == packed[:-1]) & ~starts[1:])
    code = (packed & ((1 << grammar.bits) - 1)).astype(narrow(grammar.conversion + 1))
    moment = packed >> grammar.bits
    shared = bool(((moment[1:] == moment[:-1]) & ~starts[1:]).any())
    time = moment >> grammar.within if grammar.within else moment
    closes = code == grammar.conversion + 1
    starts[1:] |= closes[:-1]
    starts[1:] |= (time[1:] - time[:-1]) > grammar.gap
    begin = np.flatnonzero(starts)
    last = np.append(begin[1:], len(user))[: len(begin)] - 1
    bucket = ((user[begin] >> _HALF) * np.uint64(BUCKETS) >> _HALF).astype(np.uint16)  # rises with the user's hash
    path, ended = np.cumsum(starts) - 1, time[last]
    events = _Events(code, path, ended[path] - time, moment if shared else None, ended, bucket)
    if (code == grammar.conversion).any():
        taken, source, left = _of_each(events, time, begin, grammar)
    else:
        won = closes[last]
        of_won = won[path]
        waiting = np.flatnonzero(of_won & ~closes)
        late = events.wait[waiting] > grammar.window[code[waiting]]
        taken, source = events.at(waiting[~late]), np.cumsum(won) - 1
        left = [events.at(~of_won), events.at(waiting[late])]
    converted = _paths(taken, grammar, source + passed)
    return Folded(_valued(converted, ends), joined([_paths(part, grammar) for part in left]), int(repeats))


def _of_each(events: _Events, time: Ints, begin: Ints, grammar: Grammar) -> tuple[_Events, Ints, list[_Events]]:
    """Touches under each conversion of their part that lies in their window, a path each, and those that none takes."""
    converts = events.code >= grammar.conversion
    at = np.flatnonzero(converts)
    count = at - begin[events.path[at]]
    number = np.repeat(np.arange(len(at)), count)
    rows = np.arange(len(number)) + np.repeat(at - np.cumsum(count), count)
    wait = time[at][number] - time[rows]
    mine = ~converts[rows]
    mine[mine] = wait[mine] <= grammar.window[events.code[rows[mine]]]
    rows, number = rows[mine], number[mine]
    owner = events.path[at]
    taken = replace(events.at(rows), path=number, wait=wait[mine], ended=time[at], bucket=events.bucket[owner])
    left = ~converts
    left[rows] = False
    return taken, np.arange(len(at)), [events.at(left)]


def _paths(touches: _Events, grammar: Grammar, source: Ints | None = None) -> Paths:
    """Paths of touches; without their value where conversions, numbered by path, end them."""
    path = touches.path
    if grammar.rank is not None and len(path):
        touches = touches.at(_foremost(grammar.rank[touches.code], path))
        path = touches.path
    code, wait = touches.code, touches.wait
    starts = np.ones(len(path), dtype=bool)
    np.not_equal(path[1:], path[:-1], out=starts[1:])
    first = np.append(np.flatnonzero(starts), len(path))
    owner, count = path[first[:-1]], len(first) - 1
    ended = touches.ended[owner]
    if source is None and (short := wait[first[1:] - 1]).any():  # what would have converted ends with its last touch
        ended -= short
        wait = wait - np.repeat(short, np.diff(first))
    channel = grammar.channel.astype(narrow(int(grammar.channel.max(initial=0))))
    return Paths(
        channel=channel[code],
        first=first,
        conversions=np.broadcast_to(np.float64(0.0), count),
        nulls=np.broadcast_to(np.float64(1.0 if source is None else 0.0), count),
        value=np.broadcast_to(np.float64(0.0), count),
        age=wait / DAY,
        ended=ended + grammar.epoch,
        labels={"bucket": touches.bucket[owner], "kind": code[first[:-1]]},
        source=np.broadcast_to(np.int64(-1), count) if source is None else source[owner],
        tied=_tied(touches.moment, starts),
        weight=None if grammar.weight is None else grammar.weight[code],
    )


def _foremost(rank: Ints, path: Ints) -> Flags:
    """Touches of the least rank of their path."""
    first = np.append(0, np.flatnonzero(path[1:] != path[:-1]) + 1)
    least = np.minimum.reduceat(rank, first)
    return np.asarray(rank == np.repeat(least, np.diff(np.append(first, len(path)))))


def _tied(moment: Ints | None, starts: Flags) -> Flags | None:
    """Whether a touch stands at the moment of the one before it in its path; None where none does."""
    if moment is None:
        return None
    tied = ~starts
    tied[1:] &= moment[1:] == moment[:-1]
    return tied if tied.any() else None


def _valued(won: Paths, ends: Ends) -> Paths:
    return replace(won, conversions=ends.conversions[won.source], value=ends.value[won.source])
