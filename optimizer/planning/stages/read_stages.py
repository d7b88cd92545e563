"""Stages of a plan file's conversions: how many persons or accounts reach each, and how long it takes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from attribution.economics import opportunity_stages
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import Touchpoints
from optimizer.planning.stages.people import people_of, source_of

__all__ = ["read_stages"]


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
    return opportunity_stages(
        source_of(won.path, folder),
        won.stages,
        account=won.user,
        time=won.time,
        stage=won.kind,
        value=won.value,
        accounts=None if log.identity is None else people_of(log.identity, folder, config.engine.engine),
        format=won.format,
        engine=config.engine.engine,
    )
