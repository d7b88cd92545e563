"""The curves of all channels in flat arrays: expected customers, their slope, and lines that lie above them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves, Tabulated
from mmm.curves.base import Family, spread

__all__ = ["FlatCurves", "Lines", "Looks"]

Index = npt.NDArray[np.intp]
_Point = tuple[Array, Array]
_ALL = slice(None)
_BESIDE = 1e-9  # of the spend
_KEPT = 16  # looks at a curve
_FIRST_LOOKS: WeakKeyDictionary[ResponseCurve, dict[bytes, Lines]] = WeakKeyDictionary()


class Lines(NamedTuple):
    """Expected curve at some points and, for each pair of neighbours a < b, two lines above it on [a, b].

    Parameters
    ----------
    value
        Expected customers, shape (points,).
    left
        Slope of the line through (a, value at a), shape (points - 1,); infinite where the curve starts upright.
    right
        Slope of the line through (b, value at b), shape (points - 1,).
    """

    value: Array
    left: Array
    right: Array


@dataclass(frozen=True)
class _Layer:
    """At most one term per channel, all of one family; parameters stacked to (terms, live draws or 1)."""

    family: type[Family]
    term_of: Index  # channel -> term, -1 for none
    weight: Array
    curves: tuple[Family, ...]  # one a term
    parameters: tuple[Array, ...]
    live: Index  # draws in which any term brings anything
    inflection: Array
    peak_slope: Array

    @cached_property
    def is_concave(self) -> bool:
        return not self.inflection.any()

    @cached_property
    def is_plain(self) -> bool:
        """Whether every channel has one term here, in the channels' order."""
        return bool(np.array_equal(self.term_of, np.arange(len(self.term_of))))

    def evaluated(self, terms: Index | slice, spend: Array) -> tuple[Array, Array]:
        """Value and slope of some terms at as many spends, each of shape (points, draws or 1)."""
        value, slope = self.family.kernel(spend[:, None], *(parameter[terms] for parameter in self.parameters))
        draws = self.inflection.shape[1]
        if len(self.live) == draws:
            return value, slope
        return spread(value, self.live, draws), spread(slope, self.live, draws)

    def sides(self, terms: Index, a: Array, b: Array, at_a: _Point, at_b: _Point) -> tuple[Array, Array]:
        """Slopes of the lines above the terms on [a, b], by draw."""
        if self.is_concave:
            return at_a[1], at_b[1]
        with np.errstate(invalid="ignore", divide="ignore"):
            chord = (at_b[0] - at_a[0]) / (b - a)[:, None]
        bend, peak = self.inflection[terms], self.peak_slope[terms]
        inside = (bend > a[:, None]) & (bend < b[:, None])
        return np.where(inside, peak, np.maximum(at_a[1], chord)), np.minimum(at_b[1], chord)


@dataclass(frozen=True)
class _TableLayer:
    """At most one tabulated curve per channel, customers averaged over draws."""

    term_of: Index
    weight: Array
    tables: tuple[Tabulated, ...]
    is_plain: bool = False

    def evaluated(self, terms: Index | slice, spend: Array) -> tuple[Array, Array]:
        """Value and slope of some terms at as many spends, each of shape (points, 1)."""
        assert not isinstance(terms, slice)  # noqa: S101
        value, slope = np.zeros((len(spend), 1)), np.zeros((len(spend), 1))
        for term in np.unique(terms):
            mine = terms == term
            value[mine, 0], slope[mine, 0] = self.tables[term].value_and_slope(spend[mine])
        return value, slope

    def sides(self, terms: Index, a: Array, b: Array, at_a: _Point, at_b: _Point) -> tuple[Array, Array]:
        """Slopes of the lines above the terms on [a, b]: exact, by the rows in between."""
        with np.errstate(invalid="ignore", divide="ignore"):
            chord = (at_b[0] - at_a[0])[:, 0] / (b - a)
        left, right = chord.copy(), chord.copy()
        for i, term in enumerate(terms):
            table = self.tables[term]
            first = np.searchsorted(table.spend, a[i] * (1 + 1e-12), side="right")
            inner = slice(first, np.searchsorted(table.spend, b[i] * (1 - 1e-12)))
            rows, won = table.spend[inner], table.customers[inner]
            if len(rows):
                left[i] = max(left[i], ((won - at_a[0][i, 0]) / (rows - a[i])).max())
                right[i] = min(right[i], ((at_b[0][i, 0] - won) / (b[i] - rows)).min())
        return left[:, None], right[:, None]


