"""What cells of tables say, in plain Python: no pandas, no engine, no pattern of the package."""

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterable
from typing import Any

EPOCH = dt.datetime(1970, 1, 1)
_OFFSETS = ("Z", "z", "UTC")


def void(text: str | None) -> bool:
    """Whether a text holds nothing that can be seen: blanks, and signs that only format what stands beside them."""
    return all(sign.isspace() or unicodedata.category(sign) == "Cf" for sign in text or "")


def number(text: str | None) -> float | None:
    """The number that a text says in plain digits; None where it says none, or one without end."""
    text = (text or "").strip()
    if not text or set(text) - set("0123456789+-.eE"):
        return None
    try:
        said = float(text)
    except ValueError:
        return None
    return said if abs(said) < float("inf") else None


def doubtful(texts: Iterable[str | None]) -> list[bool]:
    """Which texts may mean thousands or decimals, such as 70.906, where no other text of the column settles it."""
    texts = [(text or "").strip().lstrip("+-") for text in texts]

    def thousands(text: str) -> bool:
        whole, _, rest = text.partition(".")
        return len(rest) == 3 and rest.isdigit() and 0 < len(whole) < 4 and whole.isdigit() and whole[0] != "0"

    def settles(text: str) -> bool:
        return number(text) is not None and bool(text.partition(".")[2][:1].isdigit()) and not thousands(text)

    settled = any(settles(text) for text in texts)
    return [thousands(text) and not settled for text in texts]


def day(text: str | None) -> dt.date | None:
    """The day of a text such as 2026-01-05, perhaps with a time of day of zero."""
    said = moment(text)
    return None if said is None or has_offset(text) or said.time() != dt.time() else said.date()


def has_offset(text: str | None) -> bool:
    """Whether a text that is a moment has an offset from UTC."""
    tail = (text or "").strip()[10:]
    return tail.endswith(_OFFSETS) or "+" in tail or "-" in tail


def moment(text: str | None) -> dt.datetime | None:
    """The moment, in UTC, of a text such as 2026-01-05 or 2026-01-05T09:30:00.25+01:00; None where it is none."""
    text = (text or "").strip()
    date, mark, rest = text[:10], text[10:11], text[11:]
    if (
        not text.isascii()
        or len(date) != 10
        or date[4] + date[7] != "--"
        or not (date[:4] + date[5:7] + date[8:]).isdigit()
    ):
        return None
    try:
        midnight = dt.datetime(int(date[:4]), int(date[5:7]), int(date[8:]))
        if not mark:
            return midnight
        if mark not in "T ":
            return None
        place = min((rest.find(sign) for sign in "+-ZzU" if sign in rest), default=len(rest))
        clock, offset = rest[:place], rest[place:]
        if offset and clock.endswith(" "):
            clock = clock[:-1]
        return midnight + _clock(clock) - _shift(offset)
    except (ValueError, OverflowError):
        return None


def _clock(text: str) -> dt.timedelta:
    whole, point, rest = text.partition(".")
    parts = whole.split(":")
    if not all(len(part) == 2 and part.isdigit() for part in parts) or len(parts) not in (2, 3):
        raise ValueError
    if point and not (len(parts) == 3 and rest.isdigit() and len(rest) <= 9):
        raise ValueError
    hours, minutes, seconds = [*map(int, parts), 0][:3]
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=int(rest[:6].ljust(6, "0")))


def _shift(text: str) -> dt.timedelta:
    if text in ("", *_OFFSETS):
        return dt.timedelta()
    digits = text[1:3] + text[4:] if text[3:4] == ":" else text[1:]
    if (
        text[0] not in "+-"
        or (text[3:4] == ":" and len(digits) != 4)
        or not digits.isdigit()
        or len(digits) not in (2, 4)
        or int(digits[:2]) > 14
        or int(digits[2:] or 0) > 59
    ):
        raise ValueError
    shift = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return shift if text[0] == "+" else -shift


def export_day(text: str) -> dt.date | None:
    """The day that an export writes, its time of day and offset left aside: also 20260105, and a month for its first."""
    text = text.strip()
    if len(text) == 8 and text.isascii() and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if len(text) == 7:
        text += "-01"
    said = moment(text if moment(text) is not None else text[:10])
    return None if said is None else moment(text[:10]).date()  # type: ignore[union-attr]


def export_amount(text: str) -> float | None:
    """The number that an export writes: signs of currencies, commas and blanks between groups of three digits go."""
    text, blanks = text.strip(), " \u00a0\u202f"
    sign, text = (text[:1], text[1:]) if text[:1] in "+-" else ("", text)
    text = sign + text.strip(blanks).strip("€$£¥").strip(blanks)
    for group in (",", " ", "\u00a0", "\u202f"):
        first, *others = text.partition(".")[0].lstrip("+-").split(group)
        if others and len(first) in (1, 2, 3) and all(len(part) == 3 for part in others):
            text = text.replace(group, "")
    return None if "e" in text.lower() or text[-1:] == "." or text.lstrip("+-")[:1] == "." else number(text)


def micros(said: dt.datetime) -> int:
    """Microseconds since 1970."""
    return (said - EPOCH) // dt.timedelta(microseconds=1)


def rows_of(text: str, separator: str = ",") -> list[dict[str, str]]:
    """The rows of delimited text by the names of its header, as the csv module reads them."""
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)]


def last_touch(touches: list[dict[str, Any]], ends: list[dict[str, Any]], days: int = 30) -> dict[str, float]:
    """Conversions by the last channel before each: the latest touch up to the moment, within the window.

    Touches after an earlier conversion of the user only; those of one moment share in equal parts.
    """
    credit = {str(touch["channel"]): 0.0 for touch in touches}
    for user in {end["user"] for end in ends}:
        before = None
        moments = sorted({end["time"] for end in ends if end["user"] == user})
        for now in moments:
            number = sum(1 for end in ends if end["user"] == user and end["time"] == now)
            window = [
                touch for touch in touches
                if touch["user"] == user and (before is None or touch["time"] > before)
                and now - dt.timedelta(days=days) <= touch["time"] <= now
            ]  # fmt: skip
            before = now
            last = [touch for touch in window if touch["time"] == max(touch["time"] for touch in window)]
            for touch in last:
                credit[touch["channel"]] += number / len(last)
    return credit
