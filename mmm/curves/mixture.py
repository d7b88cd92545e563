"""Mixtures: weighted sums of curves, for families averaged by weight or a channel made of several parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.base import Atom, ResponseCurve

__all__ = ["Mixture"]


@shown
@dataclass(frozen=True, eq=False, init=False)
class Mixture(ResponseCurve):
    """The weighted sum of curves, draw by draw.

    Parameters
    ----------
    parts
        Curves over the same period; those with draws must have the same number.
    weights
        One per part, not negative; equal ones that sum to one by default. Weights of a model average sum to one, those
        of a channel's parts are ones.

    Examples
    --------
    >>> from mmm.curves import Hill, MichaelisMenten
    >>> float(Mixture([Hill(50, 100, 2), MichaelisMenten(30, 100)])(100))
    20.0
    """

    parts: tuple[ResponseCurve, ...]
    weights: tuple[float, ...]

    def __init__(self, parts: Sequence[ResponseCurve], weights: Sequence[float] | None = None) -> None:
        object.__setattr__(self, "parts", tuple(parts))
        given = [1 / max(len(self.parts), 1)] * len(self.parts) if weights is None else [float(w) for w in weights]
        object.__setattr__(self, "weights", tuple(given))
        problems: list[Problem | str] = []
        if not self.parts or len(self.weights) != len(self.parts):
            text = f"has {len(self.parts)} parts and {len(self.weights)} weights."
            problems.append(Problem("Mixture curve", text, remedy="give one weight per part, and at least one part."))
        if any(not 0 <= weight < np.inf for weight in self.weights):
            problems.append(Problem("Mixture curve", "must be finite and not negative.", "weights"))
        if len({part.n_draws for part in self.parts if part.n_draws}) > 1:
            problems.append(Problem("Mixture curve", "parts have different numbers of draws."))
        if problems:
            raise BadInput(problems)

    @property
    def parameters(self) -> dict[str, Array]:
        """The parts' parameters, named by the part's place."""
        return {f"{i}.{name}": v for i, part in enumerate(self.parts) for name, v in part.parameters.items()}

    @property
    def n_draws(self) -> int:
        """Number of posterior draws; 0 where no part has any."""
        return max(part.n_draws for part in self.parts)

    def value_and_slope(self, spend: npt.ArrayLike) -> tuple[Array, Array]:
        """Customers and customers per further unit of currency."""
        value, slope = np.zeros(()), np.zeros(())
        for weight, part in zip(self.weights, self.parts, strict=True):
            if weight:
                one, gain = part.value_and_slope(spend)
                aligned = bool(self.n_draws) and not part.n_draws
                value = value + weight * (one[..., None] if aligned else one)
                slope = slope + weight * (gain[..., None] if aligned else gain)
        shape = np.shape(spend) + ((self.n_draws,) if self.n_draws else ())
        return np.broadcast_to(value, shape), np.broadcast_to(slope, shape)

    def at_draws(self, spend: Array) -> tuple[Array, Array]:
        """Value and slope where each draw has a spend of its own."""
        pairs = [(w, part.at_draws(spend)) for w, part in zip(self.weights, self.parts, strict=True) if w]
        value, slope = sum(w * one for w, (one, _) in pairs), sum(w * gain for w, (_, gain) in pairs)
        return np.asarray(value), np.asarray(slope)

    @property
    def inflection(self) -> Array:
        """Spend from which every part is concave."""
        bends = [part.inflection for weight, part in zip(self.weights, self.parts, strict=True) if weight]
        return np.asarray(np.max(np.broadcast_arrays(*bends), axis=0)) if bends else np.zeros(())

    @property
    def ceiling(self) -> Array:
        """Customers at unlimited spend."""
        terms = [w * part.ceiling for w, part in zip(self.weights, self.parts, strict=True) if w]
        return np.asarray(sum(terms, np.zeros(())))

    def stretched(self, spend: float | Array, customers: float | Array) -> Self:
        """The curve x -> customers * self(x / spend)."""
        return type(self)([part.stretched(spend, customers) for part in self.parts], self.weights)

    def take(self, draws: npt.NDArray[np.intp] | list[int]) -> Self:
        """The mixture at some of its draws."""
        return type(self)([part.take(draws) for part in self.parts], self.weights)

    def atoms(self) -> tuple[Atom, ...]:
        """The parts' terms with their weights."""
        pairs = zip(self.weights, self.parts, strict=True)
        return tuple(Atom(w * atom.weight, atom.curve) for w, part in pairs for atom in part.atoms() if w)
