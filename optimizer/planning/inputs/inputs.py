"""Everything a run reads: the tables a plan file names, read and checked together before anything runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from attribution import Factor, Journeys
from attribution.economics import CustomerValues, Funnel
from attribution.errors import BadInput, Problem, nearest
from attribution.findings import Finding
from attribution.reading.addresses import absent, is_pattern
from mmm import LiftTest, Panel
from mmm.arrays import Array
from mmm.data.assembled import Assembled
from mmm.model.model import ORGANIC
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.file.markets import Markets
from optimizer.planning.file.payback import Earned, as_asked
from optimizer.planning.file.sources import sources_of
from optimizer.planning.inputs.around_weekly import Around, read_around
from optimizer.planning.inputs.assembled import passed_over
from optimizer.planning.inputs.by_value import in_average_customers
from optimizer.planning.inputs.coming_controls import coming_controls
from optimizer.planning.inputs.given_tables import Given
from optimizer.planning.inputs.log_against_kpi import LogAgainstKPI, log_against_kpi
from optimizer.planning.inputs.markets import markets_of
from optimizer.planning.inputs.odd_costs import costs_cover_year, odd_costs
from optimizer.planning.inputs.paths_of_file import read_journeys
from optimizer.planning.inputs.plan_as_meant import plan_as_meant
from optimizer.planning.inputs.platform_reports import Claims
from optimizer.planning.inputs.present_spend import read_present_spend
from optimizer.planning.inputs.provenance import InputFile
from optimizer.planning.inputs.read_stages import open_stages, read_stages, read_stages_by_channel
from optimizer.planning.inputs.reading import Problems, Reading, in_terms_of_the_file, names_of
from optimizer.planning.inputs.small_tables import noted_costs, noted_customer_values, noted_factors, noted_funnel
from optimizer.planning.inputs.terms_as_meant import states_terms, terms_as_meant
from optimizer.planning.inputs.timetable import Timetable
from optimizer.planning.inputs.upcoming import read_upcoming
from optimizer.planning.inputs.weekly_panel import read_weekly

__all__ = ["Inputs", "inputs_of_fit", "read_inputs"]


@dataclass(frozen=True)
class Inputs:
    """Everything a run reads.

    Parameters
    ----------
    panel
        The weekly table; None for attribution alone.
    upcoming
        Controls of the coming weeks, horizon x controls, of several markets by market; None where there are none.
    now
        Spend over a horizon at present, in currency: per channel, or of several markets per cell.
    journeys
        Conversion paths; None for a plan alone.
    lift_tests
        Experiments, placed on the panel's weeks.
    files
        What was read.
    assumptions
        Choices of the plan file that stand in for data, for the report and the manifest.
    timetable
        Weeks of the schedule; None where the plan file asks for none.
    given
        Name -> spend by channel over the horizon of each plan to be scored beside the run's own, and how it was read.
    assembled
        Where the weekly table comes from; None where the plan file names it.
    log_against_kpi
        The log's conversions held against the weekly KPI; None without either.
    markets
        Markets of the weekly table, and their cells; None without it.
    words
        Column of words -> its words, the one without an indicator first.
    customer_values
        What customers of each channel are worth; None without cohorts or orders.
    customer_findings
        What speaks against the table that says what customers are worth.
    plan_findings
        What speaks against the amounts of the plan file's plan.
    costs
        Costs of acquisition beside media: month, kind and cost; None where the plan file names none.
    claims
        Conversions that platforms claim; None where none are given.
    factors
        Those of an earlier run, by which credit is corrected.
    funnel
        Counts of each stage on the way to a customer; None where the plan file names none.
    stages
        Persons or accounts by stage of the conversions; None where the plan file names none.
    stages_by_channel
        The same by the channel by which they came; None where the plan file names no column of it.
    """

    panel: Panel | None
    upcoming: pd.DataFrame | dict[str, pd.DataFrame] | None
    now: pd.Series | None
    journeys: Journeys | None
    lift_tests: tuple[LiftTest, ...]
    files: tuple[InputFile, ...]
    assumptions: tuple[str, ...]
    timetable: Timetable | None = None
    given: Mapping[str, Given] = field(default_factory=dict)
    assembled: Assembled | None = None
    log_against_kpi: LogAgainstKPI | None = None
    markets: Markets | None = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    customer_values: CustomerValues | None = None
    customer_findings: tuple[Finding, ...] = ()
    plan_findings: tuple[Finding, ...] = ()
    costs: pd.DataFrame | None = None
    claims: Claims | None = None
    factors: tuple[Factor, ...] = ()
    funnel: Funnel | None = None
    stages: pd.DataFrame | None = None
    stages_by_channel: pd.DataFrame | None = None

    def worth_of(self, channels: Iterable[str]) -> dict[str, Array] | None:
        """Draws of what a customer of each channel or cell is worth, and of who comes unpaid; None without cohorts."""
        values = self.customer_values
        if values is None:
            return None
        names = {cell: self.channel_of(cell) for cell in channels}
        return {**{cell: values.value(name) for cell, name in names.items()}, ORGANIC: values.value(ORGANIC)}

    def channel_of(self, cell: str) -> str:
        """The channel of a cell of several markets; of one market they are the same."""
        cells = {} if self.markets is None else self.markets.cells
        return cells[cell][0] if cell in cells else cell

    def as_asked(self, config: Config) -> Config:
        """The plan file as it is solved; itself where no weekly table was read."""
        if self.markets is None:
            return config
        return as_asked(config, Earned.of(self.customer_values, config), self.markets)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What speaks for and against the tables themselves."""
        compared = () if self.log_against_kpi is None else (self.log_against_kpi.finding,)
        coming = () if self.panel is None or self.upcoming is None else (coming_controls(self.panel, self.upcoming),)
        assembled = self.assembled.findings if self.assembled is not None else ()
        staged = () if self.stages is None else (open_stages(self.stages),)
        costed: tuple[Finding, ...] = () if self.costs is None else (odd_costs(self.costs),)
        costed += () if self.costs is None or self.panel is None else (costs_cover_year(self.costs, self.panel),)
        claimed = () if self.claims is None else (self.claims.finding,)
        return (
            *assembled,
            *compared,
            *coming,
            *self.plan_findings,
            *self.customer_findings,
            *costed,
            *staged,
            *claimed,
        )

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Rows of exports that are no data of their own, such as totals and further lines of an order."""
        return () if self.assembled is None else tuple(passed_over(self.assembled.notes))

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables that show where the run's own come from, by the file they are written to."""
        tables = {} if self.log_against_kpi is None else {"log_against_kpi.csv": self.log_against_kpi.weeks}
        if self.assembled is not None:
            tables["weekly.csv"] = self.assembled.weekly
            tables["weekly_reconciliation.csv"] = self.assembled.reconciliation
            tables["weekly_coverage.csv"] = self.assembled.coverage
        return tables


