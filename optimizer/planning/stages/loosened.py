"""What to add to a refusal: limits that the run adds by itself, where the promises could be kept without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from attribution.errors import BadInput
from mmm.curves import ResponseCurve
from optimizer.plan import Plan
from optimizer.planning.stages.riders import Held, remedy
from optimizer.planning.stages.tried import remedy_of_tried
from optimizer.question.objectives import Spend

__all__ = ["remedies"]

_GAP, _TIME = 0.05, 2.0


def remedies(
    plan: Plan, curves: Mapping[str, ResponseCurve], held: Sequence[Held] = (), tried: Sequence[Held] = ()
) -> str:
    """Sentences on riders that are held and on tried ground; those alone that keep a plan from its promises.

    Where the promises can be kept on average, the refusal is of worst cases or of fees, and either may help.

    Parameters
    ----------
    plan
        As it was refused, with the run's limits among its own.
    curves
        Response curves over the horizon.
    held, tried
        What the run holds.
    """
    added = [(held, remedy(tuple(held))), (tried, remedy_of_tried(tuple(tried)))]
    added = [(limits, text) for limits, text in added if limits]
    if not added or _can_be_kept(plan, curves, ()):
        return "".join(text for _, text in added)
    for some in _sets(added):
        if _can_be_kept(plan, curves, [limit for limits, _ in some for limit in limits]):
            return "".join(text for _, text in some)
    return ""


def _sets(added: list[tuple[Sequence[Held], str]]) -> Iterator[Sequence[tuple[Sequence[Held], str]]]:
    for size in range(1, len(added) + 1):
        yield from combinations(added, size)


def _can_be_kept(plan: Plan, curves: Mapping[str, ResponseCurve], without: Sequence[Held]) -> bool:
    """Whether some spend keeps all that the plan promises, but for some of the run's limits."""
    dropped = [one.constraint for one in without]
    kept = [part for part in plan.subject_to if part not in dropped]
    aim = Spend(organic=plan.organic, fixed_cost=plan.fixed_cost)
    try:
        return Plan(minimize=aim, subject_to=kept, now=plan.now).can_be_kept(curves, _GAP, _TIME)
    except BadInput:  # no end of spend: nothing is refused
        return True
