"""The weekly table of a mix model, assembled from exports: nothing is lost, and what is left out is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import CURRENCY, amount, counted
from attribution.reading.exports.amounts import MICROS
from attribution.shown import shown
from mmm.data.control_tables import ControlTable, controls_by_week
from mmm.data.customers import Outcome
from mmm.data.days_to_weeks import WeekDays
from mmm.data.export_findings import coverage, export_findings
from mmm.data.market_names import MARKET, misfits_of_sources
from mmm.data.spend_sources import VOLUMES, SpendSource, overlaps, spend_by_day
from mmm.data.unit_prices import price_jumps

__all__ = ["Assembled", "Edges", "assemble"]

_DAY = pd.Timedelta(days=1)


@shown
@dataclass(frozen=True)
class Edges:
    """Where weeks begin, and what becomes of those that the files hold in part.

    Parameters
    ----------
    week_starts
        ``"monday"`` to ``"sunday"``.
    keeps_partial
        Whether the first and last week stay although some of their days are not in the files.
    begins, ends
        First and last day to look at; None for all that the files hold.
    """

    week_starts: str = "monday"
    keeps_partial: bool = False
    begins: pd.Timestamp | None = None
    ends: pd.Timestamp | None = None


@shown
@dataclass(frozen=True)
class Assembled:
    """A weekly table and where its figures come from.

    Parameters
    ----------
    weekly
        One row per week: ``week`` (its first day), the KPI, spend by channel in one currency, ``<channel>_impressions``
        and ``<channel>_clicks`` where every file of the channel has them, controls, and ``returning_orders`` where
        people are known. Where the exports name markets, a row per week and ``market``.
    reconciliation
        One row per file, market and channel: spend in the file (``exported``), in the table (``weekly``), and left out
        ``before`` its first and ``after`` its last week; ``difference`` is 0.
    coverage
        One row per channel: ``days`` of the table, those ``with_rows``, and the ``longest_gap`` with its first day.
    channels
        In the order of their first pattern.
    findings
        What speaks for and against the files.
    notes
        What was passed over and taken for granted, a sentence each.
    """

    weekly: pd.DataFrame
    reconciliation: pd.DataFrame
    coverage: pd.DataFrame
    channels: tuple[str, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def assemble(
    spend: Sequence[SpendSource],
    outcome: Outcome,
    controls: Sequence[ControlTable] = (),
    currency: str = CURRENCY,
    edges: Edges | None = None,
    kpi: str = "new_customers",
) -> Assembled:
    """One weekly table of exports of spend, a count of customers, and controls.

    Parameters
    ----------
    spend
        Sources of spend; a channel may have several.
    outcome
        The KPI by day.
    controls
        Tables of what else moves demand.
    currency
        That of the table; sources state the rate of others.
    edges
        Where weeks begin and end; Mondays, and whole weeks only, by default.
    kpi
        Name of the KPI's column.

    Returns
    -------
    The table holds the weeks that outcome, controls and every source cover, but for sources that rest outside of their
    own days.

    Raises
    ------
    BadInput
        The problems of all sources at once: campaigns without a channel, days that two files hold, money of a row that
        crosses weeks, rates that are missing, weeks whose spend is negative, no week that all cover; markets that some
        name and others do not, or of which nothing is counted.
    """
    edges = edges or Edges()
    weeks = WeekDays(edges.week_starts)
    daily, notes = _all_days(spend, outcome, currency, weeks)
    wanted, cut = _weeks(spend, outcome, controls, weeks, edges)
    channels = tuple(dict.fromkeys(channel for source in spend for channel in source.channels.values()))
    taken = {kpi, "week", MARKET} | {name for each in controls for name in each.aggregates}
    inside = daily[daily["week"].isin(wanted)]
    parts, money, problems = [], 0, list[Problem | str]()
    for market in sorted(outcome.markets) or [""]:
        try:
            spent = _spent(inside[inside[MARKET] == market], wanted, channels, taken, market)
            part = pd.DataFrame(index=wanted.rename("week"))
            count = _counted(outcome.markets.get(market, outcome.daily), weeks, wanted)
            part[kpi] = count["kpi"] / MICROS
            part[list(channels)] = spent / MICROS
            part = part.join(_volumes(daily, inside[inside[MARKET] == market], wanted, channels))
            for each in controls:
                part = part.join(controls_by_week(each.of(market), weeks, wanted, not edges.keeps_partial))
        except BadInput as error:
            problems += error.problems
            continue
        if "returning" in count:
            part["returning_orders"] = count["returning"] / MICROS
        money += int(spent.to_numpy().sum())
        parts.append(part.assign(**{MARKET: market}) if market else part)
    if problems:
        raise BadInput(problems)
    reconciliation, difference = _reconciled(daily, wanted, money)
    table = pd.concat(parts)
    return Assembled(
        table.reset_index(),
        reconciliation,
        coverage(daily, wanted, channels),
        channels,
        (*export_findings(spend, daily, outcome, wanted, cut, difference), _prices(table, channels), *outcome.findings),
        (*outcome.notes, *notes, _said(wanted, reconciliation, currency, edges)),
    )


def _counted(daily: pd.DataFrame, weeks: WeekDays, wanted: pd.DatetimeIndex) -> pd.DataFrame:
    return daily.groupby(weeks.of(pd.DatetimeIndex(daily.index))).sum().reindex(wanted, fill_value=0)


def _spent(
    inside: pd.DataFrame, wanted: pd.DatetimeIndex, channels: Sequence[str], taken: Iterable[str], market: str
) -> pd.DataFrame:
    """Spend of a market by week and channel, in millionths."""
    spent = inside.pivot_table(index="week", columns="channel", values="spend", aggfunc="sum", fill_value=0)
    spent = spent.reindex(index=wanted, columns=list(channels), fill_value=0)
    _check_weeks(spent, taken, f" in {market}" if market else "")
    return spent


def _all_days(
    spend: Sequence[SpendSource], outcome: Outcome, currency: str, weeks: WeekDays
) -> tuple[pd.DataFrame, list[str]]:
    parts, notes = [], []
    problems: list[Problem | str] = []
    for number, source in enumerate(spend):
        try:
            part, own = spend_by_day(source, currency, weeks)
        except BadInput as error:
            problems += error.problems
            continue
        parts.append(part.assign(source=number))
        notes += own
    if not spend:
        problems.append(Problem("spend", "names no export.", remedy="name at least one."))
    if not problems:
        named = {spend[int(part["source"].iloc[0])].name: {*part[MARKET]} - {""} for part in parts}
        problems += misfits_of_sources(named, outcome.name, outcome.markets)
    if not problems:
        strict = [part for part in parts if not spend[int(part["source"].iloc[0])].repeats]
        problems += overlaps(pd.concat(strict, ignore_index=True)) if strict else []
    if problems:
        raise BadInput(problems)
    daily = pd.concat(parts, ignore_index=True)
    return daily.assign(week=weeks.of(daily["day"])), notes


def _weeks(
    spend: Sequence[SpendSource],
    outcome: Outcome,
    controls: Sequence[ControlTable],
    weeks: WeekDays,
    edges: Edges,
) -> tuple[pd.DatetimeIndex, dict[str, int]]:
    """First days of the weeks that all cover, and by how many days each source cuts the table short."""
    spans = [(outcome.name, *outcome.span)]
    spans += [(source.name, *source.span) for source in spend if not source.rests_outside]
    spans += [(table.name, *table.span) for table in controls]
    stated = ("the plan file", edges.begins or pd.Timestamp.min, edges.ends or pd.Timestamp.max)
    first = max(span[1] for span in (*spans, stated))
    last = min(span[2] for span in (*spans, stated))
    wanted = weeks.touched(first, last) if edges.keeps_partial and first <= last else weeks.whole(first, last)
    if len(wanted) == 0:
        listed = "; ".join(f"{name}: {begins:%Y-%m-%d} to {ends:%Y-%m-%d}" for name, begins, ends in spans[:6])
        remedy = (
            "export the same days of all; name parts of one export by one pattern, such as path: meta-*.csv; say "
            "outside: no_spend where a channel ran on no other days."
        )
        raise BadInput(Problem("exports", f"have no whole week in common. {listed}.", remedy=remedy))
    cut = {}
    for place, (name, begins, ends) in enumerate(spans):
        others = [*spans[:place], *spans[place + 1 :], stated]
        late = (begins - max(span[1] for span in others)).days if len(spans) > 1 else 0
        early = (min(span[2] for span in others) - ends).days if len(spans) > 1 else 0
        cut[name] = max(late, 0) + max(early, 0)
    return wanted, cut


def _check_weeks(spent: pd.DataFrame, taken: Iterable[str], where: str) -> None:
    problems = [
        Problem("exports", f"is the name of a channel and of another column: {name}.", remedy="rename the channel.")
        for name in spent.columns
        if name in taken
    ]
    for channel, column in spent.items():
        if (below := column < 0).any():
            text = f"has less than no spend in {counted(below.sum(), 'week')}, {column.index[below][0]:%Y-%m-%d} first."
            remedy = "book credits and corrections in the week that they belong to."
            problems.append(Problem(f"{channel}{where}", text, remedy=remedy))
    if problems:
        raise BadInput(problems)


def _volumes(
    daily: pd.DataFrame, inside: pd.DataFrame, wanted: pd.DatetimeIndex, channels: Sequence[str]
) -> pd.DataFrame:
    """Impressions and clicks of the channels whose every row has them."""
    columns = {}
    for channel in channels:
        for volume in VOLUMES:
            known = daily.loc[daily["channel"] == channel, f"has_{volume}"]
            if len(known) and known.all():
                own = inside[inside["channel"] == channel].groupby("week")[volume].sum()
                columns[f"{channel}_{volume}"] = own.reindex(wanted, fill_value=0) / MICROS
    return pd.DataFrame(columns, index=wanted)


def _prices(table: pd.DataFrame, channels: Sequence[str]) -> Finding:
    """Whether a channel's impressions or clicks cost otherwise from some week on, all markets together."""
    weekly = table.groupby(level=0)[[name for name in table.columns if name != MARKET]].sum()
    bought = {
        f"{channel} ({volume})": (weekly[channel].to_numpy(dtype=float), weekly[column].to_numpy(dtype=float))
        for channel in channels
        for volume in VOLUMES
        if (column := f"{channel}_{volume}") in weekly
    }
    return price_jumps(pd.DatetimeIndex(weekly.index), bought, "export_prices")


