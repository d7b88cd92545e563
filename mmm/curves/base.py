"""ResponseCurve: customers against spend, for one channel, with parameters as numbers or posterior draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, Problem
from mmm.arrays import Array

__all__ = ["Atom", "Family", "Parameter", "ResponseCurve", "checked_spend", "spread"]

Parameter = Any  # a number or a 1-D array over draws; an array after construction


@dataclass(frozen=True)
class Atom:
    """One weighted term of a curve; a curve of one family is one atom, a mixture several."""

    weight: float
    curve: ResponseCurve


class ResponseCurve(ABC):
    """Customers as a function of spend over one period, increasing from zero customers for zero spend."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Array]:
        """What defines the curve, by name; draws are the last axis."""

    @property
    @abstractmethod
    def n_draws(self) -> int:
        """Number of posterior draws; 0 for a curve made of plain numbers."""

    @abstractmethod
    def value_and_slope(self, spend: npt.ArrayLike) -> tuple[Array, Array]:
        """Customers and customers per further unit of currency, computed together."""

    @abstractmethod
    def at_draws(self, spend: Array) -> tuple[Array, Array]:
        """Value and slope where each draw has a spend of its own: spend of shape S + (draws or 1,)."""

    @property
    @abstractmethod
    def inflection(self) -> Array:
        """Spend from which the curve is concave, shape () or (draws,); 0 where it always is."""

    @property
    @abstractmethod
    def ceiling(self) -> Array:
        """Customers at unlimited spend, shape () or (draws,); infinite where the curve does not saturate."""

    @abstractmethod
    def stretched(self, spend: float | Array, customers: float | Array) -> Self:
        """The curve x -> customers * self(x / spend)."""

    @abstractmethod
    def take(self, draws: npt.NDArray[np.intp] | list[int]) -> Self:
        """The curve at some of its draws, in the order given; unchanged where it has none."""

    def atoms(self) -> tuple[Atom, ...]:
        """The terms whose weighted sum is this curve, each of one family."""
        return (Atom(1.0, self),)

    def __call__(self, spend: npt.ArrayLike) -> Array:
        """Customers at ``spend``.

        Parameters
        ----------
        spend
            Currency over the curve's period, any shape S, not negative.

        Returns
        -------
        Customers over the period, of shape S + (draws,), or S for a curve without draws.
        """
        return self.value_and_slope(spend)[0]

    def marginal(self, spend: npt.ArrayLike) -> Array:
        """Customers per further unit of currency, of the shape that calling the curve has."""
        return self.value_and_slope(spend)[1]

    def mean(self, spend: npt.ArrayLike) -> Array:
        """Customers at ``spend`` averaged over draws, of the shape of ``spend``."""
        return self._averaged(self(spend))

    def mean_marginal(self, spend: npt.ArrayLike) -> Array:
        """Average over draws of the customers per further unit of currency, of the shape of ``spend``."""
        return self._averaged(self.marginal(spend))

    def over(self, weeks: float) -> Self:
        """The curve of a horizon of ``weeks`` equal weeks, for a curve of one week at steady state."""
        given: object = weeks
        if not isinstance(given, int | float | np.number) or not 0 < given < np.inf:
            raise BadInput(Problem("weeks", f"is {weeks!r}.", remedy="give a number above 0, such as 13."))
        return self.stretched(weeks, weeks)

    def scaled(self, cost: float | Array = 1.0, effect: float | Array = 1.0) -> Self:
        """The curve where the same media cost ``cost`` times as much and bring ``effect`` times the customers."""
        return self.stretched(cost, effect)

    def _averaged(self, values: Array) -> Array:
        return np.asarray(values.mean(axis=-1)) if self.n_draws else values


