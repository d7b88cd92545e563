"""What a table with the columns of the plan file's weekly table must hold."""

from __future__ import annotations

from collections.abc import Sequence

from attribution.reading.contracts import Table
from attribution.reading.tables import wide
from optimizer.planning.file.column_roles import media_of
from optimizer.planning.file.keys.data import Weekly

__all__ = ["weekly_table"]


def weekly_table(weekly: Weekly, name: str, new: Sequence[str] = (), population: bool = True) -> Table:
    """The contract of a weekly table.

    Parameters
    ----------
    weekly
        Names of the columns.
    name
        What messages call the table.
    new
        Further columns of spend.
    population
        Whether the column of people, where the plan file names one, must be there.
    """
    media = media_of(weekly)
    amounts = [column for medium in media.values() for column in (medium.spend, *medium.columns) if column]
    people = [weekly.population] if weekly.population is not None and population else []
    return wide(
        name,
        weekly.date,
        [weekly.kpi, *amounts, *weekly.numbers, *weekly.baselines, *people, *new],
        nonnegative=[weekly.kpi, *amounts, *people, *new],
        geo=weekly.geo,
        money=[*weekly.channels.values(), *new],
        words=weekly.words,
    )
