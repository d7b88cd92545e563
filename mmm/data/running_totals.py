"""Columns that hold what came so far and not what a period brought: since the table began, or this year or month."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.findings import Finding
from attribution.reading.looks import sums_since
from mmm.data.outlying_cells import columns_with_cells
from mmm.data.panel import Panel

__all__ = ["running_totals"]

_FEWEST = 12
_SHOWN = 5


def running_totals(panel: Panel) -> Finding:
    """Whether a column of spend, volume or KPI never falls, or only where a year, quarter or month begins.

    Counts and money of periods rise and fall; twelve steps upward without one down within the same stretches are the
    sign of a sum so far. A column that truly grows in every period is named too.
    """
    found = list(dict.fromkeys(_found(panel)))
    text = "No column looks like a running total."
    if found:
        listed = ", ".join(f"{column} (since {since})" for column, since, _ in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"Running totals, by the look of them: {listed}{more}. Each row has to hold what its own period "
            "brought: take the differences at the source, or leave it if it truly grows."
        )
    channels = tuple(dict.fromkeys(name for *_, names in found for name in names))
    return Finding("running_totals", not found, float(len(found)), 0.0, text, channels)


def _found(panel: Panel) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    controls = set(panel.control_names)
    for column, table, channels in columns_with_cells(panel):
        if column in controls:
            continue  # prices and indices may well rise throughout
        for series in table:
            since = sums_since(series, panel.dates, _FEWEST)
            if since is not None:
                yield column, since, channels
