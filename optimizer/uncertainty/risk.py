"""Plans for the worst cases: the mean of the lowest customers over posterior draws, with a certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import percent, plain
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Allocation, Certificate, Status, by_channel, channel_index
from optimizer.answer.misses import Miss
from optimizer.answer.prices import Slopes
from optimizer.answer.spent import Spent
from optimizer.answer.verify import missed, refuse_broken
from optimizer.plan import Plan
from optimizer.question.compiler import capped, compiled
from optimizer.question.constraints import MaxCAC
from optimizer.question.objectives import Customers
from optimizer.question.program import Program
from optimizer.solvers.branch import Outcome, branch_and_bound
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.newton import settled

__all__ = ["Pessimistic", "risk_frontier", "tail_mean", "tail_weights"]

_SMOOTHING = (0.1, 0.02, 0.004, 0.001)  # widths of the soft tail, as shares of the customers' spread
_STEPS = 8
_STARTS = 3
_KEEP = 1e-10  # of a row's size: a tenth of what the check of answers allows


def tail_mean(customers: Array, tail: float = 0.1, weight: float = 1.0) -> float:
    """Mean of the lowest share ``tail`` of the draws, mixed with the overall mean where ``weight`` is below one.

    This is the lower-tail conditional value at risk (Rockafellar and Uryasev, 2000).

    >>> tail_mean(np.array([1.0, 2.0, 3.0, 4.0]), tail=0.5)
    1.5
    """
    return float(tail_weights(customers, tail, weight) @ customers)


def tail_weights(customers: Array, tail: float, weight: float = 1.0) -> Array:
    """Probabilities of the draws under which the expectation is the tail mean."""
    count = len(customers)
    order = np.argsort(customers, kind="stable")
    share = np.zeros(count)
    share[order] = np.clip(tail * count - np.arange(count), 0, 1) / (tail * count)
    return np.asarray((1 - weight) / count + weight * share)


@dataclass(frozen=True)
class Pessimistic:
    """A plan whose every figure of customers is the mean of the worst draws.

    Parameters
    ----------
    plan
        Objective, promises and limits. Promises of customers and CAC ceilings are then promises for the worst cases;
        a blended CAC of (fixed cost + spend) / (mean of the worst 10 % of customers) is exceeded with a probability
        below 10 %.
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
        if self.plan.fees:
            remedy = "state them as fixed cost, or plan for the mean."
            raise BadInput(Problem("Pessimistic", "takes no fees in steps.", remedy=remedy))

    def solve(self, curves: Mapping[str, ResponseCurve], gap: float = 1e-3, time_limit: float = 30.0) -> Allocation:
        """The best allocation for the worst cases.

        The search follows the draws' weights: the best plan under the weights that the present plan's worst draws
        have, a step towards it, new weights. Any weights within the tail's limits bound all plans, so the last ones,
        solved with the hulls' own proof, give the certificate.

        Returns
        -------
        An allocation whose ``value``, ``bound`` and prices are of the pessimistic figure; ``customers``,
        ``blended_cac`` and ``marginal_cac`` remain expectations.

        Raises
        ------
        BadInput
            Where curves have no draws, a row limits the CAC of a group, or customers count by channel.
        InfeasiblePlan, IllPosedPlan
            As ``Plan.solve``.
        """
        return _Search(self, curves, gap, time_limit).run()

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
        outcome, goal = self.plan.evaluate(curves, spend), self.plan.program(curves).goal
        worst, total = tail_mean(outcome.customers, self.tail, self.weight), float(outcome.spend.sum())
        score = float(goal.at_totals(total, worst - goal.business.organic))
        distance = (best.bound * goal.sign - score) / goal.size(score, total)
        amounts = by_channel(channel_index(best.curves), outcome.spend.to_numpy(), "spend")
        return Certificate(amounts, score * goal.sign, best.bound, distance, self.missed(curves, spend))

    def slopes(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> Slopes:
        """Customers per unit of currency of each channel in the worst draws, of the next unit and the last."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        customers = self.plan.evaluate(known, spend).customers
        flat = FlatCurves(known, tail_weights(customers, self.tail, self.weight) if known.n_draws else None)
        amounts = known.amounts(spend)
        return Slopes(*flat.slopes_beside(amounts, flat.mean_and_slope(np.arange(len(amounts)), amounts)[1]))

    def missed(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> tuple[Miss, ...]:
        """What an allocation does not keep, promises of customers and CAC in the worst cases included."""
        outcome, setting = self.plan.evaluate(curves, spend), self.plan.setting(curves)
        worst = setting.with_organic(tail_mean(outcome.customers, self.tail, self.weight))
        promises = [part for part in self.plan.subject_to if isinstance(part, Customers | MaxCAC)]
        amounts = dict(zip(worst.channels, outcome.spend.tolist(), strict=True))
        at_worst = missed(promises, Spent(worst, amounts, lambda _: 0.0, lambda _: np.inf))
        on_average = missed(
            [part for part in self.plan.subject_to if part not in promises], Spent.on_curves(setting, amounts)
        )
        return (*on_average, *at_worst)


class _Search:
    def __init__(self, question: Pessimistic, curves: Mapping[str, ResponseCurve], gap: float, limit: float) -> None:
        self.question, self.gap, self.limit = question, gap, limit
        self.curves = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        program = question.plan.program(self.curves)
        self._check(program)
        self.start = question.plan.solve(self.curves, gap, limit)
        organic = np.atleast_1d(np.asarray(question.plan.organic, dtype=float))
        self.draws = max(self.curves.n_draws, len(organic))
        if self.draws < 2:
            raise BadInput(
                Problem("curves", "have no draws, so there are no worst cases.", remedy="use a posterior's.")
            )
        self.organic = np.broadcast_to(organic, (self.draws,))
        self.best: tuple[float, Array] | None = None

    @staticmethod
    def _check(program: Program) -> None:
        if not program.goal.is_aggregate:
            remedy = "use one value for all channels."
            raise BadInput(Problem("Pessimistic", "takes no objective with values per channel.", remedy=remedy))
        if any(row.per_customer.any() and not row.is_aggregate for row in program.rows):
            remedy = "limit spend of groups instead, or the blended CAC."
            raise BadInput(Problem("Pessimistic", "takes no ceilings on the CAC of groups.", remedy=remedy))

    def run(self) -> Allocation:
        spend = self.start.spend.to_numpy()
        weights = self._weights(self._customers(spend), 0.1)
        for _ in range(_STARTS):
            spend, weights = self._followed(spend, weights)
            outcome = self._bounded(weights)
            if outcome.spend is None:
                raise self._refusal(outcome)
            self._consider(spend, weights)
            self._consider(outcome.spend, weights)
            if self.best is None:
                self._keep_promises(outcome.spend, weights)
            if self.best is not None and self._distance(outcome) <= self.gap:
                break
            spend = outcome.spend
        if self.best is None:
            raise InfeasiblePlan("no allocation was found that keeps the promises in the worst cases.")
        return self._allocation(outcome, weights)

    def _customers(self, spend: Array) -> Array:
        paid = sum(
            np.broadcast_to(curve(x), (self.draws,)) for curve, x in zip(self.curves.values(), spend, strict=True)
        )
        return np.asarray(self.organic + paid)

    def _worst(self, customers: Array) -> float:
        return tail_mean(customers, self.question.tail, self.question.weight)

    def _weights(self, customers: Array, width: float) -> Array:
        """Soft tail weights: proportional to exp(-customers / width), capped at 1 / (tail x draws)."""
        cap = 1 / (self.question.tail * self.draws)
        spread = max(float(customers.std()), 1e-300)
        logs = -(customers - customers.min()) / (width * spread)
        ceiling = float(np.log(cap))

        def shares(shift: float) -> Array:
            return np.asarray(np.exp(np.minimum(logs + shift, ceiling)))

        def beyond(shift: float) -> float:
            return float(shares(shift).sum()) - 1.0

        low, high = -float(np.log(self.draws)) - 1.0, ceiling - float(logs.min()) + 1.0
        share = shares(brentq(beyond, low, high) if beyond(high) > 0 else high)  # a tail of all draws: all at the cap
        share /= max(float(share.sum()), 1.0)  # rounding must not lift a weight above the cap
        share += max(1 - float(share.sum()), 0.0) / self.draws
        return np.asarray((1 - self.question.weight) / self.draws + self.question.weight * share)

    def _program(self, weights: Array, less: float = 0.0) -> Program:
        plan = self.question.plan
        setting = plan.setting(self.curves).with_organic(float(weights @ self.organic) - less)
        program = compiled(plan.objective, plan.subject_to, setting)
        return capped(program, np.where(np.isfinite(program.upper), np.inf, 4 * self.start.total_spend))

    def _bank(self, weights: Array) -> FlatCurves:
        return FlatCurves(self.curves, weights if self.curves.n_draws else None)

    def _followed(self, spend: Array, weights: Array) -> tuple[Array, Array]:
        for width in _SMOOTHING:
            for _ in range(_STEPS):
                customers = self._customers(spend)
                weights = self._weights(customers, width)
                less = float(weights @ customers) - self._worst(customers)
                program = self._program(weights, less)
                target = settled(program, self._bank(weights), spend, program.lower, program.upper)
                moved = self._towards(spend, target, program, width)
                if program.row_matrices[1].any():  # a promise: whether it is kept can change with every step
                    self._consider(moved, weights)
                change, spend = float(np.abs(moved - spend).sum()), moved
                if change <= 1e-4 * spend.sum():
                    break
            self._consider(spend, weights)
        return spend, self._weights(self._customers(spend), _SMOOTHING[-1])

    def _keep_promises(self, spend: Array, weights: Array) -> None:
        """Promise more under the weights, until the worst draws keep what was promised."""
        for attempt in range(10):
            customers = self._customers(spend)
            less = (float(weights @ customers) - self._worst(customers)) * 1.2**attempt
            outcome = branch_and_bound(self._program(weights, less), self._bank(weights), self.gap, self.limit)
            if outcome.spend is None:
                return
            spend = outcome.spend
            self._consider(spend, weights)
            if self.best is not None:
                return

    def _towards(self, spend: Array, target: Array, program: Program, width: float) -> Array:
        """The best of some steps towards the target, by the soft tail."""
        options = [spend + step * (target - spend) for step in (0.05, 0.2, 0.5, 1.0)]
        if any(row.per_customer.any() for row in program.rows):
            return options[2]

        def soft(option: Array) -> float:
            customers = self._customers(option)
            return self._score(option, float(self._weights(customers, width) @ customers), program)

        return max([spend, *options], key=soft)

    def _score(self, spend: Array, customers: float, program: Program) -> float:
        goal = program.goal
        return float(goal.at_totals(float(spend.sum()), customers - goal.business.organic))

    def _consider(self, spend: Array, weights: Array) -> None:
        program = self._program(weights)
        spend = program.inside(spend)
        worst = self._worst(self._customers(spend))
        paid = np.zeros(program.size)
        paid[0] = worst - program.setting.organic  # aggregate rows only see the total
        _, share = program.residuals(spend, paid)
        cuts = [constraint.cut(program.setting, spend) for constraint in program.lazy]
        if (share > _KEEP).any() or any(cut is not None for cut in cuts):
            return
        score = self._score(spend, worst, program)
        if self.best is None or score > self.best[0]:
            self.best = score, spend

    def _bounded(self, weights: Array) -> Outcome:
        plan, flat = self.question.plan, self._bank(weights)
        setting = plan.setting(self.curves).with_organic(float(weights @ self.organic))
        program = compiled(plan.objective, plan.subject_to, setting)
        program = with_ceilings(program, flat, lambda capped: branch_and_bound(capped, flat, 0.05, self.limit).spend)
        return branch_and_bound(program, flat, self.gap / 4, self.limit)

    def _distance(self, outcome: Outcome) -> float:
        assert self.best is not None  # noqa: S101
        return (outcome.bound - self.best[0]) / max(abs(self.best[0]), 1e-300)

    def _refusal(self, outcome: Outcome) -> InfeasiblePlan:
        if not outcome.finished:
            return InfeasiblePlan(f"no allocation was found within {self.limit:g} s. Remedy: raise time_limit.")
        share = f"the worst {percent(self.question.tail)} of cases"
        return InfeasiblePlan(
            f"the promises cannot be kept in {share}, though they can on average. Remedy: lower them."
        )

    def _allocation(self, outcome: Outcome, weights: Array) -> Allocation:
        """The best spend with its proof; limits are priced by the draws that are the worst there."""
        assert self.best is not None  # noqa: S101
        score, spend = self.best
        plan = self.question.plan
        program = self._program(weights)
        outcome = Outcome(spend, score, max(outcome.bound, score), 1, True)
        tail, weight = percent(self.question.tail), plain(self.question.weight)
        name = f"tail of {tail}, weight {weight}: reweighted draws, hull bound"
        described = plan.described(plan.program(self.curves), FlatCurves(self.curves), outcome, self.gap, name)
        refuse_broken(self.question.missed(self.curves, described.spend))
        customers = self._customers(spend)
        exact = tail_weights(customers, self.question.tail, self.question.weight)
        own = plan.described(self._program(exact), self._bank(exact), outcome, self.gap, name)
        return replace(
            described,
            prices=own.prices,
            entry_cac=own.entry_cac,
            value=score * program.goal.sign,
            status=Status.CERTIFIED if described.gap <= self.gap * (1 + 1e-6) else Status.OPEN,
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
