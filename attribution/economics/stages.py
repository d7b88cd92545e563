"""Stages that persons or accounts pass one after another: how many, worth how much, and how long it takes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.cells import cells_of
from attribution.reading.contracts import Column, Table
from attribution.reading.engine import Engine
from attribution.reading.formats import PLAIN, Format

__all__ = ["opportunity_stages"]

_Z = 1.6448536269514722
_SHOWN = 3


def opportunity_stages(
    conversions: object,
    stages: Sequence[str],
    *,
    account: str = "account",
    time: str = "time",
    stage: str = "stage",
    value: str | None = None,
    accounts: Mapping[str, str] | None = None,
    format: Format | None = None,
    engine: Engine | None = None,
) -> pd.DataFrame:
    """A row per stage: who has reached it, what it is worth, who went on, and the days since the stage before.

    Who reached a later stage counts at the earlier ones as well, without a time there. The first time counts.

    Parameters
    ----------
    conversions
        File or frame, a row per account (or person) and stage reached.
    stages
        In the order in which they are passed; other kinds are passed over.
    account, time, stage, value
        Columns; ``value`` is that of the pipeline, where there is one.
    accounts
        User -> account, where ``account`` names users; who is missing is an account of its own.
    format, engine
        As for :func:`attribution.read_table`.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``reached``; ``value`` of those who reached it and ``open`` of those still there; ``passed`` to the
        next stage and ``rate`` with its 90 % interval (Wilson, 1927); ``days``, ``days_low``, ``days_high``: by which
        half, 5 % and 95 % of those had come from the stage before who have come, and ``timed``, how many these are.

    Raises
    ------
    BadInput
        A faulty table, a stage that no row has, accounts that reach a later stage first.

    Examples
    --------
    >>> days = ["2026-01-01", "2026-02-10", "2026-01-05"]
    >>> rows = pd.DataFrame({"account": ["a", "a", "b"], "time": days, "stage": ["lead", "won", "lead"]})
    >>> opportunity_stages(rows, ["lead", "won"])[["stage", "reached", "passed", "days"]].to_dict("records")[1]
    {'stage': 'won', 'reached': 1, 'passed': nan, 'days': 40.0}
    """
    own = [Column(value, minimum=0, nullable=True, money=True)] if value is not None else []
    cells = cells_of(conversions, "stages", engine=engine)
    name, table = cells.name, Table(cells.name, (Column(account, "text"), Column(stage, "text"), *own))
    frame = replace(table, first_row=cells.first_row, format=format or PLAIN).check(cells.frame)
    frame = frame.assign(**{time: _moments(cells.frame, time, name, cells.first_row, format or PLAIN)})
    who = frame[account].astype(str)
    who = who if accounts is None else who.map(dict(accounts)).fillna(who)
    worth = 0.0 if value is None else frame[value].fillna(0.0).astype(float)
    rows = pd.DataFrame({"who": who, "time": frame[time], "stage": frame[stage].astype(str), "worth": worth})
    if problems := list(_unknown(rows, stages, name, stage)):
        raise BadInput(problems)
    rows = rows[rows["stage"].isin(stages)].sort_values("time", kind="stable")
    first = rows.drop_duplicates(["who", "stage"])
    when = first.pivot_table(index="who", columns="stage", values="time", aggfunc="first").reindex(columns=list(stages))
    if problems := list(_backwards(when, stages, name, time)):
        raise BadInput(problems)
    last = rows.groupby("who")["worth"].last().reindex(when.index)
    return pd.DataFrame(_rows(when, last if value is not None else None, list(stages)))


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


def _backwards(when: pd.DataFrame, stages: Sequence[str], name: str, column: str) -> Iterator[Problem]:
    """Accounts of which more than one in ten reach a later stage before an earlier one."""
    for before, after in itertools.pairwise(stages):
        both = when[[before, after]].dropna()
        wrong = both.index[both[after] < both[before]]
        if len(wrong) > len(both) / 10:
            text = f"stages are out of order: {len(wrong)} of {len(both)} reach {after} before {before}"
            text += f" ({', '.join(map(str, wrong[:_SHOWN]))})."
            yield Problem(name, text, column, remedy="order the stages as they are passed, or correct the times.")


def _rows(when: pd.DataFrame, worth: pd.Series | None, stages: list[str]) -> Iterator[dict[str, object]]:
    at_least = when.notna().to_numpy()[:, ::-1].cumsum(axis=1)[:, ::-1] > 0
    for place, stage in enumerate(stages):
        reached = at_least[:, place]
        on = at_least[:, place + 1] if place + 1 < len(stages) else np.zeros(len(when), dtype=bool)
        last = place + 1 == len(stages)
        low, high = (np.nan, np.nan) if last else _wilson(int(on.sum()), int(reached.sum()))
        gap = (when[stage] - when[stages[place - 1]]).dt.total_seconds() / 86_400 if place else pd.Series(dtype=float)
        gap = gap[gap >= 0]
        days = gap.quantile([0.5, 0.05, 0.95]).to_numpy() if len(gap) else np.full(3, np.nan)
        yield {
            "stage": stage,
            "reached": int(reached.sum()),
            "value": np.nan if worth is None else float(worth[reached].sum()),
            "open": np.nan if worth is None or last else float(worth[reached & ~on].sum()),
            "passed": np.nan if last else float(on.sum()),
            "rate": np.nan if last else float(on.sum() / max(reached.sum(), 1)),
            "rate_low": low,
            "rate_high": high,
            "days": float(days[0]),
            "days_low": float(days[1]),
            "days_high": float(days[2]),
            "timed": len(gap),
        }


def _wilson(passed: int, entered: int) -> tuple[float, float]:
    rate, shrunk = passed / max(entered, 1), 1 + _Z * _Z / max(entered, 1)
    middle = rate + _Z * _Z / (2 * max(entered, 1))
    half = _Z * np.sqrt(rate * (1 - rate) / max(entered, 1) + _Z * _Z / (4 * max(entered, 1) ** 2))
    return max(float((middle - half) / shrunk), 0.0), min(float((middle + half) / shrunk), 1.0)
