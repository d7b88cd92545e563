"""A funnel of the kinds in a table of conversions: who entered in a period, and how far these same people came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.arrays import Array
from attribution.economics.funnel import ALL, Funnel
from attribution.economics.product_limit import came_by
from attribution.economics.stage_times import stage_times
from attribution.errors import BadInput, Problem
from attribution.reading.engine import Engine
from attribution.reading.formats import Format

__all__ = ["funnel_of_events"]

_DONE = 0.95  # of those who go on, who have by the age from which a period counts
_PERIODS = {"week": "W-SUN", "month": "M"}


def funnel_of_events(
    conversions: object,
    stages: Sequence[str],
    period: Literal["week", "month"] = "week",
    *,
    user: str = "user",
    time: str = "time",
    kind: str = "kind",
    people: Mapping[str, str] | None = None,
    format: Format | None = None,
    engine: Engine | None = None,
) -> tuple[Funnel, int]:
    """Counts by the period in which people entered, all channels together.

    Each person counts once at each stage, at the first time. Who reached a later stage passed the ones before. Persons
    without the first stage entered before the table begins, or unseen, and are left out. A period counts at a stage
    once 95 % of those who come to it have come at that age (by Kaplan and Meier); before that the cell is NaN, for who
    has not come yet is no loss.

    Parameters
    ----------
    conversions
        File or frame, a row per person and kind reached.
    stages
        Kinds, in the order in which people pass them.
    period
        By which people enter: weeks from Monday, or calendar months; of UTC. The first and the last, of which the table
        may hold a part, are left out.
    user, time, kind
        Columns.
    people
        User -> person, where several ids are one.
    format, engine
        As for :func:`attribution.read_table`.

    Returns
    -------
    The funnel, of the same people, and how many persons without the first stage were left out.

    Raises
    ------
    BadInput
        As :func:`attribution.economics.opportunity_stages`; and a table of which no period is old enough.

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=40).astype(str)
    >>> rows = pd.DataFrame({"user": range(40), "time": days, "kind": "trial"})
    >>> won = rows[::2].assign(kind="order")
    >>> funnel, left_out = funnel_of_events(pd.concat([rows, won]), ["trial", "order"])
    >>> int(funnel.frame["trial"].sum()), int(funnel.frame["order"].sum()), left_out
    (28, 14, 0)
    """
    when = stage_times(
        conversions, stages, account=user, time=time, stage=kind, accounts=people, format=format, engine=engine
    ).when
    entered = when[when[stages[0]].notna()]
    reached = entered.bfill(axis=1)  # a stage that was skipped was passed with the next one
    moments = reached.to_numpy(dtype="datetime64[s]")
    end, begun = when.to_numpy(dtype="datetime64[s]"), moments[:, 0]
    last = end[~np.isnat(end)].max()
    days, ages = _days(moments - begun[:, None]), _days(last - begun)
    starts = pd.PeriodIndex(pd.DatetimeIndex(begun), freq=_PERIODS[period])
    periods = pd.period_range(starts.min(), starts.max(), freq=_PERIODS[period])[1:-1]
    counts = reached.notna().astype(float).groupby(np.asarray(starts)).sum().reindex(periods, fill_value=0.0)
    age = _days(last - periods.end_time.to_numpy(dtype="datetime64[s]"))
    horizons = np.maximum.accumulate([_horizon(days[:, place], ages) for place in range(len(stages))])
    for name, horizon in zip(stages, horizons, strict=True):
        counts.loc[age < horizon, name] = np.nan
    if counts.empty or counts.isna().all().any():
        name = next((name for name in stages if counts[name].isna().all()), stages[0])
        text = f"no {period} is old enough to say who reaches {name}, which takes up to {horizons.max():.0f} days."
        raise BadInput(Problem("conversions", text, kind, remedy="give older conversions, or fewer stages."))
    frame = counts.assign(period=periods.start_time, channel=ALL)[["period", "channel", *stages]]
    gap = int(np.diff(frame["period"]).min() / np.timedelta64(1, "D")) if len(frame) > 1 else 7
    return Funnel(frame.reset_index(drop=True), tuple(stages), gap, same_people=True), len(when) - len(entered)


def _days(spans: NDArray[np.timedelta64]) -> Array:
    """Seconds as days, NaN for no time."""
    return np.asarray(spans / np.timedelta64(1, "s") / 86_400)


def _horizon(days: Array, ages: Array) -> float:
    """Days by which so many of those have come who come within what was seen."""
    if not np.isfinite(days).any():
        return 0.0
    lags, come = came_by(days, ages)
    return float(lags[np.searchsorted(come, _DONE * come[-1])])
