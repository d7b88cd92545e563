"""Rigorous concave hulls of expected response curves on intervals, refined where they matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.curves.base import Array
from optimizer.solvers.bank import Bank

__all__ = ["Hull", "Tables"]

# Where the first look at a curve samples it, as shares of its range: dense near zero, where slopes may be infinite.
_FIRST_LOOK = np.array([0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.07, 0.13, 0.21, 0.31, 0.43, 0.57, 0.77, 1.0])
_PEELS = 6
_ONE = np.ones(1, dtype=bool)


@dataclass(frozen=True)
class Hull:
    """A concave, piecewise linear function that lies above an expected curve on an interval.

    Parameters
    ----------
    spend, customers
        Its corners, shape (corners,).
    slope, width
        Its segments from left to right, shape (corners - 1,); slopes fall.
    """

    spend: Array
    customers: Array
    slope: Array
    width: Array

    def at(self, spend: float) -> float:
        """Height at ``spend``."""
        return float(np.interp(spend, self.spend, self.customers))


class _Table:
    """One channel's samples: ascending points, values, and slopes of the lines above each piece."""

    __slots__ = ("left", "point", "right", "value", "version")

    def __init__(self, point: Array, value: Array, left: Array, right: Array) -> None:
        self.point, self.value, self.left, self.right = point, value, left, right
        self.version = 0

    def insert(self, after: int, point: float, value: float, left: Array, right: Array) -> None:
        k = after + 1
        self.point = np.concatenate((self.point[:k], (point,), self.point[k:]))
        self.value = np.concatenate((self.value[:k], (value,), self.value[k:]))
        self.left = np.concatenate((self.left[:after], left, self.left[k:]))
        self.right = np.concatenate((self.right[:after], right, self.right[k:]))
        self.version += 1


class Tables:
    """Samples of every channel's expected curve, and the hulls they give on any sub-interval.

    Parameters
    ----------
    bank
        The curves.
    lower, upper, hole
        Range of each channel; with hole > lower nothing lies between them.
    """

    def __init__(self, bank: Bank, lower: Array, upper: Array, hole: Array) -> None:
        self.bank = bank
        self._hole_end = np.where(hole > lower, np.minimum(hole, upper), np.nan)
        self._first = lower
        starts = np.where(hole > lower, np.minimum(hole, upper), lower)
        grid = starts[:, None] + (upper - starts)[:, None] * _FIRST_LOOK
        grid[:, -1] = upper
        points = [np.unique(row) for row in grid]
        points = [np.concatenate(([low], row)) if row[0] > low else row for low, row in zip(lower, points, strict=True)]
        self._tables = self._sampled(points)
        self._hulls: dict[tuple[int, float, float], tuple[int, Hull]] = {}

    def _sampled(self, points: list[Array]) -> list[_Table]:
        counts = np.array([len(row) for row in points])
        flat = np.concatenate(points)
        value, left, right = self.bank.lines(np.repeat(np.arange(len(points)), counts), flat)
        ends = np.cumsum(counts)
        tables = []
        for channel, (end, count) in enumerate(zip(ends, counts, strict=True)):
            pieces = slice(end - count, end - 1)
            table = _Table(flat[end - count : end], value[end - count : end], left[pieces], right[pieces])
            if self._is_holed(channel) and count > 1:
                chord = (table.value[1] - table.value[0]) / (table.point[1] - table.point[0])
                table.left, table.right = table.left.copy(), table.right.copy()
                table.left[0] = table.right[0] = chord
            tables.append(table)
        return tables

    def _is_holed(self, channel: int) -> bool:
        return bool(self._hole_end[channel] > self._first[channel])

    def refine(self, wanted: list[tuple[int, float]]) -> bool:
        """Sample channels at further points; False where all were known or fall into holes."""
        places: dict[tuple[int, int], float] = {}
        for channel, point in wanted:
            table = self._tables[channel]
            k = int(np.searchsorted(table.point, point, side="right")) - 1
            if k < 0 or k >= len(table.point) - 1 or (k == 0 and self._is_holed(channel)):
                continue
            a, b = table.point[k], table.point[k + 1]
            if min(point - a, b - point) > 1e-12 * b:
                places[channel, k] = point
        if not places:
            return False
        keys = sorted(places, key=lambda key: (key[0], -key[1]))  # from the right, so that indices stay true
        triples = np.array([(self._tables[c].point[k], places[c, k], self._tables[c].point[k + 1]) for c, k in keys])
        owner = np.repeat(np.array([channel for channel, _ in keys], dtype=np.intp), 3)
        value, left, right = self.bank.lines(owner, triples.ravel())
        for i, (channel, k) in enumerate(keys):
            pair = slice(3 * i, 3 * i + 2)
            self._tables[channel].insert(k, triples[i, 1], value[3 * i + 1], left[pair], right[pair])
        return True

    def sampled_at(self, channel: int, point: float) -> float:
        """A sampled point at ``point``, or the nearest one where that is rounding apart."""
        self.refine([(channel, point)])
        points = self._tables[channel].point
        return float(points[np.argmin(np.abs(points - point))])

    def knows(self, channel: int, point: float) -> bool:
        """Whether the hull touches the curve at ``point``, as it was sampled there."""
        points = self._tables[channel].point
        k = int(np.searchsorted(points, point))
        return any(abs(points[j] - point) <= 1e-12 * points[j] for j in (k - 1, k) if 0 <= j < len(points))

    def neighbours(self, channel: int, point: float) -> tuple[float, float]:
        """The sampled points on either side of ``point``."""
        points = self._tables[channel].point
        k = int(np.clip(np.searchsorted(points, point, side="right"), 1, max(len(points) - 1, 1)))
        return float(points[k - 1]), float(points[min(k, len(points) - 1)])

    def hull(self, channel: int, lower: float, upper: float) -> Hull:
        """The hull on [lower, upper], both sampled points."""
        table = self._tables[channel]
        key = (channel, lower, upper)
        known = self._hulls.get(key)
        if known is None or known[0] != table.version:
            start, stop = np.searchsorted(table.point, (lower, upper))
            known = table.version, _hull(table, int(start), int(stop))
            self._hulls[key] = known
        return known[1]