def _reconciled(daily: pd.DataFrame, wanted: pd.DatetimeIndex, money: int) -> tuple[pd.DataFrame, int]:
    """Where the money of every file went, and the millionths by which the table differs from the files."""
    last = wanted[-1] + 6 * _DAY
    days = daily["day"]
    parts = daily.assign(
        exported=daily["spend"],
        before=daily["spend"].where(days < wanted[0], 0),
        after=daily["spend"].where(days > last, 0),
        weekly=daily["spend"].where((days >= wanted[0]) & (days <= last), 0),
    )
    keys = ["file", *([MARKET] if parts[MARKET].any() else []), "channel"]
    sums = parts.groupby(keys, sort=False)[["exported", "before", "weekly", "after"]].sum()
    sums["difference"] = sums["exported"] - sums["before"] - sums["weekly"] - sums["after"]
    lost = sums["exported"].sum() - sums["before"].sum() - sums["after"].sum() - money
    return (sums / MICROS).reset_index(), int(abs(lost) + np.abs(sums["difference"]).sum())


def _said(wanted: pd.DatetimeIndex, reconciliation: pd.DataFrame, currency: str, edges: Edges) -> str:
    sums = reconciliation[["exported", "before", "weekly", "after"]].sum()
    edge = "weeks at the edges stay though they are not whole" if edges.keeps_partial else "only whole weeks count"
    weeks = (
        f"The weekly table is assembled: {amount(len(wanted))} weeks from {edges.week_starts.capitalize()}, "
        f"{wanted[0]:%Y-%m-%d}, to {wanted[-1] + 6 * _DAY:%Y-%m-%d}; {edge}."
    )
    if not sums["before"] and not sums["after"]:
        return f"{weeks} All {amount(sums['exported'])} {currency} of the exports are in it."
    return (
        f"{weeks} Of {amount(sums['exported'])} {currency} in the exports {amount(sums['weekly'])} are in it, "
        f"{amount(sums['before'])} lie before and {amount(sums['after'])} after."
    )
