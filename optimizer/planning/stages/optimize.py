"""The planning stage: the certified plan, today's spend carried on, what-ifs, and checks of sense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.arrays import Array
from attribution.errors import BadInput, InfeasiblePlan
from attribution.estimates import Estimate
from attribution.findings import Finding
from mmm import LiftTest, Organic, Posterior, ResponseCurves
from mmm.checks.pool import Pool
from optimizer.answer.allocation import Allocation
from optimizer.answer.evaluation import Evaluation
from optimizer.plan import Plan
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.plan import PlanSection, Scenario
from optimizer.planning.file.markets import Markets
from optimizer.planning.file.scenarios import Passing, what_if
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.inputs.markets import curves_by_cell, findings_by_cell, lift_tests_by_cell, spend_by_cell
from optimizer.planning.inputs.present_spend import observed_least, observed_maximum
from optimizer.planning.inputs.tested import with_tested_rates
from optimizer.planning.inputs.timetable import booked_already
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.stages.aim import aim_of
from optimizer.planning.stages.instead import asked_instead
from optimizer.planning.stages.loosened import remedies
from optimizer.planning.stages.new_channels import with_new_channels
from optimizer.planning.stages.order import by_spend
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.question import because_of_payback, doubted_channels, sentences, solved
from optimizer.planning.stages.result import ChannelRow, PlanResult, ScenarioResult
from optimizer.planning.stages.riders import Held, Riders, held_channels, hold_finding, on_weeks_alone, riders_of
from optimizer.planning.stages.sense import entry_prices, present_spend, today_keeps_promises
from optimizer.planning.stages.tried import least_finding, tried_channels, tried_finding
from optimizer.planning.stages.without_media import require_some_left
from optimizer.question.limits import Limit, Side
from optimizer.question.program import Program
from optimizer.scenarios import answered
from optimizer.uncertainty.worth import worth

__all__ = ["AROUND", "Asked", "Within", "asked", "asked_within", "make_plan", "plan_scenarios"]

_FRONTIER_POINTS = 13
AROUND = (0.9, 1.0, 1.1)
"""Budgets as parts of the planned one, of which the report has a table."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The plan file's question on the draws of one posterior.

    Parameters
    ----------
    plan
        The question.
    curves, organic
        Of the posterior.
    now
        Present spend by channel.
    promise
        Customers promised, 0 where none are.
    gap
        To which the plan is proved.
    """

    plan: Plan
    curves: ResponseCurves
    organic: Organic
    now: pd.Series
    promise: float
    gap: float

    def holding(self, held: Iterable[Held]) -> Asked:
        """The same question where some channels are not raised."""
        limits = [*self.plan.subject_to, *(one.constraint for one in held)]
        return replace(self, plan=self.plan.replaced(subject_to=limits))


def asked(
    config: Config,
    inputs: Inputs,
    posterior: Posterior | Pool,
    rows: npt.NDArray[np.intp] | None = None,
) -> Asked:
    """The question of the plan file on a posterior; on some of its draws where ``rows`` names them.

    Raises
    ------
    BadInput
        Where the posterior expects fewer customers than none without media.
    """
    section = _section(config)
    periods = section.weeks * posterior.panel.per_week
    curves = curves_by_cell(posterior, _markets(inputs), periods)
    organic = posterior.organic(periods, controls=inputs.upcoming)
    predicted = organic.predicted
    if rows is not None:
        curves, predicted = curves.take(rows), predicted[rows]
    of_fit = posterior.diagnostics if isinstance(posterior, Posterior) else ()
    require_some_left(predicted, section.weeks, config.outcome, (*inputs.findings, *of_fit))
    now = _now(inputs, curves)
    curves = with_new_channels(section, curves, config.seed)
    now = now.reindex(list(curves.channels), fill_value=0.0)
    expected = float(np.mean(predicted + curves.customers(now)))
    promise = 0.0 if section.customers is None else section.customers.at_least.of(expected)
    plan = build_plan(section, now, predicted, expected, inputs.worth_of(map(str, now.index)))
    plan = plan.replaced(subject_to=[*plan.subject_to, *booked_already(inputs.timetable, curves.channels)])
    return Asked(plan, curves, organic, now, promise, section.gap)


@dataclass(frozen=True, eq=False)
class Within:
    """The question with the limits that a run adds to the plan file's.

    Parameters
    ----------
    asked
        The question, those limits among its own.
    tests
        Lift tests, by cell where there are several markets.
    riders, held, tried
        Who rides on demand, whom of them the plan holds, and what keeps channels within spend that was tried.
    doubted
        Channels whose credit may be hidden demand.
    seen, ground
        The most ever spent on each channel over a horizon, and with what tests that saw an effect spent.
    least
        The least ever spent on all channels together over a horizon.
    """

    asked: Asked
    tests: tuple[LiftTest, ...]
    riders: Riders
    held: tuple[Held, ...]
    tried: tuple[Held, ...]
    doubted: tuple[str, ...]
    seen: pd.Series
    ground: pd.Series
    least: float


def asked_within(
    config: Config,
    inputs: Inputs,
    posterior: Posterior | Pool,
    told: tuple[Finding, ...],
    rows: npt.NDArray[np.intp] | None = None,
) -> Within:
    """The question of the plan file on a posterior, or some of its draws, within what the run allows.

    Parameters
    ----------
    config, inputs, posterior, told
        As for :func:`make_plan`.
    rows
        Draws to take; all where None.
    """
    section, question = _section(config), asked(config, inputs, posterior, rows)
    channels, panel, markets = question.curves.channels, posterior.panel, _markets(inputs)
    tests = lift_tests_by_cell(inputs.lift_tests, panel, markets)
    riders = riders_of(findings_by_cell(told, markets), channels, tests)
    held = held_channels(riders.untested, section, question.now)
    weekly, periods = spend_by_cell(panel, markets), section.weeks * panel.per_week
    seen = observed_maximum(weekly, periods).reindex(list(channels), fill_value=0.0)
    ground = with_tested_rates(seen, tests, panel, weekly, periods)
    least = observed_least(weekly, periods)
    tried = tried_channels(section, question.now, ground)
    doubted = doubted_channels(section, channels, tests)
    return Within(question.holding((*held, *tried)), tests, riders, held, tried, doubted, seen, ground, least)


def _in_log(inputs: Inputs) -> Iterable[str]:
    """Channels of the path log, in every market."""
    return () if inputs.journeys is None else _markets(inputs).spread(dict.fromkeys(inputs.journeys.channels))


def make_plan(
    config: Config, inputs: Inputs, posterior: Posterior | Pool, told: tuple[Finding, ...], update: Update
) -> PlanResult:
    """Solve the plan of the plan file on a posterior, or on the pooled draws of several.

    Parameters
    ----------
    config, inputs, posterior
        The plan file, its tables and what their fit, or the readings that stand, know.
    told
        Findings of the path log and of the fit on what rides on demand.
    update
        Told how far it is.

    Raises
    ------
    IllPosedPlan, InfeasiblePlan
        As :meth:`optimizer.Plan.solve`.
    """
    section, within = _section(config), asked_within(config, inputs, posterior, told)
    curves, organic, now = within.asked.curves, within.asked.organic, within.asked.now
    riders, held, tried, doubted = within.riders, within.held, within.tried, within.doubted
    seen, ground, markets, plan = within.seen, within.ground, _markets(inputs), within.asked.plan
    update(0.1, "plan")
    try:
        allocation = solved(section, plan, curves, doubted)
    except InfeasiblePlan as error:
        raise InfeasiblePlan(_with_payback(error, section) + remedies(plan, curves, held, tried)) from None
    today, planned = plan.evaluate(curves, now), plan.evaluate(curves, allocation.spend)
    update(0.6, "frontier")
    aim = aim_of(plan, curves, config.outcome)
    return PlanResult(
        aim=aim,
        plan=plan,
        curves=curves,
        allocation=allocation,
        now=today,
        planned=planned,
        riders=riders,
        held=held,
        tried=tried,
        doubted=doubted,
        rows=_in_order(_rows(plan.program(curves), allocation, today, planned, held, tried)),
        organic=organic,
        observed_maximum=seen,
        ground=ground,
        frontier=_frontier(plan, curves, float(now.sum()), allocation.total_spend),
        explanations=sentences(section, plan, allocation, config.outcome),
        findings=(
            hold_finding(riders, held, allocation, now),
            on_weeks_alone(allocation, now, within.tests, {*_in_log(inputs), *section.without_history}),
            tried_finding(tried, allocation, ground.drop(list(section.without_history))),
            least_finding(allocation, now, within.least),
            present_spend(section, now, markets.several),
            *entry_prices(plan.program(curves), tried),
            today_keeps_promises(plan.missed(curves, now), aim.probability_better(planned, today)),
        ),
        booked=tuple(booked_already(inputs.timetable, curves.channels)),
    )


def plan_scenarios(
    config: Config,
    base: PlanResult,
    update: Update,
    credit: Mapping[str, pd.Series] | None = None,
    way: Mapping[str, Passing] | None = None,
    worth_of: Mapping[str, Array] | None = None,
) -> tuple[ScenarioResult, ...]:
    """Ask every what-if of the plan file; one that cannot be asked says why, and the others go on.

    Parameters
    ----------
    config, base
        The plan file and its plan.
    update
        Told how far it is.
    credit
        As :func:`optimizer.worth` takes it.
    way
        Stage of the funnel -> who passes it; None without a funnel.
    worth_of
        What a customer of each referral programme of the what-ifs is worth; None without cohorts or orders.
    """
    results = []
    for number, scenario in enumerate(config.scenarios):
        update(number / len(config.scenarios), scenario.name)
        results.append(_scenario(_section(config), scenario, base, credit, way, worth_of))
    return tuple(results)


def _scenario(
    section: PlanSection,
    scenario: Scenario,
    base: PlanResult,
    credit: Mapping[str, pd.Series] | None,
    way: Mapping[str, Passing] | None,
    worth_of: Mapping[str, Array] | None,
) -> ScenarioResult:
    section = scenario.section(section)
    try:
        plan = base.plan if scenario.instead is None else asked_instead(section, base)
        asked = what_if(scenario, section, way, worth_of)
    except BadInput as error:
        return ScenarioResult(scenario.name, None, problem=in_words_of_the_file(str(error)))
    answer = answered(asked, plan, base.curves, lambda plan, curves: solved(section, plan, curves, base.doubted))
    outcome = answer.outcome
    if answer.allocation is None or outcome is None:
        problem = in_words_of_the_file(_with_payback(answer.problem, section))
        if answer.infeasible:
            problem += remedies(answer.plan, answer.curves, base.held, base.tried)
        return ScenarioResult(scenario.name, None, problem=problem)
    value = section.one_value
    if value is not None and scenario.value_per_customer is not None:
        value = scenario.value_per_customer.of(value)
    verdict = worth(answer.plan, answer.curves, outcome.spend, value_per_customer=value, credit=credit)
    return ScenarioResult(scenario.name, outcome, verdict, answer.allocation.gap)


def _with_payback(problem: object, section: PlanSection) -> str:
    """A refusal that names caps on the CAC, and where they come from."""
    text, because = str(problem), because_of_payback(section)
    return f"{text} {because}" if because and "CAC at most" in text else text


def _section(config: Config) -> PlanSection:
    if config.plan is None:
        raise ValueError("the run has no plan section")
    return config.plan


def _markets(inputs: Inputs) -> Markets:
    if inputs.markets is None:
        raise ValueError("the run has no weekly table")
    return inputs.markets


def _now(inputs: Inputs, curves: ResponseCurves) -> pd.Series:
    """Present spend of the channels that have curves; a channel that never spent has none and gets no money."""
    if inputs.now is None:
        raise ValueError("the run has no present spend")
    return inputs.now.reindex(list(curves.channels)).astype(float)


def _in_order(rows: Iterable[ChannelRow]) -> tuple[ChannelRow, ...]:
    """The order in which all that a run shows has its channels."""
    by_name = {row.channel: row for row in rows}
    spend = pd.DataFrame({name: {"planned": row.planned, "now": row.now} for name, row in by_name.items()}).T
    return tuple(by_name[name] for name in by_spend(spend))


def _rows(
    program: Program,
    allocation: Allocation,
    now: Evaluation,
    planned: Evaluation,
    held: tuple[Held, ...],
    tried: tuple[Held, ...],
) -> Iterator[ChannelRow]:
    kinds = {
        "held": {one.channel: one.at_most for one in held},
        "most tried": {one.channel: one.at_most for one in tried},
    }
    scale = max(float(now.spend.sum()), float(planned.spend.sum()), 1e-300)
    for place, channel in enumerate(allocation.curves.channels):
        before, after = float(now.spend[channel]), float(planned.spend[channel])
        # at zero spend a curve's slope may be zero or infinite: the first customer's cost means nothing there
        slope = np.atleast_1d(allocation.curves[channel].marginal(after)) if after > 0 else np.zeros(1)
        limit = _binding(program, place, after, 1e-6 * scale)
        if limit == "at its most":
            reached = (kind for kind, most in kinds.items() if after >= most.get(channel, np.inf) - 1e-6 * scale)
            limit = next(reached, limit)
        yield ChannelRow(
            channel=channel,
            now=before,
            planned=after,
            customers_now=Estimate.of(now.paid[channel].to_numpy()),
            customers=Estimate.of(planned.paid[channel].to_numpy()),
            cac_now=Estimate.cost(before, now.paid[channel].to_numpy()),
            cac=Estimate.cost(after, planned.paid[channel].to_numpy()),
            marginal_cac=Estimate.cost(1.0, slope),
            limit=limit,
        )


def _binding(program: Program, place: int, spend: float, slack: float) -> str:
    """Which of a channel's own limits its spend stands at; shared ones show as prices."""
    own = [bound for bound in program.bounds if bound.channel == place]
    sides = {bound.sign for bound in own if bound.room - bound.sign * spend <= slack}
    if sides == {-1.0, 1.0}:
        return "fixed"
    if spend <= slack:
        return "nothing"
    gaps = [gap for gap in program.gaps if gap.channel == place]
    if 1.0 in sides or any(abs(gap.ends[0] - spend) <= slack for gap in gaps):
        return "at its most"
    enters = [gap for gap in gaps if abs(gap.ends[1] - spend) <= slack]
    if any(isinstance(gap.above.limit, Limit) and gap.above.limit.side is Side.ZERO_OR_AT_LEAST for gap in enters):
        return "at its entry price"
    return "at its least" if -1.0 in sides or enters else ""


def _frontier(plan: Plan, curves: ResponseCurves, now: float, planned: float) -> pd.DataFrame:
    """The efficient frontier around today's and the planned budget, as far as the plan's limits let it go."""
    budgets = np.unique(np.concatenate([np.linspace(0.5, 1.5, _FRONTIER_POINTS) * now, np.multiply(AROUND, planned)]))
    points = []
    for budget in budgets[budgets > 0][::-1]:
        try:
            points.append(plan.frontier(curves, [budget]))
        except InfeasiblePlan:  # less than the limits allow, as any lower one is: the frontier begins later
            break
    return pd.concat(points[::-1], ignore_index=True) if points else pd.DataFrame()