class Looks:
    """Values and slopes of some curves at points that were asked for before, by draw.

    Programs that differ in the weights of draws begin with a look at the same points of most curves.

    Parameters
    ----------
    curves
        Of which anything is kept.
    """

    def __init__(self, curves: ResponseCurves) -> None:
        self._draws = curves.n_draws
        self._own = {id(atom.curve): atom.curve for curve in curves.values() for atom in curve.atoms()}
        self._seen: dict[tuple[int, bytes], tuple[Array, Array] | None] = {}

    def at(self, curve: Family, points: Array, kept: Index) -> tuple[Array, Array] | None:
        """Value and slope at some of the draws, each of shape (points, draws); None where nothing is known of them."""
        key = id(curve), points.tobytes()
        if self._own.get(id(curve)) is not curve or curve.n_draws != self._draws:
            return None
        if key not in self._seen:  # kept from the second time on: most points are asked for once
            self._seen[key] = None
            return None
        if self._seen[key] is None:
            self._seen[key] = curve.value_and_slope(points)
        known = self._seen[key]
        return None if known is None else (known[0].take(kept, 1), known[1].take(kept, 1))


class FlatCurves:
    """Curves stacked by family, averaged over draws with weights.

    Parameters
    ----------
    curves
        The response curves.
    weights
        Probability of each draw, shape (draws,); None for equal ones. Draws of probability zero are left out.
    looks
        What earlier programs sampled of curves that are among these too.
    """

    def __init__(self, curves: ResponseCurves, weights: Array | None = None, looks: Looks | None = None) -> None:
        self.curves = curves
        draws = max(curves.n_draws, 1)
        probabilities = np.full(draws, 1 / draws) if weights is None else np.asarray(weights, dtype=float)
        kept = np.flatnonzero(probabilities)
        self._weights = None if weights is None else probabilities[kept]
        self._kept, self._looks = kept, looks
        self._layers = tuple(_layers(curves, kept, probabilities[kept]))
        self._everyone = np.arange(len(curves))

    def mean(self, spend: Array) -> Array:
        """Expected customers of each channel, spend of shape (channels,)."""
        return self.mean_and_slope(self._everyone, spend)[0]

    def slope(self, spend: Array) -> Array:
        """Expected customers per further unit of currency, spend of shape (channels,)."""
        return self.mean_and_slope(self._everyone, spend)[1]

    def slopes_beside(self, spend: Array, slope: Array) -> tuple[Array, Array]:
        """Slopes of the next unit and of the last one, given those at the spend; tables have corners."""
        if not any(isinstance(layer, _TableLayer) for layer in self._layers):
            return slope, slope
        return self.slope(spend * (1 + _BESIDE)), self.slope(spend * (1 - _BESIDE))

    def mean_and_slope(self, owner: Index, spend: Array) -> tuple[Array, Array]:
        """Expected customers and slope of channel ``owner[i]`` at ``spend[i]``."""
        value, slope = np.zeros(len(spend)), np.zeros(len(spend))
        for layer in self._layers:
            chosen, terms = (_ALL, _ALL) if owner is self._everyone and layer.is_plain else _terms(layer, owner)
            values, slopes = layer.evaluated(terms, spend[chosen])
            value[chosen] += layer.weight[terms] * self._average(values)
            slope[chosen] += layer.weight[terms] * self._average(slopes)
        return value, slope

    def lines(self, owner: Index, points: Array) -> Lines:
        """Lines above the expected curves, points ascending within each channel.

        Where ``owner`` changes between neighbours the slopes mean nothing.

        On [a, b] with chord slope s, a curve that is convex up to its inflection and concave after it lies below the
        line through its left end of slope max(f'(a), s), or of its steepest slope where the inflection is inside, and
        below the line through its right end of slope min(f'(b), s). Averages of such lines over draws and sums over
        terms lie above the averaged curve.
        """
        widths = np.diff(points)
        value = np.zeros(len(points))
        left, right = np.zeros(len(widths)), np.zeros(len(widths))
        for layer in self._layers:
            chosen, terms = _terms(layer, owner)
            values, slopes = self._sampled(layer, terms, points[chosen])
            value[chosen] += layer.weight[terms] * self._average(values)
            ends = chosen[1:][np.diff(chosen) == 1] if len(chosen) < len(points) else np.arange(1, len(points))
            at = np.searchsorted(chosen, ends)
            mine = terms[at]
            here, there = (values[at - 1], slopes[at - 1]), (values[at], slopes[at])
            steep, flat = layer.sides(mine, points[ends - 1], points[ends], here, there)
            left[ends - 1] += layer.weight[mine] * self._average(steep)
            right[ends - 1] += layer.weight[mine] * self._average(flat)
        with np.errstate(invalid="ignore", divide="ignore"):
            chord = np.diff(value) / widths
        return Lines(value, np.maximum(left, chord), np.minimum(right, chord))

    def first_look(self, owner: Index, points: Array) -> Lines:
        """As :meth:`lines` of all channels; kept, for programs on the same draws begin with the same look."""
        if self._weights is not None or not self.curves.n_draws:
            return self.lines(owner, points)
        parts = np.split(points, np.searchsorted(owner, self._everyone[1:]))
        kept = [_FIRST_LOOKS.setdefault(curve, {}) for curve in self.curves.values()]
        found = [known.get(part.tobytes()) for known, part in zip(kept, parts, strict=True)]
        new = [k for k, one in enumerate(found) if one is None]
        if new:
            counts = [len(parts[k]) for k in new]
            lines = self.lines(np.repeat(new, counts), np.concatenate([parts[k] for k in new]))
            whole = Lines(lines.value, np.append(lines.left, 0.0), np.append(lines.right, 0.0))
            for k, *pieces in zip(new, *(np.split(each, np.cumsum(counts)[:-1]) for each in whole), strict=True):
                found[k] = Lines(*pieces)
                if len(kept[k]) == _KEPT:
                    kept[k].clear()
                kept[k][parts[k].tobytes()] = found[k]
        value, left, right = (np.concatenate(each) for each in zip(*found, strict=True))
        return Lines(value, left[:-1], right[:-1])

    def _sampled(self, layer: _Layer | _TableLayer, terms: Index, points: Array) -> tuple[Array, Array]:
        if self._looks is None or isinstance(layer, _TableLayer) or not len(terms):
            return layer.evaluated(terms, points)
        bounds = np.flatnonzero(np.diff(terms, prepend=-1, append=-1))
        pieces = []
        for start, stop in itertools.pairwise(bounds):
            mine = slice(start, stop)
            known = self._looks.at(layer.curves[terms[start]], points[mine], self._kept)
            pieces.append(known or layer.evaluated(terms[mine], points[mine]))
        return np.concatenate([one for one, _ in pieces]), np.concatenate([one for _, one in pieces])

    def _average(self, values: Array) -> Array:
        if values.shape[1] == 1:
            return values[:, 0]
        # a product's last digit may depend on the rows beside, a mean's not
        return np.asarray(values.mean(axis=1) if self._weights is None else values @ self._weights)


