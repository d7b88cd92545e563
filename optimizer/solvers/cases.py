"""Cases that a plan has to stand: what the curves are under each, and how far today's credit may be demand unseen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmm.arrays import Array
from optimizer.question.program import Program, Row
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["Biases", "Case"]


@dataclass(frozen=True)
class Biases:
    """Shares of the channels' effects that may be somebody else's demand: 0 <= d <= share, credited @ d <= in_all.

    Parameters
    ----------
    share
        The most of each channel's effect, from 0 to below 1, shape (channels,).
    credited
        Customers that each channel is credited with today, shape (channels,).
    in_all
        The most of those customers that may be demand; infinite where only ``share`` limits them.
    """

    share: Array
    credited: Array
    in_all: float = np.inf

    def worst(self, gain: Array) -> Array:
        """The multipliers 1 - d under which ``multipliers @ gain`` is least, shape (channels,).

        A linear program over a box and one row with coefficients from 0 upwards: the dearest gains per customer go
        first, each to its share, until ``in_all`` is used up (Dantzig, 1957). Channels whose gain is no gain keep 1.
        """
        dropped = np.where(gain > 0, self.share, 0.0)
        if float(self.credited @ dropped) <= self.in_all:
            return 1.0 - dropped
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(self.credited > 0, gain / self.credited, np.inf)
        order = np.argsort(-np.where(dropped > 0, rate, -np.inf), kind="stable")
        wanted = (self.credited * dropped)[order]
        left = np.maximum(self.in_all - (np.cumsum(wanted) - wanted), 0.0)
        taken = np.divide(np.minimum(wanted, left), wanted, out=np.ones(len(wanted)), where=wanted > 0)
        dropped[order] *= taken
        return np.asarray(1.0 - dropped)


@dataclass(frozen=True, eq=False)
class Case:
    """One set of expected curves, with the question as it reads on them.

    Demand that is not seen comes whatever is spent. So under multipliers m a spend x brings N(now) + m @ (f(x) -
    f(now)) customers: today's are what they are, and only what a change brings is in doubt.

    Parameters
    ----------
    name
        What results call it.
    program
        The question on these curves.
    flat
        The curves.
    now
        Today's spend, shape (channels,).
    biases
        How far credit may be demand.
    """

    name: str
    program: Program
    flat: FlatCurves
    now: Array
    biases: Biases

    @cached_property
    def credited(self) -> Array:
        """Expected customers of today's spend, shape (channels,)."""
        return self.flat.mean(self.now)

    @cached_property
    def today(self) -> float:
        """Score of today's spend."""
        return self.program.goal.score(self.now, self.credited)

    @property
    def size(self) -> float:
        """What a gap is relative to: today's score, or today's outlay where spend costs and that is more."""
        goal, total = self.program.goal, float(self.now.sum())
        size = goal.size(self.today, total)
        return size if goal.is_ratio else max(size, float(goal.per_spend.max() * goal.business.outlay(total)))

    def won(self, customers: Array, worth: Array) -> Array:
        """Customers by channel in the worst case for ``worth`` of each, where the curves give ``customers``."""
        change = customers - self.credited
        return self.credited + self.biases.worst(worth * change) * change

    def improvement(self, spend: Array, customers: Array) -> float:
        """By how much the score exceeds today's in the worst case; ``customers`` as the curves give them."""
        goal = self.program.goal
        return goal.score(spend, self.won(customers, goal.per_customer)) - self.today

    def lacking(self, spend: Array, customers: Array) -> Array:
        """How far each row is exceeded in its own worst case, 0 where it holds, shape (rows,)."""
        return np.array([self._lacking(row, spend, customers) for row in self.program.rows])

    def _lacking(self, row: Row, spend: Array, customers: Array) -> float:
        won = self.won(customers, row.per_customer)
        return 0.0 if row.violation(spend, won) <= _KEEP else float(row.residual(spend, won))


_KEEP = 1e-10  # of a row's size: a tenth of what the check of answers allows
