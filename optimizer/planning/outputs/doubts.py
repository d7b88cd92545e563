"""What could make a plan wrong, the weightiest first, in sentences that the report puts beside the decision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.findings import Finding
from attribution.numbers import amount, decimal, likelihood, percent
from mmm.posterior.fit_checks import GATE
from optimizer.planning.outputs.against_today import corrected_in_words, form_of
from optimizer.planning.stages.beside_defaults import beside_defaults
from optimizer.planning.stages.experience import COMPANIES, experience_of
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.planning.stages.riders import RIDER_IN_LOG
from optimizer.planning.stages.sure import chance_to_beat_today
from optimizer.planning.stages.trusted import EXPECTED
from optimizer.question.limits import labels
from optimizer.uncertainty.hidden_demand import WORST as HIDDEN
from optimizer.uncertainty.tipping import TippingPoint

__all__ = ["NOT_CONVERGED", "assumed", "could_be_wrong", "failed", "not_sure_enough"]

NOT_CONVERGED = "The mix model did NOT converge; this plan was made because the plan file accepts that."

_LIKELY = 0.8  # a promise that is kept less often is a doubt
_DOUBTFUL = 0.1  # a move that is wrong less often is none
_LARGE = 0.02  # of all money moved: smaller moves do not decide
_LONG = 200  # letters of a doubt on the first screen
_HEEDED = {"riders_held", "moves_hold", "promise_kept", "sure_to_beat_today", "rough_figures"}
"""Findings whose consequence stands in the plan already, or that are told here in other words."""
_WEEKS_ALONE = "raised_on_weeks_alone"  # beside the decision before what a fit says, which is no witness against itself


def failed(run: Run) -> list[Finding]:
    """Findings that did not pass, but for the log's on a channel that is held: the hold gives them as its reason."""
    held = {one.channel for one in run.plan.held} if run.plan is not None else set()
    return [
        finding
        for finding in run.findings
        if not finding.passed and not (finding.name.startswith(RIDER_IN_LOG) and held.issuperset(finding.channels))
    ]


def could_be_wrong(run: Run, most: int = 3) -> tuple[str, ...]:
    """At most so many doubts: fit, whether to move, a promise, weeks alone, a move, a reading, findings, experience."""
    doubts: dict[str, None] = {}
    if run.plan is not None and run.worth is not None:
        doubts |= dict.fromkeys(_doubts(run, run.plan))
    return tuple(doubts)[:most]


def _doubts(run: Run, plan: PlanResult) -> Iterator[str]:
    if not run.converged:
        yield NOT_CONVERGED
    yield from _unsure(run)
    yield from _promise(run)
    yield from (_first_sentence(one.text) for one in failed(run) if one.name == _WEEKS_ALONE)
    yield from _move(run)
    yield from _reading(run, plan)
    for finding in failed(run):
        if finding.channels and finding.name not in {*GATE, *_HEEDED}:
            yield _first_sentence(finding.text)
    yield from _experience(run)


def not_sure_enough(run: Run) -> str:
    """That the plan is not sure enough to beat today for a move, as a clause; empty where it is."""
    if run.worth is None or run.config.plan is None:
        return ""
    better, asked = chance_to_beat_today(run.worth.worth, run.worth.corrected), run.config.plan.confidence
    if better is None or better >= asked:
        return ""
    return f"the plan beats it with probability {likelihood(better)}, and a move asks {percent(asked)}"


def _unsure(run: Run) -> Iterator[str]:
    if unsure := not_sure_enough(run):
        yield f"Keep today's spend, or test first: {unsure}."


def _promise(run: Run) -> Iterator[str]:
    """The promise that is kept least often, where that is not often."""
    odds = [one for one in run.worth.worth.promises if not one.is_guardrail] if run.worth else []
    names = labels([one.promise for one in odds])
    pairs = [pair for pair in zip(names, odds, strict=True) if pair[1].plan < _LIKELY]
    if pairs:
        name, least = min(pairs, key=lambda pair: pair[1].plan)
        name = name[:1].upper() + name[1:]
        today = f"today's spend: {likelihood(least.today)}"
        yield f"{name} is kept with probability {likelihood(least.plan)} only ({today})."


def _move(run: Run) -> Iterator[str]:
    """The move that most money may be wrong in."""
    tipping = run.worth.tipping if run.worth else ()
    moved = sum(abs(one.planned - one.now) for one in tipping)
    doubtful = [one for one in tipping if one.probability > _DOUBTFUL and _size(one) > _LARGE * moved]
    if doubtful:
        one = max(doubtful, key=lambda one: one.probability * _size(one))
        side, move = ("less", "more") if one.is_raised else ("more", "less")
        yield (
            f"{amount(_size(one))} {run.config.currency} {move} on {one.channel} is wrong "
            f"where {one.channel} brings {side} than {percent(one.factor)} of what is expected: "
            f"{likelihood(one.probability)}."
        )


def _size(one: TippingPoint) -> float:
    return abs(one.planned - one.now)


def assumed(run: Run) -> dict[str, str]:
    """Name of each other reading of the weeks -> what it assumes, in words."""
    return {} if run.rivals is None else {one.reading.name: one.reading.says for one in run.rivals.fitted}


def _reading(run: Run, plan: PlanResult) -> Iterator[str]:
    """The case in which the plan improves least on today, where that is less than half of what is expected."""
    if run.trust is None:
        return
    cases = run.trust.plans[0].improvement
    expected, others = float(cases[EXPECTED]), cases.drop(EXPECTED)
    if others.empty or not np.isfinite(others).all() or float(others.min()) >= 0.5 * expected:
        return
    case, least = str(others.idxmin()), float(others.min())
    form = form_of(plan.aim.name)
    unit = plan.aim.unit(run.config.currency) or f" {run.config.outcome}"
    says = assumed(run)
    where = (
        "If demand is hidden in the credit as far as the plan file doubts"
        if case == HIDDEN
        else f"Read with {says[case]}"
        if case in says
        else f"Read as {case}"
    )
    does = "improves" if least >= 0 else "worsens"
    yield f"{where}, the plan {does} on today by {form(abs(least))}{unit}, not by {form(expected)}."


def _experience(run: Run) -> Iterator[str]:
    """What plans with this aim promised and brought, or that nobody measured it."""
    if run.worth is None:
        return
    aim = run.worth.worth.aim
    known = experience_of(aim.name)
    if known is None or beside_defaults(run):
        yield "A plan chooses what looks best; how much too good such a plan's figures are was not measured."
        return
    ratio, corrected = decimal(known.ratio, 2), run.worth.corrected
    if corrected is None:
        yield f"Such plans promised {ratio} times what came true, on {COMPANIES} simulated companies."
        return
    expected = corrected_in_words(aim, corrected, run.config.outcome, run.config.currency)
    yield (f"Such plans promised {ratio} times what came true, on {COMPANIES} simulated companies: expect {expected}.")


def _first_sentence(text: str) -> str:
    """The first sentence, of a long list its first part."""
    first = text.partition(". ")[0].removesuffix(".")
    head, more, _ = first.partition("; ")
    return f"{head}, and more below." if more and len(first) > _LONG else f"{first}."
