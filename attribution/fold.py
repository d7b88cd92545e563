"""One pass over events sorted by user and time: paths as arrays, chunk by chunk.

The rules are those of :class:`attribution.sessions.PathRules`; the Ibis reading of the same rules is
:func:`attribution.sessions.touches_of`, and a test holds the two against each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.paths import Paths, joined, narrow
from attribution.sessions import BUCKETS, DAY

__all__ = ["Ends", "Folded", "Grammar", "fold"]

Ints = NDArray[np.int64]
Codes = NDArray[np.unsignedinteger[Any]]
_WORKERS = 2


@dataclass(frozen=True)
class Ends:
    """What ends paths, sorted as the events are: conversions and value of each user and moment."""

    conversions: NDArray[np.float64]
    value: NDArray[np.float64]


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


def fold(batches: Iterable[tuple[NDArray[Any], ...]], grammar: Grammar, ends: Ends) -> Folded:
    """Paths from sorted events.

    Parameters
    ----------
    batches
        User hashes and packed events, sorted by both.
    grammar
        How to read them.
    ends
        The conversions, in the order in which they stand among the events.
    """
    waiting: deque[Future[Folded]] = deque()
    done: list[Folded] = []
    passed = 0
    with ThreadPoolExecutor(_WORKERS) as pool:
        for user, packed in _whole_users(batches):
            mask = (1 << grammar.bits) - 1
            waiting.append(pool.submit(_fold_chunk, user, packed, grammar, ends, passed))
            passed += int(np.count_nonzero((packed & mask) == grammar.conversion))
            while len(waiting) > _WORKERS:
                done.append(waiting.popleft().result())
        done += [future.result() for future in waiting]
    return Folded(
        joined([part.won for part in done]),
        joined([part.lost for part in done]),
        sum(part.repeats for part in done),
    )


def _whole_users(
    batches: Iterable[tuple[NDArray[Any], ...]],
) -> Iterator[tuple[NDArray[np.uint64], Ints]]:
    """The batches with every user's events in one of them."""
    held: list[tuple[NDArray[np.uint64], Ints]] = []
    for user, packed in batches:
        if not len(user):
            continue
        cut = int(np.searchsorted(user, user[-1]))
        if cut == 0 and (not held or held[-1][0][-1] == user[0]):  # one user fills the batch
            held.append((user, packed))
            continue
        held.append((user[:cut], packed[:cut]))
        whole = [np.concatenate([part[i] for part in held]) for i in (0, 1)]
        if len(whole[0]):
            yield whole[0], whole[1]
        held = [(user[cut:], packed[cut:])]
    if held:
        yield np.concatenate([part[0] for part in held]), np.concatenate([part[1] for part in held])


def _fold_chunk(user: NDArray[np.uint64], packed: Ints, grammar: Grammar, ends: Ends, passed: int) -> Folded:
    """Paths of whole users; ``passed`` conversions stand before this chunk."""
    fresh = np.ones(len(user), dtype=bool)
    np.not_equal(user[1:], user[:-1], out=fresh[1:])
    code = (packed & ((1 << grammar.bits) - 1)).astype(narrow(grammar.conversion))
    wins = code == grammar.conversion
    again = np.zeros(len(user), dtype=bool)
    np.equal(packed[1:], packed[:-1], out=again[1:])
    again &= ~fresh
    repeats = int(np.count_nonzero(again))
    time = packed >> grammar.bits
    starts = fresh
    starts[1:] |= wins[:-1]
    starts[1:] |= (time[1:] - time[:-1]) > grammar.gap
    begin = np.flatnonzero(starts)
    last = np.append(begin[1:], len(user)) - 1
    converts = wins[last]
    bucket = (user[begin] % np.uint64(BUCKETS)).astype(np.uint16)
    numbers = passed + np.arange(int(np.count_nonzero(converts)))
    won, expired = _won(begin[converts], last[converts], numbers, (time, code, bucket[converts]), grammar, ends)
    lost = _lost(begin[~converts], last[~converts], (time, code, bucket[~converts]), grammar)
    return Folded(won, joined([lost, expired]), repeats)


def _spans(begin: Ints, length: Ints) -> Ints:
    """Positions begin, begin + 1, ... of each span, one after another."""
    jump = np.repeat(begin - np.concatenate([[0], np.cumsum(length)[:-1]]), length).astype(np.int64)
    return np.arange(len(jump), dtype=np.int64) + jump


def _lost(begin: Ints, last: Ints, columns: tuple[Ints, Codes, NDArray[np.uint16]], grammar: Grammar) -> Paths:
    """Paths of touches alone."""
    time, code, bucket = columns
    length = last - begin + 1
    rows = _spans(begin, length)
    first = np.concatenate([[0], np.cumsum(length)])
    return _unconverted(code[rows], first, time[rows], {"bucket": bucket, "kind": code[begin]}, grammar)


def _unconverted(touches: Codes, first: Ints, time: Ints, labels: dict[str, Any], grammar: Grammar) -> Paths:
    count = len(first) - 1
    ended = time[first[1:] - 1]
    return Paths(
        channel=_channels(grammar)[touches],
        first=first,
        conversions=np.broadcast_to(np.float64(0.0), count),
        nulls=np.broadcast_to(np.float64(1.0), count),
        value=np.broadcast_to(np.float64(0.0), count),
        age=((np.repeat(ended, np.diff(first)) - time) / DAY).astype(np.float32),
        ended=ended + grammar.epoch,
        labels=labels,
        source=np.broadcast_to(np.int64(-1), count),
    )


def _channels(grammar: Grammar) -> Codes:
    return grammar.channel.astype(narrow(int(grammar.channel.max(initial=0))))


def _won(
    begin: Ints,
    last: Ints,
    numbers: Ints,
    columns: tuple[Ints, Codes, NDArray[np.uint16]],
    grammar: Grammar,
    ends: Ends,
) -> tuple[Paths, Paths]:
    """Converting paths, and the paths of touches that lie too long before their conversion."""
    time, code, bucket = columns
    length = last - begin  # the conversion itself is no touch
    rows = _spans(begin, length)
    owner = np.repeat(np.arange(len(begin)), length)
    wait = time[last][owner] - time[rows]
    alive = wait <= grammar.window[code[rows]]
    count = np.bincount(owner[alive], minlength=len(begin))
    touched = np.flatnonzero(count)
    kept = rows[alive]
    first = np.concatenate([[0], np.cumsum(count[touched])])
    won = Paths(
        channel=_channels(grammar)[code[kept]],
        first=first,
        conversions=ends.conversions[numbers[touched]],
        nulls=np.broadcast_to(np.float64(0.0), len(touched)),
        value=ends.value[numbers[touched]],
        age=wait[alive] / DAY,
        ended=time[last][touched] + grammar.epoch,
        labels={"bucket": bucket[touched], "kind": code[kept[first[:-1]]]},
        source=numbers[touched],
    )
    late, gone = np.bincount(owner[~alive], minlength=len(begin)), rows[~alive]
    left = np.flatnonzero(late)
    edge = np.concatenate([[0], np.cumsum(late[left])])
    labels = {"bucket": bucket[left], "kind": code[gone[edge[:-1]]]}
    return won, _unconverted(code[gone], edge, time[gone], labels, grammar)
