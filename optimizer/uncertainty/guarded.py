"""A spend chosen for its worst case, with its proof; and how a question becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.answer.allocation import Status, by_channel, channel_index
from optimizer.answer.misses import Miss
from optimizer.plan import Plan
from optimizer.question.program import Program
from optimizer.solvers.case_search import best_of_worst
from optimizer.solvers.cases import Case
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["Guarded", "guarded", "program_against_today"]


@shown
@dataclass(frozen=True, eq=False)
class Guarded:
    """Spend per channel whose worst case is the best there is, with its proof.

    Every improvement is on today's spend, in the objective's own figure (customers, currency per customer, currency);
    above zero is better.

    Parameters
    ----------
    spend
        Currency over the horizon, by channel.
    improvement
        By case; the first is what counts without any caution.
    worst, bound, gap
        The least improvement over all cases, the one that no other spend exceeds, and their distance as a share of
        today's figure, or of today's outlay where the figure is a profit that is less.
    status
        How the search ended, as a sentence.
    plain, plain_improvement
        Spend of the plan without caution, and what it improves, by case.
    plain_missed
        Promises that the plan without caution breaks in some case: its figure is none to compare with then.
    """

    spend: pd.Series
    improvement: pd.Series
    worst: float
    bound: float
    gap: float
    status: Status
    plain: pd.Series
    plain_improvement: pd.Series
    plain_missed: tuple[Miss, ...]

    @property
    def price(self) -> float:
        """What caution gives up where the first case is right."""
        return float(self.plain_improvement.iloc[0] - self.improvement.iloc[0])

    @property
    def plain_worst(self) -> float:
        """Improvement of the plan without caution in its worst case."""
        return float(self.plain_improvement.min())

    def to_frame(self) -> pd.DataFrame:
        """One row per plan, cautious and plain: spend by channel, then improvement by case."""
        rows = {"guarded": (self.spend, self.improvement), "plain": (self.plain, self.plain_improvement)}
        frame = pd.DataFrame({name: pd.concat(parts) for name, parts in rows.items()}).T
        return frame.rename_axis("plan")


def program_against_today(owner: str, plan: Plan, curves: ResponseCurves) -> tuple[Program, Array]:
    """The program of a plan, bounds finite where today keeps its promises, and today's spend of shape (channels,).

    Raises
    ------
    BadInput
        Where the plan does not state today's spend, or today's spend brings nobody.
    """
    program = plan.program(curves)
    now = program.setting.now
    if now is None:
        remedy = "give Plan(now={channel: current spend})."
        raise BadInput(Problem(owner, "counts against today's spend, which the plan does not state.", remedy=remedy))
    won = program.goal.business.customers(float(curves.customers(plan.now or {}).mean()))
    if program.goal.is_ratio and not won > 0:
        raise BadInput(Problem(owner, "counts against today's blended CAC, and today's spend brings nobody."))
    if not np.isfinite(program.upper).all() and not plan.missed(curves, plan.now or {}):
        # what is best at worst is no worse than today as the curves stand, and no such plan spends without end
        program = with_ceilings(program, FlatCurves(curves), lambda _: now)
    return program, now


def guarded(
    cases: Sequence[Case], known: Sequence[Array], gap: float, time_limit: float, refusal: str
) -> tuple[pd.Series, float, float, float, Status]:
    """Spend, worst improvement, bound, gap and status of the best worst case.

    Raises
    ------
    BadInput
        Where the gap is negative, or nothing limits a channel, not even that today's spend does as well.
    InfeasiblePlan
        Where no spend keeps the promises in all cases, in the words of ``refusal``, or none was met in time.
    """
    if not gap >= 0:
        raise BadInput(Problem("gap", f"is {gap}.", remedy="give a share from 0 upwards, such as 1e-3."))
    program = cases[0].program
    uppers = zip(program.setting.channels, program.upper.tolist(), strict=True)
    free = [channel for channel, most in uppers if not np.isfinite(most)]
    if free:
        text = f"has no upper limit on {', '.join(free)}, and today's spend, which could give one, breaks a promise."
        raise BadInput(Problem("Plan", text, remedy="add Budget(at_most=...), or Channel(...).at_most(...)."))
    outcome = best_of_worst(cases, gap, time_limit, known)
    if outcome.spend is None:
        late = f"no spend was met within {time_limit:g} s that keeps all promises. Remedy: raise time_limit."
        raise InfeasiblePlan(refusal if outcome.finished else late)
    distance = max(outcome.bound - outcome.score, 0.0) / max(case.size for case in cases)
    closed = distance <= gap * (1 + 1e-6)
    status = Status.CERTIFIED if closed else Status.OPEN if outcome.finished else Status.STOPPED
    spend = by_channel(channel_index(cases[0].program.setting.curves), outcome.spend, "spend")
    return spend, outcome.score, outcome.bound, distance, status
