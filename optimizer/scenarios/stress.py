"""The stress library: what a quarter may bring, each answered by the plan made again, and its cost against the plan."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan
from attribution.estimates import Estimate
from attribution.numbers import typed_percent
from attribution.shown import shown
from mmm.curves import ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.answer.evaluation import Evaluation
from optimizer.plan import Plan
from optimizer.question.constraints import BUDGET, Budget, Constraint, MaxCAC
from optimizer.question.groups import AverageCAC, MarginalCAC
from optimizer.question.limits import Limit
from optimizer.question.objectives import Customers
from optimizer.scenarios.business import BudgetOf
from optimizer.scenarios.comparison import answered
from optimizer.scenarios.market import ConversionChange, DemandChange, OrganicShift
from optimizer.scenarios.what_ifs import BudgetChange, ChannelOff, CostInflation, Scenario, Together

__all__ = ["COMPETITOR", "Stress", "StressAnswer", "Stressed", "stress"]

COMPETITOR = "competitor shock"
_MISSING = "no control stands for competitors, so nothing says what a shock of theirs would cost."

Solve = Callable[[Plan, ResponseCurves], Allocation]


@shown
@dataclass(frozen=True, eq=False)
class Stress:
    """Which shocks, and how hard.

    Parameters
    ----------
    budget
        Change of what the plan spends.
    cost
        Change of the cost of media, of each channel alone and of all.
    conversion, demand
        Changes of the share who convert, and of the market.
    channels
        How many channels, the largest by planned spend, fail or cost more one by one.
    competitor
        What a competitor's shock does to organic customers; None where nothing says.
    """

    budget: float = -0.2
    cost: float = 0.3
    conversion: float = -0.15
    demand: float = -0.1
    channels: int = 12
    competitor: OrganicShift | None = None

    def scenarios(
        self, plan: Plan, spend: Mapping[str, float] | pd.Series, groups: Mapping[str, Sequence[str]] | None = None
    ) -> tuple[Scenario, ...]:
        """The shocks of a plan, in the order of tables; without the competitor's where it is not known.

        Parameters
        ----------
        plan
            The plan.
        spend
            What it spends, by channel.
        groups
            Name -> channels that fail together, as a channel's in several markets; each by itself where None.
        """
        return tuple(self._scenarios(plan, pd.Series(dict(spend)), groups))

    def _scenarios(
        self, plan: Plan, spend: pd.Series, groups: Mapping[str, Sequence[str]] | None
    ) -> Iterator[Scenario]:
        total = float(spend.sum())
        least = BudgetOf((1 + self.budget) * total)
        stated = any(isinstance(part, Budget) for part in plan.subject_to)
        yield LessMoney(
            *([BudgetChange(self.budget)] if stated else []), least, called=f"budget {typed_percent(self.budget)}"
        )
        yield CostInflation(self.cost)
        yield ConversionChange(self.conversion)
        yield DemandChange(self.demand)
        if self.competitor is not None:
            yield self.competitor
        members = groups or {str(channel): [str(channel)] for channel in spend.index}
        sizes = {name: float(spend.reindex(list(own)).sum()) for name, own in members.items()}
        largest = [name for name in sorted(sizes, key=lambda one: -sizes[one]) if sizes[name] > 0][: self.channels]
        yield from (Outage(name, tuple(members[name])) for name in largest)
        for name in largest:
            dearer = CostInflation(dict.fromkeys(members[name], self.cost))
            yield Together(dearer, called=f"{name} cost {typed_percent(self.cost)}")


class LessMoney(Together):
    """Another budget, which nobody chooses."""

    def gives(self, limit: Limit | str) -> bool:
        """That there is no more money."""
        return isinstance(limit, Limit) and limit.subject == BUDGET


@dataclass(frozen=True)
class Outage(Scenario):
    """A channel fails: it gets nothing in any market, and limits and commitments of it alone are put aside.

    Parameters
    ----------
    channel
        What tables call it.
    members
        Channels of the plan that it is, one for each market.
    """

    channel: str
    members: tuple[str, ...]

    @property
    def name(self) -> str:
        """The channel, off."""
        return f"{self.channel} off"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with its channels at zero."""
        rest = [part for part in plan.subject_to if not (members := _members(part)) or not members <= {*self.members}]
        return self._off.applied(plan.replaced(subject_to=rest), curves)

    def gives(self, limit: Limit | str) -> bool:
        """That its channels get nothing."""
        return self._off.gives(limit)

    @property
    def _off(self) -> Together:
        return Together(*(ChannelOff(channel) for channel in self.members))

    def shared(self, plan: Plan) -> list[Constraint]:
        """Limits of groups that the channel belongs to."""
        return [part for part in plan.subject_to if len(members := _members(part)) > 1 and members & {*self.members}]


