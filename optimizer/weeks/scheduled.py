"""From what a plan spends per channel to a calendar: week by week, most customers for the same money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.errors import InfeasiblePlan
from optimizer.plan import Plan
from optimizer.question.constraints import Channel
from optimizer.question.objectives import Customers
from optimizer.weeks.calendar_refusals import refuse_narrow_weeks
from optimizer.weeks.flight import Flight
from optimizer.weeks.flight_plan import FlightPlan

__all__ = ["even_weeks", "scheduled"]


def scheduled(
    flight: Flight, totals: Mapping[str, float] | pd.Series, gap: float = 1e-3, time_limit: float = 10.0
) -> FlightPlan:
    """The weeks of most customers in which each channel spends what a plan has for it.

    Parameters
    ----------
    flight
        Weeks, curves, carryover, history and calendar.
    totals
        Currency over the horizon by channel; channels not named spend nothing.
    gap, time_limit
        As :meth:`Flight.solve`.

    Returns
    -------
    The schedule, no worse than the same money in equal weeks where equal weeks keep the limits.

    Raises
    ------
    InfeasiblePlan
        Where the limits of weeks and months leave no room for the totals; the message names the limit and the figure at
        which they would.
    """
    amounts = dict(zip(flight.curves, flight.curves.amounts(totals).tolist(), strict=True))
    if not any(amounts.values()):
        raise InfeasiblePlan("the plan spends nothing, so that there is nothing to divide between weeks.")
    refuse_narrow_weeks(flight.calendar, flight.labels, flight.history, amounts)
    plan = Plan(maximize=Customers(), subject_to=[Channel(name).fixed(amount) for name, amount in amounts.items()])
    try:
        flight_plan = flight.solve(plan, gap, time_limit)
    except InfeasiblePlan as error:
        raise InfeasiblePlan(f"the plan's money does not fit into its weeks: {error}") from None
    return _no_worse_than_even(flight, plan, flight_plan)


def even_weeks(flight: Flight, totals: Mapping[str, float] | pd.Series) -> pd.DataFrame:
    """The same money in equal weeks, whatever the calendar says; weeks x channels."""
    amounts = flight.curves.amounts(totals) / flight.n_weeks
    return pd.DataFrame(np.tile(amounts, (flight.n_weeks, 1)), index=flight.labels, columns=list(flight.curves))


def _no_worse_than_even(flight: Flight, plan: Plan, flight_plan: FlightPlan) -> FlightPlan:
    """The schedule, or equal weeks where they are allowed and bring more: S-shaped searches end within their gap."""
    even = even_weeks(flight, flight_plan.spend.sum())
    won = flight.response(flight_plan.future).customers(even.to_numpy().T)
    customers, within = float(won.sum()), float(won[:, : flight.n_weeks].sum())
    if customers <= flight_plan.value or flight.missed(plan, even, flight_plan.future):
        return flight_plan
    return replace(
        flight_plan,
        spend=even,
        customers=customers,
        within=within,
        after=customers - within,
        blended_cac=flight_plan.total_spend / customers,
        value=customers,
        gap=abs(flight_plan.bound - customers) / customers,
    )
