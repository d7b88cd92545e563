"""How a table writes numbers and times: what its owner states, and patterns of what counts as one of them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

from attribution.errors import BadInput, nearest, quoted
from attribution.reading.encodings import encoding_of

__all__ = ["AMBIGUOUS", "EXCEL", "FRACTION", "ISO_TIME", "PLAIN", "UNIX", "ZONED_TIME", "Format", "zone_of"]

EXCEL = "excel"
"""Stands for days since 1899-12-30, as spreadsheets count them."""
UNIX = {"unix": 1, "unix_ms": 1_000, "unix_us": 1_000_000}
"""Stand for what was counted since 1970-01-01 in UTC -> how many of it are a second."""

_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
_OFFSET = r" ?(Z|z|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
ISO_TIME = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]{_CLOCK}({_OFFSET})?)?$"
"""A date, or a date and a time of day, perhaps with an offset; for Python's and for engines' regular expressions."""
ZONED_TIME = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}{_OFFSET}$"
"""One of them that has an offset."""

AMBIGUOUS = r"^[+-]?[1-9][0-9]{0,2}[.][0-9]{3}$"
"""A number whose point may stand before thousands or before decimals."""
FRACTION = r"^[+-]?(0*[.][0-9]+|[0-9]{4,}[.][0-9]+|[0-9]+[.]([0-9]{1,2}|[0-9]{4,}))([eE][+-]?[0-9]+)?$"
"""A number whose point can only stand before decimals."""

_SPACES = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}


@dataclass(frozen=True)
class Format:
    """The stated format of a table; nothing of it is guessed.

    Parameters
    ----------
    decimal
        Sign before the decimals, ``"."`` or ``","``. None: a point, and numbers such as ``70.906``, which may be
        70,906 as well, are refused.
    thousands
        Sign between thousands: ``"."``, ``","``, ``" "`` or ``"'"``; None for none.
    unit
        What amounts of money are counted in, such as 1000 for thousands of the currency.
    date_format
        ``strptime`` pattern of texts that are times; ``"%G-W%V"`` for ISO weeks, which stand for their Monday;
        ``"excel"`` for numbers of days as spreadsheets have them; ``"unix"``, ``"unix_ms"`` and ``"unix_us"`` for
        seconds, thousandths and millionths since 1970. None: ISO 8601.
    time_zone
        Name such as ``"Europe/Berlin"`` of the zone of times that have no offset; None: UTC.
    encoding
        Of a CSV file, such as ``"cp1252"``; None: UTF-8, or UTF-16 where its mark says so.

    Raises
    ------
    BadInput
        A sign, pattern, unit, zone or encoding that there is not, or two signs that are one.
    """

    decimal: str | None = None
    thousands: str | None = None
    unit: float = 1.0
    date_format: str | None = None
    time_zone: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        problems = [*_wrong_signs(self), *_wrong_pattern(self.date_format), *_wrong_zone(self.time_zone)]
        problems += _wrong_encoding(self.encoding)
        if isinstance(self.unit, bool) or not isinstance(self.unit, int | float) or not 0 < self.unit < float("inf"):
            problems.append(f"unit {self.unit!r} is no number above 0.")
        if problems:
            raise BadInput(problems)

    @property
    def states_numbers(self) -> bool:
        """Whether the signs of numbers are stated."""
        return self.decimal is not None or self.thousands is not None

    @property
    def point(self) -> str:
        """The sign before the decimals: where only thousands are stated, the sign that goes with them."""
        return self.decimal or ("," if self.thousands == "." else ".")

    @property
    def groups(self) -> str:
        """Pattern of the sign between thousands; empty where there is none."""
        return "" if self.thousands is None else _SPACES.get(self.thousands, f"[{self.thousands}]")

    @property
    def number(self) -> str:
        """Pattern of a whole text that is a number."""
        point = f"[{self.point}]"
        plain = rf"[0-9]+({point}[0-9]*)?([eE][+-]?[0-9]+)?|{point}[0-9]+([eE][+-]?[0-9]+)?"
        grouped = rf"|[0-9]{{1,3}}({self.groups}[0-9]{{3}})+({point}[0-9]*)?" if self.thousands else ""
        return rf"^[+-]?({plain}{grouped}|inf|Infinity|infinity)$"

    @property
    def by_week(self) -> bool:
        """Whether the pattern names ISO weeks without a day."""
        return self.date_format is not None and _weekly(self.date_format)

    @property
    def pattern(self) -> str | None:
        """The pattern of times, the Monday added where it names weeks; None for ISO 8601 and for times as numbers."""
        if self.date_format in (None, EXCEL, *UNIX):
            return None
        return f"{self.date_format} %u" if self.by_week else self.date_format

    @property
    def tail(self) -> str:
        """What is added to a text before it is read by :attr:`pattern`."""
        return " 1" if self.by_week else ""


def _weekly(pattern: str) -> bool:
    return "%V" in pattern and not re.search(r"%[uaAw]", pattern)


def _wrong_signs(format: Format) -> list[str]:
    problems = []
    if format.decimal not in (None, ".", ","):
        problems.append(f"decimal {format.decimal!r} is no decimal sign; write '.' or ','.")
    if format.thousands not in (None, ".", ",", " ", "'"):
        problems.append(f"thousands {format.thousands!r} is no sign between thousands; write '.', ',', ' ' or \"'\".")
    if not problems and format.thousands == format.point:
        problems.append(f"decimal and thousands are both {format.thousands!r}; they must differ.")
    return problems


def _wrong_pattern(pattern: str | None) -> list[str]:
    if pattern is None or pattern == EXCEL or pattern in UNIX:
        return []
    what = f"date_format {pattern!r}"
    if not re.search(r"%[YyG]|%D|%x|%c|%F", pattern):
        return [f"{what} has no year; write for example '%d/%m/%Y', '%G-W%V' or 'excel'."]
    if ("%G" in pattern and "%V" not in pattern) or ("%V" in pattern and "%G" not in pattern):
        return [f"{what}: %G (the year of an ISO week) and %V (the week) belong together, as in '%G-W%V'."]
    if re.search(r"%[UW]", pattern):
        return [f"{what}: weeks by %U or %W are not read; name ISO weeks by '%G-W%V', or export the first day."]
    if "%I" in pattern and "%p" not in pattern:
        return [f"{what} has hours up to 12 (%I) without %p: morning and evening would be one."]
    if "%p" in pattern and "%I" not in pattern:
        return [f"{what} has %p, which goes with hours up to 12: write %I, not %H."]
    try:
        full = f"{pattern} %u" if _weekly(pattern) else pattern
        dt.datetime.strptime(dt.datetime(2024, 1, 29, tzinfo=dt.UTC).strftime(full), full)
    except (ValueError, re.error):
        return [f"{what} is no pattern of strptime; write for example '%d/%m/%Y', '%G-W%V' or 'excel'."]
    return []


def _wrong_zone(zone: str | None) -> list[str]:
    try:
        zone_of("UTC" if zone is None else zone)
    except BadInput as error:
        return [str(error)]
    return []


def _wrong_encoding(encoding: str | None) -> list[str]:
    try:
        encoding_of("utf-8" if encoding is None else encoding)
    except BadInput as error:
        return [str(error)]
    return []


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name such as ``"Europe/Berlin"``.

    Raises
    ------
    BadInput
        There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        alike = _alike(name)
        close = alike[0] if len(alike) == 1 else nearest(name, alike)
        hint = f"did you mean {quoted(close)}?" if close else "write a name such as 'Europe/Berlin' or 'UTC'."
        raise BadInput(f"time_zone {name!r} is not known; {hint}") from error


def _alike(name: str) -> list[str]:
    """Zones that share most parts of a name, a region or a city; none where none is shared."""
    parts = set(name.casefold().split("/"))
    shared = {zone: len(parts & set(zone.casefold().split("/"))) for zone in sorted(available_timezones())}
    return [zone for zone, common in shared.items() if common == max(shared.values()) > 0]


PLAIN = Format()
"""Plain digits, a decimal point, ISO 8601 in UTC: what holds where nothing is stated."""
