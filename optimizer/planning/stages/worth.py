"""The stage of worth: the plan held against today and against plans of no model, its moves, and a first step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from attribution import LastTouch
from attribution.errors import InfeasiblePlan
from attribution.findings import Finding
from attribution.numbers import likelihood, percent
from optimizer.answer.worth import Difference, Worth
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.stages.beside_defaults import beside_defaults
from optimizer.planning.stages.experience import Corrected, experience_of
from optimizer.planning.stages.new_channels import first_tests, new_channel_findings, tried_with_tests
from optimizer.planning.stages.question import put
from optimizer.planning.stages.result import PlanResult, PlanWorth, Run
from optimizer.planning.stages.sure import sure_to_beat_today
from optimizer.question.limits import labels
from optimizer.question.outcomes import is_money
from optimizer.uncertainty.first_step import first_step
from optimizer.uncertainty.tipping import TippingPoint, tipping_points
from optimizer.uncertainty.worth import worth

__all__ = ["MOVES", "corrected", "judge", "last_touch"]

MOVES = 12
"""Of how many moves, the largest, a run says where they turn around; each takes a plan of its own."""

_LIKELY = 0.4  # a promise that is kept in expectation holds about as often as not
_TURNS = 0.25
_LARGE = 0.01  # of all spend: moves that the headline names


def judge(run: Run, plan: PlanResult, section: PlanSection) -> PlanWorth:
    """What the run's plan is worth against today, where its moves turn around, and a first step where it needs one."""
    spend, value = plan.allocation.spend, section.one_value
    verdict = worth(plan.plan, plan.curves, spend, value_per_customer=value, credit=last_touch(run, plan))
    verdict = of_people(verdict, run.config.outcome)
    asked = put(section, plan.plan, plan.doubted)
    tipping = tipping_points(asked, plan.curves, spend, MOVES)
    turning = _turning(tipping, float(plan.now.spend.sum()))
    new = tuple(first_tests(section, plan.curves, plan.allocation, tipping, plan.riders.untested, plan.organic))
    tried, told = tried_with_tests(section, plan.ground, spend), (run.config.currency, run.config.outcome)
    step, problem = None, ""
    try:
        step = first_step(asked, plan.curves, spend, tried, gap=section.gap)
    except InfeasiblePlan as error:
        problem = str(error)
    known = corrected(run, plan, verdict.aim)
    sure = sure_to_beat_today(verdict, known, section.confidence)
    findings = (sure, _promises(verdict), turning, *new_channel_findings(new, *told))
    return PlanWorth(verdict, tipping, step, problem, findings, new, known)


def corrected(run: Run, plan: PlanResult, aim: Difference) -> Corrected | None:
    """The plan's improvement on today as plans by a run's defaults turned out; None where there is none to correct."""
    known, point = experience_of(aim.name), aim.change.point
    if known is None or beside_defaults(run) or not (point < 0 if aim.lower_is_better else point > 0):
        return None
    with np.errstate(invalid="ignore"):
        draws = plan.aim.draws(plan.planned) - plan.aim.draws(plan.now)
    return known.corrected(point, draws, aim.lower_is_better) if np.isfinite(draws).all() else None


def of_people(verdict: Worth, outcome: str) -> Worth:
    """The worth without LTV:CAC where the outcome is money, of which no one has a lifetime."""
    if not is_money(outcome):
        return verdict
    return replace(verdict, promises=tuple(one for one in verdict.promises if not one.is_guardrail))


def last_touch(run: Run, plan: PlanResult) -> dict[str, pd.Series]:
    """Last touch's credit where the run has a path log that knows channels of the plan."""
    if run.inputs.journeys is None:
        return {}
    known = {} if run.attribution is None else run.attribution.credits
    name = LastTouch().name
    credit = (known[name] if name in known else LastTouch()(run.inputs.journeys)).conversions
    return {"last touch": credit} if credit.reindex(list(plan.curves.channels)).sum() > 0 else {}


def _promises(verdict: Worth) -> Finding:
    """Whether every promise, which the plan keeps in expectation, is at least about an even bet."""
    asked = [one for one in verdict.promises if not one.is_guardrail]
    if not asked:
        return Finding("promise_kept", True, None, None, "The plan promises nothing that hangs on customers.")
    names = labels([one.promise for one in asked])
    told = [f"{name} with probability {likelihood(one.plan)}" for name, one in zip(names, asked, strict=True)]
    least = min(one.plan for one in asked)
    text = f"What is promised holds in expectation, and draw by draw: {'; '.join(told)}. Promise less to be surer."
    return Finding("promise_kept", least >= _LIKELY, least, _LIKELY, text)


def _turning(points: tuple[TippingPoint, ...], scale: float) -> Finding:
    """Which moves of some size the draws themselves would turn around in more than one case of four."""
    large = [one for one in points if abs(one.planned - one.now) > _LARGE * scale and one.probability >= 0]
    doubtful = sorted((one for one in large if one.probability > _TURNS), key=lambda one: -one.probability)
    worst = max((one.probability for one in large), default=0.0)
    if not doubtful:
        text = (
            f"No move of over {percent(_LARGE)} of all spend turns around with a probability over {likelihood(_TURNS)}."
        )
        return Finding("moves_hold", True, worst, _TURNS, text)
    told = " ".join(one.sentence for one in doubtful)
    text = (
        f"Moves of over {percent(_LARGE)} of all spend that would turn around with a probability above "
        f"{likelihood(_TURNS)}: {told} "
        "A channel that is raised may bring less than the plan counts on, one that is cut may lose more. Move part of "
        "the way, or test the channel first."
    )
    return Finding("moves_hold", False, worst, _TURNS, text, tuple(one.channel for one in doubtful))
