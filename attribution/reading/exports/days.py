"""Dates of exports, read strictly: ISO 8601, the platform's own order where it is certain, or a stated pattern."""

from __future__ import annotations

import datetime as dt
import numbers
import re
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput, Problem
from attribution.reading.formats import EXCEL, PLAIN, UNIX, Format
from attribution.reading.likely import date_remedy
from attribution.reading.strict import by_format

__all__ = ["Days", "days_of", "offsets_of"]

Days = NDArray[np.datetime64]

_CLOCK = r"(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|UTC|[+-]\d{2}:?\d{2})?"
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})(?:-(\d{{2}}))?(?:[T ]{_CLOCK})?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?", re.ASCII)
_EARLIEST, _LATEST = 1990, 2100
_SHOWN = 3


def days_of(
    cells: Sequence[Any],
    lines: Sequence[int],
    where: tuple[str, str],
    date_format: str | None = None,
    american: bool = False,
    zone: ZoneInfo | None = None,
) -> Days:
    """A column of dates or times as days.

    Parameters
    ----------
    cells, lines
        The cells and the numbers of their rows.
    where
        File and column, for messages.
    date_format
        ``strptime`` pattern where the column has its own, or a word as of :class:`Format`.
    american
        Whether the platform writes 1/31/2026; such a column has to have a day above 12, or ``date_format`` says it.
    zone
        Zone of which the day is meant, for times with an offset; None takes the day as it is written.

    Returns
    -------
    Days, NaT nowhere.

    Raises
    ------
    BadInput
        Cells that are no date, or dates that can be read in two ways.
    """
    format = Format(date_format=date_format)
    read = _reader(format, american, zone)
    counted = date_format in (EXCEL, *UNIX)
    days: list[dt.date | None] = []
    known: dict[Any, dt.date | None] = {}
    for cell in cells:
        if isinstance(cell, str) or (counted and isinstance(cell, numbers.Real)):
            if cell not in known:
                known[cell] = read(cell)
            days.append(known[cell])
        else:
            days.append(_typed(cell, zone))
    wrong = [place for place, day in enumerate(days) if day is None or not _EARLIEST <= day.year <= _LATEST]
    if wrong:
        unread = [(lines[place], cells[place]) for place in wrong]
        raise BadInput(_unreadable(cells, unread, where, american, date_format))
    slashed = [match for cell in known if (match := _SLASHED.fullmatch(str(cell)))]
    if american and date_format is None and slashed and not any(int(match[2]) > 12 for match in slashed):
        text = "can be read in two ways: no date has a day above 12, so the first figure may be the day or the month."
        raise BadInput(Problem(where[0], text, where[1], remedy='say date_format: "%m/%d/%Y" or "%d/%m/%Y".'))
    return np.array(days, dtype="datetime64[D]")


def offsets_of(cells: Sequence[Any]) -> tuple[float, ...]:
    """Offsets from UTC, in hours, of the ISO times among some cells; NaN for times that write none.

    Examples
    --------
    >>> offsets_of(["2026-01-31 10:00:00 +0100", "2026-01-31T10:00Z", "2026-01-31"])
    (0.0, 1.0)
    """
    times = (_ISO.fullmatch(cell) for cell in set(cells) if isinstance(cell, str))
    written = {match[5] for match in times if match is not None and match[4] is not None}
    hours = {_hours(offset) for offset in written - {None}}
    return (*sorted(hours), *([np.nan] if None in written else []))


def _hours(offset: str) -> float:
    if offset in ("Z", "UTC"):
        return 0.0
    return (-1 if offset[0] == "-" else 1) * (int(offset[1:3]) + int(offset[-2:]) / 60)


def _reader(format: Format, american: bool, zone: ZoneInfo | None) -> Callable[[Any], dt.date | None]:
    def read(text: Any) -> dt.date | None:
        try:
            if format.date_format is not None:
                return _in_zone(by_format(text, format), zone)
            if match := _ISO.fullmatch(text):
                return _iso(match, zone)
            if match := _COMPACT.fullmatch(text):
                return dt.date(*map(int, match.groups()))
            if american and (match := _SLASHED.fullmatch(text)):
                return dt.date(int(match[3]), int(match[1]), int(match[2]))
        except (ValueError, OverflowError):
            return None
        return None

    return read


def _iso(match: re.Match[str], zone: ZoneInfo | None) -> dt.date | None:
    day = f"{match[1]}-{match[2]}-{match[3] or '01'}"
    if match[4] is None:
        return dt.date.fromisoformat(day)
    offset = {"Z": "+00:00", "UTC": "+00:00", None: ""}.get(match[5], match[5])
    if zone is not None and not offset:
        return None  # a time that names no offset says nothing of another zone
    return _in_zone(dt.datetime.fromisoformat(f"{day}T{match[4]}{offset}"), zone)


def _in_zone(time: dt.datetime, zone: ZoneInfo | None) -> dt.date:
    return (time.astimezone(zone) if zone is not None and time.tzinfo is not None else time).date()


def _typed(cell: Any, zone: ZoneInfo | None) -> dt.date | None:
    if isinstance(cell, int | np.integer) and not isinstance(cell, bool):  # 20260105, as a number
        return _reader(PLAIN, american=False, zone=None)(str(cell))
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None and zone is None:
        return None  # a moment: which day it is depends on where, and forms differ in the zone that they keep
    if isinstance(cell, dt.datetime | np.datetime64):
        return _in_zone(pd.Timestamp(cell).to_pydatetime(), zone)
    return cell if isinstance(cell, dt.date) else None


def _unreadable(
    cells: Sequence[Any], wrong: list[tuple[int, Any]], where: tuple[str, str], american: bool, date_format: str | None
) -> Problem:
    if all(cell == "" for _, cell in wrong):
        remedy = "date the rows at the source, or delete them where they are totals; nothing is left out silently."
        return Problem(where[0], "is empty.", where[1], _rows(wrong), remedy)
    shown = ", ".join(repr(str(cell)[:30]) for cell in dict.fromkeys(str(cell) for _, cell in wrong[:_SHOWN]))
    if all(getattr(cell, "tzinfo", None) is not None for _, cell in wrong):
        remedy = "give plain days such as 2026-01-31; for orders, state days_in."
        return Problem(where[0], f"is a moment with a time zone: {shown}.", where[1], _rows(wrong), remedy)
    if date_format is not None:
        remedy = f"every date must read as {date_format!r}."
    elif american and any(_SLASHED.fullmatch(str(cell)) for _, cell in wrong):
        remedy = 'the platform writes month/day/year; say date_format: "%d/%m/%Y" where days come first.'
    else:
        written = [cell for cell in cells if cell != ""]
        remedy = date_remedy(written, (cell for _, cell in wrong if cell != ""), "dates as 2026-01-31")
    return Problem(where[0], f"is not a date: {shown}.", where[1], _rows(wrong), remedy)


def _rows(wrong: list[tuple[int, Any]]) -> str:
    return f"row {wrong[0][0]}" + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else "")
