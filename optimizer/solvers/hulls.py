"""Rigorous concave hulls of expected response curves on intervals, refined where they matter; all channels at once.

Between two neighbouring samples a < b of an expected curve f, ``FlatCurves.lines`` gives two lines that lie above f on
[a, b], one through (a, f(a)) and one through (b, f(b)). Their lower part is a wedge with a corner where they meet:

    f(x) <= min(f(a) + left (x - a), f(b) - right (b - x)),   a <= x <= b.

The hull is the least concave function above all corners of all wedges, so it lies above f everywhere and touches it
at samples that are corners. On a concave stretch the lines are tangents and the excess falls with the square of the
distance between samples, as in sandwich algorithms (Rote, 1992); on a convex stretch the hull is a chord, which
sampling does not lower: there branch and bound has to split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from optimizer.solvers.flat_curves import FlatCurves, Index

__all__ = ["Envelopes", "Hull", "Tables"]

# Where the first look at a curve samples it, as shares of its range: dense near zero, where slopes may be infinite.
_FIRST_LOOK = np.array([0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.07, 0.13, 0.21, 0.31, 0.43, 0.57, 0.77, 1.0])
_PEELS = 6  # passes over all channels at once, before the few hulls that need more go to the chain one by one
_SAME = 1e-12  # points closer than this share of themselves are one point

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Hull:
    """A concave, piecewise linear function that lies above an expected curve on an interval.

    Parameters
    ----------
    spend, customers
        Its corners, shape (corners,).
    """

    spend: Array
    customers: Array

    @property
    def width(self) -> Array:
        """Currency in each segment, shape (corners - 1,)."""
        return np.diff(self.spend)

    @property
    def slope(self) -> Array:
        """Customers per unit of currency in each segment; falling."""
        return np.asarray(np.diff(self.customers) / self.width)


@dataclass(frozen=True)
class Envelopes:
    """The hulls of all channels, each on its interval, side by side.

    Parameters
    ----------
    spend, customers
        Corners, channel by channel, shape (corners,).
    first
        Each channel's first corner, and the number of corners, shape (channels + 1,).
    """

    spend: Array
    customers: Array
    first: Index

    @cached_property
    def _is_segment(self) -> Mask:
        """For each corner but the last, whether a segment starts there; channels are not joined."""
        inner = np.ones(len(self.spend) - 1, dtype=bool)
        inner[self.first[1:-1] - 1] = False
        return inner

    @cached_property
    def owner(self) -> Index:
        """Channel of each segment, shape (segments,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first) - 1)

    @cached_property
    def width(self) -> Array:
        """Currency in each segment, shape (segments,)."""
        return np.asarray((self.spend[1:] - self.spend[:-1])[self._is_segment])

    @cached_property
    def gain(self) -> Array:
        """Customers in each segment, shape (segments,)."""
        return np.asarray((self.customers[1:] - self.customers[:-1])[self._is_segment])

    @cached_property
    def start(self) -> Array:
        """Least spend of each channel, shape (channels,)."""
        return np.asarray(self.spend[self.first[:-1]])

    @cached_property
    def floor(self) -> Array:
        """Customers there."""
        return np.asarray(self.customers[self.first[:-1]])

    def of(self, channel: int) -> Hull:
        """One channel's hull."""
        mine = slice(self.first[channel], self.first[channel + 1])
        return Hull(self.spend[mine], self.customers[mine])

    def around(self, spend: Array) -> tuple[Array, Array]:
        """For each channel the two corners between which ``spend`` lies, shape (channels,)."""
        end = _first_at_least(self.spend, self.first, spend)
        end = np.maximum(np.minimum(end, self.first[1:] - 1), np.minimum(self.first[:-1] + 1, self.first[1:] - 1))
        return self.spend[np.maximum(end - 1, self.first[:-1])], self.spend[end]


