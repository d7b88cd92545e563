"""What was understood of a plan file and its tables, for a person to recognise before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution import Journeys
from attribution.findings import Finding
from attribution.numbers import amount, counted, percent
from mmm import Panel
from optimizer.planning.file.attribution_models import attribution_models
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.inputs.provenance import InputFile
from optimizer.planning.language.wording import findings_in_words_of_the_file
from optimizer.planning.stages.model import first_draws

__all__ = ["Understood", "understood"]

_MONTHS = 12


@dataclass(frozen=True, eq=False)
class Understood:
    """What a check shows.

    Parameters
    ----------
    title, currency, outcome
        Of the plan file.
    names
        Words of the user, which stay as they are in every language.
    files
        Every table read, with its rows and span.
    first, last
        First and last day of the weekly table; None without it.
    months
        The last twelve months of the weekly table, or what there is: the KPI by month (``2026-01``), a week's divided
        evenly between its days; None without the table.
    spend
        Currency, channels x years; None without the table.
    now
        Present spend over the horizon by channel; None without a plan.
    by_market
        The same in each market, markets x channels; None without a plan, or of one market.
    paths
        Sentences on the paths.
    assumptions
        Rows of exports that were passed over, and choices of the plan file that stand in for data.
    steps
        What a run will do, step by step.
    findings
        Checks of the tables.
    """

    title: str
    names: tuple[str, ...]
    currency: str
    outcome: str
    files: tuple[InputFile, ...]
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    months: pd.Series | None
    spend: pd.DataFrame | None
    now: pd.Series | None
    by_market: pd.DataFrame | None
    paths: tuple[str, ...]
    assumptions: tuple[str, ...]
    steps: tuple[str, ...]
    findings: tuple[Finding, ...]


def understood(config: Config, inputs: Inputs, findings: tuple[Finding, ...]) -> Understood:
    """What a plan file and its tables say, as they were read."""
    panel, journeys = inputs.panel, inputs.journeys
    daily = None if panel is None else _by_day(pd.Series(panel.kpi.sum(axis=0), panel.dates), panel.days)
    months = None if daily is None else daily.groupby(pd.DatetimeIndex(daily.index).strftime("%Y-%m")).sum()
    return Understood(
        title=config.name,
        names=_names(config, inputs),
        currency=config.currency,
        outcome=config.outcome,
        files=inputs.files,
        first=None if daily is None else daily.index[0],
        last=None if daily is None else daily.index[-1],
        months=None if months is None else months.tail(_MONTHS),
        spend=None if panel is None else _by_year(panel),
        now=inputs.now if inputs.now is None or inputs.markets is None else inputs.markets.totals(inputs.now),
        by_market=_by_market(inputs),
        paths=() if journeys is None else tuple(_of_paths(journeys)),
        assumptions=(*inputs.passed_over, *inputs.assumptions),
        steps=tuple(_steps(config, inputs)),
        findings=findings_in_words_of_the_file((*inputs.findings, *findings)),
    )


def _names(config: Config, inputs: Inputs) -> tuple[str, ...]:
    scenarios = [scenario.name for scenario in config.scenarios]
    channels = [] if inputs.panel is None else [*inputs.panel.channels, *inputs.panel.geos]
    logged = [] if inputs.journeys is None else inputs.journeys.channels
    return (
        config.name,
        config.outcome,
        str(config.output),
        *(file.file for file in inputs.files),
        *scenarios,
        *channels,
        *logged,
    )


def _by_day(series: pd.Series, days: int) -> pd.Series:
    """Each period's amount divided evenly between its days."""
    dates = pd.DatetimeIndex(series.index)
    each = dates.repeat(days) + pd.to_timedelta(np.tile(np.arange(days), len(dates)), unit="D")
    return pd.Series(np.repeat(series.to_numpy(dtype=float) / days, days), each)


def _by_year(panel: Panel) -> pd.DataFrame:
    spend = panel.national_spend
    daily = pd.DataFrame({str(channel): _by_day(spend[channel], panel.days) for channel in spend})
    return daily.groupby(pd.DatetimeIndex(daily.index).year).sum().T.rename_axis("channel")


def _by_market(inputs: Inputs) -> pd.DataFrame | None:
    if inputs.now is None or inputs.markets is None or not inputs.markets.several:
        return None
    table = pd.DataFrame(0.0, index=list(inputs.markets.names), columns=list(inputs.markets.channels))
    for cell, spent in inputs.now.items():
        channel, market = inputs.markets.cells[str(cell)]
        table.loc[market, channel] = spent
    return table


def _of_paths(journeys: Journeys) -> Iterator[str]:
    totals = journeys.totals
    won, untouched = totals["conversions"], totals["untouched"]
    yield (
        f"{amount(totals['paths'])} paths of {amount(totals['touches'])} touches on "
        f"{counted(len(journeys.channels), 'channel')}: "
        f"{', '.join(journeys.channels[:_MONTHS])}{', ...' if len(journeys.channels) > _MONTHS else ''}."
    )
    if won + untouched:
        missed = (
            f"{amount(untouched)} without ({percent(untouched / (won + untouched))})" if untouched else "none without"
        )
        yield f"{counted(won, 'conversion')} with a touch before them, {missed}."
    share = totals.get("tied", 0.0) / max(totals["touches"], 1.0)
    if share >= 0.005:  # less is shown as 0 %
        yield f"{percent(share)} of touches share their moment with another, so that their order is not known."


def _steps(config: Config, inputs: Inputs) -> Iterator[str]:
    if inputs.journeys is not None:
        names = ", ".join(attribution_models(config.attribution))
        yield f"Attribution: {names}, each with {config.attribution.replicates} resamples."
    if inputs.panel is not None:
        section = config.model
        several = inputs.markets is not None and inputs.markets.several
        in_markets = f" in {len(inputs.panel.geos)} markets" if several else ""
        beside = " and the fits of other readings of the same weeks" if section.rivals and not several else ""
        neutral = f", one more under a neutral belief{',' * bool(beside)}" if section.sensitivity else ""
        drawn = amount(first_draws(config, inputs.panel))
        yield (
            f"Mix model: {section.chains} chains of {drawn} draws on {inputs.panel.periods} periods"
            f"{in_markets}{neutral}{beside}."
        )
    if config.plan is not None:
        aim = f"least {config.plan.minimize}" if config.plan.minimize else f"most {config.plan.maximize}"
        yield f"Plan: {aim.replace('_cac', ' CAC')} over {counted(config.plan.weeks, 'week')}" + (
            ", divided between weeks." if config.plan.schedule is not None else "."
        )
    elif inputs.panel is not None:
        yield "No plan: the plan file has no section plan, which asks for one."
    if config.scenarios:
        yield f"What if: {'; '.join(scenario.name for scenario in config.scenarios)}."
    yield f"Outputs into {config.output}."
