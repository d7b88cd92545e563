"""report.html: one self-contained page from a finished run, the decision first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from attribution.findings import findings_frame
from optimizer.planning.formats import MISSING, amount, change, likelihood, number, percent, unit_cost
from optimizer.planning.outputs.decision import decision, reason
from optimizer.planning.outputs.figures import Drawn
from optimizer.planning.stages.provenance import versions
from optimizer.planning.stages.result import (
    AttributionResult,
    BeliefResult,
    ChannelRow,
    Estimate,
    PlanResult,
    Run,
    TestsResult,
)

__all__ = ["render"]

_GLOSSARY = (
    ("Blended CAC", "All spend and the fixed cost, divided by all new customers, organic ones included."),
    ("CAC of a channel", "Its spend over the customers it adds, in the mix model's or an attribution model's view."),
    ("Marginal CAC", "What the next customer of a channel costs at the planned spend."),
    ("90 % interval", "The model holds that the figure lies inside with probability 90 %, given its assumptions."),
    (
        "Proved within a gap",
        "No allocation within the limits can be better than the plan by more than the gap, on these response curves. "
        "It is a proof about the arithmetic, not about the curves.",
    ),
    (
        "Mix model",
        "Estimates from weekly data what each channel causes. It is observational: spend that follows demand can look "
        "more effective than it is. Lift tests settle what it cannot.",
    ),
    (
        "Attribution",
        "Describes who stood on the way to a conversion. It is not what advertising caused: every model hands out all "
        "conversions, also those that would have come anyway.",
    ),
)


def render(run: Run, drawn: Mapping[str, Drawn]) -> str:
    """The page as text.

    Parameters
    ----------
    run
        A finished run.
    drawn
        Its figures, see :func:`optimizer.planning.outputs.figures.figures`.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("optimizer.planning.outputs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": amount, "short": _short}
    css = environment.get_template("report.css").render()
    # Matplotlib escapes all text in its SVG, and the style sheet is ours: both may stand as they are
    figures = {name: {"svg": Markup(figure.svg), "caption": figure.caption} for name, figure in drawn.items()}  # noqa: S704
    page = environment.get_template("report.html")
    return page.render(**_view(run), figures=figures, css=Markup(css), number=number, unit_cost=unit_cost)  # noqa: S704


def _view(run: Run) -> dict[str, Any]:
    plan, weeks = run.plan, run.config.plan.weeks if run.config.plan else 0
    sections = [
        ("decision", "Decision", plan),
        ("moves", "The plan", plan),
        ("scenarios", "What if", run.scenarios),
        ("channels", "Channel by channel", plan),
        ("belief", "Belief and data", run.belief),
        ("tests", "What to test next", run.tests),
        ("attribution", "Attribution", run.attribution),
        ("diagnostics", "Fit and diagnostics", run.findings),
        ("provenance", "Inputs and provenance", True),
        ("reading", "How to read this", True),
    ]
    outcome = run.config.outcome
    return {
        "title": run.config.name,
        "subtitle": _subtitle(run, weeks),
        "sections": [(anchor, text) for anchor, text, there in sections if there],
        "currency": run.config.currency,
        "outcome": outcome,
        "outcome_title": outcome[:1].upper() + outcome[1:],
        "horizon": f"{weeks} weeks",
        "decision": decision(run, plan) if plan else None,
        "warnings": _warnings(run),
        "moves": [_move(row) for row in plan.rows] if plan else [],
        "totals": _totals(plan) if plan else [],
        "prices": plan.explanations[1:] if plan else [],
        "scenarios": [_scenario(scenario, plan) for scenario in run.scenarios] if plan else [],
        "views_title": _views_title(run),
        "channels": [_channel(run, plan, row) for row in plan.rows] if plan else [],
        "attribution": _attribution(run.attribution) if run.attribution else None,
        "belief": _belief(run.belief, run.config.currency) if run.belief else None,
        "tests": _tests(run.tests, run) if run.tests else None,
        "findings": list(findings_frame(run.findings).itertuples()) if run.findings else [],
        "inputs": run.inputs.files,
        "provenance": _provenance(run),
        "glossary": _GLOSSARY,
    }


def _subtitle(run: Run, weeks: int) -> str:
    if run.plan is None or run.posterior is None:
        return "Who stood on the paths to conversion."
    coming = run.posterior.panel.after(weeks)
    last = coming[-1] + pd.Timedelta(days=run.posterior.panel.days - 1)
    return f"Budget plan for {weeks} weeks from {coming[0]:%d %B %Y} to {last:%d %B %Y}, in {run.config.currency}."


