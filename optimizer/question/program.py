"""The plan as mathematics: a setting, rows that are linear in spend and customers, bounds, holes and a goal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mmm.curves import ResponseCurves

__all__ = ["Array", "Bound", "Constraint", "Goal", "Program", "Row", "Setting", "plain"]

Array = npt.NDArray[np.float64]


def plain(amount: float) -> str:
    """A number as people write it: thousands separated, and no more digits than it has."""
    return f"{amount:,.0f}" if abs(amount) >= 1000 or amount == round(amount) else f"{amount:,.4g}"


@dataclass(frozen=True)
class Setting:
    """What constraints and objectives are read against.

    Parameters
    ----------
    curves
        The response curves; their channels give the order of all arrays.
    organic
        Expected organic customers over the horizon.
    fixed_cost
        Currency over the horizon.
    now
        Current spend per channel, or None where the plan does not state it.
    """

    curves: ResponseCurves
    organic: float = 0.0
    fixed_cost: float = 0.0
    now: Array | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels in the order of all arrays."""
        return self.curves.channels

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each channel in all arrays."""
        return {channel: place for place, channel in enumerate(self.channels)}


@dataclass(frozen=True)
class Row:
    """One inequality: per_spend @ spend - per_customer @ customers <= limit.

    Parameters
    ----------
    name
        What messages and shadow prices call it.
    per_spend, per_customer
        Coefficients, shape (channels,); those of customers are not negative, which keeps relaxations valid.
    limit
        The right-hand side.
    relief
        How much raising the figure in the name by one relaxes the row: 1 for "at most", -1 for "at least", or a
        function of spend and customers where the figure multiplies them.
    """

    name: str
    per_spend: Array
    per_customer: Array
    limit: float
    relief: float | Callable[[Array, Array], float] = 1.0

    def residual(self, spend: Any, customers: Any, unit: Any = 1.0) -> Any:
        """How far the row is exceeded, negative where it holds; for arrays and for CVXPY expressions.

        ``unit`` is what one stands for where spend and customers are scaled by a variable (Charnes and Cooper, 1962).
        """
        return self.per_spend @ spend - self.per_customer @ customers - self.limit * unit

    def violation(self, spend: Array, customers: Array) -> float:
        """The residual as a share of the row's own size."""
        size = abs(self.limit) + np.abs(self.per_spend) @ spend + self.per_customer @ customers
        return float(self.residual(spend, customers) / max(size, 1e-300))

    def gradient(self, slope: Array) -> Array:
        """Change of the residual per unit of each channel's spend, for response curves of these slopes."""
        return self.per_spend - self.per_customer * np.where(self.per_customer > 0, slope, 0.0)

    def relief_at(self, spend: Array, customers: Array) -> float:
        """How much raising the figure in the name by one relaxes the row."""
        return self.relief(spend, customers) if callable(self.relief) else self.relief

    @cached_property
    def is_aggregate(self) -> bool:
        """Whether every channel counts alike, so that totals decide."""
        alike = self.per_spend.min() == self.per_spend.max() and self.per_customer.min() == self.per_customer.max()
        return bool(alike)


@dataclass(frozen=True)
class Bound:
    """A limit on one channel's spend: sign * spend[channel] <= limit.

    Parameters
    ----------
    name
        What messages and shadow prices call it.
    channel
        Place of the channel.
    sign
        1 for an upper limit, -1 for a lower one.
    limit
        The right-hand side.
    relief
        As in ``Row``: how much raising the figure in the name by one relaxes it.
    """

    name: str
    channel: int
    sign: float
    limit: float
    relief: float = 1.0

    def residual(self, spend: Any, customers: Any) -> Any:
        """How far the bound is exceeded, negative where it holds."""
        return self.sign * spend[self.channel] - self.limit

    def violation(self, spend: Array, customers: Array) -> float:
        """The residual as a share of the bound's own size."""
        size = abs(self.limit) + abs(spend[self.channel])
        return float(self.residual(spend, customers) / max(size, 1e-300))

    def relief_at(self, spend: Array, customers: Array) -> float:
        """How much raising the figure in the name by one relaxes the bound."""
        return self.relief


class Constraint(ABC):
    """A promise or a limit: what it says in rows and holes, in one definition that all solvers read."""

    @abstractmethod
    def rows(self, setting: Setting) -> list[Row | Bound]:
        """The inequalities."""

    def holes(self, setting: Setting) -> dict[int, float]:
        """Channels that get nothing or at least so much."""
        return {}

    def cut(self, setting: Setting, spend: Array) -> Row | None:
        """A further row that ``spend`` violates, for constraints that need too many rows to list them all."""
        return None


