"""Fees in steps: what an agency or a channel costs beside its media, by how much is spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from optimizer.question.groups import Group, SpendLimits
from optimizer.question.limits import Subject
from optimizer.question.program import Constraint

__all__ = ["Fee"]

_SAME = 1e-9  # share of a step's amount by which spend may exceed it and still counts as at it


@shown
@dataclass(frozen=True, init=False)
class Fee:
    """A fee that rises in steps with the spend of some channels together.

    It counts as cost of acquisition, as fixed cost does: in blended CAC and profit, and in ceilings on the blended CAC.
    It does not count as spend in a budget, which is of media.

    Parameters
    ----------
    name
        What messages call it.
    channels
        Whose spend together decides the step; one name, or several.
    steps
        Pairs of currency over the horizon, rising: once more than the first is spent, the second is the fee.
        ``(0, fee)`` is due where anything is spent; nothing is due up to the first step.

    Raises
    ------
    BadInput
        Where there are no channels or steps, amounts are negative or not finite, or steps or fees do not rise.

    Examples
    --------
    >>> agency = Fee("agency", ["tv", "radio"], [(0, 5_000), (200_000, 12_000)])
    >>> [agency.due({"tv": amount, "radio": 0.0}) for amount in (0.0, 200_000.0, 200_001.0)]
    [0.0, 5000.0, 12000.0]
    """

    name: str
    channels: tuple[str, ...]
    steps: tuple[tuple[float, float], ...]

    def __init__(self, name: str, channels: str | Iterable[str], steps: Iterable[Sequence[float]]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "channels", Group(name, channels).channels)
        object.__setattr__(self, "steps", tuple((float(above), float(fee)) for above, fee in steps))
        amounts = np.array(self.steps, dtype=float)
        if not self.steps or not (np.isfinite(amounts) & (amounts >= 0)).all():
            raise BadInput(Problem(f"fee {name!r}", "needs steps of amounts from 0 upwards."))
        if not ((np.diff(amounts[:, 0]) > 0).all() and (np.diff(amounts[:, 1]) >= 0).all()):
            text = "has steps that do not rise, or fees that fall."
            raise BadInput(
                Problem(f"fee {name!r}", text, remedy="state steps by rising spend, none cheaper than before.")
            )

    def step(self, spend: Mapping[str, float]) -> int:
        """How many steps a spend is beyond."""
        total = fsum(spend[channel] for channel in dict.fromkeys(self.channels))
        return sum(total > above * (1 + _SAME) for above, _ in self.steps)

    def of_step(self, step: int) -> float:
        """The fee of being beyond so many steps."""
        return 0.0 if step == 0 else self.steps[step - 1][1]

    def due(self, spend: Mapping[str, float]) -> float:
        """The fee of a spend by channel."""
        return self.of_step(self.step(spend))

    def within(self, first: int, last: int) -> Constraint:
        """The limits on spend within which one of some steps is the present one."""
        least = self.steps[first - 1][0] if first > 0 else None
        most = self.steps[last][0] if last < len(self.steps) else None
        return SpendLimits(Subject(f"spend under the fee of {self.name}", "fee", self.channels), least, most)
