"""Panel: the checked table of periods as named arrays that models read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from attribution.contracts import Column, Table
from attribution.errors import BadInput, Problem, UnknownChannel
from mmm.calendar import Calendar
from mmm.priors import Array

__all__ = ["Exposure", "Panel"]

_EARLY = 13


@dataclass(frozen=True)
class Exposure:
    """A channel whose effect is driven by what was delivered, with the spend beside it.

    Parameters
    ----------
    spend
        Column of currency spent.
    volume
        Column of what was delivered: impressions, clicks, sends.
    """

    spend: str
    volume: str


@dataclass(frozen=True, eq=False)
class Panel:
    """KPI, spend and controls by geo and period.

    Parameters
    ----------
    dates
        First day of each of the T periods, ascending and without gaps.
    days
        Length of a period: 7 or 1.
    geos, channels, controls_names
        Names along the axes; a national panel has one geo, ``"national"``.
    kpi
        Customers (or revenue), shape (G, T).
    spend
        Currency, shape (G, T, C).
    media
        What drives each channel, shape (G, T, C): spend, or the volume of an :class:`Exposure`.
    controls
        Shape (G, T, K).
    before
        Driver per period in the weeks before the panel, shape (G, C), from which carryover enters its first weeks: the
        mean of its first 13 periods unless :meth:`with_before` says otherwise.
    kpi_name
        Column of the KPI.
    calendar
        Holidays and events.
    population
        People by geo, shape (G,), where given.
    """

    dates: pd.DatetimeIndex
    days: int
    geos: tuple[str, ...]
    channels: tuple[str, ...]
    control_names: tuple[str, ...]
    kpi: Array
    spend: Array
    media: Array
    controls: Array
    before: Array
    kpi_name: str = "kpi"
    calendar: Calendar = field(default_factory=Calendar)
    population: Array | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        date: str,
        kpi: str,
        spend: Mapping[str, str | Exposure] | Sequence[str],
        controls: Iterable[str] = (),
        geo: str | None = None,
        date_format: str | None = None,
    ) -> Self:
        """Check a table and take the model's arrays from it.

        Parameters
        ----------
        frame
            One row per period (and geo). Its ``attrs["name"]``, where set, is what messages call it.
        date
            Column with the first day of each week, or each day.
        kpi
            Column of new customers, or another outcome that media add to.
        spend
            Channel -> column of its spend (or :class:`Exposure`); a list takes columns as channels.
        controls
            Columns that move the KPI but are no media.
        geo
            Column of regions; None for a national panel.
        date_format
            ``strptime`` pattern of text dates; None accepts ISO 8601 only.

        Raises
        ------
        BadInput
            Lists every problem: missing, duplicate or irregular periods, empty, infinite or negative numbers,
            unreadable dates, with table, column, row and remedy.
        """
        name = str(frame.attrs.get("name", "panel"))
        media = {str(channel): _exposure(column) for channel, column in _as_mapping(spend).items()}
        names = tuple(str(control) for control in controls)
        _check_roles(name, date, kpi, media, names, geo)
        columns = [Column(date, "date"), Column(kpi, minimum=0.0)]
        columns += [Column(column, minimum=0.0) for column in _unique(media)]
        columns += [Column(control) for control in names]
        columns += [Column(geo, "text")] if geo else []
        key = (date, geo) if geo else (date,)
        _check_future(name, date, kpi, frame)
        typed = Table(name, tuple(columns), key=key, date_format=date_format).check(frame)
        typed = typed.assign(**{geo or "\0geo": typed[geo].astype(str) if geo else "national"})
        geos = tuple(sorted(typed[geo or "\0geo"].unique()))
        dates, days = _periods(name, date, typed, len(geos))
        typed = typed.set_index([geo or "\0geo", date]).sort_index()
        _complete(name, date, geo, typed, geos, dates)

        def block(wanted: Sequence[str]) -> Array:
            values = typed[list(wanted)].to_numpy(dtype=float)
            return np.ascontiguousarray(values.reshape(len(geos), len(dates), len(wanted)))

        outcome = block([kpi])[:, :, 0]
        if not outcome.sum() > 0:
            raise BadInput(Problem(name, "is zero throughout.", kpi, remedy="name the column of new customers."))
        media_table = block([entry.volume for entry in media.values()])
        return cls(
            dates=dates,
            days=days,
            geos=geos,
            channels=tuple(media),
            control_names=names,
            kpi=outcome,
            spend=block([entry.spend for entry in media.values()]),
            media=media_table,
            controls=block(names),
            before=media_table[:, :_EARLY].mean(axis=1),
            kpi_name=kpi,
        )

    def with_holidays(self, country: str) -> Self:
        """The panel with the public holidays of a country, by its ISO 3166 code.

        Raises
        ------
        BadInput
            Where there is no calendar for ``country``.
        """
        panel = replace(self, calendar=replace(self.calendar, country=country))
        panel.calendar.names(panel.dates, panel.days)
        return panel

    def with_events(self, events: Mapping[str, Iterable[str]]) -> Self:
        """The panel with events of one's own: name -> dates as 2026-11-27, past and coming."""
        given = {str(name): tuple(str(day) for day in days) for name, days in events.items()}
        panel = replace(self, calendar=replace(self.calendar, events=given))
        panel.calendar.names(panel.dates, panel.days)
        return panel

    def with_population(self, people: Mapping[str, float]) -> Self:
        """The panel with the population of each geo, by which media are scaled.

        Raises
        ------
        BadInput
            Where a geo is missing, or its population is not positive.
        """
        wrong = [geo for geo in self.geos if not people.get(geo, 0.0) > 0]
        if wrong:
            text = f"no positive number for {', '.join(wrong[:5])}{' and more' if len(wrong) > 5 else ''}."
            raise BadInput(Problem("population", text, remedy="give every geo its population."))
        return replace(self, population=np.array([float(people[geo]) for geo in self.geos]))

    def with_before(self, driver: Mapping[str, float]) -> Self:
        """The panel with another driver (spend, or volume of an exposure) per period before its first one.

        Parameters
        ----------
        driver
            Channel -> amount per period, for every geo alike; 0 where the channel began with the panel. Channels not
            named keep the mean of their first periods.
        """
        before = self.before.copy()
        for channel, amount in driver.items():
            if channel not in self.channels:
                raise UnknownChannel(channel, self.channels, "the driver before the panel")
            before[:, self.channels.index(channel)] = amount
        return replace(self, before=before)

    def select(self, start: int, stop: int) -> Self:
        """The periods from row ``start`` up to, not including, row ``stop``."""
        rows = slice(start, stop)
        return replace(
            self,
            dates=self.dates[rows],
            kpi=self.kpi[:, rows],
            spend=self.spend[:, rows],
            media=self.media[:, rows],
            controls=self.controls[:, rows],
            before=self.media[:, max(start - _EARLY, 0) : start].mean(axis=1) if start > 0 else self.before,
        )

    def with_channels(self, channels: Sequence[str]) -> Self:
        """The panel with only the channels named."""
        places = [self.channels.index(channel) for channel in channels]
        return replace(
            self,
            channels=tuple(channels),
            spend=self.spend[:, :, places],
            media=self.media[:, :, places],
            before=self.before[:, places],
        )

    def after(self, periods: int) -> pd.DatetimeIndex:
        """First days of the periods that follow the panel."""
        step = pd.Timedelta(days=self.days)
        return pd.DatetimeIndex([self.dates[-1] + step * (place + 1) for place in range(periods)])

    @property
    def periods(self) -> int:
        """Number of periods T."""
        return len(self.dates)

    @property
    def media_units(self) -> Array:
        """Driver that counts as one, by geo and channel: the mean per unit of size, times the size, shape (G, C)."""
        size = self.sizes / self.sizes.mean()
        mean = (self.media / size[:, None, None]).mean(axis=(0, 1))
        return np.asarray(size[:, None] * mean)

    @property
    def sizes(self) -> Array:
        """What media of each geo are scaled by: its population where given, else its mean KPI, shape (G,)."""
        return self.kpi.mean(axis=1) if self.population is None else self.population

    def frequency_with_lead(self, lead: int) -> Array:
        """Average frequency with ``lead`` earlier periods ahead at its mean, shape (G, lead + T, M)."""
        return np.zeros((len(self.geos), lead + self.periods, self.media.shape[2]))

    @property
    def total_spend(self) -> pd.Series:
        """Spend over the panel by channel."""
        return pd.Series(self.spend.sum(axis=(0, 1)), index=list(self.channels), name="spend")

    @property
    def national_spend(self) -> pd.DataFrame:
        """Spend of all geos by period and channel."""
        return pd.DataFrame(self.spend.sum(axis=0), index=self.dates, columns=list(self.channels))

    @property
    def national_kpi(self) -> pd.Series:
        """KPI of all geos by period."""
        return pd.Series(self.kpi.sum(axis=0), index=self.dates, name=self.kpi_name)

    def recent_spend(self, periods: int = 13) -> pd.Series:
        """Mean spend per period over the last ``periods``, by channel."""
        return self.national_spend.iloc[-periods:].mean().rename("spend")


