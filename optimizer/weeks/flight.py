"""Flight plans: spend by week and channel, with carryover, season and pacing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan, Problem, UnknownChannel
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Status
from optimizer.answer.misses import Miss
from optimizer.answer.verify import refuse_broken
from optimizer.plan import Plan, check_search
from optimizer.weeks.booking_program import BookingProgram
from optimizer.weeks.bookings import booked, open_bookings
from optimizer.weeks.calendar import Calendar
from optimizer.weeks.cells import cells_of
from optimizer.weeks.flight_plan import FlightPlan
from optimizer.weeks.pulses import Pulses
from optimizer.weeks.response import Response
from optimizer.weeks.search import FlightSearch
from optimizer.weeks.verify import missed_in_weeks, season_and_tail

__all__ = ["Flight", "FlightPlan"]

_NO_LIMITS = Calendar()
_ROUNDS = 4
_STEADY = 0.01  # of the largest average week: what it may still move by when the future is taken from it


@shown
@dataclass(frozen=True, eq=False)
class Flight:
    """When to spend: the question of a plan, by week.

    Parameters
    ----------
    curves
        Weekly curves: customers per week against adstocked weekly spend; a plain mapping will do.
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
    future
        Weekly spend per channel after the horizon: what the horizon's carryover brings then counts on top of it. A
        number for all, or by channel (0 for those not named). None: spend goes on at each channel's average week of the
        schedule itself.
    calendar
        Limits of single weeks and months.
    """

    curves: ResponseCurves
    weeks: int | pd.Index
    carryover: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    season: npt.ArrayLike | None = None
    history: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    weekly_most: float | Mapping[str, float] | None = None
    future: float | Mapping[str, float] | None = None
    calendar: Calendar = _NO_LIMITS

    def __post_init__(self) -> None:
        given: Mapping[str, ResponseCurve] = self.curves
        if not isinstance(given, ResponseCurves):
            object.__setattr__(self, "curves", ResponseCurves(given))
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
        problems += self._faults_after()
        season = None if self.season is None else np.asarray(self.season, dtype=float)
        if season is not None and (season.shape != (self.n_weeks,) or not (season >= 0).all()):
            problems.append(Problem("season", f"must hold {self.n_weeks} numbers from 0 upwards."))
        if problems:
            raise BadInput(problems)

    def _faults_after(self) -> list[Problem]:
        for where, named in (("future", self.future), ("calendar", self.calendar.weekly)):
            for channel in named if isinstance(named, Mapping) else ():
                if channel not in self.curves:
                    raise UnknownChannel(channel, known=self.curves, where=where)
        after = self.future if isinstance(self.future, Mapping) else {"": self.future or 0.0}
        return [
            Problem("future", "is negative or not finite.", channel or None)
            for channel, spent in after.items()
            if not 0 <= spent < np.inf
        ]

    @property
    def n_weeks(self) -> int:
        """Number of weeks."""
        return self.weeks if isinstance(self.weeks, int) else len(self.weeks)

    @property
    def labels(self) -> pd.Index:
        """Labels of the weeks."""
        return pd.RangeIndex(1, self.weeks + 1, name="week") if isinstance(self.weeks, int) else self.weeks

    def response(self, future: Mapping[str, float] | pd.Series | None = None) -> Response:
        """Customers of weekly spends.

        Parameters
        ----------
        future
            Weekly spend per channel after the horizon; None for what the flight states, or none where it states none.
        """
        weights = tuple(np.asarray(self.carryover.get(channel, [1.0]), dtype=float) for channel in self.curves)
        draws = {weight.shape[1] for weight in weights if weight.ndim == 2} | {self.curves.n_draws or 1}
        if any(weight.ndim == 2 for weight in weights) and len(draws) > 1:
            raise BadInput(Problem("carryover", f"has other draws than the curves: {sorted(draws)}."))
        lags = max(len(weight) for weight in weights)
        terms = self.n_weeks + lags - 1
        season = season_and_tail(self.season, self.n_weeks, lags)
        carried = np.zeros((len(self.curves), terms))
        for index, channel in enumerate(self.curves):
            past = np.asarray(self.history.get(channel, [0.0]), dtype=float)
            weight = weights[index] if weights[index].ndim == 1 else weights[index].mean(axis=1)
            for age, spent in enumerate(past[::-1], start=1):
                left = weight[age:]
                carried[index, : len(left)] += spent * left
        return Response(self.curves, weights, season, carried, self._after(future))

    def solve(self, plan: Plan, gap: float = 1e-3, time_limit: float = 10.0) -> FlightPlan:
        """The best schedule for a plan's objective, promises and limits.

        Limits on channels and groups are limits on their totals over the weeks; ``Pacing`` limits the change from
        week to week; the calendar limits single weeks and months. For concave curves the bound is one linear program at
        the best schedule. S-shaped curves end in the best of several local optima, promises kept exactly. Their bound
        comes from hulls of the weekly response, and, as long as time allows, from a mixed-integer program that keeps
        idle and busy weeks apart; the plan's ``gap`` says what remains. Smallest bookings are chosen among patterns of
        weeks, and the bound is that of no such bookings.

        Where spend goes on as the schedule has it, the future follows from schedules made before: at once where the
        plan says what each channel spends, else until an average week moves by no more than a hundredth. The plan says
        what ``future`` it was proved for.

        Parameters
        ----------
        plan
            Its objective takes organic customers and fixed cost over the horizon.
        gap
            Relative gap at which to stop.
        time_limit
            Seconds after which S-shaped curves stop with a wider gap; up to three times that while it is above 5 %.

        Raises
        ------
        BadInput
            Where a limit has no weekly reading here: entry prices, caps on marginal CAC, ceilings on the CAC of groups,
            changes in total.
        InfeasiblePlan
            Where no schedule keeps the limits, or the promise is out of reach.
        IllPosedPlan
            Where nothing limits spend.
        BrokenPromise
            Where the schedule that the search gave does not pass the check of all promises as they are stated.
        """
        check_search(gap, time_limit)
        flight_plan = self._going_on(plan, gap, time_limit)
        wanting = open_bookings(self.calendar, flight_plan.spend)
        if wanting:
            flight_plan = self._booked(plan, wanting, flight_plan, gap, time_limit)
        refuse_broken(self.missed(plan, flight_plan.spend, flight_plan.future))
        return flight_plan

    def _going_on(self, plan: Plan, gap: float, time_limit: float) -> FlightPlan:
        """The best schedule whose future is what it states, or its own average weeks."""
        search = self._search(plan, None, gap)
        if self.future is not None or search.response.lags == 1:
            return _best(search, time_limit)
        search.prepare()
        fixed = search.fixed_totals
        average = search.start.mean(axis=1) if fixed is None else fixed / self.n_weeks
        future = pd.Series(average, index=list(self.curves))
        for _ in range(_ROUNDS if fixed is None else 0):  # each search starts from the schedule before
            search.response = self.response(future)
            before, future = future, _unproved(search).mean()
            if float((before - future).abs().max()) <= _STEADY * float(future.max()):
                break
        search.response = self.response(future)
        return _best(search, time_limit)

    def _booked(self, plan: Plan, wanting: list[str], plain: FlightPlan, gap: float, time_limit: float) -> FlightPlan:
        """The best schedule with bookings of the channels that want them, under the bound of the one without."""
        search = self._search(plan, plain.future, gap)
        program = BookingProgram(self.calendar, self.labels, self.history, wanting, search.response, search.schedules)

        def patterns() -> Iterator[dict[str, npt.NDArray[np.bool_]]]:
            yield from booked(self.calendar, wanting, search.response, plain.spend)
            on_air = program.solved(plain.spend)
            yield from [] if on_air is None else [on_air]

        for on_air in patterns():
            calendar = replace(self.calendar, on_air={**self.calendar.on_air, **on_air})
            fixed = replace(self, calendar=calendar, future=dict(zip(self.curves, plain.future, strict=True)))
            with suppress(InfeasiblePlan):
                best = _best(fixed._search(plan, None, gap), time_limit)
                distance = abs(plain.bound - best.value) / max(abs(best.value), 1e-300)
                status = Status.CERTIFIED if distance <= gap * (1 + 1e-6) else Status.OPEN
                return replace(best, bound=plain.bound, gap=distance, status=status)
        text = f"no schedule has the smallest bookings of {', '.join(wanting)} and keeps all other limits"
        raise InfeasiblePlan(f"{text}. Remedy: lower at_least_if_used, or loosen pacing and the limits of months.")

    def _search(self, plan: Plan, future: pd.Series | None, gap: float) -> FlightSearch:
        response = self.response(future)
        cells = None
        if self.calendar is not _NO_LIMITS:
            cells = cells_of(self.calendar, self.labels, self.history, list(self.curves))
        return FlightSearch(plan, response, self.labels, self.weekly_most, cells, gap)

    def _after(self, future: Mapping[str, float] | pd.Series | None) -> Array:
        """Weekly spend after the horizon in the curves' order."""
        stated = self.future if future is None else future
        if stated is None or isinstance(stated, int | float):
            return np.full(len(self.curves), float(stated or 0.0))
        return np.array([float(stated.get(channel, 0.0)) for channel in self.curves])

    def missed(
        self, plan: Plan, spend: pd.DataFrame, future: Mapping[str, float] | pd.Series | None = None
    ) -> tuple[Miss, ...]:
        """The promises and limits of a plan that a schedule, anybody's, does not keep; as :meth:`Plan.missed`.

        Parameters
        ----------
        plan
            What is promised over the horizon.
        spend
            Weeks x channels.
        future
            Weekly spend per channel after the horizon, such as ``FlightPlan.future``; None for what the flight states,
            or the schedule's own average weeks where it states none.
        """
        lags = {channel: np.asarray(self.carryover.get(channel, [1.0]), dtype=float) for channel in self.curves}
        season = season_and_tail(self.season, self.n_weeks, max(len(weights) for weights in lags.values()))
        if future is None and self.future is None:
            future = spend.mean()
        after = dict(zip(self.curves, self._after(future).tolist(), strict=True))
        limits = self.weekly_most
        return missed_in_weeks(plan, self.curves, spend, lags, self.history, after, season, limits, self.calendar)


def _unproved(search: FlightSearch) -> pd.DataFrame:
    """About the best schedule of a search whose future is stated, weeks x channels."""
    return search.unproved() if search.response.is_concave else _best(search, 0.0).spend


def _best(search: FlightSearch, time_limit: float) -> FlightPlan:
    """The best schedule of a search whose future is stated."""
    response = search.response
    if response.is_concave:
        return search.run()
    if not response.is_shared:
        text = "differs between draws, and curves are S-shaped; there is no proof for that."
        raise BadInput(Problem("carryover", text, remedy="average the lag weights over the draws."))
    return Pulses(search, time_limit).run()