@dataclass(frozen=True, eq=False)
class StressAnswer:
    """The plan made again under a shock.

    Parameters
    ----------
    name
        Of the shock.
    outcome
        Draws of what the new plan brings; where the promises cannot be kept, of the best that can be had for the plan's
        money; None where there is neither.
    gap
        Proved distance of that from the best.
    problem
        Which promise breaks, and what could be kept; empty where all hold.
    """

    name: str
    outcome: Evaluation | None
    gap: float = np.nan
    problem: str = ""

    @property
    def kept(self) -> bool:
        """Whether every promise and limit can be kept."""
        return not self.problem

    def customers_change(self, plan: Evaluation) -> Estimate:
        """New plan less plan, in the same draws."""
        return _unknown() if self.outcome is None else Estimate.of(self.outcome.customers - plan.customers)

    def cac_change(self, plan: Evaluation) -> Estimate:
        """New plan less plan, in the same draws; the point is the difference of the ratios of expected totals."""
        if self.outcome is None:
            return _unknown()
        draws = Estimate.of(self.outcome.blended_cac - plan.blended_cac)
        return Estimate(self.outcome.expected_cac - plan.expected_cac, draws.low, draws.high)


@shown
@dataclass(frozen=True, eq=False)
class Stressed:
    """A plan, and its answers to all shocks.

    Parameters
    ----------
    plan
        Draws of what the plan brings.
    answers
        One per shock.
    """

    plan: Evaluation
    answers: tuple[StressAnswer, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per shock, the plan first: spend, customers and blended CAC, and their changes against the plan."""
        rows = []
        for answer in (StressAnswer("plan", self.plan, 0.0), *self.answers):
            row: dict[str, object] = {"scenario": answer.name, "kept": answer.kept}
            if answer.outcome is not None:
                outcome = answer.outcome
                outlay = outcome.fixed_cost + float(outcome.spend.sum())
                row |= {
                    "spend": float(outcome.spend.sum()),
                    **Estimate.of(outcome.customers).flat("customers"),
                    **answer.customers_change(self.plan).flat("customers_change"),
                    **Estimate.blended(outlay, outcome.customers).flat("blended_cac"),
                    **answer.cac_change(self.plan).flat("blended_cac_change"),
                    "gap": answer.gap,
                }
            rows.append(row | {"problem": answer.problem})
        return pd.DataFrame(rows)

    def spend_frame(self) -> pd.DataFrame:
        """Spend by shock and channel, the plan first; shocks without any plan are left out."""
        spend = {"plan": self.plan.spend}
        spend |= {answer.name: answer.outcome.spend for answer in self.answers if answer.outcome is not None}
        return pd.DataFrame(spend).T.rename_axis("scenario")


def stress(
    plan: Plan,
    curves: ResponseCurves,
    shocks: Stress | None = None,
    allocation: Allocation | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    solve: Solve | None = None,
) -> Stressed:
    """Make a plan again under every shock of the stress library.

    Parameters
    ----------
    plan, curves
        The question, and response curves with the draws of its organic customers.
    shocks
        Which, and how hard; the usual ones where None.
    allocation
        The plan's own answer; solved where None.
    groups
        As :meth:`Stress.scenarios` takes them.
    solve
        What solves a plan; :meth:`Plan.solve` where None.

    Raises
    ------
    BadInput, InfeasiblePlan
        Where the plan itself has no answer.
    """
    solved = solve or partial(Plan.solve, gap=1e-3)
    shocks = shocks or Stress()
    allocation = allocation or solved(plan, curves)
    base = plan.evaluate(curves, allocation.spend)
    answers = [
        _answer(scenario, plan, curves, base, solved) for scenario in shocks.scenarios(plan, allocation.spend, groups)
    ]
    if shocks.competitor is None:
        answers.insert(4, StressAnswer(COMPETITOR, None, problem=_MISSING))
    return Stressed(base, tuple(answers))


def _answer(scenario: Scenario, plan: Plan, curves: ResponseCurves, base: Evaluation, solve: Solve) -> StressAnswer:
    answer = answered(scenario, plan, curves, solve)
    if answer.allocation is not None:
        return StressAnswer(scenario.name, answer.outcome, answer.allocation.gap)
    money = float(base.spend.sum())
    shared = scenario.shared(answer.plan) if isinstance(scenario, Outage) else []
    for aside in ([], shared) if shared else ([],):
        rest = [part for part in answer.plan.subject_to if part not in aside]
        relaxed = _best_to_be_had(answer.plan.replaced(subject_to=rest), money)
        with contextlib.suppress(BadInput, InfeasiblePlan):  # limits on spend exclude each other whatever is promised
            best = relaxed.solve(answer.curves)
            problem = answer.problem
            if aside:
                problem = f"cannot be kept while {scenario.name}: limits of {_named(aside)}; the row is without them."
            return StressAnswer(scenario.name, relaxed.evaluate(answer.curves, best.spend), best.gap, problem)
    return StressAnswer(scenario.name, None, problem=answer.problem)


def _named(parts: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(part.subject.name for part in parts))


def _members(part: Constraint) -> set[str]:
    return set(getattr(getattr(part, "subject", None), "members", ()))


def _best_to_be_had(plan: Plan, money: float) -> Plan:
    """Most customers within the limits on spend, without what is promised of customers and CAC."""
    limits = plan.without(Customers, MaxCAC, AverageCAC, MarginalCAC).subject_to
    budget = [] if any(isinstance(part, Budget) for part in limits) else [Budget(at_most=money)]
    objective = Customers(organic=plan.organic, fixed_cost=plan.fixed_cost)
    return Plan(maximize=objective, subject_to=[*limits, *budget], now=plan.now, fees=plan.fees)


def _unknown() -> Estimate:
    return Estimate.exact(np.nan)
