"""The plan as mathematics: a goal, rows that are linear in spend and customers, bounds and holes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mmm.arrays import Array
from optimizer.question.goal import Goal
from optimizer.question.limits import Limit
from optimizer.question.setting import Setting

__all__ = ["KEPT", "Bound", "Constraint", "Gap", "Program", "Row"]

KEPT = 1e-9
"""Violation, as a share of a row's own size, at which it still counts as kept."""


@dataclass(frozen=True, eq=False)
class Row:
    """One inequality: per_spend @ spend - per_customer @ customers <= room.

    Parameters
    ----------
    limit
        The limit that it comes from, or a text where that has no figure; messages and prices refer to it.
    per_spend, per_customer
        Coefficients, shape (channels,); those of customers are not negative, which keeps relaxations valid.
    room
        The right-hand side; draws of it where the setting's organic customers are draws.
    relief
        How much raising the limit's figure by one adds to the room: 1 for "at most", -1 for "at least", or a
        function of spend and customers where the figure multiplies them.
    """

    limit: Limit | str
    per_spend: Array
    per_customer: Array
    room: Any
    relief: float | Callable[[Array, Array], float] = 1.0

    def residual(self, spend: Any, customers: Any, unit: Any = 1.0) -> Any:
        """How far the row is exceeded, negative where it holds; for arrays and for CVXPY expressions.

        ``unit`` is what one stands for where spend and customers are scaled by a variable (Charnes and Cooper, 1962).
        """
        return self.per_spend @ spend - self.per_customer @ customers - self.room * unit

    def violation(self, spend: Array, customers: Array) -> float:
        """The residual as a share of the row's own size."""
        size = abs(self.room) + np.abs(self.per_spend) @ spend + self.per_customer @ customers
        return float(self.residual(spend, customers) / max(size, 1e-300))

    def kept(self, spend: Array, paid: Array) -> Array:
        """Whether the row holds in each draw, rounding aside; spend (channels,), paid customers (draws, channels)."""
        won = paid @ self.per_customer
        size = np.abs(self.room) + np.abs(self.per_spend) @ spend + won
        return np.asarray(self.per_spend @ spend - won - self.room <= KEPT * size)

    def gradient(self, slope: Array) -> Array:
        """Change of the residual per unit of each channel's spend, for response curves of these slopes."""
        return self.per_spend - self.per_customer * np.where(self.per_customer > 0, slope, 0.0)

    def relief_at(self, spend: Array, customers: Array) -> float:
        """How much raising the limit's figure by one adds to the room."""
        return self.relief(spend, customers) if callable(self.relief) else self.relief

    @cached_property
    def is_aggregate(self) -> bool:
        """Whether every channel counts alike, so that totals decide."""
        alike = self.per_spend.min() == self.per_spend.max() and self.per_customer.min() == self.per_customer.max()
        return bool(alike)


@dataclass(frozen=True)
class Bound:
    """A limit on one channel's spend: sign * spend[channel] <= room.

    Parameters
    ----------
    limit
        As in ``Row``.
    channel
        Place of the channel.
    sign
        1 for an upper limit, -1 for a lower one.
    room
        The right-hand side.
    relief
        As in ``Row``.
    """

    limit: Limit | str
    channel: int
    sign: float
    room: float
    relief: float | Callable[[Array, Array], float] = 1.0

    def relief_at(self, spend: Array, customers: Array) -> float:
        """How much raising the limit's figure by one adds to the room."""
        return self.relief(spend, customers) if callable(self.relief) else self.relief


@dataclass(frozen=True)
class Gap:
    """Either of two bounds on one channel's spend: at most the one's amount, or at least the other's.

    Parameters
    ----------
    below, above
        An upper bound, and a lower one at a larger amount.
    """

    below: Bound
    above: Bound

    @property
    def channel(self) -> int:
        """Place of the channel."""
        return self.above.channel

    @property
    def ends(self) -> tuple[float, float]:
        """The amounts between which spend may not lie."""
        return self.below.room, -self.above.room


