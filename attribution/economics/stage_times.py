"""When each person or account reached each stage, from rows of kinds and times."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.cells import cells_of
from attribution.reading.contracts import Column, Table
from attribution.reading.engine import Engine
from attribution.reading.formats import PLAIN, Format

__all__ = ["StageTimes", "stage_times"]

_SHOWN = 3


class StageTimes(NamedTuple):
    """Who was where when.

    Parameters
    ----------
    when
        Persons x stages, NaT where a stage was not seen.
    worth
        The last value stated for each person; None without a column of it.
    channel
        The first that a person's rows name, empty where none does; None without a column of it.
    """

    when: pd.DataFrame
    worth: pd.Series | None
    channel: pd.Series | None = None


def stage_times(
    conversions: object,
    stages: Sequence[str],
    *,
    account: str,
    time: str,
    stage: str,
    value: str | None = None,
    channel: str | None = None,
    accounts: Mapping[str, str] | None = None,
    format: Format | None = None,
    engine: Engine | None = None,
) -> StageTimes:
    """The first time of each person at each stage, the last value stated for each, and the channel.

    Parameters are those of :func:`attribution.economics.opportunity_stages`.

    Raises
    ------
    BadInput
        A faulty table, a stage that no row has, times in the future, persons who reach a later stage first.
    """
    own = [Column(value, minimum=0, nullable=True, money=True)] if value is not None else []
    own += [Column(channel, "text", nullable=True)] if channel is not None else []
    cells = cells_of(conversions, "stages", engine=engine)
    name, table = cells.name, Table(cells.name, (Column(account, "text"), Column(stage, "text"), *own))
    frame = replace(table, first_row=cells.first_row, format=format or PLAIN).check(cells.frame)
    frame = frame.assign(**{time: _moments(cells.frame, time, name, cells.first_row, format or PLAIN)})
    who = frame[account].astype(str)
    who = who if accounts is None else who.map(dict(accounts)).fillna(who)
    worth = 0.0 if value is None else frame[value].fillna(0.0).astype(float)
    rows = pd.DataFrame({"who": who, "time": frame[time], "stage": frame[stage].astype(str), "worth": worth})
    rows["channel"] = "" if channel is None else frame[channel].fillna("").astype(str).str.strip()
    if problems := [*_unknown(rows, stages, name, stage), *_to_come(rows, stages, name, time, cells.first_row)]:
        raise BadInput(problems)
    rows = rows[rows["stage"].isin(stages)].sort_values("time", kind="stable")
    first = rows.drop_duplicates(["who", "stage"])
    when = first.pivot_table(index="who", columns="stage", values="time", aggfunc="first").reindex(columns=list(stages))
    if problems := list(_backwards(when, stages, name, time)):
        raise BadInput(problems)
    last = rows.groupby("who")["worth"].last().reindex(when.index)
    named = rows[rows["channel"] != ""].drop_duplicates("who").set_index("who")["channel"].reindex(when.index)
    return StageTimes(when, last if value is not None else None, named.fillna("") if channel is not None else None)


def _moments(frame: pd.DataFrame, column: str, name: str, first_row: int, format: Format) -> pd.Series:
    """Times with or without a zone, or days."""
    if column not in frame:
        raise BadInput(Problem(name, "is missing.", column, remedy=f"the table has {', '.join(map(str, frame))}."))
    written = format.date_format or "ISO8601"
    raw = frame[column]
    known = raw if isinstance(raw.dtype, pd.DatetimeTZDtype) or raw.dtype.kind == "M" else raw.astype(str)
    times = pd.to_datetime(known, utc=True, errors="coerce", format=None if known is raw else written)
    if (bad := np.flatnonzero(times.isna().to_numpy())).size:
        rows = f"row{'s' if len(bad) > 1 else ''} " + ", ".join(str(first_row + int(at)) for at in bad[:_SHOWN])
        remedy = "write times such as 2024-01-29T09:00:00Z or days, or state date_format."
        raise BadInput(Problem(name, f"is no time: {raw.iloc[int(bad[0])]!r}.", column, rows, remedy))
    return times


def _unknown(rows: pd.DataFrame, stages: Sequence[str], name: str, column: str) -> Iterator[Problem]:
    if len(set(stages)) != len(stages) or len(stages) < 2:
        text = f"stages are {', '.join(stages) or 'none'}."
        yield Problem(name, text, column, remedy="name two or more, in their order, each once.")
    known = list(rows["stage"].unique())
    for one in stages:
        if one not in known:
            remedy = f"the table has {', '.join(known[:12])}."
            yield Problem(name, f"no row is of stage {one!r}.", column, remedy=remedy)


def _to_come(rows: pd.DataFrame, stages: Sequence[str], name: str, column: str, first_row: int) -> Iterator[Problem]:
    """Stages that are planned, such as the day on which a deal is expected to close."""
    late = (rows["time"] > pd.Timestamp.now("UTC") + pd.Timedelta(days=1)) & rows["stage"].isin(stages)
    if late.any():
        at = np.flatnonzero(late.to_numpy())
        row = f"row{'s' if len(at) > 1 else ''} " + ", ".join(str(first_row + int(one)) for one in at[:_SHOWN])
        text = f"lies in the future: {rows['time'].iloc[at[0]]:%Y-%m-%d}, so in {len(at)} of {len(rows)} rows."
        yield Problem(name, text, column, row, "leave out stages that are not reached yet; a planned day is none.")


def _backwards(when: pd.DataFrame, stages: Sequence[str], name: str, column: str) -> Iterator[Problem]:
    """Accounts of which more than one in ten reach a later stage before an earlier one."""
    for before, after in itertools.pairwise(stages):
        both = when[[before, after]].dropna()
        wrong = both.index[both[after] < both[before]]
        if len(wrong) > len(both) / 10:
            text = f"stages are out of order: {len(wrong)} of {len(both)} reach {after} before {before}"
            text += f" ({', '.join(map(str, wrong[:_SHOWN]))})."
            yield Problem(name, text, column, remedy="order the stages as they are passed, or correct the times.")
