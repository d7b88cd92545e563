"""The frontier of flights by the price of a customer, stopped where the objective says.

Let V and S be a schedule's paid customers and spend. For concave curves the schedule that maximises p V - S at a price
p, with a bound B(p) on that maximum, is a point of the frontier, and all questions end at some price:

- most customers: p infinite, or, under a ceiling C on the CAC, the p at which F + S = C (O + V) holds;
- profit, or any goal worth V - cost S: p = worth / cost;
- least spend for a promise P: the p at which V = P, and no schedule that keeps it spends less than p P - B(p);
- least CAC: p = the CAC itself, by Dinkelbach's (1967) sequence.

The price is sought by the Illinois method (Dowell and Jarratt, 1971), and not by a library's root finder: a step is a
whole solve that starts where the last one ended, and the answer must lie on the side that keeps the promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, Problem
from attribution.numbers import count, plain
from mmm.arrays import Array
from optimizer.answer.allocation import Status
from optimizer.plan import Plan
from optimizer.question.compiler import compiled
from optimizer.question.constraints import Pacing
from optimizer.question.goal import Goal
from optimizer.question.program import Program
from optimizer.weeks.cells import Cells
from optimizer.weeks.flight_plan import FlightPlan
from optimizer.weeks.newton_steps import ascended, climbed
from optimizer.weeks.polish import polished
from optimizer.weeks.response import Response
from optimizer.weeks.schedules import QuadraticSteps, Schedules, linear_best, nearest

__all__ = ["FlightSearch"]

_KEEP = 2e-10  # what a promise may be missed by: less than the check of schedules allows
_PRICE_STEPS = 60  # solves; some ten are usual


class FlightSearch:
    """One solve: the frontier by the price of a customer, stopped where the objective says."""

    def __init__(
        self,
        plan: Plan,
        response: Response,
        weeks: pd.Index,
        weekly_most: float | Mapping[str, float] | None,
        cells: Cells | None,
        gap: float,
    ) -> None:
        self.response, self.labels, self.gap = response, weeks, gap
        pacing = [part for part in plan.subject_to if isinstance(part, Pacing)]
        rest = [part for part in plan.subject_to if not isinstance(part, Pacing)]
        program = compiled(plan.objective, rest, plan.setting(response.curves))
        self._check(program)
        self.program = program
        self.promise, self.ceiling = self._targets(program)
        if np.isfinite(self.ceiling) and not _counts_customers_alone(program.goal):
            remedy = "ask for maximize=Customers() under MaxCAC, or for minimize=BlendedCAC()."
            raise BadInput(Problem("Flight", "takes MaxCAC with no other objective than customers.", remedy=remedy))
        self._is_prepared = False
        self._ascend = ascended
        self.price: float | None = None  # where the last search along the frontier ended
        self.schedules = self._schedules(program, pacing, weekly_most, cells)

    @staticmethod
    def _check(program: Program) -> None:
        mixed = [str(row.limit) for row in program.rows if row.per_customer.any() and not row.is_aggregate]
        mixed += [str(part) for part in dict.fromkeys(gap.above.limit for gap in program.gaps)]
        mixed += [str(part.limit) for part in program.bounds if callable(part.relief)]
        if mixed or program.lazy:
            text = "takes no entry prices, total changes, caps on marginal CAC or ceilings on groups' CAC"
            text += f" ({', '.join(mixed) or 'see plan'})."
            raise BadInput(Problem("Flight", text, remedy="limit spend of channels and groups instead."))
        if not program.goal.is_aggregate:
            raise BadInput(Problem("Flight", "takes one value per customer for all channels, and one cost of spend."))

    def _targets(self, program: Program) -> tuple[float, float]:
        """The promise of paid customers, and the ceiling on the blended CAC."""
        promise, ceiling = 0.0, np.inf
        for row in program.rows:
            if row.per_customer.any() and row.per_spend.any():
                ceiling = min(ceiling, float(row.per_customer[0] / row.per_spend[0]))
            elif row.per_customer.any():
                promise = max(promise, -row.room / float(row.per_customer[0]))
        return promise, ceiling

    def _schedules(
        self,
        program: Program,
        pacing: list[Pacing],
        stated: float | Mapping[str, float] | None,
        cells: Cells | None,
    ) -> Schedules:
        channels = program.size
        most = program.upper.copy()
        if isinstance(stated, Mapping):
            names = self.response.curves.channels
            for channel in stated:
                self.response.curves[channel]
            most = np.minimum(most, [stated.get(channel, np.inf) for channel in names])
        elif stated is not None:
            most = np.minimum(most, stated)
        most = np.minimum(most, program.upper)
        if cells is not None:
            most = np.minimum(most, cells.most.max(axis=1))
        if not np.isfinite(most).all():
            text = "nothing limits what a channel may spend in a week. Remedy: add Budget(at_most=...) or weekly_most."
            raise IllPosedPlan(text)
        rows = [row for row in program.rows if not row.per_customer.any()]
        matrix = [*(row.per_spend for row in rows), *np.eye(channels), *-np.eye(channels)]
        limits = [*(row.room for row in rows), *program.upper, *-program.lower]
        kept = np.isfinite(limits)
        pace = min((part.at_most for part in pacing), default=np.inf)
        return Schedules(
            len(self.labels),
            most,
            np.minimum(program.upper, most * len(self.labels)),
            np.array(matrix)[kept],
            np.array(limits)[kept],
            np.full(channels, pace),
            cells,
        )

    def run(self) -> FlightPlan:
        """The best schedule, for concave curves."""
        self.prepare()
        return self.solved()

    def unproved(self) -> pd.DataFrame:
        """About the same schedule without its bound, weeks x channels, for concave curves."""
        self.prepare()
        self._ascend = climbed
        try:
            return self.solved().spend
        finally:
            self._ascend = ascended

    def prepare(self) -> None:
        """Find the least spend allowed, and a schedule to start from.

        Raises
        ------
        InfeasiblePlan
            Where no schedule keeps the limits on spend.
        """
        if self._is_prepared:
            return
        cheapest = linear_best(self.schedules, -np.ones((self.program.size, len(self.labels))))
        if cheapest is None:
            text = "no weekly schedule keeps the limits on channels, groups, weeks, months and pacing together."
            raise InfeasiblePlan(f"{text} Remedy: loosen one of them.")
        self.least = -cheapest[1]
        self.start = self.allowed(self.even())  # of the next search
        self._is_prepared = True

    def allowed(self, spend: Array) -> Array:
        """A spend itself where no single week has a limit of its own, else the schedule allowed that is nearest."""
        return spend if self.schedules.cells is None else polished(self.schedules, nearest(self.schedules, spend))

    @property
    def fixed_totals(self) -> Array | None:
        """What each channel spends over all weeks, where the limits say so; None where they leave it open."""
        upper, lower = self.program.upper, self.program.lower
        return upper if (upper <= lower).all() else None

    def most(self) -> Array:
        """The schedule of most customers, promises and ceilings put aside."""
        return self._best(np.inf)[0]

    def solved(self) -> FlightPlan:
        """The frontier's point that the goal asks for, where curves are concave."""
        goal = self.program.goal
        if goal.is_ratio:
            return self._least_cac()
        if _counts_customers_alone(goal):
            return self._most_customers()
        if goal.per_customer[0] > 0:
            return self._priced(float(goal.per_customer[0] / goal.per_spend[0]))
        return self._least_spend()

    def even(self) -> Array:
        """Every week alike, and totals as near to one another as the limits allow."""
        weeks, channels = len(self.labels), self.program.size
        most = self.schedules.total_most
        room = float(most.max()) / max(float(most.sum()), 1e-300)
        totals = replace(self.schedules, weeks=1, weekly_most=most, pace=np.full(channels, np.inf), cells=None)
        steps = QuadraticSteps([np.eye(1)] * channels, totals)
        totals_spent = steps.best(np.zeros((channels, 1)), -np.ones((channels, 1)), most[:, None] * room)
        return np.repeat(totals_spent / weeks, weeks, axis=1)

    def _best(self, price: float) -> tuple[Array, float]:
        """The schedule at a price per customer, and a bound on price x customers - spend where curves are concave."""
        spend, bound = self._ascend(self.response, self._steps, price, self.start, self.gap / 4)
        spend = polished(self.schedules, spend)
        # not at zero, where slopes may be infinite and a Newton step has no curvature
        self.start = np.maximum(spend, 1e-9 * self.schedules.weekly_most[:, None])
        return spend, bound

    @cached_property
    def _steps(self) -> QuadraticSteps:
        """Newton steps, for every future and every price alike."""
        return QuadraticSteps(self.response.mean_spreads, self.schedules)

    def won(self, spend: Array) -> float:
        """Paid customers of a schedule."""
        return float(self.response.customers(spend).sum())

    def _most_customers(self) -> FlightPlan:
        business = self.program.goal.business
        spend, bound = self._best(np.inf)
        if self.won(spend) < self.promise * (1 - _KEEP):
            raise self._out_of_reach()
        if self._cac(spend) <= self.ceiling * (1 + _KEEP):
            return self.plan_of(spend, self._figure(0.0, bound))
        spend, price, bound = self._searched(lambda x: np.log(self._cac(x) / self.ceiling), side=-1)
        # weigh the ceiling so that price x customers - spend is what remains: a bound for every price above it
        excess = bound + business.allowance(self.ceiling)
        most = excess / (price - self.ceiling) if price > self.ceiling else np.inf
        return self.plan_of(spend, self._figure(0.0, most))

    def _priced(self, price: float) -> FlightPlan:
        spend, bound = self._best(price)
        if self.won(spend) < self.promise * (1 - _KEEP):  # the least spend that keeps it loses least
            spend, least = self._promised()
            return self.plan_of(spend, self._figure(least, self.promise))
        return self.plan_of(spend, self._figure(-bound, 0.0))

    def _least_spend(self) -> FlightPlan:
        if self.promise <= 0:
            raise IllPosedPlan("least spend without a promise is none. Remedy: add Customers(at_least=...).")
        spend, least = self._promised()
        return self.plan_of(spend, self._figure(least, self.promise))

    def _promised(self) -> tuple[Array, float]:
        """The schedule of least spend that keeps the promise, and what none that keeps it undercuts."""
        if self.won(self._best(np.inf)[0]) < self.promise:
            raise self._out_of_reach()
        spend, price, bound = self._searched(lambda x: np.log(max(self.won(x), 1e-300) / self.promise), side=1)
        return spend, max(price * self.promise - bound, self.least)

    def _figure(self, spend: float, paid: float) -> float:
        """The objective's figure for totals of spend and paid customers."""
        goal = self.program.goal
        return float(goal.sign * goal.at_totals(spend, paid))

    def _out_of_reach(self) -> InfeasiblePlan:
        bound = ascended(self.response, self._steps, np.inf, self.start, self.gap / 4)[1]
        promised, most = (self.program.goal.business.customers(paid) for paid in (self.promise, bound))
        text = f"customers at least {plain(promised)} cannot hold, since at most {count(most)}"
        return InfeasiblePlan(f"{text} are attainable in these weeks.")

    def _least_cac(self) -> FlightPlan:
        business = self.program.goal.business
        spend, price, bound = self.start, self._cac(self.start), np.inf
        for _ in range(_PRICE_STEPS):
            spend, bound = self._best(price)
            reached = self._cac(spend)
            if abs(reached - price) <= 0.01 * self.gap * price:
                break
            price = reached
        if self.won(spend) < self.promise * (1 - _KEEP):
            spend, least = self._promised()
            return self.plan_of(spend, self._figure(least, self.promise))
        if spend.sum() <= 1e-9 * self.schedules.total_most.sum() and self.least <= 0:
            remedy = "Remedy: promise Customers(at_least=...) or state the spend with a Budget."
            raise IllPosedPlan(f"blended CAC is lowest at zero spend. {remedy}")
        # a better plan has an outlay of at least fixed cost + least spend, so an excess e lowers the CAC by e / outlay
        excess = max(bound + business.allowance(price), 0.0)
        outlay = business.outlay(self.least)
        floor = price * (1 - excess / outlay) if outlay > excess else 0.0
        return self.plan_of(spend, min(floor, self._cac(spend)))

    def _cac(self, spend: Array) -> float:
        business = self.program.goal.business
        return float(business.cac(float(spend.sum()), business.customers(self.won(spend))))

    def _searched(self, miss: Callable[[Array], float], *, side: int) -> tuple[Array, float, float]:
        """The schedule on the frontier where ``miss`` is nearly zero, on the side asked for; its price and bound.

        ``miss`` rises with the price of a customer. The search is the Illinois method on its logarithm.
        """
        price, stride = (self._price_scale(self.start), 4.0) if self.price is None else (self.price, 1.1)
        points: dict[int, tuple[float, float]] = {}
        kept: tuple[Array, float, float] | None = None
        last = 0
        for _ in range(_PRICE_STEPS):
            spend, bound = self._best(price)
            off = float(miss(spend))
            if side * off >= 0:
                kept = spend, price, bound
                if side * off <= 0.1 * self.gap:
                    break
            sign = 1 if off >= 0 else -1
            if last == sign and -sign in points:
                points[-sign] = (points[-sign][0], points[-sign][1] / 2)
            points[sign], last = (np.log(price), off), sign
            if len(points) < 2:
                price *= 1 / stride if sign > 0 else stride
                stride = min(stride**2, 4.0)
                continue
            (low, below), (high, above) = points[-1], points[1]
            if high - low < 1e-9:
                break
            price = float(np.exp(low + (high - low) * np.clip(-below / (above - below), 0.02, 0.98)))
        if kept is None:
            raise InfeasiblePlan("no schedule was reached that keeps the promise and the ceiling in these weeks.")
        self.price = kept[1]
        return kept

    def _price_scale(self, spend: Array) -> float:
        return max(float(spend.sum()) / max(self.won(spend), 1e-300), 1e-300)

    def plan_of(self, spend: Array, bound: float) -> FlightPlan:
        """A schedule with its figures, and the objective's figure that no schedule beats."""
        business, total = self.program.goal.business, float(spend.sum())
        won = self.response.customers(spend)
        within = float(won[:, : len(self.labels)].sum())
        customers = business.customers(float(won.sum()))
        value = self._figure(total, float(won.sum()))
        distance = abs(bound - value) / max(abs(value), 1e-300)
        return FlightPlan(
            spend=pd.DataFrame(spend.T, index=self.labels, columns=list(self.response.curves)),
            customers=customers,
            within=within,
            after=float(won.sum()) - within,
            carried_in=self.response.carried_in,
            future=pd.Series(self.response.future, index=list(self.response.curves), name="future"),
            blended_cac=float(business.cac(total, customers)),
            value=value,
            bound=bound,
            gap=distance,
            status=Status.CERTIFIED if distance <= self.gap * (1 + 1e-6) else Status.OPEN,
        )


def _counts_customers_alone(goal: Goal) -> bool:
    return not goal.is_ratio and not goal.per_spend.any()
