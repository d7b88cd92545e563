"""The tables a plan file names, read and checked together before anything runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from attribution import ConversionEvents, Engine, Factor, Journeys, Query, read_factors
from attribution.economics import CustomerValues, Funnel
from attribution.errors import BadInput, Problem, nearest
from attribution.findings import Finding
from attribution.numbers import amount
from attribution.reading.exports.ga4_log import GA4_FORMAT, ga4_log
from attribution.reading.formats import Format
from attribution.reading.small import read_table
from attribution.reading.sources import log_table
from attribution.reading.tables import LIFT_TESTS, wide
from mmm import LiftTest, Panel, lift_tests_from_frame
from mmm.arrays import Array
from mmm.data.assembled import Assembled
from mmm.data.indicators import indicators, with_remedy_for_words, words_of
from mmm.data.observed_tests import observe
from mmm.model.model import ORGANIC
from optimizer.planning.file.assemble import cleaning_of, path_rules, reshaped
from optimizer.planning.file.column_roles import coming_columns, in_plan_currency, last_year, levers_of, media_of
from optimizer.planning.file.config import Config
from optimizer.planning.file.currencies import said_of_amounts, said_of_columns
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.data import Coming, LiftTests, Paths, PlatformReports, Touchpoints, Weekly
from optimizer.planning.file.keys.economics import CohortTable, CostTable
from optimizer.planning.file.keys.funnel import FunnelTable
from optimizer.planning.file.keys.plan import GivenTable, PlanSection
from optimizer.planning.file.markets import Markets, misfits_of_markets
from optimizer.planning.file.misfits import misfits_of_today
from optimizer.planning.file.wording import in_words_of_the_file
from optimizer.planning.stages.assembled import assumed, passed_over, read_assembled
from optimizer.planning.stages.given_by_market import read_given_by_market
from optimizer.planning.stages.given_tables import read_given
from optimizer.planning.stages.log_against_kpi import LogAgainstKPI, log_against_kpi
from optimizer.planning.stages.log_channels import unlike_the_log
from optimizer.planning.stages.markets import markets_of, silent_cells, spend_by_cell
from optimizer.planning.stages.platform_reports import Claims, read_platform_reports
from optimizer.planning.stages.printable import unprintable
from optimizer.planning.stages.provenance import InputFile, checksum_of, shown_path
from optimizer.planning.stages.read_economics import read_costs, read_values
from optimizer.planning.stages.read_funnel import read_counts
from optimizer.planning.stages.tested import spend_held_out
from optimizer.planning.stages.timetable import Timetable, timetable_of
from optimizer.planning.stages.weekly_table import weekly_table

if TYPE_CHECKING:
    import ibis

__all__ = ["Inputs", "inputs_of_fit", "observed_maximum", "period_of", "present_spend_of", "read_inputs"]

Result = TypeVar("Result")
_WORDS = "make a 0/1 column of each word but one: data.weekly.controls: {{column}: indicator}, the others: number."


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
        Name -> spend by channel over the horizon of each plan to be scored beside the run's own.
    assembled
        Where the weekly table comes from; None where the plan file names it.
    log_against_kpi
        The log's conversions held against the weekly KPI; None without either.
    markets
        Markets of the weekly table, and their cells; None without it.
    words
        Column of words -> its words, the one without an indicator first.
    customer_values
        What customers of each channel are worth; None without cohorts.
    costs
        Costs of acquisition beside media: month, kind and cost; None where the plan file names none.
    claims
        Conversions that platforms claim; None where none are given.
    factors
        Those of an earlier run, by which credit is corrected.
    funnel
        Counts of each stage on the way to a customer; None where the plan file names none.
    """

    panel: Panel | None
    upcoming: pd.DataFrame | dict[str, pd.DataFrame] | None
    now: pd.Series | None
    journeys: Journeys | None
    lift_tests: tuple[LiftTest, ...]
    files: tuple[InputFile, ...]
    assumptions: tuple[str, ...]
    timetable: Timetable | None = None
    given: Mapping[str, pd.Series] = field(default_factory=dict)
    assembled: Assembled | None = None
    log_against_kpi: LogAgainstKPI | None = None
    markets: Markets | None = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    customer_values: CustomerValues | None = None
    costs: pd.DataFrame | None = None
    claims: Claims | None = None
    factors: tuple[Factor, ...] = ()
    funnel: Funnel | None = None

    def worth_of(self, channels: Iterable[str]) -> dict[str, Array] | None:
        """Draws of what a customer of each channel or cell is worth, and of who comes unpaid; None without cohorts."""
        values = self.customer_values
        if values is None:
            return None
        cells = {} if self.markets is None else self.markets.cells
        names = {channel: cells[channel][0] if channel in cells else channel for channel in channels}
        return {**{cell: values.value(name) for cell, name in names.items()}, ORGANIC: values.value(ORGANIC)}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What speaks for and against the tables themselves."""
        compared = () if self.log_against_kpi is None else (self.log_against_kpi.finding,)
        return (*(self.assembled.findings if self.assembled is not None else ()), *compared)

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
    problems: list[Problem | str] = []

    def attempt(read: Callable[[], Result]) -> Result | None:
        try:
            return read()
        except BadInput as error:
            problems.extend(error.problems)
            return None

    reader = _Reader(config, document)
    weekly, horizon = config.data.weekly, config.plan.weeks if config.plan else 13
    panel = attempt(lambda: _in_terms_of_the_file(lambda: reader.panel(weekly))) if weekly else None
    upcoming = now = timetable = markets = None
    tests: tuple[LiftTest, ...] = ()
    given: dict[str, pd.Series] = {}
    claims: Claims | None = None
    factors = attempt(reader.factors) or ()
    if panel is not None and weekly is not None:
        weeks = panel
        markets = attempt(lambda: markets_of(weeks))
        problems += [] if markets is None else misfits_of_markets(config, markets, document)
        if (panel.control_names or panel.organic_channels) and config.plan:
            upcoming = attempt(lambda: reader.upcoming(weeks, weekly, horizon))
        if config.data.lift_tests is not None:
            asked = config.data.lift_tests
            tests = attempt(lambda: reader.lift_tests(weeks, asked)) or ()
        if config.plan and markets is not None:
            own = markets
            reader.assumptions += [silent_cells(markets)] if silent_cells(markets) else []
            section = config.plan
            now = attempt(lambda: reader.now(weeks, own, section, tests))
            timetable = attempt(lambda: reader.timetable(weeks))
            problems += [] if now is None else _misfits_of_today(config, config.plan, now, markets, document)
            for name, table in config.plan.given_tables.items():
                spend = attempt(lambda table=table: reader.given(weeks, own, table))  # type: ignore[misc]
                given |= {} if spend is None else {name: spend}
        if config.data.platform_reports is not None:
            reports = config.data.platform_reports
            claims = attempt(lambda: reader.claims(weeks, reports))
    cohorts, costed = config.data.cohorts, config.data.costs
    values = None if cohorts is None else attempt(lambda: reader.customer_values(cohorts))
    costs = None if costed is None else attempt(lambda: reader.costs(costed))
    staged = config.data.funnel
    counts = None if staged is None else attempt(lambda: reader.funnel(staged))
    journeys = attempt(lambda: _in_terms_of_the_file(reader.journeys)) if journeys_too else None
    problems += [] if journeys is None else _unseen(config, document, factors, journeys.channels)
    compared = reader.compared(panel, journeys) if panel is not None and journeys is not None else None
    if problems:
        raise BadInput(problems)
    files, assumptions = tuple(reader.files), tuple(reader.assumptions)
    return Inputs(
        panel,
        upcoming,
        now,
        journeys,
        tests,
        files,
        assumptions,
        timetable,
        given,
        reader.assembled,
        compared,
        markets,
        reader.words,
        values,
        costs,
        claims,
        factors,
        counts,
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
    reader, weekly, markets = _Reader(config, document), config.data.weekly, markets_of(panel)
    horizon = config.plan.weeks if config.plan else 13
    upcoming = None
    if weekly is not None and config.plan and (panel.control_names or panel.organic_channels) and not weekly.words:
        with contextlib.suppress(BadInput):
            upcoming = reader.upcoming(panel, weekly, horizon)
    now = reader.now(panel, markets, config.plan) if config.plan else None
    return Inputs(panel, upcoming, now, None, (), (), tuple(reader.assumptions), markets=markets)


def _misfits_of_today(
    config: Config, plan: PlanSection, now: pd.Series, markets: Markets, document: Document
) -> list[str]:
    """Limits of the plan, and of the plan as each scenario has it, that today's spend makes meaningless."""
    total = markets.totals(now)
    idle = [str(cell) for cell in now.index[now == 0]] if markets.several else []
    misfits = misfits_of_today(plan, total, document, idle=idle)
    for number, scenario in enumerate(config.scenarios):
        if scenario.instead is not None:
            own = misfits_of_today(scenario.section(plan), total, document, ("scenarios", number, "instead"), idle)
            misfits += [] if misfits else own
    return misfits


