"""The five slides of a run: decision, moves, what it brings, what could make it wrong, what to test next."""

from __future__ import annotations

from attribution.numbers import amount, change, count, percent
from optimizer.planning.language.commands import commands_plain
from optimizer.planning.outputs.against_today import chance, form_of, lines, name_of, signed
from optimizer.planning.outputs.deck.content import Bars, Big, Deck, Grid, Slide, Steps, said
from optimizer.planning.outputs.doubts import could_be_wrong, failed
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.outputs.report import subtitle
from optimizer.planning.outputs.sections.decision import DECISION, Decision
from optimizer.planning.outputs.sections.markets import parts_by_market
from optimizer.planning.outputs.sections.tests import TESTS
from optimizer.planning.stages.from_today import from_today
from optimizer.planning.stages.order import largest, order_of
from optimizer.planning.stages.result import PlanResult, PlanWorth, Run
from optimizer.question.outcomes import new_of

__all__ = ["SLIDES", "five_slides"]

SLIDES = "slides.json"
_SHOWN = 10  # channels of a slide
_TESTS, _DOUBTS, _MARKETS = 8, 5, 6
_BELOW, _REPORT = ", and more below.", "; the report has more."
_INTERVALS = "Ranges hold 90 % of what the mix model thinks possible, given its assumptions."


def five_slides(run: Run, plan: PlanResult, worth: PlanWorth) -> Deck:
    """What the slides of a finished run say, in the language of its plan file.

    Parameters
    ----------
    run, plan, worth
        The run, its plan and what that is worth.
    """
    view = DECISION.view(run)
    decision: Decision = (view or {})["decision"]
    slides = (
        _decision(run, plan, decision),
        _moves(run, plan),
        _against_today(run, plan, worth),
        _doubts(run, decision),
        _tests(run, worth),
    )
    deck, say = Deck(run.config.name, subtitle(run), slides), speech_of(run.config, run)
    told: Deck = said(deck, lambda text: commands_plain(text if say is None else say(text)))
    return told


def _decision(run: Run, plan: PlanResult, decision: Decision) -> Slide:
    rows = largest(plan.rows, _SHOWN)
    bars = Bars(
        f"Spend over the horizon, {run.config.currency}{_most(plan)}",
        tuple(row.channel for row in rows),
        {"now": tuple(row.now for row in rows), "planned": tuple(row.planned for row in rows)},
    )
    big = tuple(Big(card.label, card.figure, card.detail) for card in decision.cards[:6])
    return Slide(decision.headline, decision.summary[-1:], big, bars=bars, note=_INTERVALS)


def _moves(run: Run, plan: PlanResult) -> Slide:
    currency = run.config.currency
    shown = largest(plan.rows, _SHOWN)
    rows = [_line(row.channel, row.now, row.planned, row.limit) for row in shown]
    others = [row for row in plan.rows if row not in shown]
    if others:
        sums = sum(row.now for row in others), sum(row.planned for row in others)
        rows.append(_line(f"{len(others)} others", *sums, ""))
    now, planned = float(plan.now.spend.sum()), float(plan.planned.spend.sum())
    rows.append(_line("All channels", now, planned, ""))
    columns = ("Channel", f"Now, {currency}", f"Planned, {currency}", f"Change, {currency}", "Change", "Stands at")
    title = f"What moves where: {amount(now)} {currency} now, {amount(planned)} planned"
    held = [f"Not raised, for they may ride on demand that others make: {_listed(plan)}."] if plan.held else []
    moved = {"change": tuple(row.planned - row.now for row in shown)}
    bars = Bars(f"Change of spend, {currency}{_most(plan)}", tuple(row.channel for row in shown), moved)
    return Slide(title, (*_by_market(run), *held), bars=bars, grid=Grid(columns, tuple(rows), 1), note=_stands(plan))


def _most(plan: PlanResult) -> str:
    """What a chart leaves out: a bar for the sum of many would hide each of the others."""
    return f", the {_SHOWN} channels with most" if len(plan.rows) > _SHOWN else ""


def _by_market(run: Run) -> list[str]:
    """Money by market in a sentence, where there are several."""
    parts = parts_by_market(run)
    if len(parts) < 2:
        return []
    told = [f"{part.name} {amount(part.planned)} ({change(part.now, part.planned)})" for part in parts[:_MARKETS]]
    more = f" and {len(parts) - _MARKETS} more" if len(parts) > _MARKETS else ""
    return [f"Planned by market, {run.config.currency}: {'; '.join(told)}{more}."]


def _listed(plan: PlanResult) -> str:
    return ", ".join(one.channel for one in plan.held)


