"""The table of actuals: weeks that the last fit has not seen, and what else it holds of earlier ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount, counted
from attribution.reading.contracts import Column
from attribution.reading.small import read_table
from attribution.reading.tables import wide
from mmm import Panel
from mmm.arrays import Array
from mmm.data.indicators import indicators
from optimizer.planning.file.column_roles import in_plan_currency, media_of
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import Weekly
from optimizer.planning.inputs.other_currency import column_of_another_currency
from optimizer.planning.since.unlike_before import Weeks, another_unit, unlike_before, unread

__all__ = ["Actuals", "read_actuals", "restated"]

_MOST = 52
_SAME = 1e-6
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Actuals:
    """What a table of actuals holds.

    Parameters
    ----------
    coming
        The periods that the fit has not seen, whole weeks from its end on.
    table
        All rows by week (its first day), all markets together: spend by channel, and the columns of conversions and
        stages that the plan file names.
    notes
        What was left out, and what reads otherwise than when it was fitted.
    doubts
        What may be no truth about the new weeks.
    """

    coming: Panel
    table: pd.DataFrame
    notes: tuple[str, ...]
    doubts: tuple[str, ...]


def read_actuals(config: Config, path: Path, fitted: Panel, day: dt.date | None = None) -> Actuals:
    """Read the table, written as ``data.weekly`` is, with the columns that ``guardrails`` names besides.

    Parameters
    ----------
    config
        The plan file.
    path
        The table.
    fitted
        What the last fit was fitted to.
    day
        A week that has not ended by it is left out; today where None.

    Raises
    ------
    BadInput
        Every problem of the table; no week that the fit has not seen, weeks missing between it and the table or within
        the table, more than a year of new ones.
    """
    weekly = config.data.weekly
    if weekly is None:
        raise BadInput("cac monitor needs data.weekly in the plan file, which has none.")
    weekly = weekly.model_copy(update={"path": path})
    frame, raw, named = _frame(config, weekly, fitted)
    stray = list(unread(raw[raw[weekly.date] > fitted.dates[-1]], named, weekly.format))
    if weekly.geo is None:
        frame = frame.assign(**{_MARKET: fitted.geos[0]})
    else:
        frame = frame.assign(**{_MARKET: frame[weekly.geo].astype(str)})
    frame = frame.sort_values([weekly.date, _MARKET], ignore_index=True)
    after = frame[frame[weekly.date] > fitted.dates[-1]]
    ends = pd.Timestamp(day or today()) - pd.Timedelta(days=fitted.days)
    unfinished = sorted(after.loc[after[weekly.date] > ends, weekly.date].unique())
    dates = pd.DatetimeIndex(sorted(set(after[weekly.date]) - set(unfinished)))
    notes = [*_unfinished(unfinished), *restated(frame, weekly, fitted, config.data.by_value is not None)]
    dates, odd = _whole_weeks(dates, fitted)
    notes += odd
    if problems := list(_problems(path.name, after, dates, weekly, fitted)):
        raise BadInput(problems)
    columns = [column for pairs in config.guardrails.reported.values() for _, column in pairs]
    coming = _panel(after, dates, weekly, fitted)
    since = _since(coming, fitted, weekly)
    if problems := list(another_unit(path.name, since)):
        raise BadInput(problems)
    doubts = (*unlike_before(since), *_strangers(after, weekly, fitted))
    known = frame[frame[weekly.date] <= dates[-1]]
    whole = _by_week(known, weekly, [*columns, *config.guardrails.funnel], fitted)
    return Actuals(coming, whole, (*notes, *stray), doubts)


_MARKET = "\0market"


def today() -> dt.date:
    """The day by this machine's calendar."""
    return dt.date.today()


def _frame(config: Config, weekly: Weekly, fitted: Panel) -> tuple[pd.DataFrame, pd.DataFrame, set[str]]:
    """All rows with the columns that model and guardrails need; rows as they stand, and the columns that are named."""
    rails = config.guardrails
    media = [column for medium in media_of(weekly).values() for column in (medium.spend, *medium.columns) if column]
    extra = [*(column for pairs in rails.reported.values() for _, column in pairs), *rails.funnel]
    numbers = [weekly.kpi, *media, *weekly.numbers, *weekly.baselines]
    spent, path = list(weekly.channels.values()), weekly.path
    table = wide(path.name, weekly.date, numbers, [weekly.kpi, *media], geo=weekly.geo, money=spent, words=weekly.words)
    # only weeks that are watched need them: a column may begin late
    late = [Column(name, minimum=0, nullable=True) for name in dict.fromkeys(extra) if name not in numbers]
    table = replace(table, columns=(*table.columns, *late))
    raw = read_table(path, table, weekly.format, config.engine.engine)
    raw.attrs["name"] = path.name
    if wrong := list(column_of_another_currency(raw, weekly, config.currency)):
        raise BadInput(wrong)
    frame = in_plan_currency(raw, weekly, config.rates)
    named = {column.name for column in table.columns} | {weekly.population or ""}
    return indicators(frame, _words(frame, weekly, fitted))[0], raw, named


