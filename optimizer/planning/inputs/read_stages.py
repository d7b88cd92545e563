"""Stages of a plan file's conversions: how many persons or accounts reach each, and how long it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from attribution.economics import opportunity_stages, stages_by_channel
from attribution.findings import Finding
from attribution.numbers import amount, count, percent
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import Touchpoints
from optimizer.planning.inputs.people import people_of, source_of

__all__ = ["open_stages", "read_stages", "read_stages_by_channel"]

_STALE = 0.5  # of those who are still at a stage


def read_stages(config: Config, log: Touchpoints, folder: Path) -> pd.DataFrame | None:
    """As :func:`attribution.economics.opportunity_stages` gives them; None where the plan file names no stages.

    Raises
    ------
    BadInput
        Every problem of the table of conversions or of the identity map.
    """
    won = log.conversions
    if won.stages is None or won.path is None or won.kind is None:
        return None
    return opportunity_stages(source_of(won.path, folder), won.stages, **_of_table(config, log, folder))


def read_stages_by_channel(config: Config, log: Touchpoints, folder: Path) -> pd.DataFrame | None:
    """As :func:`attribution.economics.stages_by_channel` gives them; None where the plan file names no such column."""
    won = log.conversions
    if won.stages is None or won.path is None or won.kind is None or won.channel is None:
        return None
    return stages_by_channel(source_of(won.path, folder), won.stages, won.channel, **_of_table(config, log, folder))


def _of_table(config: Config, log: Touchpoints, folder: Path) -> dict[str, Any]:
    won = log.conversions
    return {
        "account": won.user,
        "time": won.time,
        "stage": won.kind,
        "value": won.value,
        "accounts": None if log.identity is None else people_of(log.identity, folder, config.engine.engine),
        "format": won.format,
        "engine": config.engine.engine,
    }


def open_stages(table: pd.DataFrame) -> Finding:
    """How many of those who are at a stage will reach the last one, and whether most are there for too long."""
    name, last = "open_stages", table["stage"].iloc[-1]
    known = table[table["to_come"].notna()]
    here, older = float(known["here"].sum()), float(known["older"].sum())
    if known.empty or here == 0:
        return Finding(name, True, None, _STALE, f"Nobody is known to be on the way to {last}.")
    told = [
        f"{count(row['to_come'])} ({amount(row['to_come_low'])} to {amount(row['to_come_high'])}) of the "
        f"{amount(row['here'])} at {row['stage']}"
        for _, row in known.iterrows()
    ]
    text = f"Expected to reach {last}: {'; '.join(told)}. {percent(older / here)} of them have been at their stage for "
    text += "longer than 95 % of those who went on from it."
    if older / here > _STALE:
        text += " Most of these are lost without a mark: mark them, and do not count on what they are worth."
    return Finding(name, older / here <= _STALE, older / here, _STALE, text)
