"""The independent check: promises and limits as they are stated, held against the spend that came out.

Nothing here is taken from the compiler or a solver: ``readings`` has each kind of promise in its own words, ``spent``
asks customers of each channel's curve, and sums are exact. A promise is kept where it is missed by no more than a
billionth of its figure and what rounding of the amounts summed costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, inf

import numpy as np

from attribution.errors import BrokenPromise
from optimizer.answer.misses import Miss
from optimizer.answer.readings import possible, read
from optimizer.answer.spent import KEPT, Spent
from optimizer.question.constraints import Customers
from optimizer.question.limits import Limit, labels
from optimizer.question.objectives import BlendedCAC, Objective, Profit, Spend
from optimizer.question.program import Constraint

__all__ = ["missed", "refuse_broken", "refuse_false", "worst"]


def missed(constraints: Sequence[Constraint], spent: Spent) -> tuple[Miss, ...]:
    """All promises and limits that the spend does not keep; each once, at its worst.

    Parameters
    ----------
    constraints
        As they were stated.
    spent
        The spend that came out.
    """
    readings = [*possible(spent), *(reading for part in constraints for reading in read(part, spent))]
    return worst((reading.limit, reading.by) for reading in readings if reading.is_broken)


def worst(broken: Iterable[tuple[Limit | str, float]]) -> tuple[Miss, ...]:
    """Each broken limit once, at the largest amount by which it is missed."""
    most: dict[Limit | str, float] = {}
    for limit, by in broken:
        most[limit] = max(by, most.get(limit, by))
    return tuple(Miss(limit, by) for limit, by in most.items())


def refuse_broken(misses: Sequence[Miss]) -> None:
    """Refuse to hand out what breaks a promise.

    Raises
    ------
    BrokenPromise
        Where there is any miss; the message names each, and by how much.
    """
    if misses:
        named = zip(labels([miss.limit for miss in misses]), misses, strict=True)
        raise BrokenPromise([f"{label} (by {miss.written})" for label, miss in named])


def refuse_false(objective: Objective, spent: Spent, value: float, customers: float) -> None:
    """Refuse figures that are not those of the spend: its customers, and the objective's figure in its own unit.

    Raises
    ------
    BrokenPromise
        Where a figure stated is off by more than a billionth of the amounts that it is made of.
    """
    stated = [("customers", customers, spent.customers, spent.customers)]
    own = _figure(objective, spent)
    if own is not None:
        stated.append((f"the figure {objective.unit}", value, *own))
    wrong = [
        f"{name} (stated {given:.12g}, truly {true:.12g})"
        for name, given, true, size in stated
        if not (given == true or abs(given - true) <= KEPT * abs(size))
    ]
    if wrong:
        raise BrokenPromise(wrong)


def _figure(objective: Objective, spent: Spent) -> tuple[float, float] | None:
    """The objective's figure from its own words, and the amounts it is made of; None for one of the user's own."""
    if isinstance(objective, BlendedCAC):
        return (spent.cac, spent.cac) if spent.customers > 0 else (inf, inf)
    if isinstance(objective, Customers):
        return spent.customers, spent.customers
    if isinstance(objective, Spend):
        return spent.total, spent.total
    if isinstance(objective, Profit):
        worth = dict(zip(spent.setting.channels, objective.values(spent.setting.channels).tolist(), strict=True))
        each = float(np.mean(objective.organic_value))
        gained = fsum([each * float(spent.business.organic), *(worth[c] * spent.won(c) for c in spent.amounts)])
        outlay = float(spent.business.outlay(spent.total))
        return gained - outlay, gained + outlay
    return None
