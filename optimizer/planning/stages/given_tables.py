"""Tables of plans that somebody gives: spend by channel, every channel once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from attribution import Engine, Query
from attribution.errors import BadInput, Problem, nearest
from attribution.reading.contracts import Column, Table
from attribution.reading.small import read_table
from mmm import Panel
from optimizer.planning.file.keys.plan import GivenTable

__all__ = ["read_given"]

_FIRST_ROW = 2  # below the header


def read_given(
    table: GivenTable, folder: Path, panel: Panel, new: Sequence[str] = (), engine: Engine | None = None
) -> pd.Series:
    """Spend by channel of somebody's plan.

    Parameters
    ----------
    table
        What the plan file says of it.
    folder
        Where relative paths start.
    panel
        The weekly table, whose paid channels have to be named once each.
    new
        New channels of the plan, which may be named too.
    engine
        Settings of DuckDB.

    Returns
    -------
    Currency over the horizon, by channel of the panel, then new ones.

    Raises
    ------
    BadInput
        Every problem of the table, with its row.
    """
    columns = (Column(table.channel, "text"), Column(table.spend, minimum=0, money=True))
    declared = Table(table.path.name, columns, key=(table.channel,))
    source = table.path if isinstance(table.path, Query) else folder / table.path
    frame = read_table(source, declared, table.format, engine)
    problems = list(_problems(table, frame, panel, new))
    if problems:
        raise BadInput(problems)
    spend = pd.Series(frame[table.spend].to_numpy(dtype=float), frame[table.channel].astype(str), name="spend")
    return spend.reindex([*panel.channels, *new], fill_value=0.0)


def _problems(table: GivenTable, frame: pd.DataFrame, panel: Panel, new: Sequence[str]) -> Iterator[Problem]:
    name, spent = table.path.name, panel.national_spend.sum()
    for row, (channel, amount) in enumerate(zip(frame[table.channel], frame[table.spend], strict=True)):
        at = f"row {row + _FIRST_ROW}"
        if channel in new:
            continue
        if channel not in panel.channels:
            close = nearest(channel, [*panel.channels, *new])
            hint = f"did you mean {close!r}?" if close else f"channels are {', '.join(panel.channels)}."
            yield Problem(name, f"unknown channel {channel!r}.", table.channel, at, hint)
        if channel in panel.channels and amount > 0 and spent[channel] == 0:
            text = f"spends on {channel}, which never spent in the weekly table: nothing says what it would bring."
            yield Problem(name, text, table.spend, at, "write 0, or plan a test of the channel.")
    missing = [channel for channel in panel.channels if channel not in set(frame[table.channel])]
    if missing:
        yield Problem(name, f"lacks {', '.join(missing)}.", table.channel, remedy="write 0 for a channel not used.")
