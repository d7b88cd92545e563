"""Costs beside media of a plan file: a row per month and kind, or per time and kind, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.blanks import folded
from attribution.reading.small import read_table
from attribution.reading.stand_ins import totals_among
from attribution.reading.strict import read_days
from attribution.reading.tables import COSTS, renamed
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.economics import CostTable
from optimizer.planning.inputs.other_currency import other_currency
from optimizer.planning.inputs.people import source_of

__all__ = ["read_costs"]

_MOST_DAYS = 366 * 30  # of a row
_MOSTLY = 0.5


def read_costs(config: Config, table: CostTable, folder: Path, channels: Iterable[str] = ()) -> pd.DataFrame:
    """Costs of acquisition beside media: ``month`` (its first day), ``kind`` and ``cost`` in currency.

    A row until a day is divided evenly between its days.

    Parameters
    ----------
    config, table
        The plan file, and what it says of the table.
    folder
        Where relative paths start.
    channels
        Channels of the weekly table.

    Raises
    ------
    BadInput
        Every problem of the table: another currency, a kind that is one of the channels, whose spend counts already, or
        another kind in another spelling, times of a kind that overlap or end before they begin.
    """
    names = {"month": table.month, "kind": table.kind, "cost": table.cost, "currency": table.currency}
    names["until"] = table.until or "until"
    source, name = source_of(table.path, folder), table.path.name
    whole = read_table(source, renamed(COSTS, name, names), table.format, config.engine.engine)
    frame = whole.rename(columns={own: role for role, own in names.items()})
    frame = frame.assign(kind=frame["kind"].astype(str), cost=frame["cost"].astype(float))
    problems = list(other_currency(frame.get("currency", ()), config.currency, name, table.currency))
    problems += _of_kinds(frame, table, channels)
    if table.until is None:
        problems += _unread_ends(whole, frame, table)
        frame = frame.assign(month=_naive(frame["month"]).to_period("M").to_timestamp())
        problems += _repeated(frame, table)
    elif table.until not in whole:
        remedy = f"the table has {', '.join(map(str, whole))}."
        problems.append(Problem(name, "is missing.", table.until, remedy=remedy))
    else:
        problems += (wrong := list(_of_times(frame, table)))
        frame = frame if wrong else _by_month(frame)
    if problems:
        raise BadInput(problems)
    return frame[["month", "kind", "cost"]]


def _naive(column: pd.Series) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(column).tz_localize(None)


def _of_kinds(frame: pd.DataFrame, table: CostTable, channels: Iterable[str]) -> Iterator[Problem]:
    """Kinds that are media, another kind in another spelling, or the sum of all others."""
    name, kinds, media = table.path.name, list(frame["kind"].unique()), {folded(name) for name in channels}
    if twice := [kind for kind in kinds if folded(kind) in media]:
        text = f"holds {', '.join(map(repr, twice[:5]))}, whose spend counts as a channel already."
        yield Problem(name, text, table.kind, remedy="leave media out here: these are the costs beside it.")
    spelt: dict[str, str] = {}
    for kind in kinds:
        if (other := spelt.setdefault(folded(kind), kind)) != kind:
            text = f"holds {other!r} and {kind!r}, one kind in two spellings, which would count twice."
            yield Problem(name, text, table.kind, remedy="write it alike, a row for each month.")
    for kind in totals_among(frame["kind"], frame["cost"]):
        text = f"holds {kind!r} with as much cost as all other kinds: rows of totals."
        yield Problem(name, text, table.kind, remedy="delete them; or rename the kind if it is one.")


def _repeated(frame: pd.DataFrame, table: CostTable) -> Iterator[Problem]:
    if (again := frame.duplicated(["month", "kind"])).any():
        first = frame[again].iloc[0]
        text = f"has several rows of {first['kind']} in {first['month']:%Y-%m}."
        yield Problem(table.path.name, text, table.month, remedy="sum them at the source.")


def _unread_ends(whole: pd.DataFrame, frame: pd.DataFrame, table: CostTable) -> Iterator[Problem]:
    """Columns that nobody reads and that hold days outside the months of most rows: ends of longer times."""
    months = _naive(frame["month"]).to_period("M")
    for column in whole.columns:
        if column in (table.month, table.kind, table.cost, table.currency):
            continue
        days = read_days(whole[column], table.format)
        if days.faulty.any() or pd.isna(days.cells).any():
            continue
        if np.mean(_naive(days.cells).to_period("M") != months) > _MOSTLY:
            text = "holds days of other months than the rows' own, and is not read: each row counts in its month alone."
            remedy = f"where a row is of the time until that day, state until: {column}; else leave the column out."
            yield Problem(table.path.name, text, str(column), remedy=remedy)


def _of_times(frame: pd.DataFrame, table: CostTable) -> Iterator[Problem]:
    """Times that end before they begin, are no times, or overlap with those of the same kind."""
    name, first, last = table.path.name, _naive(frame["month"]), _naive(frame["until"])
    rows = np.arange(len(frame)) + COSTS.first_row
    if (back := last < first).any():
        at = int(np.flatnonzero(back)[0])
        text = (
            f"ends before it begins: {last[at]:%Y-%m-%d} after {first[at]:%Y-%m-%d}, so in {amount(back.sum())} rows."
        )
        yield Problem(name, text, table.until, f"row {rows[at]}", "give the last day of the time that a row is of.")
        return
    if (long := (last - first).days > _MOST_DAYS).any():
        at = int(np.flatnonzero(long)[0])
        text = f"lies {(last - first).days[at] // 365} years after {first[at]:%Y-%m-%d}."
        yield Problem(name, text, table.until, f"row {rows[at]}", "correct the year; write the last day that is known.")
    spans = pd.DataFrame({"kind": frame["kind"].to_numpy(), "first": first, "last": last, "row": rows})
    for kind, own in spans.sort_values("first").groupby("kind", sort=False):
        over = own[own["first"] <= own["last"].cummax().shift()]
        if len(over):
            one = over.iloc[0]
            text = f"{kind} from {one['first']:%Y-%m-%d} lies within the time of another of its rows, and counts twice."
            yield Problem(name, text, table.month, f"row {one['row']}", "end one time before the next one begins.")


def _by_month(frame: pd.DataFrame) -> pd.DataFrame:
    """Each row's cost divided evenly between its days, summed by month."""
    first, last = _naive(frame["month"]), _naive(frame["until"])
    length = (last - first).days.to_numpy() + 1
    within = np.concatenate([np.arange(size) for size in length])
    each = np.arange(len(frame)).repeat(length)
    days = first[each] + pd.to_timedelta(within, unit="D")
    cost = (frame["cost"].to_numpy() / length)[each]
    kind, month = frame["kind"].to_numpy()[each], days.to_period("M").to_timestamp()
    daily = pd.DataFrame({"month": month, "kind": kind, "cost": cost})
    return pd.DataFrame(daily.groupby(["month", "kind"], as_index=False, sort=False)["cost"].sum())
