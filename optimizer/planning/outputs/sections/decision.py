"""The decision in words: what to move where, what it buys, how sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution import plots as paths
from attribution.numbers import amount, gap, percent, ratio
from optimizer import plots
from optimizer.answer.worth import Difference, Worth
from optimizer.planning.outputs.against_today import chance, form_of, lines, name_of, signed
from optimizer.planning.outputs.doubts import could_be_wrong, not_sure_enough
from optimizer.planning.outputs.sections.section import Figure, Section
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.limits import labels
from optimizer.question.outcomes import new_of

__all__ = ["DECISION", "Card", "Decision"]

_SHOWN = 7  # changes on the first screen
_DOUBTS = 3  # and doubts


@dataclass(frozen=True)
class Card:
    """One figure of the decision."""

    label: str
    figure: str
    detail: str


@dataclass(frozen=True)
class Decision:
    """What a reader decides on.

    Parameters
    ----------
    tone
        ``"good"``, ``"warn"`` or ``"bad"``: how much the reader may rely on it.
    headline
        What to move and what it buys; that today's spend is kept, where the plan is not sure enough to beat it.
    summary
        What the plan would do where the headline keeps today's spend; the differences to today, and how likely the
        promises are kept.
    doubts
        What could make it wrong.
    sentences
        Certainty, experience, proof.
    cards
        The figures.
    """

    tone: str
    headline: str
    summary: tuple[str, ...]
    doubts: tuple[str, ...]
    sentences: tuple[str, ...]
    cards: tuple[Card, ...]


def _view(run: Run) -> dict[str, Any] | None:
    if run.plan is None or run.worth is None:
        return None
    return {"decision": _decision(run, run.plan, run.worth.worth)}


def _decision(run: Run, plan: PlanResult, worth: Worth) -> Decision:
    currency = run.config.currency
    against, *told = lines(worth, plan, run)
    kept = told.pop() if worth.promises else ""
    tone = _tone(worth, run) if run.converged else "bad"
    moves, unsure = f"{_moves(plan, currency)}: {_effect(plan, currency)}.", not_sure_enough(run)
    wait = f"Keep today's spend, or test first: {unsure}." if unsure else ""
    would = (f"What the plan would do: {moves}",) if unsure else ()
    doubts = [text for text in could_be_wrong(run, _DOUBTS + 1) if not unsure or unsure not in text]
    return Decision(
        tone,
        wait or moves,
        (*would, against, kept) if kept else (*would, against),
        tuple(doubts[:_DOUBTS]),
        (*told, _proof(run, plan)),
        tuple(_cards(run, plan, worth)),
    )


def _figures(run: Run) -> Iterator[Figure]:
    if run.plan is None or run.worth is None:
        return
    now, planned = run.plan.now, run.plan.planned
    if np.allclose(now.spend, planned.spend, rtol=5e-4, atol=0.0):
        return
    order = [row.channel for row in run.plan.rows]
    canvas = paths.canvas(6.4, 0.8 + 0.25 * min(len(order), _SHOWN + 1))
    axes = plots.changes(now, planned, canvas, currency=run.config.currency, largest=_SHOWN, order=order)
    yield Figure("changes", "Spend planned less spend now, by channel.", axes)


def _tone(worth: Worth, run: Run) -> str:
    """By the chance to beat today, or to keep what was asked where today's spend does not."""
    corrected = run.worth.corrected if run.worth else None
    sure = run.config.plan.confidence if run.config.plan else 1.0
    asked = [one.plan for one in worth.promises if not one.is_guardrail]
    if worth.today_misses or worth.aim.name == "spend":
        kept = min(asked, default=1.0)
        return "bad" if kept < 0.4 else "warn" if kept < 0.8 else "good"
    better = worth.aim.probability_better if corrected is None else corrected.probability_better
    return "bad" if better < 0.5 else "warn" if better < sure else "good"


