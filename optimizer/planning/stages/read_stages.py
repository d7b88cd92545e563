"""Stages of a plan file's conversions: how many persons or accounts reach each, and how long it takes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from attribution import Query
from attribution.economics import opportunity_stages
from attribution.reading.contracts import Column, Table
from attribution.reading.small import read_table
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import Touchpoints

__all__ = ["read_stages"]


def read_stages(config: Config, log: Touchpoints, folder: Path) -> pd.DataFrame | None:
    """As :func:`attribution.economics.opportunity_stages` gives them; None where the plan file names no stages.

    Raises
    ------
    BadInput
        Every problem of the table of conversions or of the identity map.
    """
    won, accounts = log.conversions, None
    if won.stages is None or won.path is None or won.kind is None:
        return None
    if log.identity is not None:
        user, person = log.identity.user, log.identity.person
        columns = (Column(user, "text"), Column(person, "text"))
        known = read_table(
            _source(log.identity.path, folder), Table("identity map", columns), None, config.engine.engine
        )
        accounts = known.drop_duplicates(user).set_index(user)[person].astype(str)
    return opportunity_stages(
        _source(won.path, folder),
        won.stages,
        account=won.user,
        time=won.time,
        stage=won.kind,
        value=won.value,
        accounts=accounts,
        format=won.format,
        engine=config.engine.engine,
    )


def _source(path: Path | Query, folder: Path) -> Path | Query:
    return path if isinstance(path, Query) else folder / path
