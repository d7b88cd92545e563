"""Which promises and limits an allocation does not keep, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import Program

__all__ = ["Miss", "missed"]

_KEPT = 1e-9  # violation, as a share of a row's own size, at which it still counts as kept


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


def missed(program: Program, spend: Array, customers: Array) -> tuple[Miss, ...]:
    """All limits that spend and expected customers, of shape (channels,), do not keep; each once, at its worst."""
    rows = [row for row in program.limits if row.violation(spend, customers) > _KEPT]
    cuts = [cut for part in program.lazy if (cut := part.cut(program.setting, spend)) is not None]
    found = [(row.limit, float(row.residual(spend, customers))) for row in (*rows, *cuts)]
    for index in np.flatnonzero((spend > program.lower) & (spend < program.hole * (1 - _KEPT))):
        channel, least = program.setting.channels[index], float(program.hole[index])
        entry = Limit(Subject(channel, "channel", (channel,)), Side.ZERO_OR_AT_LEAST, least, Unit.CURRENCY)
        found.append((entry, least - float(spend[index])))
    worst: dict[Limit | str, float] = {}
    for limit, by in found:
        worst[limit] = max(by, worst.get(limit, by))
    return tuple(Miss(limit, by) for limit, by in worst.items())
