"""The table by geo that geo tests are designed on and read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.reading.formats import Format
from attribution.reading.queries import Query
from attribution.reading.small import read_table
from attribution.reading.tables import wide
from mmm import Panel
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.inputs.inputs import Inputs

__all__ = ["Columns", "columns_of", "geo_panel", "has_geos", "read_panel", "some_geos"]


@dataclass(frozen=True)
class Columns:
    """What the columns of a table by geo are called, and how it is written.

    Parameters
    ----------
    date, geo, kpi
        Columns.
    spend
        Channel to column of its spend; empty where the table has none.
    written
        ``decimal``, ``thousands``, ``date_format``, ``time_zone`` and ``unit``, as :class:`attribution.Format` takes
        them.
    rates
        Channel to what a unit of its column costs in the plan's currency, where that is another one.
    """

    date: str
    geo: str
    kpi: str
    spend: Mapping[str, str]
    written: Mapping[str, Any]
    rates: Mapping[str, float]


def has_geos(path: Path) -> bool:
    """Whether a plan file names a table by geo."""
    config, _ = read_config(path)
    by_market = config.data.weekly is not None and config.data.weekly.geo is not None
    return by_market or (
        config.plan is not None and config.plan.tests is not None and config.plan.tests.geos is not None
    )


def columns_of(config: Config) -> Columns:
    """Columns of the table by geo that a plan file names: its own, or the weekly table by market.

    Raises
    ------
    BadInput
        Where it names none.
    """
    weekly, tests = config.data.weekly, config.plan.tests if config.plan is not None else None
    if tests is not None and tests.geos is not None:
        keys = tests.geos
        return Columns(keys.date, keys.geo, keys.kpi, keys.channels, _written(keys.format), {})
    if weekly is not None and weekly.geo is not None:
        rates = {channel: config.rates.rate(code) for channel, code in weekly.currency_of.items()}
        return Columns(weekly.date, weekly.geo, weekly.kpi, weekly.channels, _written(weekly.format), rates)
    raise BadInput(
        "cac test design needs a table by geo: name the column of markets with data.weekly.geo, or the table with "
        "plan.tests.geos."
    )


def geo_panel(config: Config, inputs: Inputs, folder: Path) -> tuple[Panel, tuple[str, ...]]:
    """The panel by geo of a plan file, and what was assumed of it, in sentences.

    Raises
    ------
    BadInput
        Where the plan file names no table by geo, or that cannot be read.
    """
    columns, national = columns_of(config), inputs.panel
    if national is None:
        raise BadInput("cac test design needs data.weekly in the plan file, which has none.")
    tests = config.plan.tests if config.plan is not None else None
    if tests is None or tests.geos is None:
        return national, ()
    path = tests.geos.path
    panel = read_panel(path if isinstance(path, Query) else folder / path, columns)
    if panel.channels:
        return panel, ()
    weeks = national.national_spend.tail(13 * national.per_week).mean() / national.days * panel.days
    parts = panel.kpi.mean(axis=1) / panel.kpi.mean(axis=1).sum()
    spend = np.repeat((parts[:, None] * weeks.to_numpy())[:, None], panel.periods, axis=1)
    text = f"{path.name} holds no spend, which is taken to go to geos as their {columns.kpi}."
    before = spend.mean(axis=1)
    return replace(panel, channels=national.channels, spend=spend, media=spend, before=before), (text,)


def read_panel(path: Path | Query, columns: Columns) -> Panel:
    """A table by geo as a panel.

    Raises
    ------
    BadInput
        Lists every problem of the table.
    """
    spend = list(columns.spend.values())
    numbers = [columns.kpi, *spend]
    table = wide(path.name, columns.date, numbers, nonnegative=numbers, geo=columns.geo, money=spend)
    frame = read_table(path, table, Format(**columns.written))
    frame = frame.assign(**{columns.spend[name]: frame[columns.spend[name]] * by for name, by in columns.rates.items()})
    frame.attrs["name"] = path.name
    if not spend:  # a panel has channels
        held = Panel.from_frame(frame.assign(**{_NONE: 0.0}), columns.date, columns.kpi, [_NONE], geo=columns.geo)
        empty = np.zeros((*held.kpi.shape, 0))
        return replace(held, channels=(), spend=empty, media=empty, before=np.zeros((len(held.geos), 0)))
    panel = Panel.from_frame(frame, columns.date, columns.kpi, dict(columns.spend), geo=columns.geo)
    if len(panel.geos) < 2:
        text = f"holds {panel.geos[0]} alone."
        raise BadInput(Problem(path.name, text, columns.geo, remedy="give a row for every geo and period."))
    return panel


def some_geos(panel: Panel, places: Sequence[int]) -> Panel:
    """The panel of some of its geos."""
    rows = list(places)
    kept = {name: getattr(panel, name)[rows] for name in ("kpi", "spend", "media", "controls", "before")}
    return replace(panel, geos=tuple(panel.geos[place] for place in rows), population=None, **kept)


_NONE = "\0none"


def _written(format: Format) -> dict[str, Any]:
    """How a table is written, as plain values."""
    stated = {key: getattr(format, key) for key in ("decimal", "thousands", "date_format", "time_zone")}
    return {key: value for key, value in stated.items() if value is not None} | {"unit": format.unit}