def _since(coming: Panel, fitted: Panel, weekly: Weekly) -> Weeks:
    """Weeks that were fitted beside new ones."""
    spend = {
        weekly.channels.get(name, name): (fitted.spend[:, :, place].sum(axis=0), coming.spend[:, :, place].sum(axis=0))
        for place, name in enumerate(fitted.channels)
    }
    controls = {
        name: (fitted.controls[:, :, place].sum(axis=0), coming.controls[:, :, place].sum(axis=0))
        for place, name in enumerate(fitted.control_names)
    }
    kpi = {weekly.kpi: (fitted.kpi.sum(axis=0), coming.kpi.sum(axis=0))}
    return Weeks(spend, {**kpi, **controls}, weekly.kpi, coming.dates)


def _words(frame: pd.DataFrame, weekly: Weekly, fitted: Panel) -> dict[str, tuple[str, ...]]:
    """The words of each column as the fit knows them; the one that it left out is that which it has no column of."""
    words = {}
    for column in weekly.words:
        own = [name.removeprefix(f"{column}: ") for name in fitted.control_names if name.startswith(f"{column}: ")]
        here = frame[column].astype("string").fillna("").str.strip()
        others = [word for word in here.value_counts().index if word not in own]
        words[column] = ("" if "" in others or not others else str(others[0]), *own)
    return words


def _unfinished(weeks: Sequence[pd.Timestamp]) -> Iterator[str]:
    if weeks:
        yield f"Left out, for it has not ended yet: {_days(weeks)}."


def _whole_weeks(dates: pd.DatetimeIndex, fitted: Panel) -> tuple[pd.DatetimeIndex, list[str]]:
    """Daily rows up to the last whole week."""
    left = len(dates) % fitted.per_week
    if not left:
        return dates, []
    return dates[: len(dates) - left], [f"Left out, for they make no whole week: {_days(dates[-left:])}."]


def _problems(
    name: str, after: pd.DataFrame, dates: pd.DatetimeIndex, weekly: Weekly, fitted: Panel
) -> Iterator[Problem]:
    """What keeps the weeks from being watched."""
    unit, last = ("week", "day")[fitted.days == 1], fitted.dates[-1]
    if not len(dates):
        text = f"holds no whole week after {last.date().isoformat()}, the last {unit} that the fit has seen."
        yield Problem(name, text, weekly.date, remedy="add the weeks since then.")
        return
    should = pd.date_range(fitted.after(1)[0], dates[-1], freq=f"{fitted.days}D")
    if len(strange := dates.difference(should)):
        text = f"{_days(strange)} begin no {unit} as the fit counts them; its last one begins {last:%A %Y-%m-%d}."
        yield Problem(name, text, weekly.date, remedy="date weeks by the same weekday as data.weekly.")
        return
    if len(gaps := should.difference(dates)):
        text = (
            f"lacks {len(gaps)} {unit}{'s' if len(gaps) > 1 else ''} after the last one that was fitted: {_days(gaps)}."
        )
        yield Problem(name, text, weekly.date, remedy="add the rows, each with its KPI and 0 for what was not spent.")
    if len(dates) > _MOST * fitted.per_week:
        text = f"holds {len(dates) // fitted.per_week} weeks after the last one that was fitted, {last:%Y-%m-%d}."
        yield Problem(name, text, remedy="run cac plan on them first; a fit says little of weeks a year later.")
    present = {(day, market) for day, market in zip(after[weekly.date], after[_MARKET], strict=True)}
    unknown = sorted(set(after[_MARKET]) - set(fitted.geos))
    if unknown and weekly.geo is not None:
        text = f"names {', '.join(unknown[:_SHOWN])}, which the fit does not know."
        yield Problem(
            name, text, weekly.geo, remedy=f"its markets are {', '.join(fitted.geos)}; delete rows of totals."
        )
    lacking = [(day, market) for day in dates for market in fitted.geos if (day, market) not in present]
    if lacking and weekly.geo is not None:
        day, market = lacking[0]
        text = f"{counted(len(lacking), 'row is', 'rows are')} missing, first {market} on {day.date().isoformat()}."
        yield Problem(name, text, weekly.geo, remedy="give every market a row for every period.")
    if after.loc[after[weekly.date].isin(dates), weekly.kpi].sum() == 0:
        yield Problem(
            name, "is zero in every week to be watched.", weekly.kpi, remedy="give the customers of the weeks."
        )


