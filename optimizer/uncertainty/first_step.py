"""A first step inside what was tried, for a plan that leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.answer.worth import Worth
from optimizer.question.constraints import Channel
from optimizer.uncertainty.question import Question, limited, plan_of
from optimizer.uncertainty.worth import worth

__all__ = ["FirstStep", "first_step"]

_BEYOND = 1e-6  # of what was tried


@shown
@dataclass(frozen=True, eq=False)
class FirstStep:
    """The plan as far as spend was tried.

    Parameters
    ----------
    allocation
        The best allocation that keeps the plan's promises and stays within what was tried.
    beyond
        Channels in which the plan itself leaves that, where its curves are extrapolated.
    worth
        What the step is worth against today's spend.
    share
        Of the plan's gain over today, in its own aim and in the cases that it is made for, what the step already
        brings; NaN where the plan has no gain over today.
    """

    allocation: Allocation
    beyond: tuple[str, ...]
    worth: Worth = field(repr=False)
    share: float


def first_step(
    question: Question,
    curves: Mapping[str, ResponseCurve],
    spend: Mapping[str, float] | pd.Series,
    tried: Mapping[str, float] | pd.Series,
    *,
    gap: float = 1e-3,
) -> FirstStep | None:
    """The plan solved within what was tried; None where it stays inside by itself.

    Parameters
    ----------
    question
        A plan with ``now``, fees included, or one for the worst cases or against hidden demand.
    curves
        Response curves over the horizon.
    spend
        The plan's allocation.
    tried
        The most that was ever spent over as long a horizon, by channel; nothing for channels not named. What is spent
        today counts as tried.
    gap
        To which the step is proved.

    Raises
    ------
    BadInput
        Where the plan does not state today's spend.
    InfeasiblePlan
        Where the promises or limits cannot be kept within what was tried.

    Examples
    --------
    >>> from mmm.curves import Hill
    >>> from optimizer import Budget, Customers, Plan
    >>> curves = {"tv": Hill(900, 60_000), "search": Hill(500, 20_000)}
    >>> plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=80_000)], now={"tv": 60_000, "search": 20_000})
    >>> step = first_step(plan, curves, plan.solve(curves).spend, tried={"tv": 80_000, "search": 24_000})
    >>> step.beyond, round(float(step.allocation.spend["search"])), round(step.share, 2)
    (('search',), 24000, 0.76)
    """
    curves = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
    plan = plan_of(question)
    if plan.now is None:
        remedy = "give Plan(now={channel: current spend})."
        raise BadInput(Problem("first_step", "is against today's spend, which the plan does not state.", remedy=remedy))
    amounts = pd.Series(curves.amounts(spend), list(curves.channels))
    most = pd.Series(np.maximum(curves.amounts(tried), curves.amounts(plan.now)), amounts.index)
    beyond = tuple(amounts.index[amounts > most * (1 + _BEYOND)])
    if not beyond:
        return None
    inside = [Channel(str(channel)).at_most(float(limit)) for channel, limit in most.items()]
    found = limited(question, *inside).solve(curves, gap=gap)
    today, step, whole = (question.against(found, curves, one).value for one in (plan.now, found.spend, amounts))
    gains = whole < today if plan.objective.wants == "minimize" else whole > today
    share = (step - today) / (whole - today) if gains else np.nan
    return FirstStep(found, beyond, worth(plan, curves, found.spend), share)
