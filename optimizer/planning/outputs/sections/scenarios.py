"""What if: the plan's answer to every scenario of the plan file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.drawing.dot_rows import row_height
from attribution.estimates import Estimate
from attribution.numbers import amount, percent
from optimizer import plots as plan
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.result import PlanResult, Run, ScenarioResult, blended_cac

__all__ = ["SCENARIOS", "scenario_frame"]

_SHOWN_MOVES, _WORTH = 3, 5e-3  # of all spend


def _view(run: Run) -> dict[str, Any] | None:
    found = run.plan
    if found is None or not run.scenarios:
        return None
    return {"scenarios": [_row(scenario, found) for scenario in run.scenarios]}


def _row(scenario: ScenarioResult, found: PlanResult) -> dict[str, Any]:
    if scenario.outcome is None:
        return {"name": scenario.name, "problem": f"No plan: {scenario.problem}"}
    outcome, base = scenario.outcome, found.planned
    moved = (outcome.spend - base.spend).reindex(base.spend.index).sort_values(key=abs, ascending=False)
    shown = [
        f"{channel} {'+' if change > 0 else ''}{amount(change)}"
        for channel, change in moved.head(_SHOWN_MOVES).items()
        if abs(change) > _WORTH * float(base.spend.sum())
    ]
    return {
        "name": scenario.name,
        "problem": "",
        "spend": float(outcome.spend.sum()),
        "customers": Estimate.of(outcome.customers),
        "cac": blended_cac(outcome),
        "difference": percent(outcome.expected_cac / base.expected_cac - 1, signed=True),
        "moves": ", ".join(shown) or "none to speak of",
    }


def _figures(run: Run) -> Iterator[Figure]:
    if run.plan is None or not run.scenarios:
        return
    rows = {PLAN_ITSELF: blended_cac(run.plan.planned)}
    for scenario in run.scenarios:
        outcome = scenario.outcome
        rows[scenario.name] = blended_cac(outcome) if outcome is not None else Estimate.exact(np.nan)
    table = pd.DataFrame({name: vars(estimate) for name, estimate in rows.items()}).T
    axes = plan.scenarios(
        table.rename(columns={"point": "mean"}),
        paths.canvas(9.8, row_height(len(table)) + 0.2),
        plan=PLAN_ITSELF,
        currency=run.config.currency,
    )
    yield Figure("scenarios", "Blended CAC of the plan and of each what-if, with 90 % intervals.", axes)


def _tables(run: Run) -> Iterator[Table]:
    if run.plan is not None:
        frame = scenario_frame(run.scenarios, run.plan)
        yield Table("Scenarios", frame, "scenarios.csv" if run.scenarios else None)


def scenario_frame(scenarios: tuple[ScenarioResult, ...], base: PlanResult) -> pd.DataFrame:
    """One row per scenario and channel, the plan itself first; a scenario without a plan has its reason."""
    itself = ScenarioResult(PLAN_ITSELF, base.planned, base.probability_better, base.allocation.gap)
    return pd.DataFrame([row for scenario in (itself, *scenarios) for row in _flat(scenario)])


def _flat(scenario: ScenarioResult) -> Iterator[dict[str, object]]:
    outcome = scenario.outcome
    if outcome is None:
        yield {"scenario": scenario.name, "problem": scenario.problem}
        return
    totals = {
        "scenario": scenario.name,
        "total_spend": float(outcome.spend.sum()),
        **Estimate.of(outcome.customers).flat("customers"),
        **blended_cac(outcome).flat("blended_cac"),
        "probability_better_than_now": scenario.probability_better,
        "gap": scenario.gap,
    }
    for channel, spend in outcome.spend.items():
        yield {**totals, "channel": channel, "spend": float(spend)}


SCENARIOS = Section("scenarios", "What if", _view, _figures, _tables)