def _in_terms_of_the_file(read: Callable[[], Result]) -> Result:
    """Problems that speak of Python say what to write in the plan file instead."""
    try:
        return read()
    except BadInput as error:
        raise BadInput([_in_words_of_the_file(problem) for problem in error.problems]) from None


def _in_words_of_the_file(problem: Problem | str) -> Problem | str:
    if isinstance(problem, Problem):
        return replace(problem, text=in_words_of_the_file(problem.text), remedy=in_words_of_the_file(problem.remedy))
    return in_words_of_the_file(problem)


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


class _Reader:
    """Reads tables and notes which files were read and what was assumed."""

    def __init__(self, config: Config, document: Document) -> None:
        self._config = config
        self._document = document
        self.files: list[InputFile] = []
        self.assumptions: list[str] = [*said_of_amounts(document.data, config.rates)]
        self.assembled: Assembled | None = None
        self.words: dict[str, tuple[str, ...]] = {}

    @property
    def _engine(self) -> Engine:
        return self._config.engine.engine

    def _path(self, path: Path | Query) -> Path | Query:
        return path if isinstance(path, Query) else self._document.folder / path

    def _source(self, path: Path | Query) -> str | Query:
        return path if isinstance(path, Query) else str(self._document.folder / path)

    def _note(self, role: str, path: Path | Query, rows: int, covers: str = "", frame: Any = None) -> None:
        place = self._path(path)
        self.files.append(InputFile(role, shown_path(path), rows, covers, checksum_of(place, frame)))

    def panel(self, weekly: Weekly) -> Panel:
        if self._config.data.assembled:
            self.assembled, files = read_assembled(self._config, weekly, self._document.folder)
            self.files += files
            self.assumptions += assumed(self.assembled.notes)
            frame = self.assembled.weekly.drop(columns="returning_orders", errors="ignore")
            return self._of_frame(weekly, frame)
        table = weekly_table(weekly, weekly.path.name)
        try:
            frame = read_table(self._path(weekly.path), table, weekly.format, self._engine)
        except BadInput as error:
            raise BadInput(with_remedy_for_words(error.problems, weekly.numbers, _WORDS)) from None
        frame = in_plan_currency(frame, weekly, self._config.rates)
        self.assumptions += said_of_columns(weekly.currencies, self._config.rates)
        self.words = words_of(frame, weekly.words)
        frame, made = indicators(frame, self.words)
        panel = self._of_frame(weekly, frame, made)
        if weekly.population is not None:
            panel = panel.with_population(self._people(frame, weekly, weekly.population))
        if len(panel.geos) > 1 and self._config.model.holidays:
            self.assumptions.append(f"Every market has the holidays of {self._config.model.holidays}.")
        covers = f"{panel.dates[0]:%Y-%m-%d} to {panel.dates[-1]:%Y-%m-%d}, {panel.periods} {_unit(panel)}s"
        covers += f" in {len(panel.geos)} markets" if weekly.geo is not None else ""
        self._note("weekly spend and outcome", weekly.path, len(frame), covers, frame)
        return panel

    def _of_frame(self, weekly: Weekly, frame: pd.DataFrame, made: Sequence[str] = ()) -> Panel:
        frame.attrs["name"] = weekly.path.name
        levers, at = levers_of(weekly), len(weekly.numbers)
        controls = [*levers[:at], *made, *levers[at:]]
        panel = Panel.from_frame(frame, weekly.date, weekly.kpi, media_of(weekly), controls=controls, geo=weekly.geo)
        named = {"channel": panel.channels, "control": panel.control_names, "market": panel.geos}
        if odd := [each for what, names in named.items() for each in unprintable(names, weekly.path.name, what)]:
            raise BadInput(odd)
        panel = panel.with_before(weekly.before)
        return panel.with_holidays(self._config.model.holidays) if self._config.model.holidays else panel

    def _people(self, frame: pd.DataFrame, weekly: Weekly, column: str) -> dict[str, float]:
        """Population by market; the mean of a column that changes over time."""
        by_market = frame[column].astype(float).groupby(frame[weekly.geo].astype(str))
        if (by_market.max() > by_market.min()).any():
            self.assumptions.append(f"{column} changes over time; that of a market is its mean.")
        return {str(market): float(people) for market, people in by_market.mean().items()}

    def upcoming(self, panel: Panel, weekly: Weekly, weeks: int) -> pd.DataFrame | dict[str, pd.DataFrame]:
        given = self._config.data.upcoming
        coming, columns = panel.after(weeks * panel.per_week), coming_columns(weekly)
        words = self.words
        year = 52 * panel.per_week
        if given is None:
            named = ", ".join([*columns, *words])
            text = f"has controls ({named}) but nothing says how they go on in the coming {weeks} weeks."
            remedy = "give data.upcoming: a table of them, or last_year to assume last year's values again."
            raise BadInput(Problem(weekly.path.name, text, remedy=remedy))
        if given == "last_year":
            if panel.periods < year:
                remedy = "give data.upcoming as a table."
                text = f"has {panel.periods} {_unit(panel)}s, too few to take controls from last year."
                raise BadInput(Problem(weekly.path.name, text, remedy=remedy))
            what = "Controls and organic channels" if panel.organic_channels else "Controls"
            self.assumptions.append(f"{what} of the coming weeks are assumed to repeat those of 52 weeks before.")
            rows = [(panel.periods - year + period % year) for period in range(len(coming))]
            last = {name: last_year(panel, rows, geo).set_index(coming) for geo, name in enumerate(panel.geos)}
            return last if len(last) > 1 else last[panel.geos[0]]
        path, written = (given.path, given.format) if isinstance(given, Coming) else (given, weekly.format)
        table = wide(path.name, weekly.date, list(columns), geo=weekly.geo, words=list(words))
        frame = read_table(self._path(path), table, written, self._engine).set_index(weekly.date)
        frame.attrs["name"] = path.name
        frame, made = indicators(frame, words)
        columns |= dict(zip(made, made, strict=True))
        market = pd.Series(panel.geos[0], frame.index) if weekly.geo is None else frame[weekly.geo].astype(str)
        parts = {name: frame[(market == name).to_numpy()] for name in panel.geos}
        problems = [_missing(path.name, weekly, panel, coming, name, part) for name, part in parts.items()]
        if any(problems):
            raise BadInput([problem for problem in problems if problem is not None])
        self._note(
            "controls of the coming weeks", path, len(frame), f"{coming[0]:%Y-%m-%d} to {coming[-1]:%Y-%m-%d}", frame
        )
        tables = {name: part.loc[coming, list(columns)].rename(columns=columns) for name, part in parts.items()}
        return tables if len(tables) > 1 else tables[panel.geos[0]]

    def lift_tests(self, panel: Panel, section: LiftTests) -> tuple[LiftTest, ...]:
        frame = read_table(self._path(section.path), LIFT_TESTS, section.format, self._engine)
        frame.attrs["name"] = section.path.name
        tests = lift_tests_from_frame(frame)
        _in_terms_of_the_file(lambda: _by_row(section.path.name, lambda: observe(tests, panel)))
        covers = f"{frame['start'].min():%Y-%m-%d} to {frame['end'].max():%Y-%m-%d}, {len(tests)} tests"
        self._note("lift tests", section.path, len(frame), covers, frame)
        return tests

    def claims(self, panel: Panel, section: PlatformReports) -> Claims:
        claims, frame = read_platform_reports(section, self._document.folder, panel, self._engine)
        covers = f"{claims.by_day.index.min():%Y-%m-%d} to {claims.by_day.index.max():%Y-%m-%d}"
        self._note("platform reports", section.path, len(frame), covers, frame)
        return claims

    def factors(self) -> tuple[Factor, ...]:
        path = self._config.attribution.calibration.factors
        if path is None:
            return ()
        factors = read_factors(self._source(path), self._engine)
        self._note("factors of an earlier run", path, len(factors))
        return factors

    def given(self, panel: Panel, markets: Markets, table: GivenTable) -> pd.Series:
        plan = self._config.plan
        new = plan.without_history if plan else ()
        if markets.several:
            spend = read_given_by_market(table, self._document.folder, markets, self._engine)
        else:
            spend = read_given(table, self._document.folder, panel, new, self._engine)
        self._note("given plan", table.path, len(spend), frame=spend)
        return spend

    def now(self, panel: Panel, markets: Markets, plan: PlanSection, tests: tuple[LiftTest, ...] = ()) -> pd.Series:
        wanted = plan.weeks * panel.per_week
        last = min(wanted, panel.periods)
        if plan.now is None or markets.several:
            scaled = f", scaled to {wanted}." if last < wanted else "."
            back = markets.totals(_held_out(panel, markets, last, tests))
            put = f" What hold-outs took in them is put back: {_listed(back)}." if back.any() else ""
            self.assumptions.append(f"Spend now is that of the last {last} {_unit(panel)}s{scaled}{put}")
        return present_spend_of(panel, markets, plan, tests)

    def timetable(self, panel: Panel) -> Timetable | None:
        timetable = timetable_of(
            self._config,
            self._document,
            panel,
            lambda path, rows, covers: self._note("spend so far", path, rows, covers),
        )
        if timetable is not None and timetable.between:
            self.assumptions.append(
                f"The schedule starts {timetable.between} weeks after the weekly table ends; spend is assumed to go on "
                "at its present rate until then, and the forecast of the plan is that of the weeks after the table."
            )
        return timetable

    def customer_values(self, table: CohortTable) -> CustomerValues:
        weekly = self._config.data.weekly
        new = () if self._config.plan is None else self._config.plan.without_history
        known = () if weekly is None else (*weekly.channels, *weekly.delivered, *new)
        values = read_values(self._config, table, self._document.folder, known)
        frame = values.cohorts.frame
        covers = f"acquired {frame['month'].min():%Y-%m} to {frame['month'].max():%Y-%m}, to age {frame['age'].max()}"
        self._note("cohorts", table.path, len(frame), covers, frame)
        lacking = [name for name in (*(weekly.channels if weekly else ()), *new) if name not in values.cohorts.channels]
        if lacking:
            self.assumptions.append(
                f"{table.path.name} holds no customers of {', '.join(lacking)}: they are taken to be worth what those "
                "of other channels are, with all the spread between channels."
            )
        return values

    def costs(self, table: CostTable) -> pd.DataFrame:
        costs = read_costs(table, self._document.folder, self._engine)
        covers = f"{costs['month'].min():%Y-%m} to {costs['month'].max():%Y-%m}"
        self._note("costs beside media", table.path, len(costs), covers, costs)
        return costs

    def funnel(self, table: FunnelTable) -> Funnel:
        weekly = self._config.data.weekly
        new = () if self._config.plan is None else self._config.plan.without_history
        known = () if weekly is None else (*weekly.channels, *weekly.delivered, *new)
        counts = read_counts(self._config, table, self._document.folder, known)
        period = counts.frame["period"]
        self._note("funnel", table.path, len(counts.frame), f"{period.min():%Y-%m-%d} to {period.max():%Y-%m-%d}")
        return counts

    def journeys(self) -> Journeys | None:
        if self._config.data.touchpoints is not None:
            return self._log(self._config.data.touchpoints)
        if self._config.data.paths is not None:
            return self._aggregated(self._config.data.paths)
        return None

    def _log(self, log: Touchpoints) -> Journeys:
        names = {"user": log.user, "time": log.time, "channel": log.channel}
        won, events = log.conversions, log.conversions.events
        conversions: Any = None if won.path is None else self._source(won.path)
        names |= {"conversion": won.flag} if won.flag is not None else {}
        names |= {"conversion_user": won.user, "conversion_time": won.time} if won.path is not None else {}
        source: Any = self._source(log.path)
        formats = (log.format, won.format) if won.path is not None else replace(log.format, **_numbers(won.format))
        if log.kind is not None:
            source, bought = ga4_log(source, events.values if events else (), self._engine)  # noqa: PD011 - no frame
            conversions, formats = (bought, GA4_FORMAT) if events else (conversions, (GA4_FORMAT, won.format))
        elif events is not None:
            conversions = ConversionEvents(events.column, tuple(events.values))
        optional = {"value": log.conversions.value, "kind": log.conversions.kind, "interaction": log.interaction}
        optional |= {"order": log.conversions.order}
        names |= {name: column for name, column in optional.items() if column is not None}
        journeys = Journeys.from_touchpoints(
            source,
            conversions=conversions,
            lookback=self._config.attribution.lookback,
            columns=names,
            rules=path_rules(self._config.attribution, log, self._document.folder),
            cleaning=cleaning_of(log),
            engine=self._engine,
            format=formats,
        )
        self.assumptions += [
            f"Left out as asked: {amount(rows)} rows, {why}." for why, rows in journeys.exclusions.items() if rows
        ]
        if log.identity is not None:
            known: ibis.Table = log_table(self._source(log.identity.path), self._engine)
            self._note("identity map", log.identity.path, int(known.count().execute()))
        self._as_in_the_log(journeys, log.path)
        journeys = reshaped(journeys, self._config.attribution)
        first, last = period_of(journeys)
        covers = f"conversions of {first:%Y-%m-%d} to {last:%Y-%m-%d}, {amount(len(journeys))} paths"
        self._note("touchpoints", log.path, round(journeys.totals["touches"]), covers)
        if won.path is not None:
            self._note("conversions", won.path, round(journeys.totals["conversions"] + journeys.totals["untouched"]))
        return journeys

    def compared(self, panel: Panel, journeys: Journeys) -> LogAgainstKPI | None:
        """The log's conversions against the KPI; None for paths, which have no dates."""
        log = self._config.data.touchpoints
        if log is None or journeys.ends is None:
            return None
        return log_against_kpi(journeys.ends, panel, log.conversions.agrees_within)

    def _as_in_the_log(self, journeys: Journeys, path: Path | Query) -> None:
        problems: list[Problem | str] = [*unlike_the_log(self._config, self._document, journeys.channels)]
        problems += unprintable(journeys.channels, path.name, "channel")
        if problems:
            raise BadInput(problems)

    def _aggregated(self, paths: Paths) -> Journeys:
        names = [name for name in (paths.conversions, paths.value, paths.nulls) if name]
        frame: Any = read_table(self._path(paths.path), _paths_table(paths, names), paths.format, self._engine)
        journeys = Journeys.from_paths(
            frame,
            path=paths.column,
            conversions=paths.conversions,
            value=paths.value,
            nulls=paths.nulls,
            sep=paths.separator,
            fold_names=paths.fold_names,
        )
        self._as_in_the_log(journeys, paths.path)
        journeys = reshaped(journeys, self._config.attribution)
        if paths.nulls is None:
            self.assumptions.append(
                "The paths hold no journeys without conversion; Markov credit rests on converting paths alone."
            )
        self._note("conversion paths", paths.path, len(frame), frame=frame)
        return journeys


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


