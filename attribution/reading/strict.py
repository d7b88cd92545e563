"""Strict readers of columns in memory: a cell is a number, a day or a name by its own plain form, or it is at fault."""

from __future__ import annotations

import datetime as dt
import numbers
import re
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, bounded
from attribution.reading.blanks import is_void
from attribution.reading.formats import AMBIGUOUS, EXCEL, FRACTION, ISO_TIME, PLAIN, UNIX, ZONED_TIME, Format
from attribution.reading.likely import date_remedy, number_remedy

__all__ = [
    "Read",
    "by_format",
    "empty",
    "given_day",
    "ones_and_zeros",
    "read_days",
    "read_names",
    "read_numbers",
    "shown",
    "text_of",
]

_EPOCH = dt.datetime(1899, 12, 30)
_UNIX_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TRUTHS = {"true": 1.0, "false": 0.0}
_FIRST, _LAST = dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)


@dataclass(frozen=True, eq=False)
class Read:
    """A column as it was read.

    Parameters
    ----------
    cells
        What each cell says; NaN, NaT or None where it is empty or at fault.
    faulty
        Whether each cell is at fault.
    text
        What is wrong with those.
    remedy
        What to do about them.
    """

    cells: pd.Series
    faulty: pd.Series
    text: str = ""
    remedy: str = ""


def text_of(cell: Any) -> str | None:
    """A cell as text: whole numbers without a point, times by ISO 8601, None where it is empty.

    Examples
    --------
    >>> [text_of(cell) for cell in (1001.0, 10.5, True, None, "tv", dt.date(2026, 1, 5))]
    ['1001', '10.5', 'true', None, 'tv', '2026-01-05']
    """
    if isinstance(cell, bytes) and cell.isascii():
        cell = cell.decode()
    if isinstance(cell, str):
        return None if is_void(cell) else cell
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, numbers.Real) and cell != cell):
        return None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, numbers.Integral):
        return str(int(cell))
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f")
    if isinstance(cell, numbers.Real):
        number = float(cell)
        return str(int(number)) if abs(number) < 2**53 and number.is_integer() else repr(number)
    return str(cell)


def shown(cells: pd.Series, most: int = 3) -> str:
    """The first different cells, cut to a length that a message can hold."""
    told = dict.fromkeys((repr(cell) if isinstance(cell, str) else str(cell))[:60] for cell in cells.iloc[:1000])
    return ", ".join([*told][:most])


def read_numbers(cells: pd.Series, format: Format, scale: float = 1.0) -> Read:
    """Numbers; those that the source holds as numbers are taken as they are, texts by the stated signs.

    Parameters
    ----------
    cells
        A column.
    format
        Its signs.
    scale
        What a 1 in the column counts.
    """
    if (truths := _truths(cells)).any():
        blank = pd.Series(np.nan, cells.index)
        return Read(blank, truths, f"is not a number: {shown(cells[truths])}.", "write 1 and 0, or the amount.")
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_complex_dtype(cells):
        held = cells.to_numpy(dtype=float, na_value=np.nan)
        return Read(pd.Series(held * scale, cells.index), pd.Series(False, cells.index))
    cells, pattern = _spoken(cells), re.compile(format.number)
    values = np.array([_number(cell, pattern, format) for cell in cells], dtype=float)
    read = pd.Series(values * scale, cells.index)
    faulty = read.isna() & ~empty(cells)
    if faulty.any():
        return Read(
            read, faulty, f"is not a number: {shown(cells[faulty])}.", number_remedy(*_beside(cells, faulty), format)
        )
    doubtful = pd.Series(False, cells.index) if format.states_numbers else _doubtful(cells)
    if doubtful.any():
        text = f"may mean thousands or decimals: {shown(cells[doubtful])}."
        remedy = "say decimal: '.' if three decimals are meant, or thousands: '.' if thousands are."
        return Read(read, doubtful, text, remedy)
    return Read(read, faulty)


def _truths(cells: pd.Series) -> pd.Series:
    """Which cells are true or false, as values of these."""
    if pd.api.types.is_bool_dtype(cells):
        return cells.notna()
    if not pd.api.types.is_object_dtype(cells):
        return pd.Series(False, cells.index)
    return pd.Series([isinstance(cell, bool | np.bool_) for cell in cells], cells.index)


def ones_and_zeros(cells: pd.Series) -> pd.Series:
    """The column with 1 for true and 0 for false where it holds nothing else, as values or as texts."""
    kinds = {_TRUTHS.get(text.strip().casefold()) if (text := text_of(cell)) is not None else 0.0 for cell in cells}
    if None in kinds or empty(cells).all():
        return cells
    return cells.map(lambda cell: _TRUTHS.get((text_of(cell) or "").strip().casefold(), np.nan)).astype(float)


