"""Numbers and dates of an English text in the marks of another locale."""

from __future__ import annotations

import re
from datetime import date

from attribution.numbers import Locale

__all__ = ["cuts_date", "is_figure", "localised"]

_MONTHS = ["January", "February", "March", "April", "May", "June"]
_MONTHS += ["July", "August", "September", "October", "November", "December"]
_MONTH = "|".join(_MONTHS)
_SHORT = "|".join(month[:3] for month in _MONTHS)
_SHORT_DAY = re.compile(rf"(\d{{1,2}} )?({_SHORT})")  # along an axis, whose year stands elsewhere
_DAY = re.compile(rf"(?<!\w)(?:(\d{{1,2}}) )?({_MONTH}|{_SHORT})\.? (\d{{4}})(?!\w)")
_ISO = re.compile(r"(?<![\w/.\-])(\d{4})-(\d{2})-(\d{2})(?![\w/\-]|\.\w)")
_NUMBER = re.compile(
    r"(?<![\w.,/])(?<!\w-)([+−-]?)(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(k|M|bn)?( ?%)?(?![\w/]|[.,]\d|-\w)"
)
_FIGURE = re.compile(r"(?:\d[\d.]*e[+−\-]?\d+)?[\s\d.,+−–\-±%∞×x()<>≤≥=/*:&|…]*(?:[kM]|bn)?[\s\d.,+−–\-±%∞()/kMbn]*")
_ENGLISH_UNITS = {"k": 1e3, "M": 1e6, "bn": 1e9}


def is_figure(text: str) -> bool:
    """Whether a text is numbers, dates and signs alone."""
    if text.endswith((".", ",", ";", ":")):
        return False
    if _SHORT_DAY.fullmatch(text):
        return True
    return bool(_FIGURE.fullmatch(text) or (text[-4:].isdigit() and _FIGURE.fullmatch(_DAY.sub("", text))))


def cuts_date(text: str, start: int, end: int) -> bool:
    """Whether a part of a text begins or ends within a written day or month, ``2 Sep 2025``."""
    spans = (found.span() for found in _DAY.finditer(text))
    return any(first < edge < last for first, last in spans for edge in (start, end))


def localised(text: str, locale: Locale, code: str) -> str:
    """A text with its numbers and dates as a language writes them; versions, names with digits and paths stay.

    Parameters
    ----------
    text
        With numbers in English marks.
    locale
        The marks of the language.
    code
        Of the language, for Babel.
    """
    short = _SHORT_DAY.fullmatch(text)
    if short is not None:
        return _short_day(short, code)
    if not any(letter.isdigit() for letter in text):
        return text
    if "-" in text or "20" in text or "19" in text:
        text = _ISO.sub(lambda one: _iso(one, code), text)
        text = _DAY.sub(lambda one: _written_day(one, code), text)
    return _NUMBER.sub(lambda one: _number(one, locale), text)


def _number(found: re.Match[str], locale: Locale) -> str:
    sign, digits, unit, percent = found.groups()
    value = float(digits.replace(",", ""))
    places = len(digits.partition(".")[2])
    if unit:
        return sign + locale.in_units(value * _ENGLISH_UNITS[unit], places)
    written = locale.written(value, f"{',' if ',' in digits else ''}.{places}f")
    return sign + written + (locale.percent if percent else "")


def _iso(found: re.Match[str], code: str) -> str:
    from babel.dates import format_date

    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return found[0]
    return str(format_date(day, "medium", locale=code))


def _month(name: str) -> int:
    return next(place for place, month in enumerate(_MONTHS, 1) if month.startswith(name))


def _short_day(found: re.Match[str], code: str) -> str:
    from babel.dates import format_date, format_skeleton

    try:
        day = date(2000, _month(found[2]), int(found[1] or 1))
    except ValueError:
        return found[0]
    return str(format_skeleton("Md", day, locale=code) if found[1] else format_date(day, "LLL", locale=code))


def _written_day(found: re.Match[str], code: str) -> str:
    from babel.dates import format_date, format_skeleton

    month = _month(found[2])
    long = found[2] in _MONTHS and len(found[2]) > 3
    day = date(int(found[3]), month, int(found[1] or 1))
    if found[1]:
        return str(format_date(day, "long" if long else "medium", locale=code))
    return str(format_skeleton("yMMMM" if long else "yMMM", day, locale=code))
