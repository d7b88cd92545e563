"""All that a run refuses before it samples, so that nobody waits for a fit that makes no plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

import optimizer
from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, Problem
from attribution.findings import Finding
from mmm import Panel
from mmm.curves import Hill, ResponseCurves
from mmm.sampling.prepared import prepare
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document, Place
from optimizer.planning.file.keys.limits import Limits
from optimizer.planning.file.keys.plan import PlanSection, Question
from optimizer.planning.file.markets import Markets
from optimizer.planning.file.scenarios import programmes_of, what_if
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.inputs.markets import lift_tests_by_cell, spend_by_cell
from optimizer.planning.inputs.present_spend import observed_maximum
from optimizer.planning.inputs.reading import in_terms_of_the_file, names_of
from optimizer.planning.inputs.tested import with_tested_rates
from optimizer.planning.inputs.timetable import booked_already
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.stages.attribute import spend_of_paths
from optimizer.planning.stages.last_weeks import cannot_leave_out
from optimizer.planning.stages.loosened import remedies
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.tried import tried_channels
from optimizer.question.groups import AverageCAC, MarginalCAC

__all__ = ["ready"]


def ready(config: Config, document: Document, inputs: Inputs) -> tuple[Finding, ...]:
    """Hold the plan file against its tables as a run will, without sampling.

    Parameters
    ----------
    config, document, inputs
        The plan file and its tables.

    Returns
    -------
    Findings on the tables, and on what-ifs that cannot be asked.

    Raises
    ------
    BadInput
        All at once: tables that the model cannot explain, questions that make no sense.
    InfeasiblePlan
        Limits on spend that exclude each other, whatever the channels bring.
    """
    problems: list[Problem | str] = []

    def attempt(check: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
        try:
            return in_terms_of_the_file(check, names_of(config))
        except BadInput as error:
            problems.extend(error.problems)
            return ()

    panel, plan = inputs.panel, config.plan
    found = () if inputs.journeys is None else inputs.journeys.findings
    if inputs.journeys is not None:
        attempt(lambda: (spend_of_paths(config, panel, inputs.journeys), ())[1])  # type: ignore[arg-type]
    if panel is not None:
        problems += cannot_leave_out(config, document, panel)
        found += attempt(lambda: prepare(panel, mix_model(config, inputs)).findings)
    if panel is not None and plan is not None and inputs.now is not None and inputs.markets is not None:
        problems += _of_silent(config, document, panel)
        markets = inputs.markets
        if not problems:
            found += attempt(lambda: _asked(inputs.as_asked(config), inputs, panel, markets))
    if problems:
        raise BadInput(problems)
    return found


def _of_silent(config: Config, document: Document, panel: Panel) -> Iterator[str]:
    """Questions about channels that never spent, which have no curve."""
    spent = panel.national_spend.sum()
    silent = [channel for channel in panel.channels if not spent[channel] > 0]
    questions: list[tuple[Question, Place]] = [(config.plan, ("plan",))] if config.plan is not None else []
    questions += [
        (scenario.instead, ("scenarios", number, "instead"))
        for number, scenario in enumerate(config.scenarios)
        if scenario.instead is not None
    ]
    for question, at in questions:
        named = [(name, ("channels", name)) for name, own in question.channels.items() if _asks_for_spend(own)]
        named += [(name, ("groups", group)) for group, own in question.groups.items() for name in own.channels]
        named += [(name, ("custom", key)) for key, own in question.custom.items() for name in own.weights]
        for name, place in named:
            if name in silent:
                text = f"{name} never spent in the weekly table: nothing says what it would bring. Leave it out here."
                yield document.error((*at, *place), text)


def _asks_for_spend(limits: Limits) -> bool:
    stated = (limits.at_least, limits.fixed)
    return any(amount is not None and not amount.relative and amount.value > 0 for amount in stated)


def _asked(config: Config, inputs: Inputs, panel: Panel, markets: Markets) -> tuple[Finding, ...]:
    """The question built on stand-ins for what a fit will say, and its limits on spend held against each other."""
    section = config.plan
    if section is None:
        return ()
    weekly = spend_by_cell(panel, markets)
    spent = weekly.sum()
    known = [channel for channel in spent.index if spent[channel] > 0]
    channels = [*known, *section.without_history]
    now = pd.Series(inputs.now, dtype=float).reindex(channels, fill_value=0.0)
    customers = float(panel.kpi.sum() / panel.periods * section.weeks * panel.per_week)
    plan = build_plan(section, now, np.zeros(1), customers, inputs.worth_of(channels))
    curves = ResponseCurves({channel: Hill(1.0, max(spent.get(channel, 0.0), 1.0)) for channel in channels})
    periods = section.weeks * panel.per_week
    tests = lift_tests_by_cell(inputs.lift_tests, panel, markets)
    seen = observed_maximum(weekly, periods)
    tried = tried_channels(section, now, with_tested_rates(seen, tests, panel, weekly, periods))
    of_results = (optimizer.Customers, optimizer.MaxCAC, AverageCAC, MarginalCAC)
    limits = [part for part in plan.subject_to if not isinstance(part, of_results)]
    limits += [*booked_already(inputs.timetable, tuple(channels)), *(one.constraint for one in tried)]
    question = optimizer.Plan(minimize=optimizer.Spend(), subject_to=limits, now=now)
    try:
        question.solve(curves)
    except InfeasiblePlan as error:
        raise InfeasiblePlan(f"{error}{remedies(question, curves, (), tried)}") from None
    _refuse_without_end(plan, question, curves)
    return tuple(_unasked(config, section, now, customers, inputs))


def _refuse_without_end(plan: optimizer.Plan, question: optimizer.Plan, curves: ResponseCurves) -> None:
    """Refuse aims that have no sensible answer whatever the channels bring; ``question`` has the limits on spend alone.

    Raises
    ------
    IllPosedPlan
        Where nothing limits the spend that most customers ask for, or nothing asks for the spend that is to be least,
        or of a blended CAC that is lowest where nothing is spent.
    """
    nobody = [part for part in plan.subject_to if isinstance(part, optimizer.Customers) and not part.at_least]
    promised = {type(part) for part in plan.subject_to if not any(part is one for one in nobody)}
    if isinstance(plan.objective, optimizer.Customers) and optimizer.MaxCAC not in promised:
        optimizer.Plan(maximize=optimizer.Customers(), subject_to=question.subject_to, now=plan.now).solve(curves, 0.05)
    if optimizer.Customers in promised:
        return
    program, nothing = question.program(curves), np.zeros(len(curves))
    if program.lower.any() or any(row.residual(nothing, nothing) > 0 for row in program.rows):
        return
    if isinstance(plan.objective, optimizer.Spend) and optimizer.MaxCAC not in promised:
        text = "asks for the least spend, and nothing promised asks for any: the least is none."
        remedy = "promise plan.customers.at_least, or ask another question: plan.maximize: customers with plan.budget."
        raise IllPosedPlan(Problem("plan.minimize", text, remedy=remedy))
    if isinstance(plan.objective, optimizer.BlendedCAC) and not plan.fixed_cost:
        text = "without plan.fixed_cost the blended CAC is lowest where nothing is spent, and nothing asks for spend."
        remedy = (
            "state fixed_cost, promise plan.customers.at_least or plan.budget.at_least, or ask another question: "
            "plan.maximize: customers with plan.max_cac, or plan.maximize: profit."
        )
        raise IllPosedPlan(Problem("plan.minimize", text, remedy=remedy))


def _unasked(
    config: Config, section: PlanSection, now: pd.Series, customers: float, inputs: Inputs
) -> Iterator[Finding]:
    """What-ifs that cannot be asked; the others go on."""
    wrong = []
    for scenario in config.scenarios:
        try:
            what_if(scenario, scenario.section(section), worth=inputs.worth_of(programmes_of(config.scenarios)))
            build_plan(scenario.section(section), now, np.zeros(1), customers, inputs.worth_of(map(str, now.index)))
        except BadInput as error:
            wrong.append(f"{scenario.name}: {in_words_of_the_file(str(error))}")
    if config.scenarios:
        text = f"Cannot be asked: {'; '.join(wrong)}" if wrong else "Every what-if can be asked."
        yield Finding("what_ifs_can_be_asked", not wrong, float(len(wrong)), 0.0, text)