@dataclass(frozen=True, eq=False)
class Family(ResponseCurve):
    """A curve given by a formula.

    The fields of a family are its parameters: numbers, or 1-D arrays over posterior draws, all of one length.

    Raises
    ------
    BadInput
        Where a parameter is not finite, not positive, or of a shape other than a number or one axis of draws.
    """

    may_be_zero: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        problems: list[Problem | str] = []
        lengths = set()
        for name in self.parameter_names:
            try:
                values = np.asarray(getattr(self, name), dtype=float)
            except (TypeError, ValueError):
                problems.append(self._problem(name, "is not a number or an array of numbers."))
                continue
            problems += [self._problem(name, text) for text in self._faults(name, values)]
            lengths |= {values.size} if values.ndim == 1 else set()
            frozen = values.copy()
            frozen.setflags(write=False)
            object.__setattr__(self, name, frozen)
        if len(lengths) > 1:
            problems.append(self._problem(None, f"parameters have different numbers of draws: {sorted(lengths)}."))
        if problems:
            raise BadInput(problems)

    def _faults(self, name: str, values: Array) -> Iterator[str]:
        if values.ndim > 1 or values.size == 0:
            yield f"has shape {values.shape}; give a number or a 1-D array over draws."
        elif not np.isfinite(values).all():
            yield "is not finite; check the draws that made it."
        elif name in self.may_be_zero and (values < 0).any():
            yield f"must not be negative, got {values.min():g}."
        elif name not in self.may_be_zero and (values <= 0).any():
            yield f"must be positive, got {values.min():g}."

    def _problem(self, name: str | None, text: str) -> Problem:
        return Problem(f"{type(self).__name__} curve", text, name)

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of the formula's arguments."""
        return tuple(field.name for field in fields(self))

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name, each of shape () or (draws,)."""
        return {name: getattr(self, name) for name in self.parameter_names}

    @cached_property
    def n_draws(self) -> int:
        """Number of posterior draws; 0 for a curve made of plain numbers."""
        return max((values.size for values in self.parameters.values() if values.ndim), default=0)

    @staticmethod
    @abstractmethod
    def kernel(spend: Array, *parameters: Array) -> tuple[Array, Array]:
        """Value and slope at ``spend``, all arguments broadcast; the slope may be infinite at zero."""

    @staticmethod
    @abstractmethod
    def inflection_of(*parameters: Array) -> Array:
        """Spend at which the curve turns from convex to concave; 0 where it is concave throughout."""

    def value_and_slope(self, spend: npt.ArrayLike) -> tuple[Array, Array]:
        """Customers and customers per further unit of currency, computed together."""
        amounts = checked_spend(spend)
        return self.at_draws(amounts[..., None] if self.n_draws else amounts)

    def at_draws(self, spend: Array) -> tuple[Array, Array]:
        """Value and slope where each draw has a spend of its own: spend of shape S + (draws or 1,)."""
        parameters, live = self.parameters.values(), self.live
        if len(live) == self.n_draws:
            return self.kernel(spend, *parameters)
        at = spend if spend.shape[-1] == 1 else spend[..., live]
        value, slope = self.kernel(at, *(values[live] if values.ndim else values for values in parameters))
        return spread(value, live, self.n_draws), spread(slope, live, self.n_draws)

    @cached_property
    def live(self) -> npt.NDArray[np.intp]:
        """Draws in which the curve brings anything; in a pool of several families these are few."""
        some = np.ones(self.n_draws, dtype=bool)
        for name in self.may_be_zero:
            some &= getattr(self, name) > 0 if getattr(self, name).ndim else True
        return np.flatnonzero(some)

    @property
    def inflection(self) -> Array:
        """Spend at which the curve turns from convex to concave, shape () or (draws,); 0 where always concave."""
        return self.inflection_of(*self.parameters.values())

    def take(self, draws: npt.NDArray[np.intp] | list[int]) -> Self:
        """The curve at some of its draws, in the order given; unchanged where it has none."""
        chosen = {name: values[draws] if values.ndim else values for name, values in self.parameters.items()}
        return replace(self, **chosen)


def spread(values: Array, places: npt.NDArray[np.intp], draws: int) -> Array:
    """Values of some draws, the last axis, among zeros of all others."""
    whole = np.zeros((*values.shape[:-1], draws))
    whole[..., places] = values
    return whole


def checked_spend(spend: npt.ArrayLike) -> Array:
    """Spend as an array, refused where negative or not a number."""
    amounts = np.asarray(spend, dtype=float)
    if amounts.size and not amounts.min() >= 0:  # catches NaN as well
        raise BadInput(Problem("spend", "is negative or not a number.", remedy="give spend as numbers from 0 upwards."))
    return amounts
