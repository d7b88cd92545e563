"""The declared tables of fixed columns, and tables with a column per channel, outcome or control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from attribution.reading.contracts import Column, Table

__all__ = ["COHORTS", "COSTS", "LIFT_TESTS", "SPEND", "renamed", "wide"]


def __dir__() -> list[str]:
    return sorted(__all__)


SPEND = Table(
    "spend",
    (
        Column("date", "date"),
        Column("channel", "text"),
        Column("spend", minimum=0, money=True),
        Column("geo", "text", required=False),
    ),
    key=("date", "geo", "channel"),
)
"""One row per period, channel and, where there is one, geo; in currency."""

LIFT_TESTS = Table(
    "lift_tests",
    (
        Column("channel", "text"),
        Column("start", "date"),
        Column("end", "date"),
        Column("spend_change", money=True),
        Column("currency", "text", required=False, nullable=True),
        Column("customers_gained"),
        Column("standard_error", minimum=0),
        Column("geo", "text", required=False, nullable=True),
        Column("outside", minimum=0, required=False, nullable=True),
        Column("changed", "text", required=False, nullable=True),
        Column("shared_controls", "text", required=False, nullable=True),
        Column("shared_error", minimum=0, required=False, nullable=True),
    ),
)
"""One row per experiment: extra spend (currency), extra customers it brought and their standard error."""

COHORTS = Table(
    "cohorts",
    (
        Column("month", "date"),
        Column("channel", "text"),
        Column("age", minimum=0),
        Column("active", minimum=0),
        Column("margin", required=False, money=True),
        Column("currency", "text", required=False),
    ),
    key=("month", "channel", "age"),
)
"""One row per month of acquisition, channel and age: customers still active, and their contribution margin."""

COSTS = Table(
    "costs",
    (
        Column("month", "date"),
        Column("until", "date", required=False),
        Column("kind", "text"),
        Column("cost", minimum=0, money=True),
        Column("currency", "text", required=False),
    ),
    key=("month", "kind"),
)
"""One row per month, or time until a day, and kind of cost of acquisition beside media: salaries, tools, agencies."""


def renamed(table: Table, name: str, columns: Mapping[str, str] | None = None) -> Table:
    """The table under another name, with columns called as a file calls them.

    Parameters
    ----------
    table
        A declared table.
    name
        What messages call it, usually the file.
    columns
        Declared name -> name in the file.

    Examples
    --------
    >>> [column.name for column in renamed(SPEND, "media.csv", {"date": "week"}).columns][:2]
    ['week', 'channel']
    """
    names = dict(columns or {})
    return replace(
        table,
        name=name,
        columns=tuple(replace(column, name=names.get(column.name, column.name)) for column in table.columns),
        key=tuple(names.get(column, column) for column in table.key),
    )


def wide(
    name: str,
    date: str,
    numbers: Sequence[str],
    nonnegative: Sequence[str] = (),
    geo: str | None = None,
    money: Sequence[str] = (),
    words: Sequence[str] = (),
) -> Table:
    """A table with one row per period and one column per channel, outcome or control; words may be left empty."""
    columns = [Column(date, "date"), *([Column(geo, "text")] if geo else [])]
    columns += [
        Column(
            column,
            minimum=0 if column in nonnegative else None,
            money=column in money,
            truths=column not in nonnegative and column not in money,
        )
        for column in dict.fromkeys(numbers)
    ]
    columns += [Column(column, "text", nullable=True) for column in words]
    return Table(name, tuple(columns), key=(date, *([geo] if geo else [])))
