"""The decision in words: what to move where, what it buys, how sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from attribution.estimates import Estimate
from attribution.numbers import amount, cost, count, gap, likelihood, percent, ratio
from optimizer.planning.outputs.sections.section import Section
from optimizer.planning.stages.result import PlanResult, Run, blended_cac

__all__ = ["DECISION", "Card", "Decision"]


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
        What to move and what it buys.
    sentences
        Customers, certainty, proof.
    cards
        The figures.
    """

    tone: str
    headline: str
    sentences: tuple[str, ...]
    cards: tuple[Card, ...]


def _view(run: Run) -> dict[str, Any] | None:
    return {"decision": _decision(run, run.plan)} if run.plan is not None else None


def _decision(run: Run, plan: PlanResult) -> Decision:
    now, planned, currency, outcome = plan.now, plan.planned, run.config.currency, run.config.outcome
    customers = Estimate.of(planned.customers)
    chance = plan.probability_better
    tone = "bad" if not run.converged or chance < 0.5 else "warn" if chance < 0.8 else "good"
    sentences = (
        f"The plan expects {count(customers.point)} new {outcome}, organic ones included ({customers.range(count)}), "
        f"{_against_now(customers.point, now.expected_customers)}.",
        f"By the mix model's own uncertainty it beats today's spend on {plan.aim.name} with probability "
        f"{likelihood(chance)}.",
        _proof(run, plan),
    )
    cards = (
        _estimated(f"Blended CAC, {currency}", blended_cac(now), blended_cac(planned), cost),
        _estimated(f"New {outcome}", Estimate.of(now.customers), customers, count),
        Card(f"Spend, {currency}", amount(float(planned.spend.sum())), f"now {amount(float(now.spend.sum()))}"),
        Card("Beats today's spend", _short(likelihood(chance)), f"on {plan.aim.name}, by the model"),
        Card("From the best plan", _short(gap(plan.allocation.gap)), "proved, on these curves"),
        *_guardrail(run, planned.expected_cac),
    )
    return Decision(tone, f"{_moves(plan, currency)}: {_effect(plan, currency)}.", sentences, cards)


def _short(text: str) -> str:
    return text.replace("more than ", "> ").replace("less than ", "< ")


def _estimated(label: str, now: Estimate, planned: Estimate, form: Callable[[float], str]) -> Card:
    return Card(label, form(planned.point), f"{planned.range(form)}; now {form(now.point)}")


def _against_now(customers: float, now: float) -> str:
    extra = customers - now
    if abs(extra) < 1e-3 * customers:
        return "as many as if today's spend went on"
    return f"{count(abs(extra))} {'more' if extra > 0 else 'fewer'} than if today's spend went on"


def _guardrail(run: Run, cac: float) -> tuple[Card, ...]:
    value = run.config.plan.value_per_customer if run.config.plan else None
    if not isinstance(value, float):  # values by channel have no one ratio
        return ()
    side = "above" if value / cac >= 3 else "below"
    return (Card("LTV:CAC", ratio(value / cac), f"{side} the usual guardrail of 3"),)


def _moves(plan: PlanResult, currency: str) -> str:
    before, after = float(plan.now.spend.sum()), float(plan.planned.spend.sum())
    changes = {row.channel: row.planned - row.now for row in plan.rows}
    worth = 0.01 * max(before, after)
    up = sorted((channel for channel, change in changes.items() if change > worth), key=lambda c: -changes[c])
    down = sorted((channel for channel, change in changes.items() if change < -worth), key=lambda c: changes[c])
    total = after - before
    if abs(total) <= worth:
        if not up or not down:
            return "Keep the spend as it is"
        moved = sum(changes[channel] for channel in up)
        return f"Move {amount(moved)} {currency} from {_listed(down)} to {_listed(up)}"
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
    risk = run.config.plan.risk if run.config.plan else None
    cases = "" if risk is None else f", in {risk.cases}, for which it is made,"
    return (
        f"Proved on these response curves: no allocation within the limits brings {aim.name}{cases} "
        f"{'below' if aim.lower_is_better else 'above'} {aim.written(allocation.bound)}; the plan lies "
        f"{gap(allocation.gap)} from that."
    )


DECISION = Section("decision", "Decision", _view)
