"""Robust: the plan against hidden demand as a plan of record, with the answers that any plan gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Allocation, Certificate, by_channel, channel_index
from optimizer.answer.misses import Miss
from optimizer.answer.multipliers import Mask
from optimizer.answer.prices import Prices, Slopes, prices_at
from optimizer.question.compiler import compiled
from optimizer.solvers.branch import Outcome, branch_and_bound
from optimizer.solvers.cases import Case
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.uncertainty.hidden_demand import HiddenDemand

__all__ = ["Robust"]

_AT_TODAY = 1e-6  # of the larger spend: a channel that has not moved
_PRICED = 1e-9  # gap to which spend is settled once each channel's side of today's spend is known
_SPENT_UP = 1e-9


@shown
@dataclass(frozen=True)
class Robust:
    """A plan whose every figure is that of its worst hidden demand.

    Parameters
    ----------
    demand
        The question, and how much of what channels are credited with may be demand that comes anyway.

    Raises
    ------
    BadInput
        Where the plan has fees in steps.

    Examples
    --------
    >>> import mmm.curves, optimizer
    >>> curves = mmm.curves.ResponseCurves({"tv": mmm.curves.Hill(900, 60_000), "search": mmm.curves.Hill(500, 20_000)})
    >>> now = {"tv": 40_000, "search": 60_000}
    >>> plan = optimizer.Plan(maximize=optimizer.Customers(), subject_to=[optimizer.Budget(exactly=100_000)], now=now)
    >>> found = optimizer.Robust(optimizer.HiddenDemand(plan, strength=0.3, channels=["tv"])).solve(curves)
    >>> bool(found.value <= found.customers)
    True
    """

    demand: HiddenDemand

    def __post_init__(self) -> None:
        if self.demand.plan.fees:
            remedy = "state them as fixed cost, or plan for the credit as it is."
            raise BadInput(Problem("Robust", "takes no fees in steps.", remedy=remedy))

    def solve(self, curves: Mapping[str, ResponseCurve], gap: float = 1e-3, time_limit: float = 30.0) -> Allocation:
        """The allocation whose figure is best under its worst hidden demand.

        Returns
        -------
        An allocation whose ``value``, ``bound`` and prices are of the worst figure; ``customers``, ``blended_cac`` and
        ``marginal_cac`` are those of the curves as they are. Where ``in_all`` is below 1, prices hold the hidden
        demand at what is worst for the allocation.

        Raises
        ------
        BadInput, InfeasiblePlan, UnknownChannel
            As :meth:`HiddenDemand.solve`.
        """
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        guarded = self.demand.solve(known, gap, time_limit)
        case = self.demand.case(known)
        spend = _settled(self.demand, case, guarded.spend.to_numpy(), time_limit)
        plan, goal = self.demand.plan, case.program.goal
        value = case.today + _improvement(case, spend)
        bound = max(case.today + guarded.bound, value)
        outcome = Outcome(spend, value, bound, 1, True)
        name = "worst of hidden demands: cases and hulls"
        found = plan.described(plan.program(known), FlatCurves(known), outcome, gap, name)
        prices = _prices(case, spend)
        index = channel_index(known)
        with np.errstate(divide="ignore"):
            entry = by_channel(index, 1 / prices.needed_slope, "entry_cac")
        return replace(
            found,
            value=value * goal.sign,
            bound=bound * goal.sign,
            gap=min(guarded.gap, (bound - value) / case.size),
            prices=prices.limits,
            entry_cac=entry,
            status=guarded.status,
        )

    def against(
        self, best: Allocation, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series
    ) -> Certificate:
        """How far an allocation, anybody's, is from the best one against hidden demand, which has been solved before.

        Parameters
        ----------
        best
            Of ``solve`` on the same curves.
        curves
            Response curves over the horizon.
        spend
            The allocation; channels not named get nothing.
        """
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        case = self.demand.case(known)
        goal, amounts = case.program.goal, known.amounts(spend)
        score = case.today + _improvement(case, amounts)
        distance = (best.bound * goal.sign - score) / case.size
        stated = by_channel(channel_index(known), amounts, "spend")
        return Certificate(stated, score * goal.sign, best.bound, distance, self.missed(known, stated))

    def missed(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> tuple[Miss, ...]:
        """What an allocation does not keep, promises of customers and CAC under its worst hidden demand included."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        return self.demand.missed(known, by_channel(channel_index(known), known.amounts(spend), "spend"))

    def slopes(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> Slopes:
        """Customers per unit of currency of each channel under the worst hidden demand, of the next unit and the last.

        They differ where a channel stands at today's spend.
        """
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        return _slopes(self.demand.case(known), known.amounts(spend))


def _settled(demand: HiddenDemand, case: Case, spend: Array, time_limit: float) -> Array:
    """The same spend to the last digit, so that prices are exact: each channel stays on its side of today's spend.

    There its worst curve is smooth, N + m (f(x) - f(now)) with m = 1 - d. What comes of it counts only where it is no
    worse in its own worst case and keeps what was asked.
    """
    program, known = case.program, case.program.setting.curves
    raised, moved = _raised(case, spend), _moved(case, spend)
    kept = np.where(raised, _kept(case, spend), 1.0)
    if not moved.any() or (kept <= 0).any():
        return spend
    least = np.where(moved, np.where(raised, np.maximum(program.lower, case.now), program.lower), spend)
    most = np.where(moved, np.where(raised, program.upper, np.minimum(program.upper, case.now)), spend)
    curves = ResponseCurves({name: known[name].scaled(effect=m) for name, m in zip(known, kept.tolist(), strict=True)})
    setting = demand.plan.setting(curves)
    setting = setting.with_organic(setting.organic + float((1 - kept) @ case.credited))
    own = compiled(demand.plan.objective, demand.plan.subject_to, setting)
    own = own.replaced(lower=np.maximum(own.lower, least), upper=np.minimum(own.upper, most))
    if (own.lower > own.upper).any():
        return spend
    found = branch_and_bound(own, FlatCurves(curves), _PRICED, time_limit).spend
    if found is None or _improvement(case, found) < _improvement(case, spend):
        return spend
    index = channel_index(known)
    return spend if demand.missed(known, by_channel(index, found, "spend")) else found


def _improvement(case: Case, spend: Array) -> float:
    return case.improvement(spend, case.flat.mean(spend))


def _moved(case: Case, spend: Array) -> Mask:
    return np.asarray(np.abs(spend - case.now) > _AT_TODAY * np.maximum(spend, case.now))


def _raised(case: Case, spend: Array) -> Mask:
    return np.asarray(spend > case.now)


def _kept(case: Case, spend: Array) -> Array:
    """What the worst hidden demand leaves of each channel's effect."""
    return case.biases.worst(_worth(case) * (case.flat.mean(spend) - case.credited))


def _worth(case: Case) -> Array:
    """What a customer of each channel counts: for the goal, or where it counts none, for the promise."""
    own = case.program.goal.per_customer
    return own if own.any() else np.ones_like(own)


def _prices(case: Case, spend: Array) -> Prices:
    won = case.won(case.flat.mean(spend), _worth(case))
    return prices_at(case.program, spend, won, _slopes(case, spend))


def _slopes(case: Case, spend: Array) -> Slopes:
    """Of the worst curves: what a unit more brings, and what a unit less loses, differ at today's spend."""
    slope = case.flat.mean_and_slope(np.arange(case.program.size), spend)[1]
    after, before = case.flat.slopes_beside(spend, slope)
    kept, moved = _kept(case, spend), _moved(case, spend)
    spent_up = float(case.biases.credited @ (1 - kept)) >= case.biases.in_all * (1 - _SPENT_UP)
    at_today = np.ones(len(spend)) if spent_up else 1 - case.biases.share
    rises = np.where(moved, kept, at_today)
    falls = np.where(moved, kept, 1.0)
    return Slopes(after * rises, before * falls)
