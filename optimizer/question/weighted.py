"""A limit on a weighted sum of spend: emissions, hours of work, contacts, whatever grows in proportion to spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import Bound, Constraint, Row
from optimizer.question.rows import places_of
from optimizer.question.setting import Setting

__all__ = ["WeightedSpend"]


@shown
@dataclass(frozen=True)
class WeightedSpend(Constraint):
    """Limits on any weighted sum of spend.

    Parameters
    ----------
    name
        What messages and prices call the sum.
    weights
        Channel -> its units per unit of currency; channels not named count nothing. Weights may be negative.
    at_least, at_most
        In the sum's own unit; one or both, and they may be negative as the weights may.

    Raises
    ------
    BadInput
        Where no weight or no limit is given, or one is not finite, or the lower limit exceeds the upper one.

    Examples
    --------
    >>> tonnes = WeightedSpend("co2", {"tv": 0.2, "search": 0.01}, at_most=50_000)
    """

    name: str
    weights: Mapping[str, float] = field(hash=False)
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        sides = [side for side in (self.at_least, self.at_most) if side is not None]
        if not sides or not any(self.weights.values()):
            raise BadInput(Problem(self.name, "needs weights, one of them not 0, and at_least, at_most or both."))
        if not np.isfinite([*self.weights.values(), *sides]).all():
            raise BadInput(Problem(self.name, "has a weight or a limit that is not a finite number."))
        if sides != sorted(sides):
            raise BadInput(Problem(self.name, "has a lower limit above its upper one."))

    @property
    def subject(self) -> Subject:
        """What its limits refer to."""
        return Subject(self.name, "weighted spend", tuple(self.weights))

    def sides(self) -> list[tuple[Limit, float]]:
        """Each limit with its sign: 1 from above, -1 from below."""
        given = ((Side.AT_LEAST, self.at_least, -1.0), (Side.AT_MOST, self.at_most, 1.0))
        return [
            (Limit(self.subject, side, figure, Unit.OWN), sign) for side, figure, sign in given if figure is not None
        ]

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """One row for each side."""
        places_of(setting, self.subject)
        weights = np.array([float(self.weights.get(channel, 0.0)) for channel in setting.channels])
        none = np.zeros(len(weights))
        return [Row(limit, sign * weights, none, sign * limit.figure, sign) for limit, sign in self.sides()]