def _stands(plan: PlanResult) -> str:
    limits = any(row.limit for row in plan.rows)
    return "Stands at: the channel's own limit that keeps its spend from going further." if limits else ""


def _line(name: str, now: float, planned: float, limit: str) -> tuple[str, ...]:
    moved = change(now, planned) if round(now) != round(planned) else ""
    return name, amount(now), amount(planned), signed(amount)(planned - now), moved, limit


def _against_today(run: Run, plan: PlanResult, found: PlanWorth) -> Slide:
    currency, outcome, worth = run.config.currency, run.config.outcome, found.worth
    rows = []
    for one in worth.figures:
        form, unit = form_of(one.name), "" if one.name == "customers" else f", {currency}"
        name = name_of(one.name, new_of(outcome))
        better = "" if one.name == "spend" else chance(one.probability_better)
        moved = signed(form)(one.change.point)
        moved += f" ({one.change.range(signed(form))})" if one.change.low != one.change.high else ""
        rows.append(
            (f"{name[:1].upper()}{name[1:]}{unit}", form(one.before.point), form(one.after.point), moved, better)
        )
    if found.corrected is not None:
        form, better = signed(form_of(worth.aim.name)), chance(found.corrected.probability_better)
        rows.append(("The aim, corrected by experience", "", "", found.corrected.change.written(form), better))
    columns = ("Over the horizon", "Today", "Plan", "Difference (90 %)", "Better")
    _, *told = lines(worth, plan, run)
    kept = told[-1:] if worth.promises else []
    title = "What the plan brings against today's spend going on"
    return Slide(title, (told[0], *kept), grid=Grid(columns, tuple(rows)), steps=_steps(run, plan), note=_INTERVALS)


def _steps(run: Run, plan: PlanResult) -> Steps:
    """Channels in order; those that add least are summed where there are many."""
    way = from_today(plan)
    name = plan.aim.name if way.in_aim else new_of(run.config.outcome)
    unit = plan.aim.unit(run.config.currency).strip() if way.in_aim else ""
    steps = [(step.name, step.change.point) for step in way.steps if step.change.point]
    if len(steps) > _SHOWN:
        shown = sorted(steps, key=lambda pair: -abs(pair[1]))[: _SHOWN - 1]
        rest = [pair for pair in steps if pair not in shown]
        steps = [pair for pair in steps if pair in shown] + [(f"{len(rest)} others", sum(value for _, value in rest))]
    form = form_of(plan.aim.name) if way.in_aim else count
    told = (f"{name}  {signed(form)(value)}" for name, value in steps)
    names = (f"Today  {form(way.start)}", *told, f"Plan  {form(way.end)}")
    title = f"{name[:1].upper()}{name[1:]}{f', {unit}' if unit else ''}"
    return Steps(title, names, (way.start, *(value for _, value in steps), way.end))


def _doubts(run: Run, decision: Decision) -> Slide:
    doubts = tuple(
        f"{number}. {text.replace(_BELOW, _REPORT)}"
        for number, text in enumerate(could_be_wrong(run, _DOUBTS), start=1)
    )
    open_ = len(failed(run))
    checks = f"Checks of the run: {len(run.findings) - open_} passed, {open_} to look at; the report has them."
    return Slide(
        "What could make it wrong",
        doubts or ("No check of the run speaks against it.",),
        note=" ".join((decision.sentences[-1], checks)),
    )


def _tests(run: Run, worth: PlanWorth) -> Slide:
    view = TESTS.view(run)
    if view is None or run.tests is None:
        doubtful = sorted((one for one in worth.tipping if one.probability > 0), key=lambda one: -one.probability)
        first = "What a test is worth to the plan was not asked: plan.tests in the plan file asks it."
        told = [f"{number}. {one.sentence}" for number, one in enumerate(doubtful[:3], start=1)]
        return Slide("What to test next", (first, *(["Moves most likely to turn around:"] * bool(told)), *told))
    outcome = run.config.outcome
    best = set(run.tests.table["value"].nlargest(_TESTS).index)
    rows = [
        (
            str(channel),
            "off" if line["change"] == -1 else percent(line["change"], signed=True),
            f"{count(line['effect'])} ± {count(line['effect_sd'])}",
            count(line["value"]),
            percent(line["of_perfect"]),
        )
        for channel, line in order_of(run).of(run.tests.table.iterrows(), lambda pair: pair[0])
        if channel in best
    ]
    columns = (
        "Channel",
        "Spend in the test",
        f"Would measure, {outcome}",
        f"Worth, {outcome}",
        "Of knowing it exactly",
    )
    told = view["tests"]
    return Slide("What to test next", (told["worth"],), grid=Grid(columns, tuple(rows)), note=told["measured"])
