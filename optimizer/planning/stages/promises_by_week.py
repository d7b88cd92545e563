"""Whether the plan's promises hold by its calendar, whose limits on weeks may cost customers."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.findings import Finding
from attribution.numbers import cost, count, percent
from optimizer.planning.stages.result import PlanResult
from optimizer.planning.stages.schedule import ScheduleResult
from optimizer.question.constraints import Customers, MaxCAC

__all__ = ["promises_by_week"]

_LITTLE = 0.005  # of what is promised


def promises_by_week(result: ScheduleResult, plan: PlanResult, outcome: str) -> Finding:
    """Whether promises of customers and the cap of the blended CAC hold where the money is spent by the calendar.

    The plan keeps them with its money in equal weeks.

    Parameters
    ----------
    result, plan
        The calendar, and the plan that it divides.
    outcome
        What the KPI counts.
    """
    name = "promises_kept_by_week"
    if result.problem:
        return Finding(name, True, None, None, "There is no calendar that a promise could be held against.")
    customers = plan.planned.expected_customers + result.gain.point
    short = dict(_short(plan, customers))
    worst = max(short.values(), default=0.0)
    if worst <= _LITTLE:
        text = f"By its calendar too the plan keeps what it promises, or misses it by no more than {percent(_LITTLE)}."
        return Finding(name, True, worst, _LITTLE, text)
    text = (
        f"By its calendar the plan brings {count(customers)} {outcome}, {count(-result.gain.point)} less than in "
        f"equal weeks, and misses what it promises: {', '.join(short)}. Relax the limits of weeks and months, or "
        "promise more by as much."
    )
    return Finding(name, False, worst, _LITTLE, text)


def _short(plan: PlanResult, customers: float) -> Iterator[tuple[str, float]]:
    """Promise -> the share by which it is missed."""
    total = float(plan.planned.spend.sum())
    cac = float(plan.planned.business.cac(total, customers))
    for part in plan.plan.subject_to:
        if isinstance(part, Customers) and part.at_least and customers < part.at_least:
            yield f"customers at least {count(part.at_least)}", 1 - customers / part.at_least
        if isinstance(part, MaxCAC) and cac > part.at_most:
            yield f"blended CAC at most {cost(part.at_most)} ({cost(cac)})", cac / part.at_most - 1
