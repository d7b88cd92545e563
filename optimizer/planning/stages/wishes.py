"""What a person at the planner asks: another budget, promise or aim, and channels held; and what a spend is then worth.

Every answer is the run's own question with some keys of ``plan`` changed, put to the same curves by the same search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, BrokenPromise, CacError, InfeasiblePlan
from attribution.estimates import Estimate
from mmm.model.model import ORGANIC
from optimizer.answer.allocation import Allocation, Certificate
from optimizer.answer.evaluation import Evaluation
from optimizer.answer.misses import Miss
from optimizer.plan import Plan
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.limits import BudgetLimits, Limits
from optimizer.planning.file.keys.plan import PlanSection, Promise
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.stages.aim import Aim, aim_of
from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.loosened import remedies
from optimizer.planning.stages.question import put, solved
from optimizer.question.limits import labels

__all__ = [
    "AIMS",
    "Answer",
    "Judged",
    "Wish",
    "aim_of_wish",
    "aims_of",
    "answer",
    "cost_of_holding",
    "edits_of",
    "first_wish",
    "judged",
]

AIMS = {
    "blended_cac": "minimize",
    "spend": "minimize",
    "customers": "maximize",
    "profit": "maximize",
    "npv": "maximize",
}
"""Aim -> the key of ``plan`` that names it."""

_NOTHING = 1e-9  # of today's spend: no channel's spend


@dataclass(frozen=True)
class Wish:
    """A question of the planner.

    Parameters
    ----------
    aim
        One of ``AIMS``.
    budget
        Currency over the horizon, in place of the most, or of the exact amount, that the run's plan file allows; None
        for no limit.
    customers
        Promised over the horizon, organic ones included; None for no promise.
    max_cac
        Most that the blended CAC may be; None for no cap.
    locked
        Channels held, and the spend that each is held at.
    """

    aim: str
    budget: float | None
    customers: float | None
    max_cac: float | None
    locked: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Answer:
    """The best plan of a wish, or why there is none.

    Parameters
    ----------
    plan
        The question; None where it is none.
    section
        The keys of ``plan`` that ask it.
    allocation
        With its proof; None where no spend keeps the promises.
    problem
        The promise that breaks and the best that can be had, in words of the plan file; empty where there is a plan.
    """

    plan: Plan | None
    section: PlanSection
    allocation: Allocation | None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Judged:
    """What a spend brings, and how far it is from the best that a question allows.

    Parameters
    ----------
    outcome
        Draws of customers.
    figure, customers, cac
        The aim, all customers and the blended CAC, with 90 % intervals.
    better
        Probability that it does better than today's spend on the aim.
    marginal
        Channel -> cost of one further customer; not known where nothing is spent.
    certificate
        Against the bound; None where the question has no plan.
    misses
        Promises and limits that it does not keep.
    """

    outcome: Evaluation
    figure: Estimate
    customers: Estimate
    cac: Estimate
    better: float
    marginal: Mapping[str, Estimate]
    certificate: Certificate | None
    misses: tuple[Miss, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """Every promise and limit that it breaks, and by how much."""
        names = labels([miss.limit for miss in self.misses])
        return tuple(f"{name} (by {miss.written})" for name, miss in zip(names, self.misses, strict=True))


def aims_of(kept: Kept) -> tuple[str, ...]:
    """The aims that the run knows enough for."""
    known = {"npv": kept.worth is not None, "profit": kept.section.value_per_customer is not None}
    return tuple(aim for aim in AIMS if known.get(aim, True))


def first_wish(kept: Kept) -> Wish:
    """The run's own question."""
    section, now = kept.section, float(kept.now.sum())
    stated = section.budget
    budget: float | None = None
    if section.incremental is not None:
        budget = section.incremental.of(now) if section.incremental.relative else now + section.incremental.value
    elif stated is not None:
        most = stated.exactly or stated.at_most
        budget = None if most is None else most.of(now)
    promise = None if section.customers is None else section.customers.at_least.of(_expected(kept))
    return Wish(str(section.minimize or section.maximize), budget, promise, section.max_cac)


