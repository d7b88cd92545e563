"""Holidays and own events as columns that past and coming weeks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, MissingExtra, Problem
from mmm.arrays import Array

__all__ = ["Calendar"]


@dataclass(frozen=True)
class Calendar:
    """Days that move the KPI by themselves: public holidays of a country and events of one's own.

    Parameters
    ----------
    country
        ISO 3166 code whose public holidays count, such as ``"DE"``; None for none.
    events
        Event name -> its dates, past and coming.
    """

    country: str | None = None
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def columns(self, dates: pd.DatetimeIndex, days: int, names: tuple[str, ...]) -> Array:
        """Days of each named holiday or event within each period, shape (len(dates), len(names)).

        Parameters
        ----------
        dates
            First day of each period.
        days
            Length of a period: 7 or 1.
        names
            Which columns, in which order; a name without a day in these periods gives zeros.
        """
        table = np.zeros((len(dates), len(names)))
        first = dates[0]
        for name, day in self._days(dates, days):
            if name in names:
                row = (day - first).days // days
                if 0 <= row < len(dates):
                    table[row, names.index(name)] += 1.0
        return table

    def names(self, dates: pd.DatetimeIndex, days: int) -> tuple[str, ...]:
        """Names with at least one day in these periods, sorted."""
        last = dates[-1] + pd.Timedelta(days=days)
        return tuple(sorted({name for name, day in self._days(dates, days) if dates[0] <= day < last}))

    def _days(self, dates: pd.DatetimeIndex, days: int) -> list[tuple[str, pd.Timestamp]]:
        dated = [(name, day) for name, given in self.events.items() for day in _timestamps(name, given)]
        if self.country is not None:
            last = dates[-1] + pd.Timedelta(days=days)
            public = _public_holidays(self.country, range(dates[0].year, last.year + 1))
            dated += [(part, pd.Timestamp(day)) for day, name in public.items() for part in name.split("; ")]
        return dated


def _timestamps(name: str, given: tuple[str, ...]) -> list[pd.Timestamp]:
    try:
        return [pd.Timestamp(pd.to_datetime(day, format="ISO8601")) for day in given]
    except (ValueError, TypeError):
        problem = Problem(
            "events", f"has a date that cannot be read: {', '.join(map(str, given))}.", name, remedy="write 2026-11-27."
        )
        raise BadInput(problem) from None


def _public_holidays(country: str, years: range) -> Mapping[Any, str]:
    try:
        import holidays
    except ImportError:
        raise MissingExtra("holidays", "holidays") from None
    try:
        calendar: Mapping[Any, str] = holidays.country_holidays(country, years=list(years), language="en_US")
    except (NotImplementedError, TypeError):
        remedy = "use an ISO 3166 code such as 'DE', 'FR' or 'US'."
        raise BadInput(Problem("holidays", f"no calendar for {country!r}.", remedy=remedy)) from None
    return calendar