def _missing(
    name: str, weekly: Weekly, panel: Panel, coming: pd.DatetimeIndex, market: str, part: pd.DataFrame
) -> Problem | None:
    """What is wrong with the coming controls of a market that do not hold every period."""
    missing = coming.difference(pd.DatetimeIndex(part.index))
    if not len(missing):
        return None
    where = f" for {market}" if weekly.geo is not None else ""
    text = f"lacks {len(missing)} of the coming {len(coming)} {_unit(panel)}s{where}, first {missing[0]:%Y-%m-%d}."
    remedy = f"it must hold each {_unit(panel)} from {coming[0]:%Y-%m-%d} to {coming[-1]:%Y-%m-%d}."
    return Problem(name, text, weekly.date, remedy=remedy)


def _listed(taken: pd.Series) -> str:
    return ", ".join(f"{channel} {amount(float(money))}" for channel, money in taken.items() if money)


def _unit(panel: Panel) -> str:
    return "week" if panel.days == 7 else "day"


def _numbers(format: Format) -> dict[str, Any]:
    """What is stated of numbers alone."""
    return {"decimal": format.decimal, "thousands": format.thousands, "unit": format.unit}


def _paths_table(paths: Paths, numbers: list[str]) -> Any:
    from attribution.reading.contracts import Column, Table

    columns = (Column(paths.column, "text"), *(Column(name, minimum=0, money=name == paths.value) for name in numbers))
    return Table(paths.path.name, columns)


