"""The funnel of a plan file, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from attribution.economics import ALL, Funnel, read_funnel
from attribution.errors import BadInput
from mmm.model.model import ORGANIC
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.funnel import FunnelTable
from optimizer.planning.file.scenarios import Passing
from optimizer.planning.stages.people import source_of
from optimizer.planning.stages.unknown_channels import unknown_channels

__all__ = ["passing_of", "read_counts"]


def read_counts(config: Config, table: FunnelTable, folder: Path, known: Iterable[str]) -> Funnel:
    """Counts by period, channel and stage.

    Parameters
    ----------
    config, table
        The plan file, and what it says of the table.
    folder
        Where relative paths start.
    known
        Channels of the weekly table; none where there is no table to hold the names against.

    Raises
    ------
    BadInput
        Every problem of the table, and channels that the plan does not know.
    """
    counts = read_funnel(
        source_of(table.path, folder),
        table.stages,
        period=table.period,
        channel=table.channel,
        same_people=table.same_people,
        format=table.format,
        engine=config.engine.engine,
    )
    names = [*known, ORGANIC]
    named = counts.channels if len(names) > 1 and table.channel else ()
    problems = list(unknown_channels(named, names, table.path.name, table.channel))
    if problems:
        raise BadInput(problems)
    return counts


def passing_of(counts: Funnel, cells: Mapping[str, str]) -> dict[str, Passing]:
    """Stage -> who passes it on from the stage before.

    Parameters
    ----------
    counts
        The funnel; where it is of all together, everybody passes its stages.
    cells
        Channel or cell of the plan -> its channel.
    """
    way = {}
    for before, after in zip(counts.stages, counts.stages[1:], strict=False):
        names = [name for name in counts.channels if before in counts.passed_by(name)]
        everybody = names == [ALL]
        channels = tuple(cell for cell, name in cells.items() if everybody or name in names)
        way[after] = Passing(channels, everybody or ORGANIC in names)
    return way
