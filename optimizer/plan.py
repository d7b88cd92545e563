"""Plan: an objective, promises and limits; solving gives an allocation with a proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from attribution.economics.cac import Business
from attribution.errors import BadInput, InfeasiblePlan, Problem, require
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Allocation, Certificate, Status, by_channel, channel_index
from optimizer.answer.evaluation import Evaluation, evaluated
from optimizer.answer.frontier import frontier_frame
from optimizer.answer.misses import Miss
from optimizer.answer.prices import Slopes, prices_at
from optimizer.answer.refusals import infeasible, refuse_if_ill_posed
from optimizer.answer.spent import Spent
from optimizer.answer.verify import missed, refuse_broken, refuse_false
from optimizer.answer.with_fees import best_with_fees, due, with_dues
from optimizer.question.compiler import compiled
from optimizer.question.constraints import Budget, Customers, MaxCAC
from optimizer.question.fees import Fee
from optimizer.question.objectives import Objective, Spend
from optimizer.question.program import Constraint, Program
from optimizer.question.rows import check_numbers
from optimizer.question.setting import Setting
from optimizer.solvers.branch import Outcome, branch_and_bound
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.engines import Engine, Hulls
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.some_spend import some_spend

__all__ = ["Plan", "check_search"]

_DIAGNOSIS_SECONDS = 2.0


@shown
@dataclass(frozen=True, init=False, eq=False)
class Plan:
    """A question about spend.

    Parameters
    ----------
    minimize, maximize
        The objective; exactly one of the two.
    subject_to
        Promises and limits.
    now
        Current spend per channel over the same horizon; needed by constraints relative to it.
    fees
        What is due beside media by how much is spent; part of the blended CAC and of profit.

    Raises
    ------
    BadInput
        Where no objective, two, or one of the wrong direction is given, current spend is negative or missing, or fees
        are stated for an objective that no fee is part of.

    Examples
    --------
    >>> import mmm.curves, optimizer
    >>> curves = mmm.curves.ResponseCurves({"tv": mmm.curves.Hill(900, 60_000), "search": mmm.curves.Hill(500, 20_000)})
    >>> plan = optimizer.Plan(maximize=optimizer.Customers(), subject_to=[optimizer.Budget(at_most=100_000)])
    >>> allocation = plan.solve(curves)
    >>> allocation.gap <= 1e-3
    True
    """

    objective: Objective
    subject_to: tuple[Constraint, ...] = ()
    now: Mapping[str, float] | None = field(default=None)
    fees: tuple[Fee, ...] = ()

    def __init__(
        self,
        *,
        minimize: Objective | None = None,
        maximize: Objective | None = None,
        subject_to: Iterable[Constraint] = (),
        now: Mapping[str, float] | pd.Series | None = None,
        fees: Iterable[Fee] = (),
    ) -> None:
        given = {word: goal for word, goal in (("minimize", minimize), ("maximize", maximize)) if goal is not None}
        if len(given) != 1:
            raise BadInput(Problem("Plan", "needs exactly one of minimize= and maximize=."))
        ((word, objective),) = given.items()
        if not isinstance(objective, Objective):
            raise BadInput(
                Problem(
                    "Plan",
                    f"cannot {word} {objective!r}.",
                    remedy="give BlendedCAC(), Customers(), Spend() or Profit(...).",
                )
            )
        if objective.wants != word:
            remedy = f"write {objective.wants}={type(objective).__name__}(...)."
            raise BadInput(Problem("Plan", f"would {word} {type(objective).__name__}.", remedy=remedy))
        require(subject_to, (Iterable, Constraint), "subject_to", "give promises and limits in a list.")
        constraints = (subject_to,) if isinstance(subject_to, Constraint) else tuple(subject_to)
        strange = [part for part in constraints if not isinstance(part, Constraint)]
        if strange:
            remedy = "say what limits it, for example Channel('tv').at_most(100_000)."
            raise BadInput(Problem("Plan", f"{strange[0]!r} is not a constraint.", remedy=remedy))
        object.__setattr__(self, "objective", objective)
        object.__setattr__(self, "subject_to", constraints)
        require(now, (Mapping, pd.Series, type(None)), "now", "give channel -> amount spent over the horizon.")
        present = None if now is None else {str(channel): float(amount) for channel, amount in now.items()}
        _check_spend("now", present or {})
        object.__setattr__(self, "now", present)
        require(fees, Iterable, "fees", "give a list of Fee.")
        object.__setattr__(self, "fees", tuple(fees))
        for fee in self.fees:
            require(fee, Fee, "fees", "give Fee(name, channels, steps).")
        if self.fees and isinstance(objective, Spend):
            remedy = "minimize=BlendedCAC(...), or maximize=Profit(...) or Customers(...), with MaxCAC or a budget."
            raise BadInput(
                Problem("Plan", "fees are no part of the media spend that it would minimise.", remedy=remedy)
            )

    @property
    def organic(self) -> Any:
        """Organic customers over the horizon: a number, or draws."""
        parts: tuple[object, ...] = (self.objective, *self.subject_to)
        stated = [getattr(part, "organic", None) for part in parts]
        given = [value for value in stated if value is not None and np.any(np.asarray(value) != 0)]
        if any(not np.array_equal(np.asarray(given[0]), np.asarray(other)) for other in given[1:]):
            raise BadInput(
                Problem("Plan", "states different organic customers in several places.", remedy="state them once.")
            )
        return given[0] if given else 0.0

    @property
    def fixed_cost(self) -> float:
        """Fixed cost over the horizon."""
        return self.objective.business.fixed_cost

    @property
    def business(self) -> Business:
        """Fixed cost and organic customers over the horizon."""
        return Business(self.fixed_cost, self.organic)

    def setting(self, curves: Mapping[str, ResponseCurve]) -> Setting:
        """The plan's figures in the order of the curves' channels.

        Raises
        ------
        BadInput
            Where ``now`` lacks a channel or names an unknown one.
        """
        curves = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        now = None
        if self.now is not None:
            now = curves.amounts(self.now)
            missing = [channel for channel in curves.channels if channel not in self.now]
            if missing:
                raise BadInput(Problem("now", f"lacks {', '.join(missing)}.", remedy="state 0 for channels not used."))
        return Setting(curves, replace(self.business, organic=float(np.mean(self.organic))), now)

    def program(self, curves: Mapping[str, ResponseCurve]) -> Program:
        """The plan as mathematics over the curves' channels."""
        return compiled(self.objective, self.subject_to, self.setting(curves))

    def solve(
        self,
        curves: Mapping[str, ResponseCurve],
        gap: float = 1e-3,
        time_limit: float = 30.0,
        engine: Engine | None = None,
    ) -> Allocation:
        """The best allocation.

        Parameters
        ----------
        curves
            Response curves over the horizon; averages over their draws count.
        gap
            Relative gap between the plan and its bound at which to stop.
        time_limit
            Seconds after which to stop with a wider gap.
        engine
            What solves; hulls with branch and bound unless told otherwise.

        Raises
        ------
        BadInput
            Where the gap is negative, or the plan's figures do not fit the curves.
        IllPosedPlan
            Where the question has no sensible answer; the message says what to promise.
        InfeasiblePlan
            Where no allocation keeps all promises; the message names the one and the best attainable without it.
        UnknownChannel
            Where a constraint names a channel without a curve.
        BrokenPromise
            Where the allocation that the search gave does not pass the check of all promises as they are stated.
        """
        engine = engine or Hulls()
        program, flat, outcome = self._searched(curves, gap, time_limit, engine)
        if outcome.spend is None:
            raise self._refusal(program, flat, outcome, time_limit)
        allocation = self.described(program, flat, outcome, gap, engine.name)
        spent = self._spent(program.setting.curves, allocation.spend)
        refuse_broken(missed(self.subject_to, spent))
        refuse_false(self.objective, spent, allocation.value, allocation.customers)
        return allocation

    def can_be_kept(self, curves: Mapping[str, ResponseCurve], gap: float = 0.05, time_limit: float = 30.0) -> bool:
        """Whether some allocation keeps all promises, without the search for what is wrong where none does.

        Parameters and what is raised are those of :meth:`solve`, but for refusals.
        """
        try:
            return self._searched(curves, gap, time_limit, Hulls())[2].spend is not None
        except InfeasiblePlan:
            return False

    def _searched(
        self, curves: Mapping[str, ResponseCurve], gap: float, time_limit: float, engine: Engine
    ) -> tuple[Program, FlatCurves, Outcome]:
        check_search(gap, time_limit)
        program = self.program(curves)
        flat = FlatCurves(program.setting.curves)
        program = with_ceilings(program, flat, lambda capped: branch_and_bound(capped, flat, 0.05, time_limit).spend)
        refuse_if_ill_posed(program, flat)
        if self.fees:
            program, outcome = self._with_fees(program, flat, gap, time_limit, engine)
            return program, flat, outcome
        return program, flat, engine.run(program, flat, gap, time_limit)

    def _with_fees(
        self, program: Program, flat: FlatCurves, gap: float, time_limit: float, engine: Engine
    ) -> tuple[Program, Outcome]:
        """The search over steps of fees; ``program`` is the plan without any."""

        def finite(program: Program, seconds: float) -> Program:
            return with_ceilings(program, flat, lambda one: branch_and_bound(one, flat, 0.05, seconds).spend)

        def run(program: Program, seconds: float) -> Outcome:
            return engine.run(finite(program, seconds), flat, gap / 2, seconds)

        setting = program.setting
        own, outcome = best_with_fees(self.objective, self.subject_to, self.fees, setting, run, gap, time_limit)
        if outcome.spend is not None:
            return finite(own, time_limit), outcome
        if outcome.finished and run(program, time_limit).spend is not None:
            named = ", ".join(fee.name for fee in self.fees)
            text = f"no allocation keeps the promises with its fees ({named}), though one would without them."
            raise InfeasiblePlan(f"{text} Remedy: relax the ceiling on the blended CAC, or negotiate the fees.")
        return program, outcome

    def certify(
        self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series, gap: float = 1e-3
    ) -> Certificate:
        """How far an allocation, anybody's, is from the best one that this plan allows.

        Parameters
        ----------
        curves
            Response curves over the horizon.
        spend
            The allocation; channels not named get nothing.
        gap
            How tight the bound has to be.
        """
        _check_spend("spend", spend)
        return self.against(self.solve(curves, gap), curves, spend)

    def against(
        self, best: Allocation, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series
    ) -> Certificate:
        """How far an allocation, anybody's, is from the best one, which has been solved before.

        Parameters
        ----------
        best
            Of ``solve`` on the same curves.
        curves
            Response curves over the horizon.
        spend
            The allocation; channels not named get nothing.
        """
        _check_spend("spend", spend)
        setting = self._spent(curves, spend).setting
        goal, amounts = self.objective.goal(setting), setting.curves.amounts(spend)
        customers = FlatCurves(setting.curves).mean(amounts)
        score = goal.score(amounts, customers)
        bound = best.bound * goal.sign
        distance = (bound - score) / goal.size(score, float(amounts.sum()))
        return Certificate(
            by_channel(channel_index(setting.curves), amounts, "spend"),
            score * goal.sign,
            best.bound,
            distance,
            self.missed(curves, spend),
        )

    def missed(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> tuple[Miss, ...]:
        """The promises and limits that an allocation, anybody's, does not keep.

        Each is read as it is stated, with no help of what solves plans, and counts as kept where it is missed by no
        more than a billionth of its figure.

        Parameters
        ----------
        curves
            Response curves over the horizon.
        spend
            The allocation; channels not named get nothing.
        """
        return missed(self.subject_to, self._spent(curves, spend))

    def _spent(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> Spent:
        setting = self.setting(curves)
        amounts = dict(zip(setting.channels, setting.curves.amounts(spend).tolist(), strict=True))
        return Spent.on_curves(with_dues(setting, self.fees, amounts), amounts)

    def frontier(
        self, curves: Mapping[str, ResponseCurve], budgets: Iterable[float], gap: float = 1e-3
    ) -> pd.DataFrame:
        """The most customers for each budget, all other limits kept and the promise of customers put aside.

        Returns
        -------
        One row per budget: budget, spend, customers, blended_cac, marginal_cac (the cost of the frontier's next
        customer), bound and gap, then the spend of each channel as columns named ``spend:<channel>``.
        """
        objective = Customers(organic=self.organic, fixed_cost=self.fixed_cost)
        limits = self.without(Budget, MaxCAC, Customers).subject_to

        def most(budget: Budget) -> Allocation:
            return self.replaced(objective=objective, subject_to=[*limits, budget]).solve(curves, gap)

        return frontier_frame(most, budgets)

    def evaluate(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> Evaluation:
        """Posterior draws of customers and blended CAC at any allocation."""
        curves = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        evaluation = evaluated(curves, spend, self.organic, self.fixed_cost)
        if not self.fees:
            return evaluation
        return replace(evaluation, fixed_cost=evaluation.fixed_cost + due(self.fees, dict(evaluation.spend)))

    def figures(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> Array:
        """Posterior draws of the objective's own figure at any allocation, shape (draws,)."""
        outcome, setting = self.evaluate(curves, spend), self.setting(curves)
        goal = self.objective.goal(replace(setting, business=outcome.business))
        return goal.figures(outcome.spend.to_numpy(), outcome.paid.to_numpy())

    def replaced(
        self,
        *,
        objective: Objective | None = None,
        subject_to: Iterable[Constraint] | None = None,
        now: Mapping[str, float] | pd.Series | None = None,
    ) -> Plan:
        """The plan with another objective, other constraints or other current spend; None keeps what there is."""
        objective = objective or self.objective
        constraints = self.subject_to if subject_to is None else tuple(subject_to)
        now = self.now if now is None else now
        if objective.wants == "minimize":
            return Plan(minimize=objective, subject_to=constraints, now=now, fees=self.fees)
        return Plan(maximize=objective, subject_to=constraints, now=now, fees=self.fees)

    def without(self, *kinds: type[Constraint]) -> Plan:
        """The plan without its constraints of some kinds."""
        return self.replaced(subject_to=[part for part in self.subject_to if not isinstance(part, kinds)])

    def with_promise(self, at_least: float) -> Plan:
        """The plan with another promise of customers."""
        return self.replaced(subject_to=[*self.without(Customers).subject_to, Customers(at_least=at_least)])

    def _refusal(self, program: Program, flat: FlatCurves, outcome: Outcome, time_limit: float) -> InfeasiblePlan:
        if not outcome.finished:
            return InfeasiblePlan(f"no allocation was reached within {time_limit:g} s. Remedy: raise time_limit.")

        patience = min(time_limit, _DIAGNOSIS_SECONDS)

        def solve(other: Program) -> tuple[Array | None, float, float]:
            capped = with_ceilings(other, flat, lambda c: branch_and_bound(c, flat, 0.05, patience).spend)
            outcome = branch_and_bound(capped, flat, 1e-4, patience)
            return outcome.spend, outcome.score, outcome.bound

        def can_be_kept(other: Program) -> bool:
            return some_spend(other, flat, patience)

        return infeasible(program, solve, can_be_kept)

    def described(self, program: Program, flat: FlatCurves, outcome: Outcome, gap: float, engine: str) -> Allocation:
        """An outcome as an allocation: customers, prices, status."""
        spend, goal, setting = outcome.spend, program.goal, program.setting
        assert spend is not None  # noqa: S101
        customers, slope = flat.mean_and_slope(np.arange(program.size), spend)
        prices = prices_at(program, spend, customers, Slopes(*flat.slopes_beside(spend, slope)))
        won, total = goal.business.customers(float(customers.sum())), float(spend.sum())
        distance = (outcome.bound - outcome.score) / goal.size(outcome.score, total)
        if distance > gap and outcome.bound - outcome.score <= goal.rounding(program.upper, flat.mean(program.upper)):
            distance = 0.0  # at zero spend a profit is nothing, and rounding an endless share of it
        if total == 0 == outcome.score:
            distance = min(distance, 1.0)  # and a bound above nothing is all of what is open
        unproved = Status.OPEN if outcome.finished else Status.STOPPED
        index = channel_index(setting.curves)
        with np.errstate(divide="ignore"):
            return Allocation(
                spend=by_channel(index, spend, "spend"),
                customers=won,
                paid_customers=by_channel(index, customers, "paid_customers"),
                blended_cac=float(goal.business.cac(total, won)),
                marginal_cac=by_channel(index, 1 / slope, "marginal_cac"),
                value=outcome.score * goal.sign,
                bound=outcome.bound * goal.sign,
                gap=max(distance, 0.0),
                prices=prices.limits,
                entry_cac=by_channel(index, 1 / prices.needed_slope, "entry_cac"),
                status=Status.CERTIFIED if distance <= gap * (1 + 1e-6) else unproved,
                engine=engine,
                unit=self.objective.unit,
                curves=setting.curves,
                now=None if setting.now is None else by_channel(index, setting.now, "now"),
                settled=outcome.settled,
            )


def check_search(gap: float, time_limit: float) -> None:
    """Refuse a gap or a time limit that no search can end by.

    Raises
    ------
    BadInput
    """
    check_numbers("gap", gap)
    check_numbers("time_limit", time_limit)
    if not 0 <= gap < np.inf:
        raise BadInput(Problem("gap", f"is {gap}.", remedy="give a share from 0 upwards, such as 1e-3."))
    if not time_limit >= 0:
        raise BadInput(Problem("time_limit", f"is {time_limit}.", remedy="give seconds, such as 30."))


def _check_spend(name: str, spend: Mapping[str, float] | pd.Series) -> None:
    """Refuse amounts that are negative, missing or without end, all of them at once."""
    wrong = [
        Problem(name, f"is {amount}.", str(channel), remedy="give an amount from 0 upwards.")
        for channel, amount in spend.items()
        if not 0 <= float(amount) < np.inf
    ]
    if wrong:
        raise BadInput(wrong)
