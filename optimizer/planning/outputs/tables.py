"""A run's results as tables, for CSV, the workbook and the report."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.findings import findings_frame
from optimizer.planning.stages.result import AttributionResult, Estimate, PlanResult, Run, ScenarioResult

__all__ = ["attribution_frame", "attribution_parts", "plan_frame", "scenario_frame", "sheets", "summary_frame"]


def plan_frame(plan: PlanResult) -> pd.DataFrame:
    """One row per channel: spend in currency over the horizon, customers, CAC and marginal CAC with 90 % intervals."""
    rows = [
        {
            "channel": row.channel,
            "spend_now": row.now,
            "spend_planned": row.planned,
            "change": row.planned - row.now,
            "change_share": row.planned / row.now - 1 if row.now else np.nan,
            **_spread("customers_now", row.customers_now),
            **_spread("customers_planned", row.customers),
            **_spread("cac_now", row.cac_now),
            **_spread("cac_planned", row.cac),
            **_spread("marginal_cac_planned", row.marginal_cac),
            "binding_limit": row.limit,
        }
        for row in plan.rows
    ]
    return pd.DataFrame(rows)


def summary_frame(plan: PlanResult) -> pd.DataFrame:
    """The totals: figure, now, planned, with 90 % intervals."""
    now, planned = plan.now, plan.planned
    pairs: list[tuple[str, Estimate, Estimate]] = [
        ("spend", _exact(float(now.spend.sum())), _exact(float(planned.spend.sum()))),
        ("fixed_cost", _exact(now.fixed_cost), _exact(planned.fixed_cost)),
        ("customers", Estimate.of(now.customers), Estimate.of(planned.customers)),
        ("organic_customers", Estimate.of(now.organic), Estimate.of(planned.organic)),
        ("blended_cac", Estimate.blended_cac(now), Estimate.blended_cac(planned)),
        ("paid_cac", Estimate.paid_cac(now), Estimate.paid_cac(planned)),
    ]
    rows = [{"figure": name, **_spread("now", a), **_spread("planned", b)} for name, a, b in pairs]
    proof = {"probability_better": plan.probability_better, "bound": plan.allocation.bound, "gap": plan.allocation.gap}
    rows += [{"figure": name, "planned": value} for name, value in proof.items()]
    return pd.DataFrame(rows)


def scenario_frame(scenarios: tuple[ScenarioResult, ...], base: PlanResult) -> pd.DataFrame:
    """One row per scenario and channel, the plan itself first; a scenario without a plan has its reason."""
    plan = ScenarioResult("Plan", base.planned, base.probability_better, base.allocation.gap)
    rows = [row for scenario in (plan, *scenarios) for row in _scenario_rows(scenario)]
    return pd.DataFrame(rows)


def _scenario_rows(scenario: ScenarioResult) -> Iterator[dict[str, object]]:
    outcome = scenario.outcome
    if outcome is None:
        yield {"scenario": scenario.name, "problem": scenario.problem}
        return
    totals = {
        "scenario": scenario.name,
        "total_spend": float(outcome.spend.sum()),
        **_spread("customers", Estimate.of(outcome.customers)),
        **_spread("blended_cac", Estimate.blended_cac(outcome)),
        "probability_better_than_now": scenario.probability_better,
        "gap": scenario.gap,
    }
    for channel, spend in outcome.spend.items():
        yield {**totals, "channel": channel, "spend": float(spend)}


def attribution_frame(result: AttributionResult) -> pd.DataFrame:
    """One row per model and channel: credited conversions, value, CAC, with 90 % intervals of the bootstrap."""
    parts = []
    for name, credit in result.credits.items():
        part = pd.DataFrame({"model": name, "channel": credit.channels})
        part["share"] = credit.share.to_numpy()
        for column, points in (("conversions", result.conversions.get(name)), ("cac", result.cac.get(name))):
            if points is not None:
                aligned = points.reindex(credit.channels)
                part[column] = aligned["mean"].to_numpy()
                part[f"{column}_low"] = aligned["low"].to_numpy()
                part[f"{column}_high"] = aligned["high"].to_numpy()
        part["value"] = credit.value.to_numpy()
        if credit.removal_effect is not None:
            part["removal_effect"] = credit.removal_effect.to_numpy()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def sheets(run: Run) -> dict[str, pd.DataFrame]:
    """The workbook's sheets by title."""
    found = {}
    if run.plan is not None:
        found["Plan"] = plan_frame(run.plan)
        found["Totals"] = summary_frame(run.plan)
        found["Scenarios"] = scenario_frame(run.scenarios, run.plan)
        found["Frontier"] = run.plan.frontier
    if run.belief is not None:
        found["Belief"] = run.belief.to_frame()
    if run.tests is not None:
        found["Tests"] = run.tests.table.reset_index()
    if run.attribution is not None:
        found["Attribution"] = attribution_frame(run.attribution)
    found |= attribution_parts(run)
    if run.findings:
        found["Checks"] = findings_frame(run.findings)
    return found


def attribution_parts(run: Run) -> dict[str, pd.DataFrame]:
    """Credit by segment and CAC by period, where the plan file asks for them."""
    if run.attribution is None:
        return {}
    parts = {"Segments": run.attribution.by_segment, "Periods": run.attribution.by_period}
    return {title: frame for title, frame in parts.items() if frame is not None}


def _exact(value: float) -> Estimate:
    return Estimate(value, value, value)


def _spread(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
