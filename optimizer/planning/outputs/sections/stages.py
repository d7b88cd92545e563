"""Stages of the conversions: who reaches each, what the pipeline is worth, and how long a stage takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import MISSING, amount, decimal, percent
from optimizer.planning.inputs.read_stages import open_stages
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import Run

__all__ = ["STAGES"]


def _view(run: Run) -> dict[str, Any] | None:
    table = run.inputs.stages
    if table is None:
        return None
    return {
        "stages": {
            "last": table["stage"].iloc[-1],
            "finding": open_stages(table).text,
            "rows": [_row(row) for _, row in table.iterrows()],
            "by_channel": _by_channel(run.inputs.stages_by_channel),
            "worth": bool(table["value"].notna().any()),
            "share": percent,
            "days": lambda value: decimal(value, 0),
        }
    }


def _row(row: pd.Series) -> dict[str, Any]:
    return {
        "stage": row["stage"],
        "reached": amount(row["reached"]),
        "value": amount(row["value"]),
        "open": amount(row["open"]) if row["open"] == row["open"] else MISSING,
        "rate": Estimate(row["rate"], row["rate_low"], row["rate_high"]),
        "here": amount(row["here"]) if row["here"] == row["here"] else MISSING,
        "to_come": Estimate(row["to_come"], row["to_come_low"], row["to_come_high"]),
        "days": Estimate(row["days"], row["days_low"], row["days_high"]),
    }


def _by_channel(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    if table is None:
        return []
    own = {"channel": "the channel", "all": "all", "": MISSING}
    return [{"channel": row["channel"], "lags_of": own[row["lags_of"]], **_row(row)} for _, row in table.iterrows()]


def _tables(run: Run) -> Iterator[Table]:
    if run.inputs.stages is not None:
        yield Table("stages.csv", run.inputs.stages)
    if run.inputs.stages_by_channel is not None:
        yield Table("stages_by_channel.csv", run.inputs.stages_by_channel)


STAGES = Section("stages", "Stages", _view, tables=_tables)
