"""Belief and data: what each channel's CAC was believed to be, and what was learnt."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pandas as pd

from attribution import plots as paths
from attribution.drawing.canvas import style
from attribution.drawing.dot_rows import Marks, dot_rows, row_height
from attribution.drawing.palette import ACCENT, NOW, WARN
from attribution.drawing.side_by_side import side_by_side
from attribution.estimates import Estimate
from attribution.numbers import likelihood, percent
from mmm import plots as model
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run

__all__ = ["BELIEF"]

_PICTURED = 24  # rows of the picture of parameters, of the channels with most planned spend


def _view(run: Run) -> dict[str, Any] | None:
    belief, currency = run.belief, run.config.currency
    if belief is None:
        return None
    sentence = ""
    if belief.aim_now is not None and belief.aim_planned is not None and run.plan is not None:
        aim = run.plan.aim
        sentence = (
            f"Under a neutral belief, alike for every channel whatever was spent on it, {aim.name} would be "
            f"{belief.aim_now.written(aim.written)}{aim.unit(currency)} with today's spend and "
            f"{belief.aim_planned.written(aim.written)} with this same plan, which beats today's spend with "
            f"probability {likelihood(belief.probability_better)}."
        )
    total = _total(run)
    return {
        "belief": {
            "rows": belief.rows,
            "total": total,
            "sentence": sentence,
            "neutral": any(row.neutral for row in belief.rows),
        }
    }


def _total(run: Run) -> str:
    """What all media together were believed to bring, and what they are with the data."""
    if run.posterior is None:
        return ""
    table = run.posterior.media_share()
    before, after = (
        Estimate.at(table, side, "median").written(lambda share: percent(share)) for side in ("prior", "posterior")
    )
    return (
        f"All channels with spend together were believed to bring {before} of all {run.config.outcome}; with the data "
        f"it is {after}."
    )


def _figures(run: Run) -> Iterator[Figure]:
    belief = run.belief
    if belief is None:
        return
    views = [("believed before the data", "believed", NOW), ("with the data", "fitted", ACCENT)]
    if any(row.neutral for row in belief.rows):
        views.append(("under a neutral belief", "neutral", WARN))
    marks, rows = [], order_of(run).of(belief.rows, attrgetter("channel"))
    for label, name, colour in views:
        points = {row.channel: vars(getattr(row, name)) for row in rows}
        marks.append(Marks.of(pd.DataFrame(points).T.rename(columns={"point": "median"}), label, colour))
    axes = paths.canvas(9.8, row_height(len(belief.rows), len(marks)) + 0.2)
    with style():
        dot_rows(axes, marks, "What was believed, and what the data say", f"CAC, {run.config.currency}", ratios=True)
    caption = "CAC of each channel as believed before the data and as fitted to them, with 90 % intervals."
    yield Figure("belief", caption, axes)
    yield from _parameters(run)


def _parameters(run: Run) -> Iterator[Figure]:
    """Carryover and saturation before and after, side by side; nothing where families have nothing to learn."""
    if run.posterior is None:
        return
    table = run.posterior.parameter_shift()
    rows = order_of(run).of(dict.fromkeys(table["channel"]))[:_PICTURED]
    asked = [name for name in model.LEARNT if (table["parameter"] == name).any()]
    if not asked:
        return
    panels = side_by_side(9.8, row_height(len(rows), 2) + 0.2, [1.0] * len(asked))
    for parameter, axes in zip(asked, panels, strict=True):
        model.parameter_shift(table, parameter, axes, order=rows)
    caption = (
        "What was assumed of each channel before the data (grey) and what is known with them (blue), by the mix model: "
        "where blue is as wide as grey, the data added nothing. Twice the spend would bring twice as much at "
        "the dotted line, and nothing more at 1."
    )
    yield Figure("parameters", caption, panels[0])


def _tables(run: Run) -> Iterator[Table]:
    if run.belief is not None:
        yield Table("belief.csv", run.belief.to_frame())


BELIEF = Section("belief", "Belief and data", _view, _figures, _tables)
