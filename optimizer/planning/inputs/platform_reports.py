"""Conversions as platforms report them: read, held against all customers, and brought to the days of other opinions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from attribution import Engine, Query
from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import amount
from attribution.reading.contracts import Column, Table
from attribution.reading.small import read_table
from mmm import Panel
from optimizer.planning.file.keys.data import PlatformReports
from optimizer.planning.inputs.days import customers_by_day
from optimizer.planning.inputs.odd_claims import odd_claims, shares_or_rates
from optimizer.planning.inputs.unknown_channels import unknown_channels

__all__ = ["Claims", "other_weekday", "read_platform_reports"]

_WEEKS = 28  # days
_DAYS = {"day": 1, "week": 7, "month": 30}
_GAPS = 3  # rows after the first, for their distance to be told
_ENOUGH = 0.5  # of a channel's spend; of less than that nothing is said


@dataclass(frozen=True, eq=False)
class Claims:
    """Conversions that platforms claim.

    Parameters
    ----------
    by_day
        Days x channels; NaN where a platform reported nothing for a day.
    finding
        Whether they look like counts.
    """

    by_day: pd.DataFrame
    finding: Finding

    def over(self, first: pd.Timestamp, last: pd.Timestamp, spend: pd.DataFrame) -> tuple[pd.Series, list[str]]:
        """Claims by channel over some days, and what had to be assumed for that, in sentences.

        A report that holds a part of the days is brought to all of them as the channel's spend divides between them.

        Parameters
        ----------
        first, last
            First and last day.
        spend
            Currency, days x channels, of all these days.
        """
        days = pd.date_range(first, last)
        claimed, notes = {}, []
        for channel in self.by_day:
            known = self.by_day[channel].reindex(days)
            spent = spend[channel].reindex(days).fillna(0.0)
            held = float(spent[known.notna()].sum() / spent.sum()) if spent.sum() > 0 else float(known.notna().mean())
            if held < _ENOUGH:
                notes.append(f"{channel}: its platform's report holds too few of these days to speak for them.")
                continue
            claimed[str(channel)] = float(known.sum()) / held
            if held < 1 - 1e-9:
                notes.append(
                    f"{channel}: its platform's report holds days with {held:.0%} of its spend and is scaled up to all."
                )
        return pd.Series(claimed, dtype=float), notes


def read_platform_reports(
    section: PlatformReports, folder: Path, panel: Panel, engine: Engine | None = None
) -> tuple[Claims, pd.DataFrame]:
    """Claims of platforms and the rows that they were read from.

    Parameters
    ----------
    section
        What the plan file says of the table.
    folder
        Where relative paths start.
    panel
        The weekly table, whose paid channels the table names.
    engine
        Settings of DuckDB.

    Raises
    ------
    BadInput
        Every problem: channels that are none, periods of one channel that overlap, none in common with the weekly
        table, more conversions claimed than there were customers, shares or rates in place of conversions.
    """
    columns = (
        Column(section.date, "date"),
        Column(section.channel, "text"),
        Column(section.conversions, minimum=0),
        Column(section.currency, "text", required=False, nullable=True),
    )
    declared = Table(section.path.name, columns, key=(section.date, section.channel))
    source = section.path if isinstance(section.path, Query) else folder / section.path
    frame = read_table(source, declared, section.format, engine)
    name = section.path.name
    if not len(frame):
        raise BadInput(Problem(name, "has no rows.", remedy="give the platforms' conversions, or leave the table out."))
    problems = list(
        unknown_channels(frame[section.channel].astype(str), panel.channels, section.path.name, section.channel)
    )
    parts = {}
    for channel, rows in frame.groupby(frame[section.channel].astype(str), sort=False):
        try:
            parts[str(channel)] = _by_day(section, rows)
        except BadInput as error:
            problems += [problem for problem in error.problems if isinstance(problem, Problem)]
    by_day = pd.DataFrame(parts)
    per_row = float(customers_by_day(panel).mean()) * _DAYS[section.period]
    problems += list(shares_or_rates(section, frame, per_row))
    problems += [] if problems else list(_against_all(section, by_day, panel))
    problems += list(_of_another_period(section, frame, name))
    problems += list(_to_come(section, pd.DatetimeIndex(frame[section.date]), name))
    if problems:
        raise BadInput(problems)
    return Claims(by_day, odd_claims(section, frame, by_day, panel)), frame


def other_weekday(section: PlatformReports, days: pd.DatetimeIndex, panel: Panel) -> str:
    """The sentence on weeks that begin on another day than those of the weekly table; empty where none do."""
    if section.period != "week" or panel.days == 1:
        return ""
    own = panel.dates[0]
    other = days[days.day_of_week != own.day_of_week]
    if not len(other):
        return ""
    names = ", ".join(dict.fromkeys(f"a {day:%A}" for day in other.sort_values()))
    return (
        f"Weeks of {section.path.name} are dated on {names}, those of the weekly table on a {own:%A}: each is taken to "
        "be the seven days from its date on, in equal parts. Where its dates are the last days of weeks, move them "
        "back by six days."
    )


def _of_another_period(section: PlatformReports, frame: pd.DataFrame, name: str) -> Iterator[Problem]:
    """Rows of every channel a week or a month apart, of which each is said to cover less."""
    by_channel = frame.sort_values(section.date).groupby(frame[section.channel].astype(str))[section.date]
    gaps = by_channel.diff().dropna().dt.days
    if len(gaps) < _GAPS:
        return
    apart = "week" if (gaps == 7).all() else "month" if gaps.between(28, 35).all() and gaps.min() < gaps.max() else ""
    if apart and _DAYS[section.period] < gaps.min():
        text = f"rows of every channel are a {apart} apart, and each is said to cover a {section.period}."
        yield Problem(name, text, section.date, remedy=f"state data.platform_reports.period: {apart}.")


def _to_come(section: PlatformReports, days: pd.DatetimeIndex, name: str) -> Iterator[Problem]:
    """Rows of days that are not over: nothing came in them yet."""
    tomorrow = pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(days=1)
    if len(late := days[days > tomorrow]):
        first = f"{late.min():%Y-%m-%d}"
        text = f"{amount(len(late))} rows lie in the future, the first on {first}."
        if len(late) == 1:
            text = f"One row lies in the future, on {first}."
        remedy = "leave them out; or check the order of day and month, and date_format."
        yield Problem(name, text, section.date, remedy=remedy)


def _by_day(section: PlatformReports, rows: pd.DataFrame) -> pd.Series:
    """Conversions of one channel, each period's divided evenly between its days."""
    ordered = rows.sort_values(section.date)
    first = pd.DatetimeIndex(ordered[section.date])
    if section.period == "month":
        months = first.to_period("M")
        first, last = months.start_time, months.end_time.normalize()
    else:
        last = first + pd.Timedelta(days={"day": 0, "week": 6}[section.period])
    overlaps = np.flatnonzero(first[1:] <= last[:-1])
    if len(overlaps):
        channel, day = str(ordered[section.channel].iloc[0]), ordered[section.date].iloc[int(overlaps[0]) + 1]
        text = f"{channel} has a row for {day:%Y-%m-%d} within the {section.period} of the row before it."
        remedy = "say what a row covers with data.platform_reports.period (day, week or month), and give each once."
        raise BadInput(Problem(section.path.name, text, section.date, remedy=remedy))
    length = (last - first).days.to_numpy() + 1
    within = np.concatenate([np.arange(size) for size in length])
    values = np.repeat(ordered[section.conversions].to_numpy(dtype=float) / length, length)
    return pd.Series(values, first.repeat(length) + pd.to_timedelta(within, unit="D"))