def _exposure(column: str | Exposure) -> Exposure:
    return column if isinstance(column, Exposure) else Exposure(str(column), str(column))


def _as_mapping(spend: Mapping[str, str | Exposure] | Sequence[str]) -> Mapping[str, str | Exposure]:
    return spend if isinstance(spend, Mapping) else {column: column for column in spend}


def _unique(media: Mapping[str, Exposure]) -> list[str]:
    return list(dict.fromkeys(column for entry in media.values() for column in (entry.spend, entry.volume)))


def _check_roles(
    name: str, date: str, kpi: str, media: Mapping[str, Exposure], controls: Sequence[str], geo: str | None
) -> None:
    if not media:
        raise BadInput(Problem(name, "no channel is named.", remedy="name at least one spend column."))
    used = [date, kpi, *([geo] if geo else []), *(entry.spend for entry in media.values()), *controls]
    volumes = [entry.volume for entry in media.values() if entry.volume != entry.spend]
    counts = pd.Series(used + volumes).value_counts()
    problems = [
        Problem(name, "has two roles.", str(column), remedy="use a column once: as date, KPI, one channel or control.")
        for column in counts.index[counts > 1]
    ]
    if problems:
        raise BadInput(problems)


def _check_future(name: str, date: str, kpi: str, frame: pd.DataFrame) -> None:
    """Rows of the coming periods, at the end and without a KPI, get an error of their own."""
    if kpi not in frame.columns or date not in frame.columns or frame.columns.duplicated().any():
        return
    empty = frame[kpi].isna().to_numpy()
    known = np.flatnonzero(~empty)
    if len(known) == 0 or not empty.any() or not empty[known[-1] + 1 :].all() or empty[: known[-1]].any():
        return
    first = str(frame[date].iloc[known[-1] + 1])
    text = f"the last {int(empty.sum())} rows, from {first} on, have no KPI yet."
    remedy = "cut them from the panel; give their controls to posterior.organic(controls=...)."
    raise BadInput(Problem(name, text, kpi, remedy=remedy))


