"""From days to weeks that begin on a stated day, in whole millionths, so that nothing is gained or lost by rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import UnknownName
from attribution.reading.exports.amounts import MICROS
from mmm.arrays import Array

__all__ = ["Millionths", "WeekDays", "millionths", "spread"]

Millionths = NDArray[np.int64]
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class WeekDays:
    """Weeks that begin on one day of the week.

    Parameters
    ----------
    starts
        ``"monday"`` to ``"sunday"``.
    """

    starts: str = "monday"

    def __post_init__(self) -> None:
        if self.starts not in _NAMES:
            raise UnknownName(self.starts, _NAMES, where="week_starts")

    def of(self, days: pd.Series | pd.DatetimeIndex) -> pd.DatetimeIndex:
        """First day of the week of each day.

        Examples
        --------
        >>> str(WeekDays("sunday").of(pd.DatetimeIndex(["2026-01-03", "2026-01-04"])).date)
        '[datetime.date(2025, 12, 28) datetime.date(2026, 1, 4)]'
        """
        days = pd.DatetimeIndex(days)
        return days - pd.to_timedelta((days.day_of_week - _NAMES.index(self.starts)) % 7, unit="D")

    def whole(self, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
        """First days of the weeks that lie between two days, both included."""
        begins = self.of(pd.DatetimeIndex([first + pd.Timedelta(days=6)]))[0]
        ends = self.of(pd.DatetimeIndex([last - pd.Timedelta(days=6)]))[0]
        return pd.date_range(begins, ends, freq="7D")

    def touched(self, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
        """First days of the weeks that hold any day between two days."""
        begins, ends = self.of(pd.DatetimeIndex([first, last]))
        return pd.date_range(begins, ends, freq="7D")


def millionths(values: Array | pd.Series) -> Millionths:
    """Amounts in whole millionths; NaN, which stands for a volume that is not known, as 0."""
    return np.asarray(np.rint(np.nan_to_num(np.asarray(values, dtype=float)) * MICROS), dtype=np.int64)


def spread(amounts: Millionths, days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], Millionths]:
    """Amounts divided evenly between days, to the last millionth.

    Parameters
    ----------
    amounts
        Shape (rows,).
    days
        Number of days of each, shape (rows,).

    Returns
    -------
    For every day of every row: the row, the place of the day within it, and the day's part.

    Examples
    --------
    >>> [part.tolist() for part in spread(np.array([10]), np.array([3]))]
    [[0, 0, 0], [0, 1, 2], [3, 3, 4]]
    """
    rows = np.repeat(np.arange(len(days)), days)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(days) - days, days)
    whole, length = amounts[rows], days[rows]
    return rows, place, whole * (place + 1) // length - whole * place // length