def _against_all(section: PlatformReports, by_day: pd.DataFrame, panel: Panel) -> Iterator[Problem]:
    """Channels without a day in common with the weekly table, or with more conversions than there were customers."""
    kpi = customers_by_day(panel)
    for channel, claimed in by_day.items():
        known = claimed.dropna()
        common = known[known.index.isin(kpi.index)]
        if common.empty:
            text = f"{channel}: {known.index[0]:%Y-%m-%d} to {known.index[-1]:%Y-%m-%d} has no day in common with the "
            text += f"weekly table ({kpi.index[0]:%Y-%m-%d} to {kpi.index[-1]:%Y-%m-%d})."
            yield Problem(section.path.name, text, section.date, remedy="give reports of the weeks that it holds.")
            continue
        if (part := _more_than_all(common, kpi.loc[common.index])) is not None:
            text = (
                f"{channel} claims {amount(float(part.sum()))} conversions from {part.index[0]:%Y-%m-%d} to "
                f"{part.index[-1]:%Y-%m-%d}, and all {panel.kpi_name} of these days are "
                f"{amount(float(kpi.loc[part.index].sum()))}."
            )
            remedy = f"report the conversions that are {panel.kpi_name}, not orders, leads or their value."
            yield Problem(section.path.name, text, section.conversions, remedy=remedy)


def _more_than_all(claimed: pd.Series, came: pd.Series) -> pd.Series | None:
    """All claims if they exceed all customers, else those of the four weeks that do by most; None where none do."""
    if claimed.sum() > came.sum() * (1 + 1e-9):
        return claimed
    # fewer days say little: platforms date by the click
    over = (
        claimed.rolling(f"{_WEEKS}D", min_periods=_WEEKS).sum()
        - (1 + 1e-9) * came.rolling(f"{_WEEKS}D", min_periods=_WEEKS).sum()
    )
    if not over.max() > 0:
        return None
    last = pd.Timestamp(str(over.idxmax()))
    return claimed[last - pd.Timedelta(days=_WEEKS - 1) : last]