def _cards(run: Run, plan: PlanResult, worth: Worth) -> Iterator[Card]:
    """The plan's own aim first, then what it takes, then how sure."""
    shown = {
        one.name: one
        for one in worth.figures
        if one.name != "blended CAC" or worth.aim.name not in {"profit", "net present value"}
    }
    order = sorted(shown.values(), key=lambda one: one.name != worth.aim.name)
    yield from (_figure(one, run.config.outcome, run.config.currency) for one in order)
    if worth.today_misses:
        yield Card("Today's spend", "not allowed", f"breaks {_broken(worth)}")
    else:
        name = name_of(worth.open_figure.name, new_of(run.config.outcome))
        plain, corrected = worth.open_figure.probability_better, run.worth.corrected if run.worth else None
        if corrected is None:
            yield Card("Beats today's spend", chance(plain), f"on {name}, by the model")
        else:
            told = f"on {name}, corrected by experience; {chance(plain)} by the model"
            yield Card("Beats today's spend", chance(corrected.probability_better), told)
    asked = [one for one in worth.promises if not one.is_guardrail]
    if asked:
        least = min(asked, key=lambda one: one.plan)
        yield Card("Keeps its promise", chance(least.plan), f"{least.promise}; today {chance(least.today)}")
    yield Card("From the best plan", _short(gap(plan.allocation.gap)), "proved, on these curves")
    yield from _guardrail(run, plan.planned.expected_cac, worth)


def _short(text: str) -> str:
    return text.replace("more than ", "> ").replace("less than ", "< ")


def _broken(worth: Worth) -> str:
    first, *more = labels([miss.limit for miss in worth.today_misses])
    return f"{first} and {len(more)} more" if more else first


def _figure(one: Difference, outcome: str, currency: str) -> Card:
    form, unit = form_of(one.name), "" if one.name == "customers" else f", {currency}"
    label = name_of(one.name, new_of(outcome))
    change = one.change.written(signed(form)) if one.change.low != one.change.high else signed(form)(one.change.point)
    return Card(f"{label[:1].upper()}{label[1:]}{unit}", form(one.after.point), f"{change} against today")


def _guardrail(run: Run, cac: float, worth: Worth) -> tuple[Card, ...]:
    value = run.config.plan.one_value if run.config.plan else None
    odds = next((one for one in worth.promises if one.is_guardrail), None)
    if value is None or odds is None or cac <= 0:
        return ()
    detail = f"3 or more, as usually asked, with probability {chance(odds.plan)}; today {chance(odds.today)}"
    return (Card("LTV:CAC", ratio(value / cac), detail),)


def _moves(plan: PlanResult, currency: str) -> str:
    before, after = float(plan.now.spend.sum()), float(plan.planned.spend.sum())
    changes = {row.channel: row.planned - row.now for row in plan.rows}
    worth = 0.01 * max(before, after)
    raised = sorted((channel for channel, change in changes.items() if change > 0), key=lambda c: -changes[c])
    cut = sorted((channel for channel, change in changes.items() if change < 0), key=lambda c: changes[c])
    up = [channel for channel in raised if changes[channel] > worth]
    down = [channel for channel in cut if changes[channel] < -worth]
    total = after - before
    if abs(total) <= worth:
        if sum(changes[channel] for channel in raised) <= worth or not cut:
            return "Keep the spend as it is"
        moved = sum(changes[channel] for channel in up or raised)  # many small moves are one large one
        return f"Move {amount(moved)} {currency} from {_listed(down or cut)} to {_listed(up or raised)}"
    text = f"Spend {amount(abs(total))} {currency} {'more' if total > 0 else 'less'}"
    if before:
        text += f" ({percent(total / before, signed=True)})"
    parts = [f"less on {_listed(down)}"] * bool(down) + [f"more on {_listed(up)}"] * bool(up)
    return ", ".join([text, *parts])


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:3])
    if len(names) > 3:
        return f"{', '.join(shown)} and {len(names) - 3} other{'s' if len(names) > 4 else ''}"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _effect(plan: PlanResult, currency: str) -> str:
    aim = plan.aim
    now, planned = aim.expected(plan.now), aim.expected(plan.planned)
    unit = f" {currency}" if aim.in_currency else ""
    change = planned / now - 1 if now > 0 else 0.0
    if now > 0 and abs(change) < 0.001:
        return f"{aim.name} {aim.verbs[0]} at {aim.written(planned)}{unit}"
    verb = aim.verbs[1] if planned < now else aim.verbs[2]
    text = f"{aim.name} {verb} from {aim.written(now)} to {aim.written(planned)}{unit}"
    return f"{text} ({percent(change, signed=True)})" if now > 0 else text


def _proof(run: Run, plan: PlanResult) -> str:
    allocation, aim = plan.allocation, plan.aim
    made_for = cases(run.config.plan)
    told = f", {made_for}, for which it is made," if made_for else ""
    return (
        f"Proved on these response curves: no allocation within the limits brings {aim.name}{told} "
        f"{'below' if aim.lower_is_better else 'above'} {aim.written(allocation.bound)}; the plan lies "
        f"{gap(allocation.gap)} from that."
    )


DECISION = Section("decision", "Decision", _view, _figures)