def present_spend_of(panel: Panel, markets: Markets, plan: PlanSection, tests: tuple[LiftTest, ...] = ()) -> pd.Series:
    """Spend over a horizon at present, by channel or cell: what the plan file states, or that of the last weeks.

    What hold-outs among the tests took from those weeks is put back.
    """
    if plan.now is not None and not markets.several:
        return pd.Series({channel: plan.now[channel] for channel in panel.channels}, dtype=float)
    wanted = plan.weeks * panel.per_week
    last = min(wanted, panel.periods)
    spent = spend_by_cell(panel, markets).tail(last).sum()
    return (spent + _held_out(panel, markets, last, tests)) * (wanted / last)


def _held_out(panel: Panel, markets: Markets, last: int, tests: tuple[LiftTest, ...]) -> pd.Series:
    """What hold-outs took from the last periods, by channel or cell."""
    taken = spend_held_out(tests, panel, last)
    return pd.Series({cell: taken.loc[market, channel] for cell, (channel, market) in markets.cells.items()})


def observed_maximum(spend: pd.DataFrame, periods: int) -> pd.Series:
    """The most ever spent on each channel or cell over a horizon; ``spend`` is by period of the table."""
    width = min(periods, len(spend))
    sums = np.lib.stride_tricks.sliding_window_view(spend.to_numpy(), width, axis=0).sum(axis=-1)
    return pd.Series(sums.max(axis=0) * periods / width, index=list(spend.columns))


def period_of(journeys: Journeys) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last credited conversion of timed journeys, in UTC without the zone."""
    if journeys.won is not None and journeys.won.ended is not None:
        first, last = journeys.won.ended.min(), journeys.won.ended.max()
    else:
        touches = journeys.touches
        touches = touches.filter(touches.conversions > 0)
        first, last = touches.aggregate(first=touches.ended.min(), last=touches.ended.max()).execute().iloc[0]
    return pd.Timestamp(int(first), unit="us"), pd.Timestamp(int(last), unit="us")