def empty(cells: pd.Series) -> pd.Series:
    """Which cells hold nothing, or signs that nobody sees alone."""
    if not pd.api.types.is_object_dtype(cells) and not pd.api.types.is_string_dtype(cells):
        return cells.isna()
    return cells.isna() | pd.Series([isinstance(cell, str) and is_void(cell) for cell in cells], cells.index)


def _spoken(cells: pd.Series) -> pd.Series:
    """The cells with plain text in place of its bytes, as Parquet files without a mark of their texts hold it."""
    if not any(isinstance(cell, bytes) for cell in cells):
        return cells
    return cells.map(lambda cell: cell.decode() if isinstance(cell, bytes) and cell.isascii() else cell)


def _number(cell: Any, pattern: re.Pattern[str], format: Format) -> float:
    if isinstance(cell, str):
        text = cell.strip()
        if not pattern.fullmatch(text):
            return np.nan
        bare = re.sub(format.groups, "", text) if format.groups else text
        return float(bare.replace(",", "."))
    return float(cell) if isinstance(cell, numbers.Real | Decimal) and cell is not pd.NaT else np.nan


def _doubtful(cells: pd.Series) -> pd.Series:
    """Cells such as 70.906, where no other cell of the column shows that the point stands before decimals."""
    texts = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    if any(re.fullmatch(FRACTION, text) for text in texts):
        return pd.Series(False, cells.index)
    return pd.Series([re.fullmatch(AMBIGUOUS, text) is not None for text in texts], cells.index)


def read_days(cells: pd.Series, format: Format) -> Read:
    """Days without a zone, as datetime64; a text has to be ISO 8601 or of the stated pattern."""
    if isinstance(cells.dtype, pd.PeriodDtype):
        remedy = "give first days: column.dt.to_timestamp()."
        return Read(pd.Series(pd.NaT, cells.index, dtype="datetime64[us]"), cells.notna(), "holds periods.", remedy)
    if pd.api.types.is_datetime64_any_dtype(cells):
        zoned = cells.notna() & (cells.dt.tz is not None)
        return _judged(cells.dt.tz_localize(None), cells, zoned, format)
    cells = _spoken(cells)
    blank = empty(cells)
    zoned = pd.Series([_has_zone(cell) for cell in cells], cells.index)
    known: dict[Any, dt.datetime | None] = {}
    read: list[dt.datetime | None] = []
    for cell, nothing in zip(cells, blank, strict=True):
        if nothing or not isinstance(cell, Hashable):
            read.append(None)
            continue
        if cell not in known:
            known[cell] = _day(cell, format)
        read.append(known[cell])
    return _judged(pd.Series(np.array(read, dtype="datetime64[us]"), cells.index), cells, zoned, format)


def given_day(given: object, what: str) -> pd.Timestamp:
    """A day that stands in a program: a text by ISO 8601, or a date; nothing is taken for another order of its parts.

    Raises
    ------
    BadInput
        It is none.
    """
    day = _known_day(given) if isinstance(given, str) else _only_day(given)
    if day is None:
        raise BadInput(Problem(what, f"is {bounded(repr(given), 80)}, no day.", remedy="write days as 2024-01-31."))
    return day


def _only_day(given: object) -> pd.Timestamp | None:
    read = read_days(pd.Series([given], dtype=object), PLAIN)
    return None if read.faulty.any() or read.cells.isna().any() else pd.Timestamp(read.cells.iloc[0])


_known_day = lru_cache(maxsize=1024)(_only_day)  # reading one cell as a column takes milliseconds


def _has_zone(cell: Any) -> bool:
    if isinstance(cell, str):
        return re.fullmatch(ZONED_TIME, cell.strip()) is not None
    return isinstance(cell, dt.datetime) and cell is not pd.NaT and cell.tzinfo is not None


def _judged(values: pd.Series, cells: pd.Series, zoned: pd.Series, format: Format) -> Read:
    if zoned.any():
        return Read(values, zoned, f"has a time zone: {shown(cells[zoned])}.", "give plain days such as 2024-01-29.")
    unread = values.isna() & ~empty(cells)
    if unread.any():
        return Read(values, unread, f"is not a date: {shown(cells[unread])}.", _date_remedy(cells, unread, format))
    if (strange := (values < _FIRST) | (values >= _LAST)).any():
        text = f"is a placeholder, not a date: {shown(cells[strange])}."
        return Read(values, strange, text, "leave such rows out at the source, or give their dates.")
    if (late := values.notna() & (values != values.dt.normalize())).any():
        text = f"has times of day: {shown(cells[late])}."
        return Read(values, late, text, "give one row per week or day, dated by its day.")
    return Read(values, unread)


