"""The funnel of a plan file, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from attribution import Query
from attribution.economics import ALL, Funnel, funnel_of_events, read_funnel
from attribution.errors import BadInput, Problem
from attribution.numbers import amount, counted
from mmm.model.model import ORGANIC
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.funnel import FunnelTable
from optimizer.planning.file.scenarios import Passing
from optimizer.planning.inputs.people import people_of, source_of
from optimizer.planning.inputs.unknown_channels import unknown_channels

__all__ = ["above_all", "more_than_entered", "passing_of", "read_counts"]

_TIMES = 3.0  # the usual rate


def read_counts(
    config: Config, table: FunnelTable, folder: Path, known: Iterable[str]
) -> tuple[Funnel, Path | Query, tuple[str, ...]]:
    """Counts by period, channel and stage; the table that they are of, and what is assumed of them.

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
    if table.path is None:
        return _of_conversions(config, table, folder)
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
    return counts, table.path, ()


def _of_conversions(config: Config, table: FunnelTable, folder: Path) -> tuple[Funnel, Path | Query, tuple[str, ...]]:
    """The kinds of the log's conversions as stages."""
    log, period, engine = config.data.touchpoints, table.of_conversions, config.engine.engine
    if log is None or log.conversions.path is None or period is None:
        raise BadInput("data.funnel.of_conversions needs a table of conversions.")
    won, path = log.conversions, log.conversions.path
    people = None if log.identity is None else people_of(log.identity, folder, engine)  # its faults name its own table
    try:
        counts, left_out = funnel_of_events(
            source_of(path, folder),
            table.stages,
            period,
            user=won.user,
            time=won.time,
            kind=won.kind or "kind",
            people=people,
            format=won.format,
            engine=engine,
        )
    except BadInput as error:
        named = [replace(one, table=path.name) if isinstance(one, Problem) else one for one in error.problems]
        raise BadInput(named) from None
    first = table.stages[0]
    told = [f"The funnel counts each person once, by the {period} of the first {first}, all channels together."]
    if left_out:
        told.append(
            f"{amount(left_out)} persons of {path.name} reached a stage and have no {first}: they entered before the "
            "table begins, or unseen, and are not in the funnel."
        )
    early = counts.frame[counts.frame.isna().any(axis=1)]["period"]
    if len(early):
        told.append(f"From {early.min():%Y-%m-%d} on it is too early to say who reaches every stage of the funnel.")
    return counts, path, tuple(told)


def above_all(counts: Funnel, stage: str, change: float) -> str | None:
    """Why a change of the conversion into a stage is none: more would come than were there before; None where it is.

    Parameters
    ----------
    counts
        The funnel.
    stage
        The stage that people reach.
    change
        Share of those who reach it, such as 0.2 for a fifth more.
    """
    before = counts.stages[counts.stages.index(stage) - 1]
    sums = counts.counts(ALL, before, stage).sum()
    entered, passed = float(sums["entered"]), float(sums["passed"]) * (1 + change)
    if change <= 0 or passed <= entered:
        return None
    return f"makes {amount(passed)} {stage} of {amount(entered)} {before}; a conversion cannot exceed 100 %."


def more_than_entered(counts: Funnel, name: str) -> Iterator[str]:
    """A sentence on periods in which more reached a stage than were at the one before, and far more than usual.

    Parameters
    ----------
    counts
        The funnel.
    name
        What messages call its table.
    """
    odd = []
    for channel, before, after in counts.steps():
        step = counts.counts(channel, before, after)
        more = step[(step["passed"] > step["entered"]) & (step["entered"] > 0)]
        most, usual = step["entered"].median(), step["passed"].median() / max(step["entered"].median(), 1.0)
        more = more[more["passed"] > _TIMES * usual * more["entered"].clip(lower=most)]  # few who enter are a lag's
        if channel != ALL or counts.channels == (ALL,):
            odd += [(day, channel, before, after, *row) for day, row in zip(more.index, more.to_numpy(), strict=True)]
    if odd:
        day, channel, before, after, entered, passed = odd[0]
        yield (
            f"{name} has {counted(len(odd), 'row')} in which more reached a stage than were at the one before, and far "
            f"more than usual: {day:%Y-%m-%d}, {channel}, {amount(passed)} {after} of {amount(entered)} {before}. They "
            "are taken as they are, which raises the rate: correct such a cell if it is a slip."
        )


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
