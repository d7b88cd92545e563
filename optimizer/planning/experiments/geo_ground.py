"""What geo tests are designed on: the table by geo, held against the weekly table, and what has to be known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput, UnknownChannel
from mmm import Panel
from mmm.data.odd_columns import cut_short
from mmm.data.running_totals import running_totals
from mmm.data.unit_changes import unit_changes
from optimizer.planning.experiments.geo_and_nation import parts_of_nation
from optimizer.planning.experiments.geo_table import Columns, columns_of, geo_panel
from optimizer.planning.experiments.geo_unread import not_counted
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.inputs import Inputs

__all__ = ["Ground", "ground_of"]


@dataclass(frozen=True, eq=False)
class Ground:
    """The table by geo of a plan file.

    Parameters
    ----------
    panel
        By geo.
    name, columns
        What messages call the table, and what its columns are called.
    national
        Whether the weekly table knows no geos.
    parts
        Channel to the part of its national spend that goes to the geos.
    first
        First day of a test that begins when both tables end.
    notes
        What a reader of the designs has to know of it.
    """

    panel: Panel
    name: str
    columns: Columns
    national: bool
    parts: Mapping[str, float]
    first: str
    notes: tuple[str, ...]


def ground_of(config: Config, inputs: Inputs, folder: Path, channels: Sequence[str]) -> Ground:
    """Read the table by geo and hold it against the weekly one.

    Parameters
    ----------
    config, inputs
        The plan file, and its tables.
    folder
        Of the plan file.
    channels
        That are to be tested.

    Raises
    ------
    BadInput
        Where there is no table by geo, a channel is unknown, or what it holds is not the nation's, or was not counted.
    """
    columns, weekly = columns_of(config), inputs.panel
    panel, assumed = geo_panel(config, inputs, folder)
    assert weekly is not None  # noqa: S101 - where it is, geo_panel has refused
    name = _name(config)
    for channel in channels:
        for known, where in ((weekly, "the weekly table"), (panel, name)):
            if channel not in known.channels:
                raise UnknownChannel(channel, known.channels, where)
    if problems := list(not_counted(panel, name, columns.kpi)):
        raise BadInput(problems)
    parts = parts_of_nation(panel, weekly, name, {**columns.spend, "": columns.kpi})
    if not columns.spend:  # of what the weekly table spends, only their part goes to these geos
        panel = replace(panel, spend=panel.spend * parts.customers, media=panel.media * parts.customers)
    looks = (unit_changes(panel), running_totals(panel), cut_short(panel))
    notes = (*assumed, *parts.notes, *(finding.text for finding in looks if not finding.passed))
    return Ground(panel, name, columns, len(weekly.geos) == 1, parts.spend, _first(panel, weekly), notes)


def _name(config: Config) -> str:
    tests, weekly = config.plan.tests if config.plan is not None else None, config.data.weekly
    if tests is not None and tests.geos is not None:
        return tests.geos.path.name
    return "the weekly table" if weekly is None or config.data.assembled else weekly.path.name


def _first(panel: Panel, weekly: Panel) -> str:
    """The first period of the table by geo that begins after both tables."""
    own = panel.after(1)[0]
    later = max(-(-(weekly.after(1)[0] - own).days // panel.days), 0)
    return f"{own + pd.Timedelta(days=later * panel.days):%Y-%m-%d}"