def _keys_of(kept: Kept, wish: Wish) -> dict[str, Any]:
    """The keys of ``plan`` that a wish changes, as a plan file's section holds them."""
    section, own = kept.section, first_wish(kept)
    keys: dict[str, Any] = {}
    if wish.aim != own.aim:
        keys |= {"minimize": None, "maximize": None, AIMS[wish.aim]: wish.aim}
    if wish.budget != own.budget:
        keys |= _budget(kept, wish.budget)
    if wish.customers != own.customers:
        promised = None if wish.customers is None else Promise(at_least=Amount(wish.customers, relative=False))
        keys["customers"] = promised
    if wish.max_cac != own.max_cac:
        keys["max_cac"] = wish.max_cac
    if wish.locked:
        fixed = {name: _fixed(section.channels.get(name), spend) for name, spend in wish.locked}
        keys["channels"] = {**section.channels, **fixed}
    return keys


def edits_of(kept: Kept, wish: Wish) -> list[tuple[tuple[str, ...], Any]]:
    """What a wish changes in the plan file: places and values, None for a key taken out.

    Raises
    ------
    BadInput
        Where cells of several markets are held, for which the plan file has no key.
    """
    section, own = kept.section, first_wish(kept)
    edits: list[tuple[tuple[str, ...], Any]] = []
    if wish.aim != own.aim:
        edits += [(("plan", "minimize"), None), (("plan", "maximize"), None), (("plan", AIMS[wish.aim]), wish.aim)]
    if wish.budget != own.budget:
        if wish.budget is None or section.incremental is not None:
            more = None if wish.budget is None else _written(wish.budget - float(kept.now.sum()))
            edits += [(("plan", "incremental"), more)] + ([(("plan", "budget"), None)] if more is None else [])
        else:
            exact = section.budget is not None and section.budget.exactly is not None
            edits.append((("plan", "budget", "exactly" if exact else "at_most"), _written(wish.budget)))
    if wish.customers != own.customers:
        promise = None if wish.customers is None else {"at_least": _written(wish.customers)}
        edits.append((("plan", "customers"), promise))
    if wish.max_cac != own.max_cac:
        edits.append((("plan", "max_cac"), None if wish.max_cac is None else _written(wish.max_cac)))
    if wish.locked and kept.markets.several:
        raise BadInput("a plan file has no limit of one channel in one market; save the spend as a table instead.")
    stated = kept.document.data["plan"].get("channels") or {}
    for name, spend in wish.locked:
        fees = {key: value for key, value in (stated.get(name) or {}).items() if key in {"fee", "fees"}}
        edits.append((("plan", "channels", name), {"fixed": _written(spend), **fees}))
    return edits


@lru_cache(maxsize=512)
def answer(kept: Kept, wish: Wish) -> Answer:
    """The best plan of a wish; where none is, the promise that breaks and the best that can be had."""
    section = kept.section
    plan: Plan | None = None
    try:
        section = section.model_copy(update=_keys_of(kept, wish))
        plan = _plan(kept, section)
        return Answer(plan, section, solved(section, plan, kept.curves, kept.doubted))
    except InfeasiblePlan as error:
        problem = in_words_of_the_file(str(error))
        if plan is not None:
            problem += remedies(plan, kept.curves, kept.held, kept.tried)
    except (BadInput, BrokenPromise) as error:
        problem = in_words_of_the_file(str(error))
    return Answer(plan, section, None, problem)


