"""Orders of a simulated company: each customer orders in every month of being one, from the causes that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.simulate.cohorts import Staying

__all__ = ["order_table"]

_SPREAD = 0.5  # of an order's margin over its mean, as of a customer's month in the cohorts
_LAST = 26  # day of a month, from 0: that on which the example's table ends


def order_table(
    conversions: pd.DataFrame, people: pd.DataFrame, staying: tuple[Staying, ...], rng: np.random.Generator
) -> pd.DataFrame:
    """Orders by customer and date: ``customer``, ``date``, ``channel`` (the cause) and contribution ``margin`` (EUR).

    A customer orders again on the same day of each month, the last days of a month brought forward.

    Parameters
    ----------
    conversions
        ``user`` and ``time`` of each first order; its last day is the last that was seen.
    people
        ``user`` and ``cause`` of every customer.
    staying
        One for each cause.
    rng
        Of who stays how long, and of margins.
    """
    first = conversions[["user", "time"]].merge(people[["user", "cause"]], on="user")
    day = first["time"].dt.tz_localize(None).dt.normalize().to_numpy().astype("datetime64[D]")
    month, end = day.astype("datetime64[M]").astype(int), day.max()
    habits = {one.cause: one for one in staying}
    own = [habits[cause] for cause in first["cause"]]
    churn = rng.beta([one.alpha for one in own], [one.beta for one in own])
    life = rng.geometric(np.maximum(churn, 1e-9))
    seen = np.minimum(life, end.astype("datetime64[M]").astype(int) - month + 1)
    who = np.repeat(np.arange(len(first)), seen)
    age = np.arange(len(who)) - np.repeat(np.cumsum(seen) - seen, seen)
    of_month = np.minimum((day - day.astype("datetime64[M]")).astype(int), _LAST)
    later = (month[who] + age).astype("datetime64[M]").astype("datetime64[D]") + of_month[who]
    date = np.where(age == 0, day[who], later)
    mean = np.where(age == 0, np.array([one.first for one in own])[who], np.array([one.later for one in own])[who])
    margin = np.round(mean * rng.gamma(1 / _SPREAD**2, _SPREAD**2, len(who)))
    table = pd.DataFrame(
        {
            "customer": first["user"].to_numpy()[who],
            "date": date,
            "channel": first["cause"].to_numpy()[who],
            "margin": margin.astype(np.int64),
        }
    )
    kept = pd.DataFrame(table[date <= end])
    return kept.sort_values(["customer", "date"], ignore_index=True)
