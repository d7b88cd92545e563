"""Panel: the checked table of periods as named arrays that models read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Self

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.numbers import counted
from attribution.reading.cells import cells_of
from attribution.reading.contracts import Table
from attribution.reading.formats import PLAIN, Format
from attribution.reading.python_words import in_python_words
from attribution.reading.strict import read_days
from attribution.shown import in_short, shown, table_html
from mmm.arrays import Array
from mmm.data.column_roles import Exposure, Medium, ReachFrequency, Roles, Treatment
from mmm.data.holidays import Calendar
from mmm.data.indicators import with_remedy_for_words
from mmm.data.odd_markets import odd_markets

__all__ = ["Exposure", "Panel", "ReachFrequency", "Treatment", "silent_geos"]

_EARLY_WEEKS = 13
_DAILY = 0.7  # of the steps: more than in a table without weekends
_WORDS = "make a 0/1 column of each word but one: frame, names = mmm.indicators(frame, ['{column}'])."


@shown
@dataclass(frozen=True, eq=False)
class Panel:
    """KPI, spend and controls by geo and period.

    Parameters
    ----------
    dates
        First day of each of the T periods, ascending and without gaps.
    days
        Length of a period: 7 or 1.
    geos, channels, control_names
        Names along the axes; a national panel has one geo, ``"national"``. Channels are those with spend.
    kpi
        Customers (or revenue), shape (G, T).
    spend
        Currency, shape (G, T, C).
    media
        What drives each channel, shape (G, T, M), the organic channels last: spend, the volume of an :class:`Exposure`
        or the reach of a :class:`ReachFrequency`.
    controls
        Shape (G, T, K), treatments included.
    before
        Driver per period in the weeks before the panel, shape (G, M), from which carryover enters its first weeks: the
        mean of its first 13 weeks unless :meth:`with_before` says otherwise.
    kpi_name
        Column of the KPI.
    calendar
        Holidays and events.
    population
        People by geo, shape (G,), where given.
    organic_channels
        Channels without spend: M = C + their number.
    frequency
        Average frequency of channels measured by reach and frequency, NaN for others, shape (G, T, M); None where no
        channel is.
    treatments
        Controls with a contribution of their own.
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
    organic_channels: tuple[str, ...] = ()
    frequency: Array | None = None
    treatments: tuple[Treatment, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: object,
        date: str,
        kpi: str,
        spend: Mapping[str, str | Medium] | Sequence[str],
        controls: Iterable[str | Treatment] = (),
        geo: str | None = None,
        format: Format | None = None,
    ) -> Self:
        """Check a table and take the model's arrays from it.

        Parameters
        ----------
        frame
            One row per period (and geo): a pandas or polars frame, or a file or query as
            :func:`attribution.read_table` takes it. The ``attrs["name"]`` of a pandas frame, where set, is what
            messages call it.
        date
            Column with the first day of each week, or each day.
        kpi
            Column of new customers, or another outcome that media add to.
        spend
            Channel -> column of its spend, :class:`Exposure` or :class:`ReachFrequency`; a list takes columns as
            channels. One whose spend is None is an organic channel.
        controls
            Columns that move the KPI but are no media; a :class:`Treatment` has a contribution of its own.
        geo
            Column of regions; None for a national panel.
        format
            How the table writes numbers and dates, see :class:`attribution.Format`; its unit is that of the columns of
            spend. None: plain digits, a decimal point, ISO 8601.

        Raises
        ------
        BadInput
            Lists every problem: missing, duplicate or irregular periods, empty, infinite or negative numbers,
            unreadable dates, with table, column, row and remedy.
        """
        cells = cells_of(frame, "panel")
        name = cells.name
        roles = Roles.of(name, date, kpi, geo, spend, controls)
        key = (date, geo) if geo else (date,)
        _check_future(name, date, kpi, cells.frame, format or PLAIN)
        try:
            typed = Table(name, roles.columns(), key, format or PLAIN, cells.first_row).check(cells.frame)
        except BadInput as error:
            problems = with_remedy_for_words(error.problems, roles.controls, _WORDS)
            raise BadInput(in_python_words(problems)) from None
        roles.check_frequencies(typed)
        if geo and (odd := list(odd_markets(name, geo, typed[geo], typed[kpi], typed[date]))):
            raise BadInput(odd)
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
        if silent := silent_geos(name, kpi, geos, outcome):
            raise BadInput(silent)
        media = block([medium.volume for medium in roles.media.values()])
        values = block(roles.controls)
        at = {control: values[:, :, place] for place, control in enumerate(roles.controls)}
        return cls(
            dates=dates,
            days=days,
            geos=geos,
            channels=roles.paid,
            control_names=roles.controls,
            kpi=outcome,
            spend=block([medium.spend for medium in roles.media.values() if medium.spend is not None]),
            media=media,
            controls=values,
            before=media[:, : _EARLY_WEEKS * 7 // days].mean(axis=1),
            kpi_name=kpi,
            organic_channels=roles.organic,
            frequency=_frequencies(roles, block, media.shape),
            treatments=tuple(treatment.at(at[treatment.column]) for treatment in roles.treatments),
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
        if texts := [name for name, days in events.items() if isinstance(days, str)]:
            remedy = "put brackets around each text, and commas between several."
            raise BadInput(Problem("events", "is given as a text.", str(texts[0]), remedy=remedy))
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
            Channel, organic ones included -> amount per period, for every geo alike; 0 where the channel began with
            the panel. Channels not named keep the mean of their first periods.

        Raises
        ------
        UnknownChannel
            Where a channel is none of the panel's.
        BadInput
            Where an amount is negative or no number.
        """
        if wrong := [channel for channel, amount in driver.items() if not 0 <= amount < np.inf]:
            text = f"is no amount for {', '.join(wrong[:5])}{' and more' if len(wrong) > 5 else ''}."
            raise BadInput(Problem("the driver before the panel", text, remedy="give a number of 0 or more."))
        before = self.before.copy()
        for channel, amount in driver.items():
            if channel not in self.media_names:
                raise UnknownChannel(channel, self.media_names, "the driver before the panel")
            before[:, self.media_names.index(channel)] = amount
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
            before=self.media[:, max(start - self._early, 0) : start].mean(axis=1) if start > 0 else self.before,
            frequency=None if self.frequency is None else self.frequency[:, rows],
        )

    def with_channels(self, channels: Sequence[str], organic: Sequence[str] | None = None) -> Self:
        """The panel with only the channels named, and with all or some of its organic channels."""
        unpaid = self.organic_channels if organic is None else tuple(organic)
        places = [self.media_names.index(channel) for channel in (*channels, *unpaid)]
        frequency = None if self.frequency is None else self.frequency[:, :, places]
        return replace(
            self,
            channels=tuple(channels),
            spend=self.spend[:, :, places[: len(channels)]],
            media=self.media[:, :, places],
            before=self.before[:, places],
            organic_channels=unpaid,
            frequency=None if frequency is None or np.isnan(frequency).all() else frequency,
        )

    def __repr__(self) -> str:
        what = "weeks" if self.days == 7 else "days"
        where = "national" if len(self.geos) == 1 else f"{len(self.geos)} geos"
        return (
            f"Panel({self.periods} {what} {in_short(self.dates[0])} to {in_short(self.dates[-1])}, {where}, "
            f"{counted(len(self.media_names), 'channel')}, {counted(len(self.control_names), 'control')}, KPI "
            f"{in_short(self.kpi_name)})"
        )

    def _repr_html_(self) -> str:
        per_channel = pd.DataFrame(
            {"spend": self.spend.sum(axis=(0, 1))}, index=pd.Index(self.channels, name="channel")
        )
        return f"<p>{escape(repr(self))}</p>{table_html(per_channel)}"

    def after(self, periods: int) -> pd.DatetimeIndex:
        """First days of the periods that follow the panel."""
        step = pd.Timedelta(days=self.days)
        return pd.DatetimeIndex([self.dates[-1] + step * (place + 1) for place in range(periods)])

    @property
    def periods(self) -> int:
        """Number of periods T."""
        return len(self.dates)

    @property
    def per_week(self) -> int:
        """Periods in a week: 1 or 7."""
        return 7 // self.days

    @property
    def _early(self) -> int:
        return _EARLY_WEEKS * self.per_week

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

    @property
    def media_names(self) -> tuple[str, ...]:
        """Channels with spend, then those without, shape (M,)."""
        return (*self.channels, *self.organic_channels)

    @property
    def by_reach(self) -> tuple[bool, ...]:
        """Which of the media are measured by reach and frequency, shape (M,)."""
        if self.frequency is None:
            return (False,) * len(self.media_names)
        return tuple(bool(known) for known in ~np.isnan(self.frequency[0, 0]))

    @property
    def usual_frequency(self) -> Array:
        """Contacts per person reached over the panel, 0 for channels not measured so, shape (G, M)."""
        if self.frequency is None:
            return np.zeros((len(self.geos), self.media.shape[2]))
        contacts = (np.nan_to_num(self.frequency) * self.media).sum(axis=1)
        reached = self.media.sum(axis=1)
        return np.asarray(np.divide(contacts, reached, out=np.zeros_like(contacts), where=reached > 0))

    def frequency_with_lead(self, lead: int) -> Array:
        """Average frequency, ``lead`` earlier periods at its mean ahead, 0 where unknown; shape (G, lead + T, M)."""
        if self.frequency is None:
            return np.zeros((len(self.geos), lead + self.periods, self.media.shape[2]))
        ahead = np.repeat(self.usual_frequency[:, None], lead, axis=1)
        return np.concatenate([ahead, np.nan_to_num(self.frequency)], axis=1)

    @property
    def total_spend(self) -> pd.Series:
        """Spend over the panel by channel."""
        return pd.Series(self.spend.sum(axis=(0, 1)), index=list(self.channels), name="spend")

    @property
    def national_spend(self) -> pd.DataFrame:
        """Spend of all geos by period and channel."""
        return pd.DataFrame(self.spend.sum(axis=0), index=self.dates, columns=list(self.channels))

    def level(self) -> pd.Series:
        """Spend per period at which each channel runs: its recent spend, or where that is zero its last active level.

        The latter is the mean of the last periods, 13 weeks of them, in which the channel spent anything.
        """
        recent, spend = self.recent_spend(), self.national_spend
        last = pd.Series({name: series[series > 0].iloc[-self._early :].mean() for name, series in spend.items()})
        return recent.where(recent > 0, last)

    def recent_spend(self, weeks: int = 13) -> pd.Series:
        """Mean spend per period over the last weeks, by channel."""
        return self.national_spend.iloc[-weeks * self.per_week :].mean().rename("spend")


def silent_geos(table: str, kpi: str, geos: Sequence[str], outcome: Array) -> list[Problem]:
    """What is wrong with geos whose KPI, shape (G, T), is zero throughout: nothing can be learnt from those."""
    silent = [geo for geo, total in zip(geos, outcome.sum(axis=1), strict=True) if not total > 0]
    remedy = "leave its rows out, or add them to those of a neighbour."
    return [Problem(table, f"is zero throughout in {geo}.", kpi, remedy=remedy) for geo in silent]


def _frequencies(roles: Roles, block: Callable[[Sequence[str]], Array], shape: tuple[int, ...]) -> Array | None:
    """Average frequency by geo, period and channel, NaN where a channel is not measured so."""
    places = {place: m for place, m in enumerate(roles.media.values()) if isinstance(m, ReachFrequency)}
    if not places:
        return None
    table = np.full(shape, np.nan)
    for place, medium in places.items():
        table[:, :, place] = block([medium.frequency])[:, :, 0]
    return table


def _check_future(name: str, date: str, kpi: str, frame: pd.DataFrame, format: Format) -> None:
    """Rows of the coming periods, at the end and without a KPI, get an error of their own."""
    if kpi not in frame.columns or date not in frame.columns or frame.columns.duplicated().any():
        return
    empty = frame[kpi].isna().to_numpy()
    known = np.flatnonzero(~empty)
    if len(known) == 0 or not empty.any() or not empty[known[-1] + 1 :].all() or empty[: known[-1]].any():
        return
    if read_days(frame[date].iloc[known[-1] + 1 :], format).cells.isna().any():  # totals and other rows of no period
        return
    first = str(frame[date].iloc[known[-1] + 1])
    text = f"no KPI is known yet in the last {counted(int(empty.sum()), 'row')}, from {first} on."
    remedy = "cut them from the panel; give their controls to posterior.organic(controls=...)."
    raise BadInput(Problem(name, text, kpi, remedy=remedy))


def _periods(name: str, date: str, typed: pd.DataFrame, geos: int) -> tuple[pd.DatetimeIndex, int]:
    dates = pd.DatetimeIndex(np.sort(typed[date].unique()))
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
        remedy = f"add the rows, each with its KPI and 0 for what was not spent; a {unit} without KPI ends the panel."
        raise BadInput(Problem(name, text, date, remedy=remedy))
    return dates, days


def _several_weeks(name: str, date: str, dates: pd.DatetimeIndex, steps: np.ndarray) -> Problem | None:
    """What is wrong with rows that stand for several weeks or a month each; None where many are a week apart."""
    usual = int(np.median(steps))
    if usual < 14 or (steps == 7).mean() > 0.25:
        return None
    length = f"{usual // 7} weeks" if usual % 7 == 0 else "months" if 28 <= usual <= 31 else f"{usual} days"
    where = f"{dates[0].date().isoformat()} is followed by {dates[1].date().isoformat()}"
    text = f"rows are {length} long: {where}. What carries over from week to week cannot be seen in them."
    remedy = (
        "export spend and outcome by week or day; ad platforms and order tables hold days. Dividing a row among its "
        "weeks would make up what the model is to learn."
    )
    return Problem(name, text, date, remedy=remedy)


def _period_length(name: str, date: str, dates: pd.DatetimeIndex, steps: np.ndarray) -> int:
    if (several := _several_weeks(name, date, dates, steps)) is not None:
        raise BadInput(several)
    if (steps % 7 == 0).all():
        return 7
    if (steps == 1).mean() > _DAILY:
        return 1
    odd = int(np.flatnonzero(steps % 7 != 0)[0])
    where = f"{dates[odd].date().isoformat()} is followed by {dates[odd + 1].date().isoformat()}"
    if (steps == 1).any() and (steps == 7).any():
        text, remedy = f"mixes daily and weekly rows: {where}.", "sum the daily rows to weeks."
    else:
        text = f"periods are neither weeks nor days: {where}."
        remedy = "give one row per week, dated by the same weekday throughout."
    raise BadInput(Problem(name, text, date, remedy=remedy))


_WHOLE = (
    "give every geo a row for every period; where one began later or ended earlier, leave it out, or begin and end the "
    "table with it."
)


def _complete(
    name: str, date: str, geo: str | None, typed: pd.DataFrame, geos: Sequence[str], dates: pd.DatetimeIndex
) -> None:
    present = set(typed.index)
    lacking = [(place, day) for place in geos for day in dates if (place, day) not in present]
    if lacking:
        place, day = lacking[0]
        text = (
            f"{counted(len(lacking), 'row is', 'rows are')} missing, first {geo} {place} on {day.date().isoformat()}."
        )
        raise BadInput(Problem(name, text, date, remedy=_WHOLE))
