"""What a plan is worth, always against today, draw by draw; and against plans of the same spend that need no model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.estimates import Estimate
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.evaluation import Evaluation
from optimizer.answer.misses import Miss
from optimizer.answer.worth import Difference, NaivePlan, Worth
from optimizer.plan import Plan
from optimizer.question.objectives import BlendedCAC, Customers, Objective, Profit, Spend
from optimizer.question.setting import Setting
from optimizer.uncertainty.naive_plans import naive_plans
from optimizer.uncertainty.odds import odds_of

__all__ = ["worth"]

_ROUNDING = 1e-12


def worth(
    plan: Plan,
    curves: Mapping[str, ResponseCurve],
    spend: Mapping[str, float] | pd.Series,
    *,
    value_per_customer: float | None = None,
    credit: Mapping[str, Mapping[str, float] | pd.Series] | None = None,
) -> Worth:
    """Hold a spend against today's, and against plans of the same spend that need no model.

    Parameters
    ----------
    plan
        The question: its aim, its promises, and ``now``, today's spend.
    curves
        Response curves over the horizon; their draws are paired, and so are those of organic customers.
    spend
        The plan's allocation, or anybody's; channels not named get nothing.
    value_per_customer
        Currency, for profit and LTV:CAC where the plan's objective states no value.
    credit
        Name of an attribution model -> credited customers by channel. Each makes a naive plan: money in proportion to
        credit, channels that it does not know keep their share of today's spend.

    Raises
    ------
    BadInput
        Where the plan does not state today's spend, or credit is negative or of no channel of the plan.

    Examples
    --------
    >>> from mmm.curves import Hill
    >>> from optimizer import Budget, Customers
    >>> curves = {"tv": Hill(900, 60_000), "search": Hill([400, 600], 20_000)}
    >>> plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=80_000)], now={"tv": 60_000, "search": 20_000})
    >>> verdict = worth(plan, curves, plan.solve(curves).spend)
    >>> round(verdict.aim.change.point, 1), verdict.aim.probability_better
    (9.5, 1.0)
    """
    return _Held(plan, curves, value_per_customer).against(spend, credit or {})


class _Held:
    """A plan's figures at one spend after another, today's first."""

    def __init__(self, plan: Plan, curves: Mapping[str, ResponseCurve], value: float | None) -> None:
        if plan.now is None:
            remedy = "give Plan(now={channel: current spend})."
            raise BadInput(Problem("worth", "is against today's spend, which the plan does not state.", remedy=remedy))
        self.plan = plan
        self.curves = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        self.today = plan.evaluate(self.curves, plan.now)
        self.value = value
        self.objectives = tuple(_objectives(plan.objective, value))
        self.setting = plan.setting(self.curves)

    def against(
        self, spend: Mapping[str, float] | pd.Series, credit: Mapping[str, Mapping[str, float] | pd.Series]
    ) -> Worth:
        planned = self.plan.evaluate(self.curves, spend)
        naive, missed_today = naive_plans(self.today.spend, float(planned.spend.sum()), credit), self.misses(self.today)
        return Worth(
            self.difference(self.plan.objective, self.today, planned),
            self.differences(self.today, planned),
            odds_of(self.plan, self.setting, self.today, planned, today_misses=missed_today, value=self.value),
            missed_today,
            tuple(self.naive(name, amounts, planned) for name, amounts in naive.items()),
        )

    def naive(self, name: str, spend: pd.Series, planned: Evaluation) -> NaivePlan:
        evaluation = self.plan.evaluate(self.curves, spend)
        rival: Objective = Customers() if type(self.plan.objective) is Spend else self.plan.objective
        return NaivePlan(
            name,
            evaluation.spend,
            self.misses(evaluation),
            self.difference(rival, evaluation, planned),
            self.differences(evaluation, planned),
            self.difference(rival, self.today, evaluation),
        )

    def misses(self, evaluation: Evaluation) -> tuple[Miss, ...]:
        return self.plan.missed(self.curves, evaluation.spend)

    def differences(self, before: Evaluation, after: Evaluation) -> tuple[Difference, ...]:
        return tuple(self.difference(objective, before, after) for objective in self.objectives)

    def difference(self, objective: Objective, before: Evaluation, after: Evaluation) -> Difference:
        (old, drawn_before), (new, drawn_after) = (_figure(objective, self.setting, one) for one in (before, after))
        with np.errstate(invalid="ignore"):
            change = drawn_after - drawn_before
        same = (drawn_after == drawn_before) | (np.abs(change) <= _ROUNDING * np.abs(drawn_before))  # infinite ones too
        change = np.where(same, 0.0, change)
        lower = objective.wants == "minimize"
        better = change < 0 if lower else change > 0
        chance = float(np.mean(better + 0.5 * (change == 0))) if change.any() else np.nan
        moved = Estimate(new.point - old.point, *_interval(change))
        return Difference(objective.unit.removeprefix("of "), old, new, moved, chance, lower)


def _objectives(own: Objective, value: float | None) -> Iterator[Objective]:
    """The figures shown: the plan's own among them, in its own definition."""
    shown: list[Objective] = [Customers(), Spend(), BlendedCAC()]
    if value is not None or type(own) is Profit:
        shown.append(Profit(value_per_customer=value or 0.0))
    kinds = [type(one) for one in shown]
    if type(own) not in kinds:
        yield own
    yield from (own if kind is type(own) else one for kind, one in zip(kinds, shown, strict=True))


def _figure(objective: Objective, setting: Setting, evaluation: Evaluation) -> tuple[Estimate, Array]:
    """An objective's figure of a spend, and its draws."""
    goal = objective.goal(replace(setting, business=evaluation.business))
    figures = goal.figures(evaluation.spend.to_numpy(), evaluation.paid.to_numpy())
    draws = np.broadcast_to(figures, evaluation.customers.shape)
    if goal.is_ratio:
        return Estimate.blended(evaluation.fixed_cost + float(evaluation.spend.sum()), evaluation.customers), draws
    if goal.drawn is not None:  # values and customers know nothing of each other: the figure expected is that of means
        organic = float(np.mean(evaluation.organic))
        known = objective.goal(replace(setting, business=replace(evaluation.business, organic=organic)))
        expected = known.sign * known.score(evaluation.spend.to_numpy(), evaluation.paid.to_numpy().mean(axis=0))
        return Estimate(expected, *_interval(draws)), draws
    return Estimate.of(draws), draws


def _interval(draws: Array) -> tuple[float, float]:
    """The 90 % interval; with draws that are infinite, its ends are draws."""
    method: Literal["linear", "inverted_cdf"] = "linear" if np.isfinite(draws).all() else "inverted_cdf"
    low, high = np.quantile(draws, [0.05, 0.95], method=method)
    return float(low), float(high)
