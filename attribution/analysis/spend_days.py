"""Spend by day, and the days on which both spend and conversions are known."""

from __future__ import annotations

from math import exp

import pandas as pd

from attribution.analysis.periods import LENGTHS, Days, local_day, periods_of
from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.numbers import counted
from attribution.paths.journeys import Journeys
from attribution.reading.tables import SPEND, renamed

__all__ = ["by_day", "common_days", "daily", "log_days"]

_CHANCE = 0.01
_DAY = pd.Timedelta(days=1)


def by_day(spend: object, length: str = "W") -> pd.DataFrame:
    """Spend of weeks, months or longer, in equal parts on their days.

    Parameters
    ----------
    spend
        Columns ``date``, ``channel`` and ``spend``, and perhaps ``geo``; a row per period.
    length
        What a row covers: ``"W"`` the seven days from its date, ``"M"``, ``"Q"`` or ``"Y"`` the month, quarter or year
        of its date.

    Returns
    -------
    pandas.DataFrame
        The same columns, a row per day.

    Examples
    --------
    >>> weekly = pd.DataFrame({"date": ["2024-01-01"], "channel": ["tv"], "spend": [70.0]})
    >>> by_day(weekly)["spend"].tolist()
    [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]

    Raises
    ------
    BadInput
        A faulty table, or no such length.
    """
    checked = renamed(SPEND, "spend").check(spend).reset_index(drop=True)
    dates = pd.DatetimeIndex(checked["date"])
    if length == "W":
        first, count = dates, pd.Series(7, checked.index)
    else:
        periods_of((dates[0], dates[0]), length)
        periods = dates.to_period(length)
        first = periods.start_time
        count = pd.Series((periods.end_time.normalize() - first).days + 1, checked.index)
    rows = checked.loc[checked.index.repeat(count)]
    step = rows.groupby(level=0).cumcount().to_numpy()
    share = rows["spend"].to_numpy() / count.loc[rows.index].to_numpy()
    date = first[rows.index] + pd.to_timedelta(step, unit="D")
    spread = rows.assign(date=date, spend=share).reset_index(drop=True)
    keys = [str(name) for name in spread if name != "spend"]
    return spread.groupby(keys, dropna=False)["spend"].sum().reset_index()


def daily(spend: object, journeys: Journeys) -> pd.DataFrame:
    """Spend by day (rows) and channel (columns), on every day from the first to the last of the table.

    Raises
    ------
    BadInput
        A faulty table, or one whose rows do not show that they are days.
    UnknownChannel
        Spend on a channel that is in no path.
    """
    checked = renamed(SPEND, "spend").check(spend)
    for channel in checked["channel"].unique():
        if channel not in journeys.channels:
            raise UnknownChannel(channel, journeys.channels, where="spend")
    dates = pd.DatetimeIndex(checked["date"])
    if dates.tz is not None:
        dates = dates.tz_localize(None)
    days = dates.normalize()
    seen = days.unique().sort_values()
    if not (seen[1:] - seen[:-1] == _DAY).any():
        apart = (
            f"lie {counted((seen[1:] - seen[:-1]).min().days, 'day')} apart" if len(seen) > 1 else "hold one day alone"
        )
        remedy = f"say what a row covers with by_day(spend, {'W'!r}) or another of {', '.join(LENGTHS)}."
        raise BadInput(Problem("spend", f"is needed by day, and its dates {apart}.", "date", remedy=remedy))
    keyed = pd.DataFrame({"day": days, "channel": checked["channel"].astype(str).to_numpy()})
    keyed["spend"] = checked["spend"].to_numpy()
    table = keyed.pivot_table(index="day", columns="channel", values="spend", aggfunc="sum", fill_value=0.0)
    return table.reindex(pd.date_range(seen[0], seen[-1]), fill_value=0.0)


def log_days(journeys: Journeys) -> Days:
    """First and last local day on which the log would have shown both touches and conversions.

    Where one of the two begins later or stops earlier, its own first or last day counts, unless so long a silence is
    likely at its rate by chance (above 1 %): a log of few conversions does not stop with the last of them.

    Raises
    ------
    BadInput
        Aggregated paths have no times.
    """
    seen, zone = journeys.seen, journeys.days_in
    if seen is None:
        raise BadInput("aggregated paths have no times; build the journeys from touchpoints.")
    first_touch, last_touch, first_end, last_end = (
        local_day(moment, zone) for moment in (seen.first_touch, seen.last_touch, seen.first_end, seen.last_end)
    )
    of_touches = seen.touches / ((last_touch - first_touch).days + 1)
    of_ends = seen.ends / ((last_end - first_end).days + 1)
    early = _by_chance(first_end - first_touch, of_ends if first_end > first_touch else of_touches)
    late = _by_chance(last_touch - last_end, of_ends if last_touch > last_end else of_touches)
    return (min if early else max)(first_touch, first_end), (max if late else min)(last_touch, last_end)


def _by_chance(silence: pd.Timedelta, rate: float) -> bool:
    """Whether so many days without any event are likely enough at so many events a day."""
    return exp(-rate * abs(silence.days)) > _CHANCE


def common_days(journeys: Journeys, spend: object, lag: int = 0) -> Days:
    """First and last day of conversions whose spend is known and that the log would show.

    Parameters
    ----------
    journeys
        Paths with times.
    spend
        Columns ``date``, ``channel`` and ``spend``, by day; see :func:`by_day`.
    lag
        Days by which spend leads.

    Raises
    ------
    BadInput
        No day in common, or spend that is not by day.
    """
    days = daily(spend, journeys).index
    return overlap(log_days(journeys), (days[0] + lag * _DAY, days[-1] + lag * _DAY))


def overlap(log: Days, spent: Days) -> Days:
    """Days that the log and the spend share; raises BadInput where there are none."""
    first, last = max(log[0], spent[0]), min(log[1], spent[1])
    if first > last:
        covers = [f"{days[0]:%Y-%m-%d} to {days[1]:%Y-%m-%d}" for days in (log, spent)]
        raise BadInput(f"spend and journeys have no day in common; the log covers {covers[0]}, the spend {covers[1]}.")
    return first, last