def _periods(name: str, date: str, typed: pd.DataFrame, geos: int) -> tuple[pd.DatetimeIndex, int]:
    if getattr(typed[date].dtype, "tz", None) is not None:
        raise BadInput(Problem(name, "has a time zone.", date, remedy="give plain days such as 2024-01-29."))
    dates = pd.DatetimeIndex(np.sort(typed[date].unique()))
    if (dates != dates.normalize()).any():
        raise BadInput(
            Problem(name, "has times of day.", date, remedy="give one row per week or day, dated by its day.")
        )
    if len(dates) < 2:
        raise BadInput(Problem(name, "has a single period.", date, remedy="give at least a year of weekly rows."))
    steps = np.diff(dates.to_numpy()).astype("timedelta64[D]").astype(int)
    days = _period_length(name, date, dates, steps)
    gaps = np.flatnonzero(steps != days)
    if len(gaps):
        missing = pd.date_range(dates[0], dates[-1], freq=f"{days}D").difference(dates)
        shown = ", ".join(day.date().isoformat() for day in missing[:5]) + (" ..." if len(missing) > 5 else "")
        unit = "week" if days == 7 else "day"
        text = f"{len(missing)} {unit}{'s are' if len(missing) > 1 else ' is'} missing: {shown}."
        remedy = f"add the rows; a {unit} without spend is a row of zeros, a {unit} without KPI ends the panel."
        raise BadInput(Problem(name, text, date, remedy=remedy))
    return dates, days


def _period_length(name: str, date: str, dates: pd.DatetimeIndex, steps: np.ndarray) -> int:
    if (steps % 7 == 0).all():
        return 7
    if (steps == 1).mean() > 0.9:
        return 1
    odd = int(np.flatnonzero(steps % 7 != 0)[0])
    where = f"{dates[odd].date().isoformat()} is followed by {dates[odd + 1].date().isoformat()}"
    if (steps == 1).any() and (steps == 7).any():
        text, remedy = f"mixes daily and weekly rows: {where}.", "sum the daily rows to weeks."
    else:
        text = f"periods are neither weeks nor days: {where}."
        remedy = "give one row per week, dated by the same weekday throughout."
    raise BadInput(Problem(name, text, date, remedy=remedy))


def _complete(
    name: str, date: str, geo: str | None, typed: pd.DataFrame, geos: Sequence[str], dates: pd.DatetimeIndex
) -> None:
    present = set(typed.index)
    lacking = [(place, day) for place in geos for day in dates if (place, day) not in present]
    if lacking:
        place, day = lacking[0]
        text = f"{len(lacking)} rows are missing, first {geo} {place} on {day.date().isoformat()}."
        raise BadInput(Problem(name, text, date, remedy="give every geo a row for every period."))
