"""A given plan in words that report, terminal and ``cac certify`` share."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import numpy as np

from attribution.numbers import gap, likelihood, significant
from optimizer.answer.misses import Miss
from optimizer.answer.worth import Difference
from optimizer.planning.outputs.against_today import change_in_words, form_of, name_of
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import GivenResult, PlanResult, Run
from optimizer.question.limits import labels

__all__ = ["Verdict", "against_the_best", "lines", "said_of_misses", "said_of_the_table", "verdict"]

_SAME = 1e-5  # of all spend: amounts written to a table in whole units and read again
_UNLIKE = 3.0  # times today's spend from which a table may be of another number of weeks


class Verdict(Enum):
    """What a certificate comes to; the exit code of ``cac certify`` and a sentence."""

    KEPT = (0, "It keeps every promise and limit and is as near to the best plan as asked.")
    ROUNDED = (0, "But for rounding it keeps every promise and limit, and is as near to the best plan as asked.")
    BROKEN = (6, "It breaks a promise or a limit, so it is no plan for this plan file.")
    FAR = (7, "It keeps every promise and limit, and a better plan that keeps them too is known.")
    FAR_ROUNDED = (7, "But for rounding it keeps every promise and limit, and a better plan that keeps them is known.")

    @property
    def exit_code(self) -> int:
        """Of ``cac certify``."""
        return int(self.value[0])

    @property
    def sentence(self) -> str:
        """In words."""
        return str(self.value[1])


def verdict(given: GivenResult, run: Run, within: float | None = None) -> Verdict:
    """What the certificate comes to; ``within`` is the distance to accept, the plan's own gap unless given."""
    misses = given.certificate.misses
    if not all(miss.is_rounding for miss in misses):
        return Verdict.BROKEN
    accepted = within if within is not None else run.config.plan.gap if run.config.plan else 0.0
    near, far = (Verdict.ROUNDED, Verdict.FAR_ROUNDED) if misses else (Verdict.KEPT, Verdict.FAR)
    return near if given.certificate.gap <= accepted * (1 + 1e-9) else far


def lines(given: GivenResult, run: Run, within: float | None = None) -> Iterator[str]:
    """What a given plan brings against today, what it breaks, and how far it is from the best."""
    plan, currency, outcome = run.plan, run.config.currency, run.config.outcome
    if plan is None:
        return
    yield from said_of_the_table(given, plan)
    figures = ", ".join(_figure(one, outcome) for one in given.worth.figures)
    yield f"{given.name}, money in {currency}, 90 % intervals: {figures}."
    told = ", ".join(change_in_words(one, outcome, currency) for one in given.worth.figures)
    yield f"Against today's spend carried on over the same weeks: {told}."
    if not np.allclose(given.outcome.spend, plan.planned.spend, rtol=0, atol=_SAME * float(plan.planned.spend.sum())):
        better = likelihood(plan.aim.probability_better(plan.planned, given.outcome))
        yield f"On {plan.aim.name} the run's own plan does better than it with probability {better}."
    yield said_of_misses(given)
    yield against_the_best(given, plan, run)
    yield verdict(given, run, within).sentence


def said_of_the_table(given: GivenResult, plan: PlanResult) -> Iterator[str]:
    """How its table was read, and where its sum looks like that of another number of weeks."""
    if given.says:
        yield given.says
    now, theirs = float(plan.now.spend.sum()), float(given.outcome.spend.sum())
    if now > 0 and theirs > 0 and not 1 / _UNLIKE <= theirs / now <= _UNLIKE:
        times = f"{significant(theirs / now)} times what is spent now over the same weeks"
        yield f"It spends {times}: where its spend is for another number of weeks, weeks says so (--weeks)."


def said_of_misses(given: GivenResult) -> str:
    """What a given plan does not keep, by how much, and who asks it."""
    if not given.certificate.misses:
        return "It keeps every promise and limit."
    parts = []
    if all(miss.is_rounding for miss in given.certificate.misses):
        missed = _listed(given.certificate.misses)
        return f"It keeps every promise and limit but for the rounding of its amounts, which misses {missed}."
    if given.misses:
        parts.append(f"It breaks {_listed(given.misses)}.")
    if given.beyond:
        parts.append(
            f"It goes beyond what the run allows, riders held and spend that was tried: {_listed(given.beyond)}; "
            "plan.raise_riders and plan.explore lift that."
        )
    return " ".join(parts)


def against_the_best(given: GivenResult, plan: PlanResult, run: Run) -> str:
    """How far a given plan is from the bound, in the plan's own aim."""
    aim, certificate = plan.aim, given.certificate
    unit = aim.unit(run.config.currency)
    name = f"{aim.name} {cases(run.config.plan)}".rstrip()
    own, bound = aim.written(certificate.value), aim.written(certificate.bound)
    opening = f"Its {name}: {own}{unit}; no plan that keeps everything goes {_side(plan)} {bound}{unit}"
    if certificate.gap < 0 and not all(miss.is_rounding for miss in certificate.misses):
        return f"{opening}. It is {gap(certificate.ahead)} better than that by what it breaks."
    return f"{opening}: it is {gap(certificate.gap)} from there, the run's own plan {gap(plan.allocation.gap)}."


def _figure(one: Difference, outcome: str) -> str:
    form, figure = form_of(one.name), one.after
    return f"{name_of(one.name, outcome)} {form(figure.point) if figure.low == figure.high else figure.written(form)}"


def _side(plan: PlanResult) -> str:
    return "below" if plan.aim.lower_is_better else "above"


def _listed(misses: tuple[Miss, ...]) -> str:
    names = labels([miss.limit for miss in misses])
    return "; ".join(f"{name} (by {miss.written})" for name, miss in zip(names, misses, strict=True))
