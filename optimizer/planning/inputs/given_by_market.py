"""Tables of plans that somebody gives for several markets: spend by market and channel, every pair once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from attribution import Engine
from attribution.errors import BadInput, Problem
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.file.markets import Markets
from optimizer.planning.inputs.given_tables import Given, currencies_of, hint_of, meant_by, read_plan_table, said_of
from optimizer.planning.inputs.plans_of_other_tools import PlanTable, plan_table

__all__ = ["read_given_by_market"]

_FIRST_ROW = 2  # below the header
_SHOWN = 5


def read_given_by_market(
    table: GivenTable,
    folder: Path,
    markets: Markets,
    engine: Engine | None = None,
    *,
    horizon: int = 13,
    per_week: int = 1,
) -> Given:
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
    horizon
        Weeks of the plan.
    per_week
        Periods of the weekly table in a week.

    Returns
    -------
    Currency over the horizon, by cell.

    Raises
    ------
    BadInput
        Every problem of the table, with its row.
    """
    opened = plan_table(table, folder, per_week, engine)
    if opened.market is None:
        text = "is by channel alone, and the weekly table holds several markets."
        remedy = f"divide each channel's spend between them: columns {table.market}, {table.channel} and {table.spend}."
        raise BadInput(Problem(table.path.name, text, remedy=remedy))
    frame = read_plan_table(opened, table, (opened.market, opened.channel), engine)
    pairs = list(zip(frame[opened.channel].astype(str), frame[opened.market].astype(str), strict=True))
    problems = list(_problems(opened, opened.market, table.path.name, frame, pairs, markets))
    if problems:
        raise BadInput(problems)
    named = dict(zip(pairs, frame[opened.spend].astype(float) * opened.over(horizon), strict=True))
    spend = pd.Series({cell: named[pair] for cell, pair in markets.cells.items()}, name="spend")
    return Given(spend, said_of(opened, horizon), currencies_of(frame))


def _problems(
    opened: PlanTable,
    by_market: str,
    name: str,
    frame: pd.DataFrame,
    pairs: list[tuple[str, str]],
    markets: Markets,
) -> Iterator[Problem]:
    cells = set(markets.cells.values())
    for row, ((channel, market), amount) in enumerate(zip(pairs, frame[opened.spend], strict=True)):
        at, known = f"row {row + _FIRST_ROW}", True
        for given, valid, column in ((market, markets.names, by_market), (channel, markets.channels, opened.channel)):
            if given not in valid:
                close, known = meant_by(given, valid), False
                hint = hint_of(given, close, f"there are {', '.join(valid[:_SHOWN])}.")
                yield Problem(name, f"unknown {given!r}.", column, at, hint)
        if known and amount > 0 and (channel, market) not in cells:
            text = f"spends on {channel} in {market}, where it never spent: nothing says what it would bring."
            yield Problem(name, text, opened.spend, at, "write 0.")
    missing = [cell for cell, pair in markets.cells.items() if pair not in pairs]
    if missing:
        more = " and more" if len(missing) > _SHOWN else ""
        text = f"lacks {', '.join(missing[:_SHOWN])}{more}."
        yield Problem(name, text, opened.channel, remedy="write 0 for a channel not used in a market.")
