"""The attribution stage: credit of every model with intervals, and CAC where spend is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

import attribution
from attribution import ByConversionDate, ByTouchDate, Journeys, ShapleyRate, by_day, cac_by_channel, cac_by_period
from attribution.analysis.spend_days import log_days
from attribution.errors import BadInput, Problem
from mmm import Panel
from optimizer.planning.file.attribution_models import attribution_models
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.result import AttributionResult

__all__ = ["attribute", "daily_spend", "spend_of_paths"]

_TOP_PATHS = 100
_LISTED = 8  # names in a message
_OVERLAP = 62


def attribute(config: Config, inputs: Inputs, update: Update) -> AttributionResult | None:
    """Run all attribution models of the plan file; None without journeys."""
    journeys = inputs.journeys
    if journeys is None:
        return None
    spent = spend_of_paths(config, inputs.panel, journeys)
    credit, conversions, cac, removal = {}, {}, {}, {}
    models = attribution_models(config.attribution)
    for number, (name, model) in enumerate(models.items()):
        update(number / len(models), name)
        resampled = attribution.bootstrap(journeys, model, replicates=config.attribution.replicates, seed=config.seed)
        credit[name] = resampled.credit
        conversions[name] = resampled.summary("conversions")
        if resampled.credit.removal_effect is not None:
            removal[name] = resampled.summary("removal_effect")
        if spent.total is not None:
            cac[name] = resampled.cac(spent.total).loc[list(spent.total.index)]
        if spent.daily is not None:
            plan = (None, config.attribution.replicates, config.seed)
            cac[name] = cac_by_channel(journeys, model, spent.daily, *plan).rename(columns={"cac": "estimate"})
    by_segment, by_period = _segments(config, journeys, models), None
    if config.attribution.periods is not None:
        if inputs.panel is None:
            raise ValueError("the run has no weekly table for its periods")
        by_period = _periods(config, inputs.panel, journeys, models)
    checks = [*attribution.path_checks(journeys), *attribution.interval_checks(journeys)]
    if not any(isinstance(model, ShapleyRate) for model in models.values()):
        checks = [check for check in checks if check.name not in ("unmet_coalitions", "few_alone")]
    untouched = [check.text for check in checks if check.name == "conversions_without_a_touch" and check.value]
    return AttributionResult(
        credit,
        conversions,
        spent.by_channel,
        spent.weeks,
        cac,
        removal,
        by_segment,
        by_period,
        (*spent.notes, *untouched),
        (*checks, *attribution.intent_riders(journeys)),
        attribution.top_paths(journeys, _TOP_PATHS),
        attribution.assists(journeys),
        attribution.channel_overlap(journeys) if len(journeys.channels) <= _OVERLAP else None,
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
    """CAC of each model by period."""
    settings = config.attribution
    spend = daily_spend(panel.national_spend, panel.days)
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


def daily_spend(spend: pd.DataFrame, days: int) -> pd.DataFrame:
    """A weekly or daily table as rows of day, channel and spend."""
    long = spend.rename_axis("date").reset_index().melt("date", var_name="channel", value_name="spend")
    return by_day(long) if days == 7 else long


@dataclass(frozen=True)
class _Spend:
    """What was spent over the time of the paths, and what the reader must know of it.

    Parameters
    ----------
    notes
        Sentences.
    total
        By channel, as the plan file gives it.
    daily
        By day, of whole weeks of the weekly table that the log covers.
    weeks
        First and last of these.
    """

    notes: tuple[str, ...]
    total: pd.Series | None = None
    daily: pd.DataFrame | None = None
    weeks: tuple[pd.Timestamp, pd.Timestamp] | None = None

    @property
    def by_channel(self) -> pd.Series | None:
        """Spend by channel, wherever it is from."""
        return self.total if self.daily is None else self.daily.groupby("channel", sort=False)["spend"].sum()


def spend_of_paths(config: Config, panel: Panel | None, journeys: Journeys) -> _Spend:
    """Spend over the time of the paths."""
    given = config.attribution.spend
    if given is not None:
        total = pd.Series(given, dtype=float)
        notes = _unmatched(total.index, journeys)
        text = (
            "Spend for CAC is that of attribution.spend in the plan file; that it is of the days of the log cannot be "
            "checked."
        )
        return _Spend((text, *notes), total=total[total.index.isin(journeys.channels)])
    if panel is None or not journeys.timed:
        return _Spend(("No spend is known for the time of these paths, so there is no CAC by attribution.",))
    weeks = panel.national_spend
    first, last = log_days(journeys)
    ends = pd.DatetimeIndex(weeks.index) + pd.Timedelta(days=panel.days - 1)
    inside = weeks[(weeks.index >= first) & (ends <= last)]
    if inside.empty:
        return _Spend(("The journeys and the weekly table have no week in common: no CAC by attribution.",))
    until = inside.index[-1] + pd.Timedelta(days=panel.days - 1)
    unit = "weeks" if panel.days == 7 else "days"
    text = (
        f"CAC is the spend of the {len(inside)} whole {unit} from {inside.index[0]:%Y-%m-%d} to {until:%Y-%m-%d} over "
        "the conversions of the same days, by date of conversion, without lag."
    )
    notes = _unmatched(weeks.columns, journeys)
    known = inside[[channel for channel in inside.columns if channel in journeys.channels]]
    if len(inside) == 1 and panel.days == 1:
        return _Spend(("The journeys and the daily table have a single day in common: no CAC by attribution.",))
    return _Spend((text, *notes), daily=daily_spend(known, panel.days), weeks=(inside.index[0], inside.index[-1]))


def _unmatched(spent: pd.Index, journeys: Journeys) -> list[str]:
    """Sentences on channels that only one side knows; BadInput where they have none in common."""
    untracked = [str(channel) for channel in spent if channel not in journeys.channels]
    free = [channel for channel in journeys.channels if channel not in spent]
    if len(untracked) == len(spent):
        shown = ", ".join(map(str, spent[:_LISTED]))
        text = f"names no channel of the spend ({shown}); the log has {', '.join(journeys.channels[:_LISTED])}."
        remedy = "name channels alike in both; data.touchpoints.grouping names those of a log."
        raise BadInput(Problem("touchpoints", text, remedy=remedy))
    notes = []
    if untracked:
        notes.append(f"No touchpoints of {', '.join(untracked)}: paths cannot credit what they do not see.")
    if free:
        notes.append(f"No spend is given for {', '.join(free)}: they get credit and no CAC.")
    return notes