def restated(frame: pd.DataFrame, weekly: Weekly, fitted: Panel, by_value: bool = False) -> Iterator[str]:
    """Weeks that the fit has seen: passed over, and named where they read otherwise now.

    New customers that were fitted by their value are of another count than the table's, which is said instead.

    Parameters
    ----------
    frame
        All rows, in the plan's currency.
    weekly
        What its columns are called.
    fitted
        What the fit has seen.
    by_value
        Whether its customers count by their value.
    """
    if by_value:
        yield (
            f"{weekly.kpi} of these weeks count each customer as one of average value, for what they are worth nobody "
            "knows yet; the fit counts them by value (by_value)."
        )
    seen = frame[frame[weekly.date].isin(fitted.dates)]
    if seen.empty:
        return
    spent = {weekly.channels[name]: values for name, values in fitted.national_spend.items() if name in weekly.channels}
    columns = spent if by_value else {weekly.kpi: pd.Series(fitted.kpi.sum(axis=0), fitted.dates), **spent}
    told = []
    for column, then in columns.items():
        now = seen.groupby(weekly.date)[column].sum()
        then = then.reindex(now.index)
        changed = now.index[(now - then).abs() > _SAME * np.maximum(now.abs(), then.abs())]
        if len(changed):
            sums = f"{amount(float(then[changed].sum()))} then, {amount(float(now[changed].sum()))} now"
            told.append(f"{column} ({_days(changed)}; {sums})")
    if told:
        more = f" and {len(told) - _SHOWN} columns more" if len(told) > _SHOWN else ""
        text = f"Weeks that the fit has seen read otherwise now: {'; '.join(told[:_SHOWN])}{more}. "
        yield text + "Run cac plan again to learn from them."


def _strangers(after: pd.DataFrame, weekly: Weekly, fitted: Panel) -> Iterator[str]:
    """Channels that spend now and never did in the weeks that were fitted."""
    for name, column in weekly.channels.items():
        if name not in fitted.channels and after[column].sum() > 0:
            yield (
                f"{name} spends now and never did in the weeks that were fitted: its money counts in every CAC, and no "
                "customers are expected of it. Run cac plan again to learn what it brings."
            )


def _panel(after: pd.DataFrame, dates: pd.DatetimeIndex, weekly: Weekly, fitted: Panel) -> Panel:
    """The weeks as the fit's panel has them."""
    rows = after[after[weekly.date].isin(dates) & after[_MARKET].isin(fitted.geos)]
    rows = rows.set_index([_MARKET, weekly.date]).sort_index()
    media, shape = media_of(weekly), (len(fitted.geos), len(dates))

    def block(columns: Sequence[str | None]) -> Array:
        table = [rows[column].to_numpy(float) if column else np.full(len(rows), np.nan) for column in columns]
        return np.stack([values.reshape(shape) for values in table], axis=2) if table else np.zeros((*shape, 0))

    often = block([getattr(media[name], "frequency", None) for name in fitted.media_names])
    return replace(
        fitted,
        dates=dates,
        kpi=block([weekly.kpi])[:, :, 0],
        spend=block([media[name].spend for name in fitted.channels]),
        media=block([media[name].volume for name in fitted.media_names]),
        controls=block(list(fitted.control_names)),
        frequency=None if fitted.frequency is None else often,
    )


def _by_week(frame: pd.DataFrame, weekly: Weekly, extra: Sequence[str], fitted: Panel) -> pd.DataFrame:
    """Sums by week of spend by channel, and of further columns; a week that lacks a figure anywhere lacks it."""
    first = fitted.after(1)[0]
    week = frame[weekly.date] - pd.to_timedelta((frame[weekly.date] - first).dt.days % 7, unit="D")
    columns = dict.fromkeys([*weekly.channels.values(), *extra])
    weeks = frame[list(columns)].groupby(week)
    return weeks.sum().where(weeks.count().eq(weeks.size(), axis=0)).rename_axis("week")


def _days(days: Sequence[pd.Timestamp] | pd.Index) -> str:
    shown = ", ".join(pd.Timestamp(day).date().isoformat() for day in list(days)[:_SHOWN])
    return shown + (f" and {len(days) - _SHOWN} more" if len(days) > _SHOWN else "")
