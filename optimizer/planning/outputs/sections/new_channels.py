"""Channels without history: what is assumed of them, and the first test that would tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import Run

__all__ = ["NEW_CHANNELS"]


def _view(run: Run) -> dict[str, Any] | None:
    if run.worth is None or not run.worth.new:
        return None
    told = (run.config.currency, run.config.outcome)
    return {"new_channels": [one.sentence(*told) for one in run.worth.new]}


def _tables(run: Run) -> Iterator[Table]:
    if run.worth is None or not run.worth.new:
        return
    rows = [
        {
            "channel": one.channel,
            "assumed": one.assumed,
            "planned": one.planned,
            **one.customers.flat("customers"),
            "test_weeks": one.weeks,
            "test_spend_a_week": one.weekly,
            **one.result.flat("test_result"),
            "turns_around_below": one.turns_at,
            "probability": one.probability,
            "sentence": one.sentence(run.config.currency, run.config.outcome),
        }
        for one in run.worth.new
    ]
    yield Table("new_channels.csv", pd.DataFrame(rows))


NEW_CHANNELS = Section("new_channels", "New channels", _view, tables=_tables)
