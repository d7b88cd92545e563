"""Tables of plans that somebody gives for several markets: spend by market and channel, every pair once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from attribution import Engine, Query
from attribution.errors import BadInput, Problem, nearest
from attribution.reading.contracts import Column, Table
from attribution.reading.small import read_table
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.file.markets import Markets

__all__ = ["read_given_by_market"]

_FIRST_ROW = 2  # below the header
_SHOWN = 5


def read_given_by_market(table: GivenTable, folder: Path, markets: Markets, engine: Engine | None = None) -> pd.Series:
    """Spend by cell of somebody's plan.

    Parameters
    ----------
    table
        What the plan file says of it.
    folder
        Where relative paths start.
    markets
        Those of the weekly table, whose cells have to be named once each.
    engine
        Settings of DuckDB.

    Returns
    -------
    Currency over the horizon, by cell.

    Raises
    ------
    BadInput
        Every problem of the table, with its row.
    """
    columns = (Column(table.market, "text"), Column(table.channel, "text"), Column(table.spend, minimum=0, money=True))
    declared = Table(table.path.name, columns, key=(table.market, table.channel))
    source = table.path if isinstance(table.path, Query) else folder / table.path
    frame = read_table(source, declared, table.format, engine)
    pairs = list(zip(frame[table.channel].astype(str), frame[table.market].astype(str), strict=True))
    problems = list(_problems(table, frame, pairs, markets))
    if problems:
        raise BadInput(problems)
    named = dict(zip(pairs, frame[table.spend].astype(float), strict=True))
    return pd.Series({cell: named[pair] for cell, pair in markets.cells.items()}, name="spend")


def _problems(
    table: GivenTable, frame: pd.DataFrame, pairs: list[tuple[str, str]], markets: Markets
) -> Iterator[Problem]:
    name, cells = table.path.name, set(markets.cells.values())
    for row, ((channel, market), amount) in enumerate(zip(pairs, frame[table.spend], strict=True)):
        at, known = f"row {row + _FIRST_ROW}", True
        for given, valid, column in ((market, markets.names, table.market), (channel, markets.channels, table.channel)):
            if given not in valid:
                close, known = nearest(given, valid), False
                hint = f"did you mean {close!r}?" if close else f"there are {', '.join(valid[:_SHOWN])}."
                yield Problem(name, f"unknown {given!r}.", column, at, hint)
        if known and amount > 0 and (channel, market) not in cells:
            text = f"spends on {channel} in {market}, where it never spent: nothing says what it would bring."
            yield Problem(name, text, table.spend, at, "write 0.")
    missing = [cell for cell, pair in markets.cells.items() if pair not in pairs]
    if missing:
        more = " and more" if len(missing) > _SHOWN else ""
        text = f"lacks {', '.join(missing[:_SHOWN])}{more}."
        yield Problem(name, text, table.channel, remedy="write 0 for a channel not used in a market.")