def read_inputs(config: Config, document: Document, journeys_too: bool = True) -> Inputs:
    """Read and check all tables.

    Parameters
    ----------
    config, document
        The plan file.
    journeys_too
        Whether touchpoints or paths are needed; a log may be large.

    Raises
    ------
    BadInput
        The problems of all tables at once.
    """
    reading, problems = Reading.of(config, document), Problems()
    data, weekly = config.data, config.data.weekly
    factors = problems.of(lambda: noted_factors(reading)) or ()
    table = None
    if weekly is not None:
        table = problems.of(lambda: in_terms_of_the_file(lambda: read_weekly(reading, weekly), names_of(config)))
    around = Around() if table is None else read_around(reading, table, problems)
    panel = None if table is None else table.panel
    earning, costed, staged = data.earning, data.costs, data.funnel
    worth = None if earning is None else problems.of(lambda: noted_customer_values(reading, earning, panel))
    costs = None if costed is None else problems.of(lambda: noted_costs(reading, costed))
    counts = None if staged is None else problems.of(lambda: noted_funnel(reading, staged, panel))
    journeys = problems.of(lambda: in_terms_of_the_file(lambda: read_journeys(reading))) if journeys_too else None
    log, folder = data.touchpoints, document.folder
    reached = problems.of(lambda: read_stages(config, log, folder)) if journeys_too and log is not None else None
    by_channel = None if reached is None or log is None else read_stages_by_channel(config, log, folder)
    problems.seen.extend([] if journeys is None else _unseen(config, document, factors, journeys.channels))
    compared = None if panel is None or journeys is None else _compared(config, panel, journeys)
    segments = None if worth is None else worth[2]
    if panel is not None and segments is not None and data.orders is not None:
        panel = problems.of(partial(in_average_customers, reading, data.orders, panel, segments))
    problems.seen.extend(one for one in _absent(config, folder) if one not in problems.seen)
    if problems.seen:
        raise BadInput(problems.seen)
    return Inputs(
        panel=panel,
        upcoming=around.upcoming,
        now=around.now,
        journeys=journeys,
        lift_tests=around.lift_tests,
        files=tuple(reading.files),
        assumptions=(*reading.assumptions, *(file.hides for file in reading.files if file.hides)),
        timetable=around.timetable,
        given=around.given,
        assembled=None if table is None else table.assembled,
        log_against_kpi=compared,
        markets=around.markets,
        words={} if table is None else table.words,
        customer_values=None if worth is None else worth[0],
        customer_findings=worth[1] if worth is not None else _of_stated_values(config, panel),
        plan_findings=plan_as_meant(config, panel),
        costs=costs,
        claims=around.claims,
        factors=factors,
        funnel=counts,
        stages=reached,
        stages_by_channel=by_channel,
    )


