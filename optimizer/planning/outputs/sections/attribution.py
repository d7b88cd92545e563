"""Attribution: who stood on the paths to conversion, by every model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution import plots as paths
from attribution.analysis.flow import step_shares
from attribution.estimates import INTERVAL, Estimate, column_names
from attribution.numbers import cost, count
from optimizer.planning.outputs.sections.section import Figure, Section, Table, by_rows
from optimizer.planning.stages.heard import Heard
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import AttributionResult, Run

__all__ = ["ATTRIBUTION", "attribution_frame"]

_DESCRIBES = (
    "Attribution describes paths: who met whom on the way to a conversion. It hands out every conversion, also those "
    "that would have come anyway, and so is not what advertising caused. The plan does not rest on it."
)

_TOP = 10
_VALUES = 6
_CORRECTED = ("estimate", *INTERVAL)


def _view(run: Run) -> dict[str, Any] | None:
    result = run.attribution
    if result is None:
        return None
    channels = next(iter(result.credits.values())).channels
    rows = []
    for channel in channels:
        cells = []
        for name, table in result.conversions.items():
            points = Estimate.at(table, channel)
            cac = result.cac.get(name)
            costs = cost(Estimate.at(cac, channel).point) if cac is not None and channel in cac.index else ""
            detail = points.range(count) + (f"; CAC {costs}" if costs else "")
            cells.append({"text": count(points.point), "detail": detail})
        rows.append({"channel": channel, "cells": cells})
    view = {
        "sentence": _DESCRIBES,
        "models": list(result.conversions),
        "rows": rows,
        "note": " ".join(result.notes),
        "segments": _segments(result.by_segment),
        "assists": _assists(result.assists),
        "top_paths": list(result.top_paths.head(_TOP).itertuples()),
        "flags": [finding.text for finding in result.findings if not finding.passed],
    }
    return {"attribution": view}


def _assists(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Channels in the order of the credit, with the conversions in which each played a part."""
    columns = ["touched", "first", "last", "alone", "assisted"]
    return [
        {"channel": channel, "cells": [count(row[column]) for column in columns]} for channel, row in table.iterrows()
    ]


def _segments(table: pd.DataFrame | None) -> dict[str, Any] | None:
    """Credit of the first model by segment: a row per channel, a column per value, those with most credit."""
    if table is None:
        return None
    model = table["model"].iloc[0]
    parts = []
    for name, rows in table[table["model"] == model].groupby("segment", sort=False):
        sums = rows.groupby("value_of_segment")["estimate"].sum().sort_values(ascending=False)
        cells = rows.set_index(["channel", "value_of_segment"]).sort_index()
        shown = list(sums.index[:_VALUES])
        body = [
            {"channel": channel, "cells": [Estimate.at(cells.loc[channel], value) for value in shown]}
            for channel in dict.fromkeys(rows["channel"])
        ]
        parts.append({"name": name, "values": shown, "rows": body, "more": len(sums) - len(shown)})
    return {"model": model, "parts": parts}


def _figures(run: Run) -> Iterator[Figure]:
    result = run.attribution
    if result is None:
        return
    table, order = pd.concat(dict(result.conversions), axis=1), order_of(run)
    named = order.names or None
    axes = by_rows(paths.comparison, len(table), len(result.credits))(table, order=named)
    yield Figure("attribution", "Conversions credited to each channel by each model.", axes)
    for name, points in result.removal_effect.items():
        axes = by_rows(paths.removal_effect, len(table))(points, order=named)
        caption = f"{name}: share of conversions lost in the chain of paths when a channel leads nowhere."
        yield Figure("removal_effect", caption, axes)
    if run.inputs.journeys is not None:
        steps = step_shares(run.inputs.journeys)
        columns = order.of(steps.columns)
        steps = steps.loc[
            [*(row for row in steps.index if row not in steps), *(one for one in columns if one in steps.index)]
        ]
        axes = paths.transitions(steps[columns], paths.canvas(9.8, 1.6 + 0.36 * len(table)))
        caption = "Where journeys go next: of those at the channel of a row, the share that goes on to each column."
        yield Figure("transitions", caption, axes)


def _tables(run: Run) -> Iterator[Table]:
    result = run.attribution
    if result is None:
        return
    yield Table("attribution.csv", attribution_frame(result, run.heard))
    if result.by_segment is not None:
        yield Table("attribution_segments.csv", result.by_segment)
    if result.by_period is not None:
        yield Table("attribution_periods.csv", result.by_period)
    yield Table("attribution_top_paths.csv", result.top_paths)
    yield Table("attribution_assists.csv", result.assists.reset_index())
    if result.overlap is not None:
        yield Table("attribution_overlap.csv", result.overlap.reset_index())


def attribution_frame(result: AttributionResult, heard: Heard | None = None) -> pd.DataFrame:
    """One row per model and channel: credited conversions, value, CAC, with 90 % intervals of the bootstrap.

    Where effects were measured, also the conversions corrected by them (``calibrated``), and what measured them.
    """
    parts = []
    for name, credit in result.credits.items():
        part = pd.DataFrame({"model": name, "channel": credit.channels})
        part["share"] = credit.share.to_numpy()
        for column, points in (("conversions", result.conversions.get(name)), ("cac", result.cac.get(name))):
            if points is not None:
                ends = zip((column, f"{column}_low", f"{column}_high"), column_names(points), strict=True)
                for flat, of_summary in ends:
                    part[flat] = points[of_summary].reindex(credit.channels).to_numpy()
        part["value"] = credit.value.to_numpy()
        if credit.removal_effect is not None:
            part["removal_effect"] = credit.removal_effect.to_numpy()
        if heard is not None and name in heard.calibrated:
            corrected = heard.calibrated[name].table.reindex(credit.channels)
            for flat, of_table in zip(("calibrated", "calibrated_low", "calibrated_high"), _CORRECTED, strict=True):
                part[flat] = corrected[of_table].to_numpy()
            part["calibrated_by"] = corrected["source"].to_numpy()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


ATTRIBUTION = Section("attribution", "Attribution", _view, _figures, _tables)