def _warnings(run: Run) -> list[str]:
    texts = (
        []
        if run.converged
        else ["The mix model did NOT converge; this plan was made because the plan file accepts that."]
    )
    texts += [finding.text for finding in run.findings if not finding.passed and finding.name not in _GATE]
    return texts + list(run.inputs.assumptions)


_GATE = {"r_hat", "ess_bulk", "ess_tail", "divergences"}


def _move(row: ChannelRow) -> dict[str, Any]:
    return {**vars(row), "change": change(row.now, row.planned), "tone": row.direction}


def _totals(plan: PlanResult) -> list[dict[str, Any]]:
    now, planned = plan.now, plan.planned
    spend = {"now": float(now.spend.sum()), "planned": float(planned.spend.sum())}
    paid = Estimate.of(planned.paid.to_numpy().sum(axis=1))
    everything = {name: value + now.fixed_cost for name, value in spend.items()}
    rows: list[dict[str, Any]] = [
        {"label": "All channels (paid CAC)", **spend, "customers": paid, "cac": Estimate.paid_cac(planned)},
        {"label": "Fixed cost", **dict.fromkeys(spend, now.fixed_cost), "customers": None, "cac": None},
        {"label": "Organic", **dict.fromkeys(spend, 0.0), "customers": Estimate.of(planned.organic), "cac": None},
        {
            "label": "Everything (blended CAC)",
            **everything,
            "customers": Estimate.of(planned.customers),
            "cac": Estimate.blended_cac(planned),
        },
    ]
    return [{**row, "change": change(row["now"], row["planned"]) if row["cac"] else ""} for row in rows]


def _scenario(scenario: Any, plan: PlanResult) -> dict[str, Any]:
    if scenario.outcome is None:
        return {"name": scenario.name, "problem": f"No plan: {scenario.problem}"}
    outcome, base = scenario.outcome, plan.planned
    moved = (outcome.spend - base.spend).reindex(base.spend.index).sort_values(key=abs, ascending=False)
    shown = [
        f"{channel} {'+' if change > 0 else ''}{amount(change)}"
        for channel, change in moved.head(3).items()
        if abs(change) > 5e-3 * float(base.spend.sum())
    ]
    return {
        "name": scenario.name,
        "problem": "",
        "spend": float(outcome.spend.sum()),
        "customers": Estimate.of(outcome.customers),
        "cac": Estimate.blended_cac(outcome),
        "difference": percent(outcome.expected_cac / base.expected_cac - 1, signed=True),
        "moves": ", ".join(shown) or "none to speak of",
    }


def _channel(run: Run, plan: PlanResult, row: ChannelRow) -> dict[str, Any]:
    facts = [
        ("Spend now, planned", f"{amount(row.now)} → {amount(row.planned)} ({change(row.now, row.planned)})"),
        (
            f"{run.config.outcome.capitalize()} now, planned",
            f"{number(row.customers_now.mean)} → {number(row.customers.mean)}",
        ),
        ("CAC planned", _with_interval(row.cac)),
        ("Marginal CAC planned", _with_interval(row.marginal_cac)),
        ("Most ever spent in as many weeks", amount(float(plan.observed_maximum[row.channel]))),
    ]
    if row.limit:
        facts.append(("Limit", row.limit))
    return {
        "name": row.channel,
        "sentence": reason(row, plan.rows, plan.planned.expected_cac, run.config.currency, run.config.outcome),
        "facts": facts,
        "credits": _views(run, row.channel),
    }


def _views_title(run: Run) -> str:
    if run.attribution is None or run.attribution.period is None:
        return "Whose view"
    start, end = run.attribution.period
    return f"{start:%b %Y} to {end:%b %Y}"


def _views(run: Run, channel: str) -> list[dict[str, Any]]:
    """Customers and CAC of a channel over the time of the log, in the mix model's view and in each credit's."""
    result = run.attribution
    if result is None or result.spend is None or channel not in result.spend.index:
        return []
    views = []
    if run.posterior is not None and result.period is not None:
        start, end = (str(day.date()) for day in result.period)
        caused = run.posterior.contributions(start, end)[channel].to_numpy()
        cac = Estimate.cost(float(result.spend[channel]), caused)
        views.append({"label": "Mix model: caused", "customers": Estimate.of(caused), "cac": cac})
    for name, table in result.conversions.items():
        customers, cac = Estimate.at(table, channel), Estimate.at(result.cac[name], channel)
        views.append({"label": f"{name}: credited", "customers": customers, "cac": cac})
    return views


def _with_interval(estimate: Estimate, form: Any = unit_cost) -> str:
    if estimate.mean != estimate.mean:  # not a number: nothing spent, or nothing won
        return MISSING
    return f"{form(estimate.mean)} ({form(estimate.low)} to {form(estimate.high)})"


