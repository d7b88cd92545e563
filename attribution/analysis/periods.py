"""Moments and the local periods they fall in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.arrays import Ints
from attribution.errors import BadInput
from attribution.paths.time_zones import midnights, offsets

__all__ = ["LENGTHS", "OUTSIDE", "Calendar", "Days", "local_day", "periods_of"]

LENGTHS = {"D": "day", "W": "week that ends on Sunday", "M": "month", "Q": "quarter", "Y": "year"}
"""What a period may be."""

OUTSIDE = ("(before)", "(after)")
"""What a calendar within some days calls the time before and after them."""

Days = tuple[pd.Timestamp, pd.Timestamp]
"""First and last day, as midnights without a zone."""


def periods_of(days: Days, length: str) -> pd.PeriodIndex:
    """The periods that some days fall in.

    Raises
    ------
    BadInput
        For a length that is none.
    """
    if length not in LENGTHS:
        listed = ", ".join(f"{name!r} ({what})" for name, what in LENGTHS.items())
        raise BadInput(f"{length!r} is no period. Periods are {listed}.")
    return pd.period_range(*days, freq=length)


def local_day(moment: int, zone: str | None) -> pd.Timestamp:
    """The local day of a moment in microseconds since 1970."""
    distance = offsets((moment, moment), zone)[1][0]
    return pd.Timestamp(moment + distance, unit="us").normalize()


@dataclass(frozen=True)
class Calendar:
    """Periods one after another.

    Parameters
    ----------
    names
        Such as ``"2024-01"``.
    edges
        Microseconds since 1970 at which each period but the first begins.
    """

    names: tuple[str, ...]
    edges: tuple[int, ...]

    @classmethod
    def over(cls, span: tuple[pd.Timestamp, pd.Timestamp], length: str, zone: str | None = None) -> Calendar:
        """The periods from one moment to another.

        Parameters
        ----------
        span
            First and last moment, in UTC without the zone.
        length
            ``"D"``, ``"W"`` (ends on Sunday), ``"M"``, ``"Q"`` or ``"Y"``.
        zone
            Time zone whose days count; None for UTC.

        Examples
        --------
        >>> Calendar.over((pd.Timestamp("2024-01-30"), pd.Timestamp("2024-03-01")), "M").names
        ('2024-01', '2024-02', '2024-03')

        Raises
        ------
        BadInput
            For a length that is none.
        """
        first, last = (local_day(round(moment.timestamp() * 1e6), zone) for moment in span)
        periods = periods_of((first, last), length)
        return cls(tuple(map(str, periods)), tuple(midnights(periods[1:].start_time, zone)))

    @classmethod
    def within(cls, days: Days, length: str, zone: str | None = None) -> Calendar:
        """The periods of some days, cut to these days, between the time before and the time after them.

        Parameters
        ----------
        days
            First and last day.
        length, zone
            As for :meth:`over`.
        """
        periods = periods_of(days, length)
        after = days[1] + pd.Timedelta(days=1)
        starts = pd.DatetimeIndex([days[0], *periods[1:].start_time, after])
        return cls((OUTSIDE[0], *map(str, periods), OUTSIDE[1]), tuple(midnights(starts, zone)))

    def of_moment(self, moment: NDArray[Any]) -> Ints:
        """Position of the period of each moment."""
        return np.searchsorted(self.edges, moment, side="right").astype(np.int64)
