"""What if: the plan's answer to every scenario of the plan file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.drawing.dot_rows import row_height
from attribution.estimates import Estimate
from attribution.numbers import MISSING, amount
from optimizer import plots as plan
from optimizer.answer.worth import Worth
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.outputs.against_today import chance, form_of, name_of, signed
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.result import PlanResult, Run, ScenarioResult, blended_cac
from optimizer.planning.stages.worth_of_customers import Economics
from optimizer.question.outcomes import new_of

__all__ = ["SCENARIOS", "back_of", "scenario_frame", "shown_figure"]

_SHOWN_MOVES, _WORTH = 3, 5e-3  # of all spend
_SAME = "none: what it asks changes nothing, as more money does where least CAC is wanted"


def _view(run: Run) -> dict[str, Any] | None:
    result = run.plan
    if result is None or run.worth is None or not run.scenarios:
        return None
    name = shown_figure(run.worth.worth)
    unit = "" if name == "customers" else f", {run.config.currency}"
    title = name_of(name, new_of(run.config.outcome))
    return {
        "scenarios": [
            {**_row(scenario, result, run.worth.worth), "back": back_of(run, scenario.name)}
            for scenario in beside_plan(run.scenarios, result, run.worth.worth)
        ],
        "backs": bool(back_of(run, PLAN_ITSELF)),
        "figure_title": f"{title[:1].upper()}{title[1:]}{unit}",
        "form": form_of(name),
        "aim": result.aim.name[:1].upper() + result.aim.name[1:],
        "aim_signed": signed(form_of(run.worth.worth.aim.name)),
    }


def beside_plan(scenarios: tuple[ScenarioResult, ...], base: PlanResult, worth: Worth) -> tuple[ScenarioResult, ...]:
    """The plan itself as the first of its what-ifs."""
    return (ScenarioResult(PLAN_ITSELF, base.planned, worth, base.allocation.gap), *scenarios)


def shown_figure(worth: Worth) -> str:
    """The figure beside spend and customers: the plan's own aim, or blended CAC where the aim is one of the two."""
    return "blended CAC" if worth.aim.name in ("customers", "spend") else worth.aim.name


def back_of(run: Run, name: str) -> str:
    """When all that the plan or a what-if spends is back, in months; empty without cohorts or orders."""
    known = {} if run.economics is None else run.economics.back
    return known[name].sentence if name in known else MISSING if known else ""


def _row(scenario: ScenarioResult, result: PlanResult, worth: Worth) -> dict[str, Any]:
    if scenario.outcome is None or scenario.worth is None:
        return {"name": scenario.name, "problem": f"No plan: {scenario.problem}"}
    outcome, base = scenario.outcome, result.planned
    own, itself = scenario.worth.aim, outcome is base
    moved = outcome.spend.sub(base.spend, fill_value=0.0).sort_values(key=abs, ascending=False)
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
        "figure": next(one.after for one in scenario.worth.figures if one.name == shown_figure(worth)),
        "difference": "" if itself else signed(form_of(own.name))(own.after.point - worth.aim.after.point),
        "today": own.change if own.change.low != own.change.high else None,
        "today_point": signed(form_of(own.name))(own.change.point),
        "better": "today is not allowed" if scenario.worth.today_misses else chance(own.probability_better),
        "moves": ""
        if itself
        else ", ".join(shown) or ("none to speak of" if moved.abs().sum() > 1e-6 * base.spend.sum() else _SAME),
    }


def _figures(run: Run) -> Iterator[Figure]:
    if run.plan is None or run.worth is None or not run.scenarios:
        return
    aim = run.plan.aim
    rows = {PLAN_ITSELF: run.worth.worth.aim.after}
    for scenario in run.scenarios:
        rows[scenario.name] = scenario.worth.aim.after if scenario.worth is not None else Estimate.exact(np.nan)
    table = pd.DataFrame({name: vars(estimate) for name, estimate in rows.items()}).T
    axes = plan.scenarios(
        table.rename(columns={"point": "mean"}),
        paths.canvas(9.8, row_height(len(table)) + 0.2),
        plan=PLAN_ITSELF,
        label=f"{aim.name}{aim.unit(run.config.currency).replace(' ', ', ')}",
    )
    caption = f"{aim.name[:1].upper()}{aim.name[1:]} of the plan and of each what-if, with 90 % intervals."
    yield Figure("scenarios", caption, axes)


def _tables(run: Run) -> Iterator[Table]:
    if run.plan is not None and run.worth is not None and run.scenarios:
        frame = scenario_frame(run.scenarios, run.plan, run.worth.worth)
        yield Table("scenarios.csv", frame if run.economics is None else _with_backs(frame, run.economics))


def _with_backs(frame: pd.DataFrame, known: Economics) -> pd.DataFrame:
    """The same with the months until the spend is back, infinite where that is never within the horizon."""
    rows = {
        name: {**back.months.flat("payback_months"), "payback_never": back.never} for name, back in known.back.items()
    }
    return frame.join(pd.DataFrame.from_dict(rows, orient="index"), on="scenario") if rows else frame


def scenario_frame(scenarios: tuple[ScenarioResult, ...], base: PlanResult, worth: Worth) -> pd.DataFrame:
    """One row per scenario and channel, the plan itself first; a scenario without a plan has its reason."""
    return pd.DataFrame([row for scenario in beside_plan(scenarios, base, worth) for row in _flat(scenario)])


def _flat(scenario: ScenarioResult) -> Iterator[dict[str, object]]:
    outcome, worth = scenario.outcome, scenario.worth
    if outcome is None or worth is None:
        yield {"scenario": scenario.name, "problem": scenario.problem}
        return
    totals = {
        "scenario": scenario.name,
        "total_spend": float(outcome.spend.sum()),
        **Estimate.of(outcome.customers).flat("customers"),
        **blended_cac(outcome).flat("blended_cac"),
        **worth.aim.after.flat("aim"),
        **worth.aim.change.flat("aim_change_from_now"),
        "probability_better_than_now": worth.aim.probability_better,
        "gap": scenario.gap,
    }
    for channel, spend in outcome.spend.items():
        yield {**totals, "channel": channel, "spend": float(spend)}


SCENARIOS = Section("scenarios", "What if", _view, _figures, _tables)