_PRESSED = re.compile(r"\d{3,4}(?:19|20)\d{2}")  # 02.10.2023 read with a point for thousands


def _date_remedy(cells: pd.Series, unread: pd.Series, format: Format) -> str:
    wrong = cells[unread].tolist()
    if all(isinstance(cell, int | np.integer) and _PRESSED.fullmatch(str(cell)) for cell in wrong):
        return (
            f"read the column as text, in pandas by dtype={{{cells.name!r}: str}}, and state date_format: points "
            "between days were taken for thousands."
        )
    if format.date_format is not None:
        return f"every date must read as {format.date_format!r}."
    return date_remedy(*_beside(cells, unread), "dates as 2024-01-31")


def _beside(cells: pd.Series, faulty: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The cells that hold anything, and those of them at fault."""
    return cells[~empty(cells)], cells[faulty]


def _day(cell: Any, format: Format) -> dt.datetime | None:
    """The day and time that a cell says; None where it is none."""
    if isinstance(cell, dt.datetime):
        return pd.Timestamp(cell).tz_localize(None).to_pydatetime(warn=False)
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day)
    if isinstance(cell, np.datetime64):
        return _day(pd.Timestamp(cell), format)
    try:
        if format.date_format is not None:
            return by_format(cell, format).replace(tzinfo=None)
        if not isinstance(cell, str) or not re.fullmatch(ISO_TIME, cell.strip()):
            return None
        clock = re.match(r"[0-9:]+([.][0-9]{1,6})?", cell.strip()[11:])
        return dt.datetime.fromisoformat(cell.strip()[:10] + (f"T{clock[0]}" if clock else ""))
    except (ValueError, OverflowError):
        return None


def by_format(cell: Any, format: Format) -> dt.datetime:
    """The time that a cell says by a stated ``date_format``, with its zone where the pattern has one.

    Raises
    ------
    ValueError, OverflowError
        It does not read so.
    """
    if format.date_format == EXCEL:
        return _EPOCH + dt.timedelta(days=_serial(cell))
    if format.date_format in UNIX:
        return _UNIX_EPOCH + dt.timedelta(seconds=_plain(cell) / UNIX[format.date_format])
    text = text_of(cell) if isinstance(cell, str | numbers.Real) else None  # days may be numbers, such as 20240131
    if text is None or format.pattern is None:
        raise ValueError
    read = dt.datetime.strptime(text.strip() + format.tail, format.pattern)
    if "%G" in format.pattern and str(read.isocalendar().year) not in text:
        raise ValueError  # week 53 of a year that has 52
    return read


def _plain(cell: Any) -> float:
    if isinstance(cell, numbers.Real) or re.fullmatch(r"[0-9]+([.][0-9]+)?", str(cell).strip()):
        return float(cell)
    raise ValueError


def _serial(cell: Any) -> float:
    days = _plain(cell)
    if not 1 <= days < 110_000:
        raise ValueError
    return round(days * 86_400) / 86_400


def read_names(cells: pd.Series) -> Read:
    """Names, ids and other texts; a number stands for its digits, and fractions, bytes and lists are no names."""
    if pd.api.types.is_string_dtype(cells) and not pd.api.types.is_object_dtype(cells):
        return Read(cells.astype("string"), pd.Series(False, cells.index))
    faulty = pd.Series([_no_name(cell) for cell in cells], cells.index)
    texts = pd.Series([text_of(cell) for cell in cells], cells.index, dtype="string")
    if faulty.any():
        text = f"is a number, bytes or a list, no name: {shown(cells[faulty])}."
        remedy = "export the column as text; digits may be lost already."
        if all(isinstance(cell, list | tuple | np.ndarray) for cell in cells[faulty]):
            remedy = "give one text a cell; the steps of a path are joined by ' > '.join(cell)."
        return Read(texts, faulty, text, remedy)
    return Read(texts, faulty)


def _no_name(cell: Any) -> bool:
    if isinstance(cell, bytes):
        return not cell.isascii()
    if isinstance(cell, list | tuple | dict | np.ndarray):
        return True
    if isinstance(cell, bool | np.bool_ | str) or cell is None or not isinstance(cell, numbers.Real | Decimal):
        return False
    number = float(cell)
    if isinstance(cell, numbers.Integral) or number != number:
        return False
    return not number.is_integer() or abs(number) >= 2**53