_DESCRIBES = (
    "Attribution describes paths: who met whom on the way to a conversion. It hands out every conversion, also those "
    "that would have come anyway, and so is not what advertising caused. The plan does not rest on it."
)


def _attribution(result: AttributionResult) -> dict[str, Any]:
    channels = next(iter(result.credits.values())).channels
    rows = []
    for channel in channels:
        cells = []
        for name, table in result.conversions.items():
            points = Estimate.at(table, channel)
            cac = result.cac.get(name)
            costs = unit_cost(Estimate.at(cac, channel).mean) if cac is not None and channel in cac.index else ""
            detail = f"{number(points.low)} to {number(points.high)}" + (f"; CAC {costs}" if costs else "")
            cells.append({"text": number(points.mean), "detail": detail})
        rows.append({"channel": channel, "cells": cells})
    return {
        "sentence": _DESCRIBES,
        "models": list(result.conversions),
        "rows": rows,
        "note": " ".join(result.notes),
        "flags": [finding.text for finding in result.findings if not finding.passed],
    }


def _belief(result: BeliefResult, currency: str) -> dict[str, Any]:
    sentence = ""
    if result.cac_now is not None and result.cac_planned is not None:
        sentence = (
            "Under a neutral belief, alike for every channel whatever was spent on it, blended CAC would be "
            f"{_with_interval(result.cac_now)} {currency} with today's spend and {_with_interval(result.cac_planned)} "
            f"with this same plan, which beats today's spend with probability {likelihood(result.probability_better)}."
        )
    return {"rows": result.rows, "sentence": sentence, "neutral": any(row.neutral for row in result.rows)}


_WORTH = 1e-4  # of all customers


def _tests(result: TestsResult, run: Run) -> dict[str, Any]:
    table, outcome = result.table, run.config.outcome
    how = "switches a channel off" if result.change == -1 else f"changes a channel's spend by {percent(result.change)}"
    expected = run.plan.planned.expected_customers if run.plan is not None else 0.0
    sentence = (
        f"A test {how} for {result.weeks} weeks and measures the {outcome} that makes, with a standard error of "
        f"{number(result.standard_error)}. Knowing its result before the money is spent would let the coming plan win "
        f"the {outcome} shown, in expectation over what the test may find"
    )
    if float(table["value"].iloc[0]) >= _WORTH * expected:
        sentence += f"; a test of {table.index[0]} is worth most."
    else:
        sentence += ": next to nothing for any channel. Whatever a test found, much the same plan would be made."
    rows = [
        {
            "channel": channel,
            "effect": f"{number(line['effect'])} ± {number(line['effect_sd'])}",
            "value": number(line["value"]),
            "of_perfect": percent(line["of_perfect"]),
        }
        for channel, line in table.iterrows()
    ]
    return {"sentence": sentence, "rows": rows}


def _provenance(run: Run) -> list[tuple[str, str]]:
    model, attributing = run.config.model, run.config.attribution
    facts = [("Plan file", run.document.path.name), ("Seed", str(run.config.seed))]
    if run.posterior is not None:
        text = (
            f"{model.saturation} saturation, {model.adstock} adstock over {model.lags} weeks, {model.trend} trend, "
            f"season of order {model.season.order}, {model.likelihood} noise, {model.chains} chains of {model.draws} "
            "draws"
        ).replace("_", " ")
        if model.channels:
            text += f"; families of their own: {', '.join(model.channels)}"
        if run.inputs.lift_tests:
            text += f"; {len(run.inputs.lift_tests)} lift tests"
        facts.append(("Mix model", text))
    if run.plan is not None:
        facts.append(("Solver", f"{run.plan.allocation.engine}; {run.plan.allocation.status.value}"))
        carried = _with_interval(Estimate.of(run.plan.organic.carried_in), number)
        text = (
            f"{carried} {run.config.outcome} from spend before the horizon come whatever the plan. They are not "
            "counted, as the plan's own carryover beyond the horizon is."
        )
        facts.append(("Carried in", text))
    if run.attribution is not None:
        text = f"lookback {attributing.lookback}, {attributing.replicates} bootstrap replicates"
        facts.append(("Attribution", text))
    facts.append(("Time taken", ", ".join(f"{name.lower()} {seconds:.1f} s" for name, seconds in run.seconds.items())))
    shown = {name: text for name, text in versions().items() if "loaded" not in name}
    return [*facts, ("Versions", ", ".join(f"{name} {text}" for name, text in shown.items()))]


def _short(value: float | None) -> str:
    if value is None or value != value:
        return MISSING
    return f"{value:,.4g}" if abs(value) >= 0.1 else f"{value:.2g}"