class Constraint(ABC):
    """A promise or a limit: what it says in rows and gaps, in one definition that all solvers read."""

    @abstractmethod
    def rows(self, setting: Setting) -> list[Row | Bound]:
        """The inequalities."""

    def gaps(self, setting: Setting) -> list[Gap]:
        """Stretches of a channel's spend in which it may not lie, such as below a price of entry."""
        return []

    def unlimited(self, setting: Setting) -> list[int]:
        """Channels that the constraint is meant for but cannot limit; each needs an upper limit of its own."""
        return []

    def kept(self, setting: Setting, spend: Array, paid: Array) -> dict[Limit | str, Array]:
        """Whether each inequality that counts customers holds, draw by draw; those on spend alone are left out.

        Parameters
        ----------
        setting
            With draws of organic customers, shape (draws,).
        spend
            An allocation, shape (channels,).
        paid
            Draws of its paid customers, shape (draws, channels).
        """
        rows = [row for row in self.rows(setting) if isinstance(row, Row) and row.per_customer.any()]
        return {row.limit: row.kept(spend, paid) for row in rows}

    def cut(self, setting: Setting, spend: Array) -> Row | None:
        """A further row that ``spend`` violates, for constraints that need too many rows to list them all."""
        return None

    def touching(self, setting: Setting, spend: Array) -> list[tuple[Row, Row]]:
        """For constraints that ``cut``: rows that bind at ``spend``, as moves up and as moves down meet them."""
        return []


@dataclass(frozen=True)
class Program:
    """A plan against curves: maximise the goal within bounds, holes and rows.

    Parameters
    ----------
    setting
        Curves, business and current spend.
    goal
        What is maximised.
    lower, upper
        Bounds on spend, shape (channels,).
    hole
        The least spend of a channel that is used at all, shape (channels,); 0 for none. Below it only ``lower``.
    rows
        Inequalities that concern several channels.
    bounds, gaps
        What ``lower``, ``upper``, ``hole`` and ``inner`` were made of, as stated.
    inner
        Further gaps within the bounds: channel, and the ends between which its spend may not lie.
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
    gaps: tuple[Gap, ...] = ()
    inner: tuple[tuple[int, float, float], ...] = ()
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
        """The rows' coefficients of spend and of customers, each rows x channels, and their rooms."""
        shape = (len(self.rows), self.size)
        per_spend = np.array([row.per_spend for row in self.rows]).reshape(shape)
        per_customer = np.array([row.per_customer for row in self.rows]).reshape(shape)
        return per_spend, per_customer, np.array([row.room for row in self.rows], dtype=float)

    def residuals(self, spend: Array, customers: Array) -> tuple[Array, Array]:
        """How far each row is exceeded, and the same as a share of the row's own size; both of shape (rows,)."""
        per_spend, per_customer, room = self.row_matrices
        paid, won = per_spend @ spend, per_customer @ customers
        excess = paid - won - room
        return excess, excess / np.maximum(np.abs(room) + np.abs(per_spend) @ spend + won, 1e-300)

    @cached_property
    def is_aggregate(self) -> bool:
        """Whether totals of spend and customers decide everything but the bounds."""
        return not self.lazy and self.goal.is_aggregate and all(row.is_aggregate for row in self.rows)

    def inside(self, spend: Array, slack: float = 1e-9) -> Array:
        """The allocation moved to the nearest allowed amount of each channel: bounds and holes."""
        spend = np.clip(spend, self.lower, self.upper)
        holed = (self.hole > self.lower) & (spend < self.hole) & (spend > self.lower)
        spend = np.where(holed, np.where(spend >= self.hole * (1 - slack), self.hole, self.lower), spend)
        for channel, low, high in self.inner:
            if low < spend[channel] < high:
                spend[channel] = low if spend[channel] - low < high - spend[channel] else high
        return spend

    def below_gaps(self, spend: Array, slack: float) -> Array:
        """The spend itself, and for channels inside a gap, by more than ``slack`` of its ends, the gap's lower end."""
        holed = (self.hole > self.lower) & (spend > self.lower) & (spend < self.hole * (1 - slack))
        below = np.where(holed, self.lower, spend)
        for channel, low, high in self.inner:
            if low * (1 + slack) < spend[channel] < high * (1 - slack):
                below[channel] = low
        return below

    @property
    def is_gapless(self) -> bool:
        """Whether every channel may spend any amount between its bounds."""
        return not self.hole.any() and not self.inner

    def replaced(self, **changes: Any) -> Program:
        """The program with some fields replaced."""
        return replace(self, **changes)
