"""Small tables beside the weekly one: tests, claims of platforms, given plans, cohorts, costs, a funnel, a schedule."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from attribution import Factor, read_factors
from attribution.economics import (
    Cohorts,
    CustomerSegments,
    CustomerValues,
    Funnel,
    odd_cohorts,
    odd_margins,
    order_findings,
)
from attribution.economics.customer_orders import TOGETHER
from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import amount, counted
from attribution.reading.small import read_table
from attribution.reading.tables import LIFT_TESTS
from mmm import LiftTest, Panel, lift_tests_from_frame
from mmm.data.observed_tests import observe
from optimizer.planning.file.attribution_models import attribution_models
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import LiftTests, PlatformReports
from optimizer.planning.file.keys.economics import CohortTable, CostTable, OrdersTable
from optimizer.planning.file.keys.funnel import FunnelTable
from optimizer.planning.file.keys.plan import GivenTable, PlanSection
from optimizer.planning.file.markets import Markets
from optimizer.planning.inputs.by_value import segments_of
from optimizer.planning.inputs.given_by_market import read_given_by_market
from optimizer.planning.inputs.given_tables import Given, read_given
from optimizer.planning.inputs.held_against_weeks import cohorts_against_weeks, funnel_against_weeks
from optimizer.planning.inputs.odd_plans import plausible
from optimizer.planning.inputs.other_currency import other_currency
from optimizer.planning.inputs.platform_reports import Claims, other_weekday, read_platform_reports
from optimizer.planning.inputs.read_costs import read_costs
from optimizer.planning.inputs.read_economics import read_cohort_table, read_orders, values_of
from optimizer.planning.inputs.read_funnel import above_all, more_than_entered, read_counts
from optimizer.planning.inputs.reading import Reading, in_terms_of_the_file
from optimizer.planning.inputs.terms_as_meant import terms_as_meant
from optimizer.planning.inputs.timetable import Timetable, timetable_of
from optimizer.question.outcomes import is_money

__all__ = [
    "noted_claims",
    "noted_costs",
    "noted_customer_values",
    "noted_factors",
    "noted_funnel",
    "noted_given",
    "noted_lift_tests",
    "noted_timetable",
]


def noted_lift_tests(reading: Reading, panel: Panel, section: LiftTests) -> tuple[LiftTest, ...]:
    """Experiments, each of which has its place in the weekly table."""
    frame = read_table(reading.path(section.path), LIFT_TESTS, section.format, reading.engine)
    frame.attrs["name"] = section.path.name
    named = frame["currency"].dropna() if "currency" in frame else ()
    if wrong := list(other_currency(named, reading.config.currency, section.path.name, "currency")):
        raise BadInput(wrong)
    tests = lift_tests_from_frame(frame)
    in_terms_of_the_file(lambda: _by_row(section.path.name, lambda: observe(tests, panel)))
    covers = f"{frame['start'].min():%Y-%m-%d} to {frame['end'].max():%Y-%m-%d}, {counted(len(tests), 'test')}"
    reading.note("lift tests", section.path, len(frame), covers, frame)
    return tests


def _by_row(table: str, read: Callable[[], object]) -> None:
    """Problems that count lift tests from 1 name the rows of their table instead."""
    try:
        read()
    except BadInput as error:
        first = LIFT_TESTS.first_row

        def by_row(text: str) -> str:
            return re.sub(r"\btest (\d+)\b", lambda match: f"row {int(match[1]) - 1 + first}", text)

        raise BadInput(
            [
                replace(problem, table=table, row=by_row(problem.row or ""), text=by_row(problem.text))
                for problem in error.problems
                if isinstance(problem, Problem)
            ]
        ) from None


def noted_claims(reading: Reading, panel: Panel, section: PlatformReports) -> Claims:
    """Conversions that platforms claim."""
    claims, frame = read_platform_reports(section, reading.document.folder, panel, reading.engine)
    named = frame[section.currency].dropna() if section.currency in frame else ()
    if foreign := list(other_currency(named, reading.config.currency, section.path.name, section.currency)):
        if is_money(reading.config.outcome):
            raise BadInput(foreign)
        reading.assumptions.append(
            f"{section.path.name} names another currency than {reading.config.currency}, or several: its figures are "
            f"taken for numbers of {reading.config.outcome}, of which the currency says nothing, and not for money."
        )
    covers = f"{claims.by_day.index.min():%Y-%m-%d} to {claims.by_day.index.max():%Y-%m-%d}"
    reading.note("platform reports", section.path, len(frame), covers, frame)
    told = other_weekday(section, pd.DatetimeIndex(frame[section.date]), panel)
    reading.assumptions.extend([told] if told else [])
    return claims


def noted_factors(reading: Reading) -> tuple[Factor, ...]:
    """Factors of an earlier run; none where the plan file names none."""
    path = reading.config.attribution.calibration.factors
    if path is None:
        return ()
    factors = read_factors(reading.source(path), reading.engine)
    reading.note("factors of an earlier run", path, len(factors))
    asked = {model.name for model in attribution_models(reading.config.attribution).values()}
    if unused := sorted({factor.model for factor in factors} - asked):
        reading.assumptions.append(
            f"Factors of {path.name} for {', '.join(unused)} are not used: attribution.models of this run are "
            f"{', '.join(sorted(asked))}."
        )
    return factors


def noted_given(reading: Reading, panel: Panel, markets: Markets, plan: PlanSection, table: GivenTable) -> Given:
    """Somebody's plan."""
    folder, engine, weeks, weekly = reading.document.folder, reading.engine, plan.weeks, reading.config.data.weekly
    if markets.several:
        given = read_given_by_market(table, folder, markets, engine, horizon=weeks, per_week=panel.per_week)
    else:
        columns = {} if weekly is None else {column: channel for channel, column in weekly.channels.items()}
        given = read_given(table, folder, panel, plan.without_history, engine, horizon=weeks, columns=columns)
    if wrong := list(other_currency(given.currencies, reading.config.currency, table.path.name, "currency")):
        raise BadInput(wrong)
    reading.note("given plan", table.path, len(given.spend), frame=given.spend)
    return plausible(given, table, panel, weeks)


