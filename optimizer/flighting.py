"""Flight plans: spend by week and channel, with carryover, season and pacing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, Problem, UnknownChannel
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.allocation import Status
from optimizer.constraints import Pacing
from optimizer.objectives import BlendedCAC, Customers, Profit, Spend
from optimizer.plan import Plan
from optimizer.program import Array, Program
from optimizer.solvers.compiler import compiled
from optimizer.solvers.flighting import QuadraticSteps, Response, Schedules, ascended, hull_bound, linear_best

__all__ = ["Flight", "FlightPlan", "by_geo"]

_PRICE_STEPS = 60


@dataclass(frozen=True, eq=False)
class FlightPlan:
    """Spend by week, with its proof.

    Parameters
    ----------
    spend
        Weeks x channels.
    customers
        Expected customers: organic ones, those within the horizon, and those after it.
    within, after
        Paid customers within the horizon, and after it by carryover.
    carried_in
        Customers that past spend still brings; they are not part of ``customers``.
    blended_cac
        (fixed cost + spend) / customers.
    value, bound, gap
        The objective's figure, one that no schedule can beat, and their relative distance.
    status
        How the search ended, as a sentence.
    """

    spend: pd.DataFrame
    customers: float
    within: float
    after: float
    carried_in: float
    blended_cac: float
    value: float
    bound: float
    gap: float
    status: Status

    @property
    def total_spend(self) -> float:
        """Spend over all weeks and channels."""
        return float(self.spend.to_numpy().sum())


@dataclass(frozen=True, eq=False)
class Flight:
    """When to spend: the question of a plan, by week.

    Parameters
    ----------
    curves
        Weekly curves: customers per week against adstocked weekly spend.
    weeks
        Weeks of the horizon, or their labels.
    carryover
        Lag weights per channel, this week's first: shape (lags,), or (lags, draws) paired with the curves' draws.
        Channels not named work at once and no longer.
    season
        Value of each week's response against a plain week's, shape (weeks,); the tail counts as plain weeks. None for
        all plain.
    history
        Past weekly spend per channel, latest last; what it still brings is shown apart.
    weekly_most
        Most per week and channel; a number for all, or by channel.
    """

    curves: ResponseCurves
    weeks: int | pd.Index
    carryover: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    season: npt.ArrayLike | None = None
    history: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    weekly_most: float | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        problems: list[Problem | str] = []
        for name, table in (("carryover", self.carryover), ("history", self.history)):
            for channel, values in table.items():
                if channel not in self.curves:
                    raise UnknownChannel(channel, known=self.curves, where=name)
                amounts = np.asarray(values, dtype=float)
                if amounts.ndim not in ((1, 2) if name == "carryover" else (1,)) or not amounts.size:
                    problems.append(
                        Problem(name, f"has shape {amounts.shape}.", channel, remedy="give one axis of weeks.")
                    )
                elif not np.isfinite(amounts).all() or (amounts < 0).any():
                    problems.append(Problem(name, "is negative or not finite.", channel))
        if self.n_weeks < 1:
            problems.append(Problem("Flight", "needs at least one week."))
        season = None if self.season is None else np.asarray(self.season, dtype=float)
        if season is not None and (season.shape != (self.n_weeks,) or not (season >= 0).all()):
            problems.append(Problem("season", f"must hold {self.n_weeks} numbers from 0 upwards."))
        if problems:
            raise BadInput(problems)

    @property
    def n_weeks(self) -> int:
        """Number of weeks."""
        return self.weeks if isinstance(self.weeks, int) else len(self.weeks)

    @property
    def labels(self) -> pd.Index:
        """Labels of the weeks."""
        return pd.RangeIndex(1, self.weeks + 1, name="week") if isinstance(self.weeks, int) else self.weeks

    def response(self) -> Response:
        """Customers of weekly spends."""
        weights = tuple(np.asarray(self.carryover.get(channel, [1.0]), dtype=float) for channel in self.curves)
        draws = {weight.shape[1] for weight in weights if weight.ndim == 2} | {self.curves.n_draws or 1}
        if any(weight.ndim == 2 for weight in weights) and len(draws) > 1:
            raise BadInput(Problem("carryover", f"has other draws than the curves: {sorted(draws)}."))
        lags = max(len(weight) for weight in weights)
        terms = self.n_weeks + lags - 1
        season = np.ones(terms)
        if self.season is not None:
            season[: self.n_weeks] = self.season
        carried = np.zeros((len(self.curves), terms))
        for index, channel in enumerate(self.curves):
            past = np.asarray(self.history.get(channel, [0.0]), dtype=float)
            weight = weights[index] if weights[index].ndim == 1 else weights[index].mean(axis=1)
            for age, spent in enumerate(past[::-1], start=1):
                left = weight[age:]
                carried[index, : len(left)] += spent * left
        return Response(self.curves, weights, season, carried)

    def solve(self, plan: Plan, gap: float = 1e-3) -> FlightPlan:
        """The best schedule for a plan's objective, promises and limits.

        Limits on channels and groups are limits on their totals over the weeks; ``Pacing`` limits the change from
        week to week. For concave curves the bound is one linear program at the schedule found. S-shaped curves end in
        a local optimum, bounded by hulls, with a gap of some per cent.

        Parameters
        ----------
        plan
            Its objective takes organic customers and fixed cost over the horizon.
        gap
            Relative gap at which to stop.

        Raises
        ------
        BadInput
            Where a limit has no weekly reading here: entry prices, ceilings on the CAC of groups, changes in total.
        InfeasiblePlan
            Where no schedule keeps the limits, or the promise is out of reach.
        IllPosedPlan
            Where nothing limits spend.
        """
        return _Flying(self, plan, gap).run()


class _Flying:
    """One solve: the frontier by the price of a customer, stopped where the objective says."""

    def __init__(self, flight: Flight, plan: Plan, gap: float) -> None:
        self.flight, self.plan, self.gap = flight, plan, gap
        pacing = [part for part in plan.subject_to if isinstance(part, Pacing)]
        rest = [part for part in plan.subject_to if not isinstance(part, Pacing)]
        program = compiled(plan.objective, rest, plan.setting(flight.curves))
        self._check(program)
        self.program = program
        self.response = flight.response()
        self.promise, self.ceiling = self._targets(program)
        self.schedules = self._schedules(program, pacing)
        self.is_concave = all(float(np.max(curve.inflection)) == 0 for curve in flight.curves.values())
        if not self.is_concave and not self.response.is_shared:
            text = "differs between draws, and curves are S-shaped; there is no proof for that."
            raise BadInput(Problem("carryover", text, remedy="average the lag weights over the draws."))

    @staticmethod
    def _check(program: Program) -> None:
        mixed = [row.name for row in program.rows if row.per_customer.any() and not row.is_aggregate]
        if mixed or program.hole.any() or program.lazy:
            text = (
                f"takes no entry prices, total changes or ceilings on groups' CAC ({', '.join(mixed) or 'see plan'})."
            )
            raise BadInput(Problem("Flight", text, remedy="limit spend of channels and groups instead."))
        if isinstance(program.goal.per_customer, np.ndarray) and np.ptp(program.goal.per_customer) > 0:
            raise BadInput(Problem("Flight", "takes one value per customer for all channels."))

    def _targets(self, program: Program) -> tuple[float, float]:
        """The promise of paid customers, and the ceiling on the blended CAC."""
        promise, ceiling = 0.0, np.inf
        for row in program.rows:
            if row.per_customer.any() and row.per_spend.any():
                ceiling = min(ceiling, float(row.per_customer[0] / row.per_spend[0]))
            elif row.per_customer.any():
                promise = max(promise, -row.limit / float(row.per_customer[0]))
        return promise, ceiling

    def _schedules(self, program: Program, pacing: list[Pacing]) -> Schedules:
        channels = program.size
        stated = self.flight.weekly_most
        most = program.upper.copy()
        if isinstance(stated, Mapping):
            names = self.flight.curves.channels
            for channel in stated:
                self.flight.curves[channel]
            most = np.minimum(most, [stated.get(channel, np.inf) for channel in names])
        elif stated is not None:
            most = np.minimum(most, stated)
        most = np.minimum(most, program.upper)
        if not np.isfinite(most).all():
            text = "nothing limits what a channel may spend in a week. Remedy: add Budget(at_most=...) or weekly_most."
            raise IllPosedPlan(text)
        rows = [row for row in program.rows if not row.per_customer.any()]
        matrix = [*(row.per_spend for row in rows), *np.eye(channels), *-np.eye(channels)]
        limits = [*(row.limit for row in rows), *program.upper, *-program.lower]
        kept = np.isfinite(limits)
        pace = min((part.at_most for part in pacing), default=np.inf)
        return Schedules(
            self.flight.n_weeks,
            most,
            np.minimum(program.upper, most * self.flight.n_weeks),
            np.array(matrix)[kept],
            np.array(limits)[kept],
            np.full(channels, pace),
        )

    def run(self) -> FlightPlan:
        found = linear_best(self.schedules, -np.ones((self.program.size, self.flight.n_weeks)))
        if found is None:
            raise InfeasiblePlan("no weekly schedule keeps the limits on channels, groups, weeks and pacing together.")
        self.least = -found[1]
        self.start = self._even()
        objective = self.plan.objective
        if isinstance(objective, Customers):
            return self._most_customers()
        if isinstance(objective, Profit):
            return self._priced(float(self.program.goal.per_customer[0]))
        if isinstance(objective, Spend):
            if self.promise <= 0:
                raise IllPosedPlan("least spend without a promise is none. Remedy: add Customers(at_least=...).")
            return self._promised()
        assert isinstance(objective, BlendedCAC)  # noqa: S101
        return self._least_cac()

    def _even(self) -> Array:
        """The allowed schedule nearest to spending alike everywhere."""
        shape = (self.program.size, self.flight.n_weeks)
        alike = np.minimum(self.program.upper / self.flight.n_weeks, self.schedules.weekly_most)[:, None]
        room = self.program.upper.max() / max(float(self.program.upper.sum()), 1e-300)
        target = np.broadcast_to(alike * room, shape)
        bend = -np.ones((shape[0], len(self.response.season)))
        return QuadraticSteps(self.response, self.schedules).best(np.zeros(shape), bend, np.asarray(target))

    def _best(self, price: float) -> tuple[Array, float]:
        """The schedule at a price per customer, and a bound on price x customers - spend where curves are concave."""
        spend, bound = ascended(self.response, self.schedules, price, self.start, self.gap / 4)
        self.start = np.maximum(spend, 1e-9 * self.schedules.weekly_most[:, None])
        return spend, bound

    def _proof(self, price: float, bound: float) -> float:
        """The bound for curves of any shape."""
        return bound if self.is_concave else hull_bound(self.response, self.schedules, price)

    def _won(self, spend: Array) -> float:
        return float(self.response.customers(spend).sum())

    def _most_customers(self) -> FlightPlan:
        goal = self.program.goal
        spend, bound = self._best(np.inf)
        if self._cac(spend) <= self.ceiling * (1 + 1e-9):
            return self._plan(spend, self._won(spend) + goal.organic, self._proof(np.inf, bound) + goal.organic)
        spend, price, bound = self._searched(lambda x: np.log(self._cac(x) / self.ceiling), side=-1)
        # weigh the ceiling so that price x customers - spend is what remains: a bound for every price above it
        excess = self._proof(price, bound) + self.ceiling * goal.organic - goal.fixed_cost
        most = excess / (price - self.ceiling) if price > self.ceiling else np.inf
        return self._plan(spend, self._won(spend) + goal.organic, most + goal.organic)

    def _priced(self, price: float) -> FlightPlan:
        spend, bound = self._best(price)
        constant = self.program.goal.constant
        value = price * self._won(spend) - float(spend.sum()) + constant
        return self._plan(spend, value, self._proof(price, bound) + constant)

    def _promised(self) -> FlightPlan:
        spend, bound = self._best(np.inf)
        goal = self.program.goal
        if self._won(spend) < self.promise:
            most = self._proof(np.inf, bound) + goal.organic
            text = f"customers at least {self.promise + goal.organic:,.0f} cannot hold, since at most {most:,.0f}"
            raise InfeasiblePlan(f"{text} are attainable in these weeks.")
        spend, price, bound = self._searched(lambda x: np.log(max(self._won(x), 1e-300) / self.promise), side=1)
        least = max(price * self.promise - self._proof(price, bound), self.least)
        return self._plan(spend, float(spend.sum()), least)

    def _least_cac(self) -> FlightPlan:
        goal = self.program.goal
        spend, price, bound = self.start, self._cac(self.start), np.inf
        for _ in range(_PRICE_STEPS):
            spend, bound = self._best(price)
            reached = self._cac(spend)
            if abs(reached - price) <= 0.01 * self.gap * price:
                break
            price = reached
        if self._won(spend) < self.promise * (1 - 1e-9):
            plan = self._promised()
            most = (goal.fixed_cost + plan.bound) / (goal.organic + self.promise)
            return self._plan(plan.spend.to_numpy().T, plan.blended_cac, most)
        if spend.sum() <= 1e-9 * self.program.upper.sum() and self.least <= 0:
            remedy = "Remedy: promise Customers(at_least=...) or state the spend with a Budget."
            raise IllPosedPlan(f"blended CAC is lowest at zero spend. {remedy}")
        # a better plan has an outlay of at least fixed cost + least spend, so an excess e lowers the CAC by e / outlay
        excess = max(self._proof(price, bound) + price * goal.organic - goal.fixed_cost, 0.0)
        outlay = goal.fixed_cost + self.least
        floor = price * (1 - excess / outlay) if outlay > excess else 0.0
        return self._plan(spend, self._cac(spend), min(floor, self._cac(spend)))

    def _cac(self, spend: Array) -> float:
        goal = self.program.goal
        won = goal.organic + self._won(spend)
        return (goal.fixed_cost + float(spend.sum())) / won if won > 0 else np.inf

    def _searched(self, miss: Callable[[Array], float], *, side: int) -> tuple[Array, float, float]:
        """The schedule on the frontier where ``miss`` is nearly zero, on the side asked for; its price and bound.

        ``miss`` rises with the price of a customer. The search is the Illinois method on its logarithm.
        """
        price = self._price_scale(self.start)
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
                price *= 0.25 if sign > 0 else 4.0
                continue
            (low, below), (high, above) = points[-1], points[1]
            if high - low < 1e-9:
                break
            price = float(np.exp(low + (high - low) * np.clip(-below / (above - below), 0.02, 0.98)))
        if kept is None:
            raise InfeasiblePlan("no schedule was found that keeps the promise and the ceiling in these weeks.")
        return kept

    def _price_scale(self, spend: Array) -> float:
        return max(float(spend.sum()) / max(self._won(spend), 1e-300), 1e-300)

    def _plan(self, spend: Array, value: float, bound: float) -> FlightPlan:
        flight, goal = self.flight, self.program.goal
        won = self.response.customers(spend)
        within = float(won[:, : flight.n_weeks].sum())
        customers = goal.organic + float(won.sum())
        distance = abs(bound - value) / max(abs(value), 1e-300)
        return FlightPlan(
            spend=pd.DataFrame(spend.T, index=flight.labels, columns=list(flight.curves)),
            customers=customers,
            within=within,
            after=float(won.sum()) - within,
            carried_in=float(self.response.past_customers.sum()),
            blended_cac=(goal.fixed_cost + float(spend.sum())) / customers if customers > 0 else np.inf,
            value=value,
            bound=bound,
            gap=distance,
            status=Status.CERTIFIED if distance <= self.gap * (1 + 1e-6) else Status.OPEN,
        )


def by_geo(curves: Mapping[str, Mapping[str, ResponseCurve]]) -> ResponseCurves:
    """Curves of geo x channel as one set of channels named ``channel @ geo``, for plans and flights over regions.

    Parameters
    ----------
    curves
        Geo -> channel -> curve.
    """
    flat = {f"{channel} @ {geo}": curve for geo, inner in curves.items() for channel, curve in inner.items()}
    return ResponseCurves(flat)
