"""The weekly table as a panel: read from its file, or assembled of exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.small import read_table
from mmm import Panel
from mmm.data.assembled import Assembled
from mmm.data.indicators import indicators, with_remedy_for_words, words_of
from optimizer.planning.file.column_roles import in_plan_currency, levers_of, media_of
from optimizer.planning.file.config import Config
from optimizer.planning.file.currencies import said_of_columns
from optimizer.planning.file.keys.data import Weekly
from optimizer.planning.inputs.assembled import assumed, read_assembled
from optimizer.planning.inputs.other_currency import column_of_another_currency
from optimizer.planning.inputs.printable import unprintable
from optimizer.planning.inputs.reading import Reading, unit_of
from optimizer.planning.inputs.weekly_table import weekly_table

__all__ = ["WeeklyPanel", "read_weekly"]

_WORDS = "make a 0/1 column of each word but one: data.weekly.controls: {{column}: indicator}, the others: number."


@dataclass(frozen=True, eq=False)
class WeeklyPanel:
    """The weekly table.

    Parameters
    ----------
    panel
        The table.
    words
        Column of words -> its words, the one without an indicator first.
    assembled
        Where the table comes from; None where the plan file names it.
    """

    panel: Panel
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    assembled: Assembled | None = None


def read_weekly(reading: Reading, weekly: Weekly) -> WeeklyPanel:
    """Read or assemble the weekly table.

    Raises
    ------
    BadInput
        Every problem of the table, or of all exports.
    """
    config = reading.config
    if config.data.assembled:
        assembled, files = read_assembled(config, weekly, reading.document.folder)
        reading.files.extend(files)
        reading.assumptions.extend(assumed(assembled.notes))
        frame = assembled.weekly.drop(columns="returning_orders", errors="ignore")
        return WeeklyPanel(_of_frame(config, weekly, frame), {}, assembled)
    table = weekly_table(weekly, weekly.path.name)
    try:
        frame = read_table(reading.path(weekly.path), table, weekly.format, reading.engine)
    except BadInput as error:
        told = with_remedy_for_words(error.problems, weekly.numbers, _WORDS)
        raise BadInput([_of_coming_weeks(each, weekly.kpi) for each in told]) from None
    if wrong := list(column_of_another_currency(frame, weekly, config.currency)):
        raise BadInput(wrong)
    frame = in_plan_currency(frame, weekly, config.rates)
    reading.assumptions.extend(said_of_columns(weekly.currency_of, config.rates))
    words = words_of(frame, weekly.words)
    frame, made = indicators(frame, words)
    panel = _of_frame(config, weekly, frame, made)
    if weekly.population is not None:
        panel = panel.with_population(_people(reading, frame, weekly, weekly.population))
    if len(panel.geos) > 1 and config.model.holidays:
        reading.assumptions.append(f"Every market has the holidays of {config.model.holidays}.")
    covers = f"{panel.dates[0]:%Y-%m-%d} to {panel.dates[-1]:%Y-%m-%d}, {counted(panel.periods, unit_of(panel))}"
    covers += f" from {panel.dates[0]:%A}" if panel.days == 7 else ""
    covers += f" in {len(panel.geos)} markets" if weekly.geo is not None else ""
    reading.note("weekly spend and outcome", weekly.path, len(frame), covers, frame)
    return WeeklyPanel(panel, words)


def _of_coming_weeks(problem: Problem | str, kpi: str) -> Problem | str:
    """The problem; that of a KPI without figures with what to do where its weeks are yet to come."""
    if not isinstance(problem, Problem) or (problem.column, problem.text) != (kpi, "is empty."):
        return problem
    remedy = (
        "fill the cells at the source; leave out weeks whose outcome is not known yet, whose controls belong in "
        "data.upcoming."
    )
    return replace(problem, remedy=remedy)


def _of_frame(config: Config, weekly: Weekly, frame: pd.DataFrame, made: Sequence[str] = ()) -> Panel:
    frame.attrs["name"] = weekly.path.name
    levers, at = levers_of(weekly), len(weekly.numbers)
    controls = [*levers[:at], *made, *levers[at:]]
    panel = Panel.from_frame(frame, weekly.date, weekly.kpi, media_of(weekly), controls=controls, geo=weekly.geo)
    named = {"channel": panel.channels, "control": panel.control_names, "market": panel.geos}
    if odd := [each for what, names in named.items() for each in unprintable(names, weekly.path.name, what)]:
        raise BadInput(odd)
    panel = panel.with_before(weekly.before)
    return panel.with_holidays(config.model.holidays) if config.model.holidays else panel


def _people(reading: Reading, frame: pd.DataFrame, weekly: Weekly, column: str) -> dict[str, float]:
    """Population by market; the mean of a column that changes over time."""
    by_market = frame[column].astype(float).groupby(frame[weekly.geo].astype(str))
    if (by_market.max() > by_market.min()).any():
        reading.assumptions.append(f"{column} changes over time; that of a market is its mean.")
    return {str(market): float(people) for market, people in by_market.mean().items()}
