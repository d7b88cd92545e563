"""What the plan is expected to bring by week, as a file for those who watch it and for `cac seal`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attribution.numbers import count
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import Run

__all__ = ["FORECAST"]


def _view(run: Run) -> dict[str, Any] | None:
    result = run.forecast
    if result is None:
        return None
    return {
        "forecast": {
            "total": result.forecast.total().written(count),
            "first": f"{result.forecast.dates[0]:%d %b %Y}",
            "assumptions": result.assumptions,
        }
    }


def _tables(run: Run) -> Iterator[Table]:
    if run.forecast is not None:
        yield Table("forecast.csv", run.forecast.forecast.to_frame())


FORECAST = Section("forecast", "Forecast", _view, tables=_tables)
