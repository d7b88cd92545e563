"""What came: a table like the weekly one, checked by the same contract, laid over the weeks of a sealed forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.small import read_table
from mmm import Panel
from mmm.arrays import Array
from mmm.data.indicators import indicators
from mmm.posterior.forecast import Coming
from optimizer.cycle.forecast import Course
from optimizer.planning.file.column_roles import coming_columns, in_plan_currency, media_of
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import Reach, Weekly
from optimizer.planning.inputs.other_currency import column_of_another_currency
from optimizer.planning.inputs.weekly_table import weekly_table
from optimizer.planning.since.actuals import restated, today
from optimizer.planning.since.unlike_before import Weeks, another_unit, unlike_before, unread

__all__ = ["Actuals", "read_actuals"]

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Actuals:
    """What came in the first weeks of a forecast.

    Parameters
    ----------
    course
        Spend, delivery and controls by period.
    kpi
        Customers, shape (G, T).
    notes
        Rows that were passed over and money that no curve covers, in sentences.
    """

    course: Course
    kpi: Array
    notes: tuple[str, ...]


def read_actuals(
    source: str,
    config: Config,
    panel: Panel,
    dates: pd.DatetimeIndex,
    words: Mapping[str, Sequence[str]],
    planned: Course | None = None,
) -> Actuals:
    """Read what came.

    Parameters
    ----------
    source
        A file as :func:`attribution.read_table` takes it, with the columns and the format of ``data.weekly``; a column
        for each new channel of the plan under the channel's name; rows of other weeks are passed over.
    config
        The sealed plan file.
    panel
        That its model was fitted to.
    dates
        First day of each period of the forecast; the table holds the first of them, or all.
    words
        Of columns of words, as the fit knew them.
    planned
        The sealed course, for what was to be spent.

    Raises
    ------
    BadInput
        Every problem with table, column and row or week.
    """
    weekly = config.data.weekly
    if weekly is None:
        raise BadInput("the sealed plan file names no weekly table.")
    new = list(config.plan.without_history) if config.plan is not None else []
    name = Path(source.partition("::")[0]).name
    table = weekly_table(weekly, name, new, population=False)
    raw = read_table(source, table, weekly.format, config.engine.engine)
    if wrong := list(column_of_another_currency(raw, weekly, config.currency, name)):
        raise BadInput(wrong)
    frame = in_plan_currency(raw, weekly, config.rates)
    frame.attrs["name"] = name
    frame, made = indicators(frame, words)
    market = pd.Series(panel.geos[0], index=frame.index) if weekly.geo is None else frame[weekly.geo].astype(str)
    day = pd.to_datetime(frame[weekly.date])
    inside = (day >= dates[0]) & (day < dates[-1] + pd.Timedelta(days=panel.days))
    over = _periods_over(name, weekly, panel, dates, day[inside], market[inside])
    placed = frame[inside].set_index([market[inside], day[inside]])
    by_geo = {geo: placed.loc[[geo]].droplevel(0).reindex(dates[:over]) for geo in panel.geos}
    course = _course(weekly, panel, by_geo, new, made)
    kpi = np.array([by_geo[geo][weekly.kpi].to_numpy(dtype=float) for geo in panel.geos])
    since = _since(course, kpi, panel, weekly, dates[:over])
    if planned is not None:
        spend = planned.first(over).spend.sum(axis=(0, 1))
        wanted = {weekly.channels.get(one, one): float(money) for one, money in zip(panel.channels, spend, strict=True)}
        since = replace(since, planned=wanted)
    if problems := list(another_unit(name, since)):
        raise BadInput(problems)
    named = {column.name for column in table.columns} | {weekly.population or ""}
    stray = unread(raw[inside], named | set(_named_by_rails(config)), weekly.format)
    told = [*_unfinished(panel, dates[:over])]
    told += _notes(weekly, panel, frame[inside], int((~inside).sum()), config.currency)
    told += restated(frame.assign(**{weekly.date: day}), weekly, panel, config.data.by_value is not None)
    return Actuals(course, kpi, (*told, *unlike_before(since), *stray))


def _since(course: Course, kpi: Array, panel: Panel, weekly: Weekly, dates: pd.DatetimeIndex) -> Weeks:
    """Weeks that were fitted beside those that came."""
    spend = {
        weekly.channels.get(name, name): (panel.spend[:, :, place].sum(axis=0), course.spend[:, :, place].sum(axis=0))
        for place, name in enumerate(panel.channels)
    }
    came = _by_period(course.controls)
    controls = {
        name: (panel.controls[:, :, place].sum(axis=0), came[name].to_numpy())
        for place, name in enumerate(panel.control_names)
        if name in came
    }
    return Weeks(spend, {weekly.kpi: (panel.kpi.sum(axis=0), kpi.sum(axis=0)), **controls}, weekly.kpi, dates)


def _by_period(controls: Coming) -> pd.DataFrame:
    """Controls of all markets together."""
    if controls is None or isinstance(controls, pd.DataFrame):
        return pd.DataFrame() if controls is None else controls
    return sum(list(controls.values())[1:], start=next(iter(controls.values())))


def _named_by_rails(config: Config) -> Iterator[str]:
    """Columns that only ``cac monitor`` reads."""
    yield from config.guardrails.funnel
    yield from (column for pairs in config.guardrails.reported.values() for _, column in pairs)


def _periods_over(
    name: str, weekly: Weekly, panel: Panel, dates: pd.DatetimeIndex, day: pd.Series, market: pd.Series
) -> int:
    """How many periods of the forecast the table holds, from the first on.

    Raises
    ------
    BadInput
        Where it holds none, has gaps, or names days that begin none and markets that there are not.
    """
    unit = "week" if panel.days == 7 else "day"
    first, last = f"{dates[0]:%Y-%m-%d}", f"{dates[-1]:%Y-%m-%d}"
    if not len(day):
        text = f"holds none of the {unit}s of the sealed forecast, {first} to {last}."
        remedy = "give the table of those, or name another sealed plan with --name."
        raise BadInput(Problem(name, text, weekly.date, remedy=remedy))
    problems = list(_strangers(name, weekly, panel, dates, day, market))
    if not problems:
        wanted = dates[: int(dates.get_indexer(pd.DatetimeIndex([day.max()]))[0]) + 1]
        for geo in panel.geos:
            lacking = wanted.difference(pd.DatetimeIndex(day[market == geo]))
            if len(lacking):
                where = f" of {geo}" if weekly.geo is not None else ""
                units = unit if len(lacking) == 1 else f"{unit}s"
                text = f"lacks {len(lacking)} {units}{where} before its last one: {_few(lacking)}."
                remedy = "add the rows, each with its KPI and 0 for what was not spent."
                problems.append(Problem(name, text, weekly.date, remedy=remedy))
    if problems:
        raise BadInput(problems)
    return len(wanted)


def _strangers(
    name: str, weekly: Weekly, panel: Panel, dates: pd.DatetimeIndex, day: pd.Series, market: pd.Series
) -> Iterator[Problem]:
    """Days that begin no period, and markets that the plan does not have."""
    odd = pd.DatetimeIndex(day[~day.isin(dates)].unique())
    if len(odd):
        text = f"{_few(odd)} begin no week of the forecast, whose weeks begin on a {dates[0]:%A}, {dates[0]:%Y-%m-%d}."
        yield Problem(name, text, weekly.date, remedy="date every week as the weekly table does.")
    strange = sorted(set(market) - set(panel.geos))
    if strange:
        text = f"names {', '.join(strange[:_SHOWN])}, which the plan does not have."
        yield Problem(name, text, weekly.geo, remedy=f"its markets are {', '.join(panel.geos[:_SHOWN])}.")


def _few(days: pd.DatetimeIndex) -> str:
    more = f" and {len(days) - _SHOWN} more" if len(days) > _SHOWN else ""
    return ", ".join(f"{day:%Y-%m-%d}" for day in days[:_SHOWN]) + more


def _course(
    weekly: Weekly, panel: Panel, by_geo: Mapping[str, pd.DataFrame], new: list[str], made: Sequence[str]
) -> Course:
    media = media_of(weekly)

    def block(columns: Sequence[str | None]) -> Array:
        nothing = np.full(len(next(iter(by_geo.values()))), np.nan)
        tables = [
            np.column_stack([nothing if column is None else table[column].to_numpy(dtype=float) for column in columns])
            for table in by_geo.values()
        ]
        return np.array(tables)

    paid = [media[name] for name in panel.channels]
    often = [
        driver.frequency if isinstance(driver := weekly.driven_by.get(name), Reach) else None for name in panel.channels
    ]
    columns = coming_columns(weekly) | dict(zip(made, made, strict=True))
    controls: Coming = None
    if columns:
        tables = {geo: table[list(columns)].astype(float).rename(columns=columns) for geo, table in by_geo.items()}
        controls = tables if len(tables) > 1 else next(iter(tables.values()))
    first = next(iter(by_geo.values()))
    return Course(
        spend=block([str(medium.spend) for medium in paid]),
        media=block([medium.volume for medium in paid]),
        frequency=block(often) if any(often) else None,
        controls=controls,
        new=first[new].to_numpy(dtype=float).reshape(len(first), len(new)),
    )


def _unfinished(panel: Panel, dates: pd.DatetimeIndex) -> Iterator[str]:
    """Periods of which a part is still to come, so that they seem to miss what was planned."""
    late = dates[dates + pd.Timedelta(days=panel.days) > pd.Timestamp(today())]
    if len(late):
        yield (
            f"By this machine's calendar these have not ended yet, and what is still to come of them counts as missed: "
            f"{_few(late)}. Leave their rows out until they have."
        )


def _notes(weekly: Weekly, panel: Panel, inside: pd.DataFrame, passed: int, currency: str) -> Iterator[str]:
    if passed:
        yield f"{amount(passed)} rows of other weeks than the forecast's were passed over."
    for channel, column in weekly.channels.items():
        if channel not in panel.channels and (spent := float(inside[column].sum())) > 0:
            yield (
                f"{channel} spent {amount(spent)} {currency} and has no curve, for it never spent before the forecast: "
                "what it brought is in what is unexplained."
            )