class Tables:
    """Samples of every channel's expected curve, and the hulls they give on any sub-intervals.

    Parameters
    ----------
    flat
        The curves.
    lower, upper, hole
        Range of each channel; with hole > lower nothing lies between them.
    """

    def __init__(self, flat: FlatCurves, lower: Array, upper: Array, hole: Array) -> None:
        self.flat = flat
        self._last: tuple[Array, Array, Envelopes] | None = None  # made last, for which box; it is often asked again
        self._holed = (hole > lower) & (upper > lower)
        starts = np.where(self._holed, np.minimum(hole, upper), lower)
        grid = starts[:, None] + (upper - starts)[:, None] * _FIRST_LOOK
        grid[:, -1] = upper
        kept = np.ones(grid.shape, dtype=bool)
        kept[:, 1:] = grid[:, 1:] > grid[:, :-1]
        if self._holed.any():
            grid = np.concatenate((lower[:, None], grid), axis=1)
            kept = np.concatenate((self._holed[:, None], kept), axis=1)
        self._point = grid[kept]
        counts = kept.sum(axis=1)
        self._owner = np.repeat(np.arange(len(lower)), counts)
        self._first = np.concatenate(([0], np.cumsum(counts)))
        self._value, left, right = flat.first_look(self._owner, self._point)
        # slopes of the lines above the piece that starts at each point; none where a channel ends
        self._left, self._right = np.append(left, 0.0), np.append(right, 0.0)
        self._left[self._first[1:] - 1] = self._right[self._first[1:] - 1] = 0.0
        for k in self._first[:-1][self._holed]:
            chord = (self._value[k + 1] - self._value[k]) / (self._point[k + 1] - self._point[k])
            self._left[k] = self._right[k] = chord

    def refine(self, owner: Index, points: Array) -> bool:
        """Sample channels ``owner`` at further points; False where all were known, outside or in holes."""
        if not len(points):
            return False
        channel, point = np.concatenate((self._owner, owner)), np.concatenate((self._point, points))
        order = np.lexsort((point, channel))
        channel, point = channel[order], point[order]
        is_new = order >= len(self._point)
        before = np.maximum.accumulate(np.where(is_new, -1, np.arange(len(point))))
        after = np.minimum.accumulate(np.where(is_new, len(point), np.arange(len(point)))[::-1])[::-1]
        at = np.flatnonzero(is_new & (before >= 0) & (after < len(point)))
        low, high, mine = before[at], after[at], channel[at]
        inside = (channel[low] == mine) & (channel[high] == mine)
        apart = np.minimum(point[at] - point[low], point[high] - point[at]) > _SAME * point[high]
        twin = (at - 1 > low) & (point[at] - point[at - 1] <= _SAME * point[at])
        in_hole = self._holed[mine] & (order[low] == self._first[mine])
        at = at[inside & apart & ~twin & ~in_hole]
        if not len(at):
            return False
        kept = ~is_new
        kept[at] = True
        self._merge(channel[kept], point[kept], is_new[kept])
        return True

    def _merge(self, owner: Index, point: Array, is_new: Mask) -> None:
        """Put new points among the known ones and sample the curves there."""
        old = ~is_new
        filled = []
        for known in (self._value, self._left, self._right):
            values = np.zeros(len(point))
            values[old] = known
            filled.append(values)
        value, left, right = filled
        near = is_new.copy()
        near[:-1] |= is_new[1:]
        near[1:] |= is_new[:-1]
        at = np.flatnonzero(near)
        lines = self.flat.lines(owner[at], point[at])
        joined = (at[1:] - at[:-1] == 1) & (is_new[at[1:]] | is_new[at[:-1]])
        value[at] = lines.value
        left[at[:-1][joined]], right[at[:-1][joined]] = lines.left[joined], lines.right[joined]
        self._owner, self._point, self._value, self._left, self._right = owner, point, value, left, right
        self._first = np.searchsorted(owner, np.arange(len(self._first)))
        self._last = None

    def sampled_at(self, channels: Index, points: Array) -> Array:
        """Sampled points of some channels at ``points``, or the nearest ones where those are rounding apart."""
        self.refine(channels, points)
        nearest = np.empty(len(points))
        for i, (channel, point) in enumerate(zip(channels, points, strict=True)):
            known = self._point[self._first[channel] : self._first[channel + 1]]
            nearest[i] = known[np.argmin(np.abs(known - point))]
        return nearest

    def knows(self, spend: Array) -> Mask:
        """For each channel, whether the hull touches the curve at ``spend``, as it was sampled there."""
        above = _first_at_least(self._point, self._first, spend)
        known = np.zeros(len(spend), dtype=bool)
        for at in (above - 1, above):
            inside = (at >= self._first[:-1]) & (at < self._first[1:])
            point = self._point[np.where(inside, at, 0)]
            known |= inside & (np.abs(point - spend) <= _SAME * point)
        return known

    def ahead(self, spend: Array, share: float) -> Array:
        """For each channel the point that lies a share of the way through the piece which starts at ``spend``."""
        above = _first_at_least(self._point, self._first, np.nextafter(spend * (1 + _SAME), np.inf))
        above = np.minimum(above, self._first[1:] - 1)
        below = np.maximum(above - 1, self._first[:-1])
        return np.asarray(self._point[below] + share * (self._point[above] - self._point[below]))

    def hulls(self, lower: Array, upper: Array) -> Envelopes:
        """The hulls on [lower, upper], both sampled points of each channel, shape (channels,)."""
        if self._last is None or self._last[0] is not lower or self._last[1] is not upper:
            self._last = lower, upper, self._made(lower, upper)
        return self._last[2]

    def _made(self, lower: Array, upper: Array) -> Envelopes:
        owner, point, value = self._owner, self._point, self._value
        left, right = self._left, self._right
        inside = (point >= lower[owner]) & (point <= upper[owner])
        if not inside.all():
            owner, point, value = owner[inside], point[inside], value[inside]
            left, right = left[inside], right[inside]
        return _envelopes(owner, point, value, left[:-1], right[:-1], len(lower))


