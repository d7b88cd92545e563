"""The declared tables: what the files of a plan must hold, written once for checks, templates and documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from attribution.reading.contracts import Column, Table

__all__ = [
    "COHORTS",
    "CONTROLS",
    "CONVERSIONS",
    "LIFT_TESTS",
    "OUTCOMES",
    "SPEND",
    "TOUCHPOINTS",
    "renamed",
    "wide",
]

TOUCHPOINTS = Table(
    "touchpoints",
    (
        Column("user", "text"),
        Column("time", "date"),
        Column("channel", "text"),
        Column("interaction", "text", required=False, nullable=True),
        Column("conversion", minimum=0, required=False),
        Column("value", minimum=0, required=False),
    ),
)
"""One row per click or view; ``conversion`` only where the log itself marks conversions."""

CONVERSIONS = Table(
    "conversions",
    (
        Column("user", "text"),
        Column("time", "date"),
        Column("value", minimum=0, required=False),
        Column("kind", "text", required=False, nullable=True),
    ),
)
"""One row per conversion."""

SPEND = Table(
    "spend",
    (
        Column("date", "date"),
        Column("channel", "text"),
        Column("spend", minimum=0),
        Column("geo", "text", required=False),
    ),
    key=("date", "geo", "channel"),
)
"""One row per period, channel and, where there is one, geo; in currency."""

OUTCOMES = Table(
    "outcomes",
    (
        Column("date", "date"),
        Column("new_customers", minimum=0),
        Column("revenue", minimum=0, required=False),
        Column("geo", "text", required=False),
    ),
    key=("date", "geo"),
)
"""One row per period: new customers (paid and organic together)."""

CONTROLS = Table("controls", (Column("date", "date"), Column("geo", "text", required=False)), key=("date", "geo"))
"""One row per period; every other column is a control."""

LIFT_TESTS = Table(
    "lift_tests",
    (
        Column("channel", "text"),
        Column("start", "date"),
        Column("end", "date"),
        Column("spend_change"),
        Column("customers_gained"),
        Column("standard_error", minimum=0),
        Column("geo", "text", required=False, nullable=True),
    ),
)
"""One row per experiment: extra spend (currency), extra customers it brought and their standard error."""

COHORTS = Table(
    "cohorts",
    (
        Column("cohort", "date"),
        Column("month", minimum=0),
        Column("customers", minimum=0),
        Column("revenue", minimum=0),
        Column("channel", "text", required=False),
    ),
    key=("cohort", "month", "channel"),
)
"""One row per cohort and month of age, for lifetime value and payback."""


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
    name: str, date: str, numbers: Sequence[str], nonnegative: Sequence[str] = (), geo: str | None = None
) -> Table:
    """A table with one row per period and one column per channel, outcome or control."""
    columns = [Column(date, "date"), *([Column(geo, "text")] if geo else [])]
    columns += [Column(column, minimum=0 if column in nonnegative else None) for column in dict.fromkeys(numbers)]
    return Table(name, tuple(columns), key=(date, *([geo] if geo else [])))
