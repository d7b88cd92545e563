"""Controls of the coming weeks: a table of them, or last year's again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.small import read_table
from attribution.reading.tables import wide
from mmm import Panel
from mmm.data.indicators import indicators
from optimizer.planning.file.column_roles import coming_columns, last_year
from optimizer.planning.file.keys.data import Coming, Weekly
from optimizer.planning.inputs.reading import Reading, unit_of

__all__ = ["read_upcoming"]


def read_upcoming(
    reading: Reading, panel: Panel, weekly: Weekly, words: Mapping[str, tuple[str, ...]], weeks: int
) -> pd.DataFrame | dict[str, pd.DataFrame]:
    """Controls of the coming weeks, horizon x controls; of several markets by market.

    Parameters
    ----------
    reading
        The plan file.
    panel
        The weekly table, after whose last period they begin.
    weekly
        Names of its columns.
    words
        Column of words -> its words.
    weeks
        The horizon.

    Raises
    ------
    BadInput
        Nothing says how controls go on; every problem of the table, and periods that it lacks.
    """
    given = reading.config.data.upcoming
    coming, columns = panel.after(weeks * panel.per_week), coming_columns(weekly)
    if given is None:
        named = ", ".join([*columns, *words])
        text = f"has controls ({named}) but nothing says how they go on in the coming {counted(weeks, 'week')}."
        remedy = "give data.upcoming: a table of them, or last_year to assume last year's values again."
        raise BadInput(Problem(weekly.path.name, text, remedy=remedy))
    if given == "last_year":
        return _as_last_year(reading, panel, weekly, coming)
    path, written = (given.path, given.format) if isinstance(given, Coming) else (given, weekly.format)
    table = wide(path.name, weekly.date, list(columns), geo=weekly.geo, words=list(words))
    frame = read_table(reading.path(path), table, written, reading.engine).set_index(weekly.date)
    frame.attrs["name"] = path.name
    frame, made = indicators(frame, words)
    columns |= dict(zip(made, made, strict=True))
    market = pd.Series(panel.geos[0], frame.index) if weekly.geo is None else frame[weekly.geo].astype(str)
    parts = {name: frame[(market == name).to_numpy()] for name in panel.geos}
    problems = [_missing(path.name, weekly, panel, coming, name, part) for name, part in parts.items()]
    if any(problems):
        raise BadInput([problem for problem in problems if problem is not None])
    covers = f"{coming[0]:%Y-%m-%d} to {coming[-1]:%Y-%m-%d}"
    reading.note("controls of the coming weeks", path, len(frame), covers, frame)
    tables = {name: part.loc[coming, list(columns)].rename(columns=columns) for name, part in parts.items()}
    return tables if len(tables) > 1 else tables[panel.geos[0]]


def _as_last_year(
    reading: Reading, panel: Panel, weekly: Weekly, coming: pd.DatetimeIndex
) -> pd.DataFrame | dict[str, pd.DataFrame]:
    year = 52 * panel.per_week
    if panel.periods < year:
        remedy = "give data.upcoming as a table."
        text = f"has {panel.periods} {unit_of(panel)}s, too few to take controls from last year."
        raise BadInput(Problem(weekly.path.name, text, remedy=remedy))
    rows = [(panel.periods - year + period % year) for period in range(len(coming))]
    if steps := _steps(panel, rows):
        named = ", ".join(f"{name} (since {panel.dates[row]:%Y-%m-%d})" for name, row in steps.items())
        text = f"changes once and for good in {named}, and last year's values would take that back in the coming weeks."
        raise BadInput(Problem(weekly.path.name, text, remedy="give data.upcoming as a table."))
    what = "Controls and organic channels" if panel.organic_channels else "Controls"
    reading.assumptions.append(f"{what} of the coming weeks are assumed to repeat those of 52 weeks before.")
    last = {name: last_year(panel, rows, geo).set_index(coming) for geo, name in enumerate(panel.geos)}
    return last if len(last) > 1 else last[panel.geos[0]]


def _steps(panel: Panel, rows: Sequence[int]) -> dict[str, int]:
    """Controls that hold one value until some row and another from it on, and the first one in some of these rows."""
    found = {}
    for place, name in enumerate(panel.control_names):
        values = panel.controls[:, :, place]
        turns = np.flatnonzero((np.diff(values, axis=1) != 0).any(axis=0))
        if len(turns) == 1 and min(rows) <= turns[0]:
            found[name] = int(turns[0]) + 1
    return found


def _missing(
    name: str, weekly: Weekly, panel: Panel, coming: pd.DatetimeIndex, market: str, part: pd.DataFrame
) -> Problem | None:
    """What is wrong with the coming controls of a market that do not hold every period."""
    missing = coming.difference(pd.DatetimeIndex(part.index))
    if not len(missing):
        return None
    where, unit = f" for {market}" if weekly.geo is not None else "", unit_of(panel)
    text = f"lacks {len(missing)} of the coming {len(coming)} {unit}s{where}, first {missing[0]:%Y-%m-%d}."
    remedy = f"it must hold each {unit} from {coming[0]:%Y-%m-%d} to {coming[-1]:%Y-%m-%d}."
    return Problem(name, text, weekly.date, remedy=remedy)