def _first_at_least(values: Array, first: Index, sought: Array) -> Index:
    """For each stretch of ascending values the place of its first value that reaches what is sought, or its end."""
    below = values < np.repeat(sought, np.diff(first))
    return np.asarray(first[:-1] + np.add.reduceat(below, first[:-1], dtype=np.intp))


def _envelopes(owner: Index, point: Array, value: Array, left: Array, right: Array, channels: int) -> Envelopes:
    """Hulls of the corners that two lines above each piece have: its ends, and where the lines meet."""
    is_piece = owner[1:] == owner[:-1]
    width = np.where(is_piece, point[1:] - point[:-1], 1.0)
    chord = (value[1:] - value[:-1]) / width
    between = left - right
    share = np.divide(chord - right, between, out=np.zeros(len(width)), where=is_piece & (between > 0))
    share = np.minimum(np.maximum(share, 0.0), 1.0) * width  # rounding may put the meeting point outside its piece
    x, y = np.empty(2 * len(point) - 1), np.empty(2 * len(point) - 1)
    x[::2], y[::2] = point, value
    x[1::2] = point[:-1] + share
    y[1::2] = value[1:] - right * (width - share)
    upright = np.flatnonzero((left == np.inf) & is_piece)  # there the right line alone bounds the piece
    y[2 * upright] = y[2 * upright + 1]
    kept = np.ones(len(x), dtype=bool)
    kept[1::2] = is_piece
    who = np.repeat(owner, 2)[:-1]
    return _upper_envelopes(who[kept], x[kept], y[kept], channels)


def _upper_envelopes(owner: Index, x: Array, y: Array, channels: int) -> Envelopes:
    """The least concave functions above the points of each owner, x not falling."""
    # wedges may meet on a sample: of points with one x the highest counts, or a segment would have no width
    new = np.ones(len(x), dtype=bool)
    new[1:] = (x[1:] > x[:-1]) | (owner[1:] != owner[:-1])
    if not new.all():
        starts = np.flatnonzero(new)
        x, y, owner = x[starts], np.maximum.reduceat(y, starts), owner[starts]
    rises = _rises(owner, x, y)
    for _ in range(_PEELS):  # points under the line of their neighbours are no corners: off with all of them at once
        if not rises.any():
            break
        owner, x, y = owner[~rises], x[~rises], y[~rises]
        rises = _rises(owner, x, y)
    if rises.any():
        kept = np.ones(len(x), dtype=bool)
        for channel in np.unique(owner[rises]):
            start, stop = np.searchsorted(owner, (channel, channel + 1))
            kept[start:stop] = False
            kept[start + np.array(_chain(x[start:stop].tolist(), y[start:stop].tolist()))] = True
        owner, x, y = owner[kept], x[kept], y[kept]
    return Envelopes(x, y, np.searchsorted(owner, np.arange(channels + 1)))


def _rises(owner: Index, x: Array, y: Array) -> Mask:
    """Whether the slope rises at each point, from its own channel's segment before to the one after."""
    joined = owner[1:] == owner[:-1]
    slope = np.where(joined, y[1:] - y[:-1], np.nan) / np.where(joined, x[1:] - x[:-1], 1.0)
    rises = np.zeros(len(x), dtype=bool)
    rises[1:-1] = slope[1:] > slope[:-1]  # never beside NaN
    return rises


def _chain(x: list[float], y: list[float]) -> list[int]:
    """Indices of the upper hull's corners: A. M. Andrew's monotone chain (1979)."""
    kept: list[int] = []
    for j, (xj, yj) in enumerate(zip(x, y, strict=True)):
        while len(kept) >= 2:
            a, b = kept[-2], kept[-1]
            if (y[b] - y[a]) * (xj - x[a]) > (yj - y[a]) * (x[b] - x[a]):
                break
            kept.pop()
        kept.append(j)
    return kept