def noted_timetable(reading: Reading, panel: Panel) -> Timetable | None:
    """Weeks of the schedule; None where the plan file asks for none."""
    timetable = timetable_of(
        reading.config,
        reading.document,
        panel,
        lambda path, rows, covers: reading.note("spend so far", path, rows, covers),
    )
    if timetable is not None and timetable.between:
        reading.assumptions.append(
            f"The schedule starts {counted(timetable.between, 'week')} after the weekly table ends; spend is assumed "
            "to go on "
            "at its present rate until then, and the forecast of the plan is that of the weeks after the table."
        )
    return timetable


def noted_customer_values(
    reading: Reading, table: CohortTable | OrdersTable, panel: Panel | None
) -> tuple[CustomerValues, tuple[Finding, ...], CustomerSegments | None]:
    """What customers of each channel are worth, what speaks against the table that says so, and by which segments new
    customers count.
    """
    name, findings, segments = table.path.name, tuple[Finding, ...](), None
    config, folder, known = reading.config, reading.document.folder, _channels(reading.config)
    if isinstance(table, OrdersTable):
        cohorts, orders = read_orders(config, table, folder, known)
        findings, segments = order_findings(orders, table.silence), segments_of(orders, table)
        covers = f"{amount(len(orders.people()))} customers {_acquired(cohorts)}"
        reading.note("orders of customers", table.path, len(orders.frame), covers)
        reading.assumptions.append(
            f"Customers without an order for more than {counted(table.silence, 'month')} are lost; as much time at the "
            f"end of {name}, of which nobody can know yet, is left out."
        )
    else:
        cohorts = read_cohort_table(config, table, folder, known)
        findings = (odd_cohorts(cohorts), odd_margins(cohorts))
        reading.note("cohorts", table.path, len(cohorts.frame), _acquired(cohorts), cohorts.frame)
    if panel is not None and (problems := list(cohorts_against_weeks(cohorts, table, panel))):
        raise BadInput(problems)
    weekly = config.data.weekly
    asked = (*(weekly.channels if weekly else ()), *_new(config)) if cohorts.channels != (TOGETHER,) else ()
    if lacking := [channel for channel in asked if channel not in cohorts.channels]:
        reading.assumptions.append(
            f"{name} holds no customers of {', '.join(lacking)}: they are taken to be worth what those of other "
            "channels are, with all the spread between channels."
        )
    values = values_of(config, cohorts, table)
    return values, (*findings, terms_as_meant(config, values, panel)), segments


def _acquired(cohorts: Cohorts) -> str:
    frame = cohorts.frame
    return f"acquired {frame['month'].min():%Y-%m} to {frame['month'].max():%Y-%m}, to age {frame['age'].max()}"


def noted_costs(reading: Reading, table: CostTable) -> pd.DataFrame:
    """Costs of acquisition beside media."""
    costs = read_costs(reading.config, table, reading.document.folder, _channels(reading.config))
    covers = f"{costs['month'].min():%Y-%m} to {costs['month'].max():%Y-%m}"
    reading.note("costs beside media", table.path, len(costs), covers, costs)
    return costs


def noted_funnel(reading: Reading, table: FunnelTable, panel: Panel | None) -> Funnel:
    """Counts of each stage on the way to a customer."""
    counts, path, told = read_counts(reading.config, table, reading.document.folder, _channels(reading.config))
    if panel is not None and (problems := list(funnel_against_weeks(counts, table, path.name, panel))):
        raise BadInput(problems)
    wrong = [
        reading.document.error(("scenarios", number, "stages", stage), text)
        for number, scenario in enumerate(reading.config.scenarios)
        for stage, change in scenario.stages.items()
        if (text := above_all(counts, stage, change)) is not None
    ]
    if wrong:
        raise BadInput(wrong)
    period = counts.frame["period"]
    reading.assumptions.extend([*told, *more_than_entered(counts, path.name)])
    reading.note("funnel", path, len(counts.frame), f"{period.min():%Y-%m-%d} to {period.max():%Y-%m-%d}")
    return counts


def _new(config: Config) -> tuple[str, ...]:
    return () if config.plan is None else tuple(config.plan.without_history)


def _channels(config: Config) -> tuple[str, ...]:
    """Channels that a table may name; none where there is no weekly table to hold them against."""
    weekly = config.data.weekly
    return () if weekly is None else (*weekly.channels, *weekly.delivered, *_new(config))
