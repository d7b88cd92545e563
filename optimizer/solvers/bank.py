"""All channels' curves evaluated together: expected customers, their slope, and lines that lie above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmm.curves import ResponseCurve, ResponseCurves
from mmm.curves.base import Array

__all__ = ["Bank", "Lines"]

Index = npt.NDArray[np.intp]


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
    """At most one term per channel, all of one family, parameters stacked to (terms, draws or 1)."""

    family: type[ResponseCurve]
    term_of: Index  # channel -> term, -1 for none
    weight: Array
    parameters: tuple[Array, ...]
    inflection: Array
    peak_slope: Array

    @property
    def is_concave(self) -> bool:
        return not self.inflection.any()


class Bank:
    """Curves stacked by family, averaged over draws with weights.

    Parameters
    ----------
    curves
        The response curves.
    weights
        Probability of each draw, shape (draws,); None for equal ones. Draws of probability zero are left out.
    """

    def __init__(self, curves: ResponseCurves, weights: Array | None = None) -> None:
        self.curves = curves
        draws = max(curves.n_draws, 1)
        probabilities = np.full(draws, 1 / draws) if weights is None else np.asarray(weights, dtype=float)
        kept = np.flatnonzero(probabilities)
        self._weights = probabilities[kept]
        self._layers = tuple(_layers(curves, kept))

    def mean(self, spend: Array) -> Array:
        """Expected customers of each channel, spend of shape (channels,)."""
        return self.mean_and_slope(np.arange(len(spend)), spend)[0]

    def slope(self, spend: Array) -> Array:
        """Expected customers per further unit of currency, spend of shape (channels,)."""
        return self.mean_and_slope(np.arange(len(spend)), spend)[1]

    def mean_and_slope(self, owner: Index, spend: Array) -> tuple[Array, Array]:
        """Expected customers and slope of channel ``owner[i]`` at ``spend[i]``."""
        value, slope = np.zeros(len(spend)), np.zeros(len(spend))
        for layer in self._layers:
            chosen, terms = _terms(layer, owner)
            values, slopes = layer.family.kernel(spend[chosen, None], *(p[terms] for p in layer.parameters))
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
            weight = layer.weight[terms]
            values, slopes = layer.family.kernel(points[chosen, None], *(p[terms] for p in layer.parameters))
            value[chosen] += weight * self._average(values)
            ends = chosen[1:][np.diff(chosen) == 1] if len(chosen) < len(points) else np.arange(1, len(points))
            at = np.searchsorted(chosen, ends)
            if layer.is_concave:
                mean_slope = weight * self._average(slopes)
                left[ends - 1] += mean_slope[at - 1]
                right[ends - 1] += mean_slope[at]
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                chord = (values[at] - values[at - 1]) / widths[ends - 1, None]
            bend, peak = layer.inflection[terms[at]], layer.peak_slope[terms[at]]
            inside = (bend > points[ends - 1, None]) & (bend < points[ends, None])
            left[ends - 1] += weight[at] * self._average(np.where(inside, peak, np.maximum(slopes[at - 1], chord)))
            right[ends - 1] += weight[at] * self._average(np.minimum(slopes[at], chord))
        with np.errstate(invalid="ignore", divide="ignore"):
            chord = np.diff(value) / widths
        return Lines(value, np.maximum(left, chord), np.minimum(right, chord))

    def _average(self, values: Array) -> Array:
        return values[:, 0] if values.shape[1] == 1 else np.asarray(values @ self._weights)


def _terms(layer: _Layer, owner: Index) -> tuple[Index, Index]:
    terms = layer.term_of[owner]
    chosen = np.flatnonzero(terms >= 0)
    return chosen, terms[chosen]


def _layers(curves: ResponseCurves, kept: Index) -> list[_Layer]:
    stacks: dict[tuple[type[ResponseCurve], int], list[tuple[int, float, ResponseCurve]]] = {}
    for index, curve in enumerate(curves.values()):
        seen: dict[type[ResponseCurve], int] = {}
        for weight, term in ((atom.weight, atom.curve) for atom in curve.atoms()):
            family = type(term)
            depth = seen.get(family, 0)
            seen[family] = depth + 1
            stacks.setdefault((family, depth), []).append((index, weight, term))
    return [_layer(family, terms, len(curves), kept) for (family, _), terms in stacks.items()]


def _layer(
    family: type[ResponseCurve], terms: list[tuple[int, float, ResponseCurve]], channels: int, kept: Index
) -> _Layer:
    has_draws = any(curve.n_draws for _, _, curve in terms)
    columns = len(kept) if has_draws else 1

    def stacked(name: str) -> Array:
        values = [getattr(curve, name) for _, _, curve in terms]
        if not has_draws:
            return np.array(values, dtype=float)[:, None]
        return np.array([value[kept] if value.ndim else np.full(columns, float(value)) for value in values])

    parameters = tuple(stacked(name) for name in terms[0][2].parameter_names)
    term_of = np.full(channels, -1, dtype=np.intp)
    term_of[[index for index, _, _ in terms]] = np.arange(len(terms))
    inflection = np.broadcast_to(family.inflection_of(*parameters), (len(terms), columns))
    peak = family.kernel(inflection, *parameters)[1] if inflection.any() else inflection
    return _Layer(family, term_of, np.array([weight for _, weight, _ in terms]), parameters, inflection, peak)
