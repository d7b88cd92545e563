"""The stage of money with time: what customers are worth, when they pay back, and CAC in all its readings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.analysis.sales_cycle import ALL, matched_cac, sales_cycle
from attribution.arrays import Array
from attribution.economics import CustomerValues, SalesLags, payback, value_findings
from attribution.errors import BadInput
from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import decimal, percent
from optimizer.planning.language.wording import findings_in_words_of_the_file
from optimizer.planning.stages.attribute import daily_spend
from optimizer.planning.stages.backs import backs, in_time, paired
from optimizer.planning.stages.cac_readings import cac_readings
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.planning.stages.stated_cycle import cycle_as_stated, matched_as_stated
from optimizer.planning.stages.volumes import per_volume
from optimizer.planning.stages.worth_of_customers import ChannelWorth, Economics
from optimizer.question.outcomes import is_money

__all__ = ["economics"]

_LEVEL = 0.9  # of draws below the guardrail before a channel is named
_SEEN = 0.9  # of the weekly table's customers, of which a log's costs are about those of all


def economics(run: Run) -> Economics | None:
    """What a run says of money with time; None where it has neither cohorts nor a fit."""
    values, posterior = run.inputs.customer_values, run.posterior
    if values is None and posterior is None:
        return None
    readings = stated = volumes = None
    notes: tuple[str, ...] = ()
    lags = None if run.config.economics.sales_cycle is None else run.config.economics.sales_cycle.lags
    if posterior is not None:
        draws = posterior if run.rivals is None else run.rivals.pooled()
        readings, volumes = cac_readings(draws, run.inputs.costs), per_volume(draws)
        if lags is not None:
            try:
                stated = matched_as_stated(lags, draws, run.config.seed)
            except BadInput as error:
                notes = (f"CAC is not matched to the stated sales cycle: {error}",)
    cycle, days, more, findings = _cycle(run, lags)
    notes = (*notes, *more)
    channels: tuple[ChannelWorth, ...] = ()
    if values is not None:
        channels = tuple(_worth(run, values, channel) for channel in _channels(run, values))
        findings = (*findings, *value_findings(values, run.config.seed), *_guardrail(run, channels))
        findings = (*findings, *in_time(run, values))
    course = None if values is None else _course(run, values, [one.channel for one in channels if one.back is not None])
    told = findings_in_words_of_the_file(findings)
    if values is not None and is_money(run.config.outcome):
        notes += (f"One unit of the KPI is {run.config.outcome}: no value of a customer is held against a cost.",)
    back = {} if values is None else backs(run, values)
    return Economics(values, channels, course, readings, cycle, days, notes, told, stated, volumes, back)


def _channels(run: Run, values: CustomerValues) -> list[str]:
    """Channels of the plan, then those that the cohorts hold beside them."""
    planned = [] if run.plan is None else list(dict.fromkeys(run.inputs.channel_of(cell) for cell in run.plan.curves))
    return [*planned, *(channel for channel in values.cohorts.channels if channel not in planned)]


def _worth(run: Run, values: CustomerValues, channel: str) -> ChannelWorth:
    value = values.value(channel)
    extrapolated = 1 - float(values.within_observed(channel).mean() / value.mean()) if value.mean() > 0 else np.nan
    unknown = Estimate.exact(np.nan)
    spend, customers = (0.0, None) if run.plan is None else _planned(run, run.plan, channel)
    if customers is None or spend <= 0:
        return ChannelWorth(channel, Estimate.of(value), extrapolated, unknown, unknown, np.nan, None, None)
    won = paired(customers, len(value))
    cac = np.divide(spend, won, out=np.full(len(value), np.inf), where=won > 0)
    ratio = value * won / spend
    low, high = np.quantile(ratio, [0.05, 0.95])
    return ChannelWorth(
        channel,
        Estimate.of(value),
        extrapolated,
        Estimate.cost(spend, customers),
        Estimate(float(value.mean() * customers.mean() / spend), float(low), float(high)),
        float(np.mean(ratio < run.config.economics.guardrail)),
        payback(cac, values.flow(channel), values.cohorts.months),
        payback(cac, values.flow(channel, discounted=True), values.cohorts.months),
    )


def _course(run: Run, values: CustomerValues, channels: list[str]) -> pd.DataFrame | None:
    """Margin so far less CAC by channel and month since acquisition; after the whole of each age."""
    rows = []
    for channel in channels:
        spend, customers = (0.0, None) if run.plan is None else _planned(run, run.plan, channel)
        flow = values.flow(channel)
        won = paired(np.zeros(1) if customers is None else customers, len(flow))
        cac = np.divide(spend, won, out=np.full(len(won), np.inf), where=won > 0)
        net = np.column_stack([np.zeros(len(flow)), np.cumsum(flow, axis=1)]) - cac[:, None]
        low, middle, high = np.quantile(net, [0.05, 0.5, 0.95], axis=0, method="inverted_cdf")
        months = values.cohorts.months * np.arange(net.shape[1])
        rows.append(
            pd.DataFrame({"channel": channel, "month": months, "net": middle, "net_low": low, "net_high": high})
        )
    return pd.concat(rows, ignore_index=True) if rows else None


def _planned(run: Run, plan: PlanResult, channel: str) -> tuple[float, Array | None]:
    """Planned spend of a channel over its markets, and draws of whom it brings; nobody where one unit is money."""
    if is_money(run.config.outcome):
        return 0.0, None
    cells = [cell for cell in plan.curves if run.inputs.channel_of(cell) == channel]
    if not cells:
        return 0.0, None
    return float(plan.planned.spend[cells].sum()), np.asarray(plan.planned.paid[cells].to_numpy().sum(axis=1))


def _guardrail(run: Run, channels: tuple[ChannelWorth, ...]) -> tuple[Finding, ...]:
    told = [one for one in channels if one.ratio.known]
    if not told:
        return ()
    least, limit = min(told, key=lambda one: one.ratio.point), run.config.economics.guardrail
    low = tuple(one.channel for one in told if one.ratio.point < limit)
    sure = [one.channel for one in told if one.below >= _LEVEL]
    text = f"Lifetime value over the plan's CAC is least for {least.channel}, {decimal(least.ratio.point, 1)}"
    text += f", against a guardrail of {limit:g}."
    if low:
        text += f" Below it: {', '.join(low)}; with a probability of {percent(_LEVEL)} or more: "
        text += f"{', '.join(sure) or 'none'}."
    return (Finding("ltv_to_cac", not low, least.ratio.point, limit, text, low),)


def _cycle(
    run: Run, lags: SalesLags | None
) -> tuple[pd.DataFrame | None, pd.Series, tuple[str, ...], tuple[Finding, ...]]:
    """CAC matched to the sales cycle, or why there is none."""
    nothing, journeys, panel = pd.Series(dtype=float), run.inputs.journeys, run.inputs.panel
    if journeys is None or panel is None or not journeys.timed:
        return None, nothing, (), ()
    try:
        cycle = sales_cycle(journeys)
        known = panel.national_spend[[name for name in panel.national_spend if name in journeys.channels]]
        table = matched_cac(cycle, journeys, daily_spend(known, panel.days), seed=run.config.seed)
    except BadInput as error:
        return None, nothing, (f"CAC is not matched to the sales cycle: {error}",), ()
    names = [name for name in table["channel"].unique() if name != ALL]
    days = pd.Series({name: cycle.median_lag(name) for name in names}, dtype=float)
    return (
        table,
        days,
        _of_how_many(run),
        (cycle.finding, cycle.first_touches, *([] if lags is None else [cycle_as_stated(lags, cycle)])),
    )


def _of_how_many(run: Run) -> tuple[str, ...]:
    """What a log that misses customers, or holds more than there are, makes of costs by its conversions."""
    compared = run.inputs.log_against_kpi
    sums = None if compared is None else compared.weeks[["log", "kpi"]].sum()
    share = 1.0 if sums is None or not sums["kpi"] > 0 else float(sums["log"] / sums["kpi"])
    if _SEEN <= share <= 1 / _SEEN:
        return ()
    side = "above" if share < 1 else "below"
    return (
        f"The log holds {percent(share)} as many conversions as the weekly table has {run.config.outcome}: naive and "
        f"matched CAC by the log are of these alone, and lie as far {side} those of the other tables. Read how the two "
        "differ, and CAC itself from the readings above.",
    )
