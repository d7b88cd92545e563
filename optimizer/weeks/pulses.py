"""Flights of S-shaped curves: climbs through concave curves that touch them, hulls and switches as the bound.

An S-shaped curve f is concave from its turn z on. Left of z it is its tangent at z plus a convex rest; with a line
under the rest that touches it at the present schedule, a concave curve g <= f is left, equal to f there. A climb
maximises g over all schedules, exactly, and touches again where that leads: f(next) >= g(next) >= g(now) = f(now), the
concave-convex procedure (Yuille and Rangarajan, 2003). It ends in a local optimum, so there are several starts.

The bound owes nothing to the climbs: hulls first, then switches, each time at the best schedule, until the gap is
what was asked or time is up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from attribution.errors import IllPosedPlan, InfeasiblePlan
from attribution.numbers import cost, count, plain
from mmm.arrays import Array
from optimizer.weeks.flight_plan import FlightPlan
from optimizer.weeks.response_hulls import FlightHulls, TotalsRow
from optimizer.weeks.search import FlightSearch
from optimizer.weeks.switches import FlightSwitches

__all__ = ["Pulses"]

_CLIMBS = 12
_FAR = 0.01  # a climb that trails the best by more after two steps rarely catches up
_KEEP = 2e-10  # what a promise may be missed by: less than the check of schedules allows
_PASSES = 6
_FAIR = 0.05  # a gap with which a climb may end when time is up; a wider one gets twice the time on top


class Pulses:
    """The best of several local optima, and the bound.

    Parameters
    ----------
    search
        The question over curves of any shape.
    time_limit
        Seconds after which to stop with a wider gap; three times that while the gap is above 5 %.
    """

    def __init__(self, search: FlightSearch, time_limit: float) -> None:
        self.deadline = time.monotonic() + time_limit
        self.grace = self.deadline + 2 * time_limit
        self.search, self.truth = search, search.response
        self.goal = search.program.goal
        self.hulls = FlightHulls(search.response, search.schedules)
        self.rows = self._rows()

    def run(self) -> FlightPlan:
        """The plan, its promises kept under the true curves.

        Raises
        ------
        InfeasiblePlan
            Where hulls prove that no schedule keeps the promises, or the search reaches none that does.
        """
        self.search.prepare()
        bound, relaxed = self._relaxed()
        best: FlightPlan | None = None
        for start in self._starts(relaxed):
            best = self._better(self._climbed(start, bound, best), best)
            if best is not None and (best.gap <= self.search.gap or self._is_late):
                break
        if best is None:
            raise InfeasiblePlan("no schedule was reached that keeps the promise and the ceiling in these weeks.")
        return self._closed_in(best)

    @property
    def _is_late(self) -> bool:
        return time.monotonic() > self.deadline

    def _better(self, plan: FlightPlan | None, best: FlightPlan | None) -> FlightPlan | None:
        if plan is None or best is None:
            return plan or best
        return plan if self.goal.sign * (plan.value - best.value) > 0 else best

    def _closed_in(self, best: FlightPlan) -> FlightPlan:
        """The plan with the bound of switches, which also point to schedules to climb from."""
        switches = FlightSwitches(self.truth, self.search.schedules, self.hulls.tables, self.hulls.ends)
        for _ in range(_PASSES):
            if best.gap <= self.search.gap or self._is_late:
                break
            bound, schedule = self._switched(switches, best)
            gain = self.goal.sign * (best.bound - bound)
            bound = bound if gain > 0 else best.bound
            climbed = self._climbed(schedule, bound, None) if not self._is_late else None
            again = self._judged(best.spend.to_numpy().T, bound)
            best = self._better(climbed, again) or best
            if gain <= 0.1 * self.search.gap * abs(best.value):
                break
        return best

    def _switched(self, switches: FlightSwitches, best: FlightPlan) -> tuple[float, Array]:
        """A bound on the objective's figure, infinitely wide where there is none in time, and a schedule."""
        goal, spend = self.goal, best.spend.to_numpy().T
        worth, cost = (best.value, 1.0) if goal.is_ratio else (float(goal.per_customer[0]), float(goal.per_spend[0]))
        near = max(0.5 * self.search.gap, 0.2 * best.gap)  # closer later, when pieces have learnt where they are crude
        relaxed = switches.best(worth, cost, self.rows, spend, near, self.deadline - time.monotonic())
        if relaxed is None:
            return goal.sign * np.inf, spend
        if not goal.is_ratio:
            return goal.sign * (relaxed.score + goal.constant), relaxed.spend
        # a better plan has an outlay of at least fixed cost + least spend, so an excess e lowers the CAC by e / outlay
        business = goal.business
        excess = max(relaxed.score + business.allowance(worth), 0.0)
        cheaper = TotalsRow(1.0, worth, business.allowance(worth))
        least = self.hulls.best(0.0, 1.0, (*self.rows, cheaper))
        outlay = business.outlay(max(-least.score if least else 0.0, self.search.least, 0.0))
        return (worth * (1 - excess / outlay) if outlay > excess else -np.inf), relaxed.spend

    def _rows(self) -> tuple[TotalsRow, ...]:
        rows = []
        if self.search.promise > 0:
            rows.append(TotalsRow(0.0, 1.0, -self.search.promise))
        if np.isfinite(ceiling := self.search.ceiling):
            rows.append(TotalsRow(1.0, ceiling, self.goal.business.allowance(ceiling)))
        return tuple(rows)

    def _relaxed(self) -> tuple[float, Array]:
        """The bound on the objective's figure, and the relaxation's schedule."""
        goal = self.goal
        if goal.is_ratio:
            cheapest = self.hulls.least_ratio(goal.business, self.rows)
            if cheapest is not None and cheapest[1].sum() <= 1e-9 * self.search.schedules.total_most.sum():
                remedy = "Remedy: promise Customers(at_least=...) or state the spend with a Budget."
                raise IllPosedPlan(f"blended CAC is lowest at zero spend. {remedy}")
            if cheapest is not None:
                return cheapest
        else:
            relaxed = self.hulls.best(float(goal.per_customer[0]), float(goal.per_spend[0]), self.rows)
            if relaxed is not None:
                return goal.sign * (relaxed.score + goal.constant), relaxed.spend
        raise self._refusal()

    def _refusal(self) -> InfeasiblePlan:
        if self.search.promise > 0:
            most = self.hulls.best(1.0, 0.0)
            reachable = np.inf if most is None else self.goal.business.customers(most.score)
            promised = self.goal.business.customers(self.search.promise)
            text = f"customers at least {plain(promised)} cannot hold"
            if reachable < promised:
                return InfeasiblePlan(f"{text}, since at most {count(reachable)} are attainable in these weeks.")
        text = "no schedule keeps the promise and the ceiling on the CAC in these weeks"
        promises = tuple(row for row in self.rows if not row.per_spend)
        cheapest = self.hulls.least_ratio(self.goal.business, promises)
        if cheapest is not None and cheapest[0] > self.search.ceiling:
            text += f", since the blended CAC cannot go below {cost(cheapest[0])}"
        return InfeasiblePlan(f"{text}.")

    def _starts(self, relaxed: Array) -> Iterator[Array]:
        """The relaxation's schedule, that schedule pulsed, and the even one."""
        yield relaxed
        yield self._pulsed(relaxed)
        yield self.search.even()

    def _pulsed(self, spend: Array) -> Array:
        """Each channel's money moved from weeks of less than half its usual pulse to the others."""
        strong = spend >= 0.5 * spend.max(axis=1, keepdims=True)
        kept = np.where(strong, spend, 0.0)
        scale = spend.sum(axis=1, keepdims=True) / np.maximum(kept.sum(axis=1, keepdims=True), 1e-300)
        return np.asarray(kept * np.minimum(scale, 1.5))

    def _climbed(self, spend: Array, bound: float, known: FlightPlan | None) -> FlightPlan | None:
        """Maximise under touching concave curves and touch again, until that no longer helps or trails ``known``."""
        search, best = self.search, None
        for step in range(_CLIMBS):
            if best is not None and self._is_late and (best.gap <= _FAIR or time.monotonic() > self.grace):
                break
            if step >= 2 and best is not None and known is not None and best.gap > known.gap + _FAR:
                break
            search.response = self.truth.touching(spend)
            search.start = np.maximum(search.allowed(spend), 1e-9 * search.schedules.weekly_most[:, None])
            try:
                spend = search.solved().spend.to_numpy().T
            except (InfeasiblePlan, IllPosedPlan):
                if best is not None:
                    break
                spend = search.most()
                continue
            plan = self._judged(spend, bound)
            if plan is None:
                continue
            gain = np.inf if best is None else self.goal.sign * (plan.value - best.value) / max(abs(best.value), 1e-300)
            if gain > 0:
                best = plan
            if gain <= 0.1 * search.gap or plan.gap <= search.gap:
                break
        return best

    def _judged(self, spend: Array, bound: float) -> FlightPlan | None:
        """The schedule under the true curves; None where it breaks a promise."""
        search, goal = self.search, self.goal
        search.response = self.truth
        won, business = search.won(spend), goal.business
        customers, outlay = business.customers(won), business.outlay(float(spend.sum()))
        if won < search.promise * (1 - _KEEP) or outlay > search.ceiling * customers * (1 + _KEEP):
            return None
        return search.plan_of(spend, bound)
