"""The search for a plan of the worst cases.

It follows the draws' weights: the best plan under the weights that the present plan's worst draws have, a step towards
it, new weights. Any weights within the tail's limits bound all plans, so the last ones, solved with the hulls' own
proof, give the certificate. Where customers count by channel, the draws that are worst are those of the objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import percent
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.question.compiler import capped, compiled
from optimizer.question.limits import labels
from optimizer.question.objectives import Profit
from optimizer.question.program import Program
from optimizer.solvers.branch import Outcome, branch_and_bound
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.newton import settled
from optimizer.uncertainty.tail import tail_mean, tail_weights

__all__ = ["Found", "RiskSearch", "Unmet", "counted", "counts_by_value"]

_SMOOTHING = (0.1, 0.02, 0.004, 0.001)  # widths of the soft tail, as shares of the customers' spread
_STEPS = 8
_STARTS = 3
_KEEP = 1e-10  # of a row's size: a tenth of what the check of answers allows


class Unmet(InfeasiblePlan):
    """No spend was met that keeps the promises, and none is proved impossible; none scores above ``bound``."""

    def __init__(self, text: str, bound: float) -> None:
        super().__init__(text)
        self.bound = bound


@dataclass(frozen=True, eq=False)
class Found:
    """The best spend met, its score in the worst cases, and the score that no spend exceeds."""

    spend: Array
    score: float
    bound: float


def counts_by_value(plan: Plan, curves: ResponseCurves) -> bool:
    """Whether customers count by channel, or organic ones apart, so that their number does not order the draws."""
    objective = plan.objective
    apart = isinstance(objective, Profit) and objective.value_per_organic is not None
    return apart or not plan.program(curves).goal.is_aggregate


def counted(plan: Plan, curves: ResponseCurves, spend: Array, by_value: bool, draws: int = 1) -> Array:
    """Draws of what the worst cases are low in: customers, or the objective's score, shape (draws,)."""
    organic = np.atleast_1d(np.asarray(plan.organic, dtype=float))
    size = max(draws, curves.n_draws, len(organic))
    paid = np.array([np.broadcast_to(curve(x), (size,)) for curve, x in zip(curves.values(), spend, strict=True)])
    if not by_value:
        return np.asarray(np.broadcast_to(organic, (size,)) + paid.sum(axis=0))
    goal = plan.objective.goal(plan.setting(curves).with_organic(np.broadcast_to(organic, (size,))))
    return np.asarray(goal.sign * goal.figures(spend, paid.T))


