"""Which promises and limits an allocation does not keep, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmm.arrays import Array
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import KEPT, Constraint, Program

__all__ = ["Miss", "missed"]


@dataclass(frozen=True)
class Miss:
    """A limit that an allocation does not keep.

    Parameters
    ----------
    limit
        The limit, or the text of a row without a figure.
    by
        By how much it is missed.
    """

    limit: Limit | str
    by: float


def missed(program: Program, constraints: Sequence[Constraint], spend: Array, customers: Array) -> tuple[Miss, ...]:
    """All limits that an allocation does not keep; each once, at its worst.

    Rows, bounds and prices of entry are read as the constraints state them, not as the program has tightened them.

    Parameters
    ----------
    program
        The constraints' program.
    constraints
        What was promised.
    spend, customers
        The allocation and its expected customers, shape (channels,).
    """
    rows = [row for row in program.limits if row.violation(spend, customers) > KEPT]
    cuts = [cut for part in program.lazy if (cut := part.cut(program.setting, spend)) is not None]
    found = [(row.limit, float(row.residual(spend, customers))) for row in (*rows, *cuts)]
    for index, least in (hole for part in constraints for hole in part.holes(program.setting).items()):
        if 0 < spend[index] < least * (1 - KEPT):
            channel = program.setting.channels[index]
            entry = Limit(Subject(channel, "channel", (channel,)), Side.ZERO_OR_AT_LEAST, least, Unit.CURRENCY)
            found.append((entry, least - float(spend[index])))
    worst: dict[Limit | str, float] = {}
    for limit, by in found:
        worst[limit] = max(by, worst.get(limit, by))
    return tuple(Miss(limit, by) for limit, by in worst.items())