def _hull(table: _Table, start: int, stop: int) -> Hull:
    point, value = table.point[start : stop + 1], table.value[start : stop + 1]
    if len(point) < 2:
        return Hull(point, value, np.zeros(0), np.zeros(0))
    left, right = table.left[start:stop], table.right[start:stop]
    width = point[1:] - point[:-1]
    chord = (value[1:] - value[:-1]) / width
    share = (chord - right) / np.maximum(left - right, 1e-300) * width
    x, y = np.empty(2 * len(point) - 1), np.empty(2 * len(point) - 1)
    x[::2], y[::2] = point, value
    x[1::2] = point[:-1] + share
    y[1::2] = value[1:] - right * (width - share)
    if left[0] == np.inf:  # the curve starts upright: the right line alone bounds the first piece
        y[0] = y[1]
    return _upper_envelope(x, y)


def _upper_envelope(x: Array, y: Array) -> Hull:
    """The least concave function above the points, x not falling."""
    width = x[1:] - x[:-1]
    if width.min() <= 0:
        starts = np.concatenate(([0], np.flatnonzero(width > 0) + 1))
        x, y = x[starts], np.maximum.reduceat(y, starts)
        width = x[1:] - x[:-1]
    slope = (y[1:] - y[:-1]) / width
    for _ in range(_PEELS):  # points under the line of their neighbours are no corners: off with all of them at once
        rises = slope[1:] > slope[:-1]
        if not rises.any():
            return Hull(x, y, slope, width)
        kept = np.concatenate((_ONE, ~rises, _ONE))
        x, y = x[kept], y[kept]
        width = x[1:] - x[:-1]
        slope = (y[1:] - y[:-1]) / width
    if (slope[1:] > slope[:-1]).any():
        corners = _chain(x.tolist(), y.tolist())
        x, y = x[corners], y[corners]
        width = x[1:] - x[:-1]
        slope = (y[1:] - y[:-1]) / width
    return Hull(x, y, slope, width)


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
