"""Promises and limits of a plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.errors import BadInput, Problem
from mmm.arrays import Array
from optimizer.question.groups import Channel, Group
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.objectives import Customers
from optimizer.question.program import Bound, Constraint, Row
from optimizer.question.rows import check_amounts, check_positive, current_spend, limits_on, rows_between
from optimizer.question.setting import Setting

__all__ = ["BUDGET", "Budget", "Change", "Channel", "Constraint", "Customers", "Group", "MaxCAC", "Pacing"]


_KEPT = 1e-10  # of what may be moved in all: a tenth of what the check of answers allows
_NEAR = 1e-7
_ROUNDING = 8 * float(np.finfo(float).eps)
BUDGET = Subject("budget")
"""What limits of all spend refer to."""


@dataclass(frozen=True)
class Budget(Constraint):
    """Total spend over the horizon.

    Parameters
    ----------
    at_most, at_least, exactly
        Currency; ``exactly`` alone, or one or both of the others.
    """

    at_most: float | None = None
    at_least: float | None = None
    exactly: float | None = None

    def __post_init__(self) -> None:
        stated = [self.at_most, self.at_least, self.exactly]
        given = [amount for amount in stated if amount is not None]
        if not given or (self.exactly is not None and len(given) > 1):
            raise BadInput(Problem("Budget", "needs exactly, or at_most and at_least, or one of these."))
        check_amounts("Budget", *stated)

    @property
    def limit(self) -> Limit:
        """The limit on spend from above, or from below where none is."""
        sides = {Side.AT_MOST: self.at_most, Side.EXACTLY: self.exactly, Side.AT_LEAST: self.at_least}
        side, amount = next((side, amount) for side, amount in sides.items() if amount is not None)
        return Limit(BUDGET, side, amount, Unit.CURRENCY)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the sum of spend."""
        ones = np.ones(len(setting.channels))
        if self.exactly is not None:
            return rows_between(BUDGET, ones, self.exactly, self.exactly)
        return rows_between(BUDGET, ones, self.at_least, self.at_most)


@dataclass(frozen=True)
class MaxCAC(Constraint):
    """A ceiling on the blended CAC: fixed cost + spend <= at_most x (organic + paid customers)."""

    at_most: float

    def __post_init__(self) -> None:
        check_positive("MaxCAC", self.at_most)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """One row on spend and customers."""
        ones = np.ones(len(setting.channels))
        room = setting.business.allowance(self.at_most)
        limit = Limit(Subject("blended CAC"), Side.AT_MOST, self.at_most, Unit.COST_PER_CUSTOMER)
        return [Row(limit, ones, self.at_most * ones, room, lambda _, won: setting.organic + float(won.sum()))]


@dataclass(frozen=True)
class Change(Constraint):
    """How far the plan may move from current spend.

    Parameters
    ----------
    at_most
        Share of its current spend by which any channel may rise or fall: 0.3 for 30 %. A channel without current spend
        has no such share: it needs a limit of its own, and a plan without one is refused.
    total
        Currency that may be moved in all, the sum of rises and falls.
    """

    at_most: float | None = None
    total: float | None = None

    def __post_init__(self) -> None:
        if self.at_most is None and self.total is None:
            raise BadInput(Problem("Change", "needs at_most (a share per channel) or total (currency)."))
        check_amounts("Change", self.at_most, self.total)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Bounds around current spend."""
        now = current_spend(setting, "Change")
        rows: list[Row | Bound] = []
        for index, (channel, spend) in enumerate(zip(setting.channels, now.tolist(), strict=True)):
            if self.total is not None:  # implied, and they keep boxes small
                rows.append(Bound(self._total(self.total), index, 1.0, spend + self.total))
                rows.append(Bound(self._total(self.total), index, -1.0, self.total - spend))
            if self.at_most is not None and spend > 0:
                lower, upper = spend * max(1 - self.at_most, 0.0), spend * (1 + self.at_most)
                rows += limits_on(setting, Subject(f"change of {channel}", "", (channel,)), lower, upper)
        return rows

    @staticmethod
    def _total(amount: float) -> Limit:
        return Limit(Subject("change in all"), Side.AT_MOST, amount, Unit.CURRENCY)

    def unlimited(self, setting: Setting) -> list[int]:
        """Places of channels without current spend, which a share of it does not limit."""
        return [] if self.at_most is None else np.flatnonzero(current_spend(setting, "Change") == 0).tolist()

    def cut(self, setting: Setting, spend: Array) -> Row | None:
        """The row of the signs in which ``spend`` departs from now, where it departs too far."""
        if self.total is None:
            return None
        now = current_spend(setting, "Change")
        moved = spend - now
        if np.abs(moved).sum() <= self.total * (1 + _KEPT) + _ROUNDING * float(now.sum() + np.abs(spend).sum()):
            return None
        return self._row(self.total, np.sign(moved), now)

    def touching(self, setting: Setting, spend: Array) -> list[tuple[Row, Row]]:
        """The row that binds where all that may be moved is moved: a channel left as it is adds to it either way."""
        if self.total is None:
            return []
        now = current_spend(setting, "Change")
        moved = spend - now
        if np.abs(moved).sum() < self.total * (1 - _NEAR):
            return []
        signs = np.where(np.abs(moved) <= _NEAR * np.maximum(now, self.total / len(now)), 0.0, np.sign(moved))
        sides = (np.where(signs == 0, side, signs) for side in (1.0, -1.0))
        above, below = (self._row(self.total, side, now) for side in sides)
        return [(above, below)]

    def _row(self, total: float, signs: Array, now: Array) -> Row:
        return Row(self._total(total), signs, 0 * signs, total + float(signs @ now))


@dataclass(frozen=True)
class Pacing(Constraint):
    """How fast a channel's weekly spend may rise or fall in a flight plan; no meaning without weeks.

    Parameters
    ----------
    at_most
        Largest change from one week to the next, as a share of the channel's average weekly spend.
    """

    at_most: float

    def __post_init__(self) -> None:
        check_positive("Pacing", self.at_most)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Raises, since totals over the horizon have no pace."""
        raise BadInput(
            Problem("Pacing", "limits changes between weeks, and this plan has none.", remedy="use it in a Flight.")
        )