def judged(kept: Kept, wish: Wish, spend: pd.Series) -> Judged:
    """What a spend brings, what of a wish's question it breaks and how far it is from the best; locks are left aside.

    Parameters
    ----------
    kept, wish
        The run's question, and what is asked in place of it.
    spend
        Currency over the horizon by channel.
    """
    free = answer(kept, replace(wish, locked=()))
    plan = free.plan or _plan(kept, kept.section)
    aim = aim_of(plan, kept.curves, kept.config.outcome)
    outcome, today = plan.evaluate(kept.curves, spend), plan.evaluate(kept.curves, kept.now)
    certificate: Certificate | None = None
    misses: tuple[Miss, ...] = ()
    if free.plan is not None:
        asked = put(free.section, free.plan, kept.doubted)
        misses = asked.missed(kept.curves, spend)
        if free.allocation is not None:
            certificate = asked.against(free.allocation, kept.curves, spend)
    return Judged(
        outcome=outcome,
        figure=aim.estimate(outcome),
        customers=Estimate.of(outcome.customers),
        cac=Estimate.blended(outcome.fixed_cost + float(outcome.spend.sum()), outcome.customers),
        better=aim.probability_better(outcome, today),
        marginal={channel: _marginal(kept, channel, float(spend[channel])) for channel in kept.curves.channels},
        certificate=certificate,
        misses=misses,
    )


def cost_of_holding(kept: Kept, wish: Wish) -> dict[str, float]:
    """Channel that is held -> by how much the aim would be better if that one alone were let go, in its own unit.

    NaN where one of the two questions has no plan; at most the distance to which plans are proved below 0.
    """
    with_all = answer(kept, wish).allocation
    costs = {}
    for name, _ in wish.locked:
        rest = tuple(lock for lock in wish.locked if lock[0] != name)
        without = answer(kept, replace(wish, locked=rest)).allocation
        if with_all is None or without is None:
            costs[name] = np.nan
        else:
            costs[name] = (with_all.value - without.value) * (1 if AIMS[wish.aim] == "minimize" else -1)
    return costs


def aim_of_wish(kept: Kept, wish: Wish) -> Aim:
    """How the figure of a wish's aim is called and written."""
    plan = answer(kept, replace(wish, locked=())).plan or _plan(kept, kept.section)
    return aim_of(plan, kept.curves, kept.config.outcome)


def _plan(kept: Kept, section: PlanSection) -> Plan:
    organic = kept.organic
    if kept.worth is not None:
        missing = [name for name in kept.curves.channels if name not in kept.worth]
        if missing or ORGANIC not in kept.worth:
            raise CacError(f"the run keeps no value of {', '.join(missing) or ORGANIC}.")
    plan = build_plan(section, kept.now, organic, _expected(kept), kept.worth)
    added = [one.constraint for one in (*kept.held, *kept.tried)]
    return plan.replaced(subject_to=[*plan.subject_to, *kept.booked, *added])


@lru_cache(maxsize=8)
def _expected(kept: Kept) -> float:
    """Customers that today's spend would bring."""
    return float(np.mean(kept.organic + kept.curves.customers(kept.now)))


def _budget(kept: Kept, amount: float | None) -> dict[str, Any]:
    section = kept.section
    if amount is None:
        return {"budget": None, "incremental": None}
    if section.incremental is not None:
        more = amount - float(kept.now.sum())
        if more < 0:
            raise BadInput("plan.incremental divides money beside today's spend; the budget is less than that.")
        return {"incremental": Amount(more, relative=False)}
    money = Amount(amount, relative=False)
    if section.budget is not None and section.budget.exactly is not None:
        return {"budget": BudgetLimits(exactly=money)}
    least = None if section.budget is None else section.budget.at_least
    if least is not None and least.of(float(kept.now.sum())) > amount:
        raise BadInput(f"budget.at_least of the plan file is {least}, more than the budget here.")
    return {"budget": BudgetLimits(at_least=least, at_most=money)}


def _written(value: float) -> int | float:
    """A number as people write it, to a hundredth."""
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _fixed(limits: Limits | None, spend: float) -> Limits:
    """A channel held at a spend; its fees stay, as its other limits do not."""
    own = Limits.model_construct() if limits is None else limits
    return Limits.model_construct(None, fixed=Amount(spend, relative=False), fee=own.fee, fees=own.fees)


def _marginal(kept: Kept, channel: str, spend: float) -> Estimate:
    """At zero spend a curve's slope may be zero or infinite: the first customer's cost means nothing there."""
    spent = spend > _NOTHING * float(kept.now.sum())
    return Estimate.cost(1.0, np.atleast_1d(kept.curves[channel].marginal(spend)) if spent else np.zeros(1))