def _terms(layer: _Layer | _TableLayer, owner: Index) -> tuple[Index, Index]:
    terms = layer.term_of[owner]
    chosen = np.flatnonzero(terms >= 0)
    return chosen, terms[chosen]


_Term = tuple[int, float, ResponseCurve]


def _layers(curves: ResponseCurves, kept: Index, weights: Array) -> Iterator[_Layer | _TableLayer]:
    stacks: dict[tuple[type[ResponseCurve], int], list[_Term]] = {}
    for index, curve in enumerate(curves.values()):
        seen: dict[type[ResponseCurve], int] = {}
        for weight, term in ((atom.weight, atom.curve) for atom in curve.atoms()):
            family = type(term)
            depth = seen.get(family, 0)
            seen[family] = depth + 1
            stacks.setdefault((family, depth), []).append((index, weight, term))
    for terms in stacks.values():
        term_of = np.full(len(curves), -1, dtype=np.intp)
        term_of[[index for index, _, _ in terms]] = np.arange(len(terms))
        weight_of = np.array([weight for _, weight, _ in terms])
        families = [curve for _, _, curve in terms if isinstance(curve, Family)]
        tables = [curve for _, _, curve in terms if isinstance(curve, Tabulated)]
        if families:
            yield _stacked(families, term_of, weight_of, kept if curves.n_draws else None)
        elif tables:
            yield _TableLayer(term_of, weight_of, tuple(_averaged(table, kept, weights) for table in tables))
        else:
            raise TypeError(f"{type(terms[0][2]).__name__} is neither a family nor a table; give it atoms()")


def _averaged(table: Tabulated, kept: Index, weights: Array) -> Tabulated:
    if not table.n_draws:
        return table
    # sums of equal draws may differ in their last digit from row to row: a flat stretch does not fall
    return Tabulated(table.spend, np.maximum.accumulate(table.customers[:, kept] @ weights))


def _stacked(curves: list[Family], term_of: Index, weight: Array, kept: Index | None) -> _Layer:
    family = type(curves[0])
    if kept is not None and not any(curve.n_draws for curve in curves):
        kept = None
    columns = 1 if kept is None else len(kept)

    def stacked(name: str) -> Array:
        values = [getattr(curve, name) for curve in curves]
        if kept is None:
            return np.array(values, dtype=float)[:, None]
        return np.array([value[kept] if value.ndim else np.full(columns, float(value)) for value in values])

    parameters = tuple(stacked(name) for name in curves[0].parameter_names)
    inflection = np.broadcast_to(family.inflection_of(*parameters), (len(curves), columns))
    peak = family.kernel(inflection, *parameters)[1] if inflection.any() else inflection
    live = np.arange(columns) if kept is None else np.flatnonzero(_any_live(curves)[kept])
    few = parameters if len(live) == columns else tuple(values[:, live] for values in parameters)
    return _Layer(family, term_of, weight, tuple(curves), few, live, inflection, peak)


def _any_live(curves: list[Family]) -> npt.NDArray[np.bool_]:
    some = np.zeros(max(curve.n_draws for curve in curves), dtype=bool)
    for curve in curves:
        some[curve.live if curve.n_draws else _ALL] = True
    return some
