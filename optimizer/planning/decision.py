"""The decision in words: what to move where, what it buys, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.planning.formats import amount, gap, number, percent, unit_cost
from optimizer.planning.result import Estimate, PlanResult, Run

__all__ = ["Card", "Decision", "decision", "likelihood"]


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


def likelihood(probability: float) -> str:
    """A probability that never claims certainty: draws cannot tell 99.9 % from 100 %."""
    if probability > 0.99:
        return "more than 99 %"
    if probability < 0.01:
        return "less than 1 %"
    return percent(probability)


def decision(run: Run, plan: PlanResult) -> Decision:
    """The decision of a finished plan."""
    now, planned, currency = plan.now, plan.planned, run.config.currency
    chance = plan.probability_better
    cac_now, cac_planned = Estimate.blended_cac(now), Estimate.blended_cac(planned)
    customers_now, customers = Estimate.of(now.customers), Estimate.of(planned.customers)
    tone = "bad" if not run.converged or chance < 0.5 else "warn" if chance < 0.8 else "good"
    headline = f"{_moves(plan, currency)}: {_effect(cac_now.mean, cac_planned.mean, currency)}."
    extra = customers.mean - customers_now.mean
    outcome = run.config.outcome
    sentences = (
        f"The plan expects {number(customers.mean)} new {outcome}, organic ones included "
        f"({number(customers.low)} to {number(customers.high)}), {number(abs(extra))} {'more' if extra >= 0 else 'fewer'} "
        "than if today's spend went on.",
        f"By the mix model's own uncertainty it beats today's spend on blended CAC with probability {likelihood(chance)}.",
        _proof(plan, run),
    )
    cards = (
        Card(f"Blended CAC, {currency}", f"{unit_cost(cac_now.mean)} → {unit_cost(cac_planned.mean)}", f"planned: {unit_cost(cac_planned.low)} to {unit_cost(cac_planned.high)}"),
        Card(f"New {outcome}", f"{number(customers_now.mean)} → {number(customers.mean)}", f"planned: {number(customers.low)} to {number(customers.high)}"),
        Card(f"Spend, {currency}", f"{amount(float(now.spend.sum()))} → {amount(float(planned.spend.sum()))}", f"and {amount(now.fixed_cost)} fixed cost"),
        Card("Plan beats today's spend", likelihood(chance), "probability, given the model"),
        Card("Distance from the best plan", gap(plan.allocation.gap), "proved, on these curves"),
        *_guardrail(run, cac_planned),
    )  # fmt: skip
    return Decision(tone, headline, sentences, cards)


def _guardrail(run: Run, cac: Estimate) -> tuple[Card, ...]:
    value = run.config.plan.value_per_customer if run.config.plan else None
    if value is None:
        return ()
    ratio = value / cac.mean
    return (
        Card(
            "LTV:CAC",
            f"{ratio:.1f}",
            "above the usual guardrail of 3" if ratio >= 3 else "below the usual guardrail of 3",
        ),
    )


def _moves(plan: PlanResult, currency: str) -> str:
    before, after = float(plan.now.spend.sum()), float(plan.planned.spend.sum())
    changes = {row.channel: row.planned - row.now for row in plan.rows}
    worth = 0.01 * max(before, after)
    up = sorted((channel for channel, change in changes.items() if change > worth), key=lambda c: -changes[c])
    down = sorted((channel for channel, change in changes.items() if change < -worth), key=lambda c: changes[c])
    total = after - before
    if abs(total) <= worth:
        if not up and not down:
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
        return f"{', '.join(shown)} and {len(names) - 3} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _effect(now: float, planned: float, currency: str) -> str:
    change = planned / now - 1
    if abs(change) < 0.001:
        return f"blended CAC stays at {unit_cost(planned)} {currency}"
    verb = "falls" if change < 0 else "rises"
    return (
        f"blended CAC {verb} from {unit_cost(now)} to {unit_cost(planned)} {currency} ({percent(change, signed=True)})"
    )


def _proof(plan: PlanResult, run: Run) -> str:
    allocation = plan.allocation
    section = run.config.plan
    if section is not None and section.minimize == "blended_cac":
        bound = f"no allocation within the limits has a blended CAC below {unit_cost(allocation.bound)}"
    else:
        bound = f"no allocation within the limits is better than {amount(allocation.bound)} on the plan's objective"
    return f"Proved on these response curves: {bound}; the plan lies {gap(allocation.gap)} from that."
