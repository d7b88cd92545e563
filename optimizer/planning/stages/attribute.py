"""The attribution stage: credit of every model with intervals, and CAC where spend is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

import attribution
from attribution import ByConversionDate, ByTouchDate, Journeys, cac_by_period
from attribution.errors import BadInput, Problem
from attribution.numbers import amount, percent
from mmm import Panel
from optimizer.planning.file.attribution_models import attribution_models
from optimizer.planning.file.config import Config
from optimizer.planning.stages.inputs import Inputs, period_of
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.result import AttributionResult

__all__ = ["attribute", "spend_of_paths"]


def attribute(config: Config, inputs: Inputs, update: Update) -> AttributionResult | None:
    """Run all attribution models of the plan file; None without journeys."""
    journeys = inputs.journeys
    if journeys is None:
        return None
    spend, period, notes = spend_of_paths(config, inputs.panel, journeys)
    credit, conversions, cac, removal = {}, {}, {}, {}
    models = attribution_models(config.attribution)
    for number, (name, model) in enumerate(models.items()):
        update(number / len(models), name)
        resampled = attribution.bootstrap(journeys, model, replicates=config.attribution.replicates, seed=config.seed)
        credit[name] = resampled.credit
        conversions[name] = resampled.summary("conversions")
        if resampled.credit.removal_effect is not None:
            removal[name] = resampled.summary("removal_effect")
        if spend is not None:
            cac[name] = resampled.cac(spend).loc[list(spend.index)]
    by_segment, by_period = _segments(config, journeys, models), None
    if config.attribution.periods is not None:
        if inputs.panel is None:
            raise ValueError("the run has no weekly table for its periods")
        by_period = _periods(config, inputs.panel, journeys, models)
    untouched = journeys.totals["untouched"]
    if untouched:
        share = untouched / (untouched + journeys.totals["conversions"])
        notes.append(
            f"{amount(untouched)} conversions ({percent(share)}) had no touch in the lookback window; "
            "no model credits them."
        )
    return AttributionResult(
        credit,
        conversions,
        spend,
        period,
        cac,
        removal,
        by_segment,
        by_period,
        tuple(notes),
        tuple(attribution.intent_riders(journeys)),
    )


def _segments(config: Config, journeys: Journeys, models: Mapping[str, Any]) -> pd.DataFrame | None:
    """Credit of each model within each value of each segment."""
    log, settings = config.data.touchpoints, config.attribution
    parts = []
    for segment in log.segments if log is not None else []:
        for name, model in models.items():
            table = attribution.by_segment(journeys, model, segment, settings.replicates, config.seed)
            table = table.rename_axis(["value_of_segment", "channel"]).reset_index()
            parts.append(table.assign(segment=segment, model=name))
    return pd.concat(parts, ignore_index=True) if parts else None


def _periods(config: Config, panel: Panel, journeys: Journeys, models: Mapping[str, Any]) -> pd.DataFrame:
    """CAC of each model by period; a week's spend falls on its days alike."""
    settings = config.attribution
    weekly = panel.national_spend / panel.days
    days = pd.concat([weekly.set_axis(weekly.index + pd.Timedelta(days=day)) for day in range(panel.days)])
    spend = days.rename_axis("date").reset_index().melt("date", var_name="channel", value_name="spend")
    spend = spend[spend["channel"].isin(journeys.channels)]
    dating = ByConversionDate if settings.dating == "conversion" else ByTouchDate
    length = {"week": "W", "month": "M", "quarter": "Q"}[settings.periods or "month"]
    parts = [
        cac_by_period(journeys, model, spend, length, dating(settings.lag_days), settings.replicates, config.seed)
        .reset_index()
        .assign(model=name)
        for name, model in models.items()
    ]
    return pd.concat(parts, ignore_index=True)


Period = tuple[pd.Timestamp, pd.Timestamp]


def spend_of_paths(
    config: Config, panel: Panel | None, journeys: Journeys
) -> tuple[pd.Series | None, Period | None, list[str]]:
    """Spend by channel over the time of the paths, the weeks it covers, and what the reader must know of it."""
    given, period = config.attribution.spend, None
    if given is not None:
        spend, notes = pd.Series(given, dtype=float), ["Spend for CAC is that of attribution.spend in the plan file."]
    elif panel is None or not journeys.timed:
        return None, None, ["No spend is known for the time of these paths, so there is no CAC by attribution."]
    else:
        weeks = panel.national_spend
        first, last = period_of(journeys)
        ends = pd.DatetimeIndex(weeks.index) + pd.Timedelta(days=panel.days)
        inside = weeks[(weeks.index >= first.floor("D")) & (ends <= last.ceil("D"))]
        if inside.empty:
            return None, None, ["The journeys and the weekly table have no week in common: no CAC by attribution."]
        spend, period = inside.sum(), (inside.index[0], inside.index[-1])
        until = inside.index[-1] + pd.Timedelta(days=panel.days - 1)
        unit = "weeks" if panel.days == 7 else "days"
        notes = [
            f"CAC is the spend of the {len(inside)} whole {unit} from {inside.index[0]:%Y-%m-%d} to {until:%Y-%m-%d} "
            "over the conversions credited in the log, by date of conversion, without lag."
        ]
    untracked = [channel for channel in spend.index if channel not in journeys.channels]
    free = [channel for channel in journeys.channels if channel not in spend.index]
    if len(untracked) == len(spend):
        text = f"names no channel of the spend; the log has {', '.join(journeys.channels[:8])}."
        remedy = "name channels alike in the log and in data.weekly.spend."
        raise BadInput(Problem("touchpoints", text, remedy=remedy))
    if untracked:
        notes.append(f"No touchpoints of {', '.join(untracked)}: paths cannot credit what they do not see.")
    if free:
        notes.append(f"No spend is given for {', '.join(free)}: they get credit and no CAC.")
    return spend.drop(untracked), period, notes
