"""What the plan file says of any table: where it lies, and how it writes numbers, days and times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, PlainSerializer, PlainValidator, model_validator

from attribution.reading.encodings import encoding_of
from attribution.reading.formats import Format, zone_of
from attribution.reading.queries import Query
from optimizer.planning.file.keys.base import Section

__all__ = ["AS_IT_IS", "DatePattern", "Days", "Encoding", "Numbers", "Source", "TimeZone", "Times", "source"]

_UNITS = {"thousand": 1e3, "million": 1e6}


def source(value: Any) -> Path | Query:
    """A path, or a query to a database as ``url::select ...`` or under two keys.

    Raises
    ------
    ValueError
        It is neither.
    """
    if isinstance(value, Path | Query):
        return value
    if isinstance(value, dict):
        if set(value) != {"url", "query"} or not all(isinstance(text, str) for text in value.values()):
            raise ValueError("a query to a database has two keys, url and query, both of them texts")
        return Query(str(value["url"]), str(value["query"]))
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{str(value)[:60]!r} is no path; write the table's file, or url and query")
    return Query.of(value) if "://" in value.partition("::")[0] else Path(value)


# what stands there is written down by what it is, for a union of kinds would be held against each of them in turn
AS_IT_IS = PlainSerializer(lambda value: value, return_type=Any)

Source = Annotated[Path | Query, PlainValidator(source), AS_IT_IS]


def _a_pattern(date_format: str) -> str:
    Format(date_format=date_format)
    return date_format


DatePattern = Annotated[str, AfterValidator(_a_pattern)]
TimeZone = Annotated[str, AfterValidator(lambda name: zone_of(name).key)]


Encoding = Annotated[str, AfterValidator(encoding_of)]


class Stated(Section):
    """What is stated of how a table is written."""

    encoding: Encoding | None = None
    """Encoding of a CSV file, such as `cp1252`; UTF-8 where left out, or UTF-16 where the mark at its head says so."""

    @property
    def format(self) -> Format:
        """All of it."""
        stated = {
            key: getattr(self, key, None) for key in ("decimal", "thousands", "date_format", "time_zone", "encoding")
        }
        return Format(unit=_UNITS.get(getattr(self, "unit", None) or "", 1.0), **stated)


class Numbers(Stated):
    """How a table writes numbers."""

    decimal: Literal[".", ","] | None = None
    """Sign before decimals; a point where left out, and numbers such as `70.906`, which may be 70,906, are refused."""
    thousands: Literal[".", ",", " ", "'"] | None = None
    """Sign between thousands; none where left out."""
    unit: Literal["thousand", "million"] | None = None
    """What amounts of money (spend, value) are counted in; units of the currency where left out."""

    @model_validator(mode="after")
    def _two_signs(self) -> Self:
        Format(decimal=self.decimal, thousands=self.thousands)
        return self


class Days(Stated):
    """How a table writes days."""

    date_format: DatePattern | None = None
    """`strptime` pattern of dates that are not written as 2026-01-05; `%G-W%V` for ISO weeks, `excel` for days as
    spreadsheets count them; `unix`, `unix_ms` or `unix_us` for seconds, thousandths or millionths since 1970.
    """


class Times(Days):
    """How a table writes times."""

    time_zone: TimeZone | None = None
    """Zone of times without an offset, such as `Europe/Berlin`; UTC where left out."""