@dataclass(frozen=True)
class Goal:
    """What is to be as large as possible.

    A linear goal is per_customer @ customers - per_spend @ spend + constant; a ratio goal is minus the blended CAC.

    Parameters
    ----------
    per_customer, per_spend
        Coefficients, shape (channels,).
    constant
        Added to a linear goal.
    organic, fixed_cost
        The setting's.
    is_ratio
        Whether this is the blended CAC.
    sign
        1 where the reported figure is the score, -1 where it is its opposite.
    """

    per_customer: Array
    per_spend: Array
    constant: float
    organic: float
    fixed_cost: float
    is_ratio: bool
    sign: float

    @classmethod
    def linear(
        cls,
        setting: Setting,
        per_customer: Array | float,
        per_spend: float,
        constant: float = 0.0,
        sign: float = 1.0,
    ) -> Self:
        """A goal that is linear in spend and customers."""
        ones = np.ones(len(setting.channels))
        return cls(per_customer * ones, per_spend * ones, constant, setting.organic, setting.fixed_cost, False, sign)

    @classmethod
    def ratio(cls, setting: Setting) -> Self:
        """Minus the blended CAC."""
        ones = np.ones(len(setting.channels))
        return cls(ones, ones, 0.0, setting.organic, setting.fixed_cost, True, -1.0)

    def score(self, spend: Array, customers: Array) -> float:
        """The score of an allocation, spend and customers of shape (channels,)."""
        if self.is_ratio:
            won = self.organic + customers.sum()
            return -(self.fixed_cost + spend.sum()) / won if won > 0 else -np.inf
        return float(self.per_customer @ customers - self.per_spend @ spend + self.constant)

    def size(self, score: float, spend: float) -> float:
        """What a gap is relative to: the score, or a millionth of the outlay where a profit is next to nothing."""
        return max(abs(score), 1e-6 * (self.fixed_cost + spend) if not self.is_ratio else 0.0, 1e-300)

    def gradient(self, spend: Array, customers: Array, slope: Array) -> Array:
        """Change of the score per unit of each channel's spend, for response curves of these slopes."""
        if not self.is_ratio:
            return self.per_customer * np.where(self.per_customer > 0, slope, 0.0) - self.per_spend
        won = self.organic + customers.sum()
        return np.asarray(((self.fixed_cost + spend.sum()) / won * slope - 1) / won)

    @cached_property
    def is_aggregate(self) -> bool:
        """Whether every channel counts alike."""
        return bool(np.ptp(self.per_customer) == 0 and np.ptp(self.per_spend) == 0)


@dataclass(frozen=True)
class Program:
    """A plan against curves: maximise the goal within bounds, holes and rows.

    Parameters
    ----------
    setting
        Curves, organic customers, fixed cost and current spend.
    goal
        What is maximised.
    lower, upper
        Bounds on spend, shape (channels,).
    hole
        The least spend of a channel that is used at all, shape (channels,); 0 for none. Below it only ``lower``.
    rows
        Inequalities that concern several channels.
    bounds
        The constraints behind ``lower`` and ``upper``.
    lazy
        Constraints that give further rows on demand.
    """

    setting: Setting
    goal: Goal
    lower: Array
    upper: Array
    hole: Array
    rows: tuple[Row, ...]
    bounds: tuple[Bound, ...] = ()
    lazy: tuple[Constraint, ...] = ()

    @property
    def size(self) -> int:
        """Number of channels."""
        return len(self.lower)

    @property
    def limits(self) -> tuple[Row | Bound, ...]:
        """All rows and bounds."""
        return (*self.rows, *self.bounds)

    @cached_property
    def row_matrices(self) -> tuple[Array, Array, Array]:
        """The rows' coefficients of spend and of customers, each rows x channels, and their limits."""
        shape = (len(self.rows), self.size)
        per_spend = np.array([row.per_spend for row in self.rows]).reshape(shape)
        per_customer = np.array([row.per_customer for row in self.rows]).reshape(shape)
        return per_spend, per_customer, np.array([row.limit for row in self.rows], dtype=float)

    def residuals(self, spend: Array, customers: Array) -> tuple[Array, Array]:
        """How far each row is exceeded, and the same as a share of the row's own size; both of shape (rows,)."""
        per_spend, per_customer, limit = self.row_matrices
        paid, won = per_spend @ spend, per_customer @ customers
        excess = paid - won - limit
        return excess, excess / np.maximum(np.abs(limit) + np.abs(per_spend) @ spend + won, 1e-300)

    @cached_property
    def is_aggregate(self) -> bool:
        """Whether totals of spend and customers decide everything but the bounds."""
        return not self.lazy and self.goal.is_aggregate and all(row.is_aggregate for row in self.rows)

    def inside(self, spend: Array, slack: float = 1e-9) -> Array:
        """The allocation moved to the nearest allowed amount of each channel: bounds and holes."""
        spend = np.clip(spend, self.lower, self.upper)
        holed = (self.hole > self.lower) & (spend < self.hole) & (spend > self.lower)
        return np.where(holed, np.where(spend >= self.hole * (1 - slack), self.hole, self.lower), spend)

    def replaced(self, **changes: Any) -> Program:
        """The program with some fields replaced."""
        return replace(self, **changes)
