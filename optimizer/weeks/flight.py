"""Flight plans: spend by week and channel, with carryover, season and pacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.misses import Miss
from optimizer.answer.verify import refuse_broken
from optimizer.plan import Plan
from optimizer.weeks.flight_plan import FlightPlan
from optimizer.weeks.pulses import Pulses
from optimizer.weeks.response import Response
from optimizer.weeks.search import FlightSearch
from optimizer.weeks.verify import missed_in_weeks, season_and_tail

__all__ = ["Flight", "FlightPlan", "by_geo"]


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
    """

    curves: ResponseCurves
    weeks: int | pd.Index
    carryover: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    season: npt.ArrayLike | None = None
    history: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    weekly_most: float | Mapping[str, float] | None = None

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
        season = season_and_tail(self.season, self.n_weeks, lags)
        carried = np.zeros((len(self.curves), terms))
        for index, channel in enumerate(self.curves):
            past = np.asarray(self.history.get(channel, [0.0]), dtype=float)
            weight = weights[index] if weights[index].ndim == 1 else weights[index].mean(axis=1)
            for age, spent in enumerate(past[::-1], start=1):
                left = weight[age:]
                carried[index, : len(left)] += spent * left
        return Response(self.curves, weights, season, carried)

    def solve(self, plan: Plan, gap: float = 1e-3, time_limit: float = 10.0) -> FlightPlan:
        """The best schedule for a plan's objective, promises and limits.

        Limits on channels and groups are limits on their totals over the weeks; ``Pacing`` limits the change from
        week to week. For concave curves the bound is one linear program at the best schedule. S-shaped curves end in
        the best of several local optima, promises kept exactly. Their bound comes from hulls of the weekly response,
        and, as long as time allows, from a mixed-integer program that keeps idle and busy weeks apart; the plan's
        ``gap`` says what remains.

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
        response = self.response()
        is_concave = all(float(np.max(curve.inflection)) == 0 for curve in self.curves.values())
        if not is_concave and not response.is_shared:
            text = "differs between draws, and curves are S-shaped; there is no proof for that."
            raise BadInput(Problem("carryover", text, remedy="average the lag weights over the draws."))
        search = FlightSearch(plan, response, self.labels, self.weekly_most, gap)
        found = search.run() if is_concave else Pulses(search, time_limit).run()
        refuse_broken(self.missed(plan, found.spend))
        return found

    def missed(self, plan: Plan, spend: pd.DataFrame) -> tuple[Miss, ...]:
        """The promises and limits of a plan that a schedule, anybody's, does not keep; as :meth:`Plan.missed`.

        Parameters
        ----------
        plan
            What is promised over the horizon.
        spend
            Weeks x channels.
        """
        lags = {channel: np.asarray(self.carryover.get(channel, [1.0]), dtype=float) for channel in self.curves}
        season = season_and_tail(self.season, self.n_weeks, max(len(weights) for weights in lags.values()))
        return missed_in_weeks(plan, self.curves, spend, lags, self.history, season, self.weekly_most)


def by_geo(curves: Mapping[str, Mapping[str, ResponseCurve]]) -> ResponseCurves:
    """Curves of geo x channel as one set of channels named ``channel @ geo``, for plans and flights over regions.

    Parameters
    ----------
    curves
        Geo -> channel -> curve.
    """
    flat = {f"{channel} @ {geo}": curve for geo, inner in curves.items() for channel, curve in inner.items()}
    return ResponseCurves(flat)
