"""Three opinions of one truth: what paths, mix model, experiments and platforms say of each channel, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attribution import plots
from attribution.estimates import Estimate
from attribution.numbers import MISSING, count, decimal, percent
from optimizer.planning.outputs.sections.section import Figure, Section, Table, by_rows
from optimizer.planning.stages.heard import Heard
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run

__all__ = ["OPINIONS", "opinions_line"]


def opinions_line(heard: Heard, outcome: str) -> str:
    """What all channels together brought, by whom one asks, and where the correction stands."""
    whole = heard.opinions
    said = [
        f"{opinion.name} {count(sum(each.point for each in opinion.by_channel.values()))}" for opinion in whole.opinions
    ]
    files = "opinions.csv, and factors between them in calibration.csv" if heard.factors else "opinions.csv"
    return (
        f"Of {count(whole.customers)} {outcome} from {whole.days}, channels brought, by whom one asks: "
        f"{', '.join(said)}; by channel in {files}."
    )


def _view(run: Run) -> dict[str, Any] | None:
    heard = run.heard
    if heard is None:
        return None
    whole, left = heard.opinions, heard.opinions.left()
    models = list(dict.fromkeys(factor.model for factor in heard.factors))
    titles = {} if run.attribution is None else {one.model: title for title, one in run.attribution.credits.items()}
    lines = heard.factor_table.to_dict("records")
    estimates = {(str(line["model"]), str(line["channel"])): _factor(line) for line in lines}
    measured = {factor.channel: factor for factor in heard.factors}
    view = {
        "days": whole.days,
        "names": [opinion.name for opinion in whole.opinions],
        "rows": [
            {"channel": channel, "cells": [_cell(opinion.by_channel.get(channel)) for opinion in whole.opinions]}
            for channel in whole.channels
        ],
        "left": [count(left[opinion.name]) if opinion.name in left else MISSING for opinion in whole.opinions],
        "customers": count(whole.customers),
        "know": [(opinion.name, opinion.source.value) for opinion in _one_of_each(heard)],
        "notes": heard.notes,
        "contradictions": [finding.text for finding in heard.findings if not finding.passed],
        "models": [titles[model] for model in models],
        "factors": [
            {
                "channel": channel,
                "by": f"{factor.source}, until {factor.until:%Y-%m-%d}",
                "cells": [estimates.get((model, channel), _cell(None)) for model in models],
            }
            for channel, factor in measured.items()
        ],
        "aging": run.config.attribution.calibration.aging,
        "drift": percent(run.config.attribution.calibration.drift),
    }
    return {"opinions": view}


def _one_of_each(heard: Heard) -> list[Any]:
    """An opinion of each source; attribution models know alike."""
    return list({opinion.source: opinion for opinion in reversed(heard.opinions.opinions)}.values())[::-1]


def _cell(estimate: Estimate | None) -> dict[str, str]:
    if estimate is None:
        return {"text": MISSING, "detail": ""}
    return {"text": count(estimate.point), "detail": estimate.range(count)}


def _factor(line: Mapping[Any, Any]) -> dict[str, str]:
    point, low, high = (decimal(float(line[name]), 2) for name in ("factor", "factor_low", "factor_high"))
    return {"text": point, "detail": f"{low} to {high}"}


def _figures(run: Run) -> Iterator[Figure]:
    if run.heard is not None:
        whole = run.heard.opinions
        axes = by_rows(plots.opinions, len(whole.channels), len(whole.opinions))(
            whole, order=order_of(run).names or None, outcome=run.config.outcome
        )
        caption = "What each source says that a channel brought; counts in grey, effects in colour."
        yield Figure("opinions", caption, axes)


def _tables(run: Run) -> Iterator[Table]:
    if run.heard is not None:
        yield Table("opinions.csv", run.heard.to_frame())
        if run.heard.factors:
            yield Table("calibration.csv", run.heard.factor_table)


OPINIONS = Section("opinions", "Three opinions", _view, _figures, _tables)
