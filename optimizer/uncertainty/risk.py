"""Plans for the worst cases: the mean of the lowest customers over posterior draws, with a certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import percent, plain
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Allocation, Certificate, Status, by_channel, channel_index
from optimizer.answer.misses import Miss
from optimizer.answer.prices import Slopes
from optimizer.answer.spent import Spent
from optimizer.answer.verify import missed, refuse_broken
from optimizer.answer.with_fees import with_dues
from optimizer.plan import Plan, check_search
from optimizer.question.constraints import MaxCAC
from optimizer.question.groups import AverageCAC
from optimizer.question.objectives import Customers
from optimizer.question.setting import Setting
from optimizer.solvers.branch import Outcome
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.uncertainty.risk_search import Found, RiskSearch, counted, counts_by_value
from optimizer.uncertainty.risk_steps import best_with_steps
from optimizer.uncertainty.tail import tail_mean, tail_weights
from optimizer.uncertainty.worst_cac import WorstCAC, in_worst_draws

__all__ = ["Pessimistic", "risk_frontier"]


@shown
@dataclass(frozen=True)
class Pessimistic:
    """A plan whose every figure of customers is the mean of the worst draws.

    Parameters
    ----------
    plan
        Objective, promises, limits and fees. Promises of customers and CAC ceilings are then promises for the worst
        cases; a blended CAC of (fixed cost + spend) / (mean of the worst 10 % of customers) is exceeded with a
        probability below 10 %. A ceiling on the CAC of a channel is read in the worst draws of that channel, one on
        the CAC of several together is refused: its worst draws are neither theirs nor the plan's, and no bound here
        holds for it. Where customers count by channel, the worst draws are those of the profit, and no promise of
        customers can be made beside it.
    tail
        Share of the draws that counts as worst.
    weight
        Weight of the worst cases against the mean: 1 for them alone, 0 for the plain plan.
    """

    plan: Plan
    tail: float = 0.1
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.tail <= 1 and 0 <= self.weight <= 1):
            text = f"tail is {self.tail} and weight {self.weight}."
            raise BadInput(Problem("Pessimistic", text, remedy="take tail above 0 and up to 1, weight from 0 to 1."))

    def solve(self, curves: Mapping[str, ResponseCurve], gap: float = 1e-3, time_limit: float = 30.0) -> Allocation:
        """The best allocation for the worst cases.

        Returns
        -------
        An allocation whose ``value``, ``bound`` and prices are of the pessimistic figure; ``customers``,
        ``blended_cac`` and ``marginal_cac`` remain expectations.

        Raises
        ------
        BadInput
            Where curves have no draws, a row limits the CAC of several channels, or customers count by channel and
            something is promised of their number.
        InfeasiblePlan, IllPosedPlan
            As ``Plan.solve``.
        """
        check_search(gap, time_limit)
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        plan = self._in_worst_draws(known)
        try:
            return self._solved(plan, known, gap, time_limit)
        except InfeasiblePlan as error:
            if not any(isinstance(part, WorstCAC) for part in plan.subject_to):
                raise
            where = f"the worst {percent(self.tail)} of each channel's own cases"
            raise InfeasiblePlan(f"{error} Ceilings on the CAC of channels are read in {where}.") from None

    def _solved(self, plan: Plan, known: ResponseCurves, gap: float, time_limit: float) -> Allocation:
        if not plan.fees:
            search = RiskSearch(plan, self.tail, self.weight, known, gap, time_limit)
            return self._described(known, search, search.run(), gap)
        bound, at_steps = best_with_steps(
            plan,
            lambda one, seconds: RiskSearch(one, self.tail, self.weight, known, gap / 2, seconds),
            lambda spend: self._score(known, spend),
            known,
            gap,
            time_limit,
        )
        found = at_steps.run()
        return self._described(known, at_steps, Found(found.spend, found.score, max(bound, found.score)), gap)

    def _in_worst_draws(self, curves: ResponseCurves) -> Plan:
        shared = [part for part in self.plan.subject_to if isinstance(part, AverageCAC) and len(set(part.members)) > 1]
        if shared:
            remedy = "limit spend of groups instead, the CAC of single channels, or the blended CAC."
            raise BadInput(Problem("Pessimistic", "takes no ceilings on the CAC of groups.", remedy=remedy))
        parts = [in_worst_draws(part, curves, self.tail, self.weight) for part in self.plan.subject_to]
        return self.plan.replaced(subject_to=parts)

    def against(
        self, best: Allocation, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series
    ) -> Certificate:
        """How far an allocation, anybody's, is from the best one for the worst cases, which has been solved before.

        Parameters
        ----------
        best
            Of ``solve`` on the same curves.
        curves
            Response curves with draws.
        spend
            The allocation; channels not named get nothing.
        """
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        amounts = by_channel(channel_index(best.curves), known.amounts(spend), "spend")
        goal, score = self.plan.objective.goal(self._setting(known, amounts)), self._figure(known, amounts.to_numpy())
        distance = (best.bound * goal.sign - score) / goal.size(score, float(amounts.sum()))
        return Certificate(amounts, score * goal.sign, best.bound, distance, self.missed(known, amounts))

    def _setting(self, curves: ResponseCurves, spend: pd.Series) -> Setting:
        """The plan's setting with the fees that a spend makes due."""
        return with_dues(self.plan.setting(curves), self.plan.fees, dict(spend))

    def _figure(self, curves: ResponseCurves, spend: Array) -> float:
        """Score of a spend in its worst draws, fees included."""
        by_value = counts_by_value(self.plan, curves)
        worst = tail_mean(counted(self.plan, curves, spend, by_value), self.tail, self.weight)
        setting = self._setting(curves, by_channel(channel_index(curves), spend, "spend"))
        if by_value:
            return worst - (setting.fixed_cost - self.plan.fixed_cost)
        goal = self.plan.objective.goal(setting)
        return float(goal.at_totals(float(spend.sum()), worst - goal.business.organic))

    def _score(self, curves: ResponseCurves, spend: Array) -> float:
        """The same; minus infinity where the spend breaks a promise."""
        broken = self.missed(curves, by_channel(channel_index(curves), spend, "spend"))
        return -np.inf if broken else self._figure(curves, spend)

    def slopes(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> Slopes:
        """Customers per unit of currency of each channel in the worst draws, of the next unit and the last."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        amounts = known.amounts(spend)
        low = counted(self.plan, known, amounts, counts_by_value(self.plan, known))
        flat = FlatCurves(known, tail_weights(low, self.tail, self.weight) if known.n_draws else None)
        return Slopes(*flat.slopes_beside(amounts, flat.mean_and_slope(np.arange(len(amounts)), amounts)[1]))

    def missed(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> tuple[Miss, ...]:
        """What an allocation does not keep, promises of customers and CAC in the worst cases included."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        outcome = self.plan.evaluate(known, spend)
        setting = self._setting(known, outcome.spend)
        worst = setting.with_organic(tail_mean(outcome.customers, self.tail, self.weight))
        amounts = dict(zip(worst.channels, outcome.spend.tolist(), strict=True))

        def won(channel: str) -> float:
            return tail_mean(outcome.paid[channel].to_numpy(), self.tail, self.weight)

        promises = [part for part in self.plan.subject_to if isinstance(part, Customers | MaxCAC)]
        capped = [part for part in self.plan.subject_to if isinstance(part, AverageCAC)]
        others = [part for part in self.plan.subject_to if part not in promises and part not in capped]
        at_worst = missed(promises, Spent(worst, amounts, lambda _: 0.0, lambda _: np.inf))
        by_channel_ = missed(capped, Spent(setting, amounts, won, lambda _: np.inf))
        return (*missed(others, Spent.on_curves(setting, amounts)), *by_channel_, *at_worst)

    def _described(self, curves: ResponseCurves, search: RiskSearch, found: Found, gap: float) -> Allocation:
        """The best spend with its proof; limits are priced by the draws that are the worst there."""
        name = f"tail of {percent(self.tail)}, weight {plain(self.weight)}: reweighted draws, hull bound"
        outcome, plan = Outcome(found.spend, found.score, found.bound, 1, True), search.plan
        described = plan.described(plan.program(curves), FlatCurves(curves), outcome, gap, name)
        refuse_broken(self.missed(curves, described.spend))
        program, flat = search.exact(found.spend)
        own = plan.described(program, flat, outcome, gap, name)
        return replace(
            described,
            prices=own.prices,
            entry_cac=own.entry_cac,
            value=found.score * program.goal.sign,
            status=Status.CERTIFIED if described.gap <= gap * (1 + 1e-6) else Status.OPEN,
        )


def risk_frontier(
    plan: Plan, curves: ResponseCurves, tail: float = 0.1, weights: Iterable[float] = (0.0, 0.25, 0.5, 0.75, 1.0)
) -> pd.DataFrame:
    """Plans from the best on average to the best in the worst cases.

    Returns
    -------
    One row per weight: weight, spend, expected and pessimistic customers and blended CAC, gap, and the spend of each
    channel as columns named ``spend:<channel>``.
    """
    rows = []
    for weight in weights:
        allocation = Pessimistic(plan, tail, float(weight)).solve(curves)
        outcome = plan.evaluate(curves, allocation.spend)
        worst = tail_mean(outcome.customers, tail)
        rows.append(
            {
                "weight": float(weight),
                "spend": allocation.total_spend,
                "customers": outcome.expected_customers,
                "pessimistic_customers": worst,
                "blended_cac": outcome.expected_cac,
                "pessimistic_cac": float(plan.business.cac(allocation.total_spend, worst)),
                "gap": allocation.gap,
                **{f"spend:{channel}": amount for channel, amount in allocation.spend.items()},
            }
        )
    return pd.DataFrame(rows)
