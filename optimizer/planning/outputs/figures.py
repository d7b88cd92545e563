"""Every figure of a run, drawn once for the report and for the folder of plots."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.drawing.canvas import style
from attribution.drawing.dot_rows import Marks, dot_rows, row_height
from attribution.drawing.palette import ACCENT, NOW, WARN
from mmm import plots as model
from optimizer import plots as plan
from optimizer.planning.stages.result import BeliefResult, Estimate, PlanResult, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Drawn", "figures"]


@dataclass(frozen=True)
class Drawn:
    """A finished figure.

    Parameters
    ----------
    slug
        File name without ending.
    caption
        One sentence: what it shows and how to read it.
    svg
        The picture, fit to stand in HTML or as a file.
    """

    slug: str
    caption: str
    svg: str


def figures(run: Run) -> dict[str, Drawn]:
    """The figures by the name that the report's template calls them."""
    drawn: dict[str, Drawn] = {}
    slugs: set[str] = set()
    for name, caption, axes in _all(run):
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "figure"
        while slug in slugs:
            slug += "-2"
        slugs.add(slug)
        drawn[name] = Drawn(slug, caption, paths.svg(axes, caption))
    return drawn


Item = tuple[str, str, "Axes"]


def _all(run: Run) -> Iterator[Item]:
    if run.plan is not None:
        yield from _plan_figures(run, run.plan)
    if run.posterior is not None:
        yield from _model_figures(run)
    if run.belief is not None:
        yield _belief_figure(run.belief, run.config.currency)
    if run.attribution is not None:
        yield from _attribution_figures(run)


def _plan_figures(run: Run, found: PlanResult) -> Iterator[Item]:
    currency, outcome = run.config.currency, run.config.outcome
    now, planned = found.now, found.planned
    rows = _rows(plan.moves, len(found.rows))
    yield "moves", "Spend now and planned by channel.", rows(now, planned, currency=currency)
    yield (
        "blended_cac",
        "Blended CAC if today's spend goes on, and with the plan: posterior distributions.",
        plan.blended_cac(now.blended_cac, planned.blended_cac, paths.canvas(4.8, 3.2), currency=currency),
    )
    if len(found.frontier) > 1:
        marks = [(float(each.spend.sum()), each.expected_cac) for each in (now, planned)]
        yield (
            "frontier",
            "Lowest blended CAC at each budget within the channels' limits; today above it means money could move.",
            plan.frontier(found.frontier, paths.canvas(4.8, 3.2), now=marks[0], planned=marks[1], currency=currency),
        )
    if run.scenarios:
        table = _scenario_table(run, found)
        yield (
            "scenarios",
            "Blended CAC of the plan and of each what-if, with 90 % intervals.",
            plan.scenarios(table, paths.canvas(9.8, row_height(len(table)) + 0.2), plan="Plan", currency=currency),
        )
    for row in found.rows:
        axes = model.response(
            found.curves[row.channel],
            paths.canvas(5.6, 3.4),
            channel=row.channel,
            now=row.now,
            planned=row.planned,
            observed=(0.0, float(found.observed_maximum[row.channel])),
            labels=(f"spend over the horizon, {currency}", f"{outcome} over the horizon"),
        )
        caption = f"{row.channel}: {outcome} against spend, with the 90 % interval of the mix model."
        yield f"curve:{row.channel}", caption, axes


def _scenario_table(run: Run, found: PlanResult) -> pd.DataFrame:
    empty = Estimate(np.nan, np.nan, np.nan)
    rows = {"Plan": Estimate.blended_cac(found.planned)}
    rows |= {
        scenario.name: Estimate.blended_cac(scenario.outcome) if scenario.outcome is not None else empty
        for scenario in run.scenarios
    }
    return pd.DataFrame({name: vars(estimate) for name, estimate in rows.items()}).T


def _model_figures(run: Run) -> Iterator[Item]:
    outcome = f"new {run.config.outcome}"
    if run.plan is not None and run.posterior is not None:
        history = run.posterior.baseline_by_week().sum(axis=1).tail(52)
        yield (
            "forecast",
            f"Organic {run.config.outcome} of the coming weeks, with 90 % intervals, and what past spend carries in.",
            model.forecast(run.plan.organic, paths.canvas(9.8, 3.4), history=history, outcome=outcome),
        )
    yield (
        "fit",
        "Observed weeks against the mix model's 90 % predictive band.",
        model.fit(run.posterior, paths.canvas(9.8, 3.6), outcome=outcome),
    )
    yield (
        "decomposition",
        f"Where the {run.config.outcome} of each week come from, by the mix model's mean.",
        model.decomposition(run.posterior, paths.canvas(9.8, 4.0), outcome=outcome),
    )


def _belief_figure(found: BeliefResult, currency: str) -> Item:
    views = [("believed before the data", "believed", NOW), ("with the data", "found", ACCENT)]
    if any(row.neutral for row in found.rows):
        views.append(("under a neutral belief", "neutral", WARN))
    marks = []
    for label, name, colour in views:
        table = pd.DataFrame({row.channel: vars(getattr(row, name)) for row in found.rows}).T
        marks.append(Marks.of(table, label, colour))
    axes = paths.canvas(9.8, row_height(len(found.rows), len(marks)) + 0.2)
    caption = "CAC of each channel as believed before the data and as found with them, with 90 % intervals."
    with style():
        return "belief", caption, dot_rows(axes, marks, "What was believed, and found", f"CAC, {currency}", ratios=True)


def _attribution_figures(run: Run) -> Iterator[Item]:
    result = run.attribution
    if result is None:
        return
    table = pd.concat({name: _intervals(points) for name, points in result.conversions.items()}, axis=1)
    axes = _rows(paths.comparison, len(table), len(result.credits))(table)
    yield "attribution", "Conversions credited to each channel by each model.", axes
    for name, points in result.removal_effect.items():
        axes = _rows(paths.removal_effect, len(table))(_intervals(points))
        caption = f"{name}: share of conversions lost in the chain of paths when a channel leads nowhere."
        yield "removal_effect", caption, axes
    if run.inputs.journeys is not None:
        size = 1.6 + 0.36 * len(table)
        yield (
            "transitions",
            "Where journeys go next: of those at the channel of a row, the share that goes on to each column.",
            paths.transitions(run.inputs.journeys, paths.canvas(9.8, size)),
        )


def _intervals(points: pd.DataFrame) -> pd.DataFrame:
    """Columns as attribution's own summaries call them."""
    return points.rename(columns={"mean": "estimate", "low": "5%", "high": "95%"})


def _rows(draw: Callable[..., Axes], rows: int, marks: int = 1) -> Callable[..., Axes]:
    """A plot with one row per channel, on a canvas high enough for them."""

    def drawn(*arguments: Any, **options: Any) -> Axes:
        return draw(*arguments, ax=paths.canvas(9.8, row_height(rows, marks) + 0.2), **options)

    return drawn
