"""How cells that could not be read were most likely written: what a message proposes, never what is read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from itertools import islice

import pandas as pd

from attribution.reading.formats import EXCEL, UNIX, Format
from attribution.reading.stand_ins import is_total

__all__ = ["date_remedy", "day_patterns", "days_of", "number_remedy"]

_COMPARED = 1_000
_DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%Y%m%d"),
    *("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
    *("%G-W%V", "%GW%V", "KW %V/%G", "KW%V/%G", "KW %V %G", "W%V %G", "%V/%G", "%G/%V", "%G KW %V"),
    *("%Y-%m", "%m/%Y", "%m.%Y", "%b %Y", "%B %Y", "%b-%y", "%Y%m%dT%H%M%S"),
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
_SIGNS = ((",", None), (None, ","), (None, " "), (None, "'"), (",", "."), (",", " "), (",", "'"))
_TOTAL = re.compile(r"\s*(grand )?(total|sum|summe|gesamt|all)\b.*", re.IGNORECASE)
_TWO_DAYS = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_MONTH_NAME = re.compile(r"\d.*[^\W\d_]{3,}.*\d")
_SERIALS = range(20_000, 80_000)  # days from 1954 to 2119
_SECONDS = range(10**8, 5 * 10**9)  # from 1973 to 2128


def date_remedy(cells: Iterable[object], unread: Iterable[object], shape: str) -> str:
    """What to do about cells that are no dates.

    Parameters
    ----------
    cells
        All of the column that are not empty, or the first of them.
    unread
        Those that could not be read.
    shape
        How a date is written where nothing is stated.

    Examples
    --------
    >>> date_remedy(["31.1.2026"], ["31.1.2026"], "2024-01-31")
    "say date_format: '%d.%m.%Y', or write 2024-01-31."
    """
    texts, wrong = _texts(cells), _texts(unread)
    if not wrong:
        return f"write {shape}."
    if len(wrong) < len(texts) and all(_TOTAL.fullmatch(text) or is_total(text) for text in wrong):
        return "leave out rows of totals."
    patterns = [pattern for pattern in _written(texts) if all(_fits(text, pattern) for text in texts)]
    if patterns:
        listed = " or ".join(map(repr, patterns[:3]))
        which = ", whichever is meant" if len(patterns) > 1 else ""
        return f"say date_format: {listed}{which}, or write {shape}."
    if all(_TWO_DAYS.search(text) for text in wrong):
        return f"keep the first day of each row alone; write {shape}."
    if all(_MONTH_NAME.search(text) for text in wrong):
        return f"names of months are read in English alone; write {shape}."
    return f"write {shape}, or state the pattern with date_format, for example '%d/%m/%Y'."


def day_patterns(cells: Iterable[object]) -> list[str]:
    """Patterns by which every cell is a day; numbers that count days or seconds are none, for spend may look so.

    Examples
    --------
    >>> day_patterns(["2026-W05", "2026-W06"])
    ['%G-W%V']
    """
    texts = _texts(cells)
    fit = [one for one in _written(texts) if one != EXCEL and one not in UNIX] if texts else []
    fit = [one for one in fit if _fits(texts[0], one)]
    return [one for one in fit if all(_fits(text, one) for text in texts)]


def days_of(cells: Iterable[object], pattern: str) -> pd.Series:
    """The days of cells that a pattern reads."""
    format = Format(date_format=pattern)
    texts = (str(cell).strip() for cell in cells)
    read = [dt.datetime.strptime(text + format.tail, str(format.pattern)).date() for text in texts]
    return pd.Series(pd.to_datetime(read))


def _texts(cells: Iterable[object]) -> list[str]:
    texts = (str(cell).strip() for cell in islice(cells, _COMPARED))
    return list(dict.fromkeys(re.sub(r"(?<=^[0-9]{8})[.]0$", "", text) for text in texts))  # days as floats


def _written(texts: list[str]) -> list[str]:
    """Candidates by the form of the first cell."""
    if re.fullmatch(r"[0-9]+([.][0-9]+)?", texts[0]):
        return [EXCEL, *UNIX, "%Y%m%d"]
    return [day + clock for day in _DAYS for clock in _CLOCKS if not (clock and "%V" in day)]


def _fits(text: str, pattern: str) -> bool:
    try:
        if pattern == EXCEL:
            return int(float(text)) in _SERIALS
        if pattern in UNIX:
            return int(float(text)) // UNIX[pattern] in _SECONDS
        format = Format(date_format=pattern)
        return 1970 <= dt.datetime.strptime(text + format.tail, str(format.pattern)).year < 2100
    except ValueError:
        return False


_ODD = {
    "correct the formulas that failed, or write the figures.": re.compile(r"^\s*#[A-Z/0]+[!?]?\s*$"),
    "write shares without the sign, 0.12 for 12 %, in the unit of the rest of the column.": re.compile(r"\d.*%\s*$"),
    "remove signs that nobody sees, such as U+200B.": re.compile("[\xad\u200b-\u200d\u2060\ufeff]"),
    "write numbers below zero as -1.5.": re.compile(r"^\s*(\(.*\d.*\)|[\u2212\u2013]\s*\d.*|\d.*-)\s*$"),
}


def number_remedy(cells: Iterable[object], unread: Iterable[object], format: Format) -> str:
    """What to do about cells that are no numbers.

    Parameters
    ----------
    cells
        All of the column that are not empty, or the first of them.
    unread
        Those that could not be read.
    format
        The signs by which they were to be read.

    Examples
    --------
    >>> number_remedy(["1.200,50"], ["1.200,50"], Format())
    "say decimal: ',' and thousands: '.', or write plain digits and a decimal point."
    """
    unread = list(islice(unread, _COMPARED))
    if all(isinstance(cell, dt.date | dt.time | dt.timedelta) for cell in unread):
        return "format the column as numbers: its cells are dates, times or lengths of time."
    if not any(isinstance(cell, str) for cell in unread):
        return "give one plain number a cell."
    wrong = _texts(unread)
    for remedy, pattern in _ODD.items():
        if all(pattern.search(text) for text in wrong):
            return remedy
    words = any(re.search(r"[^\s\d.,+\-eE'\u00a0\u202f\u2019]", text) for text in wrong)
    remedies = ["remove currency signs and words"] if words else []
    if not any(re.search(r"\d", text) for text in wrong):
        return "write 0 where there is none; a cell without a figure is no number."
    bare = [re.sub(r"[^\d.,+\-'\s\u2019]|\s+$|^\s+", "", text).strip() for text in _texts(cells)]
    bare = [text for text in bare if re.search(r"\d", text)]
    plain = re.compile(format.number)
    signs = [] if all(plain.fullmatch(text) for text in bare) else _signs(bare)
    if signs:
        listed = " or ".join(signs)
        remedies.insert(0, f"say {listed}{', whichever is meant' if len(signs) > 1 else ''}")
    if not signs or not words:
        remedies.append(f"write plain digits and a decimal {'comma' if format.point == ',' else 'point'}")
    return f"{', or '.join(remedies)}." if not words else f"{'; '.join(remedies)}."


def _signs(texts: list[str]) -> list[str]:
    """The stated signs by which every text is a number; thousands only where they occur."""
    read: list[tuple[str | None, str | None]] = []
    for decimal, thousands in _SIGNS:
        format = Format(decimal=decimal, thousands=thousands)
        if format.groups and not any(re.search(format.groups, text) for text in texts):
            continue
        pattern = re.compile(format.number)
        if all(pattern.fullmatch(text) for text in texts) and not (thousands and decimal and (decimal, None) in read):
            read.append((decimal, thousands))
    named = [{"decimal": decimal, "thousands": thousands} for decimal, thousands in read]
    both = [" and ".join(f"{key}: {_quoted(sign)}" for key, sign in one.items() if sign) for one in named]
    return list(dict.fromkeys(both))[:2]


def _quoted(sign: str) -> str:
    return f'"{sign}"' if sign == "'" else f"'{sign}'"