def inputs_of_fit(config: Config, document: Document, panel: Panel) -> Inputs:
    """What a plan needs beside a fit that was made before; the weekly table may have grown since.

    Controls of the coming weeks that the files no longer hold stay at their mean of the last year.

    Parameters
    ----------
    config, document
        The plan file.
    panel
        What the fit was fitted to.
    """
    reading, weekly, markets = Reading.of(config, document), config.data.weekly, markets_of(panel)
    upcoming = None
    if weekly is not None and config.plan and (panel.control_names or panel.organic_channels) and not weekly.words:
        with contextlib.suppress(BadInput):
            upcoming = read_upcoming(reading, panel, weekly, {}, config.plan.weeks)
    now = read_present_spend(reading, panel, markets, config.plan) if config.plan else None
    earning, plan = config.data.earning, config.plan
    asked = plan is not None and (plan.maximize == "npv" or plan.payback is not None)
    values = noted_customer_values(reading, earning, panel)[0] if asked and earning is not None else None
    return Inputs(
        panel, upcoming, now, None, (), (), tuple(reading.assumptions), markets=markets, customer_values=values
    )


def _of_stated_values(config: Config, panel: Panel | None) -> tuple[Finding, ...]:
    """What speaks against values of a customer that the plan file states, where no table says what they are."""
    return (terms_as_meant(config, None, panel),) if states_terms(config) else ()


def _absent(config: Config, folder: Path) -> Iterator[Problem]:
    """Tables beside the weekly one and the log that are named and are not there, read so far or not."""
    beside = config.data.model_copy(update=dict.fromkeys(("weekly", "touchpoints", "paths")))
    for source in map(str, sources_of(config.model_copy(update={"data": beside}), folder)):
        if not is_pattern(source) and not Path(source).exists():
            yield absent(source)


def _compared(config: Config, panel: Panel, journeys: Journeys) -> LogAgainstKPI | None:
    """The log's conversions against the KPI; None for paths, which have no dates."""
    log = config.data.touchpoints
    if log is None or journeys.ends is None:
        return None
    return log_against_kpi(journeys.ends, panel, log.conversions.agrees_within)


def _unseen(config: Config, document: Document, factors: Sequence[Factor], channels: Sequence[str]) -> list[str]:
    """Factors of channels that the log does not know."""
    unknown = dict.fromkeys(factor.channel for factor in factors if factor.channel not in channels)
    said = []
    for name in unknown:
        close = nearest(name, channels)
        hint = f"Did you mean {close!r}?" if close else f"It has {', '.join(channels[:8])}."
        place = ("attribution", "calibration", "factors")
        said.append(document.error(place, f"has factors of {name!r}, which is no channel of the log. {hint}"))
    return said
