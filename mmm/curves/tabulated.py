"""Tabulated curves: somebody else's model, as a table of spend and customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.base import Parameter, ResponseCurve, checked_spend

__all__ = ["Tabulated"]


@shown
@dataclass(frozen=True, eq=False)
class Tabulated(ResponseCurve):
    """Straight lines between the rows of a table, flat after the last: nothing is extrapolated.

    Parameters
    ----------
    spend
        Rising amounts from 0, shape (rows,).
    customers
        Customers at these amounts, from 0 and not falling, shape (rows,) or (rows, draws).

    Raises
    ------
    BadInput
        Where the table is not so; every faulty row is named.

    Examples
    --------
    >>> float(Tabulated([0, 100, 300], [0, 20, 30])(200))
    25.0
    """

    spend: Parameter
    customers: Parameter

    def __post_init__(self) -> None:
        for name in ("spend", "customers"):
            try:
                values = np.array(getattr(self, name), dtype=float)
            except (TypeError, ValueError):
                raise BadInput(Problem("Tabulated curve", "is not an array of numbers.", name)) from None
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        problems = list(self._faults())
        if problems:
            raise BadInput(problems)

    def _faults(self) -> Iterator[Problem]:
        spend, customers = self.spend, self.customers
        if spend.ndim != 1 or len(spend) < 2 or customers.ndim not in (1, 2) or len(customers) != len(spend):
            text = f"spend has shape {spend.shape} and customers {customers.shape}."
            yield Problem("Tabulated curve", text, remedy="give two or more rows of each.")
            return
        for name, values in (("spend", spend), ("customers", customers)):
            if not np.isfinite(values).all():
                yield Problem("Tabulated curve", "is not finite.", name, _rows(~np.isfinite(values)))
            elif (values[0] != 0).any():
                yield Problem("Tabulated curve", "does not start at 0.", name, "row 0", "add a first row of zeros.")
        if (falls := np.diff(spend) <= 0).any():
            yield Problem("Tabulated curve", "does not rise.", "spend", _rows(falls, 1), "sort and keep one row each.")
        if (falls := np.diff(customers, axis=0) < 0).any():
            remedy = "a curve must not fall; smooth the table at its source."
            yield Problem("Tabulated curve", "falls.", "customers", _rows(falls, 1), remedy)

    @property
    def parameters(self) -> dict[str, Array]:
        """The customers at the last row; the table itself is in the fields."""
        return {"customers at most": np.asarray(self.customers[-1])}

    @property
    def n_draws(self) -> int:
        """Number of posterior draws; 0 for a table of plain numbers."""
        return int(self.customers.shape[1]) if self.customers.ndim == 2 else 0

    def value_and_slope(self, spend: npt.ArrayLike) -> tuple[Array, Array]:
        """Customers, and customers per further unit of currency: to the right of a row, at the row itself."""
        amounts = checked_spend(spend)
        piece = np.clip(np.searchsorted(self.spend, amounts, side="right") - 1, 0, len(self.spend) - 2)
        width = self.spend[piece + 1] - self.spend[piece]
        share = np.minimum((amounts - self.spend[piece]) / width, 1.0)
        inside = amounts < self.spend[-1]
        if self.n_draws:
            width, share, inside = width[..., None], share[..., None], inside[..., None]
        gain = self.customers[piece + 1] - self.customers[piece]
        return self.customers[piece] + share * gain, np.where(inside, gain / width, 0.0)

    def at_draws(self, spend: Array) -> tuple[Array, Array]:
        """Value and slope where each draw has a spend of its own."""
        if not self.n_draws:
            return self.value_and_slope(spend)
        spend = np.broadcast_to(spend, (*spend.shape[:-1], self.n_draws))
        value, slope = self.value_and_slope(spend)  # every draw's table at every draw's spend; the diagonal is wanted
        return np.einsum("...dd->...d", value), np.einsum("...dd->...d", slope)

    @property
    def inflection(self) -> Array:
        """The last row after which slopes only fall, shape () or (draws,)."""
        slopes = np.diff(self.customers, axis=0) / np.diff(self.spend).reshape(-1, *[1] * (self.customers.ndim - 1))
        rises = np.diff(slopes, axis=0) > 1e-12 * np.abs(slopes).max(initial=0.0)
        places = np.arange(1, len(self.spend) - 1).reshape(-1, *[1] * (self.customers.ndim - 1))
        return np.asarray(self.spend[np.where(rises, places, 0).max(axis=0, initial=0)])

    @property
    def ceiling(self) -> Array:
        """Customers at the last row."""
        return np.asarray(self.customers[-1])

    def stretched(self, spend: float | Array, customers: float | Array) -> Self:
        """The curve x -> customers * self(x / spend); ``spend`` a number."""
        if np.ndim(spend):
            remedy = "scale by one number."
            raise BadInput(Problem("Tabulated curve", "cannot have another spend axis in each draw.", remedy=remedy))
        values = self.customers[:, None] if np.ndim(customers) and not self.n_draws else self.customers
        return type(self)(self.spend * spend, values * customers)

    def take(self, draws: npt.NDArray[np.intp] | list[int]) -> Self:
        """The table at some of its draws."""
        return type(self)(self.spend, self.customers[:, draws]) if self.n_draws else self


def _rows(faulty: npt.NDArray[np.bool_], offset: int = 0) -> str:
    where = faulty if faulty.ndim == 1 else faulty.any(axis=1)
    return "rows " + ", ".join(str(row + offset) for row in np.flatnonzero(where)[:5])
