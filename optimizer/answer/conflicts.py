"""Which limits of a plan stand in each other's way: sets of which none can be spared."""

from __future__ import annotations

import time
from collections.abc import Callable

from optimizer.question.compiler import any_cut, without
from optimizer.question.limits import Limit, irreducible
from optimizer.question.program import Bound, Program, Row

__all__ = ["Conflict", "conflicts", "enough_alone"]

Conflict = tuple[Limit | str, ...]

_SECONDS = 0.2  # of the processor, so that another load changes no message
_MOST = 3  # sets that are told


def conflicts(program: Program, can_be_kept: Callable[[Program], bool]) -> list[Conflict]:
    """Sets of limits that share none, each of which cannot be kept together and could without any one of its members.

    Limits on money that clash are named before those that count customers. Limits on one channel are dropped before
    others, and those on all channels last, so that totals are named.

    Parameters
    ----------
    program
        A program without an allowed allocation.
    can_be_kept
        Whether a program has one; raises TimeoutError where that takes too long to say.

    Returns
    -------
    At most three sets; fewer, or none at all, where the search takes longer than a moment.
    """
    until = time.process_time() + _SECONDS
    found: list[Conflict] = []
    while len(found) < _MOST:
        try:
            conflict = _first(program, can_be_kept, until)
            found.append(conflict)
            program = without(program, *conflict)
            if can_be_kept(program):
                break
        except TimeoutError:
            break
    return found


def enough_alone(program: Program, conflict: Conflict, can_be_kept: Callable[[Program], bool]) -> Conflict:
    """Members of a set without which all other limits of the program can be kept.

    Raises
    ------
    TimeoutError
        As ``can_be_kept``.
    """
    return tuple(limit for limit in conflict if can_be_kept(without(program, limit)))


def _first(program: Program, can_be_kept: Callable[[Program], bool], until: float) -> Conflict:
    on_demand = [cut for part in program.lazy if (cut := any_cut(part, program.setting))]
    stated: list[Row | Bound] = [gap.above for gap in program.gaps]
    stated += [*program.bounds, *program.rows, *on_demand]
    limits = list(dict.fromkeys(part.limit for part in sorted(stated, key=_breadth)))

    def clash(left: set[Limit | str]) -> bool:
        if time.process_time() > until:
            raise TimeoutError
        return not can_be_kept(without(program, *left.symmetric_difference(limits)))

    of_money = [limit for limit in limits if limit not in {row.limit for row in program.rows if row.per_customer.any()}]
    return tuple(irreducible(of_money if clash(set(of_money)) else limits, clash))


def _breadth(part: Row | Bound) -> int:
    """What concerns one channel comes first, what concerns all alike last."""
    return 0 if isinstance(part, Bound) else 1 + part.is_aggregate