class RiskSearch:
    """The search for one plan.

    Parameters
    ----------
    plan
        Without fees in steps; its caps on the CAC of channels already read in their own worst draws.
    tail, weight
        Share of the draws that counts as worst, and its weight against the mean of all.
    curves
        Response curves with draws.
    gap, limit
        To which the plan is proved, and seconds.
    """

    def __init__(
        self, plan: Plan, tail: float, weight: float, curves: ResponseCurves, gap: float, limit: float
    ) -> None:
        self.plan, self.tail, self.weight = plan, tail, weight
        self.curves, self.gap, self.limit = curves, gap, limit
        self.by_value = counts_by_value(plan, curves)
        self._check(plan.program(curves))
        self.start = plan.solve(curves, gap, limit)
        organic = np.atleast_1d(np.asarray(plan.organic, dtype=float))
        self.draws = max(curves.n_draws, len(organic))
        if self.draws < 2:
            raise BadInput(
                Problem("curves", "have no draws, so there are no worst cases.", remedy="use a posterior's.")
            )
        self.organic = np.broadcast_to(organic, (self.draws,))
        self.best: tuple[float, Array] | None = None
        self.bound = np.inf

    def _check(self, program: Program) -> None:
        counting = [row for row in program.rows if row.per_customer.any()]
        if program.goal.drawn is not None:
            remedy = "give each channel's mean, or plan for the mean of all cases."
            raise BadInput(Problem("Pessimistic", "takes no draws of what customers are worth.", remedy=remedy))
        if any(not row.is_aggregate for row in counting):
            remedy = "limit spend of groups instead, the CAC of single channels, or the blended CAC."
            raise BadInput(Problem("Pessimistic", "takes no ceilings on the CAC of groups.", remedy=remedy))
        if self.by_value and counting:
            text = "takes no promises of customers or ceilings on the CAC where customers count by channel."
            remedy = "use one value for all customers, or limit spend; the draws that are worst for the two differ."
            raise BadInput(Problem("Pessimistic", text, remedy=remedy))

    def run(self) -> Found:
        """The best spend met, with the least bound.

        Raises
        ------
        InfeasiblePlan
            Where no spend keeps the promises in the worst cases.
        Unmet
            Where none was met, and none is proved impossible.
        """
        spend = self.start.spend.to_numpy()
        weights = self._weights(self._counted(spend), 0.1)
        for _ in range(_STARTS):
            spend, weights = self._followed(spend, weights)
            outcome = self._bounded(weights)
            if outcome.spend is None:
                raise self._refusal(outcome)
            self.bound = min(self.bound, outcome.bound)
            self._consider(spend)
            self._consider(outcome.spend)
            if self.best is None:
                self._keep_promises(outcome.spend, weights)
            if self.best is not None and self._distance() <= self.gap:
                break
            spend = outcome.spend
        if self.best is None:
            raise Unmet("no allocation was reached that keeps the promises in the worst cases.", self.bound)
        score, spend = self.best
        return Found(spend, score, max(self.bound, score))

    def exact(self, spend: Array) -> tuple[Program, FlatCurves]:
        """The program under the draws that are the worst at a spend, and its curves."""
        weights = tail_weights(self._counted(spend), self.tail, self.weight)
        return self._program(weights), self._bank(weights)

    def _counted(self, spend: Array) -> Array:
        """What is low in the worst draws: customers, or where they count by channel the objective's score."""
        return counted(self.plan, self.curves, spend, self.by_value, self.draws)

    def _worst(self, customers: Array) -> float:
        return tail_mean(customers, self.tail, self.weight)

    def _weights(self, customers: Array, width: float) -> Array:
        """Soft tail weights: proportional to exp(-customers / width), capped at 1 / (tail x draws)."""
        cap = 1 / (self.tail * self.draws)
        spread = max(float(customers.std()), 1e-300)
        logs = -(customers - customers.min()) / (width * spread)
        ceiling = float(np.log(cap))

        def shares(shift: float) -> Array:
            return np.asarray(np.exp(np.minimum(logs + shift, ceiling)))

        def beyond(shift: float) -> float:
            return float(shares(shift).sum()) - 1.0

        from scipy.optimize import brentq  # dear to load, and few plans ask for a tail

        low, high = -float(np.log(self.draws)) - 1.0, ceiling - float(logs.min()) + 1.0
        share = shares(brentq(beyond, low, high) if beyond(high) > 0 else high)  # a tail of all draws: all at the cap
        share /= max(float(share.sum()), 1.0)  # rounding must not lift a weight above the cap
        share += max(1 - float(share.sum()), 0.0) / self.draws
        return np.asarray((1 - self.weight) / self.draws + self.weight * share)

    def _program(self, weights: Array, less: float = 0.0) -> Program:
        plan = self.plan
        setting = plan.setting(self.curves).with_organic(float(weights @ self.organic) - less)
        program = compiled(plan.objective, plan.subject_to, setting)
        return capped(program, np.where(np.isfinite(program.upper), np.inf, 4 * self.start.total_spend))

    def _bank(self, weights: Array) -> FlatCurves:
        return FlatCurves(self.curves, weights if self.curves.n_draws else None)

    def _followed(self, spend: Array, weights: Array) -> tuple[Array, Array]:
        for width in _SMOOTHING:
            for _ in range(_STEPS):
                customers = self._counted(spend)
                weights = self._weights(customers, width)
                less = 0.0 if self.by_value else float(weights @ customers) - self._worst(customers)
                program = self._program(weights, less)
                target = settled(program, self._bank(weights), spend, program.lower, program.upper)
                moved = self._towards(spend, target, program, width)
                if program.row_matrices[1].any():  # a promise: whether it is kept can change with every step
                    self._consider(moved)
                change, spend = float(np.abs(moved - spend).sum()), moved
                if change <= 1e-4 * spend.sum():
                    break
            self._consider(spend)
        return spend, self._weights(self._counted(spend), _SMOOTHING[-1])

    def _keep_promises(self, spend: Array, weights: Array) -> None:
        """Promise more under the weights, until the worst draws keep what was promised."""
        for attempt in range(10):
            customers = self._counted(spend)
            less = (float(weights @ customers) - self._worst(customers)) * 1.2**attempt
            outcome = branch_and_bound(self._program(weights, less), self._bank(weights), self.gap, self.limit)
            if outcome.spend is None:
                return
            spend = outcome.spend
            self._consider(spend)
            if self.best is not None:
                return

    def _towards(self, spend: Array, target: Array, program: Program, width: float) -> Array:
        """The best of some steps towards the target, by the soft tail."""
        options = [spend + step * (target - spend) for step in (0.05, 0.2, 0.5, 1.0)]
        if any(row.per_customer.any() for row in program.rows):
            return options[2]

        def soft(option: Array) -> float:
            customers = self._counted(option)
            return self._score(option, float(self._weights(customers, width) @ customers), program)

        return max([spend, *options], key=soft)

    def _score(self, spend: Array, counted: float, program: Program) -> float:
        if self.by_value:
            return counted
        goal = program.goal
        return float(goal.at_totals(float(spend.sum()), counted - goal.business.organic))

    @cached_property
    def _stated(self) -> Program:
        """The program under even weights; rows and score of totals of all customers are the same under any others."""
        return self._program(np.full(self.draws, 1 / self.draws))

    def _consider(self, spend: Array) -> None:
        program = self._stated
        spend = program.inside(spend)
        worst = self._worst(self._counted(spend))
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
        plan, flat = self.plan, self._bank(weights)
        setting = plan.setting(self.curves).with_organic(float(weights @ self.organic))
        program = compiled(plan.objective, plan.subject_to, setting)
        program = with_ceilings(program, flat, lambda capped: branch_and_bound(capped, flat, 0.05, self.limit).spend)
        return branch_and_bound(program, flat, self.gap / 4, self.limit)

    def _distance(self) -> float:
        assert self.best is not None  # noqa: S101
        return (self.bound - self.best[0]) / max(abs(self.best[0]), 1e-300)

    def _refusal(self, outcome: Outcome) -> InfeasiblePlan:
        if not outcome.finished:
            return Unmet(f"no allocation was reached within {self.limit:g} s. Remedy: raise time_limit.", outcome.bound)
        counting = [row.limit for row in self.plan.program(self.curves).rows if row.per_customer.any()]
        named = " and ".join(map(repr, labels(list(dict.fromkeys(counting)))))
        share = f"the worst {percent(self.tail)} of cases"
        text = f"with the other limits {named} cannot be kept in {share}, though on average that is possible"
        return InfeasiblePlan(f"{text}. Remedy: promise less, or allow a higher CAC.")
